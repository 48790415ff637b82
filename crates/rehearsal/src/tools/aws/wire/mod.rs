//! AWS's APIs as they are on the wire: a request over HTTP is read into a call of the world, and
//! its result written as the service's protocol has it.
//!
//! ECS and ECR speak AWS JSON 1.1, STS and Elastic Load Balancing the query protocol with answers
//! in XML, as botocore's models say. Who asks is read from the signature's credential scope and the
//! security token; the signature itself is not verified, since nobody here knows a secret key.

mod exchange;
mod http;
mod json;
mod query;
mod scope;
mod xml;

pub(crate) use exchange::Exchange;
pub(crate) use http::HttpRequest;

use lockkeeper_world::cloud::{ApiCaller, ApiError};
use lockkeeper_world::outage::Api;
use serde_json::Value;

use super::table::{Operation, Service, service_of};
use http::HttpResponse;

/// How a service writes its requests and answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Json,
    Query,
}

/// One service on the wire.
struct Dialect {
    api: Api,
    protocol: Protocol,
    /// What says that a request is for it: the target's prefix, or the version.
    sign: &'static str,
    /// The answers' XML namespace.
    namespace: &'static str,
}

const DIALECTS: &[Dialect] = &[
    Dialect {
        api: Api::Ecr,
        protocol: Protocol::Json,
        sign: "AmazonEC2ContainerRegistry_V20150921",
        namespace: "",
    },
    Dialect {
        api: Api::Ecs,
        protocol: Protocol::Json,
        sign: "AmazonEC2ContainerServiceV20141113",
        namespace: "",
    },
    Dialect {
        api: Api::Elbv2,
        protocol: Protocol::Query,
        sign: "2015-12-01",
        namespace: "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
    },
    Dialect {
        api: Api::Sts,
        protocol: Protocol::Query,
        sign: "2011-06-15",
        namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
    },
];

/// A request that was understood.
pub(crate) struct Asked {
    dialect: &'static Dialect,
    service: &'static Service,
    operation: &'static Operation,
    pub(crate) api: Api,
    pub(crate) name: &'static str,
    pub(crate) input: Value,
    /// Without the step that asks.
    pub(crate) caller: ApiCaller,
}

/// Reads a request; what cannot be read is answered at once.
pub(crate) fn read(request: &HttpRequest, request_id: &str) -> Result<Asked, HttpResponse> {
    let refuse = |protocol, code: &str, text: &str| {
        let error = error(code, text);
        Err(match protocol {
            Protocol::Json => json::error(&error, request_id),
            Protocol::Query => xml::error(&error, "", request_id),
        })
    };
    if request.method != "POST" {
        let text = "only POST requests are served here";
        return refuse(Protocol::Json, "InvalidAction", text);
    }
    let target = request.header("x-amz-target");
    let parameters = match target {
        Some(_) => query::Parameters::default(),
        None => query::Parameters::read(&request.body),
    };
    let (protocol, sign, name) = match target {
        Some(target) => {
            let (service, name) = target.split_once('.').unwrap_or((target, ""));
            (Protocol::Json, service.to_owned(), name.to_owned())
        }
        None => {
            let get = |name| parameters.get(name).unwrap_or_default().to_owned();
            (Protocol::Query, get("Version"), get("Action"))
        }
    };
    let dialect = DIALECTS
        .iter()
        .find(|dialect| dialect.protocol == protocol && dialect.sign == sign);
    let Some((dialect, service)) = dialect.and_then(|it| Some((it, service_of(it.api)?))) else {
        return refuse(
            protocol,
            ApiError::NOT_MODELLED,
            "lockkeeper's model of AWS: only ECR, ECS, Elastic Load Balancing and STS are modelled",
        );
    };
    let Some((name, operation)) = service.operations.get_key_value(&name) else {
        let code = match protocol {
            Protocol::Json => "UnknownOperationException",
            Protocol::Query => "InvalidAction",
        };
        return refuse(protocol, code, &format!("there is no operation {name:?}"));
    };
    let shape = service.input(operation);
    let input = match protocol {
        Protocol::Json => json::input(&request.body),
        Protocol::Query => query::input(service, shape, &parameters),
    };
    let input = match input {
        Ok(input) => input,
        Err(text) => {
            let code = match protocol {
                Protocol::Json => "SerializationException",
                Protocol::Query => "MalformedInput",
            };
            return refuse(protocol, code, &text);
        }
    };
    Ok(Asked {
        dialect,
        service,
        operation,
        api: dialect.api,
        name,
        input,
        caller: scope::caller(request),
    })
}

/// Writes the world's answer.
pub(crate) fn write(
    asked: &Asked,
    result: &Result<Value, ApiError>,
    request_id: &str,
) -> HttpResponse {
    let Asked {
        dialect,
        service,
        operation,
        ..
    } = asked;
    let shape = service.output(operation);
    match (result, dialect.protocol) {
        (Ok(output), Protocol::Json) => json::output(service, shape, output, request_id),
        (Ok(output), Protocol::Query) => xml::output(
            service,
            shape,
            asked.name,
            output,
            dialect.namespace,
            request_id,
        ),
        (Err(problem), protocol) => {
            let mut problem = problem.clone();
            if problem.code == ApiError::NOT_MODELLED {
                problem.message = format!("lockkeeper's model of AWS: {}", problem.message);
            }
            match protocol {
                Protocol::Json => json::error(&problem, request_id),
                Protocol::Query => xml::error(&problem, dialect.namespace, request_id),
            }
        }
    }
}

