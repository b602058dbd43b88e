//! The connections that are open, so that they can be ended from outside.
//!
//! A request that left from an address which is gone can get no answer: without this it would hold
//! up its records until the time-out, while the new address waits.

use std::net::{IpAddr, Shutdown};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use socket2::Socket;

/// Every socket that a request uses now.
#[derive(Default)]
pub struct Connections(Mutex<Vec<Weak<Socket>>>);

impl Connections {
    /// Notes `socket` for as long as somebody holds it.
    pub(super) fn add(&self, socket: Socket) -> Arc<Socket> {
        let socket = Arc::new(socket);
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|known| known.strong_count() > 0);
        open.push(Arc::downgrade(&socket));
        socket
    }

    /// Ends the connections that come from `address`: whoever waits for them gets an error at once.
    pub fn cut(&self, address: IpAddr) {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for socket in open.iter().filter_map(Weak::upgrade) {
            let local = socket.local_addr().ok().and_then(|local| local.as_socket());
            if local.is_some_and(|local| local.ip() == address) {
                // It may have ended by itself a moment ago.
                let _ = socket.shutdown(Shutdown::Both);
            }
        }
    }
}
