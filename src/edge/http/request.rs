//! Makes an HTTP request of a [`Request`].

use ureq::http::uri::PathAndQuery;
use ureq::http::{self, HeaderValue};
use ureq_proto::client::Call;
use ureq_proto::client::state::SendRequest;

use crate::model::secret::Secret;
use crate::model::{Transport, Url};
use crate::provider::{Method, Request};

/// What is said of a request that is against the rules of HTTP.
pub(super) const REFUSED: &str = "the request cannot be sent";

/// The request line and the headers. The line has only path and query of `url`.
///
/// # Errors
/// If a text contains characters that a header cannot contain.
#[inline(never)] // so that its variables do not widen the frame of its caller
pub(super) fn message(
    request: &Request,
    url: &Url,
    transport: &Transport,
) -> Result<Call<SendRequest>, String> {
    let mut message = http::Request::new(());
    *message.method_mut() = method(request.method);
    let path = PathAndQuery::try_from(url.target()).map_err(|_| "the URL cannot be sent")?;
    *message.uri_mut() = path.into();
    let mut call = Call::new(message).map_err(|_| REFUSED)?;
    for (name, value) in headers(request, url, transport).0 {
        let mut value = HeaderValue::from_bytes(value.expose().as_bytes()).map_err(|_| {
            let what = if name == "user-agent" { "the user agent" } else { &name };
            format!("{what} holds a character that a header cannot hold")
        })?;
        // `Debug` is not to show it.
        value.set_sensitive(true);
        call.header(name.as_str(), value).map_err(|_| format!("{name} is not a header"))?;
    }
    if body(request).is_some() {
        // ureq-proto sends no body with some methods, such as DELETE, unless it is told to.
        call.force_send_body();
    }
    Ok(call.proceed())
}

/// Names, in lower case, and values of headers.
struct Headers(Vec<(String, Secret)>);

impl Headers {
    /// Sets a header, in the place of that with the same name.
    fn set(&mut self, name: &str, value: &str) {
        match self.0.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, known)) => *known = Secret::new(value),
            None => self.0.push((name.to_ascii_lowercase(), Secret::new(value))),
        }
    }
}

/// All headers of a request.
fn headers(request: &Request, url: &Url, transport: &Transport) -> Headers {
    let mut headers = Headers(Vec::new());
    if let Some(body) = body(request) {
        headers.set("content-length", &body.len().to_string());
    }
    headers.set("host", &host(url));
    headers.set("user-agent", &transport.user_agent);
    headers.set("accept", "*/*");
    if let Some(credentials) = &request.url.credentials {
        headers.set("authorization", &credentials.basic());
    }
    for (name, value) in &request.headers {
        headers.set(name, value.expose());
    }
    // For https the proxy gets its credentials with CONNECT.
    if let Some(proxy) = &transport.proxy
        && let Some(credentials) = &proxy.credentials
        && !url.https
    {
        headers.set("proxy-authorization", &credentials.basic());
    }
    headers
}

/// Host and port of `url`, without the port that its scheme usually has.
fn host(url: &Url) -> String {
    let endpoint = url.endpoint().to_string();
    let usual = if url.https { ":443" } else { ":80" };
    endpoint.strip_suffix(usual).unwrap_or(&endpoint).to_owned()
}

fn method(method: Method) -> http::Method {
    match method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Patch => http::Method::PATCH,
        Method::Delete => http::Method::DELETE,
    }
}

/// The body to send; `None` for a request without one. A POST, PUT or PATCH always has a body, which may
/// be empty (RFC 9110 section 8.6).
pub(super) fn body(request: &Request) -> Option<&[u8]> {
    match (&request.body, request.method) {
        (Some(body), _) => Some(body.expose().as_bytes()),
        (None, Method::Post | Method::Put | Method::Patch) => Some(&[]),
        (None, Method::Get | Method::Delete) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::fixture;
    use crate::edge::http::exchange;

    fn encoded(request: &Request) -> Result<String, String> {
        let message = message(request, &request.url, &fixture::transport())?;
        let encoded = exchange::encode(message, body(request).unwrap_or_default(), "")?;
        Ok(String::from_utf8(encoded.bytes).unwrap())
    }

    fn get(url: &str) -> Request {
        Request::get(Url::parse(url).unwrap(), String::new(), Vec::new())
    }

    #[test]
    fn the_host_has_the_port_unless_it_is_the_usual_one() {
        for (url, host) in [
            ("http://a.example/", "a.example"),
            ("http://a.example:80/", "a.example"),
            ("https://a.example:443/", "a.example"),
            ("https://a.example:80/", "a.example:80"),
            ("http://a.example:8080/", "a.example:8080"),
            ("http://[2001:db8::1]/", "[2001:db8::1]"),
            ("http://[2001:db8::1]:8443/", "[2001:db8::1]:8443"),
        ] {
            let text = encoded(&get(url)).unwrap();
            assert!(text.contains(&format!("\r\nhost: {host}\r\n")), "{text}");
        }
    }

    #[test]
    fn a_header_of_the_request_takes_the_place_of_the_usual_one() {
        let headers = vec![
            ("Accept", Secret::new("application/json")),
            ("Authorization", Secret::new("Bearer old")),
            ("Authorization", Secret::new("Bearer new")),
        ];
        let text = encoded(&Request { headers, ..get("http://me:pw@a.example/b?c") }).unwrap();
        let (line, fields) = text.split_once("\r\n").unwrap();
        assert_eq!(line, "GET /b?c HTTP/1.1");
        let mut fields: Vec<_> = fields.lines().collect();
        fields.retain(|line| !line.starts_with("user-agent"));
        let authorization = "authorization: Bearer new";
        assert_eq!(fields, ["host: a.example", "accept: application/json", authorization, ""]);
    }

    #[test]
    fn a_text_that_no_header_can_hold_is_named() {
        for (name, value, error) in [
            ("X-Key", "a\nb", "x-key holds a character that a header cannot hold"),
            ("X-Key", "a\u{7f}", "x-key holds a character that a header cannot hold"),
            ("User-Agent", "a\rb", "the user agent holds a character that a header cannot hold"),
            ("Authorization", "Bearer \u{e9}", REFUSED),
        ] {
            let headers = vec![(name, Secret::new(value))];
            let request = Request { headers, ..get("http://a.example/") };
            assert_eq!(encoded(&request), Err(error.to_owned()));
        }
        let headers = vec![("X-Key", Secret::new("\u{e9}\t"))];
        let text = encoded(&Request { headers, ..get("http://a.example/") }).unwrap();
        assert!(text.contains("x-key: \u{e9}\t\r\n"));
    }
}
