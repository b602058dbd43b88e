//! Finding ubusd: its socket, and the moment at which that appears.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd, RawFd};
use std::os::unix::net::UnixStream as Blocking;

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use socket2::{Domain, SockAddr, Socket, Type};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::UnixStream;

/// Where ubusd listens, and where it did before OpenWrt 21.02.
const PATHS: [&str; 2] = ["/var/run/ubus/ubus.sock", "/var/run/ubus.sock"];
/// The directories of those, outermost first.
const DIRECTORIES: [&str; 2] = ["/var/run", "/var/run/ubus"];

/// Connects; `None` if there is nothing to connect to.
///
/// # Errors
/// If there is a socket that does not take the connection.
pub(super) fn connect() -> io::Result<Option<UnixStream>> {
    for path in PATHS {
        match dial(path) {
            Err(error) if is_missing(&error) => {}
            found => return found.map(Some),
        }
    }
    Ok(None)
}

/// Never waits: a queue that is full is an error.
fn dial(path: &str) -> io::Result<UnixStream> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM.nonblocking().cloexec(), None)?;
    socket.connect(&SockAddr::unix(path)?)?;
    UnixStream::from_std(Blocking::from(socket))
}

/// What this user may not open is not there for it.
fn is_missing(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    [NotFound, NotADirectory, PermissionDenied].contains(&error.kind())
}

/// Tells when something appears where the socket would be, or where its directory would be.
#[derive(Debug)]
pub(super) struct Watch(AsyncFd<Notifier>);

impl Watch {
    /// Begins to watch. Whoever looks after this misses nothing.
    #[expect(
        deprecated,
        reason = "the successor is unsafe: it has the caller promise what holds here, that an \
                  Inotify owns one descriptor and keeps it"
    )]
    pub(super) fn new() -> io::Result<Self> {
        let notifier = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        let mask =
            AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_ONLYDIR;
        for directory in DIRECTORIES {
            // One that is not there appears in the one above it.
            let _ = notifier.add_watch(directory, mask);
        }
        Ok(Self(AsyncFd::with_interest(Notifier(notifier), Interest::READABLE)?))
    }

    /// Resolves when something has appeared. Cancel-safe.
    pub(super) async fn stirred(&self) {
        let read = |notifier: &Notifier| Ok(nix::unistd::read(&notifier.0, &mut [0; 4096])?);
        let _: io::Result<usize> = self.0.async_io(Interest::READABLE, read).await;
    }
}

#[derive(Debug)]
struct Notifier(Inotify);

impl AsRawFd for Notifier {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}
