//! Signals. They are blocked, so that the kernel keeps them pending until the event loop reads them (man 2
//! signalfd).

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

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
pub struct Signals(SignalFd);

impl Signals {
    /// Blocks `signals`, and gives them one by one.
    ///
    /// # Errors
    /// If the kernel refuses it, for example for want of a descriptor.
    pub fn open(signals: &[Signal]) -> io::Result<Self> {
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        Ok(Self(SignalFd::with_flags(&block(signals)?, flags)?))
    }

    /// What is readable while a signal is pending.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// The next signal, if one is pending.
    pub fn next(&self) -> Option<Signal> {
        // A read fails only if no signal is pending (man 2 signalfd).
        let arrived = self.0.read_signal().ok()??;
        Signal::try_from(i32::try_from(arrived.ssi_signo).ok()?).ok()
    }
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
                let signals = Signals::open(&[Signal::SIGUSR1]).unwrap();
                assert_eq!(signals.next(), None);
                raise(Signal::SIGUSR1).unwrap();
                assert_eq!(signals.next(), Some(Signal::SIGUSR1));
                assert_eq!(signals.next(), None);
            });
        });
    }
}
