//! The file that the textfile collector of a Prometheus exporter reads (`metrics_file`).

use std::fs;
use std::path::{Path, PathBuf};

use super::{Medium, read, replace};

/// Most bytes of the file that are compared with a new text. A larger file is replaced each time.
const LIMIT: u64 = 16 * 1024 * 1024;

/// The file, which exists while the daemon runs: an old file would say that all is well.
#[derive(Debug, Default)]
pub struct MetricsFile {
    /// `None` if the owner wants none.
    path: Option<PathBuf>,
    /// Why it could not be written, as it was logged last; `None` if it was written.
    failure: Option<String>,
}

impl MetricsFile {
    /// The file is `path` from now on. The one before is removed, if it was another one.
    pub fn set(&mut self, path: Option<&Path>) {
        if self.path.as_deref() != path {
            self.remove();
            self.path = path.map(Path::to_owned);
            self.failure = None;
        }
    }

    /// Whether the owner wants a file.
    pub fn is_wanted(&self) -> bool {
        self.path.is_some()
    }

    /// Gives the file this text. Writes nothing if it has that text already. Returns why it could not be written, if
    /// that was not so before.
    pub fn write(&mut self, text: &str) -> Option<String> {
        let result = match &self.path {
            Some(path) => write(path, text),
            None => Ok(()),
        };
        let before = std::mem::replace(&mut self.failure, result.err());
        if self.failure == before { None } else { self.failure.clone() }
    }

    /// Removes the file.
    pub fn remove(&self) {
        if let Some(path) = &self.path {
            let _ = fs::remove_file(path);
        }
    }
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    if read(path, LIMIT).is_ok_and(|bytes| bytes == text.as_bytes()) {
        return Ok(());
    }
    // On OpenWrt the usual directory is in memory, and nobody makes it.
    if let Some(directory) = path.parent() {
        let _ = fs::create_dir_all(directory);
    }
    replace(path, text.as_bytes(), 0o644, Medium::Ram)
        .map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    #[test]
    fn the_file_is_replaced_only_if_its_text_changes() {
        let scratch = Scratch::new("metrics-file");
        let path = scratch.path().join("new/ddns.prom");
        let mut file = MetricsFile::default();
        assert_eq!((file.is_wanted(), file.write("nowhere")), (false, None));
        file.set(Some(&path));
        assert_eq!(file.write("a 1\n"), None);
        let first = fs::metadata(&path).unwrap();
        assert_eq!(first.permissions().mode() & 0o777, 0o644);
        assert_eq!(file.write("a 1\n"), None);
        assert_eq!(fs::metadata(&path).unwrap().ino(), first.ino());
        assert_eq!(file.write("a 2\n"), None);
        assert_eq!(fs::read_to_string(&path).unwrap(), "a 2\n");
        let names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
        assert_eq!(names.len(), 1, "a collector sees no half of a file");
        let other = scratch.path().join("other.prom");
        file.set(Some(&other));
        assert!(!path.exists());
        assert_eq!(file.write("a 2\n"), None);
        file.remove();
        assert!(!other.exists());
    }

    #[test]
    fn a_failure_is_told_once() {
        let scratch = Scratch::new("metrics-failure");
        let path = scratch.path().join("ddns.prom");
        fs::create_dir(&path).unwrap();
        let mut file = MetricsFile::default();
        file.set(Some(&path));
        assert!(file.write("a 1\n").is_some_and(|why| why.contains("directory")));
        assert_eq!(file.write("a 2\n"), None);
        fs::remove_dir(&path).unwrap();
        assert_eq!(file.write("a 3\n"), None);
        assert!(path.exists());
    }
}
