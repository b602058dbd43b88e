//! Support for the end-to-end tests. The demo and the benches include single modules of it with
//! `#[path]`.

#![allow(unreachable_pub, reason = "as in each module")]

pub mod browser;
pub mod daemon;
pub mod dns;
pub mod events;
pub mod gateway;
pub mod initramfs;
pub mod luci;
pub mod named;
pub mod process;
pub mod provider;
pub mod resolver;
pub mod router;
pub mod scene;
pub mod skip;
pub mod tls;
pub mod ubus;
