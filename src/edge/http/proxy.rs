//! Opens a tunnel through an HTTP proxy.

use std::io::{self, Read, Write};

use crate::model::{Proxy, Url};

/// The HTTP status 407 (RFC 9110 section 15.5.8).
pub(super) const UNAUTHENTICATED: u16 = 407;
/// Its meaning.
pub(super) const WANTS_PASSWORD: &str = "wants a user name and a password";
/// Most bytes of an answer to CONNECT. It has only a head: what follows is the host's.
const ANSWER_LIMIT: usize = 8 * 1024;

/// Opens a tunnel to `target` with the method CONNECT (RFC 9110 section 9.3.6).
///
/// # Errors
/// If the proxy refuses it, or the connection fails.
pub(super) fn tunnel(
    proxy: &Proxy,
    stream: &mut (impl Read + Write),
    target: &Url,
    user_agent: &str,
) -> io::Result<()> {
    let endpoint = target.endpoint();
    let mut head =
        format!("CONNECT {endpoint} HTTP/1.1\r\nHost: {endpoint}\r\nUser-Agent: {user_agent}\r\n");
    if let Some(credentials) = &proxy.credentials {
        head.push_str("Proxy-Authorization: ");
        head.push_str(&credentials.basic());
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    match status(&read_head(stream)?) {
        Some(200..=299) => Ok(()),
        Some(UNAUTHENTICATED) => Err(io::Error::other(WANTS_PASSWORD)),
        Some(code) => Err(io::Error::other(format!("refuses the connection ({code})"))),
        None => Err(io::Error::other("does not speak HTTP")),
    }
}

/// Reads to the empty line. No bytes follow it, because in TLS the client sends first.
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

/// The status code of a head that begins with `HTTP/1.1 200 …`.
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
    fn status_parses_the_status_line_of_http_1() {
        assert_eq!(status(b"HTTP/1.1 200 Connection established\r\n\r\n"), Some(200));
        assert_eq!(status(b"HTTP/1.0 407\r\n\r\n"), Some(407));
        assert_eq!(status(b"SSH-2.0-x\r\n"), None);
        assert_eq!(status(b"\xff\xfe"), None);
    }
}
