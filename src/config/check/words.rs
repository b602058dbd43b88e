//! Small languages inside option values.

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
            let _ = odd_placeholders(&text);
        }
    }
}
