//! URLs of `http` and `https` (RFC 3986).

use std::fmt;
use std::ops::Range;

use super::{Credentials, HostPort, HostPortError};
use crate::text::percent;

/// A URL to which a request can be sent. Path and query may hold secrets, so there is no `Display`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Url {
    /// Whether it is reached over TLS.
    pub https: bool,
    /// Who the request is from, if the URL names them.
    pub credentials: Option<Credentials>,
    host: HostPort,
    /// Path and query as they are sent: the characters of RFC 3986, beginning with a slash.
    target: String,
}

/// Why a text is not a [`Url`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlError {
    /// The text does not begin with `http://` or `https://`.
    Scheme,
    /// The user name or the password is not UTF-8.
    Credentials,
    /// The host or the port is invalid.
    Place(HostPortError),
    /// The URL is longer than `LONGEST`.
    TooLong,
}

/// Longest URL in bytes: what each program should support at least (RFC 9110 section 4.1).
const LONGEST: usize = 8000;

/// The parts of a URL as they are written. In an update URL they may contain placeholders.
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    /// Whether the scheme is `https`.
    pub https: bool,
    /// User name and password in front of the `@`.
    pub userinfo: Option<&'a str>,
    /// Host and port.
    pub place: &'a str,
    /// The range of path and query in the text. The fragment is left out, because it is never sent (RFC
    /// 9110 section 7.1).
    pub target: Range<usize>,
}

impl<'a> Parts<'a> {
    /// Splits `text`.
    ///
    /// # Errors
    /// If the scheme is missing, or is not `http` or `https`.
    pub fn split(text: &'a str) -> Result<Self, UrlError> {
        let (https, rest) = split_scheme(text).ok_or(UrlError::Scheme)?;
        let fragment = rest.find('#').unwrap_or(rest.len());
        let end = text.len() - rest.len() + fragment;
        let (mut place, mut target) = split_place(rest.get(..fragment).unwrap_or_default());
        let mut userinfo = None;
        // The last `@` counts, so that a password may contain one.
        if let Some((before, behind)) = place.rsplit_once('@') {
            (userinfo, place) = (Some(before), behind);
            // A definition of ddns-scripts has `user:password@http://host/…`.
            if (place.eq_ignore_ascii_case("http:") || place.eq_ignore_ascii_case("https:"))
                && let Some(inner) = target.strip_prefix("//")
            {
                (place, target) = split_place(inner);
            }
        }
        Ok(Self { https, userinfo, place, target: end - target.len()..end })
    }

    /// The URL with `target` as path and query. It must be encoded already.
    ///
    /// # Errors
    /// If credentials, host or port are invalid, or the URL is too long.
    pub fn url(&self, target: String) -> Result<Url, UrlError> {
        let host = host(self.place)?;
        let credentials = Credentials::parse(self.userinfo.unwrap_or_default())
            .map_err(|_| UrlError::Credentials)?;
        let target = with_slash(target);
        if target.len() > LONGEST {
            return Err(UrlError::TooLong);
        }
        Ok(Url { https: self.https, credentials, host, target })
    }
}

/// Parses host and port of a URL. The port may be empty. An IPv6 address must have brackets.
///
/// # Errors
/// If the host or the port is invalid.
pub fn host(place: &str) -> Result<HostPort, UrlError> {
    let host = HostPort::parse(place.strip_suffix(':').unwrap_or(place));
    match host.map_err(UrlError::Place)? {
        host if host.host.contains(':') && !place.starts_with('[') => {
            Err(UrlError::Place(HostPortError::NoBrackets))
        }
        host => Ok(host),
    }
}

fn split_scheme(text: &str) -> Option<(bool, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    match scheme.to_ascii_lowercase().as_str() {
        "https" => Some((true, rest)),
        "http" => Some((false, rest)),
        _ => None,
    }
}

/// Splits host and port from path and query.
fn split_place(text: &str) -> (&str, &str) {
    text.split_at(text.find(['/', '?']).unwrap_or(text.len()))
}

