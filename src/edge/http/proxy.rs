//! The HTTP proxy: `[user:pass@]host:port`.

use std::io::{self, Read, Write};

use super::credentials::{Auth, basic, split_user};
use super::request::Target;
use crate::model::secret::Secret;

/// What a 407 means.
pub(super) const WANTS_PASSWORD: &str = "wants a user name and a password";
/// Longest answer to a CONNECT.
const ANSWER_LIMIT: usize = 8 * 1024;

/// Where the proxy is and who we are there.
#[derive(Clone)]
pub(super) struct Proxy {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) auth: Option<Auth>,
}

impl Proxy {
    /// Takes the option apart. Special characters in the credentials are percent-encoded, as in
    /// the environment variables that the option was made for.
    ///
    /// # Errors
    /// A sentence without the credentials.
    pub(super) fn parse(option: &Secret) -> Result<Self, String> {
        let text = option.expose().trim();
        let text = text.strip_prefix("http://").unwrap_or(text);
        let (auth, place) = split_user(text.trim_end_matches('/'));
        let bad = || "the proxy is not [user:password@]host:port".to_owned();
        let (host, port) = place.rsplit_once(':').ok_or_else(bad)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = port.parse().map_err(|_| bad())?;
        if host.is_empty() || host.contains(['/', ' ']) {
            return Err(bad());
        }
        Ok(Self { host: host.to_owned(), port, auth })
    }

    /// What must not be shown of it: the user, the password, and both as they are sent.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        let Some(auth) = &self.auth else {
            return Vec::new();
        };
        let sent = basic(auth);
        let pair = sent.trim_start_matches("Basic ");
        let bare = pair.trim_end_matches('=');
        let (user, password) = auth;
        [user.as_str(), password.expose(), pair, bare].map(Secret::new).to_vec()
    }

    /// Asks for a tunnel to `target` (RFC 9110 section 9.3.6).
    ///
    /// # Errors
    /// What the proxy said, or how the connection broke.
    pub(super) fn tunnel(
        &self,
        stream: &mut (impl Read + Write),
        target: &Target,
        user_agent: &str,
    ) -> io::Result<()> {
        let place = target.host_and_port();
        let mut head =
            format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\nUser-Agent: {user_agent}\r\n");
        if let Some(auth) = &self.auth {
            head.push_str("Proxy-Authorization: ");
            head.push_str(&basic(auth));
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes())?;
        match status(&read_head(stream)?) {
            Some(200..=299) => Ok(()),
            Some(407) => Err(io::Error::other(WANTS_PASSWORD)),
            Some(code) => Err(io::Error::other(format!("refuses the connection ({code})"))),
            None => Err(io::Error::other("does not speak HTTP")),
        }
    }
}

/// Reads to the empty line. Nothing follows it: in TLS the client speaks first.
fn read_head(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut chunk = [0; 512];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < ANSWER_LIMIT {
        match stream.read(&mut chunk)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            amount => head.extend_from_slice(&chunk[..amount]),
        }
    }
    Ok(head)
}

/// The status of `HTTP/1.1 200 …`.
fn status(head: &[u8]) -> Option<u16> {
    let line = head.split(|&byte| byte == b'\r').next()?;
    let line = std::str::from_utf8(line).ok()?;
    let (_, rest) = line.strip_prefix("HTTP/1.")?.split_once(' ')?;
    rest.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_is_taken_apart() {
        let parse = |text: &str| Proxy::parse(&Secret::new(text));
        let proxy = parse("user:p%40ss:x@proxy.lan:3128").unwrap();
        assert_eq!((proxy.host.as_str(), proxy.port), ("proxy.lan", 3128));
        assert_eq!(basic(&proxy.auth.unwrap()), "Basic dXNlcjpwQHNzOng=");
        let proxy = parse("http://[2001:db8::1]:8080/").unwrap();
        assert_eq!((proxy.host.as_str(), proxy.port), ("2001:db8::1", 8080));
        assert!(proxy.auth.is_none());
        for bad in ["", "proxy", "secret@proxy:port", "secret@:80", "socks5://secret:1"] {
            let error = parse(bad).err().unwrap();
            assert!(!error.contains("secret"), "{bad}");
        }
    }

    #[test]
    fn the_status_of_a_proxy() {
        assert_eq!(status(b"HTTP/1.1 200 Connection established\r\n\r\n"), Some(200));
        assert_eq!(status(b"HTTP/1.0 407\r\n\r\n"), Some(407));
        assert_eq!(status(b"SSH-2.0-x\r\n"), None);
        assert_eq!(status(b"\xff\xfe"), None);
    }
}
