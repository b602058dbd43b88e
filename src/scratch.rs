//! A directory of its own for each test that needs real files.

use std::fs;
use std::path::{Path, PathBuf};

/// Removed with everything in it at the end of the test.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// `name` must differ between tests.
    pub(crate) fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("ddns-netlink-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir(&dir).unwrap();
        Self(dir)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
