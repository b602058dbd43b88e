//! Tells a running look-up that it must begin again, because other name servers may be used or may know
//! more. That is the case when a file that names them has changed (`/etc/resolv.conf`, or the file that
//! the router's own resolver reads), and when netifd has reported a change.

use std::ffi::OsStr;
use std::fs;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use nix::poll::{PollFd, PollFlags};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

/// The file that the programs of this host read, and the files that netifd writes for dnsmasq, since
/// OpenWrt 19.07 and before.
const FILES: [&str; 3] =
    ["/etc/resolv.conf", "/tmp/resolv.conf.d/resolv.conf.auto", "/tmp/resolv.conf.auto"];

/// The event descriptors of all running look-ups.
// It is static, because look-ups run on threads of the pool, far below what the event loop can reach. They are weak,
// so that a look-up that has ended is not kept.
static WATCHING: Mutex<Vec<Weak<EventFd>>> = Mutex::new(Vec::new());

fn watching() -> MutexGuard<'static, Vec<Weak<EventFd>>> {
    WATCHING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes every running look-up begin again.
pub fn network_changed() {
    watching().retain(|event| match event.upgrade() {
        Some(event) => event.write(1).is_ok(),
        None => false,
    });
}

/// Watches [`FILES`] and receives [`network_changed`].
pub(super) struct ResolverChanges {
    notifier: Inotify,
    files: Vec<PathBuf>,
    network: Arc<EventFd>,
}

impl ResolverChanges {
    /// Begins to watch; `None` if the kernel lacks inotify or eventfd.
    pub(super) fn watch() -> Option<Self> {
        let notifier = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).ok()?;
        let mut files: Vec<PathBuf> = FILES.map(PathBuf::from).to_vec();
        // /etc/resolv.conf is usually a symbolic link, so its target is watched, too.
        if let Ok(target) = fs::canonicalize(FILES[0]) {
            files.push(target);
        }
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        let network = Arc::new(EventFd::from_flags(flags).ok()?);
        let mut watching = watching();
        watching.retain(|event| event.strong_count() > 0);
        watching.push(Arc::downgrade(&network));
        drop(watching);
        let changes = Self { notifier, files, network };
        changes.add();
        Some(changes)
    }

    fn add(&self) {
        let replaced = AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_CREATE;
        let written = AddWatchFlags::IN_CLOSE_WRITE;
        for file in &self.files {
            // A file that does not exist yet will appear in its directory. The directory may have to
            // appear first, in the one above it.
            let _ = self.notifier.add_watch(file, written);
            for directory in file.ancestors().skip(1).take(2) {
                if directory != Path::new("/") {
                    let _ = self.notifier.add_watch(directory, replaced | written);
                }
            }
        }
    }

    /// Whether something has changed since the last call. Not inlined, because of its large buffer.
    #[inline(never)]
    pub(super) fn any(&self) -> bool {
        let mut any = false;
        while let Ok(events) = self.notifier.read_events() {
            any |= events.iter().any(|event| self.concerns(event.name.as_deref()));
        }
        if any {
            // If a file or directory was replaced, the new one is not watched yet.
            self.add();
        }
        // The counter is read in any case: what is left in it would wake the look-up again for the same change.
        any | self.network.read().is_ok()
    }

    /// Whether an event is about one of the files or its directory. An event about a watched file itself
    /// has no name.
    fn concerns(&self, name: Option<&OsStr>) -> bool {
        let Some(name) = name else {
            return true;
        };
        let mut parts = self.files.iter().flat_map(|file| file.ancestors().take(2));
        parts.any(|part| part.file_name() == Some(name))
    }

    /// The descriptors to wait for.
    pub(super) fn sources(&self) -> [PollFd<'_>; 2] {
        [self.notifier.as_fd(), self.network.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN))
    }
}
