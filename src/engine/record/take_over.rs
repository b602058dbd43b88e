//! This router takes over from another one that published the same name. What the provider has now is not
//! known here, so the zone's own name servers are asked first. If they have the address already, nothing is
//! sent. If they have another one, or do not answer soon, the address is sent.

use std::net::IpAddr;

use super::Record;
use super::doubt::Doubt;
use super::remote::Remote;
use crate::time::{Duration, Now};

/// The longest wait for the name servers. Until then callers are sent to the other router.
const PATIENCE: Duration = Duration::from_millis(500);

impl Record {
    /// Another router may have published until now: nothing that is known of the provider's state counts.
    pub fn take_over(&mut self) {
        // When this router published last counts for the next refresh, if DNS has its address.
        let accepted_wall = self.remote.accepted_wall;
        self.remote =
            Remote { accepted_wall, is_void: true, was_taken_over: true, ..Remote::default() };
        // A refusal of the name or the account still holds: the other router has the same account.
        if self.refusal.as_ref().is_some_and(|refusal| refusal.only.is_some()) {
            self.refusal = None;
        }
        self.trouble = None;
        self.pace.backoff.reset();
        self.wish.is_requested = false;
        // The other router had the name, so a loss before this moment is no reason to remove it.
        self.suspend();
    }

    /// Has `address` compared with DNS before it is sent, if nothing is known of the provider's state.
    pub(super) fn compare(&mut self, address: IpAddr, now: Now) {
        if !self.remote.is_void {
            return;
        }
        self.remote.is_void = false;
        if !self.is_busy() {
            self.remote.doubt = Some(Doubt::taken_over(address, now.up));
            self.wish.settling.wait_until(now.up.saturating_add(PATIENCE));
        }
    }
}
