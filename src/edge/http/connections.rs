//! The open connections, so that the event loop can end them.
//!
//! A request gets no answer any more when its source address is removed. If it were not ended, its
//! records would wait for the time-out before the new address is sent.

use std::net::{IpAddr, Shutdown};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use socket2::Socket;

/// All sockets that are used by a request.
#[derive(Default)]
pub struct Connections(Mutex<Vec<Weak<Socket>>>);

impl Connections {
    /// Adds `socket`. It is in the list as long as the returned reference exists.
    pub(super) fn add(&self, socket: Socket) -> Arc<Socket> {
        let socket = Arc::new(socket);
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|known| known.strong_count() > 0);
        open.push(Arc::downgrade(&socket));
        socket
    }

    /// Ends the connections with the source address `address`. Threads that wait for them get an error
    /// at once.
    pub fn cut(&self, address: IpAddr) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|known| known.upgrade().is_some_and(|socket| !cut_off(&socket, address)));
    }

    /// Whether `socket` was not ended by [`Self::cut`].
    pub(super) fn has(&self, socket: &Arc<Socket>) -> bool {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.iter().any(|known| known.as_ptr() == Arc::as_ptr(socket))
    }
}

/// Ends the connection of `socket` if `address` is its source address. Returns whether it is.
fn cut_off(socket: &Socket, address: IpAddr) -> bool {
    let source = socket.local_addr().ok().and_then(|local| local.as_socket());
    if source.is_none_or(|source| source.ip() != address) {
        return false;
    }
    // The thread that waits for the socket owns it. A shutdown wakes that thread. It fails if the connection has just
    // ended.
    let _ = socket.shutdown(Shutdown::Both);
    true
}
