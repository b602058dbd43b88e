//! Descriptors that the event loop waits for.

use std::io;
use std::os::fd::AsRawFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Has the runtime watch `source`. Must be called within a tokio runtime with I/O.
///
/// # Errors
/// If the kernel refuses to watch it.
#[expect(
    deprecated,
    reason = "the successor is unsafe: its caller must promise that the type owns one descriptor and \
              keeps it; the types here do"
)]
pub(super) fn watched<T: AsRawFd>(source: T) -> io::Result<AsyncFd<T>> {
    AsyncFd::with_interest(source, Interest::READABLE)
}
