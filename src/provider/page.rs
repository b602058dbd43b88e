//! Web pages where an answer was expected: told from answers, and reduced to the text one sees.
//!
//! Some providers wrap their answer in a page, and every captive portal and parking page answers
//! 200. This is no HTML parser; it is good enough to find an answer of one word.

/// Tags of web pages that have no place in a bare answer, nor in the XML of providers; the last one is
/// what hotspots answer to programs.
const TAGS: &str = "html head body meta title script noscript style form input button frameset iframe \
    link img div table wispaccessgatewayparam";

/// Whether `body` is a web page rather than a bare answer.
pub(super) fn is_page(body: &str) -> bool {
    if body.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).starts_with(['{', '[', '"']) {
        return false;
    }
    let lower = body.to_ascii_lowercase();
    lower.match_indices('<').any(|(at, _)| {
        let tail = lower.get(at + 1..).unwrap_or_default();
        let end = tail.find(|c: char| !c.is_ascii_alphanumeric() && !"-:_.".contains(c));
        let name = tail.get(..end.unwrap_or(tail.len())).unwrap_or_default();
        TAGS.split(' ').any(|tag| tag == name) || tail.starts_with("!doctype html")
    })
}

/// Whether the visible `text` of a page is no more than an answer.
pub(super) fn is_short(text: &str) -> bool {
    text.split_whitespace().map(str::len).sum::<usize>() <= 40
}

/// Whether `body` is no text at all, but compressed or other data.
pub(super) fn is_binary(body: &str) -> bool {
    let control = |c: char| c.is_ascii_control() && !c.is_ascii_whitespace();
    let replaced = body.matches('\u{fffd}').count();
    body.contains(control) || replaced * 4 > body.chars().count()
}

/// `body` without tags, comments, scripts and styles. Tags that end a line on the screen end one
/// here; byte order marks are dropped.
pub(super) fn text(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    // Nothing behind the last '>' can be a tag; knowing that keeps the time linear.
    let (mut rest, end) = body.split_at(body.rfind('>').map_or(0, |at| at + 1));
    while let Some((before, tail)) = rest.split_once('<') {
        out.push_str(before);
        match tag(tail) {
            Some((name, after)) => {
                out.push(if INLINE.contains(&&*name) { ' ' } else { '\n' });
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

/// Tags that do not begin a new line.
const INLINE: [&str; 10] = ["a", "b", "code", "em", "font", "i", "span", "strong", "tt", "u"];

/// The name of the tag that `tail` is in, without `/`, and what follows the tag.
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
    Some((if closing && HIDDEN.contains(&&*name) { String::new() } else { name }, after))
}

/// Elements whose content is not text.
const HIDDEN: [&str; 2] = ["script", "style"];

fn skip_content<'a>(name: &str, after: &'a str) -> &'a str {
    if !HIDDEN.contains(&name) {
        return after;
    }
    let is_end = |&at: &usize| {
        let found = after.get(at + 2..at + 2 + name.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(name))
    };
    let end = after.match_indices("</").map(|(at, _)| at).find(is_end);
    end.and_then(|end| after.get(end..)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pages_are_told_from_answers() {
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
    fn data_are_no_text() {
        let gzip = String::from_utf8_lossy(b"\x1f\x8b\x08\0\0\0\0\0\x02\xff\x4b\xcf\xcf\x4f");
        for binary in [&*gzip, "a\0b", "\u{fffd}\u{fffd}\u{fffd}ab"] {
            assert!(is_binary(binary), "{binary:?}");
        }
        for text in ["", "OK\r\n\t", "mis \u{fffd} jour", "\u{feff}good"] {
            assert!(!is_binary(text), "{text:?}");
        }
    }

    #[test]
    fn tags_and_scripts_are_dropped() {
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
        fn any_body_has_a_text(body in "(<|>|/|!--|-->|script|İ|[a-c ]){0,30}") {
            text(&body);
        }
    }
}
