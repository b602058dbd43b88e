//! The syntax of option values: flags and placeholders in URLs.

use crate::provider::template::PLACEHOLDERS;
use crate::text::has;
use crate::text::spelling::closest;

/// Parses a UCI boolean, with the words of `config_get_bool` (openwrt `package/base-files`,
/// `/lib/functions.sh`).
pub(super) fn parse_flag(text: &str) -> Option<bool> {
    const YES: &str = "1 on true yes enabled";
    const NO: &str = "0 off false no disabled";
    let word = text.to_ascii_lowercase();
    if has(YES, &word) {
        Some(true)
    } else if has(NO, &word) {
        Some(false)
    } else {
        None
    }
}

/// Warnings about words in brackets that look like a placeholder, but are not one.
pub(super) fn unknown_placeholders(url: &str) -> Vec<String> {
    let mut warnings = Vec::new();
    for (bracket, _) in url.match_indices('[') {
        let Some((name, _)) = url.get(bracket + 1..).and_then(|rest| rest.split_once(']')) else {
            continue;
        };
        if let Some(text) = unknown_placeholder(name)
            && !warnings.contains(&text)
        {
            warnings.push(text);
        }
    }
    warnings
}

/// The warning about `name` in brackets, if it looks like a placeholder but is not one. A word that is not similar to
/// any is not quoted, since it may be a password.
fn unknown_placeholder(name: &str) -> Option<String> {
    let mut known = Vec::new();
    for placeholder in &PLACEHOLDERS {
        known.push(without_brackets(placeholder));
    }
    if !has_form_of_placeholder(name) || known.contains(&name) {
        return None;
    }
    let upper = name.to_ascii_uppercase();
    if let Some(near) = closest(&upper, &known) {
        return Some(is_it(name, near));
    }
    // A word in lower case that is like no placeholder may be an element of an array in PHP (`a[name]=1`).
    if name != upper {
        return None;
    }
    if let Some(ours) = placeholder_for(&name.to_ascii_lowercase()) {
        return Some(is_it(name, without_brackets(ours)));
    }
    let all = PLACEHOLDERS.join(" ");
    Some(format!("a word in brackets is not a placeholder and is sent as it is; there are {all}"))
}

fn is_it(name: &str, near: &str) -> String {
    format!("[{name}] is not a placeholder and is sent as it is; is it [{near}]?")
}

/// Longest word in brackets that may be meant as a placeholder. A longer one may be a secret.
const LONGEST_PLACEHOLDER: usize = 12;

fn has_form_of_placeholder(name: &str) -> bool {
    name.len() <= LONGEST_PLACEHOLDER
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The placeholder for a word that other routers and programs use.
pub(super) fn placeholder_for(word: &str) -> Option<&'static str> {
    let (_, placeholder) = OTHER_NAMES.iter().find(|(words, _)| has(words, word))?;
    Some(placeholder)
}

/// Words of other routers and programs, with our placeholder for each line of them.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("ip myip ipaddr ipaddress ipv4 ip4 ip4addr wanip address", "[IP]"),
    ("ip6 ipv6 ip6addr myipv6", "[IP6]"),
    ("user username login", "[USERNAME]"),
    ("pass passwd password token", "[PASSWORD]"),
    ("host hostname domain fqdn", "[DOMAIN]"),
];

fn without_brackets(placeholder: &'static str) -> &'static str {
    placeholder.trim_matches(['[', ']'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parse_flag_ignores_case_and_refuses_other_words() {
        assert_eq!(parse_flag("enabled"), Some(true));
        assert_eq!(parse_flag("Off"), Some(false));
        assert_eq!(parse_flag("2"), None);
    }

    #[test]
    fn a_mistyped_placeholder_gets_a_hint_and_other_brackets_do_not() {
        for fine in [
            "http://[USERNAME]:[PASSWORD]@a/[PARAMENC]/?[PARAMOPT]&[DOMAIN]=[IP]",
            "http://[2001:db8::1]/",
            "http://[fe80::a]/[",
            "http://a/?host[[DOMAIN]]=[IP]&x[]=1&x[0]=2&list[name]=3",
        ] {
            assert_eq!(warnings(fine), "", "{fine}");
        }
        let ip = "[ip] is not a placeholder and is sent as it is; is it [IP]?";
        assert_eq!(warnings("http://a/?[ip]&[ip]&[IP]"), ip);
        for (written, meant) in [
            ("Password", "PASSWORD"),
            ("USER_NAME", "USERNAME"),
            ("ip4", "IP4"),
            ("IPADDR", "IP"),
            ("MYIP", "IP"),
            ("HOST", "DOMAIN"),
            ("PASS", "PASSWORD"),
        ] {
            let text = warnings(&format!("http://a/?[{written}]&[IP6]"));
            assert!(text.ends_with(&format!("is it [{meant}]?")), "{text}");
        }
        let all = "there are [USERNAME] [PASSWORD] [PARAMENC] [PARAMOPT] [DOMAIN] [ZONE] [SUB] [IP] \
                   [IP4] [IP6]";
        assert!(warnings("http://a/?[FOO]").ends_with(all));
        assert!(!warnings("http://a/?[GEHEIM]").contains("GEHEIM"));
    }

    fn warnings(url: &str) -> String {
        unknown_placeholders(url).join("; ")
    }

    proptest! {
        #[test]
        fn unknown_placeholders_never_panics(text in ".{0,40}") {
            let _ = unknown_placeholders(&text);
        }
    }
}
