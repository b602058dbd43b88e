//! User names and passwords, in URLs and in headers. Pure.

use crate::percent;
use crate::secret::Secret;

/// User name and password.
pub(super) type Auth = (String, Secret);

/// Splits `user:pass@` off. The parts are percent-decoded.
pub(super) fn split_user(authority: &str) -> (Option<Auth>, &str) {
    let Some((user, host)) = authority.rsplit_once('@') else {
        return (None, authority);
    };
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let auth = (percent::decode_lossy(name), Secret::new(percent::decode_lossy(password)));
    (Some(auth), host)
}

/// `Basic …` (RFC 7617).
pub(super) fn basic((user, password): &Auth) -> String {
    let pair = format!("{user}:{}", password.expose());
    format!("Basic {}", base64(pair.as_bytes()))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let digit = DIGITS[(group >> (18 - 6 * i) & 63) as usize];
            text.push(if i <= chunk.len() { digit as char } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_rfc_4648() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(base64(&[0xff, 0xef, 0xbe]), "/+++");
    }
}
