//! The connection that a thread keeps for its next request.

use std::sync::Arc;

use socket2::Socket;

use super::connect::Dial;
use crate::edge::stream::Stream;
use crate::model::{Family, Transport};

/// An open connection after a complete answer. The next request may use it.
pub struct KeptConnection {
    pub(super) stream: Stream,
    /// How the connection was opened.
    pub(super) transport: Arc<Transport>,
    /// Scheme, host and port of the server.
    pub(super) origin: String,
    /// The family that the connection had to use; `None` for any.
    pub(super) family: Option<Family>,
    /// Whether the address of the server is public.
    pub(super) host_is_public: bool,
}

impl KeptConnection {
    /// The connection, if a request can use it in place of a new one.
    pub(super) fn for_request(mut self, transport: &Transport, dial: &Dial<'_>) -> Option<Stream> {
        let leads_there = *self.transport == *transport
            && self.origin == dial.target.origin()
            && self.family == dial.family;
        // A server may end it at any time. Data without a request is no answer to the next one (RFC 9112
        // section 9.2).
        if !leads_there || !self.stream.is_quiet() {
            return None;
        }
        dial.call.set_host_is_public(self.host_is_public);
        Some(self.stream)
    }

    pub(super) fn socket(&self) -> &Arc<Socket> {
        &self.stream.tcp().socket
    }
}
