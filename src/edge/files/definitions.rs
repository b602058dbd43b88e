//! The provider definitions that were downloaded, and the list of those that can be downloaded.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::{DEFINITION_LIMIT, Medium, ReadError, read};
use crate::model::sort;

/// The directory in which ddns-scripts and LuCI look for definitions. The list is the file `list` there,
/// and the definitions are the files in `custom`.
#[derive(Clone, Debug)]
pub struct Definitions(PathBuf);

impl Definitions {
    /// The directory of this system.
    pub fn system() -> Self {
        Self("/usr/share/ddns".into())
    }

    /// The list of providers that can be downloaded.
    ///
    /// # Errors
    /// If it does not exist or cannot be read.
    pub fn list(&self) -> Result<Vec<u8>, ReadError> {
        read(&self.0.join("list"), DEFINITION_LIMIT)
    }

    /// Replaces the list.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn put_list(&self, text: &str) -> io::Result<()> {
        put(&self.0.join("list"), text)
    }

    /// The file names of the definitions that were downloaded or that the owner made, sorted.
    pub fn installed(&self) -> Vec<String> {
        files(&self.custom())
    }

    /// Writes the definition of `provider`.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn put(&self, provider: &str, json: &str) -> io::Result<()> {
        put(&self.path(provider), json)
    }

    /// Removes the definition of `provider`.
    ///
    /// # Errors
    /// If the file does not exist or cannot be removed.
    pub fn remove(&self, provider: &str) -> io::Result<()> {
        fs::remove_file(self.path(provider))
    }

    /// Removes the list and all definitions.
    ///
    /// # Errors
    /// The first error. The other files are removed in spite of it.
    pub fn purge(&self) -> io::Result<()> {
        let files = self.installed().into_iter().map(|name| self.custom().join(name));
        let mut result = Ok(());
        // `and` keeps the first error, and its argument is computed before: no file is passed over.
        for file in files.chain([self.0.join("list")]) {
            result = result.and(super::remove_if_there(&file));
        }
        result
    }

    fn custom(&self) -> PathBuf {
        self.0.join("custom")
    }

    fn path(&self, provider: &str) -> PathBuf {
        self.custom().join(format!("{provider}.json"))
    }
}

/// The names of the files in `directory` that end in `.json`, sorted.
pub(super) fn files(directory: &Path) -> Vec<String> {
    let mut names = super::names(directory);
    names.retain(|name| name.ends_with(".json"));
    sort::ascending(&mut names);
    names
}

/// Replaces the file `path`, which is on flash, and makes its directory if necessary.
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
    fn definitions_are_replaced_listed_and_removed() {
        let scratch = Scratch::new("definitions");
        let definitions = Definitions(scratch.path().join("ddns"));
        assert!(definitions.list().unwrap_err().is_missing());
        assert_eq!(definitions.installed(), [""; 0]);
        definitions.put("b.example", "{}").unwrap();
        definitions.put("a.example", "{1}").unwrap();
        definitions.put("a.example", "{2}").unwrap();
        definitions.put_list("a\n").unwrap();
        assert_eq!(definitions.installed(), ["a.example.json", "b.example.json"]);
        assert_eq!(fs::read(definitions.path("a.example")).unwrap(), b"{2}");
        assert_eq!(definitions.list().unwrap(), b"a\n");
        definitions.remove("a.example").unwrap();
        assert!(definitions.remove("a.example").is_err());
        fs::write(definitions.custom().join("notes"), "").unwrap();
        definitions.purge().unwrap();
        definitions.purge().unwrap();
        let left: Vec<_> = fs::read_dir(definitions.custom()).unwrap().collect();
        assert_eq!(left.len(), 1, "a file that is not a definition stays");
    }
}
