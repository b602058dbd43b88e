//! Which redirects are followed. Pure.

use std::net::IpAddr;

use crate::model::address::not_public;
use crate::model::{Url, name};
use crate::provider::Method;

/// Why a redirect of a public host to one that is not is refused: anybody who can answer in a page's
/// place could have this router ask its own services and those of the LAN.
pub(super) const INWARD: &str =
    "a public host redirects to this address of a private network, which is not followed";

/// What to do with an answer.
pub enum Next {
    /// It is the answer.
    Stay,
    /// Ask there.
    Follow(Url),
    /// It leads where we do not go: why. The host in it is the redirect's own text, which may repeat
    /// a secret of the request.
    Refuse(String),
}

/// Decides about an answer with `status` and `Location`.
///
/// `secrets` says that the request holds more than a URL that anybody may know: credentials, headers,
/// a body, or a password or token in the URL, which the redirect may well repeat. Those stay with the
/// host they were meant for; without them the other host could only refuse, and a provider's refusal
/// stops the record until the next day or another address, so such a redirect is an error of its own.
pub fn next(
    method: Method,
    secrets: bool,
    from: &Url,
    status: u16,
    location: Option<&str>,
) -> Next {
    let followed = match method {
        Method::Get => matches!(status, 301 | 302 | 303 | 307 | 308),
        // The others may change the method on the way (RFC 9110 section 15.4.2).
        Method::Post | Method::Put | Method::Patch | Method::Delete => matches!(status, 307 | 308),
    };
    let Some(location) = location.filter(|_| followed) else {
        return Next::Stay;
    };
    let Ok(to) = from.join(location) else {
        return Next::Refuse("redirects to something that is not a web address".into());
    };
    if from.is_https() && !to.is_https() {
        return Next::Refuse("redirects from https to http, which is not followed".into());
    }
    if (secrets || method != Method::Get) && !same_host(from, &to) {
        return Next::Refuse(format!(
            "redirects to {}, which must not get the password",
            to.endpoint()
        ));
    }
    Next::Follow(to)
}

/// Whether `host` says by itself that it is this machine or in a private network. What only looks like
/// an address is one for the C library (`127.1`).
pub(super) fn is_inside(host: &str) -> bool {
    let host = name::canonical(host);
    match host.parse::<IpAddr>() {
        Ok(address) => not_public(address).is_some(),
        Err(_) => {
            let last = host.rsplit('.').next().unwrap_or_default();
            name::is_localhost(&host) || last.starts_with(|c: char| c.is_ascii_digit())
        }
    }
}

/// Same scheme, host and port; or the step from http to https of one host on the usual ports,
/// where the credentials have been seen in the clear already.
fn same_host(from: &Url, to: &Url) -> bool {
    let upgrade = (from.port(), to.port()) == (80, 443) && !from.is_https() && to.is_https();
    let same = from.port() == to.port() && from.is_https() == to.is_https();
    from.host().eq_ignore_ascii_case(to.host()) && (same || upgrade)
}

/// The host of `answered`, if it is another one than `asked`. A name with `www.` before it is the
/// same host.
pub(super) fn elsewhere(asked: &str, answered: &Url) -> Option<String> {
    let host = answered.host();
    (!without_www(host).eq_ignore_ascii_case(without_www(asked))).then(|| host.to_owned())
}

fn without_www(host: &str) -> &str {
    match host.split_at_checked(4) {
        Some((www, rest)) if www.eq_ignore_ascii_case("www.") => rest,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Url {
        Url::parse(url).unwrap()
    }

    fn decide(secrets: bool, from: &str, to: &str) -> Result<String, String> {
        match next(Method::Get, secrets, &target(from), 302, Some(to)) {
            Next::Stay => Ok("stay".into()),
            Next::Follow(to) => Ok(to.expose()),
            Next::Refuse(why) => Err(why),
        }
    }

    #[test]
    fn relative_locations() {
        for (location, expected) in [
            ("/x", "http://h.example/x"),
            ("x?y=a:b", "http://h.example/a/x?y=a:b"),
            ("?z", "http://h.example/a/b?z"),
            ("//o.example/p", "http://o.example/p"),
            ("HTTPS://o.example", "https://o.example/"),
            ("http://u:p@o.example/", "http://o.example/"),
        ] {
            assert_eq!(
                decide(false, "http://h.example/a/b?c=d/e", location).as_deref(),
                Ok(expected)
            );
        }
    }

    #[test]
    fn some_hosts_say_that_they_are_inside() {
        for inside in [
            "127.0.0.1",
            "LocalHost.",
            "x.localhost",
            "10.0.0.1",
            "192.168.1.1",
            "169.254.1.1",
            "100.64.0.1",
            "0.0.0.0",
            "127.1",
            "2130706433",
            "0x7f000001",
            "::1",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
        ] {
            assert!(is_inside(inside), "{inside}");
        }
        for outside in ["198.51.100.1", "2001:db8::1", "h.example", "1.h.example", "10.example.com"]
        {
            assert!(!is_inside(outside), "{outside}");
        }
    }

    #[test]
    fn https_is_never_left() {
        assert!(decide(false, "https://h.example/", "http://h.example/").is_err());
        assert!(decide(false, "https://h.example/", "//h.example/").is_ok());
        assert!(decide(false, "https://h.example/", "javascript:x").is_err());
        assert!(decide(false, "https://h.example/", "file:///etc/passwd").is_err());
    }

    #[test]
    fn secrets_stay_with_their_host() {
        let from = "http://h.example/";
        assert!(decide(true, from, "http://H.EXAMPLE:80/x").is_ok());
        assert!(decide(true, from, "https://h.example/x").is_ok());
        for other in [
            "http://o.example/",
            "http://h.example:81/",
            "https://h.example:8443/",
            "http://h.example@o.example/",
        ] {
            assert!(decide(true, from, other).is_err(), "{other}");
            assert!(decide(false, from, other).is_ok(), "{other}");
        }
    }

    #[test]
    fn other_methods_keep_their_host_and_need_307_or_308() {
        let from = target("https://h.example/");
        let post = |status, to| next(Method::Post, false, &from, status, Some(to));
        assert!(matches!(post(302, "/x"), Next::Stay));
        assert!(matches!(post(303, "/x"), Next::Stay));
        assert!(matches!(post(307, "/x"), Next::Follow(_)));
        assert!(matches!(post(308, "https://o.example/"), Next::Refuse(_)));
    }

    #[test]
    fn an_answer_of_another_host_is_known_as_that() {
        for (answered, expected) in [
            ("http://h.example/login", None),
            ("https://WWW.H.example:8443/", None),
            ("http://portal.example/", Some("portal.example")),
            ("http://a.h.example/", Some("a.h.example")),
            ("http://[2001:db8::1]/", Some("2001:db8::1")),
        ] {
            let elsewhere = elsewhere("h.example", &target(answered));
            assert_eq!(elsewhere.as_deref(), expected, "{answered}");
        }
    }

    #[test]
    fn without_a_location_it_is_the_answer() {
        let from = target("https://h.example/");
        assert!(matches!(next(Method::Get, false, &from, 302, None), Next::Stay));
        assert!(matches!(next(Method::Get, false, &from, 304, Some("/x")), Next::Stay));
    }
}
