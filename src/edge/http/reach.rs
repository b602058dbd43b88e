//! Tests whether a host accepts connections on a port. LuCI asks that before it saves a name.

use std::io;
use std::net::IpAddr;

use super::race::{self, ConnectError, RaceOptions};
use super::{ATTEMPT_DELAY, CONNECT_TIMEOUT, Shared};
use crate::edge::clock::uptime;
use crate::edge::dns::resolve;
use crate::edge::dns::resolve::Search;
use crate::edge::system_error;
use crate::model::Family;
use crate::time::Duration;

/// Time for connecting, as in ddns-scripts (`nc -w 3`).
const TIMEOUT: Duration = Duration::from_secs(3);

/// Why a host cannot be reached, with a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// Its name does not resolve.
    Unresolved(String),
    /// It has no address of the family.
    WrongFamily(String),
    /// None of its addresses accepts a connection in time.
    NoConnection(String),
}

/// Tests whether `host` accepts connections on `port`.
///
/// # Errors
/// If it does not.
pub fn connects(host: &str, port: u16, family: Option<Family>) -> Result<(), Unreachable> {
    let found = addresses(host, family)?;
    let options = RaceOptions {
        port,
        device: None,
        source: None,
        preferred: Vec::new(),
        remembered: Vec::new(),
        delay: ATTEMPT_DELAY,
        limit: TIMEOUT,
        end: uptime().saturating_add(TIMEOUT),
    };
    match race::connect(Search::of(found), &options, &Shared::default()) {
        Ok(_) => Ok(()),
        Err(error) => {
            let reason = reason(error);
            Err(Unreachable::NoConnection(format!("{host} port {port}: {reason}")))
        }
    }
}

/// The addresses of `host`, only those of `family` if there is one.
fn addresses(host: &str, family: Option<Family>) -> Result<Vec<IpAddr>, Unreachable> {
    // Both families are looked up, because ddns-scripts has another exit code for a name of the other family.
    let mut found = resolve(host, None, CONNECT_TIMEOUT).map_err(Unreachable::Unresolved)?;
    if let Some(family) = family {
        family.keep_own(&mut found);
        if found.is_empty() {
            return Err(Unreachable::WrongFamily(format!("{host} has no {family} address")));
        }
    }
    Ok(found)
}

fn reason(error: ConnectError) -> String {
    match error {
        ConnectError::NotResolved(reason) | ConnectError::NotBound(reason) => reason,
        ConnectError::Unreachable(error) if error.kind() == io::ErrorKind::TimedOut => {
            "no connection in time".to_owned()
        }
        ConnectError::Unreachable(error) => system_error::system(&error),
    }
}
