//! The registered address: the address of a record in DNS, looked up after a start.
//!
//! LuCI shows it. It also reveals a record that somebody changed or deleted while the daemon did not run:
//! that record is sent again, once, at the usual pace. The outcome of a request in doubt is looked up, too
//! (`record/doubt.rs`). No other request waits for DNS. A resolver's answer is only shown, because its
//! cache may be hours old. An answer of the zone's own name servers counts.
//!
//! An answer from DNS cannot cause a series of requests. It counts only against an address that an earlier
//! run published. If DNS does not change although that address was sent again, the state file notes that
//! sending does not help: the record is proxied, or others hold the same name.

use std::net::IpAddr;
use std::time::Duration;

use super::pace::Backoff;
use super::report;
use crate::config::Lookup;
use crate::dns::Found;
use crate::time::Now;
use crate::time::duration;

/// The first pause after a look-up that failed. At boot the resolver answers a moment later.
const RETRY: Duration = Duration::from_secs(60);
/// After this many failures in a row, no look-up follows until the network changes. A cause that lasts so
/// long, such as a blocked port, does not pass by itself.
const TRIES: u32 = 5;

/// The registered addresses of one family.
#[derive(Clone, Debug, Default)]
pub struct Registered {
    /// No look-up is needed: one is on its way, was answered or failed too often.
    pub(super) asked: bool,
    answer: Option<Result<Found, String>>,
    answered_at: Duration,
    pub(super) backoff: Backoff,
}

impl Registered {
    /// Takes in the answer of a look-up.
    pub(super) fn answered(&mut self, answer: Result<Found, String>, now: Now, jitter: u32) {
        match &answer {
            Ok(_) => self.backoff.reset(),
            Err(_) => {
                self.backoff.failed(now.up, RETRY, jitter);
                // A change of the network clears this.
                self.asked = self.backoff.attempts() >= TRIES;
            }
        }
        self.answer = Some(answer);
        self.answered_at = now.up;
    }

    /// Whether no look-up is needed.
    pub fn is_asked(&self) -> bool {
        self.asked
    }

    /// The router has another network now: a look-up that failed over the old one is repeated.
    pub fn network_changed(&mut self) {
        if let Some(Err(_)) = self.answer {
            *self = Self::default();
        }
    }

    /// The addresses that the last look-up found; none if it failed.
    pub fn addresses(&self) -> &[IpAddr] {
        match &self.answer {
            Some(Ok(found)) => &found.addresses,
            Some(Err(_)) | None => &[],
        }
    }

    /// Whether the zone's own name servers have `published`; `None` if they did not answer.
    pub(super) fn confirms(&self, published: IpAddr) -> Option<bool> {
        match &self.answer {
            Some(Ok(found)) if found.authoritative => Some(found.addresses.contains(&published)),
            // A resolver may answer from its cache.
            Some(_) | None => None,
        }
    }

    /// The addresses that the zone's own name servers had if `published` was not one of them. `since` is when
    /// it was published, since boot, if it was in this run.
    pub fn instead_of(&self, published: IpAddr, since: Option<Duration>) -> &[IpAddr] {
        let is_outdated = since.is_some_and(|since| since >= self.answered_at);
        if is_outdated || self.confirms(published) != Some(false) {
            return &[];
        }
        self.addresses()
    }

    /// The result of the last look-up, in words.
    pub fn explain(&self, lookup: &Lookup, now: Now) -> String {
        let ago = duration::seconds(now.up.saturating_sub(self.answered_at));
        match &self.answer {
            None if self.asked => "being looked up".into(),
            None => "not looked up yet".into(),
            Some(Err(why)) => format!("could not be looked up {ago} ago: {why}"),
            Some(Ok(found)) => {
                let server = lookup.server.as_ref().map(ToString::to_string);
                let whose = match (&server, found.authoritative) {
                    (Some(server), _) => server.as_str(),
                    (None, false) => "a resolver",
                    (None, true) if lookup.glue => "the parent zone's name servers",
                    (None, true) => "its zone's own name servers",
                };
                let (host, addresses) = (&lookup.host, report::list(&found.addresses));
                format!("{host} has {addresses} according to {whose}, {ago} ago")
            }
        }
    }
}