/// Encodes path and query. Passes each character of the result to `push`, with the index in `text` of
/// the character that it comes from. Characters that path and query cannot have (RFC 3986 sections 3.3
/// and 3.4) are percent-encoded, among them line breaks.
pub fn encode(text: &str, push: &mut dyn FnMut(usize, char)) {
    for (index, c) in text.char_indices() {
        // Owners write texts that are encoded already, and texts that are not.
        let is_plain = match c {
            '%' => text.get(index..).is_some_and(percent::is_escape),
            _ => percent::is_unreserved(c) || "/:@!$&'()*+,;=?".contains(c),
        };
        if is_plain {
            push(index, c);
        } else {
            percent::escape(c, |c| push(index, c));
        }
    }
}

fn encoded(text: &str) -> String {
    let mut target = String::with_capacity(text.len());
    encode(text, &mut |_, c| target.push(c));
    target
}

fn with_slash(target: String) -> String {
    if target.starts_with('/') { target } else { format!("/{target}") }
}

/// `text` with `http://` in front of it, unless it has a scheme.
pub fn with_scheme(text: &str) -> String {
    let text = text.trim();
    let (name, rest) = text.split_at(text.find([':', '/', '?', '#']).unwrap_or(text.len()));
    // `http` and `https:` alone are mistakes. With a scheme in front, they would be hosts.
    let is_scheme_only = matches!((name, rest), ("http" | "https", "" | ":") | ("", ""));
    if is_scheme_only || rest.starts_with(":/") { text.into() } else { format!("http://{text}") }
}

/// `text` with `https:` instead of `http:`.
pub fn to_https(text: &str) -> String {
    match split_scheme(text) {
        Some((_, rest)) => format!("https://{rest}"),
        None => text.into(),
    }
}

