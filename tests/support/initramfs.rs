//! An initial file system for a Linux kernel: a cpio archive of the "newc" format (the kernel's
//! Documentation/driver-api/early-userspace/buffer-format.rst).
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "test support, shared by programs that each use a part of it"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const DIRECTORY: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;

/// An archive that is being written. Every file belongs to root and is executable.
#[derive(Default)]
pub struct Initramfs {
    archive: Vec<u8>,
    directories: BTreeSet<String>,
}

impl Initramfs {
    /// Adds a file at this path (without a leading slash), and the directories above it.
    pub fn file(&mut self, path: &str, content: &[u8]) {
        if let Some((directory, _)) = path.rsplit_once('/') {
            self.directory(directory);
        }
        self.entry(path, PROGRAM, content);
    }

    /// Adds a directory, and those above it.
    pub fn directory(&mut self, path: &str) {
        if let Some((above, _)) = path.rsplit_once('/') {
            self.directory(above);
        }
        if self.directories.insert(path.to_owned()) {
            self.entry(path, DIRECTORY, &[]);
        }
    }

    /// Adds every file below `from`, with its path relative to `from`.
    pub fn tree(&mut self, from: &Path) {
        self.add_directory(from, "");
    }

    fn add_directory(&mut self, from: &Path, prefix: &str) {
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                self.add_directory(&entry.path(), &format!("{name}/"));
            } else {
                self.file(&name, &fs::read(entry.path()).unwrap());
            }
        }
    }

    /// The complete archive.
    pub fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, &[]);
        self.archive
    }

    fn entry(&mut self, path: &str, mode: u32, content: &[u8]) {
        let (length, name) = (content.len(), path.len() + 1);
        let links = 1;
        // The fields: inode, mode, user, group, links, time, size, device (major, minor), device
        // that a node stands for (major, minor), length of the name, checksum (not used).
        self.archive.extend(
            format!(
                "070701{:08x}{mode:08x}{:08x}{:08x}{links:08x}{:08x}{length:08x}\
                 {:08x}{:08x}{:08x}{:08x}{name:08x}{:08x}{path}\0",
                0, 0, 0, 0, 0, 0, 0, 0, 0
            )
            .bytes(),
        );
        self.pad();
        self.archive.extend(content);
        self.pad();
    }

    /// Pads to a multiple of four, as the format wants after each name and content.
    fn pad(&mut self) {
        self.archive.resize(self.archive.len().next_multiple_of(4), 0);
    }
}
