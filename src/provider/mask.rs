//! Text from outside, made fit for a log: without secrets, on one line, short.

use crate::model::secret::Secret;
use crate::text::base64;
use crate::text::percent;

/// Most characters of a masked text.
const MAX_SHOWN: usize = 200;
/// Bytes of a text that are read for it: markup and white space do not count as shown.
const MAX_READ: usize = 4 * 1024;
/// Shortest value that is looked for. Masking every `a` would hide the text and tell the value.
const MIN_SECRET: usize = 3;
/// Characters of a secret that are looked for at once. A longer one, such as a key in PEM, is looked for
/// in such pieces, so that the time for a text does not grow with it.
const PIECE: usize = 64;
/// Longest tag, in bytes, that may stand between the letters of a secret.
const MAX_TAG: usize = 128;
/// Stands where a text was cut.
const CUT: char = '…';

/// `text` with every occurrence of a secret as `***`, in capitals or small letters: raw, backwards,
/// percent-encoded, in base64, in hexadecimal, or with the escapes of JSON, HTML or C, also with tags or
/// invisible characters between its letters; control characters and runs of white space become one
/// space; cut to about 200 characters.
pub fn mask(text: &str, secrets: &[Secret]) -> String {
    let needles = needles(secrets);
    let end = text.floor_char_boundary(MAX_READ);
    let (read, rest) = text.split_at(end);
    let mut read = read.to_owned();
    if !rest.is_empty() {
        read.push(CUT);
    }
    // Twice, because tidying may bring together what was apart.
    shorten(cover(&one_line(&cover(&read, &needles)), &needles))
}

/// `text` with every occurrence of a secret as `***`, and otherwise as it is.
pub(crate) fn hide(text: &str, secrets: &[Secret]) -> String {
    cover(text, &needles(secrets))
}

/// The ways in which each secret may be written, beside escapes, in characters.
fn needles(secrets: &[Secret]) -> Vec<Vec<char>> {
    let mut written = Vec::new();
    for value in secrets.iter().map(Secret::expose) {
        written.extend([value.to_owned(), percent::encode(value), one_line(value)]);
        if value.len() >= MIN_SECRET {
            written.push(value.chars().rev().collect());
            written.push(in_hexadecimal(value));
            written.extend((1..=3).flat_map(|zeros| in_base64(value, zeros)));
        }
    }
    written.retain(|text| text.len() >= MIN_SECRET);
    written.sort_unstable();
    written.dedup();
    let mut needles = Vec::new();
    for text in written {
        let text: Vec<char> = text.chars().collect();
        needles.extend(text.chunks_exact(PIECE).map(<[char]>::to_vec));
        // What is left of it, with enough before that it is not found everywhere.
        needles.push(text.get(text.len().saturating_sub(PIECE)..).unwrap_or_default().to_vec());
    }
    needles
}

