//! What an HTTP proxy is told and answers.

use std::io::{self, Read, Write};

use crate::model::{Proxy, Url};

/// What a 407 means.
pub(super) const WANTS_PASSWORD: &str = "wants a user name and a password";
/// Longest answer to a CONNECT.
const ANSWER_LIMIT: usize = 8 * 1024;

/// Asks for a tunnel to `target` (RFC 9110 section 9.3.6).
///
/// # Errors
/// What the proxy said, or how the connection broke.
pub(super) fn tunnel(
    proxy: &Proxy,
    stream: &mut (impl Read + Write),
    target: &Url,
    user_agent: &str,
) -> io::Result<()> {
    let place = target.endpoint();
    let mut head =
        format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\nUser-Agent: {user_agent}\r\n");
    if let Some(credentials) = &proxy.credentials {
        head.push_str("Proxy-Authorization: ");
        head.push_str(&credentials.basic());
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
    fn the_status_of_a_proxy() {
        assert_eq!(status(b"HTTP/1.1 200 Connection established\r\n\r\n"), Some(200));
        assert_eq!(status(b"HTTP/1.0 407\r\n\r\n"), Some(407));
        assert_eq!(status(b"SSH-2.0-x\r\n"), None);
        assert_eq!(status(b"\xff\xfe"), None);
    }
}
