//! Errors as AWS's APIs answer them.

use serde::{Deserialize, Serialize};

use crate::outage::{Ailment, Api};

/// What an API refused with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("An error occurred ({code}): {message}")]
pub struct ApiError {
    /// AWS's code (`ServiceNotFoundException`), or [`ApiError::NOT_MODELLED`].
    pub code: String,
    pub message: String,
    pub http_status: u16,
}

impl ApiError {
    /// The code for what AWS may know but this world does not.
    pub const NOT_MODELLED: &'static str = "NotModelled";

    /// An error of the client's making.
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            http_status: 400,
        }
    }

    pub(crate) fn status(mut self, http_status: u16) -> Self {
        self.http_status = http_status;
        self
    }

    pub(crate) fn not_modelled(message: impl Into<String>) -> Self {
        Self::new(Self::NOT_MODELLED, message).status(501)
    }

    pub(crate) fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterException", message)
    }

    pub(crate) fn client(message: impl Into<String>) -> Self {
        Self::new("ClientException", message)
    }

    /// What an outage answers instead of acting, if it does.
    pub(crate) fn of_ailment(api: Api, ailment: Ailment) -> Option<Self> {
        let query = matches!(api, Api::Sts | Api::Elbv2);
        match ailment {
            Ailment::Throttled => {
                let code = if query {
                    "Throttling"
                } else {
                    "ThrottlingException"
                };
                Some(Self::new(code, "Rate exceeded"))
            }
            Ailment::ServerError => {
                let code = if query {
                    "InternalFailure"
                } else {
                    "ServerException"
                };
                let text = "Service Unavailable. Please try again later.";
                Some(Self::new(code, text).status(503))
            }
            Ailment::LostAnswer | Ailment::Slow(_) => None,
        }
    }
}
