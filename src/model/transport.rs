//! How a section's requests reach the provider: device, source address, proxy, certificates.

use std::net::IpAddr;
use std::path::PathBuf;

use super::{Family, Proxy};

/// `User-Agent` of requests, unless `user_agent` is set: maker, program, system and version, as No-IP
/// (<https://www.noip.com/integrate/request>) and Dyn (<https://help.dyn.com/remote-access-api/policies>)
/// want it. There is no company and no address of a maintainer, so none is given.
pub const USER_AGENT: &str = concat!("ddns-netlink ddns-netlink/Linux-", env!("CARGO_PKG_VERSION"));

/// How a section's requests reach the provider.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Transport {
    /// `cacert`: the certificate authorities that server certificates are checked against.
    pub trust: Trust,
    /// `proxy`: the HTTP proxy that all requests go to.
    pub proxy: Option<Proxy>,
    /// `bind_network`: send only through this device (`SO_BINDTODEVICE`).
    pub device: Option<String>,
    /// Send from this address. There is no option for it: the engine sets it for providers that
    /// store the source address of the request.
    pub source: Option<IpAddr>,
    /// `force_ipversion`: connect only over this family. `Some` only when forced.
    pub family: Option<Family>,
    /// `user_agent`, or ours.
    pub user_agent: String,
}

/// The certificate authorities that server certificates are checked against.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// The system's bundle: `/etc/ssl/certs/ca-certificates.crt`, then `/etc/ssl/cert.pem`.
    #[default]
    System,
    /// A PEM file.
    File(PathBuf),
    /// A directory of PEM files.
    Directory(PathBuf),
    /// `IGNORE`: certificates are not checked; a warning says so at every start.
    Nothing,
}
