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

/// The archive in the making. Everything belongs to root and may be executed.
#[derive(Default)]
pub struct Initramfs {
    archive: Vec<u8>,
    directories: BTreeSet<String>,
}

impl Initramfs {
    /// A file at this path (without a leading slash), and the directories above it.
    pub fn file(&mut self, path: &str, content: &[u8]) {
        if let Some((directory, _)) = path.rsplit_once('/') {
            self.directory(directory);
        }
        self.entry(path, PROGRAM, content);
    }

    /// A directory, and those above it.
    pub fn directory(&mut self, path: &str) {
        if let Some((above, _)) = path.rsplit_once('/') {
            self.directory(above);
        }
        if self.directories.insert(path.to_owned()) {
            self.entry(path, DIRECTORY, &[]);
        }
    }

    /// Everything below `from`, with the same paths.
    pub fn tree(&mut self, from: &Path) {
        self.below(from, "");
    }

    fn below(&mut self, from: &Path, prefix: &str) {
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                self.below(&entry.path(), &format!("{name}/"));
            } else {
                self.file(&name, &fs::read(entry.path()).unwrap());
            }
        }
    }

    /// The archive.
    pub fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, &[]);
        self.archive
    }

    fn entry(&mut self, path: &str, mode: u32, content: &[u8]) {
        let (length, name) = (content.len(), path.len() + 1);
        let links = 1;
        // inode, mode, user, group, links, time, size, device (2), device of a node (2), length of
        // the name, checksum (not used).
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

    /// Names and contents end at a multiple of four.
    fn pad(&mut self) {
        self.archive.resize(self.archive.len().next_multiple_of(4), 0);
    }
}
