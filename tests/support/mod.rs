//! What the end-to-end tests stand on. Each module but `scene` is plain std (and rustls) code that
//! can also be taken alone with `#[path]`, as the demo and the bench do.

#![allow(unreachable_pub, reason = "as in each module")]

pub mod daemon;
pub mod dns;
pub mod events;
pub mod initramfs;
pub mod named;
pub mod process;
pub mod provider;
pub mod resolver;
pub mod router;
pub mod scene;
pub mod skip;
pub mod tls;
pub mod ubus;
