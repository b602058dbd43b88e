//! Where ubusd listens, and an inotify watch for the moment at which its socket appears.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;

use nix::sys::inotify::AddWatchFlags;
use socket2::{Domain, SockAddr, Socket, Type};

use crate::edge::inotify::Notifier;
use crate::edge::runtime::Watched;

/// Where ubusd listens, and where it listened before OpenWrt 21.02.
const PATHS: [&str; 2] = ["/var/run/ubus/ubus.sock", "/var/run/ubus.sock"];
/// The directories of [`PATHS`], the outer one first.
const DIRECTORIES: [&str; 2] = ["/var/run", "/var/run/ubus"];

/// Connects to ubusd; `None` if there is no socket.
///
/// # Errors
/// If there is a socket that does not accept the connection.
pub(super) fn connect() -> io::Result<Option<Watched<UnixStream>>> {
    for path in PATHS {
        match dial(path) {
            Err(error) if is_missing(&error) => {}
            result => return result.map(Some),
        }
    }
    Ok(None)
}

/// Connects without waiting: if ubusd's queue is full, that is an error (`EAGAIN`).
fn dial(path: &str) -> io::Result<Watched<UnixStream>> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM.nonblocking().cloexec(), None)?;
    socket.connect(&SockAddr::unix(path)?)?;
    Watched::both_ways(UnixStream::from(socket))
}

/// Whether there is no socket. One that this user may not open counts as missing.
fn is_missing(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    [NotFound, NotADirectory, PermissionDenied].contains(&error.kind())
}

/// A watch for something that appears in one of the [`DIRECTORIES`]. A caller that looks for the socket
/// afterwards misses no change.
///
/// # Errors
/// If the kernel has no inotify.
pub(super) fn watch() -> io::Result<Notifier> {
    let notifier = Notifier::new()?;
    let appears = AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_ONLYDIR;
    for directory in DIRECTORIES {
        // A directory that does not exist yet will appear in the outer one.
        notifier.watch(Path::new(directory), appears);
    }
    Ok(notifier)
}
