//! Signals. They are blocked, so that the kernel keeps them pending until the event loop reads them (man 2
//! signalfd).

use std::io;

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::runtime::watched;

/// The signals that some command of this program blocks. A program that it starts is to be ended by them as
/// usual.
pub(super) const BLOCKED: [Signal; 5] =
    [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGUSR1, Signal::SIGXFSZ];

/// Blocks `signals` from now on: they stay pending, and do not end this process. Threads that are started
/// from here on block them, too.
///
/// # Errors
/// If the kernel refuses it.
pub fn block(signals: &[Signal]) -> io::Result<SigSet> {
    let set = SigSet::from_iter(signals.iter().copied());
    set.thread_block()?;
    Ok(set)
}

/// The pending signals, as a queue that can be waited for.
#[derive(Debug)]
pub struct Signals(AsyncFd<SignalFd>);

impl Signals {
    /// Blocks `signals`, and gives them one by one. Must be called within a tokio runtime with I/O.
    ///
    /// # Errors
    /// If the kernel refuses it, for example for want of a descriptor.
    pub fn open(signals: &[Signal]) -> io::Result<Self> {
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        Ok(Self(watched(SignalFd::with_flags(&block(signals)?, flags)?)?))
    }

    /// The next signal. Cancel-safe.
    pub async fn next(&self) -> Signal {
        loop {
            // A read fails only if no signal is pending, and then the next turn waits for one (man 2
            // signalfd).
            let arrived = self.0.async_io(Interest::READABLE, read).await;
            if let Ok(Ok(signal)) = arrived.map(Signal::try_from) {
                return signal;
            }
        }
    }
}

/// The number of a signal that has arrived.
fn read(signals: &SignalFd) -> io::Result<i32> {
    let arrived = signals.read_signal()?.ok_or(io::ErrorKind::WouldBlock)?;
    i32::try_from(arrived.ssi_signo).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::signal::raise;

    #[test]
    fn a_signal_is_pending_until_it_is_read() {
        // Of this thread only: other tests run in other threads.
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.unwrap().block_on(async {
                    let signals = Signals::open(&[Signal::SIGUSR1]).unwrap();
                    raise(Signal::SIGUSR1).unwrap();
                    assert_eq!(signals.next().await, Signal::SIGUSR1);
                    let patience = std::time::Duration::from_millis(20);
                    assert!(tokio::time::timeout(patience, signals.next()).await.is_err());
                });
            });
        });
    }
}
