//! Encodings and comparisons of text, whatever it means.

pub(crate) mod base64;
pub(crate) mod pem;
pub(crate) mod percent;
pub(crate) mod punycode;
pub mod quoted;
pub(crate) mod spelling;
pub(crate) mod xml;

/// The parts of `text` between characters for which `separates` is true, without empty parts.
pub(crate) fn parts(text: &str, separates: fn(char) -> bool) -> Vec<&str> {
    // `separates` is a pointer to a function, because each closure would have a copy of the search.
    let mut parts = Vec::new();
    for part in text.split(separates) {
        if !part.is_empty() {
            parts.push(part);
        }
    }
    parts
}

/// Whether `word` is in `list`, which has spaces between its words.
pub(crate) fn has(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|listed| listed == word)
}

/// Most names in one line. The rest is only counted, so that the line can still be read.
const MOST_NAMES: usize = 8;

/// The names with commas between them, but of many only the first.
pub(crate) fn listed(names: &[String]) -> String {
    match names.split_at_checked(MOST_NAMES) {
        Some((shown, more)) if !more.is_empty() => {
            format!("{} and {} more", shown.join(", "), more.len())
        }
        Some(_) | None => names.join(", "),
    }
}

/// The hexadecimal digits in `text`, in lower case.
pub(crate) fn hex_digits(text: &str) -> String {
    let mut digits = String::new();
    for digit in text.chars().filter(char::is_ascii_hexdigit) {
        digits.push(digit.to_ascii_lowercase());
    }
    digits
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