impl Url {
    /// Parses a URL without placeholders.
    ///
    /// # Errors
    /// Why `text` is not a URL. The error does not repeat the text, which may contain a password.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let parts = Parts::split(text)?;
        parts.url(encoded(text.get(parts.target.clone()).unwrap_or_default()))
    }

    /// The `https` URL with this host and path, which are constants of the program.
    pub fn https(place: &str) -> Self {
        Self { https: true, ..Self::http(place) }
    }

    /// The `http` URL with this host and path, which are constants of the program.
    pub fn http(place: &str) -> Self {
        let (host, path) = place.split_once('/').unwrap_or((place, ""));
        let host = HostPort { host: host.into(), port: None };
        Self { https: false, credentials: None, host, target: format!("/{path}") }
    }

    /// The URL with `path`, which may have a query, appended to its own path.
    pub fn below(&self, path: &str) -> Self {
        let target = [self.target.trim_end_matches('/'), &encoded(path)].concat();
        Self { target: with_slash(target), ..self.clone() }
    }

    /// The URL that `location` means in an answer from this URL (RFC 3986 section 5.2, but dot segments
    /// are not removed).
    ///
    /// # Errors
    /// If the result is not a URL of `http` or `https`.
    pub fn join(&self, location: &str) -> Result<Self, UrlError> {
        let scheme = location.split_once(':').map_or("", |(scheme, _)| scheme);
        if !scheme.is_empty()
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        {
            return Self::parse(location);
        }
        // A location without a scheme and with two slashes begins with another host.
        if location.starts_with("//") {
            return Self::parse(&format!("{}:{location}", self.scheme()));
        }
        let path = self.path();
        let before = match location.chars().next() {
            Some('/') => "",
            Some('?') => path,
            None => &self.target,
            Some(_) => path.get(..path.rfind('/').map_or(0, |slash| slash + 1)).unwrap_or_default(),
        };
        Self::parse(&format!("{}{before}{location}", self.origin()))
    }

    fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }

    /// The host in lower case. An IPv6 address has no brackets.
    pub fn host(&self) -> &str {
        &self.host.host
    }

    /// The port of the URL, or that of its scheme.
    pub fn port(&self) -> u16 {
        self.host.port.unwrap_or(if self.https { 443 } else { 80 })
    }

    /// Host and port. The port is that of the scheme if the URL has none.
    pub fn endpoint(&self) -> HostPort {
        HostPort { host: self.host().into(), port: Some(self.port()) }
    }

    /// The path, beginning with a slash.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Path and query, beginning with a slash.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// `http://host:port`, with the port if the URL has one.
    pub fn origin(&self) -> String {
        match self.host.port {
            None if self.host().contains(':') => format!("{}://[{}]", self.scheme(), self.host()),
            _ => format!("{}://{}", self.scheme(), self.host),
        }
    }

    /// The whole URL without the credentials, which are sent in a header.
    pub fn expose(&self) -> String {
        self.origin() + &self.target
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({}/***)", self.origin())
    }
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ESCAPES: &str = "a ':', '/', '?' or '#' in a user name or password is written as %3a, \
                               %2f, %3f or %23";
        match self {
            Self::Scheme => f.write_str("the URL does not begin with http:// or https://"),
            Self::Credentials => {
                f.write_str("the user name or password in the URL is not encoded as UTF-8")
            }
            Self::Place(HostPortError::Brackets) => f.write_str(
                "the host in the URL must be written out: no placeholder but [DOMAIN] can stand in \
                 it, and brackets are for IPv6 addresses only",
            ),
            Self::Place(why @ (HostPortError::Port | HostPortError::NoBrackets)) => {
                write!(f, "{why} ({ESCAPES})")
            }
            Self::Place(why) => why.fmt(f),
            Self::TooLong => write!(f, "the URL is longer than {LONGEST} characters"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::secret::Secret;

    #[test]
    fn url_has_credentials_host_port_and_target() {
        let url = Url::parse("https://[2001:DB8::1]:8443/a?b=c#d").unwrap();
        assert_eq!((url.host(), url.port(), url.target()), ("2001:db8::1", 8443, "/a?b=c"));
        assert_eq!(url.endpoint().to_string(), "[2001:db8::1]:8443");
        assert!(url.https && url.credentials.is_none());

        let url = Url::parse("HTTP://u%40x:p:%zz@Example.com:?q=a@b").unwrap();
        assert_eq!((url.origin().as_str(), url.target()), ("http://example.com", "/?q=a@b"));
        assert_eq!(url.endpoint().to_string(), "example.com:80");
        let credentials = Credentials { user: "u@x".into(), password: Secret::new("p:%zz") };
        assert_eq!(url.credentials, Some(credentials));
        assert_eq!(format!("{url:?}"), "Url(http://example.com/***)");
    }

    #[test]
    fn urls_of_owners_and_definitions_are_accepted() {
        for (text, sent) in [
            ("http://a", "http://a/"),
            ("HTTPS://a/b?c", "https://a/b?c"),
            ("http://a:65535/x:0", "http://a:65535/x:0"),
            ("http://a:/", "http://a/"),
            ("http://u:p:0@a?x=b:0", "http://a/?x=b:0"),
            ("http://u:p@w@a_b.~c/", "http://a_b.~c/"),
            ("http://[2001:db8::1]/", "http://[2001:db8::1]/"),
            ("http://u:p@http://a/nic/update", "http://a/nic/update"),
            ("http://@a/b c\"%zz%4", "http://a/b%20c%22%25zz%254"),
            ("http://a/\u{e4}\r\nHost: x", "http://a/%c3%a4%0d%0aHost:%20x"),
        ] {
            assert_eq!(Url::parse(text).unwrap().expose(), sent, "{text}");
        }
    }

    #[test]
    fn invalid_url_is_refused_with_reason() {
        use HostPortError::{Brackets, Character, NoBrackets, NoHost, Port};
        use UrlError::{Place, Scheme};
        for (text, why) in [
            ("", Scheme),
            ("secret", Scheme),
            ("http:", Scheme),
            ("ftp://secret/", Scheme),
            ("\u{e4}\u{e4}\u{e4}\u{e4}", Scheme),
            ("http://", Place(NoHost)),
            ("http:///secret", Place(NoHost)),
            ("http://secret@:80/", Place(NoHost)),
            ("http://secret host/", Place(Character(' '))),
            ("http://d\u{f6}main/", Place(Character('\u{f6}'))),
            ("http://a:0/", Place(Port)),
            ("http://a:65536/", Place(Port)),
            ("http://a:+1/", Place(Port)),
            ("http://me:sec/ret@a/", Place(Port)),
            ("http://u:p@http://a:0/nic/update", Place(Port)),
            ("http://2001:db8::1/", Place(NoBrackets)),
            ("http://::1:8080/", Place(NoBrackets)),
            ("http://[]/secret", Place(Brackets)),
            ("http://[::1/", Place(Brackets)),
            ("http://[IP]/", Place(Brackets)),
            ("http://a.[ip]/", Place(Brackets)),
            ("http://a:%ff@b/", UrlError::Credentials),
            (&format!("http://a/{}", "x".repeat(9000)), UrlError::TooLong),
        ] {
            assert_eq!(Url::parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn scheme_is_added_or_changed_in_front_only() {
        for (text, expected) in [
            (" a/b?c=http://d", "http://a/b?c=http://d"),
            ("[USERNAME]:[PASSWORD]@a/", "http://[USERNAME]:[PASSWORD]@a/"),
            ("a:80", "http://a:80"),
            ("HTTP://a", "HTTP://a"),
            ("ftp://a", "ftp://a"),
            ("http:/a", "http:/a"),
            ("https:", "https:"),
        ] {
            assert_eq!(with_scheme(text), expected);
        }
        assert_eq!(to_https("http://a/http://b"), "https://a/http://b");
        assert_eq!(to_https("https://a"), "https://a");
    }

    #[test]
    fn locations_are_relative_to_the_url() {
        let from = Url::parse("http://h.example/a/b?c=d/e").unwrap();
        for (location, to) in [
            ("/x", "http://h.example/x"),
            ("x?y=a:b", "http://h.example/a/x?y=a:b"),
            ("?z", "http://h.example/a/b?z"),
            ("", "http://h.example/a/b?c=d/e"),
            ("//o.example/p", "http://o.example/p"),
            ("HTTPS://o.example", "https://o.example/"),
            ("http://u:p@o.example/", "http://o.example/"),
        ] {
            assert_eq!(from.join(location).unwrap().expose(), to, "{location}");
        }
        assert_eq!(from.join("javascript:x"), Err(UrlError::Scheme));
    }

    #[test]
    fn path_is_appended_to_that_of_base() {
        let base = Url::https("api.example/v1");
        assert_eq!(base.below("/a b?c=d#e").expose(), "https://api.example/v1/a%20b?c=d%23e");
        assert_eq!(Url::https("api.example").below("?a").expose(), "https://api.example/?a");
        assert_eq!(Url::https("api.example").below("/").expose(), "https://api.example/");
    }

    proptest! {
        #[test]
        fn parsing_the_sent_url_returns_the_same_url(
            text in "https?://([a-z:%@]{0,6}@)?([a-z._-]{1,9}|\\[[0-9a-f:]{2,9}\\])(:[0-9]{0,5})?(?s)([/?].{0,20})?",
        ) {
            if let Ok(url) = Url::parse(&text) {
                let sent = url.expose();
                prop_assert!(sent.bytes().all(|byte| byte.is_ascii_graphic()), "{sent}");
                let mut again = Url::parse(&sent).unwrap();
                again.credentials.clone_from(&url.credentials);
                prop_assert_eq!(again, url);
            }
        }

        #[test]
        fn parsing_never_panics(text in "(?s)(https?://)?[\\[\\]@:/?#%a\\PC]{0,30}") {
            let from = Url::https("a");
            let _ = (Url::parse(&text), from.join(&text), from.below(&text));
        }
    }
}
