//! `provider::ere` compared with GNU `grep -E -i`.

#[path = "support/skip.rs"]
mod skip;

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use ddns_netlink::provider::ere::Ere;
use proptest::prelude::*;

/// Whether grep finds the pattern: `None` if grep cannot be run, `Some(Err)` if it rejects the
/// pattern.
fn grep(pattern: &str, text: &str) -> Option<Result<bool, String>> {
    let mut child = Command::new("grep")
        .args(["-E", "-i", "-a", "-q", "-e", pattern])
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    // With -q grep may exit, and close the pipe, before it has read everything.
    let _ = child.stdin.take()?.write_all(text.as_bytes());
    let output = child.wait_with_output().ok()?;
    Some(match output.status.code()? {
        0 => Ok(true),
        1 => Ok(false),
        _ => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    })
}

static GNU_GREP: LazyLock<bool> = LazyLock::new(|| {
    let version = Command::new("grep").arg("--version").output();
    version.is_ok_and(|out| String::from_utf8_lossy(&out.stdout).contains("GNU grep"))
});

fn has_grep() -> bool {
    if !*GNU_GREP {
        skip::skip_in_ci_too("GNU grep is not installed");
    }
    *GNU_GREP
}

fn compare(pattern: &str, text: &str) -> Result<(), String> {
    let ours = Ere::new(pattern).map(|ere| ere.is_match(text));
    match (grep(pattern, text), ours) {
        (Some(Ok(theirs)), Ok(ours)) if theirs == ours => Ok(()),
        (Some(Err(_)), Err(_)) => Ok(()),
        (grep, ours) => Err(format!("{pattern:?} on {text:?}: grep {grep:?}, Ere {ours:?}")),
    }
}

#[rustfmt::skip]
const PATTERNS: &[&str] = &[
    "good|nochg", "Updated|No change", "success|100|101", "0", "ok|nochange", "OK|NOERROR", "",
    "*a", "+a", "?a", "a|*b", "(*b)", "^*a", "()", "(|a)", "a||b", "a|", "|", ")", "a)", "())",
    "(a", "a{", "a{1", "{1}", "{1}a", "({1}a)", "x|{1}a", "^a{,2}b", "a{2,1}", "^a{1,2}{2}$",
    "^a{x}$", "a{1x}", "a{1,x}", "^a{,}$", "^a{0}$", "^a**$", "^a+*$", "a{}", "a{1,2", "a{-1}",
    "a{ 1}", "{a", "{,", "{,2}b", "\\d", "\\n", "\\/", "\\{", "\\}", "}", "]", "a\\{1\\}", "\\.",
    "a\\.b", "\\\\", "[a", "[]a]", "[^]a]", "[z-a]", "[[:foo:]]", "[[.a.]]", "[[=a=]]", "[[.-.]]",
    "[[.space.]]", "[[:alpha:]-z]", "[a-]", "[--/]", "[\\]", "[\\n]", "[a-c-e]", "[a-[:digit:]]",
    "[[:alpha:]", "[:alpha:]", "[[:alpha:]]", "[^[:alnum:]]", "[[:punct:]]", "[[:upper:]]",
    "[A-Z]", "[^A]", "[[:space:]]", "[0-9]+", "[^0-9.]", "[.]", "[*]", "[|]", "[$^]", "[a^]",
    "a^b", "a$b", "(^a)", "(a$)", "^$", "^", "$", "(^)*a", "$*a", "x^a|b", "a(b|^c)", "\\<ok\\>",
    "\\bok\\b", "\\Bk", "\\bo\\B", "\\<a|b\\>", "\\w+", "\\W", "\\s", "\\S", "\\`a", "a\\'",
    "(a|b)*c", "(ab)+", "(a*)*b", "(a|ab)(c|bcd)(d*)", "a.c", "a\nb", "a\\", "(a", "a{32768}",
];

#[rustfmt::skip]
const TEXTS: &[&str] = &[
    "", "\n", "a", "b", "ab", "aab", "aaab", "abc", "abcd", "GOOD 192.0.2.1\n", "x\nnochg\n",
    "ok", "xok", "ok.", " ok ", "{1}", "a{1", "a{", "a{x}", "a{1x}", "a{1,x}", "a{1,2", "a{}",
    "{a", "{,", "(", ")", "a)", "[", "]", "}", "\\", "-", ".", "*", "|", "$", "^", "_", "0",
    "100", "d", "n", "/", "a.b", "axb", "a{1}", "A", "Z", "z", "\t", "a b", "x a", "ba\na", "a^b",
    "a$b", "!?;",
];

#[test]
fn handwritten_cases_agree_with_grep() {
    if !has_grep() {
        return;
    }
    let cases =
        PATTERNS.iter().flat_map(|pattern| TEXTS.iter().map(move |text| compare(pattern, text)));
    let differences: Vec<String> = cases.filter_map(Result::err).collect();
    assert!(differences.is_empty(), "{differences:#?}");
}

fn text() -> impl Strategy<Value = String> {
    "[abB01_. \n{}-]{0,12}"
}

/// Well-formed patterns: atoms, operators and groups.
fn pattern() -> impl Strategy<Value = String> {
    let atom = prop_oneof![
        "[abB01_]",
        Just(".".to_owned()),
        Just("\\.".to_owned()),
        Just("[^a]".to_owned()),
        Just("[a-b0]".to_owned()),
        Just("[[:digit:]_]".to_owned()),
        Just("\\w".to_owned()),
        Just("\\S".to_owned()),
    ];
    let assertion = prop_oneof![Just("^"), Just("$"), Just("\\<"), Just("\\>"), Just("\\b")];
    let leaf = prop_oneof![6 => atom, 1 => assertion.prop_map(|a| format!("({a})"))];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}|{b})")),
            (
                inner,
                prop::sample::select(vec!["*", "+", "?", "{2}", "{1,2}", "{,2}", "{0}", "{1,}"])
            )
                .prop_map(|(a, op)| format!("({a}){op}")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..Default::default() })]

    #[test]
    fn generated_patterns_agree_with_grep(pattern in pattern(), text in text()) {
        if has_grep() {
            prop_assert_eq!(compare(&pattern, &text), Ok(()));
        }
    }

    #[test]
    fn compiling_any_text_never_panics(pattern in "[ab(|)*+?{},0-9\\[\\]:^$\\\\.=-]{0,20}", text in text()) {
        if let Ok(ere) = Ere::new(&pattern) {
            ere.is_match(&text);
        }
    }
}
