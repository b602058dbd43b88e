//! Provider definitions that were downloaded, and the list of those that can be.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::{DEFINITION_LIMIT, Medium, ReadError, read};

/// Where ddns-scripts and LuCI look for them.
#[derive(Clone, Debug)]
pub struct Definitions(PathBuf);

impl Definitions {
    /// Those of this system.
    pub fn system() -> Self {
        Self("/usr/share/ddns".into())
    }

    /// The list of providers that can be downloaded.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    pub fn list(&self) -> Result<Vec<u8>, ReadError> {
        read(&self.0.join("list"), DEFINITION_LIMIT)
    }

    /// Replaces the list.
    ///
    /// # Errors
    /// As the system says.
    pub fn put_list(&self, text: &str) -> io::Result<()> {
        put(&self.0.join("list"), text)
    }

    /// File names of the definitions that were downloaded, or made by the owner.
    pub fn installed(&self) -> Vec<String> {
        files(&self.custom())
    }

    /// Keeps the definition of `provider`.
    ///
    /// # Errors
    /// As the system says.
    pub fn put(&self, provider: &str, json: &str) -> io::Result<()> {
        put(&self.of(provider), json)
    }

    /// Removes the definition of `provider`.
    ///
    /// # Errors
    /// As the system says.
    pub fn remove(&self, provider: &str) -> io::Result<()> {
        fs::remove_file(self.of(provider))
    }

    /// Removes the list and all definitions.
    ///
    /// # Errors
    /// The first that could not be removed; the others are.
    pub fn purge(&self) -> io::Result<()> {
        let files = self.installed().into_iter().map(|name| self.custom().join(name));
        let mut result = Ok(());
        for file in files.chain([self.0.join("list")]) {
            result = result.and(super::gone(fs::remove_file(file)));
        }
        result
    }

    fn custom(&self) -> PathBuf {
        self.0.join("custom")
    }

    fn of(&self, provider: &str) -> PathBuf {
        self.custom().join(format!("{provider}.json"))
    }
}

/// The names of the definitions' files in `directory`, sorted.
pub(super) fn files(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".json")).collect();
    names.sort_unstable();
    names
}

/// Puts `text` in the place of `path`, on flash, so that a power cut leaves the old file or the new
/// one.
fn put(path: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o755).create(directory)?;
    }
    super::replace(path, text.as_bytes(), 0o644, Medium::Flash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn definitions_come_and_go() {
        let scratch = Scratch::new("definitions");
        let definitions = Definitions(scratch.path().join("ddns"));
        assert!(definitions.list().unwrap_err().is_missing());
        assert_eq!(definitions.installed(), [""; 0]);
        definitions.put("b.example", "{}").unwrap();
        definitions.put("a.example", "{1}").unwrap();
        definitions.put("a.example", "{2}").unwrap();
        definitions.put_list("a\n").unwrap();
        assert_eq!(definitions.installed(), ["a.example.json", "b.example.json"]);
        assert_eq!(fs::read(definitions.of("a.example")).unwrap(), b"{2}");
        assert_eq!(definitions.list().unwrap(), b"a\n");
        definitions.remove("a.example").unwrap();
        assert!(definitions.remove("a.example").is_err());
        fs::write(definitions.custom().join("notes"), "").unwrap();
        definitions.purge().unwrap();
        definitions.purge().unwrap();
        let left: Vec<_> = fs::read_dir(definitions.custom()).unwrap().collect();
        assert_eq!(left.len(), 1, "only what is no definition");
    }
}
