//! The runtime of tokio: one thread, which waits for sockets and timers.

use std::io;
use std::os::fd::{AsFd, AsRawFd as _, RawFd};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use futures::future::poll_fn;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime::Runtime;

use crate::time::Duration;

/// Has `runtime` run `work` on this thread. Returns the exit code of `work`. The runtime's loop is compiled
/// once, because all work has the same type here.
pub fn block_on(runtime: &Runtime, work: Pin<Box<dyn Future<Output = u8> + '_>>) -> u8 {
    runtime.block_on(work)
}

/// Waits until `is_ready` returns true, but not longer than `pause`. `is_ready` is called at first, and whenever
/// something that it has asked for may be ready.
pub async fn wait(pause: Option<Duration>, is_ready: &mut dyn FnMut(&mut Context<'_>) -> bool) {
    // A caller for which something is always ready never waits below, and tokio polls no socket. The yield lets it.
    tokio::task::yield_now().await;
    let mut sleep = pin!(pause.map(|pause| tokio::time::sleep(pause.into())));
    poll_fn(|context| {
        if is_ready(context) || pause == Some(Duration::ZERO) {
            return Poll::Ready(());
        }
        match sleep.as_mut().as_pin_mut() {
            Some(sleep) => sleep.poll(context),
            None => Poll::Pending,
        }
    })
    .await;
}

/// Something with a descriptor that the runtime watches.
///
/// The kernel tells once that it has become ready. It counts as ready until its owner has found nothing more to do
/// and says so by [`Watched::wait_to_read`] or [`Watched::wait_to_write`].
#[derive(Debug)]
pub struct Watched<T> {
    /// A number instead of `source`, so that tokio's part is compiled once for all types. It stands before `source`:
    /// the watch ends before the descriptor is closed.
    descriptor: AsyncFd<RawFd>,
    source: T,
}

impl<T: AsFd> Watched<T> {
    /// Watches `source` for something to read. Must be called within a tokio runtime with I/O.
    ///
    /// # Errors
    /// If the kernel refuses to watch it.
    pub fn new(source: T) -> io::Result<Self> {
        let descriptor = watch(source.as_fd().as_raw_fd(), Interest::READABLE)?;
        Ok(Self { descriptor, source })
    }

    /// Watches `source` for something to read and for room to write. Must be called within a tokio runtime with I/O.
    ///
    /// # Errors
    /// If the kernel refuses to watch it.
    pub fn both_ways(source: T) -> io::Result<Self> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        let descriptor = watch(source.as_fd().as_raw_fd(), interest)?;
        Ok(Self { descriptor, source })
    }

    /// What is watched.
    pub fn get(&self) -> &T {
        &self.source
    }

    /// Whether there may be something to read. If not, the task of `context` is woken when there is.
    pub fn is_readable(&self, context: &mut Context<'_>) -> bool {
        self.descriptor.poll_read_ready(context).is_ready()
    }

    /// Whether there may be room to write. If not, the task of `context` is woken when there is.
    pub fn is_writable(&self, context: &mut Context<'_>) -> bool {
        self.descriptor.poll_write_ready(context).is_ready()
    }

    /// There was nothing to read.
    pub fn wait_to_read(&self) {
        wait_for(&self.descriptor, Interest::READABLE);
    }

    /// There was no room to write.
    pub fn wait_to_write(&self) {
        wait_for(&self.descriptor, Interest::WRITABLE);
    }
}

#[expect(
    deprecated,
    reason = "the successor is unsafe: its caller must promise that the descriptor stays open while it is watched; \
              Watched keeps its owner"
)]
fn watch(descriptor: RawFd, interest: Interest) -> io::Result<AsyncFd<RawFd>> {
    AsyncFd::with_interest(descriptor, interest)
}

fn wait_for(descriptor: &AsyncFd<RawFd>, interest: Interest) {
    // tokio forgets that it was ready when a read or write would have to wait.
    let _ =
        descriptor.try_io(interest, |_| io::Result::<()>::Err(io::ErrorKind::WouldBlock.into()));
}
