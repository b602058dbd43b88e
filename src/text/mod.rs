//! Encodings and comparisons of text that know nothing of what the text is about.

pub(crate) mod base64;
pub(crate) mod percent;
pub(crate) mod punycode;
pub mod quoted;
pub(crate) mod spelling;
