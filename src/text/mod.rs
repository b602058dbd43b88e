//! Encodings and comparisons of text, whatever it means.

pub(crate) mod base64;
pub(crate) mod pem;
pub(crate) mod percent;
pub(crate) mod punycode;
pub mod quoted;
pub(crate) mod spelling;
pub(crate) mod xml;

/// Whether `word` is in `list`, which has spaces between its words.
pub(crate) fn has(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|listed| listed == word)
}

/// `bytes` in hexadecimal digits, in lower case.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    text
}
