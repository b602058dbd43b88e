//! Whether somebody listens where the user says so: what LuCI asks before it saves a name.

use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use super::call::Deadline;
use super::proxy::Proxy;
use super::resolve::HostCache;
use super::{CONNECT_TIMEOUT, failure};
use crate::config::Family;
use crate::secret::Secret;

/// Time for the connection, as in ddns-scripts (`nc -w 3`).
const TIME: Duration = Duration::from_secs(3);

/// Why a host cannot be used, as a sentence each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// What was given has no sound port.
    Port(String),
    /// Its name does not resolve.
    Unresolved(String),
    /// It has no address of the family.
    WrongFamily(String),
    /// None of its addresses takes a connection in time.
    NoConnection(String),
}

/// The addresses of `host`, an address or a name, as the system's resolver has them.
///
/// # Errors
/// A sentence with the host's name.
pub fn resolve(
    host: &str,
    port: u16,
    family: Option<Family>,
    time: Duration,
) -> Result<Vec<SocketAddr>, String> {
    HostCache::default().resolve(host, port, family, false, Deadline::after(time))
}

/// Whether `host` takes connections on `port`.
///
/// # Errors
/// Why not.
pub fn connects(host: &str, port: u16, family: Option<Family>) -> Result<(), Unreachable> {
    let mut found = resolve(host, port, None, CONNECT_TIMEOUT).map_err(Unreachable::Unresolved)?;
    if let Some(family) = family {
        found.retain(|address| Family::of(address.ip()) == family);
        if found.is_empty() {
            return Err(Unreachable::WrongFamily(format!("{host} has no {family} address")));
        }
    }
    let end = Deadline::after(TIME);
    let mut why = String::from("no connection in time");
    for address in found {
        let left = end.left();
        if left.is_zero() {
            break;
        }
        match connect(address, left) {
            Ok(()) => return Ok(()),
            Err(error) => why = failure::system(&error),
        }
    }
    Err(Unreachable::NoConnection(format!("{host} port {port}: {why}")))
}

/// Whether `proxy` can be used: `[user:pass@]host:port` as in the option.
///
/// # Errors
/// Why not, without its password.
pub fn verify_proxy(proxy: &Secret, family: Option<Family>) -> Result<(), Unreachable> {
    let proxy = Proxy::parse(proxy).map_err(Unreachable::Port)?;
    connects(&proxy.host, proxy.port, family)
}

fn connect(address: SocketAddr, time: Duration) -> std::io::Result<()> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.connect_timeout(&address.into(), time)
}
