//! Redirects (RFC 9110 section 15.4).
#![allow(clippy::panic, reason = "only tests and the fuzzer run this")]

use ddns_netlink::edge::http::redirect::{self, Next};
use ddns_netlink::model::Url;
use ddns_netlink::model::secret::Secret;
use ddns_netlink::provider::Method;
use ddns_netlink::provider::mask::mask;

use super::Target;

/// The URL of a request and the `Location` of its answer, with a NUL byte between them.
pub(super) const REDIRECT: Target = Target {
    name: "redirect",
    body: redirect,
    seeds: &[
        b"https://d.example/nic/update?p=hunter2-hunter2\0/login?back=/nic/update",
        b"http://d.example:8080/a/b?c\0https://d.example:8443/#x",
        b"http://d.example\0//hunter2-hunter2.portal.example:80/p",
        b"https://me:pw@[2001:db8::1]/\0http://d.example@portal.example/",
        b"https://d.example/\0javascript:alert(1)",
    ],
    words: &[
        "\0",
        "http:",
        "https:",
        "//",
        "://",
        "@",
        ":80",
        ":443",
        ":",
        "?",
        "#",
        "..",
        "\\",
        "%68",
        "[::1]",
        "d.example",
        "D.EXAMPLE",
        "hunter2-hunter2",
        "aHVudGVyMi1odW50ZXIy",
        "file",
        "\r\n",
        "\u{e9}",
    ],
};

const PASSWORD: &str = "hunter2-hunter2";

/// A redirect that is followed leads to a URL of http or https and never from https to http. No
/// other host gets a password or a request that changes something.
pub(crate) fn redirect(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (base, location) = text.split_once('\0').unwrap_or(("https://d.example/a", &text));
    let Ok(from) = Url::parse(base) else { return };
    assert_web(&from);
    for method in [Method::Get, Method::Post] {
        for secrets in [false, true] {
            for status in [200, 301, 302, 303, 304, 307, 308] {
                match redirect::next(method, secrets, &from, status, Some(location)) {
                    Next::Answer => {}
                    Next::Follow(to) => {
                        assert_allowed(secrets || method != Method::Get, &from, &to)
                    }
                    Next::Refuse(why) => assert_reason(&why),
                }
            }
        }
    }
}

/// The target has the origin of a web server, without user information.
fn assert_web(place: &Url) {
    let origin = place.origin();
    let scheme = if place.https { "https://" } else { "http://" };
    let authority = origin.strip_prefix(scheme);
    let Some(authority) = authority else { panic!("{origin:?}") };
    assert!(!authority.is_empty() && !authority.contains(['@', '/', '?', '#']), "{origin:?}");
    assert!(!place.host().is_empty(), "{origin:?}");
    assert!(place.target().starts_with('/') && !place.target().contains(['#', ' ']), "{origin:?}");
}

fn assert_allowed(confidential: bool, from: &Url, to: &Url) {
    assert_web(to);
    let origins = format!("{} {}", from.origin(), to.origin());
    assert!(to.https || !from.https, "{origins}");
    if confidential {
        assert!(from.host().eq_ignore_ascii_case(to.host()), "{origins}");
        let same = from.port() == to.port() && from.https == to.https;
        let upgraded = from.port() == 80 && to.port() == 443 && to.https;
        assert!(same || upgraded, "{origins}");
    }
}

/// The reason of a refusal can be shown: without control characters and, once masked, without the
/// password.
fn assert_reason(why: &str) {
    assert!(why.starts_with("redirects "), "{why:?}");
    let shown = mask(why, &[Secret::new(PASSWORD)]);
    assert!(!shown.contains(char::is_control), "{shown:?}");
    assert!(!shown.to_ascii_lowercase().contains(PASSWORD), "{shown:?}");
}
