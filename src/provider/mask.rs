//! Text from outside, made fit for a log: without secrets, on one line, short.

use crate::base64;
use crate::percent;
use crate::secret::Secret;

/// Most characters of a masked text.
const MAX_SHOWN: usize = 200;
/// Shortest value that is looked for. Masking every `a` would hide the text and tell the value.
const MIN_SECRET: usize = 3;

/// `text` with every occurrence of a secret as `***`, in any case of letters: raw, percent-encoded,
/// in base64, or with the escapes of JSON or HTML; control characters and runs of white space become
/// one space; cut to about 200 characters.
pub fn mask(text: &str, secrets: &[Secret]) -> String {
    let needles = needles(secrets);
    // Twice, because tidying may bring together what was apart.
    shorten(cover(&one_line(&cover(text, &needles)), &needles))
}

/// `text` with every occurrence of a secret as `***`, and otherwise as it is.
pub(super) fn hide(text: &str, secrets: &[Secret]) -> String {
    cover(text, &needles(secrets))
}

/// The ways in which each secret may be written, beside escapes.
fn needles(secrets: &[Secret]) -> Vec<String> {
    let mut needles = Vec::new();
    for value in secrets.iter().map(Secret::expose) {
        needles.extend([value.to_owned(), percent::encode(value), one_line(value)]);
        needles.extend((1..=3).map(|zeros| in_base64(value, zeros)));
    }
    needles.retain(|needle| needle.len() >= MIN_SECRET);
    needles.sort_unstable();
    needles.dedup();
    needles
}

/// How `value` ends something in base64, such as `user:password`: one for each way in which groups of
/// three bytes may divide it. Nothing if it is too short to be looked for.
fn in_base64(value: &str, zeros: usize) -> String {
    if value.len() < MIN_SECRET {
        return String::new();
    }
    let mut bytes = vec![0; zeros];
    bytes.extend_from_slice(value.as_bytes());
    let text = base64::encode(&bytes);
    text.trim_end_matches('=').get(zeros + 1..).unwrap_or_default().to_owned()
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
const WRITTEN: [(&str, Escape); 3] = [("", |_| None), ("\\", json), ("&", html)];

fn json(text: &str) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    if let Some(Ok(c)) = char::decode_utf16([0, 6].into_iter().map_while(unit)).next() {
        return Some((c, 6 * c.len_utf16()));
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

/// How much of the beginning of `text` is `needle`.
fn begins(text: &str, needle: &str, escape: Escape) -> Option<usize> {
    let mut at = 0;
    for wanted in needle.chars() {
        let rest = text.get(at..)?;
        let (c, length) = match escape(rest) {
            Some(escaped) => escaped,
            None => rest.chars().next().map(|c| (c, c.len_utf8()))?,
        };
        if !c.eq_ignore_ascii_case(&wanted) {
            return None;
        }
        at += length;
    }
    Some(at)
}

/// Marks first and replaces then, so that secrets that overlap or contain each other are all
/// covered.
fn cover(text: &str, needles: &[String]) -> String {
    let mut hidden = vec![false; text.len()];
    for (_, escape) in WRITTEN.into_iter().filter(|(sign, _)| text.contains(sign)) {
        for (at, _) in text.char_indices() {
            let rest = text.get(at..).unwrap_or_default();
            let lengths = needles.iter().filter_map(|needle| begins(rest, needle, escape));
            let longest = lengths.max().unwrap_or_default();
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
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
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
