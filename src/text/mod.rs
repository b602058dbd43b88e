//! Encodings and comparisons of text, whatever it means.

pub(crate) mod base64;
pub(crate) mod pem;
pub(crate) mod percent;
pub(crate) mod punycode;
pub mod quoted;
pub(crate) mod spelling;
