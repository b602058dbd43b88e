//! Text from outside, made fit for a log: without secrets, on one line, short.

use crate::percent;
use crate::secret::Secret;

/// Most characters of a masked text.
const MAX_SHOWN: usize = 200;
/// Shortest value that is looked for. Masking every `a` would hide the text and tell the value.
const MIN_SECRET: usize = 3;

/// `text` with every occurrence of a secret as `***`, raw or percent-encoded, in any case of
/// letters; control characters and runs of white space become one space; cut to about 200
/// characters.
pub fn mask(text: &str, secrets: &[Secret]) -> String {
    let needles = needles(secrets);
    // Twice, because tidying may bring together what was apart.
    shorten(cover(&one_line(&cover(text, &needles)), &needles))
}

/// `text` with every occurrence of a secret as `***`, and otherwise as it is.
pub(super) fn hide(text: &str, secrets: &[Secret]) -> String {
    cover(text, &needles(secrets))
}

/// The ways in which each secret may be written.
fn needles(secrets: &[Secret]) -> Vec<String> {
    secrets
        .iter()
        .map(Secret::expose)
        .flat_map(|value| [value.to_owned(), percent::encode(value), one_line(value)])
        .filter(|needle| needle.len() >= MIN_SECRET)
        .collect()
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

/// Marks first and replaces then, so that secrets that overlap or contain each other are all
/// covered.
fn cover(text: &str, needles: &[String]) -> String {
    let mut hidden = vec![false; text.len()];
    for needle in needles {
        let windows = text.as_bytes().windows(needle.len()).enumerate();
        for (at, _) in windows.filter(|(_, window)| window.eq_ignore_ascii_case(needle.as_bytes()))
        {
            hidden.iter_mut().skip(at).take(needle.len()).for_each(|h| *h = true);
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

    proptest! {
        #[test]
        fn nothing_leaks(
            secret in "[ -)+-~é\t]{3,12}",
            other in "[ -)+-~]{0,12}",
            before in "\\PC{0,20}",
            after in "\\PC{0,20}",
        ) {
            prop_assume!(!secret.trim().is_empty());
            let secrets = [Secret::new(&*secret), Secret::new(other)];
            for written in [secret.clone(), percent::encode(&secret), percent::encode(&secret).to_uppercase()] {
                let shown = mask(&format!("{before}{written}{after}"), &secrets);
                prop_assert!(!shown.contains(&secret) && !shown.contains(&percent::encode(&secret)));
                prop_assert!(!shown.contains(char::is_control));
            }
        }
    }
}
