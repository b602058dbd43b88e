//! inotify: the kernel tells that files have changed (man 7 inotify).

use std::io;
use std::path::Path;
use std::task::Context;

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use super::runtime::Watched;

/// An inotify instance that the runtime waits for. It does not tell which file has changed: the
/// caller reads all of its files again.
#[derive(Debug)]
pub struct Notifier(Watched<Inotify>);

impl Notifier {
    /// A notifier that watches nothing yet. Must be called within a tokio runtime with I/O.
    ///
    /// # Errors
    /// If the kernel has no inotify, or no instance left for this user.
    pub fn new() -> io::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        Ok(Self(Watched::new(inotify)?))
    }

    /// Watches `path` for `changes`. Returns whether it can be watched.
    pub fn watch(&self, path: &Path, changes: AddWatchFlags) -> bool {
        self.0.get().add_watch(path, changes).is_ok()
    }

    /// Whether something may have changed.
    pub fn is_ready(&self, context: &mut Context<'_>) -> bool {
        self.0.is_readable(context)
    }

    /// Whether something has changed since the last call.
    pub fn has_changed(&self) -> bool {
        // One read is enough: if events are left, the caller reads its files once more.
        let has_changed = nix::unistd::read(self.0.get(), &mut [0; 4096]).is_ok();
        if !has_changed {
            self.0.wait_to_read();
        }
        has_changed
    }
}
