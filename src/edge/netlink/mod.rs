//! The rtnetlink sockets: [`socket`] receives the kernel's events, [`way`] asks for the route to a
//! host, [`neighbours`] follows hosts of the local network.

pub mod neighbours;
pub mod socket;
pub mod way;
