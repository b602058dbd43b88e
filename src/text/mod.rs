//! Encodings and comparisons of text, whatever it means.

pub(crate) mod base64;
pub(crate) mod pem;
pub(crate) mod percent;
pub(crate) mod punycode;
pub mod quoted;
pub(crate) mod spelling;

/// Whether `word` is in `list`, which has spaces between its words.
pub(crate) fn has(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|listed| listed == word)
}
