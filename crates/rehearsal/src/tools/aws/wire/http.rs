//! HTTP/1.1, one request a connection.

/// The longest head and body that a request may have.
const MOST_HEAD: usize = 64 << 10;
const MOST_BODY: usize = 32 << 20;
const MOST_HEADERS: usize = 100;

/// A request whose body has a length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpRequest {
    pub(crate) method: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What is no request that this reads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// A head that is there as a whole: its length, and the request without its body.
type Head = (usize, HttpRequest);

impl HttpRequest {
    /// How long the request at the start of `bytes` is; none while some of it is missing.
    pub(crate) fn length(bytes: &[u8]) -> Result<Option<usize>, Malformed> {
        let Some((head, request)) = Self::head(bytes)? else {
            return Ok(None);
        };
        let whole = head + request.body_length()?;
        Ok((bytes.len() >= whole).then_some(whole))
    }

    /// Reads a whole request.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let (head, mut request) = Self::head(bytes)?.ok_or(Malformed)?;
        let end = head + request.body_length()?;
        request.body = bytes.get(head..end).ok_or(Malformed)?.to_owned();
        Ok(request)
    }

    fn head(bytes: &[u8]) -> Result<Option<Head>, Malformed> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        let known = &bytes[..bytes.len().min(MOST_HEAD)];
        let length = match parsed.parse(known).map_err(|_| Malformed)? {
            httparse::Status::Complete(length) => length,
            httparse::Status::Partial if bytes.len() < MOST_HEAD => return Ok(None),
            httparse::Status::Partial => return Err(Malformed),
        };
        let headers = parsed.headers.iter().map(|header| {
            let value = String::from_utf8_lossy(header.value).trim().to_owned();
            (header.name.to_owned(), value)
        });
        let request = Self {
            method: parsed.method.unwrap_or_default().to_owned(),
            headers: headers.collect(),
            body: Vec::new(),
        };
        Ok(Some((length, request)))
    }

    fn body_length(&self) -> Result<usize, Malformed> {
        if self.header("transfer-encoding").is_some() {
            return Err(Malformed);
        }
        let length = self.header("content-length").unwrap_or("0");
        let length: usize = length.parse().map_err(|_| Malformed)?;
        (length <= MOST_BODY).then_some(length).ok_or(Malformed)
    }

    /// A header's first value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// An answer, after which the connection ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpResponse {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl HttpResponse {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let reason = match self.status {
            200 => "OK",
            403 => "Forbidden",
            404 => "Not Found",
            400..=499 => "Bad Request",
            501 => "Not Implemented",
            503 => "Service Unavailable",
            _ => "Internal Server Error",
        };
        let mut head = format!("HTTP/1.1 {} {reason}\r\n", self.status);
        let length = ("Content-Length", self.body.len().to_string());
        let close = ("Connection", "close".to_owned());
        for (name, value) in self.headers.iter().chain([&length, &close]) {
            // No header may bring another one along.
            let value: String = value.chars().filter(|c| !c.is_control()).collect();
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_once_it_is_whole() {
        let bytes =
            b"POST / HTTP/1.1\r\nHost: a\r\nX-Amz-Target: A.B\r\nContent-Length: 2\r\n\r\n{}";
        for end in 0..bytes.len() {
            assert_eq!(HttpRequest::length(&bytes[..end]), Ok(None), "{end}");
        }
        assert_eq!(HttpRequest::length(bytes), Ok(Some(bytes.len())));
        let request = HttpRequest::read(bytes).unwrap();
        assert_eq!(request.header("x-amz-target"), Some("A.B"));
        assert_eq!(request.body, b"{}");
    }

    #[test]
    fn nonsense_is_refused() {
        let endless = [b"POST / HTTP/1.1\r\nA: ".as_slice(), &[b'x'; MOST_HEAD]].concat();
        let cases: [&[u8]; 5] = [
            b"\x00\x01\x02\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            &endless,
        ];
        for bytes in cases {
            assert_eq!(HttpRequest::length(bytes), Err(Malformed));
        }
    }
}
