//! Tells a look-up under way that its name servers may be other ones, or may know more: a file that
//! names them has changed (`/etc/resolv.conf`, or what the router's own resolver reads), or netifd has
//! reported a change of a logical interface.

use std::ffi::OsStr;
use std::fs;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use nix::poll::{PollFd, PollFlags};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

/// What programs of this host read, and what netifd writes for dnsmasq: since OpenWrt 19.07, and
/// before.
const FILES: [&str; 3] =
    ["/etc/resolv.conf", "/tmp/resolv.conf.d/resolv.conf.auto", "/tmp/resolv.conf.auto"];

/// The event descriptors of all look-ups that watch for changes.
static WATCHING: Mutex<Vec<Weak<EventFd>>> = Mutex::new(Vec::new());

fn watching() -> MutexGuard<'static, Vec<Weak<EventFd>>> {
    WATCHING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes every look-up under way ask its name servers anew.
pub fn network_changed() {
    watching().retain(|event| match event.upgrade() {
        Some(event) => event.write(1).is_ok(),
        None => false,
    });
}

/// Watches those files, and waits for [`network_changed`].
pub(super) struct Changes {
    notifier: Inotify,
    files: Vec<PathBuf>,
    network: Arc<EventFd>,
}

impl Changes {
    /// Begins to watch; `None` if the kernel cannot.
    pub(super) fn watch() -> Option<Self> {
        let notifier = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).ok()?;
        let mut files: Vec<PathBuf> = FILES.map(PathBuf::from).to_vec();
        // Most often it is a link.
        files.extend(fs::canonicalize(FILES[0]));
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
            // What is not there appears in its directory, and that may have to appear first.
            let _ = self.notifier.add_watch(file, written);
            let directories = file.ancestors().skip(1).take(2);
            for directory in directories.filter(|it| *it != Path::new("/")) {
                let _ = self.notifier.add_watch(directory, replaced | written);
            }
        }
    }

    /// Whether something has changed since this was asked last.
    pub(super) fn any(&self) -> bool {
        let mut any = false;
        while let Ok(events) = self.notifier.read_events() {
            any |= events.iter().any(|event| self.concerns(event.name.as_deref()));
        }
        if any {
            // A new file or directory in the place of the old one.
            self.add();
        }
        any | self.network.read().is_ok()
    }

    /// Whether an event is about one of our files. One about a watched file itself has no name.
    fn concerns(&self, name: Option<&OsStr>) -> bool {
        let Some(name) = name else {
            return true;
        };
        let mut parts = self.files.iter().flat_map(|file| file.ancestors().take(2));
        parts.any(|part| part.file_name() == Some(name))
    }
    /// What to wait for.
    pub(super) fn sources(&self) -> [PollFd<'_>; 2] {
        [self.notifier.as_fd(), self.network.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN))
    }
}
