//! The wall between deciding and doing: the core names nothing that touches the world.

#![allow(clippy::unwrap_used, reason = "a test and its helper")]

#[path = "support/source.rs"]
mod source;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use source::{code, is_test, sources};

/// What touches the world.
const IMPURE: [&str; 15] = [
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
];

/// What the tree in ARCHITECTURE.md marks with ●: files, and all of a directory but what it marks
/// with ○ in it.
fn pure_files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let tree = text.split("\nsrc/\n").nth(1).unwrap().split("\n```").next().unwrap();
    let mut parents: Vec<(PathBuf, bool)> = vec![(root.join("src"), false)];
    let mut pure = BTreeSet::new();
    for line in tree.lines() {
        let (indent, entry) = line.split_once("── ").unwrap();
        parents.truncate(indent.chars().count() / 4 + 1);
        let (parent, inherited) = parents.last().unwrap().clone();
        let words: Vec<&str> = entry.split_whitespace().collect();
        let names = words.iter().take_while(|name| name.ends_with(',')).count() + 1;
        let (names, rest) = words.split_at(names);
        let decides = match rest.first() {
            Some(&"●") => true,
            Some(&"○") => false,
            _ => inherited,
        };
        for name in names.iter().map(|name| name.trim_end_matches(',')) {
            let path = parent.join(name);
            assert!(path.exists(), "ARCHITECTURE.md has {name}, and there is none");
            for file in sources(&path) {
                if decides {
                    pure.insert(file)
                } else {
                    pure.remove(&file)
                };
            }
            if path.is_dir() {
                parents.push((path, decides));
            }
        }
    }
    pure.into_iter().collect()
}

#[test]
fn the_core_touches_nothing() {
    let files = pure_files();
    assert!(files.len() > 90, "{files:#?}");
    refuse(&files, &IMPURE);
}

/// Every type of key in a tree is 8 KB of code on MIPS.
#[test]
fn maps_are_sorted_vectors() {
    let files = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    refuse(&files, &["BTreeMap", "BTreeSet"]);
}

/// `{:?}` prints next to nothing on routers (openwrt/build.py): messages have `quoted`.
#[test]
fn messages_do_without_debug() {
    let files = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    refuse(&files, &[":?}"]);
}

/// No file may hold one of the words, except in comments and tests.
fn refuse(files: &[PathBuf], words: &[&str]) {
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        if is_test(&file.with_extension("")) {
            continue;
        }
        for line in code(&text) {
            let found = words.iter().find(|word| line.contains(**word));
            assert_eq!(found, None, "{}: {line}", file.display());
        }
    }
}

#[test]
fn one_module_names_the_library_of_http_and_one_that_of_tls() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&root);
    for (module, words) in
        [("edge/http", ["use ureq", "ureq::"]), ("edge/stream", ["use rustls", "rustls::"])]
    {
        for file in files.iter().filter(|file| !file.starts_with(root.join(module))) {
            let text = fs::read_to_string(file).unwrap();
            for word in words {
                let named = code(&text).find(|line| line.contains(word));
                assert_eq!(named, None, "{}", file.display());
            }
        }
    }
}
