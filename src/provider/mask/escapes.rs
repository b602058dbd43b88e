//! The escapes with which providers may write a character of a secret.

/// Decodes the escape at the beginning of a text: the character, and the length of the escape. `None` if
/// the text begins with no escape.
pub(super) type Escape = fn(&str) -> Option<(char, usize)>;

/// All notations, each with a text that occurs in every escape of it.
pub(super) const NOTATIONS: [(&str, Escape); 4] =
    [("", no_escape), ("\\", json), ("&", html), ("%", percent)];

fn no_escape(_: &str) -> Option<(char, usize)> {
    None
}

/// `%c3%a4` of URLs.
fn percent(text: &str) -> Option<(char, usize)> {
    in_bytes(text, "%")
}

/// A character in UTF-8, or else a byte of Latin-1. Each byte is `prefix` and two hexadecimal digits.
fn in_bytes(text: &str, prefix: &str) -> Option<(char, usize)> {
    let width = prefix.len() + 2;
    let mut bytes = Vec::with_capacity(4);
    while bytes.len() < 4
        && let Some(byte) = escaped_byte(text, width * bytes.len(), prefix)
    {
        bytes.push(byte);
    }
    let first = *bytes.first()?;
    for length in 1..=bytes.len() {
        let character = bytes.get(..length).and_then(|part| str::from_utf8(part).ok());
        if let Some(character) = character.and_then(|part| part.chars().next()) {
            return Some((character, width * length));
        }
    }
    Some((char::from(first), width))
}

fn escaped_byte(text: &str, start: usize, prefix: &str) -> Option<u8> {
    let digits = text.get(start..)?.strip_prefix(prefix)?.get(..2)?;
    u8::from_str_radix(digits, 16).ok()
}

/// `\n`, `\u00e4`, `\ud834\udd1e` of JSON (RFC 8259 section 7), `\u{e4}` of JavaScript, `\xe4` of C.
fn json(text: &str) -> Option<(char, usize)> {
    if let Some(found) = utf16(text) {
        return Some(found);
    }
    if let Some((digits, _)) = text.strip_prefix("\\u{").and_then(|rest| rest.split_once('}')) {
        let code = u32::from_str_radix(digits, 16).ok()?;
        return Some((char::from_u32(code)?, digits.len() + 4));
    }
    if let Some(found) = in_bytes(text, "\\x") {
        return Some(found);
    }
    let c = text.strip_prefix('\\')?.chars().next()?;
    let decoded = match c {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        c => c,
    };
    Some((decoded, 1 + c.len_utf8()))
}

/// One code unit of UTF-16, or the two of a character beyond U+FFFF.
fn utf16(text: &str) -> Option<(char, usize)> {
    let first = utf16_unit(text, 0)?;
    if (0xd800..0xdc00).contains(&first)
        && let Some(second @ 0xdc00..0xe000) = utf16_unit(text, 6)
    {
        let code = 0x1_0000 + ((first & 0x3ff) << 10) + (second & 0x3ff);
        return Some((char::from_u32(code)?, 12));
    }
    Some((char::from_u32(first)?, 6))
}

fn utf16_unit(text: &str, start: usize) -> Option<u32> {
    let digits = text.get(start..)?.strip_prefix("\\u")?.get(..4)?;
    u32::from_str_radix(digits, 16).ok()
}

/// `&amp;`, `&#228;`, `&#xe4;` of HTML.
fn html(text: &str) -> Option<(char, usize)> {
    let rest = text.strip_prefix('&')?;
    let name = rest.get(..rest.bytes().take(9).position(|byte| byte == b';')?)?;
    let c = match HTML_NAMES.iter().find(|(known, _)| *known == name) {
        Some((_, c)) => *c,
        None => numbered(name.strip_prefix('#')?)?,
    };
    Some((c, name.len() + 2))
}

const HTML_NAMES: [(&str, char); 6] =
    [("quot", '"'), ("amp", '&'), ("lt", '<'), ("gt", '>'), ("apos", '\''), ("shy", '\u{ad}')];

/// The character with this number: `228`, or `xe4`.
fn numbered(digits: &str) -> Option<char> {
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => digits.parse(),
    };
    char::from_u32(code.ok()?)
}
