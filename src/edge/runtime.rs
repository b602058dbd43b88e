//! The runtime of tokio: one thread, which waits for sockets and timers.

use std::io;
use std::os::fd::AsRawFd;
use std::pin::Pin;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime::Runtime;

/// Has `runtime` run `work` on this thread. Returns the exit code of `work`. The runtime's loop is compiled
/// once, because all work has the same type here.
pub fn block_on(runtime: &Runtime, work: Pin<Box<dyn Future<Output = u8> + '_>>) -> u8 {
    runtime.block_on(work)
}

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
