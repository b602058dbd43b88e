//! Base64 (RFC 4648), for credentials, keys, certificates and signatures.

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Encodes `bytes`, with padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut group = 0;
        for i in 0..3 {
            group = group << 8 | u32::from(chunk.get(i).copied().unwrap_or(0));
        }
        for i in 0..4 {
            let digit = DIGITS[(group >> (18 - 6 * i) & 63) as usize];
            text.push(if i <= chunk.len() { digit as char } else { '=' });
        }
    }
    text
}

/// Encodes `bytes` for URLs (RFC 4648 section 5), without padding.
pub(crate) fn encode_url(bytes: &[u8]) -> String {
    encode(bytes).trim_end_matches('=').replace('+', "-").replace('/', "_")
}

/// Decodes `text`, up to the padding, which may be missing. White space is skipped, because PEM has
/// line ends. `None` if there is any other character.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0u32);
    for c in text.bytes() {
        match VALUES[usize::from(c)] {
            SPACE => continue,
            PADDING => break,
            INVALID => return None,
            value => bits = (bits << 6 | u32::from(value)) & 0xffff,
        }
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    Some(bytes)
}

/// What each character means to [`decode`]: the value of a digit, or one of the constants below.
///
/// It is a table, because after an idle time the first HTTPS request has to wait until all authorities of the system
/// are decoded, 220 KB of text. Comparing each character with the ranges of digits took five times as long.
const VALUES: [u8; 256] = values();
const SPACE: u8 = 64;
const PADDING: u8 = 65;
const INVALID: u8 = 66;

const fn values() -> [u8; 256] {
    let mut values = [INVALID; 256];
    let mut value = 0;
    while value < DIGITS.len() {
        values[DIGITS[value] as usize] = value as u8;
        value += 1;
    }
    let spaces = b" \t\n\r\x0c";
    let mut index = 0;
    while index < spaces.len() {
        values[spaces[index] as usize] = SPACE;
        index += 1;
    }
    values[b'=' as usize] = PADDING;
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn examples_of_rfc_4648() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(plain.as_bytes()), coded);
            assert_eq!(decode(coded).unwrap(), plain.as_bytes());
        }
        assert_eq!(encode(&[0xff, 0xef, 0xbe]), "/+++");
        assert_eq!(encode_url(&[0xff, 0xef, 0xbe, 0xff]), "_---_w");
    }

    #[test]
    fn every_digit_has_its_value_and_nothing_else_has_one() {
        for byte in 0..=u8::MAX {
            let value = match DIGITS.iter().position(|&digit| digit == byte) {
                Some(place) => u8::try_from(place).unwrap(),
                None if byte == b'=' => PADDING,
                None if byte.is_ascii_whitespace() => SPACE,
                None => INVALID,
            };
            assert_eq!(VALUES[usize::from(byte)], value, "{byte}");
        }
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding_and_never_panics(bytes: Vec<u8>, text: String) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
            let _ = decode(&text);
        }
    }
}
