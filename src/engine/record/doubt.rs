//! A request in doubt: it was sent, but its answer was lost or unclear. The zone's own name servers show
//! whether the provider carried it out. They are asked soon, and once more within the minute, because some
//! providers are slow to update them. If they do not have the address, the request is repeated.

use std::net::IpAddr;

use super::Record;
use crate::dns::Found;
use crate::model::Target;
use crate::time::{Duration, Now};

/// The times of the look-ups, counted from the end of the request: soon, and once more for providers that
/// are slow to update their name servers.
const LOOK_UPS: &[Duration] = &[Duration::from_secs(5), Duration::from_secs(45)];
/// The time of the look-up after this router has taken over from another one: at once.
const AT_ONCE: &[Duration] = &[Duration::ZERO];

/// A request whose outcome is looked up at the zone's own name servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Doubt {
    /// The address that was sent.
    address: IpAddr,
    /// When the request ended, since boot.
    since: Duration,
    /// The number of look-ups until now.
    asked: usize,
    /// Whether a look-up is on its way.
    asking: bool,
    /// When it is looked up, counted from `since`.
    times: &'static [Duration],
}

impl Doubt {
    /// A request for `address` that ended at `since`, since boot.
    pub(super) fn new(address: IpAddr, since: Duration) -> Self {
        Self { address, since, asked: 0, asking: false, times: LOOK_UPS }
    }

    /// Another router may have published `address` before this one took over at `since`, since boot.
    pub(super) fn taken_over(address: IpAddr, since: Duration) -> Self {
        Self { times: AT_ONCE, ..Self::new(address, since) }
    }
}

impl Record {
    /// When the name servers are to be asked whether they have the address, since boot; `None` if they need
    /// not be.
    pub fn doubt_at(&self) -> Option<Duration> {
        let doubt = self.remote.doubt.as_ref()?;
        // A newer request or address is sent in any case, so the answer would not matter.
        if doubt.asking || self.is_busy() || self.wish.address != Some(doubt.address) {
            return None;
        }
        Some(doubt.since.saturating_add(*doubt.times.get(doubt.asked)?))
    }

    /// Notes that the look-up is on its way.
    pub fn asks_about_doubt(&mut self) {
        if let Some(doubt) = &mut self.remote.doubt {
            doubt.asking = true;
            doubt.asked += 1;
        }
    }

    /// Whether the look-up is on its way.
    pub fn is_asking_about_doubt(&self) -> bool {
        self.remote.doubt.is_some_and(|doubt| doubt.asking)
    }

    /// Takes in the answer of the name servers. Returns whether they have the address: then the request
    /// counts as accepted.
    pub fn doubt_answered(&mut self, answer: &Result<Found, String>, now: Now) -> bool {
        let is_busy = self.is_busy();
        let Some(doubt) = &mut self.remote.doubt else {
            return false;
        };
        doubt.asking = false;
        let address = doubt.address;
        let is_awaited = doubt.times == AT_ONCE;
        let Some(found) = confirming(answer, address) else {
            if is_awaited {
                // The name servers have not confirmed the address, so a longer wait would only delay the request.
                self.wish.settling.end();
            }
            return false;
        };
        // A newer request, or another desired address, makes the answer worthless.
        if is_busy || self.wish.address != Some(address) {
            return false;
        }
        // DNS does not show when this was carried out. So it counts as sent at time zero, and any request without an
        // answer may follow it.
        let accepted_before = self.remote.accepted_wall;
        self.accepted(Target::Address(address), Duration::ZERO, now);
        self.confirmed(found.addresses.len() == 1);
        if !is_awaited {
            // After a take-over DNS is asked again, because the other router may be late.
            self.registered.has_shown(found.clone(), now);
        } else if accepted_before.is_some() {
            // Nothing was sent, so a refresh is due when it was.
            self.remote.accepted_wall = accepted_before;
        }
        true
    }
}

/// The answer, if the zone's own name servers have `address`.
fn confirming(answer: &Result<Found, String>, address: IpAddr) -> Option<&Found> {
    let found = answer.as_ref().ok()?;
    if found.authoritative && found.addresses.contains(&address) { Some(found) } else { None }
}
