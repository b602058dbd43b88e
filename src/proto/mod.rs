//! The protocols between bytes and values: the kernel's rtnetlink, ubus (netifd), the control socket, and
//! those of gateways. [`edge`](crate::edge) sends and receives the bytes.

pub mod control;
pub mod gateway;
pub mod leases;
pub mod netlink;
pub mod ubus;
