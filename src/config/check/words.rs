//! Small languages inside option values.

use std::net::Ipv6Addr;

use crate::provider::template::PLACEHOLDERS;
use crate::text::spelling::closest;

/// A UCI boolean (openwrt `package/base-files`, `/lib/functions.sh`, `config_get_bool`).
pub(super) fn is_flag(text: &str) -> Option<bool> {
    const YES: [&str; 5] = ["1", "on", "true", "yes", "enabled"];
    const NO: [&str; 5] = ["0", "off", "false", "no", "disabled"];
    let is = |word: &&str| text.eq_ignore_ascii_case(word);
    if YES.iter().any(is) {
        return Some(true);
    }
    NO.iter().any(is).then_some(false)
}

/// Whether `url` is one we can send a request to. The message does not repeat it: it may hold a
/// password.
pub(super) fn check_url(url: &str) -> Result<(), &'static str> {
    let scheme = scheme(url).ok_or("does not begin with http:// or https://")?;
    if url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("there is a space in the URL");
    }
    check_place(url.get(scheme.len()..).unwrap_or_default())
}

/// `url` with `http://` before it where it has no scheme.
pub(super) fn with_scheme(url: &str) -> String {
    let url = url.trim();
    let colon = url.find([':', '/', '?', '#']).and_then(|at| url.get(at..));
    let has_scheme = colon.is_some_and(|rest| rest.starts_with(":/"));
    let bare = url.trim_end_matches(':');
    if url.is_empty() || has_scheme || matches!(bare, "http" | "https") {
        return url.into();
    }
    format!("http://{url}")
}

/// As [`check_url`], for a URL with placeholders. The owner's name of the record may be the host:
/// whoever may write that may write the URL.
pub(super) fn check_template(url: &str) -> Result<(), &'static str> {
    check_url(&url.replace("[DOMAIN]", "domain"))
}

/// Checks the host and the port that `rest`, a URL without its scheme, begins with.
fn check_place(rest: &str) -> Result<(), &'static str> {
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if authority.is_empty() {
        return Err("there is no host in the URL");
    }
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    // One stock definition has `user:password@http://host/…`.
    if matches!(place, "http:" | "https:")
        && let Some(inner) = tail.strip_prefix("//")
    {
        return check_place(inner);
    }
    let end = place.find(']').map_or(0, |at| at + 1);
    let colon = place.get(end..).and_then(|behind| behind.find(':')).map(|at| end + at);
    let (host, port) = place.split_at(colon.unwrap_or(place.len()));
    let port = port.strip_prefix(':').unwrap_or_default();
    if host.is_empty() {
        return Err("there is no host in the URL");
    }
    if host.contains(['[', ']']) && !is_bracketed(host) {
        return Err(
            "the host in the URL must be written out: no placeholder but [DOMAIN] can stand \
                    in it, and brackets are for IPv6 addresses only",
        );
    }
    // What stands for a placeholder is known only when the URL is used.
    if !port.is_empty() && !port.contains('[') && !is_port(port) {
        return Err("the port in the URL is not a number from 1 to 65535 (a ':', '/', '?' or '#' \
                    in a user name or password is written as %3a, %2f, %3f or %23)");
    }
    Ok(())
}

fn is_bracketed(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inner.is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
}

fn is_port(text: &str) -> bool {
    matches!(text.parse::<u16>(), Ok(1..)) && !text.starts_with('+')
}

/// What in `url` looks like a placeholder and is none, with what it may have been meant to be.
/// Anything else in brackets is left alone: some providers have lists in their queries. A word that is
/// like no placeholder is not repeated: it may be a password.
pub(super) fn odd_placeholders(url: &str) -> Vec<String> {
    let mut odd = Vec::new();
    for (at, _) in url.match_indices('[') {
        let Some((name, _)) = url.get(at + 1..).and_then(|rest| rest.split_once(']')) else {
            continue;
        };
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let upper = name.to_ascii_uppercase();
        let long = name.len() > LONGEST_PLACEHOLDER;
        if !name.starts_with(|c: char| c.is_ascii_alphabetic())
            || long
            || !name.chars().all(letters)
            || is_placeholder(name)
        {
            continue;
        }
        let near = closest(&upper, &mut PLACEHOLDERS.into_iter().map(bare));
        // In small letters it may be an element of an array of PHP.
        let near = if name == upper {
            near.or_else(|| ours(&name.to_ascii_lowercase()).map(bare))
        } else {
            near
        };
        let text = match near {
            Some(near) => {
                format!("[{name}] is not a placeholder and is sent as it is; is it [{near}]?")
            }
            None if name == upper => {
                let known = PLACEHOLDERS.join(" ");
                format!(
                    "a word in brackets is not a placeholder and is sent as it is; there are {known}"
                )
            }
            None => continue,
        };
        if !odd.contains(&text) {
            odd.push(text);
        }
    }
    odd
}

/// Longer words in brackets are no slips of a placeholder, and may be secrets.
const LONGEST_PLACEHOLDER: usize = 12;

fn is_placeholder(name: &str) -> bool {
    PLACEHOLDERS.into_iter().any(|known| bare(known) == name)
}

