//! Signals. They are blocked, so that the kernel keeps them pending until the event loop reads them (man 2
//! signalfd).

use std::io;
use std::task::Context;

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::runtime::Watched;

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
pub struct Signals(Watched<SignalFd>);

impl Signals {
    /// Blocks `signals`, and gives them one by one. Must be called within a tokio runtime with I/O.
    ///
    /// # Errors
    /// If the kernel refuses it, for example for want of a descriptor.
    pub fn open(signals: &[Signal]) -> io::Result<Self> {
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        Ok(Self(Watched::new(SignalFd::with_flags(&block(signals)?, flags)?)?))
    }

    /// Whether a signal may have arrived.
    pub fn is_ready(&self, context: &mut Context<'_>) -> bool {
        self.0.is_readable(context)
    }

    /// The next signal; `None` if none is pending.
    pub fn next(&self) -> Option<Signal> {
        // A read fails only if no signal is pending (man 2 signalfd).
        let Ok(Some(arrived)) = self.0.get().read_signal() else {
            self.0.wait_to_read();
            return None;
        };
        Signal::try_from(i32::try_from(arrived.ssi_signo).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::runtime::wait;
    use nix::sys::signal::raise;

    #[test]
    fn a_signal_is_pending_until_it_is_read() {
        // Of this thread only: other tests run in other threads.
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.unwrap().block_on(async {
                    let signals = Signals::open(&[Signal::SIGUSR1]).unwrap();
                    assert_eq!(signals.next(), None);
                    raise(Signal::SIGUSR1).unwrap();
                    wait(None, &mut |context| signals.is_ready(context)).await;
                    assert_eq!(signals.next(), Some(Signal::SIGUSR1));
                    assert_eq!(signals.next(), None);
                });
            });
        });
    }
}
