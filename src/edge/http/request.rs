//! Makes an HTTP request of a [`Request`].

use ureq::http::{self, HeaderValue, header};

use crate::model::{Credentials, Url};
use crate::provider::{Method, Request};

/// The request line and the headers.
///
/// # Errors
/// If a text contains characters that a header cannot contain.
pub(super) fn message(
    request: &Request,
    url: &Url,
    user_agent: &str,
    proxy_auth: Option<&Credentials>,
) -> Result<http::Request<()>, String> {
    let mut message = http::Request::new(());
    *message.method_mut() = method(request.method);
    *message.uri_mut() = url.expose().parse().map_err(|_| "the URL cannot be sent")?;
    let headers = message.headers_mut();
    headers.insert(header::USER_AGENT, value(user_agent, "the user agent")?);
    headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    if let Some(auth) = &request.url.credentials {
        headers.insert(header::AUTHORIZATION, secret(&auth.basic(), "the password")?);
    }
    for (name, content) in &request.headers {
        let name = header::HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| format!("{name} is not a header"))?;
        let content = secret(content.expose(), name.as_str())?;
        headers.insert(name, content);
    }
    // For https the proxy gets its credentials with CONNECT.
    if let Some(auth) = proxy_auth
        && !url.https
    {
        let content = secret(&auth.basic(), "the proxy password")?;
        headers.insert(header::PROXY_AUTHORIZATION, content);
    }
    Ok(message)
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

fn value(text: &str, what: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text)
        .or_else(|_| HeaderValue::from_bytes(text.as_bytes()))
        .map_err(|_| format!("{what} holds a character that a header cannot hold"))
}

fn secret(text: &str, what: &str) -> Result<HeaderValue, String> {
    let mut value = value(text, what)?;
    value.set_sensitive(true);
    Ok(value)
}
