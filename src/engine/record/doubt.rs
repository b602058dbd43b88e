//! A request that was sent and whose answer says nothing, or that got none: what the zone's own name
//! servers have then says whether it was carried out. They are asked soon, and once more within the
//! minute, because some providers take their time; otherwise the request is repeated.

use std::net::IpAddr;
use std::time::Duration;

use super::Record;
use crate::dns::Found;
use crate::time::Now;

/// When the name servers are asked, counted from the end of the request.
const LOOK_UPS: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(45)];

/// A request whose outcome the zone's own name servers are to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Doubt {
    /// What was sent.
    address: IpAddr,
    /// When the request ended, since boot.
    since: Duration,
    /// How often the name servers were asked.
    asked: usize,
    /// They are being asked.
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
        let doubt = self.doubt.as_ref()?;
        let open = !doubt.asking && !self.is_busy() && self.desired == Some(doubt.address);
        let after = LOOK_UPS.get(doubt.asked).filter(|_| open)?;
        Some(doubt.since.saturating_add(*after))
    }

    /// The name servers are being asked.
    pub fn asks_dns(&mut self) {
        if let Some(doubt) = &mut self.doubt {
            doubt.asking = true;
            doubt.asked += 1;
        }
    }

    /// Whether an answer of the name servers is waited for.
    pub fn is_asking_dns(&self) -> bool {
        self.doubt.is_some_and(|doubt| doubt.asking)
    }

    /// The name servers have answered. Whether they have what was sent: then that counts as accepted.
    pub fn dns_answered(&mut self, answer: &Result<Found, String>, now: Now) -> bool {
        let Some(doubt) = &mut self.doubt else {
            return false;
        };
        doubt.asking = false;
        let address = doubt.address;
        let has_it = match answer {
            Ok(found) => found.authoritative && found.addresses.contains(&address),
            Err(_) => false,
        };
        let open = !self.is_busy() && self.desired == Some(address);
        if has_it && open {
            // Any earlier request may still be carried out.
            self.accepted(Some(address), Duration::ZERO, now);
        }
        has_it && open
    }
}
