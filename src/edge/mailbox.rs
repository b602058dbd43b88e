//! What other threads send to the event loop.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::sync::{Mutex, PoisonError};

use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::model::fifo::Fifo;

/// A queue between threads: any thread adds to it, and the event loop waits until something is in it.
#[derive(Debug)]
pub struct Mailbox<T> {
    queue: Mutex<Fifo<T>>,
    /// Counts the letters (`EFD_SEMAPHORE`, man 2 eventfd).
    count: EventFd,
}

impl<T> Mailbox<T> {
    /// An empty queue.
    ///
    /// # Errors
    /// If there is no descriptor for it.
    pub fn new() -> io::Result<Self> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_SEMAPHORE;
        Ok(Self { queue: Mutex::default(), count: EventFd::from_flags(flags)? })
    }

    /// What is readable while letters wait.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.count.as_fd()
    }

    /// Adds `letter` behind all others.
    pub fn send(&self, letter: T) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).push(letter);
        // This fails only if nobody has waited for 2^64 letters.
        let _ = self.count.write(1);
    }

    /// Takes the letter that was sent first; `None` if there is none now.
    pub fn take(&self) -> Option<T> {
        // A read fails only if no letter waits.
        self.count.read().ok()?;
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::edge::clock;
    use crate::edge::wait::{Source, Wait};

    fn waits(mailbox: &Mailbox<i32>, millis: u64) -> bool {
        let mut wait = Wait::default();
        wait.read(Source::Threads, Some(mailbox.descriptor()));
        wait.until(Some(clock::uptime().saturating_add(Duration::from_millis(millis))));
        wait.run() == [Source::Threads]
    }

    #[test]
    fn letters_of_other_threads_arrive_in_order() {
        let mailbox = Mailbox::new().unwrap();
        assert_eq!(mailbox.take(), None);
        assert!(!waits(&mailbox, 20));
        std::thread::scope(|scope| {
            scope.spawn(|| mailbox.send(1));
            assert!(waits(&mailbox, 10_000));
        });
        mailbox.send(2);
        assert_eq!(mailbox.take(), Some(1));
        assert!(waits(&mailbox, 0), "for the second one");
        assert_eq!(mailbox.take(), Some(2));
        assert_eq!(mailbox.take(), None);
        assert!(!waits(&mailbox, 20));
        mailbox.send(3);
        assert_eq!(mailbox.take(), Some(3));
    }
}
