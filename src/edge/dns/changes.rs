//! Tells when a file has changed that says which name servers there are: `/etc/resolv.conf`, and what
//! the router's own resolver reads.

use std::ffi::OsStr;
use std::fs;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

/// What programs of this host read, and what netifd writes for dnsmasq: since OpenWrt 19.07, and
/// before.
const FILES: [&str; 3] =
    ["/etc/resolv.conf", "/tmp/resolv.conf.d/resolv.conf.auto", "/tmp/resolv.conf.auto"];

/// Watches those files.
pub(super) struct Changes {
    notifier: Inotify,
    files: Vec<PathBuf>,
}

impl Changes {
    /// Begins to watch; `None` if the kernel cannot.
    pub(super) fn watch() -> Option<Self> {
        let notifier = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).ok()?;
        let mut files: Vec<PathBuf> = FILES.map(PathBuf::from).to_vec();
        // Most often it is a link.
        files.extend(fs::canonicalize(FILES[0]));
        let changes = Self { notifier, files };
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
        any
    }

    /// Whether an event is about one of our files. One about a watched file itself has no name.
    fn concerns(&self, name: Option<&OsStr>) -> bool {
        let Some(name) = name else {
            return true;
        };
        let mut parts = self.files.iter().flat_map(|file| file.ancestors().take(2));
        parts.any(|part| part.file_name() == Some(name))
    }
}

impl AsFd for Changes {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.notifier.as_fd()
    }
}
