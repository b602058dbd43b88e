//! Where ubusd listens, and an inotify watch for the moment at which its socket appears.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd, RawFd};
use std::os::unix::net::UnixStream as Blocking;

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use socket2::{Domain, SockAddr, Socket, Type};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::UnixStream;

use crate::edge::runtime::watched;

/// Where ubusd listens, and where it listened before OpenWrt 21.02.
const PATHS: [&str; 2] = ["/var/run/ubus/ubus.sock", "/var/run/ubus.sock"];
/// The directories of [`PATHS`], the outer one first.
const DIRECTORIES: [&str; 2] = ["/var/run", "/var/run/ubus"];

/// Connects to ubusd; `None` if there is no socket.
///
/// # Errors
/// If there is a socket that does not accept the connection.
pub(super) fn connect() -> io::Result<Option<UnixStream>> {
    for path in PATHS {
        match dial(path) {
            Err(error) if is_missing(&error) => {}
            result => return result.map(Some),
        }
    }
    Ok(None)
}

/// Connects without waiting: if ubusd's queue is full, that is an error (`EAGAIN`).
fn dial(path: &str) -> io::Result<UnixStream> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM.nonblocking().cloexec(), None)?;
    socket.connect(&SockAddr::unix(path)?)?;
    UnixStream::from_std(Blocking::from(socket))
}

/// Whether there is no socket. One that this user may not open counts as missing.
fn is_missing(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    [NotFound, NotADirectory, PermissionDenied].contains(&error.kind())
}

/// Reports when something appears in one of the [`DIRECTORIES`].
#[derive(Debug)]
pub(super) struct Watch(AsyncFd<Notifier>);

impl Watch {
    /// Begins to watch. A caller that looks for the socket afterwards misses no change.
    pub(super) fn new() -> io::Result<Self> {
        let notifier = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        let mask =
            AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_ONLYDIR;
        for directory in DIRECTORIES {
            // A directory that does not exist yet will appear in the outer one.
            let _ = notifier.add_watch(directory, mask);
        }
        Ok(Self(watched(Notifier(notifier))?))
    }

    /// Resolves when something has appeared. Cancel-safe.
    pub(super) async fn changed(&self) {
        let _: io::Result<usize> = self.0.async_io(Interest::READABLE, Notifier::read).await;
    }
}

/// [`AsyncFd`] needs `AsRawFd`, which [`Inotify`] lacks.
#[derive(Debug)]
struct Notifier(Inotify);

impl Notifier {
    /// Takes queued events out of the kernel's queue. Their content does not matter.
    fn read(&self) -> io::Result<usize> {
        Ok(nix::unistd::read(&self.0, &mut [0; 4096])?)
    }
}

impl AsRawFd for Notifier {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}
