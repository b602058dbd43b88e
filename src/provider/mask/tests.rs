//! Secrets in answers, in every form in which a provider may repeat them.

use super::*;
use proptest::prelude::*;

fn secrets(values: &[&str]) -> Vec<Secret> {
    values.iter().map(|&value| Secret::new(value)).collect()
}

#[test]
fn secrets_are_masked_and_text_becomes_one_line() {
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
fn secrets_are_masked_in_other_encodings() {
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
    for bytes in ["Pässw0rt geheim>?~", "ü:Pässw0rt geheim>?~", "Pässw0rt geheim>?~ and more"] {
        let text = base64::encode(bytes.as_bytes());
        let of_url = text.replace('+', "-").replace('/', "_");
        for text in [text, of_url] {
            let shown = mask(&text, &secrets);
            assert!(shown.contains("***") && shown.len() < 20, "{text}: {shown}");
        }
    }
}

#[test]
fn secrets_are_masked_with_tags_between_their_letters() {
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
fn secrets_are_masked_in_upper_case_and_backwards() {
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
fn cut_secrets_are_masked() {
    let secrets = secrets(&["correct horse battery"]);
    for blank in MAX_READ - 25..=MAX_READ {
        let text = format!("a{}correct horse battery staple", " ".repeat(blank));
        let shown = mask(&text, &secrets);
        assert!(!shown.contains('c'), "{blank}: {shown}");
    }
    assert_eq!(mask("said \"corr…\"", &secrets), "said \"***…\"");
}

#[test]
fn pieces_of_long_secrets_are_masked_in_large_texts() {
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

/// `text` with escapes of JSON for all characters that are not ASCII.
fn json_of(text: &str, escape: fn(u16) -> String) -> String {
    escaped(text, |c| match c {
        '\0'..='\x7f' => None,
        _ => Some(c.encode_utf16(&mut [0; 2]).iter().map(|&unit| escape(unit)).collect()),
    })
}

/// The forms in which a provider may repeat `secret`.
fn forms(secret: &str) -> Vec<String> {
    let json = serde_json::to_string(secret).unwrap();
    let json = json[1..json.len() - 1].to_owned();
    let lower = json_of(&json, |unit| format!("\\u{unit:04x}"));
    let upper = json_of(&json, |unit| format!("\\u{unit:04X}"));
    let mut all = vec![secret.to_owned(), percent::encode(secret), percent::encode_upper(secret)];
    all.extend([lower.replace('/', "\\/"), lower, upper, json]);
    for apostrophe in ["&#39;", "&#039;", "&#x27;", "&apos;"] {
        all.push(html_of(secret, apostrophe));
    }
    for user in ["", "u", "us", "me@example.com"] {
        all.push(base64::encode(format!("{user}:{secret}").as_bytes()));
    }
    all
}

proptest! {
    #[test]
    fn secret_is_masked_in_every_form(
        secret in "[ -)+-~éä𝄞\t]{3,12}",
        other in "[ -)+-~]{0,12}",
        before in "\\PC{0,20}",
        after in "\\PC{0,20}",
    ) {
        prop_assume!(!secret.trim().is_empty());
        let secrets = [Secret::new(&*secret), Secret::new(other)];
        for form in forms(&secret) {
            let shown = mask(&format!("{before}{form}{after}"), &secrets);
            prop_assert!(!shown.contains(&secret) && !shown.contains(&form), "{}", shown);
            prop_assert!(!shown.contains(char::is_control));
        }
    }
}
