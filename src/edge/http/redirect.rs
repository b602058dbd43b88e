//! Decides which redirects are followed. Pure.

use std::net::IpAddr;

use crate::model::address::not_public;
use crate::model::{Url, name};
use crate::provider::Method;

/// Why a redirect from a public host to a private network is refused. Otherwise an attacker who can answer
/// in place of a public host could make this router send requests to services of its LAN.
pub(super) const TO_PRIVATE_NETWORK: &str =
    "a public host redirects to this address of a private network, which is not followed";

/// What follows from an answer.
pub enum Next {
    /// It is not a redirect, but the answer to the request.
    Answer,
    /// The request is to be sent to this URL.
    Follow(Url),
    /// The redirect is not followed, for this reason. The reason contains text of the redirect, which may
    /// repeat a secret of the request.
    Refuse(String),
}

/// Decides about an answer with `status` and `Location`.
///
/// `has_secrets`: whether the request has credentials, headers, a body, or a password or token in its URL,
/// which the redirect may repeat. Such a request is not sent to another host. Sending it there without
/// the secrets would bring a refusal, after which the engine would stop the record, so the redirect itself
/// is reported as an error.
pub fn next(
    method: Method,
    has_secrets: bool,
    from: &Url,
    status: u16,
    location: Option<&str>,
) -> Next {
    let is_redirect = match method {
        Method::Get => matches!(status, 301 | 302 | 303 | 307 | 308),
        // With 301 to 303 the client may change the method to GET (RFC 9110 section 15.4.2).
        Method::Post | Method::Put | Method::Patch | Method::Delete => matches!(status, 307 | 308),
    };
    let location = match location {
        Some(location) if is_redirect => location,
        Some(_) | None => return Next::Answer,
    };
    let Ok(to) = from.join(location) else {
        return Next::Refuse("redirects to something that is not a web address".into());
    };
    if from.https && !to.https {
        return Next::Refuse("redirects from https to http, which is not followed".into());
    }
    if (has_secrets || method != Method::Get) && !same_host(from, &to) {
        return Next::Refuse(format!(
            "redirects to {}, which must not get the password",
            to.endpoint()
        ));
    }
    Next::Follow(to)
}

/// Whether `host` by its text is this machine or in a private network. A name whose last label begins with
/// a digit counts as private, because the C library reads texts such as `127.1` as addresses.
pub(super) fn is_private(host: &str) -> bool {
    let host = name::canonical(host);
    match host.parse::<IpAddr>() {
        Ok(address) => not_public(address).is_some(),
        Err(_) => {
            let last = host.rsplit('.').next().unwrap_or_default();
            name::is_localhost(&host) || last.starts_with(|c: char| c.is_ascii_digit())
        }
    }
}

/// Whether the URLs have the same scheme, host and port. A redirect from http to https on the usual ports
/// of one host counts as well: the secrets were sent without TLS before.
fn same_host(from: &Url, to: &Url) -> bool {
    let upgrade = (from.port(), to.port()) == (80, 443) && !from.https && to.https;
    let same = from.port() == to.port() && from.https == to.https;
    from.host() == to.host() && (same || upgrade)
}

/// The host of `answered`, if it is another one than `asked`. `www.` before the name makes no difference.
pub(super) fn other_host(asked: &str, answered: &Url) -> Option<String> {
    let host = answered.host();
    if without_www(host) == without_www(asked) {
        return None;
    }
    Some(host.to_owned())
}

fn without_www(host: &str) -> &str {
    host.strip_prefix("www.").unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Url {
        Url::parse(url).unwrap()
    }

    fn decide(secrets: bool, from: &str, to: &str) -> Result<String, String> {
        match next(Method::Get, secrets, &target(from), 302, Some(to)) {
            Next::Answer => Ok("answer".into()),
            Next::Follow(to) => Ok(to.expose()),
            Next::Refuse(why) => Err(why),
        }
    }

    #[test]
    fn relative_locations_are_joined_with_the_url() {
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
    fn localhost_and_private_addresses_in_all_forms_are_private() {
        for private in [
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
            assert!(is_private(private), "{private}");
        }
        for public in ["198.51.100.1", "2001:db8::1", "h.example", "1.h.example", "10.example.com"]
        {
            assert!(!is_private(public), "{public}");
        }
    }

    #[test]
    fn a_redirect_from_https_to_another_scheme_is_refused() {
        assert!(decide(false, "https://h.example/", "http://h.example/").is_err());
        assert!(decide(false, "https://h.example/", "//h.example/").is_ok());
        assert!(decide(false, "https://h.example/", "javascript:x").is_err());
        assert!(decide(false, "https://h.example/", "file:///etc/passwd").is_err());
    }

    #[test]
    fn a_request_with_secrets_is_not_redirected_to_another_host() {
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
    fn a_post_is_redirected_only_by_307_and_308_and_only_on_its_host() {
        assert!(matches!(redirect_post(302, "/x"), Next::Answer));
        assert!(matches!(redirect_post(303, "/x"), Next::Answer));
        assert!(matches!(redirect_post(307, "/x"), Next::Follow(_)));
        assert!(matches!(redirect_post(308, "https://o.example/"), Next::Refuse(_)));
    }

    fn redirect_post(status: u16, location: &str) -> Next {
        let from = target("https://h.example/");
        next(Method::Post, false, &from, status, Some(location))
    }

    #[test]
    fn other_host_names_the_host_of_an_answer_unless_only_www_differs() {
        for (answered, expected) in [
            ("http://h.example/login", None),
            ("https://WWW.H.example:8443/", None),
            ("http://portal.example/", Some("portal.example")),
            ("http://a.h.example/", Some("a.h.example")),
            ("http://[2001:db8::1]/", Some("2001:db8::1")),
        ] {
            let other = other_host("h.example", &target(answered));
            assert_eq!(other.as_deref(), expected, "{answered}");
        }
    }

    #[test]
    fn without_a_location_or_with_another_status_there_is_no_redirect() {
        let from = target("https://h.example/");
        assert!(matches!(next(Method::Get, false, &from, 302, None), Next::Answer));
        assert!(matches!(next(Method::Get, false, &from, 304, Some("/x")), Next::Answer));
    }
}
