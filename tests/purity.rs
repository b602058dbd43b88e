//! The wall between deciding and doing: the core names nothing that touches the world.

#![allow(clippy::unwrap_used, reason = "a test and its helper")]

use std::fs;
use std::path::{Path, PathBuf};

/// What only decides (ARCHITECTURE.md).
const PURE: [&str; 24] = [
    "base64.rs",
    "cli",
    "config",
    "dns/lookup.rs",
    "dns/message.rs",
    "dns/name.rs",
    "dns/resolv.rs",
    "engine",
    "netlink/decode.rs",
    "netlink/dump.rs",
    "percent.rs",
    "provider",
    "quoted.rs",
    "script/frame.rs",
    "script/said.rs",
    "sorted.rs",
    "state.rs",
    "strftime.rs",
    "timezone.rs",
    "ubus/blob.rs",
    "ubus/message.rs",
    "ubus/netifd.rs",
    "ubus/object.rs",
    "ubus/session.rs",
];

/// What touches the world.
const IMPURE: [&str; 16] = [
    "async ",
    "clock::now",
    "clock::uptime",
    "env::args",
    "env::var",
    "nix::",
    "println!",
    "std::fs",
    "std::io",
    "std::os",
    "std::process",
    "std::thread",
    "SystemTime",
    "TcpStream",
    "tokio",
    "ureq",
];

fn sources(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            sources(&entry.unwrap().path(), found);
        }
    } else if path.extension().is_some_and(|ending| ending == "rs") {
        found.push(path.to_owned());
    }
}

#[test]
fn the_core_touches_nothing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    PURE.iter().for_each(|pure| sources(&root.join(pure), &mut files));
    assert!(files.len() > 30, "{files:?}");
    refuse(&files, &IMPURE);
}

/// Every type of key in a tree is 8 KB of code on MIPS.
#[test]
fn maps_are_sorted_vectors() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    refuse(&files, &["BTreeMap", "BTreeSet"]);
}

/// `{:?}` prints nothing on routers (openwrt/build.py): messages have `quoted`.
#[test]
fn messages_do_without_debug() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    refuse(&files, &[":?}"]);
}

/// No file may hold one of the words, except in comments and tests.
fn refuse(files: &[PathBuf], words: &[&str]) {
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        // What tests need is their own business.
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        let for_tests = ["tests.rs", "testing.rs"].iter().any(|name| file.ends_with(name));
        if for_tests || file.components().any(|part| part.as_os_str() == "tests") {
            continue;
        }
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let found = words.iter().find(|word| line.contains(**word));
            assert_eq!(found, None, "{}: {line}", file.display());
        }
    }
}

#[test]
fn one_module_names_the_http_library() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    for file in files.iter().filter(|file| !file.starts_with(root.join("http"))) {
        let text = fs::read_to_string(file).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for word in ["use ureq", "ureq::", "use rustls", "rustls::"] {
            let mut named = code.clone().filter(|line| line.contains(word));
            assert_eq!(named.next(), None, "{}", file.display());
        }
    }
}
