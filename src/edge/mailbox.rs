//! What other threads send to the event loop.

use std::io;
use std::sync::{Mutex, PoisonError};

use nix::sys::eventfd::{EfdFlags, EventFd};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::runtime::watched;
use crate::model::fifo::Fifo;

/// A queue between threads: any thread adds to it, and the event loop waits until something is in it.
#[derive(Debug)]
pub struct Mailbox<T> {
    queue: Mutex<Fifo<T>>,
    event: AsyncFd<EventFd>,
}

impl<T> Mailbox<T> {
    /// An empty queue. Must be called within a tokio runtime with I/O.
    ///
    /// # Errors
    /// If there is no descriptor for it.
    pub fn new() -> io::Result<Self> {
        let event = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?;
        Ok(Self { queue: Mutex::default(), event: watched(event)? })
    }

    /// Adds `letter` behind all others.
    pub fn send(&self, letter: T) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).push(letter);
        // This fails only if nobody has waited for 2^64 letters.
        let _ = self.event.get_ref().write(1);
    }

    /// Takes the letter that was sent first; `None` if there is none now.
    pub fn take(&self) -> Option<T> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Waits for the next letter. Cancel-safe.
    pub async fn next(&self) -> T {
        loop {
            if let Some(letter) = self.take() {
                return letter;
            }
            // A read fails only if nothing was sent since the last one, and then the next turn waits (man 2
            // eventfd).
            let _ = self.event.async_io(Interest::READABLE, |event| Ok(event.read()?)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn letters_of_other_threads_arrive_in_order() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mailbox = Mailbox::new().unwrap();
            std::thread::scope(|scope| {
                scope.spawn(|| mailbox.send(1));
            });
            mailbox.send(2);
            assert_eq!(mailbox.next().await, 1);
            assert_eq!(mailbox.next().await, 2);
            assert_eq!(mailbox.take(), None);
            let patience = Duration::from_millis(20);
            assert!(tokio::time::timeout(patience, mailbox.next()).await.is_err());
            mailbox.send(3);
            assert_eq!(mailbox.next().await, 3);
        });
    }
}
