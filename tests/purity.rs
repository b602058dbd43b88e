//! The wall between deciding and doing: the core names nothing that touches the world.

#![allow(clippy::unwrap_used, reason = "a test and its helper")]

use std::collections::BTreeSet;
use std::fs;
use std::iter;
use std::path::{Path, PathBuf};

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
            let mut found = Vec::new();
            sources(&path, &mut found);
            for file in found {
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
    let files = pure_files();
    assert!(files.len() > 90, "{files:#?}");
    refuse(&files, &IMPURE);
}

/// Every type of key in a tree is 8 KB of code on MIPS.
#[test]
fn maps_are_sorted_vectors() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    refuse(&files, &["BTreeMap", "BTreeSet"]);
}

/// `{:?}` prints next to nothing on routers (openwrt/build.py): messages have `quoted`.
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
        let for_tests = ["tests.rs", "testing.rs"].iter().any(|name| file.ends_with(name));
        if for_tests || file.components().any(|part| part.as_os_str() == "tests") {
            continue;
        }
        for line in code(&text) {
            let found = words.iter().find(|word| line.contains(**word));
            assert_eq!(found, None, "{}: {line}", file.display());
        }
    }
}

/// The lines of a file without comments and without what only its tests have.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut lines = text.lines();
    iter::from_fn(move || {
        loop {
            let line = lines.next()?;
            if line.trim() != "#[cfg(test)]" {
                return Some(line);
            }
            let indent = line.len() - line.trim_start().len();
            if lines.next()?.ends_with('{') {
                lines.find(|line| line.get(indent..) == Some("}"));
            }
        }
    })
    .filter(|line| !line.trim_start().starts_with("//"))
}

#[test]
fn one_module_names_the_http_library() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    for file in files.iter().filter(|file| !file.starts_with(root.join("edge/http"))) {
        let text = fs::read_to_string(file).unwrap();
        for word in ["use ureq", "ureq::", "use rustls", "rustls::"] {
            let named = code(&text).find(|line| line.contains(word));
            assert_eq!(named, None, "{}", file.display());
        }
    }
}
