//! Directories for what a test writes.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "test support, which not every test needs"
)]

use std::fs;
use std::path::PathBuf;

/// A directory that is removed after the test.
pub struct Scratch(pub PathBuf);

impl Scratch {
    /// An empty directory. `name` is unique in the test program.
    pub fn new(name: &str) -> Self {
        let directory = format!("{}-{name}-{}", env!("CARGO_CRATE_NAME"), std::process::id());
        let path = std::env::temp_dir().join(directory);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A path in it, as text.
    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
