//! Recognises web pages among answers, and reads their visible text.
//!
//! Some providers send their answer in a page. Captive portals and pages of parked domains answer every
//! request with status 200. This is no full HTML parser; it is good enough to find an answer of one word.

use crate::text::has;

/// Tags that occur in web pages, but neither in plain answers nor in the XML of providers. The last one is
/// that of hotspots (WISPr).
const TAGS: &str = "html head body meta title script noscript style form input button frameset iframe \
    link img div table wispaccessgatewayparam";

/// Whether `body` is a web page.
pub(super) fn is_page(body: &str) -> bool {
    // JSON may have HTML in its strings.
    if body.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).starts_with(['{', '[', '"']) {
        return false;
    }
    let lower = body.to_ascii_lowercase();
    lower.split('<').skip(1).any(begins_with_page_tag)
}

/// Whether `tail`, the lower-case text behind a `<`, begins with a tag of web pages.
fn begins_with_page_tag(tail: &str) -> bool {
    let end =
        tail.bytes().position(|byte| !byte.is_ascii_alphanumeric() && !b"-:_.".contains(&byte));
    let name = tail.get(..end.unwrap_or(tail.len())).unwrap_or_default();
    has(TAGS, name) || tail.starts_with("!doctype html")
}

/// Whether the visible `text` of a page is short enough to be an answer.
pub(super) fn is_short(text: &str) -> bool {
    text.split_whitespace().map(str::len).sum::<usize>() <= 40
}

/// Whether `body` is no text, but compressed or other data: it has control characters, or more than a
/// quarter of it could not be decoded as UTF-8.
pub(super) fn is_binary(body: &str) -> bool {
    let replaced = body.matches('\u{fffd}').count();
    body.contains(|c: char| c.is_ascii_control() && !c.is_ascii_whitespace())
        || replaced * 4 > body.chars().count()
}

/// `body` without white space and byte order marks at both ends.
pub(super) fn trimmed(body: &str) -> &str {
    body.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

/// `body` without tags, comments, scripts, styles and byte order marks. A tag that begins a new line on
/// the screen becomes a line break.
pub(super) fn text(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    // There is no tag behind the last '>'. Without this, a text of many '<' would take quadratic time.
    let (mut rest, end) = body.split_at(body.rfind('>').map_or(0, |last| last + 1));
    while let Some((before, tail)) = rest.split_once('<') {
        out.push_str(before);
        match tag(tail) {
            Some((name, after)) => {
                out.push(if has(INLINE, &name) { ' ' } else { '\n' });
                rest = skip_content(&name, after);
            }
            None => {
                out.push('<');
                rest = tail;
            }
        }
    }
    out.push_str(rest);
    out.push_str(end);
    out.replace('\u{feff}', "")
}

/// Tags that do not begin a new line on the screen.
const INLINE: &str = "a b code em font i span strong tt u";

/// The name of the tag whose `<` is in front of `tail`, and the text behind the tag. The name is empty
/// for comments and for the ends of hidden elements; `None` if this is no tag.
fn tag(tail: &str) -> Option<(String, &str)> {
    if let Some(comment) = tail.strip_prefix("!--") {
        let after = comment.split_once("-->").map_or("", |(_, after)| after);
        return Some((String::new(), after));
    }
    if !tail.starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c)) {
        return None;
    }
    let (inside, after) = tail.split_once('>')?;
    let name = inside.trim_start_matches('/');
    let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    let name = name.get(..end).unwrap_or_default().to_ascii_lowercase();
    let closing = inside.starts_with('/');
    Some((if closing && has(HIDDEN, &name) { String::new() } else { name }, after))
}

/// Elements whose content is not shown.
const HIDDEN: &str = "script style";

/// `after` without the content of the element `name`, if that content is not shown.
fn skip_content<'a>(name: &str, after: &'a str) -> &'a str {
    if !has(HIDDEN, name) {
        return after;
    }
    for (start, _) in after.match_indices("</") {
        let end_tag = after.get(start..).unwrap_or_default();
        let found = end_tag.get(2..2 + name.len());
        if found.is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return end_tag;
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pages_have_tags_of_html() {
        for page in [
            "<!DOCTYPE html><title>x",
            "\u{feff}\r\n <HTML lang=en>",
            "<?xml version='1.0'?><!DOCTYPE HTML PUBLIC>",
            "<!-- x --><html>",
            "<!-- <x> -->\n<meta http-equiv=\"refresh\" content=\"0; url=/login\">",
            "<script>location='/login'</script>",
            "<title>Log in</title><p>Welcome",
            "<div class=\"login\">Welcome to the hotel</div>",
            "<p>Room: <input name=room><button>Go</button>",
            "<center><img src=logo.png></center>",
            "<noscript>Please enable scripts</noscript>",
            "Warning: x in y\n<html><body>z",
            "<?xml version=\"1.0\"?><WISPAccessGatewayParam></WISPAccessGatewayParam>",
        ] {
            assert!(is_page(page), "{page}");
        }
        for answer in [
            "",
            "good 192.0.2.1",
            "<SUCCESS CODE=\"200\">",
            "<?xml version=\"1.0\"?><r/>",
            "{\"text\":\"<html>\"}",
            "<metadata/><headers/>",
            "<b>good</b>",
        ] {
            assert!(!is_page(answer), "{answer}");
        }
    }

    #[test]
    fn compressed_data_are_binary() {
        let gzip = String::from_utf8_lossy(b"\x1f\x8b\x08\0\0\0\0\0\x02\xff\x4b\xcf\xcf\x4f");
        for binary in [&*gzip, "a\0b", "\u{fffd}\u{fffd}\u{fffd}ab"] {
            assert!(is_binary(binary), "{binary:?}");
        }
        for text in ["", "OK\r\n\t", "mis \u{fffd} jour", "\u{feff}good"] {
            assert!(!is_binary(text), "{text:?}");
        }
    }

    #[test]
    fn text_has_no_tags_and_scripts() {
        for (body, expected) in [
            ("good 192.0.2.1", "good 192.0.2.1"),
            ("\u{feff}<b>good</b> 192.0.2.1<br>nochg", "good 192.0.2.1 nochg"),
            ("<p>a</p><SCRIPT>if (x<y) good</script><style>b</style>c", "a c"),
            ("<!-- good > --> bad", "bad"),
            ("1 < 2 <3", "1 < 2 <3"),
            ("<unclosed", "<unclosed"),
            ("a<!-- unclosed <b>", "a"),
            ("<script>good</b>", ""),
        ] {
            let words: Vec<String> = text(body).split_whitespace().map(str::to_owned).collect();
            assert_eq!(words.join(" "), expected, "{body}");
        }
    }

    proptest! {
        #[test]
        fn reading_text_never_panics(body in "(<|>|/|!--|-->|script|İ|[a-c ]){0,30}") {
            text(&body);
        }
    }
}
