//! Watches small text files of other programs, and reads each again when it may have changed.

use std::path::{Path, PathBuf};
use std::task::Context;

use nix::sys::inotify::AddWatchFlags;

use super::{copy_of, read};
use crate::edge::inotify::Notifier;

/// Most bytes of a file. The largest are the lease files of DHCP servers.
const LIMIT: u64 = 256 << 10;

/// What was read of a file; `None` if it is missing or too long.
pub type FileText = (PathBuf, Option<String>);

/// Files that are watched.
#[derive(Debug, Default)]
pub struct FileWatch {
    files: Vec<FileText>,
    /// `None` while there is no file to watch.
    notifier: Option<Notifier>,
    pending: Vec<FileText>,
}

impl FileWatch {
    /// Watches `paths` instead of all others, and reads each once. Must be called within a tokio runtime with
    /// I/O.
    pub fn set(&mut self, paths: Vec<PathBuf>) {
        // Without inotify the files are read only now.
        self.notifier = if paths.is_empty() { None } else { Notifier::new().ok() };
        self.files = Vec::new();
        for path in paths {
            self.files.push((path, None));
        }
        // Each is watched before it is read, so that no change falls in between.
        self.watch_all();
        for (path, text) in &mut self.files {
            *text = text_of(path);
        }
        self.pending = self.files.clone();
    }

    /// Whether [`FileWatch::changes`] may return something.
    pub fn is_ready(&self, context: &mut Context<'_>) -> bool {
        !self.pending.is_empty()
            || self.notifier.as_ref().is_some_and(|notifier| notifier.is_ready(context))
    }

    /// Each file that was read and has another text than before.
    pub fn changes(&mut self) -> Vec<FileText> {
        if self.notifier.as_ref().is_some_and(Notifier::has_changed) {
            self.read_all();
        }
        std::mem::take(&mut self.pending)
    }

    fn read_all(&mut self) {
        // A file that was replaced, or a directory that has appeared, must be watched before it is read.
        self.watch_all();
        for (path, text) in &mut self.files {
            let new = text_of(path);
            if *text != new {
                text.clone_from(&new);
                self.pending.push((path.clone(), new));
            }
        }
    }

    fn watch_all(&self) {
        if let Some(notifier) = &self.notifier {
            self.files.iter().for_each(|(path, _)| watch(notifier, path));
        }
    }
}

/// Watches the file, the directory in which it may be replaced, and its copy if root has left one.
fn watch(notifier: &Notifier, path: &Path) {
    watch_directory_of(notifier, path);
    let copy = copy_of(path);
    if copy.exists() {
        watch_directory_of(notifier, &copy);
    }
    let written = AddWatchFlags::IN_MODIFY | AddWatchFlags::IN_CLOSE_WRITE;
    notifier.watch(path, written | AddWatchFlags::IN_DELETE_SELF);
}

/// Watches the directory of `path`. If it is missing, watches the nearest directory in which it may appear.
fn watch_directory_of(notifier: &Notifier, path: &Path) {
    let appears = AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MOVED_TO;
    let goes = AddWatchFlags::IN_DELETE | AddWatchFlags::IN_MOVED_FROM;
    let changes = appears | goes | AddWatchFlags::IN_DELETE_SELF | AddWatchFlags::IN_ONLYDIR;
    let Some(directory) = path.parent() else { return };
    if !notifier.watch(directory, changes) {
        watch_directory_of(notifier, directory);
        // The directory may have appeared before the kernel began to watch the one above.
        notifier.watch(directory, changes);
    }
}

fn text_of(path: &Path) -> Option<String> {
    // A comment of the owner may be in any encoding.
    Some(String::from_utf8_lossy(&read(path, LIMIT).ok()?).into_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;
    use crate::edge::runtime::wait;
    use crate::scratch::Scratch;

    /// What the next report says, within a generous time.
    async fn next(watch: &mut FileWatch) -> Option<String> {
        let changed = async {
            loop {
                wait(None, &mut |context| watch.is_ready(context)).await;
                if let Some((_, text)) = watch.changes().pop() {
                    return text;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), changed).await.unwrap()
    }

    #[test]
    fn a_file_is_followed_through_its_directories_writes_replacements_and_removal() {
        let scratch = Scratch::new("watch");
        let directory = scratch.path().join("keepalived/VI_1_INSTANCE");
        let file = directory.join("STATUS");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut watch = FileWatch::default();
            watch.set(vec![file.clone()]);
            assert_eq!(next(&mut watch).await, None);

            fs::create_dir_all(&directory).unwrap();
            fs::write(directory.join("new"), "BACKUP").unwrap();
            fs::rename(directory.join("new"), &file).unwrap();
            assert_eq!(next(&mut watch).await.as_deref(), Some("BACKUP"));

            fs::write(directory.join("new"), "MASTER").unwrap();
            fs::rename(directory.join("new"), &file).unwrap();
            assert_eq!(next(&mut watch).await.as_deref(), Some("MASTER"));

            fs::rename(&file, directory.join("old")).unwrap();
            assert_eq!(next(&mut watch).await, None);
            fs::rename(directory.join("old"), &file).unwrap();
            assert_eq!(next(&mut watch).await.as_deref(), Some("MASTER"));
            let _open = fs::File::open(&file).unwrap();

            fs::remove_dir_all(&directory).unwrap();
            assert_eq!(next(&mut watch).await, None);

            fs::create_dir_all(&directory).unwrap();
            fs::write(directory.join("new"), "FAULT").unwrap();
            fs::rename(directory.join("new"), &file).unwrap();
            assert_eq!(next(&mut watch).await.as_deref(), Some("FAULT"));
        });
    }

    #[test]
    fn a_program_that_keeps_its_file_open_is_followed() {
        use std::io::{Seek as _, SeekFrom, Write as _};
        let scratch = Scratch::new("watch-open");
        let path = scratch.path().join("leases");
        let mut file = fs::File::create(&path).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut watch = FileWatch::default();
            watch.set(vec![path]);
            assert_eq!(next(&mut watch).await.as_deref(), Some(""));
            for text in ["one", "two"] {
                file.seek(SeekFrom::Start(0)).unwrap();
                file.write_all(text.as_bytes()).unwrap();
                assert_eq!(next(&mut watch).await.as_deref(), Some(text));
            }
        });
    }
}
