//! The reader of UCI files compared with libuci, through libuci's program `uci` (OpenWrt has it,
//! Debian does not).
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "support/skip.rs"]
mod skip;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::LazyLock;

use ddns_netlink::config::Severity;
use ddns_netlink::config::uci::{self, Document};
use proptest::prelude::*;

/// Type, name, and the options: name, whether a list, values.
type Section = (String, String, Vec<(String, bool, Vec<String>)>);

static PRESENT: LazyLock<bool> = LazyLock::new(|| Command::new("uci").output().is_ok());

fn has_uci() -> bool {
    if !*PRESENT {
        skip::skip_in_ci_too(
            "OpenWrt's program uci is not installed (Debian has no package of it)",
        );
    }
    *PRESENT
}

/// A directory that is removed after the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("libuci-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// `uci export` of a file with these bytes; `mode` is `-s` (strict) or `-S`.
    fn export(&self, bytes: &[u8], mode: &str) -> Output {
        fs::write(self.0.join("ddns"), bytes).unwrap();
        let mut command = Command::new("uci");
        command.arg("-c").arg(&self.0).arg("-P").arg(self.0.join("state"));
        command.args([mode, "-n", "export", "ddns"]).output().unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The sections in the output of `uci export`. It has all values in single quotes, and writes a
/// single quote within a value as `'\''`.
fn exported(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut rest = text.split_once('\n').map_or("", |(_, rest)| rest);
    while let Some((word, tail)) = rest.trim_start().split_once(' ') {
        let (name, tail) = tail.split_once(' ').unwrap();
        let (value, tail) = quoted(tail);
        rest = tail;
        if word == "config" {
            sections.push((name.into(), value, Vec::new()));
            continue;
        }
        let options = &mut sections.last_mut().unwrap().2;
        match options.last_mut() {
            Some((last, true, values)) if *last == name && word == "list" => values.push(value),
            _ => options.push((name.into(), word == "list", vec![value])),
        }
    }
    sections
}

/// The quoted value at the beginning of `text`, and the rest.
fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let (piece, tail) = rest.strip_prefix('\'').unwrap().split_once('\'').unwrap();
        value.push_str(piece);
        match tail.strip_prefix("\\'") {
            Some(tail) => {
                value.push('\'');
                rest = tail;
            }
            None => return (value, tail),
        }
    }
}

fn ours(document: &Document) -> Vec<Section> {
    let sections = document.sections.iter().map(|section| {
        let options = section.options.iter().map(|option| {
            let values = option.values.iter().map(|(value, _)| value.clone());
            (option.name.clone(), option.is_list, values.collect())
        });
        (section.kind.clone(), section.name.clone(), options.collect())
    });
    sections.collect()
}

/// Whether a mistake with this text is one after which the result differs from libuci's on purpose:
/// the section of a bad `config` line is ignored, all after a quote that is never closed, and a
/// value that contains whole lines of options.
fn is_deliberate_difference(text: &str) -> bool {
    let all = ["the section is ignored", "never closed", "closing quote of this value is missing"];
    all.iter().any(|part| text.contains(part))
}

fn compare(scratch: &Scratch, bytes: &[u8]) -> Result<(), String> {
    let shown = String::from_utf8_lossy(bytes);
    let (document, mistakes) = uci::parse(bytes);
    let strict = scratch.export(bytes, "-s");
    let swallowed = mistakes.iter().any(|mistake| mistake.text.contains("closing quote"));
    let sound = mistakes.iter().all(|mistake| mistake.severity != Severity::Error);
    if strict.status.success() != sound && !swallowed {
        let theirs = String::from_utf8_lossy(&strict.stderr);
        return Err(format!("{shown}\nstrict libuci: {theirs:?}, we: {mistakes:?}"));
    }
    if mistakes.iter().any(|mistake| is_deliberate_difference(&mistake.text)) {
        return Ok(());
    }
    let lenient = scratch.export(bytes, "-S");
    let theirs = exported(&String::from_utf8_lossy(&lenient.stdout));
    let ours = ours(&document);
    (theirs == ours).then_some(()).ok_or(format!("{shown}\nlibuci: {theirs:?}\nwe: {ours:?}"))
}

#[test]
fn test_files_are_read_as_by_libuci() {
    if !has_uci() {
        return;
    }
    let scratch = Scratch::new("files");
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/uci");
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "conf") {
            compare(&scratch, &fs::read(&path).unwrap()).unwrap();
        }
    }
}

/// Well-formed and malformed values.
fn word() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-c_0-9]{1,3}",
        2 => "'[a-c \"#;\\\\]{0,3}'",
        2 => "\"([a-c '#;]|\\\\[a-cn\"\\\\]){0,3}\"",
        1 => "[-;#\\\\'\"é\r]",
        1 => Just("\\\n".to_owned()),
        1 => Just("'a\nb'".to_owned()),
    ];
    prop::collection::vec(piece, 0..3).prop_map(|pieces| pieces.concat())
}

fn line() -> impl Strategy<Value = String> {
    let keyword = prop::sample::select(vec![
        "config", "c", "option", "option", "option", "o", "list", "list", "l", "package", "p",
        "frob", "#", "",
    ]);
    let space = prop::sample::select(vec![" ", "\t", "  "]);
    let name = prop::sample::select(vec!["a", "b", "c"]);
    let end =
        prop::sample::select(vec!["\n", "\n", "\n", "\r\n", " ; ", ";", " # x\n", "\n\n", ""]);
    prop_oneof![
        3 => (name.clone(), word(), space.clone())
            .prop_map(|(name, word, space)| format!("\toption{space}{name}{space}{word}\n")),
        2 => (name.clone(), word()).prop_map(|(name, word)| format!("\tlist {name} {word}\n")),
        1 => name.prop_map(|name| format!("config service {name}\n")),
        2 => (space.clone(), keyword, space, word(), word(), end).prop_map(
            |(indent, keyword, space, first, second, end)| {
                format!("{indent}{keyword}{space}{first}{space}{second}{end}")
            }
        ),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..Default::default() })]

    #[test]
    fn generated_files_are_read_as_by_libuci(
        first in "config (service|ddns)( [ab])?\n",
        lines in prop::collection::vec(line(), 0..8),
    ) {
        if has_uci() {
            let scratch = Scratch::new("generated");
            let file = first + &lines.concat();
            prop_assert_eq!(compare(&scratch, file.as_bytes()), Ok(()));
        }
    }

    #[test]
    fn any_text_is_read_as_by_libuci(
        first in "(c s( n)?\n)?",
        text in "([col]|[a-c0-9=._-]|[ \t]|['\"#;\\\\]|[\n\r\x0b\x0cé]| ; |\n(option|list) [a-c] ){0,30}",
    ) {
        if has_uci() {
            let scratch = Scratch::new("any");
            prop_assert_eq!(compare(&scratch, (first + &text).as_bytes()), Ok(()));
        }
    }
}
