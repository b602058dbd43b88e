//! What others on this machine say to the daemon and hear from it, as bytes and values: the kernel
//! over rtnetlink, netifd over ubus, and people over the control socket. [`edge`](crate::edge) moves
//! the bytes.

pub mod control;
pub mod netlink;
pub mod ubus;
