//! Prepares answers for the log: without secrets, on one line, and short.

mod escapes;

use crate::model::secret::Secret;
use crate::text::{base64, hex, parts, percent};
use escapes::{Escape, NOTATIONS};

/// Most characters of a masked text.
const MAX_SHOWN: usize = 200;
/// Most bytes of a text that are read. More than are shown, because tags and white space are removed.
const MAX_READ: usize = 4 * 1024;
/// Shortest secret that is masked, in bytes. Masking every `a` would make the text unreadable and reveal
/// the secret.
const MIN_SECRET: usize = 3;
/// Most characters that are compared at once. A longer secret, such as a key in PEM, is masked in pieces
/// of this length, so that the time for a text does not grow with the secret.
const PIECE: usize = 64;
/// Longest tag, in bytes, that may stand between the letters of a secret.
const MAX_TAG: usize = 128;
/// Stands where a text was cut.
const CUT: char = '…';

/// `text` on one line, cut to about 200 characters, with every occurrence of a secret as `***`.
///
/// A secret is recognised in upper and lower case, backwards, percent-encoded, in base64, in hexadecimal
/// and with the escapes of JSON, HTML and C, also with tags or invisible characters between its letters.
/// Control characters and runs of white space become one space.
pub fn mask(text: &str, secrets: &[Secret]) -> String {
    let needles = needles(secrets);
    let end = text.floor_char_boundary(MAX_READ);
    let (read, rest) = text.split_at(end);
    let mut read = read.to_owned();
    if !rest.is_empty() {
        read.push(CUT);
    }
    // Masked again on one line, because removed characters may have stood between letters of a secret.
    shorten(cover(&one_line(&cover(&read, &needles)), &needles))
}

/// `text` with every occurrence of a secret as `***`, and otherwise unchanged.
pub(crate) fn hide(text: &str, secrets: &[Secret]) -> String {
    cover(text, &needles(secrets))
}

/// The encodings in which each secret may occur, without escapes.
fn encodings(secrets: &[Secret]) -> Vec<String> {
    let mut encodings = Vec::new();
    for value in secrets.iter().map(Secret::expose) {
        add(value.to_owned(), &mut encodings);
        add(percent::encode(value), &mut encodings);
        add(one_line(value), &mut encodings);
        // Encodings of a shorter secret would be long enough to be masked, and would be found everywhere.
        if value.len() >= MIN_SECRET {
            add(value.chars().rev().collect(), &mut encodings);
            add(hex(value.as_bytes()), &mut encodings);
            for zeros in 1..=3 {
                add_base64(value, zeros, &mut encodings);
            }
        }
    }
    encodings
}

/// Adds an encoding, if it is not too short to be masked.
fn add(encoding: String, encodings: &mut Vec<String>) {
    if encoding.len() >= MIN_SECRET && !encodings.contains(&encoding) {
        encodings.push(encoding);
    }
}

/// The pieces of which each encoding of a secret is made, as characters.
fn needles(secrets: &[Secret]) -> Vec<Vec<char>> {
    let mut needles = Vec::new();
    for text in encodings(secrets) {
        let mut letters = Vec::new();
        for letter in text.chars() {
            letters.push(letter);
        }
        needles.extend(letters.chunks_exact(PIECE).map(<[char]>::to_vec));
        // The last piece overlaps the one before: a short rest would be found in any text.
        needles
            .push(letters.get(letters.len().saturating_sub(PIECE)..).unwrap_or_default().to_vec());
    }
    needles
}

/// Adds the characters that `value` has in the base64 of a longer text such as `user:password`, with `before`
/// bytes in front of it. Base64 encodes groups of three bytes, so they depend on that number.
///
/// Another text behind `value` changes its last character, which is left out in two of the four results.
/// Two are in the alphabet of RFC 4648 section 4, and two in that of section 5.
fn add_base64(value: &str, before: usize, encodings: &mut Vec<String>) {
    let mut bytes = vec![0; before];
    bytes.extend_from_slice(value.as_bytes());
    let text = base64::encode(&bytes);
    let at_end = text.trim_end_matches('=').get(before + 1..).unwrap_or_default();
    let within = at_end.get(..at_end.len().saturating_sub(1)).unwrap_or_default();
    for text in [at_end, within] {
        add(url_alphabet(text), encodings);
        add(text.to_owned(), encodings);
    }
}

