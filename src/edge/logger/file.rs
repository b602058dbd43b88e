//! The log file of a section: its newest lines, on a RAM disk, at the path where LuCI looks for them.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use nix::fcntl::OFlag;

use crate::edge::files::owner::make_directory;
use crate::edge::files::{self, Medium, read_up_to};

/// Most bytes of an existing log that are read, because another program may have filled it. If the file is
/// longer, its last bytes are kept.
const LIMIT: u64 = 1024 * 1024;

/// Appends `line` to the log at `path` and keeps its newest `lines` lines.
// The file is read at each call, because LuCI, the owner or another program may delete, empty or replace it in
// between. A few kilobytes of a RAM disk are quickly read.
pub(super) fn append(path: &Path, line: &str, lines: usize) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        // Readable for all: rpcd reads the log for LuCI.
        make_directory(directory, 0o755)?;
    }
    let mut file = open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let size = file.metadata()?.len();
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(size.saturating_sub(LIMIT)))?;
    read_up_to(LIMIT, &file, &mut bytes)?;
    let mut text = String::new();
    // If the last line has no end, the new one must not continue it.
    if bytes.last().is_some_and(|&last| last != b'\n') {
        text.push('\n');
    }
    text.push_str(line);
    text.push('\n');
    bytes.extend_from_slice(text.as_bytes());
    let kept = newest(&bytes, lines);
    // A file that only grows stays the one that `tail -f` has open.
    if kept.len() == bytes.len() && size <= LIMIT {
        return file.write_all(text.as_bytes());
    }
    files::replace(path, kept, 0o644, Medium::Ram)
}

/// The last `lines` lines of `bytes`.
fn newest(bytes: &[u8], lines: usize) -> &[u8] {
    let ends = bytes.iter().enumerate().filter(|&(_, &byte)| byte == b'\n');
    // Counted from the end, number `lines` is the line feed before the first line that is kept.
    let start = ends.rev().nth(lines.max(1)).map_or(0, |(line_feed, _)| line_feed + 1);
    bytes.get(start..).unwrap_or(bytes)
}

/// Opens a log to append to it. Does not follow a link and does not block at a pipe: other users may
/// be able to write in the directory.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .append(true)
        .create(true)
        .mode(0o644)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
        .open(path)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::scratch::Scratch;

    fn read(path: &Path) -> String {
        fs::read_to_string(path).unwrap()
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn append_keeps_the_newest_lines() {
        let scratch = Scratch::new("log-newest");
        let path = scratch.path().join("log/ddns/home.log");
        for i in 0..7 {
            append(&path, &format!("line {i}"), 3).unwrap();
        }
        assert_eq!(read(&path), "line 4\nline 5\nline 6\n");
        append(&path, "alone", 1).unwrap();
        assert_eq!(read(&path), "alone\n");
        assert_eq!(mode(&path), 0o644);
        assert_eq!(mode(path.parent().unwrap()), 0o755);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn append_works_after_the_file_was_deleted_replaced_or_cut() {
        let scratch = Scratch::new("log-foreign");
        let path = scratch.path().join("home.log");
        append(&path, "one", 10).unwrap();
        fs::remove_file(&path).unwrap();
        append(&path, "two", 10).unwrap();
        assert_eq!(read(&path), "two\n");
        fs::write(&path, "other\nhal").unwrap();
        append(&path, "three", 10).unwrap();
        assert_eq!(read(&path), "other\nhal\nthree\n");
        fs::write(&path, "x".repeat(3_000_000)).unwrap();
        append(&path, "four", 1).unwrap();
        assert_eq!(read(&path), "four\n");
        fs::write(&path, "y\n".repeat(3_000_000)).unwrap();
        append(&path, "five", 2).unwrap();
        assert_eq!(read(&path), "y\nfive\n");
    }

    #[test]
    fn links_pipes_and_directories_are_refused_without_blocking() {
        let scratch = Scratch::new("log-kinds");
        let target = scratch.path().join("target");
        fs::write(&target, "").unwrap();
        let link = scratch.path().join("link.log");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(append(&link, "x", 10).is_err());
        let pipe = scratch.path().join("pipe.log");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(append(&pipe, "x", 10).is_err());
        assert!(append(scratch.path(), "x", 10).is_err());
        assert_eq!(read(&target), "");
    }
}
