//! What other threads send to the event loop.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::task::Context;

use nix::sys::eventfd::{EfdFlags, EventFd};

use super::runtime::Watched;
use crate::model::fifo::Fifo;

/// A queue between threads: any thread adds to it, and the event loop waits until something is in it.
#[derive(Debug)]
pub struct Mailbox<T> {
    queue: Mutex<Fifo<T>>,
    /// Can be read once for each letter.
    count: Watched<EventFd>,
}

impl<T> Mailbox<T> {
    /// An empty queue. Must be called within a tokio runtime with I/O.
    ///
    /// # Errors
    /// If there is no descriptor for it.
    pub fn new() -> io::Result<Self> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_SEMAPHORE;
        Ok(Self { queue: Mutex::default(), count: Watched::new(EventFd::from_flags(flags)?)? })
    }

    /// Adds `letter` behind all others.
    pub fn send(&self, letter: T) {
        // The letter comes before its count: who has read the count finds the letter.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).push(letter);
        // This fails only if nobody has waited for 2^64 letters.
        let _ = self.count.get().write(1);
    }

    /// Whether there may be a letter.
    pub fn is_ready(&self, context: &mut Context<'_>) -> bool {
        self.count.is_readable(context)
    }

    /// Takes the letter that was sent first; `None` if there is none now.
    pub fn take(&self) -> Option<T> {
        // A read fails only if no letter waits (man 2 eventfd).
        if self.count.get().read().is_err() {
            self.count.wait_to_read();
            return None;
        }
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::runtime::wait;
    use crate::time::Duration;

    /// Whether a letter waits, within `patience`.
    async fn arrives(mailbox: &Mailbox<i32>, patience: Duration) -> bool {
        let mut is_ready = false;
        wait(Some(patience), &mut |context| {
            is_ready = mailbox.is_ready(context);
            is_ready
        })
        .await;
        is_ready
    }

    #[test]
    fn letters_of_other_threads_arrive_in_order() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mailbox = Mailbox::new().unwrap();
            let (long, short) = (Duration::from_secs(10), Duration::from_millis(20));
            assert_eq!(mailbox.take(), None);
            assert!(!arrives(&mailbox, short).await);
            std::thread::scope(|scope| {
                scope.spawn(|| mailbox.send(1));
            });
            mailbox.send(2);
            assert!(arrives(&mailbox, long).await);
            assert_eq!(mailbox.take(), Some(1));
            assert!(arrives(&mailbox, long).await, "for the second one");
            assert_eq!(mailbox.take(), Some(2));
            assert_eq!(mailbox.take(), None);
            assert!(!arrives(&mailbox, short).await);
            mailbox.send(3);
            assert!(arrives(&mailbox, long).await);
            assert_eq!(mailbox.take(), Some(3));
        });
    }
}
