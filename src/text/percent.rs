//! Percent-encoding (RFC 3986 section 2.1), for URLs and for the credentials in them.

use std::string::FromUtf8Error;

/// Encodes everything but the unreserved characters of RFC 3986 section 2.3, with lower-case digits
/// as ddns-scripts does.
pub(crate) fn encode(text: &str) -> String {
    encode_except(text, is_unreserved)
}

/// As [`encode`], with other characters that need not be encoded.
pub(crate) fn encode_except(text: &str, is_plain: fn(char) -> bool) -> String {
    encode_as(text, is_plain, |digit| digit)
}

/// As [`encode`], with upper-case digits, which signed requests need (Alibaba Cloud, Route 53).
pub(crate) fn encode_upper(text: &str) -> String {
    encode_upper_except(text, is_unreserved)
}

/// As [`encode_upper`], with other characters that need not be encoded.
pub(crate) fn encode_upper_except(text: &str, is_plain: fn(char) -> bool) -> String {
    encode_as(text, is_plain, |digit| digit.to_ascii_uppercase())
}

fn encode_as(text: &str, is_plain: fn(char) -> bool, digit: fn(char) -> char) -> String {
    let mut encoded = String::with_capacity(text.len());
    for c in text.chars() {
        if is_plain(c) {
            encoded.push(c);
        } else {
            escape(c, |c| encoded.push(digit(c)));
        }
    }
    encoded
}

/// Whether `c` need not be encoded in any part of a URL (RFC 3986 section 2.3).
pub(crate) fn is_unreserved(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.~".contains(c)
}

/// Passes the characters of `%xx` to `push`, for each byte of `c` in UTF-8.
pub(crate) fn escape(c: char, mut push: impl FnMut(char)) {
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        push('%');
        for digit in [byte >> 4, byte & 15] {
            push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
}

/// Decodes `%xx`. A `%` without two hexadecimal digits is kept.
///
/// # Errors
/// If the decoded bytes are not UTF-8.
pub(crate) fn decode(text: &str) -> Result<String, FromUtf8Error> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        // Owners write passwords into URLs without encoding their percent signs.
        let (byte, tail) = escaped_byte(rest).unwrap_or((first, tail));
        bytes.push(byte);
        rest = tail;
    }
    String::from_utf8(bytes)
}

/// As [`decode`]. `None` if a `%` has no two digits behind it, or the bytes are not UTF-8.
pub(crate) fn decode_strict(text: &str) -> Option<String> {
    let mut escapes = text.match_indices('%');
    if escapes.all(|(start, _)| text.get(start..).is_some_and(is_escape)) {
        return decode(text).ok();
    }
    None
}

/// Like [`decode`], with U+FFFD in the place of bytes that are not UTF-8.
pub(crate) fn decode_lossy(text: &str) -> String {
    decode(text).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Whether `text` begins with `%xx`.
pub(crate) fn is_escape(text: &str) -> bool {
    escaped_byte(text.as_bytes()).is_some()
}

/// The byte that `text` begins with as `%xx`, and the rest.
fn escaped_byte(text: &[u8]) -> Option<(u8, &[u8])> {
    let [b'%', high, low, rest @ ..] = text else {
        return None;
    };
    let value = hex_digit(*high)? * 16 + hex_digit(*low)?;
    Some((u8::try_from(value).ok()?, rest))
}

fn hex_digit(digit: u8) -> Option<u32> {
    char::from(digit).to_digit(16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn percent_sign_without_two_digits_is_kept() {
        for (text, decoded) in [
            ("u%40x", "u@x"),
            ("%zz%4", "%zz%4"),
            ("%%41", "%A"),
            ("%C3%a9", "é"),
            ("%é9", "%é9"),
            ("%", "%"),
        ] {
            assert_eq!(decode(text).unwrap(), decoded);
            assert_eq!(decode_lossy(text), decoded);
        }
        for broken in ["%zz%4", "%%41", "%é9", "%", "a%ff"] {
            assert_eq!(decode_strict(broken), None, "{broken}");
        }
        assert!(decode("a%ff").is_err());
        assert_eq!(decode_lossy("a%ffb"), "a\u{fffd}b");
    }

    proptest! {
        #[test]
        fn encoding_is_undone_by_decoding(text in "(?s).*") {
            let encoded = encode(&text);
            prop_assert!(encoded.chars().all(|c| is_unreserved(c) || c == '%'));
            prop_assert_eq!(decode_lossy(&encoded), &*text);
            prop_assert_eq!(decode_lossy(&encode_upper(&text)), &*text);
            prop_assert_eq!(decode_strict(&encoded), Some(text.clone()));
            prop_assert_eq!(decode(&encoded).unwrap(), text);
        }
    }
}
