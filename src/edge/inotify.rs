//! inotify: the kernel tells that files have changed (man 7 inotify).

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::Path;

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

/// An inotify instance that can be waited for. It does not tell which file has changed: the caller reads all of its
/// files again.
#[derive(Debug)]
pub struct Notifier(Inotify);

impl Notifier {
    /// A notifier that watches nothing yet.
    ///
    /// # Errors
    /// If the kernel has no inotify, or no instance left for this user.
    pub fn new() -> io::Result<Self> {
        Ok(Self(Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?))
    }

    /// Watches `path` for `changes`. Returns whether it can be watched.
    pub fn watch(&self, path: &Path, changes: AddWatchFlags) -> bool {
        self.0.add_watch(path, changes).is_ok()
    }

    /// What is readable when something has changed.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// Whether something has changed since the last call. Takes queued events out of the kernel's queue.
    pub fn has_changed(&self) -> bool {
        nix::unistd::read(&self.0, &mut [0; 4096]).is_ok()
    }
}
