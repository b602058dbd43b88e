//! From our [`Request`] to HTTP: the target and the headers.

use std::net::IpAddr;

use ureq::http::{self, HeaderValue, Uri, header};

use crate::model::Credentials;
use crate::provider::{Method, Request};

/// A checked absolute `http:` or `https:` URL without user information.
#[derive(Clone)]
pub struct Target {
    uri: Uri,
    host: String,
    port: u16,
    https: bool,
}

impl Target {
    /// Checks `url`; user information in it comes out as credentials.
    ///
    /// # Errors
    /// A sentence that does not repeat the URL, which may hold a password.
    pub fn parse(url: &str) -> Result<(Self, Option<Credentials>), String> {
        let (scheme, rest) =
            url.split_once("://").ok_or("the URL does not start with http:// or https://")?;
        let https = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err("the URL does not start with http:// or https://".into()),
        };
        // The parser below lets some of these through.
        if url.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err("the URL holds a space or a control character".into());
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let path = path.split('#').next().unwrap_or_default();
        let slash = if path.starts_with('/') { "" } else { "/" };
        let (userinfo, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        let auth = Credentials::parse(userinfo)
            .map_err(|_| "the user name or password in the URL is not encoded as UTF-8")?;
        let scheme = if https { "https" } else { "http" };
        let uri: Uri = format!("{scheme}://{host}{slash}{path}")
            .parse()
            .map_err(|_| "the URL is not valid")?;
        let name = uri.host().unwrap_or_default();
        let bare = name.trim_start_matches('[').trim_end_matches(']').to_owned();
        if bare.is_empty() {
            return Err("the URL names no host".into());
        }
        // The parser takes anything for a port.
        let port = match host.strip_prefix(name).unwrap_or_default() {
            "" | ":" => Ok(if https { 443 } else { 80 }),
            port => port.trim_start_matches(':').parse(),
        };
        let port = port.map_err(|_| "the URL's port is not a number")?;
        let target = Self { uri, host: bare, port, https };
        Ok((target, auth))
    }

    /// The host, an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, also where the URL leaves it out.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether it is reached over TLS.
    pub fn https(&self) -> bool {
        self.https
    }

    /// Path and query, starting with a slash.
    pub fn path(&self) -> &str {
        self.uri.path_and_query().map_or("/", |path| path.as_str())
    }

    /// `http://host:port` as written, for a request in absolute form.
    pub fn origin(&self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        let authority = self.uri.authority().map_or("", |part| part.as_str());
        format!("{scheme}://{authority}")
    }

    /// `host:port`, for a CONNECT.
    pub fn host_and_port(&self) -> String {
        match self.host.parse() {
            Ok(IpAddr::V6(address)) => format!("[{address}]:{}", self.port),
            _ => format!("{}:{}", self.host, self.port),
        }
    }
}

/// The request without its body.
///
/// # Errors
/// If something in it cannot be written as a header.
pub(super) fn message(
    request: &Request,
    auth: Option<&Credentials>,
    target: &Target,
    user_agent: &str,
    proxy_auth: Option<&Credentials>,
) -> Result<http::Request<()>, String> {
    let mut message = http::Request::new(());
    *message.method_mut() = match request.method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Patch => http::Method::PATCH,
        Method::Delete => http::Method::DELETE,
    };
    *message.uri_mut() = target.uri.clone();
    let headers = message.headers_mut();
    headers.insert(header::USER_AGENT, value(user_agent, "the user agent")?);
    headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    // One connection per request: a pooled one may be closed by the server just as it is used,
    // and then nobody knows whether the update arrived.
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    if let Some(auth) = auth {
        headers.insert(header::AUTHORIZATION, secret(&auth.basic(), "the password")?);
    }
    for (name, content) in &request.headers {
        let name = header::HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| format!("{name} is not a header"))?;
        let content = secret(content.expose(), name.as_str())?;
        headers.insert(name, content);
    }
    // In a tunnel the proxy was told before.
    if let Some(auth) = proxy_auth.filter(|_| !target.https()) {
        let content = secret(&auth.basic(), "the proxy password")?;
        headers.insert(header::PROXY_AUTHORIZATION, content);
    }
    Ok(message)
}

/// The body to send. A method that is meant to have one says so even if it is empty (RFC 9110
/// section 8.6).
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let (target, auth) = Target::parse("https://[2001:db8::1]:8443/a?b=c#d").unwrap();
        assert_eq!(target.host(), "2001:db8::1");
        assert_eq!(target.port(), 8443);
        assert_eq!(target.path(), "/a?b=c");
        assert_eq!(target.host_and_port(), "[2001:db8::1]:8443");
        assert!(target.https() && auth.is_none());

        let (target, auth) = Target::parse("HTTP://u%40x:p:%zz@example.com?q=a@b").unwrap();
        assert_eq!(target.origin(), "http://example.com");
        assert_eq!(target.path(), "/?q=a@b");
        let auth = auth.unwrap();
        assert_eq!((auth.user.as_str(), auth.password.expose()), ("u@x", "p:%zz"));
    }

    #[test]
    fn what_is_not_a_url_is_not_repeated() {
        for bad in [
            "",
            "ftp://secret/",
            "secret",
            "http://",
            "http://secret host/",
            "http:///secret",
            "http://[]/secret",
            "http://host/secret\r\nX: y",
            "http://host:secret/",
        ] {
            let error = Target::parse(bad).err().expect(bad);
            assert!(!error.contains("secret"), "{bad}: {error}");
        }
    }
}
