//! The program's own source, for tests of its structure.

use std::fs;
use std::iter;
use std::path::{Path, PathBuf};

/// All Rust files at or below `path`.
pub(crate) fn sources(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() {
        let is_source = path.extension().is_some_and(|ending| ending == "rs");
        return if is_source { vec![path.to_owned()] } else { Vec::new() };
    }
    let entries = fs::read_dir(path).unwrap();
    entries.flat_map(|entry| sources(&entry.unwrap().path())).collect()
}

/// Whether a file (its path without the ending) has only what tests need.
pub(crate) fn is_test(path: &Path) -> bool {
    let names = ["tests", "testing", "fixture", "scenario", "scratch"];
    path.iter().any(|part| names.iter().any(|name| part == *name))
}

/// The lines of a file without comments and without what only its tests have.
pub(crate) fn code(text: &str) -> impl Iterator<Item = &str> {
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
