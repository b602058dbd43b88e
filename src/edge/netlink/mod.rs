//! The rtnetlink sockets: [`socket`] receives the kernel's events, [`way`] asks for the route to a
//! host.

pub mod socket;
pub mod way;
