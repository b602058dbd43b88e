//! Whether somebody listens where the user says so: what LuCI asks before it saves a name.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::race::{self, Course, Lost};
use super::{ATTEMPT_DELAY, CONNECT_TIMEOUT, Shared};
use crate::edge::clock::uptime;
use crate::edge::dns::resolve;
use crate::edge::dns::resolve::Search;
use crate::edge::system_error;
use crate::model::Family;

/// Time for the connection, as in ddns-scripts (`nc -w 3`).
const TIME: Duration = Duration::from_secs(3);

/// Why a host cannot be used, as a sentence each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// Its name does not resolve.
    Unresolved(String),
    /// It has no address of the family.
    WrongFamily(String),
    /// None of its addresses takes a connection in time.
    NoConnection(String),
}

/// Whether `host` takes connections on `port`.
///
/// # Errors
/// Why not.
pub fn connects(host: &str, port: u16, family: Option<Family>) -> Result<(), Unreachable> {
    let found = resolve(host, port, None, CONNECT_TIMEOUT).map_err(Unreachable::Unresolved)?;
    let mut found: Vec<IpAddr> = found.iter().map(SocketAddr::ip).collect();
    if let Some(family) = family {
        found.retain(|address| Family::of(*address) == family);
        if found.is_empty() {
            return Err(Unreachable::WrongFamily(format!("{host} has no {family} address")));
        }
    }
    let course = Course {
        port,
        device: None,
        source: None,
        preferred: Vec::new(),
        remembered: Vec::new(),
        delay: ATTEMPT_DELAY,
        limit: TIME,
        end: uptime().saturating_add(TIME),
    };
    let why = match race::connect(Search::of(found), &course, &Shared::default()) {
        Ok(_) => return Ok(()),
        Err(Lost::NotResolved(why) | Lost::Unbound(why)) => why,
        Err(Lost::Unreachable(error)) if error.kind() == io::ErrorKind::TimedOut => {
            "no connection in time".to_owned()
        }
        Err(Lost::Unreachable(error)) => system_error::system(&error),
    };
    Err(Unreachable::NoConnection(format!("{host} port {port}: {why}")))
}