/// Our placeholder for what others call `word`.
pub(super) fn ours(word: &str) -> Option<&'static str> {
    Some(match word {
        "ip" | "myip" | "ipaddr" | "ipaddress" | "ipv4" | "ip4" | "ip4addr" | "wanip"
        | "address" => "[IP]",
        "ip6" | "ipv6" | "ip6addr" | "myipv6" => "[IP6]",
        "user" | "username" | "login" => "[USERNAME]",
        "pass" | "passwd" | "password" | "token" => "[PASSWORD]",
        "host" | "hostname" | "domain" | "fqdn" => "[DOMAIN]",
        _ => return None,
    })
}

fn bare(placeholder: &'static str) -> &'static str {
    placeholder.trim_matches(['[', ']'])
}

/// `url` with `https:` for a leading `http:`.
pub(super) fn to_https(url: &str) -> String {
    match scheme(url) {
        Some(scheme) => format!("{HTTPS}{}", url.get(scheme.len()..).unwrap_or_default()),
        None => url.into(),
    }
}

const HTTPS: &str = "https://";

fn scheme(url: &str) -> Option<&str> {
    let prefix = |scheme: &str| {
        let start = url.get(..scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(start)
    };
    prefix("http://").or_else(|| prefix(HTTPS))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn flags() {
        assert_eq!(is_flag("enabled"), Some(true));
        assert_eq!(is_flag("Off"), Some(false));
        assert_eq!(is_flag("2"), None);
    }

    #[test]
    fn urls() {
        for good in [
            "http://a",
            "HTTPS://a/b?c",
            "http://[USERNAME]:[PASSWORD]@a/",
            "http://a:65535/x:0",
            "http://a:/",
            "http://u:p:0@a?x=b:0",
            "https://[2001:db8::1]:8443/[IP]",
            "http://[USERNAME]:[PASSWORD]@http://a/nic/update",
        ] {
            assert_eq!(check_url(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "http:",
            "http://",
            "ftp://a",
            "a",
            "http:///a",
            "http://a b",
            "http://a:0/",
            "http://a:65536/",
            "http://a:+1/",
            "http://a:b/",
            "http://u@:80/",
            "http://[IP]/",
            "http://[DOMAIN].a:80/",
            "http://[USERNAME]@a.[ip]/",
            "http://[::1/",
            "http://u:p@http://a:0/nic/update",
            "\u{e4}\u{e4}\u{e4}\u{e4}",
        ] {
            assert!(check_url(bad).is_err(), "{bad}");
        }
        for good in ["http://[DOMAIN]/", "http://[USERNAME]:[PASSWORD]@[DOMAIN].a:80/[IP]"] {
            assert_eq!(check_template(good), Ok(()), "{good}");
        }
        for bad in ["http://[IP]/", "http://[PARAMOPT].[DOMAIN]/", "http://[domain]/"] {
            assert!(check_template(bad).is_err(), "{bad}");
        }
        for (written, meant) in [
            (" a/b?c=http://d", "http://a/b?c=http://d"),
            ("[USERNAME]:[PASSWORD]@a/", "http://[USERNAME]:[PASSWORD]@a/"),
            ("a:80", "http://a:80"),
            ("HTTP://a", "HTTP://a"),
            ("ftp://a", "ftp://a"),
            ("http:/a", "http:/a"),
            ("https:", "https:"),
        ] {
            assert_eq!(with_scheme(written), meant);
        }
        assert_eq!(to_https("http://a/http://b"), "https://a/http://b");
        assert_eq!(to_https("https://a"), "https://a");
    }

    #[test]
    fn what_looks_like_a_placeholder_and_is_none() {
        let odd = |url| odd_placeholders(url).join("; ");
        for fine in [
            "http://[USERNAME]:[PASSWORD]@a/[PARAMENC]/?[PARAMOPT]&[DOMAIN]=[IP]",
            "http://[2001:db8::1]/",
            "http://[fe80::a]/[",
            "http://a/?host[[DOMAIN]]=[IP]&x[]=1&x[0]=2&list[name]=3",
        ] {
            assert_eq!(odd(fine), "", "{fine}");
        }
        let ip = "[ip] is not a placeholder and is sent as it is; is it [IP]?";
        assert_eq!(odd("http://a/?[ip]&[ip]&[IP]"), ip);
        assert!(odd("http://a/?[Password]").ends_with("is it [PASSWORD]?"));
        assert!(odd("http://a/?[USER_NAME]").ends_with("is it [USERNAME]?"));
        assert!(odd("http://a/?[ip4]&[IP6]").ends_with("is it [IP4]?"));
        for (other, meant) in
            [("IPADDR", "IP"), ("MYIP", "IP"), ("HOST", "DOMAIN"), ("PASS", "PASSWORD")]
        {
            let url = format!("http://a/?[{other}]");
            let text = odd_placeholders(&url).join("; ");
            assert!(text.ends_with(&format!("is it [{meant}]?")), "{text}");
        }
        let all = "there are [USERNAME] [PASSWORD] [PARAMENC] [PARAMOPT] [DOMAIN] [ZONE] [SUB] [IP] \
                   [IP4] [IP6]";
        assert!(odd("http://a/?[FOO]").ends_with(all));
        assert!(!odd("http://a/?[GEHEIM]").contains("GEHEIM"));
    }

    proptest! {
        #[test]
        fn nothing_panics(text in ".{0,40}") {
            let _ = (check_url(&text), to_https(&text));
            let _ = (check_url(&format!("http://{text}")), odd_placeholders(&text));
        }
    }
}
