//! The protocols of this machine, between bytes and values: the kernel's rtnetlink, ubus (netifd),
//! and the control socket. [`edge`](crate::edge) sends and receives the bytes.

pub mod control;
pub mod netlink;
pub mod ubus;
