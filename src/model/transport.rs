//! How requests travel.

use std::net::IpAddr;
use std::path::PathBuf;

use super::Family;
use super::secret::Secret;

/// What requests call the program, unless `user_agent` is set.
pub const USER_AGENT: &str =
    concat!("ddns-netlink/", env!("CARGO_PKG_VERSION"), " (OpenWrt; dynamic DNS client)");

/// How a section's requests travel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Transport {
    /// `cacert`: what server certificates are checked against.
    pub trust: Trust,
    /// `proxy`: HTTP proxy as `[user:pass@]host:port`.
    pub proxy: Option<Secret>,
    /// `bind_network`: send only through this device (`SO_BINDTODEVICE`).
    pub device: Option<String>,
    /// Send from this address. No option: the engine sets it where the provider stores the address
    /// that it sees.
    pub source: Option<IpAddr>,
    /// `force_ipversion`: connect only over this family. `Some` only when forced.
    pub family: Option<Family>,
    /// `user_agent`, or ours.
    pub user_agent: String,
}

/// What server certificates are checked against.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// The system's bundle: `/etc/ssl/certs/ca-certificates.crt`, then `/etc/ssl/cert.pem`.
    System,
    /// A PEM file.
    File(PathBuf),
    /// A directory of PEM files.
    Directory(PathBuf),
    /// `IGNORE`: not checked at all; warned about at every start.
    Nothing,
}
