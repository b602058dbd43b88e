//! Reads `update_url`, the owner's own update URL, and warns about probable mistakes in it.

use std::net::IpAddr;

use super::reader::Reader;
use super::source;
use super::value_syntax;
use crate::model::Family;
use crate::model::url::Parts;
use crate::provider::{Author, Mechanism, Provider, Template, Urls};
use crate::provider::{families, template};

/// The mechanism of `update_url`; `None` if the option is not set.
pub(super) fn read(reader: &mut Reader<'_>, wanted: &[Family]) -> Option<Mechanism> {
    let url = source::url(reader, "update_url")?;
    reader.sound("update_url", template::check(&url));
    for warning in value_syntax::unknown_placeholders(&url) {
        reader.warn("update_url", format_args!("{warning}"));
    }
    for (text, ours) in foreign_placeholders(&url) {
        let text = format_args!("'{text}' is no placeholder here; write {ours}");
        reader.warn("update_url", text);
    }
    let Some(urls) = reader.sound("update_url", families::urls(&url)) else {
        return Some(Mechanism::NO_URL);
    };
    report_missing_families(reader, &urls, wanted);
    Some(Mechanism::Url(urls))
}

/// Reports a family that the section publishes and the URL has no place for.
fn report_missing_families(reader: &mut Reader<'_>, urls: &Urls, wanted: &[Family]) {
    if let Urls { v4, v6, both: None } = urls
        && (v4.is_some() || v6.is_some())
    {
        for &family in wanted {
            if urls.of(family).is_none() {
                let text = format_args!("the URL has no place for an {family} address");
                reader.fail("update_url", text);
            }
        }
    }
}

/// Warns if a password is sent without TLS to a host outside of private networks.
pub(super) fn warn_of_plain_http(reader: &mut Reader<'_>, provider: &Provider, wanted: &[Family]) {
    let mut templates = wanted.iter().filter_map(|family| provider.template(*family));
    if !templates.any(shows_password) {
        return;
    }
    match provider.author {
        Author::Table(row) => {
            let text = format_args!(
                "{} has no https, so anybody on the way can read the password",
                row.title()
            );
            reader.warn("service_name", text);
        }
        Author::Owner => {
            let text = format_args!(
                "the password is sent over http, so anybody on the way can read it; with use_https '1' \
                 it is sent over https, if the server has that"
            );
            reader.warn("update_url", text);
        }
        // The URL of a definition is not the owner's, so the owner can do nothing about it.
        Author::Definition => {}
    }
}

/// Whether a password is sent without TLS to a host outside of private networks.
fn shows_password(template: &Template) -> bool {
    let Ok(parts) = Parts::split(&template.url) else {
        return false;
    };
    let local = template.host.as_deref().is_some_and(is_local);
    !parts.https && !local && holds_password(&template.url, parts.userinfo)
}

/// Whether `url` has a placeholder for a password, or a password before its host.
fn holds_password(url: &str, userinfo: Option<&str>) -> bool {
    let placeholders = ["[PASSWORD]", "[PARAMENC]"];
    userinfo.is_some_and(|userinfo| userinfo.contains(':'))
        || placeholders.iter().any(|placeholder| url.contains(placeholder))
}

/// Whether `host` is this machine or in a private network.
fn is_local(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(v4)) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        Ok(IpAddr::V6(v6)) => v6.is_loopback() || matches!(v6.octets(), [0xfc..=0xfe, ..]),
        Err(_) => match host.rsplit_once('.') {
            Some((_, top)) => ["lan", "local", "internal", "localhost", "arpa"].contains(&top),
            None => true,
        },
    }
}

/// The texts before and after the name in placeholders of other programs.
const MARKS: &[(&str, &str)] = &[
    ("<", ">"),
    ("%3c", "%3e"),
    // The brackets of our placeholders, escaped by a browser.
    ("%5b", "%5d"),
    ("{", "}"),
    ("(", ")"),
    ("__", "__"),
    ("@", "@"),
    ("#", "#"),
    ("%", "%"),
    ("$", ""),
];

/// The placeholders of other routers and programs in `url`, each with our placeholder for the same.
fn foreign_placeholders(url: &str) -> Vec<(&str, &'static str)> {
    let lower = url.to_ascii_lowercase();
    let mut found: Vec<(&str, &str)> = Vec::new();
    for (open, close) in MARKS {
        for (start, _) in lower.match_indices(open) {
            let inner = lower.get(start + open.len()..).unwrap_or_default();
            let length = inner.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(inner.len());
            let (word, rest) = inner.split_at(length);
            let is_closed = rest.starts_with(close);
            let Some(ours) = our_placeholder(open, word, rest, is_closed) else { continue };
            let end = start + open.len() + length + if is_closed { close.len() } else { 0 };
            let text = url.get(start..end).unwrap_or_default();
            if !found.iter().any(|(known, _)| *known == text) {
                found.push((text, ours));
            }
        }
    }
    found
}

