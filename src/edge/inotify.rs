//! inotify: the kernel tells that files have changed (man 7 inotify).

use std::io;
use std::os::fd::{AsFd as _, AsRawFd, RawFd};
use std::path::Path;

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::runtime::watched;

/// An inotify instance that the runtime waits for. It does not tell which file has changed: the
/// caller reads all of its files again.
#[derive(Debug)]
pub struct Notifier(AsyncFd<Instance>);

/// [`AsyncFd`] needs `AsRawFd`, which [`Inotify`] lacks.
#[derive(Debug)]
struct Instance(Inotify);

impl Notifier {
    /// A notifier that watches nothing yet. Must be called within a tokio runtime with I/O.
    ///
    /// # Errors
    /// If the kernel has no inotify, or no instance left for this user.
    pub fn new() -> io::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        Ok(Self(watched(Instance(inotify))?))
    }

    /// Watches `path` for `changes`. Returns whether it can be watched.
    pub fn watch(&self, path: &Path, changes: AddWatchFlags) -> bool {
        self.0.get_ref().0.add_watch(path, changes).is_ok()
    }

    /// Resolves when something has changed. Cancel-safe.
    pub async fn changed(&self) {
        let _: io::Result<usize> = self.0.async_io(Interest::READABLE, Instance::read).await;
    }
}

impl Instance {
    /// Takes queued events out of the kernel's queue.
    fn read(&self) -> io::Result<usize> {
        Ok(nix::unistd::read(&self.0, &mut [0; 4096])?)
    }
}

impl AsRawFd for Instance {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}
