//! Small languages inside option values.

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

/// A command line as words: separated by blanks, `'…'` and `"…"` keep blanks. There is no shell,
/// so nothing else is special.
pub(super) fn split(command: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in command.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_ascii_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.map_or(Ok(words), |open| Err(format!("{open} is never closed")))
}

/// Checks `[user:password@]host:port`. The error does not repeat the value: it may hold a password.
pub(super) fn check_proxy(text: &str) -> Result<(), &'static str> {
    if text.contains("://") {
        return Err("leave out what stands before '//' and write host:port");
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("there is a space in it");
    }
    let address = text.rsplit_once('@').map_or(text, |(_, address)| address);
    let (host, port) = split_port(address)?;
    if !matches!(port.parse::<u16>(), Ok(1..)) || port.starts_with('+') {
        return Err("the port is not a number from 1 to 65535");
    }
    if host.is_empty() || host.contains(['/', '?', '#']) {
        return Err("the host is missing");
    }
    Ok(())
}

fn split_port(address: &str) -> Result<(&str, &str), &'static str> {
    const NO_PORT: &str = "the port is missing; write host:port";
    if let Some(rest) = address.strip_prefix('[') {
        let (host, port) = rest.split_once(']').ok_or("']' is missing")?;
        if host.parse::<std::net::Ipv6Addr>().is_err() {
            return Err("there is no IPv6 address between the brackets");
        }
        return Ok((host, port.strip_prefix(':').ok_or(NO_PORT)?));
    }
    let (host, port) = address.split_once(':').ok_or(NO_PORT)?;
    if port.contains(':') {
        return Err("an IPv6 address needs brackets, as in [2001:db8::1]:3128");
    }
    Ok((host, port))
}

/// Checks a name that only ever goes into a DNS question: `lookup_host`, `dns_server`.
pub(super) fn check_host(text: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "@.:_-".contains(c);
    match text.chars().find(|&c| !allowed(c)) {
        Some(bad) => Err(format!("{bad:?} cannot be part of a host name")),
        None => Ok(()),
    }
}

/// Whether `url` is one we can send a request to. The message does not repeat it: it may hold a
/// password.
pub(super) fn check_url(url: &str) -> Result<(), &'static str> {
    let scheme = scheme(url).ok_or("does not begin with http:// or https://")?;
    if url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("there is a space in the URL");
    }
    let host = url.get(scheme.len()..).unwrap_or_default();
    if host.is_empty() || host.starts_with(['/', '?', '#']) {
        return Err("there is no host in the URL");
    }
    Ok(())
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
    fn command_lines() {
        let words = |line| split(line).unwrap();
        assert_eq!(words("/bin/x -a  'b c' \"d'e\"f ''"), ["/bin/x", "-a", "b c", "d'ef", ""]);
        assert_eq!(words("  "), [""; 0]);
        assert_eq!(words(r"a\ $b;"), ["a\\", "$b;"]);
        assert!(split("a 'b").is_err());
    }

    #[test]
    fn proxies() {
        for good in ["proxy:3128", "u:p@proxy:8080", "[2001:db8::1]:80", "u:p@w:x@[::1]:1"] {
            assert_eq!(check_proxy(good), Ok(()), "{good}");
        }
        for bad in [
            "proxy",
            "proxy:",
            "proxy:0",
            "proxy:65536",
            "proxy:+1",
            ":80",
            "::1:80",
            "[::1]",
            "[x]:80",
            "[::1:80",
            "http://proxy:80",
            "a b:80",
            "u:p@:80",
            "a/b:80",
        ] {
            assert!(check_proxy(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn urls() {
        for good in ["http://a", "HTTPS://a/b?c", "http://[USERNAME]:[PASSWORD]@a/"] {
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
            "\u{e4}\u{e4}\u{e4}\u{e4}",
        ] {
            assert!(check_url(bad).is_err(), "{bad}");
        }
        assert_eq!(to_https("http://a/http://b"), "https://a/http://b");
        assert_eq!(to_https("https://a"), "https://a");
    }

    #[test]
    fn hosts() {
        assert_eq!(check_host("2001:db8::53"), Ok(()));
        assert_eq!(check_host("a/b"), Err("'/' cannot be part of a host name".into()));
    }

    proptest! {
        #[test]
        fn nothing_panics(text in ".{0,40}") {
            let _ = (split(&text), check_proxy(&text), check_url(&text), to_https(&text));
        }
    }
}