fn error(code: &str, message: &str) -> ApiError {
    ApiError {
        code: code.to_owned(),
        message: message.to_owned(),
        http_status: 400,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(headers: &[(&str, &str)], body: &str) -> HttpRequest {
        let own = |text: &&str| (*text).to_owned();
        HttpRequest {
            method: "POST".to_owned(),
            headers: headers
                .iter()
                .map(|(name, value)| (own(name), own(value)))
                .collect(),
            body: body.as_bytes().to_owned(),
        }
    }

    fn signed(service: &str) -> (&'static str, String) {
        let credential =
            format!("Credential=ASIAEXAMPLE/20260302/eu-west-1/{service}/aws4_request");
        let text = format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=00");
        ("Authorization", text)
    }

    fn body(response: &HttpResponse) -> &str {
        std::str::from_utf8(&response.body).unwrap()
    }

    #[test]
    fn json_is_read_and_written_as_ecs_has_it() {
        let (name, authorization) = signed("ecs");
        let headers = [
            (
                "x-amz-target",
                "AmazonEC2ContainerServiceV20141113.DescribeServices",
            ),
            (name, &authorization),
            ("X-Amz-Security-Token", "t"),
        ];
        let request = request(&headers, r#"{"services": ["a"]}"#);
        let Ok(asked) = read(&request, "id") else {
            panic!()
        };
        assert_eq!((asked.api, asked.name), (Api::Ecs, "DescribeServices"));
        assert_eq!(asked.input, json!({ "services": ["a"] }));
        assert_eq!(asked.caller.access_key.as_deref(), Some("ASIAEXAMPLE"));
        assert_eq!(asked.caller.region.unwrap().as_str(), "eu-west-1");
        let Ok(asked) = read(&request, "id") else {
            panic!()
        };
        let at = "2026-03-02T09:00:00.250000+00:00";
        let output = json!({ "services": [{ "createdAt": at, "status": "ACTIVE" }] });
        let response = write(&asked, &Ok(output), "id");
        let wire = r#"{"services":[{"status":"ACTIVE","createdAt":1772442000.25}]}"#;
        assert_eq!((response.status, body(&response)), (200, wire));
        let refused = write(
            &asked,
            &Err(error("ClusterNotFoundException", "Gone.")),
            "id",
        );
        let wire = r#"{"__type":"ClusterNotFoundException","message":"Gone."}"#;
        assert_eq!((refused.status, body(&refused)), (400, wire));
    }

    #[test]
    fn the_query_protocol_is_read_and_written_as_elastic_load_balancing_has_it() {
        let (name, authorization) = signed("elasticloadbalancing");
        let text = "Action=DescribeTargetHealth&Version=2015-12-01&TargetGroupArn=arn%3Ax\
                    &Targets.member.1.Id=10.0.0.1&Targets.member.1.Port=80&Targets.member.2.Id=b+c";
        let Ok(asked) = read(&request(&[(name, &authorization)], text), "id") else {
            panic!()
        };
        let targets = json!([{ "Id": "10.0.0.1", "Port": 80 }, { "Id": "b c" }]);
        assert_eq!(
            asked.input,
            json!({ "TargetGroupArn": "arn:x", "Targets": targets })
        );
        // Without its token a role's key is nobody's.
        assert_ne!(asked.caller.access_key.as_deref(), Some("ASIAEXAMPLE"));
        let output = json!({ "TargetHealthDescriptions": [{ "HealthCheckPort": "<80>" }] });
        assert_eq!(
            body(&write(&asked, &Ok(output), "id")),
            "<DescribeTargetHealthResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\">\
             <DescribeTargetHealthResult><TargetHealthDescriptions><member>\
             <HealthCheckPort>&lt;80&gt;</HealthCheckPort></member></TargetHealthDescriptions>\
             </DescribeTargetHealthResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata>\
             </DescribeTargetHealthResponse>"
        );
        let refused = write(
            &asked,
            &Err(error("TargetGroupNotFound", "None\u{0} found")),
            "id",
        );
        assert!(body(&refused).contains(
            "<Error><Type>Sender</Type><Code>TargetGroupNotFound</Code><Message>None found</Message></Error>"
        ));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let target = |target| [("x-amz-target", target)];
        let ecs = "AmazonEC2ContainerServiceV20141113";
        let cases = [
            (
                request(&target("DynamoDB_20120810.GetItem"), "{}"),
                "only ECR, ECS",
            ),
            (
                request(&target(&format!("{ecs}.Fly")), "{}"),
                "UnknownOperationException",
            ),
            (
                request(&target(&format!("{ecs}.ListTasks")), "{"),
                "SerializationException",
            ),
            (
                request(&[], "Action=Fly&Version=2011-06-15"),
                "InvalidAction",
            ),
            (request(&[], "\u{0}%zz&&=&Action"), "only ECR, ECS"),
            (
                request(
                    &[],
                    "Action=AssumeRole&Version=2011-06-15&DurationSeconds=long",
                ),
                "DurationSeconds: \"long\" is no whole number",
            ),
        ];
        for (request, text) in cases {
            let Err(response) = read(&request, "id") else {
                panic!("{text}")
            };
            assert_eq!(response.status, 400);
            let said = body(&response).replace("&quot;", "\"");
            assert!(said.contains(text), "{said}");
        }
    }
}