fn in_hexadecimal(value: &str) -> String {
    let mut text = String::with_capacity(2 * value.len());
    for byte in value.bytes() {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    text
}

/// How `value` ends something in base64, such as `user:password`, after so many bytes, which divide it
/// into groups of three; and how it stands before something else, which changes its last character. Both
/// in the alphabet of RFC 4648 section 4 and in that of section 5.
fn in_base64(value: &str, before: usize) -> [String; 4] {
    let mut bytes = vec![0; before];
    bytes.extend_from_slice(value.as_bytes());
    let text = base64::encode(&bytes);
    let end = text.trim_end_matches('=').get(before + 1..).unwrap_or_default().to_owned();
    let mut within = end.clone();
    within.pop();
    let of_url = |text: &str| text.replace('+', "-").replace('/', "_");
    [of_url(&end), of_url(&within), end, within]
}

fn one_line(text: &str) -> String {
    let blank = |c: char| c.is_control() || c.is_whitespace() || is_format(c);
    let words: Vec<&str> = text.split(blank).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// Characters that are not seen but change what is: direction overrides, zero-width, BOM.
fn is_format(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// What an escape at the beginning of a text stands for, and its length.
type Escape = fn(&str) -> Option<(char, usize)>;

/// How texts are written, and the sign without which one is not written so.
const WRITTEN: [(&str, Escape); 4] = [("", |_| None), ("\\", json), ("&", html), ("%", in_percent)];

fn in_percent(text: &str) -> Option<(char, usize)> {
    in_bytes(text, "%")
}

/// A character in UTF-8, or else a byte, which is a character of Latin-1. Each byte is written as
/// `prefix` and two hexadecimal digits.
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

fn escaped_byte(text: &str, at: usize, prefix: &str) -> Option<u8> {
    let digits = text.get(at..)?.strip_prefix(prefix)?.get(..2)?;
    u8::from_str_radix(digits, 16).ok()
}

fn json(text: &str) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    if let Some(Ok(c)) = char::decode_utf16([0, 6].into_iter().map_while(unit)).next() {
        return Some((c, 6 * c.len_utf16()));
    }
    if let Some((digits, _)) = text.strip_prefix("\\u{").and_then(|rest| rest.split_once('}')) {
        let code = u32::from_str_radix(digits, 16).ok()?;
        return Some((char::from_u32(code)?, digits.len() + 4));
    }
    if let Some(found) = in_bytes(text, "\\x") {
        return Some(found);
    }
    let c = text.strip_prefix('\\')?.chars().next()?;
    let meant = match c {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        c => c,
    };
    Some((meant, 1 + c.len_utf8()))
}

fn html(text: &str) -> Option<(char, usize)> {
    let rest = text.strip_prefix('&')?;
    let name = rest.get(..rest.bytes().take(9).position(|byte| byte == b';')?)?;
    let c = match name {
        "quot" => '"',
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "apos" => '\'',
        "shy" => '\u{ad}',
        _ => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => digits.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    Some((c, name.len() + 2))
}

/// Whether `c` stands for the `wanted` character of a secret. A space may be written as `+`, and what
/// is not ASCII may have been lost when the text was read as UTF-8.
fn same(c: char, wanted: char) -> bool {
    c.eq_ignore_ascii_case(&wanted)
        || is_other_case(c, wanted)
        || (c == '+' && wanted == ' ')
        || (c == char::REPLACEMENT_CHARACTER && !wanted.is_ascii())
}

/// Whether one of two letters that are not ASCII is the capital of the other, or looks so by its number:
/// the distances between capitals and small letters in the Latin, Greek and Cyrillic blocks.
fn is_other_case(a: char, b: char) -> bool {
    let letters = '\u{c0}'..'\u{530}';
    letters.contains(&a)
        && letters.contains(&b)
        && matches!(u32::from(a).abs_diff(u32::from(b)), 1 | 0x20 | 0x25 | 0x3f | 0x40 | 0x50)
}

/// The length of a tag at the beginning of `text`, or of an invisible character `c` there.
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

/// How much of the beginning of `text` is `needle`, of which a cut may have left only a part.
fn begins(text: &str, needle: &[char], escape: Escape) -> Option<usize> {
    let mut at = 0;
    for &wanted in needle {
        loop {
            let rest = text.get(at..)?;
            let (c, length) = first(rest, escape)?;
            if same(c, wanted) {
                at += length;
                break;
            }
            if at == 0 {
                return None;
            }
            if c == CUT {
                return Some(at);
            }
            at += invisible(rest, (c, length))?;
        }
    }
    Some(at)
}

/// Marks first and replaces then, so that secrets that overlap or contain each other are all
/// covered.
fn cover(text: &str, needles: &[Vec<char>]) -> String {
    let mut hidden = vec![false; text.len()];
    for (_, escape) in WRITTEN.into_iter().filter(|(sign, _)| text.contains(sign)) {
        for (at, _) in text.char_indices() {
            let rest = text.get(at..).unwrap_or_default();
            let Some((c, _)) = first(rest, escape) else {
                continue;
            };
            let mut longest = 0;
            for needle in needles {
                if needle.first().is_some_and(|&wanted| same(c, wanted)) {
                    longest = longest.max(begins(rest, needle, escape).unwrap_or_default());
                }
            }
            hidden.iter_mut().skip(at).take(longest).for_each(|h| *h = true);
        }
    }
    let mut shown = String::with_capacity(text.len());
    let mut inside = false;
    for (at, c) in text.char_indices() {
        let hide = hidden.get(at) == Some(&true);
        match (hide, inside) {
            (true, false) => shown.push_str("***"),
            (true, true) => {}
            (false, _) => shown.push(c),
        }
        inside = hide;
    }
    shown
}

fn shorten(text: String) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}{CUT}", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn secrets(values: &[&str]) -> Vec<Secret> {
        values.iter().map(|&value| Secret::new(value)).collect()
    }

    #[test]
    fn secrets_are_covered_however_they_are_written() {
        let secrets = secrets(&["p@ss word", "", "ab", "s3cret", "ret99"]);
        for (text, shown) in [
            ("bad p@ss word!", "bad ***!"),
            ("bad p%40ss%20word!", "bad ***!"),
            ("bad P%40SS%20WORD!", "bad ***!"),
            ("p@ss\r\n word", "***"),
            ("s3cret99 s3crets3cret", "*** ***"),
            ("about", "about"),
            ("a\u{1b}[31mb\0c", "a [31mb c"),
            ("b25lOnMzY3JldA== b2s6czNjcmV0 b246czNjcmV0", "b25lOn***== b2s6*** b246***"),
            ("", ""),
        ] {
            assert_eq!(mask(text, &secrets), shown, "{text:?}");
        }
    }

    #[test]
    fn secrets_are_covered_in_other_encodings() {
        let secrets = secrets(&["Pässw0rt geheim>?~", "s3cret"]);
        for text in [
            "Pässw0rt+geheim>?~",
            "P%C3%A4ssw0rt%20geheim%3E%3f~",
            "P%e4ssw0rt+geheim%3e?~",
            "P\u{fffd}ssw0rt geheim>?~",
            "%50%c3%a4%73%73%77%30%72%74%20%67%65%68%65%69%6d%3e%3f%7e",
            "p%C3%A4SSw0rt%20geheim>?~",
        ] {
            assert_eq!(mask(text, &secrets), "***", "{text}");
        }
        let hexadecimal = "50c3a47373773072742067656865696d3e3f7e";
        assert_eq!(mask(hexadecimal, &secrets), "***");
        assert_eq!(mask(&hexadecimal.to_ascii_uppercase(), &secrets), "***");
        for bytes in ["Pässw0rt geheim>?~", "ü:Pässw0rt geheim>?~", "Pässw0rt geheim>?~ and more"]
        {
            let text = base64::encode(bytes.as_bytes());
            let of_url = text.replace('+', "-").replace('/', "_");
            for text in [text, of_url] {
                let shown = mask(&text, &secrets);
                assert!(shown.contains("***") && shown.len() < 20, "{text}: {shown}");
            }
        }
    }

    #[test]
    fn secrets_are_covered_with_something_between_their_letters() {
        let secrets = secrets(&["hunter22", "a<b>c"]);
        for (text, shown) in [
            ("user hun<b>ter</b>22!", "user ***!"),
            ("<i>h</i><i>u</i><i class=\"x\">nt</i>er22 is wrong", "<i>*** is wrong"),
            ("hunt<wbr/>er<!-- x -->22", "***"),
            ("hunt\u{ad}er\u{200b}22", "***"),
            ("hunt&shy;er&#8203;22", "***"),
            ("a<b>c", "***"),
            ("hun < ter22", "hun < ter22"),
        ] {
            assert_eq!(mask(text, &secrets), shown, "{text}");
        }
    }

    #[test]
    fn secrets_are_covered_in_capitals_and_backwards() {
        let secrets = secrets(&["pässwörd-ñéçø", "пароль-δέκα", "hunter22"]);
        for text in [
            "PÄSSWÖRD-ÑÉÇØ",
            "Pässwörd-ÑéÇø",
            "ПАРОЛЬ-ΔΈΚΑ",
            "22retnuh",
            "22RETNUH",
            "øçéñ-dröwssäp",
            "P%C3%84SSW%D6RD-%D1%C9%C7%D8",
        ] {
            assert_eq!(mask(text, &secrets), "***", "{text}");
        }
        for text in [
            r"\x68\x75nter\x322",
            r"p\xc3\xa4ssw\xC3\xB6rd-\xc3\xb1\xc3\xa9\xc3\xa7\xc3\xb8",
            r"p\xe4ssw\xf6rd-\xf1\xe9\xe7\xf8",
            r"\u{68}unter22",
        ] {
            assert_eq!(mask(text, &secrets), "***", "{text}");
        }
    }

    #[test]
    fn a_cut_shows_no_half_of_a_secret() {
        let secrets = secrets(&["correct horse battery"]);
        for blank in MAX_READ - 25..=MAX_READ {
            let text = format!("a{}correct horse battery staple", " ".repeat(blank));
            let shown = mask(&text, &secrets);
            assert!(!shown.contains('c'), "{blank}: {shown}");
        }
        assert_eq!(mask("said \"corr…\"", &secrets), "said \"***…\"");
    }

    #[test]
    fn a_large_text_is_masked_with_a_long_secret() {
        let long: String = (0..6000).map(|i: u32| char::from(b'a' + (i * i % 26) as u8)).collect();
        let secret = [Secret::new(&*long)];
        for text in [long.repeat(90), "a".repeat(512 * 1024), format!("x{long}")] {
            let shown = mask(&text, &secret);
            assert!(shown.chars().count() <= MAX_SHOWN + 1);
            assert!(!long.contains(shown.get(..8).unwrap_or("***")), "{shown}");
        }
        assert!(mask(&long[100..300], &secret).contains("***"), "parts of it");
    }

    #[test]
    fn long_texts_are_cut() {
        let shown = mask(&"é".repeat(1000), &[]);
        assert_eq!(shown.chars().count(), MAX_SHOWN + 1);
    }

    /// `text` with some of its characters written otherwise.
    fn escaped(text: &str, escape: impl Fn(char) -> Option<String>) -> String {
        text.chars().map(|c| escape(c).unwrap_or_else(|| c.to_string())).collect()
    }

    fn html_of(secret: &str, apostrophe: &str) -> String {
        escaped(secret, |c| match c {
            '"' => Some("&quot;".into()),
            '&' => Some("&amp;".into()),
            '<' => Some("&lt;".into()),
            '>' => Some("&gt;".into()),
            '\'' => Some(apostrophe.into()),
            _ => None,
        })
    }

    /// The ways in which a provider may repeat `secret`.
    fn written(secret: &str) -> Vec<String> {
        let json = serde_json::to_string(secret).unwrap();
        let json = json[1..json.len() - 1].to_owned();
        let ascii = |digits: fn(u16) -> String| {
            escaped(&json, |c| {
                let units = c.encode_utf16(&mut [0; 2]).to_vec();
                (!c.is_ascii()).then(|| units.into_iter().map(digits).collect())
            })
        };
        let [lower, upper] =
            [ascii(|unit| format!("\\u{unit:04x}")), ascii(|unit| format!("\\u{unit:04X}"))];
        let mut all =
            vec![secret.to_owned(), percent::encode(secret), percent::encode_upper(secret)];
        all.extend([lower.replace('/', "\\/"), lower, upper, json]);
        all.extend(["&#39;", "&#039;", "&#x27;", "&apos;"].map(|it| html_of(secret, it)));
        let basic = |user| base64::encode(format!("{user}:{secret}").as_bytes());
        all.extend(["", "u", "us", "me@example.com"].map(basic));
        all
    }

    proptest! {
        #[test]
        fn nothing_leaks(
            secret in "[ -)+-~éä𝄞\t]{3,12}",
            other in "[ -)+-~]{0,12}",
            before in "\\PC{0,20}",
            after in "\\PC{0,20}",
        ) {
            prop_assume!(!secret.trim().is_empty());
            let secrets = [Secret::new(&*secret), Secret::new(other)];
            for written in written(&secret) {
                let shown = mask(&format!("{before}{written}{after}"), &secrets);
                prop_assert!(!shown.contains(&secret) && !shown.contains(&written), "{}", shown);
                prop_assert!(!shown.contains(char::is_control));
            }
        }
    }
}
