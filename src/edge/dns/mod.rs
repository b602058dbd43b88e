//! DNS over sockets: look-ups, updates, and the addresses of hosts.

mod ask;
mod changes;
mod channel;
pub(crate) mod resolve;
mod send;
pub(crate) mod wire;

pub use crate::dns::resolv::PORT;
pub use ask::{DnsTransport, look_up};
pub use changes::network_changed;
pub use resolve::resolve;
pub(crate) use send::send;
