//! The HTTP proxy.

use std::fmt;

use super::credentials::Credentials;
use super::{HostPort, HostPortError};

/// The HTTP proxy that requests are sent through.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Proxy {
    /// The host in lower case. An IPv6 address has no brackets.
    pub host: String,
    /// The port, from 1 to 65535.
    pub port: u16,
    /// The owner's credentials at the proxy.
    pub credentials: Option<Credentials>,
}

/// Why a text is not a [`Proxy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyError {
    /// The text begins with another scheme than `http://`.
    Scheme,
    /// The user name or the password is not UTF-8.
    Credentials,
    /// The host or the port is invalid.
    Place(HostPortError),
    /// There is no port.
    NoPort,
}

impl Proxy {
    /// Parses `[user:password@]host:port`, the form of the variable `http_proxy` of other programs:
    /// special characters in the credentials are percent-encoded, `http://` may stand in front and a
    /// slash at the end.
    ///
    /// # Errors
    /// Why `text` is not a proxy. The error does not repeat the text, which may contain a password.
    pub fn parse(text: &str) -> Result<Self, ProxyError> {
        let text = text.trim().trim_end_matches('/');
        let text = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            // `://` behind a colon or an `@` is a part of the password.
            Some((scheme, _)) if !scheme.contains([':', '@']) => return Err(ProxyError::Scheme),
            Some(_) | None => text,
        };
        let (userinfo, place) = text.rsplit_once('@').unwrap_or(("", text));
        let credentials = Credentials::parse(userinfo).map_err(|_| ProxyError::Credentials)?;
        let HostPort { host, port } = HostPort::parse(place).map_err(ProxyError::Place)?;
        Ok(Self { host, port: port.ok_or(ProxyError::NoPort)?, credentials })
    }
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme => f.write_str("only HTTP proxies can be used; write host:port"),
            Self::Credentials => f.write_str("the user name or password is not encoded as UTF-8"),
            Self::Place(why) => why.fmt(f),
            Self::NoPort => f.write_str("the port is missing; write host:port"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::secret::Secret;
    use crate::text::percent;

    #[test]
    fn proxy_is_parsed_in_the_form_of_environment_variables() {
        for (text, host, port, credentials) in [
            ("proxy.lan:3128", "proxy.lan", 3128, None),
            ("user:p%40ss:x@Proxy.lan:3128", "proxy.lan", 3128, Some(("user", "p@ss:x"))),
            ("[2001:db8::1]:80", "2001:db8::1", 80, None),
            ("http://192.0.2.9:8080/", "192.0.2.9", 8080, None),
            (" HTTP://u:p@w:x@[::1]:1// ", "::1", 1, Some(("u", "p@w:x"))),
            ("u:a://b c@proxy:1", "proxy", 1, Some(("u", "a://b c"))),
        ] {
            let credentials = credentials.map(|(user, password)| Credentials {
                user: user.into(),
                password: Secret::new(password),
            });
            let proxy = Proxy { host: host.into(), port, credentials };
            assert_eq!(Proxy::parse(text), Ok(proxy), "{text}");
        }
    }

    #[test]
    fn invalid_proxy_is_refused_with_reason() {
        use HostPortError::{Brackets, Character, NoHost, Port};
        use ProxyError::{NoPort, Place, Scheme};
        for (text, why) in [
            ("", Place(NoHost)),
            ("proxy", NoPort),
            ("[::1]", NoPort),
            ("::1:80", NoPort),
            ("proxy:", Place(Port)),
            ("proxy:0", Place(Port)),
            ("secret@proxy:port", Place(Port)),
            ("secret@:80", Place(NoHost)),
            ("[x]:80", Place(Brackets)),
            ("a/b:80", Place(Character('/'))),
            ("a b:80", Place(Character(' '))),
            ("socks5://secret:1", Scheme),
            ("https://proxy:1", Scheme),
            ("u:%ff@proxy:1", ProxyError::Credentials),
        ] {
            assert_eq!(Proxy::parse(text), Err(why), "{text}");
        }
    }

    proptest! {
        #[test]
        fn parsing_decodes_host_port_and_credentials(
            host in "[a-z][a-z.]{0,9}|[0-9a-f]{1,4}::[0-9a-f]{1,4}",
            port in 1..=u16::MAX,
            user in "(?s).{0,5}",
            password in "(?s).{1,5}",
        ) {
            let place = HostPort { host: host.clone(), port: Some(port) };
            let userinfo = format!("{}:{}", percent::encode(&user), percent::encode(&password));
            let proxy = Proxy::parse(&format!("{userinfo}@{place}"));
            let credentials = Some(Credentials { user, password: Secret::new(password) });
            prop_assert_eq!(proxy, Ok(Proxy { host, port, credentials }));
        }

        #[test]
        fn parsing_never_panics(text in "(?s).{0,20}") {
            let _ = Proxy::parse(&text);
        }
    }
}
