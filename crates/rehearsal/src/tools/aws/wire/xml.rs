//! Answers of the query protocol: XML.

use lockkeeper_world::cloud::{ApiError, read_timestamp};
use quick_xml::Writer;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use serde_json::Value;

use super::super::table::{Service, Shape};
use super::http::HttpResponse;

/// An element's text or the elements in it.
type Content<'a> = &'a dyn Fn(&mut Xml);

struct Xml(Writer<Vec<u8>>);

impl Xml {
    fn event(&mut self, event: Event<'_>) {
        // A vector takes what it is given.
        self.0.write_event(event).ok();
    }

    fn element(&mut self, name: &str, content: Content<'_>) {
        self.event(Event::Start(BytesStart::new(name)));
        content(self);
        self.event(Event::End(BytesEnd::new(name)));
    }

    fn text(&mut self, text: &str) {
        // XML has no way to say other control characters.
        let allowed = |c: &char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
        let text: String = text.chars().filter(allowed).collect();
        self.event(Event::Text(BytesText::new(&text)));
    }

    fn leaf(&mut self, name: &str, text: &str) {
        self.element(name, &|xml| xml.text(text));
    }

    fn value(&mut self, service: &Service, shape: &Shape, value: &Value) {
        match (shape, value) {
            (Shape::Structure { members, .. }, Value::Object(given)) => {
                for (name, shape) in members {
                    if let Some(value) = given.get(name).filter(|value| !value.is_null())
                        && let Some(shape) = service.shape(shape)
                    {
                        self.element(name, &|xml| xml.value(service, shape, value));
                    }
                }
            }
            (Shape::List { member, .. }, Value::Array(items)) => {
                for item in items {
                    if let Some(shape) = service.shape(member) {
                        self.element("member", &|xml| xml.value(service, shape, item));
                    }
                }
            }
            (Shape::Map { value: shape, .. }, Value::Object(given)) => {
                for (key, value) in given {
                    if let Some(shape) = service.shape(shape) {
                        self.element("entry", &|xml| {
                            xml.leaf("key", key);
                            xml.element("value", &|xml| xml.value(service, shape, value));
                        });
                    }
                }
            }
            (Shape::Timestamp, value) => match read_timestamp(value) {
                Some(at) => self.text(&at.rfc3339()),
                None => self.text(value.as_str().unwrap_or_default()),
            },
            (_, Value::String(text)) => self.text(text),
            (_, value) => self.text(&value.to_string()),
        }
    }

    /// The outermost element.
    fn document(name: &str, namespace: &str, content: Content<'_>) -> Vec<u8> {
        let mut xml = Xml(Writer::new(Vec::new()));
        let mut start = BytesStart::new(name);
        if !namespace.is_empty() {
            start.push_attribute(("xmlns", namespace));
        }
        xml.event(Event::Start(start));
        content(&mut xml);
        xml.event(Event::End(BytesEnd::new(name)));
        xml.0.into_inner()
    }
}

pub(super) fn output(
    service: &Service,
    shape: Option<&Shape>,
    operation: &str,
    output: &Value,
    namespace: &str,
    request_id: &str,
) -> HttpResponse {
    let body = Xml::document(&format!("{operation}Response"), namespace, &|xml| {
        if let Some(shape) = shape {
            let result = format!("{operation}Result");
            xml.element(&result, &|xml| xml.value(service, shape, output));
        }
        xml.element("ResponseMetadata", &|xml| xml.leaf("RequestId", request_id));
    });
    response(200, body, request_id)
}

pub(super) fn error(error: &ApiError, namespace: &str, request_id: &str) -> HttpResponse {
    let whose = if error.http_status < 500 {
        "Sender"
    } else {
        "Receiver"
    };
    let body = Xml::document("ErrorResponse", namespace, &|xml| {
        xml.element("Error", &|xml| {
            xml.leaf("Type", whose);
            xml.leaf("Code", &error.code);
            xml.leaf("Message", &error.message);
        });
        xml.leaf("RequestId", request_id);
    });
    response(error.http_status, body, request_id)
}

fn response(status: u16, body: Vec<u8>, request_id: &str) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![
            ("Content-Type", "text/xml".to_owned()),
            ("x-amzn-RequestId", request_id.to_owned()),
        ],
        body,
    }
}