/// Base64 in the alphabet for URLs (RFC 4648 section 5).
fn url_alphabet(base64: &str) -> String {
    base64.replace('+', "-").replace('/', "_")
}

fn one_line(text: &str) -> String {
    parts(text, |c| c.is_control() || c.is_whitespace() || is_format(c)).join(" ")
}

/// Whether `c` is invisible and changes how the text around it looks: direction overrides, characters
/// without width, the byte order mark.
fn is_format(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Whether `c` may be the `wanted` character of a secret. A space may be written as `+`. A character
/// that is not ASCII may have been replaced when the text was decoded as UTF-8.
fn may_be(c: char, wanted: char) -> bool {
    c.eq_ignore_ascii_case(&wanted)
        || is_other_case(c, wanted)
        || (c == '+' && wanted == ' ')
        || (c == char::REPLACEMENT_CHARACTER && !wanted.is_ascii())
}

/// Whether `a` and `b` may be the two cases of a letter that is not ASCII.
fn is_other_case(a: char, b: char) -> bool {
    // Unicode's tables are large. These are the distances between the cases in the Latin, Greek and Cyrillic blocks.
    let letters = '\u{c0}'..'\u{530}';
    letters.contains(&a)
        && letters.contains(&b)
        && matches!(u32::from(a).abs_diff(u32::from(b)), 1 | 0x20 | 0x25 | 0x3f | 0x40 | 0x50)
}

/// The length of the tag at the beginning of `text`, or of `c` there if it is invisible.
fn invisible(text: &str, (c, length): (char, usize)) -> Option<usize> {
    if c == '\u{ad}' || is_format(c) || (c.is_control() && !c.is_whitespace()) {
        return Some(length);
    }
    let tag = text.strip_prefix('<')?;
    if !tag.starts_with(|c: char| c.is_ascii_alphabetic() || "/!".contains(c)) {
        return None;
    }
    let end = tag.bytes().take(MAX_TAG).position(|byte| byte == b'>')?;
    Some(end + 2)
}

/// The first character of `text` and its length there.
fn first(text: &str, escape: Escape) -> Option<(char, usize)> {
    escape(text).or_else(|| text.chars().next().map(|c| (c, c.len_utf8())))
}

/// The length of `needle` at the beginning of `text`; `None` if `text` begins otherwise. Where the text
/// was cut, a part of the needle is enough.
fn match_length(text: &str, needle: &[char], escape: Escape) -> Option<usize> {
    let mut length = 0;
    for &wanted in needle {
        loop {
            let rest = text.get(length..)?;
            let (c, width) = first(rest, escape)?;
            if may_be(c, wanted) {
                length += width;
                break;
            }
            if length == 0 {
                return None;
            }
            if c == CUT {
                return Some(length);
            }
            length += invisible(rest, (c, width))?;
        }
    }
    Some(length)
}

/// Replaces every needle in `text` by `***`.
fn cover(text: &str, needles: &[Vec<char>]) -> String {
    // All are marked before any is replaced, because secrets may overlap or contain each other.
    let mut hidden = vec![false; text.len()];
    for (mark, escape) in NOTATIONS {
        if text.contains(mark) {
            hide_needles(text, needles, escape, &mut hidden);
        }
    }
    let mut shown = String::with_capacity(text.len());
    let mut was_hidden = false;
    for (index, c) in text.char_indices() {
        let is_hidden = hidden.get(index) == Some(&true);
        match (is_hidden, was_hidden) {
            (true, false) => shown.push_str("***"),
            (true, true) => {}
            (false, _) => shown.push(c),
        }
        was_hidden = is_hidden;
    }
    shown
}

/// Sets `hidden` for each byte of a needle in `text` that is written with `escape`.
fn hide_needles(text: &str, needles: &[Vec<char>], escape: Escape, hidden: &mut [bool]) {
    for (index, _) in text.char_indices() {
        let rest = text.get(index..).unwrap_or_default();
        let Some((c, _)) = first(rest, escape) else {
            continue;
        };
        let mut longest = 0;
        for needle in needles {
            if needle.first().is_some_and(|&wanted| may_be(c, wanted)) {
                longest = longest.max(match_length(rest, needle, escape).unwrap_or_default());
            }
        }
        hidden.iter_mut().skip(index).take(longest).for_each(|hidden| *hidden = true);
    }
}

fn shorten(text: String) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}{CUT}", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests;