/// Our placeholder for `word`, which stands between the marks `open` and, if it `is_closed`, a closing one.
fn our_placeholder(open: &str, word: &str, rest: &str, is_closed: bool) -> Option<&'static str> {
    // As in `%i`, which some programs write `%ip`.
    let letter = match (open, word) {
        ("%", "ip") => "i",
        ("%", _) => word,
        _ => "",
    };
    match letter {
        "i" if !rest.starts_with('%') => Some("[IP]"),
        "h" => Some("[DOMAIN]"),
        "u" => Some("[USERNAME]"),
        "p" => Some("[PASSWORD]"),
        _ if is_closed => value_syntax::placeholder_for(word),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_of_another_router_gets_ours_as_a_hint() {
        for (url, text, ours) in [
            ("http://a/?ip=<ipaddr>", "<ipaddr>", "[IP]"),
            ("http://a/?ip=<IPADDR>", "<IPADDR>", "[IP]"),
            ("http://a/?u=<username>&x", "<username>", "[USERNAME]"),
            ("http://a/?p=<pass>", "<pass>", "[PASSWORD]"),
            ("http://a/?h=<domain>", "<domain>", "[DOMAIN]"),
            ("http://a/?6=<ip6addr>", "<ip6addr>", "[IP6]"),
            ("http://a/?ip=%3Cipaddr%3E", "%3Cipaddr%3E", "[IP]"),
            ("http://a/?ip=%i", "%i", "[IP]"),
            ("http://a/?h=%h&x", "%h", "[DOMAIN]"),
            ("http://a/?ip=%IP%", "%IP%", "[IP]"),
            ("http://a/?ip=__MYIP__", "__MYIP__", "[IP]"),
            ("http://a/?h=__HOSTNAME__&x", "__HOSTNAME__", "[DOMAIN]"),
            ("http://a/?ip={ip}", "{ip}", "[IP]"),
            ("http://a/?ip=#{ip}", "{ip}", "[IP]"),
            ("http://a/?ip=$IP&x", "$IP", "[IP]"),
            ("http://a/?ip=${ip}", "{ip}", "[IP]"),
            ("http://a/?ip=@IP@", "@IP@", "[IP]"),
            ("http://a/?ip=#IP#", "#IP#", "[IP]"),
            ("http://a/?ip=(myip)&x", "(myip)", "[IP]"),
            ("http://a/?ip=%ip&x", "%ip", "[IP]"),
            ("http://a/?ip=%5BIP%5D", "%5BIP%5D", "[IP]"),
            ("http://a/?u=%5bUserName%5d", "%5bUserName%5d", "[USERNAME]"),
        ] {
            assert_eq!(foreign_placeholders(url), [(text, ours)], "{url}");
        }
        for url in [
            "http://[USERNAME]:[PASSWORD]@a/?h=[DOMAIN]&ip=[IP]",
            "http://me@a/?x=1%20%2F%69",
            "http://a/?x=%25i&y=$1&z={}&__x__",
            "http://a/?x=%5B0%5D&list%5Bname%5D=1#ip",
            "http://user:pw@domain/?a=b@c",
        ] {
            assert_eq!(foreign_placeholders(url), [], "{url}");
        }
    }

    #[test]
    fn private_addresses_and_local_names_are_local() {
        for host in ["127.0.0.1", "192.168.1.1", "::1", "fd00::1", "nas", "nas.lan", "x.home.arpa"]
        {
            assert!(is_local(host), "{host}");
        }
        for host in ["198.51.100.1", "2001:db8::1", "example.com", "lan.example"] {
            assert!(!is_local(host), "{host}");
        }
    }

    #[test]
    fn a_password_over_plain_http_to_a_public_host_gets_a_warning() {
        for url in [
            "http://u:p@a.example/",
            "HTTP://a.example/?[PASSWORD]",
            "http://[USERNAME]:x@[DOMAIN]",
        ] {
            let template = Template::new(url, None);
            assert!(shows_password(&template), "{url}");
        }
        for url in [
            "http://a.example/?x=u:p@b",
            "http://u@a.example/",
            "http://a.example:80/",
            "https://u:p@a.example/",
            "http://u:p@nas/",
        ] {
            let template = Template::new(url, None);
            assert!(!shows_password(&template), "{url}");
        }
    }
}
