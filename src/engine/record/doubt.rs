//! A request that was sent and whose answer says nothing, or that got none: what the zone's own name
//! servers have then says whether it was carried out. They are asked soon, and once more within the
//! minute, because some providers take their time; otherwise the request is repeated.

use std::net::IpAddr;
use std::time::Duration;

use super::Record;
use crate::dns::Found;
use crate::model::Target;
use crate::time::Now;

/// When the name servers are asked, counted from the end of the request.
const LOOK_UPS: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(45)];

/// A request whose outcome the zone's own name servers are to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Doubt {
    /// The address that was sent.
    address: IpAddr,
    /// When the request ended, since boot.
    since: Duration,
    /// How often the name servers were asked.
    asked: usize,
    /// Whether they are being asked.
    asking: bool,
}

impl Doubt {
    /// A request with `address` has ended at `since`.
    pub(super) fn new(address: IpAddr, since: Duration) -> Self {
        Self { address, since, asked: 0, asking: false }
    }
}

impl Record {
    /// When the name servers are to be asked whether they have what was sent, since boot.
    pub fn doubt_at(&self) -> Option<Duration> {
        let doubt = self.remote.doubt.as_ref()?;
        if doubt.asking || self.is_busy() || self.wish.address != Some(doubt.address) {
            return None;
        }
        Some(doubt.since.saturating_add(*LOOK_UPS.get(doubt.asked)?))
    }

    /// The name servers are being asked.
    pub fn asks_dns(&mut self) {
        if let Some(doubt) = &mut self.remote.doubt {
            doubt.asking = true;
            doubt.asked += 1;
        }
    }

    /// Whether an answer of the name servers is waited for.
    pub fn is_asking_dns(&self) -> bool {
        self.remote.doubt.is_some_and(|doubt| doubt.asking)
    }

    /// The name servers have answered. Returns whether they have what was sent: then that counts as
    /// accepted.
    pub fn dns_answered(&mut self, answer: &Result<Found, String>, now: Now) -> bool {
        let is_busy = self.is_busy();
        let Some(doubt) = &mut self.remote.doubt else {
            return false;
        };
        doubt.asking = false;
        let address = doubt.address;
        let has_it = match answer {
            Ok(found) => found.authoritative && found.addresses.contains(&address),
            Err(_) => false,
        };
        if !has_it || is_busy || self.wish.address != Some(address) {
            return false;
        }
        // Any earlier request may still be carried out.
        self.accepted(Target::Address(address), Duration::ZERO, now);
        true
    }
}
