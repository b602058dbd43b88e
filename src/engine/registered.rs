//! The registered address: the address of a record in DNS, as it was looked up last.
//!
//! LuCI shows it. It also reveals that somebody has changed or deleted the record (`record/difference.rs`). The
//! outcome of a request in doubt is looked up, too (`record/doubt.rs`). No other request waits for DNS. A
//! resolver's answer is only shown, because its cache may be hours old. An answer of the zone's own name servers
//! counts.
//!
//! A look-up follows an event and never a regular timer: the start, an address that the provider has accepted
//! (once it had the time to reach the name servers), another network, and the end of a pause between two
//! corrections.

use std::mem;
use std::net::IpAddr;

use super::pace::Backoff;
use crate::config::Lookup;
use crate::dns::{Dnssec, Found};
use crate::model::address::list;
use crate::time::duration;
use crate::time::{Duration, Now};

/// The first pause after a look-up that failed. At boot the resolver answers a moment later.
const RETRY: Duration = Duration::from_secs(60);
/// After this many failures in a row, no look-up follows until the network changes. A cause that lasts so
/// long, such as a blocked port, does not pass by itself.
const TRIES: u32 = 5;
/// The shortest time from an answer to the look-up after another change of the network, so that a line that goes
/// up and down causes few of them.
const BETWEEN_LOOK_UPS: Duration = Duration::from_secs(600);

/// The registered addresses of one record.
#[derive(Clone, Debug, Default)]
pub struct Registered {
    stage: Stage,
    /// The next look-up comes no sooner than this, since boot.
    not_before: Duration,
    answer: Option<Result<Found, String>>,
    answered_at: Duration,
    backoff: Backoff,
    /// What a resolver on this host has said last about an answer.
    dnssec: Dnssec,
    /// What of that was told.
    told_dnssec: Dnssec,
}

/// Whether a look-up is needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// One is needed.
    #[default]
    Needed,
    /// One is on its way.
    Asked,
    /// It was answered, and the answer was not compared with the published address yet.
    Answered,
    /// It was answered, or failed too often.
    Done,
}

impl Registered {
    /// When the next look-up may be made, since boot; `None` if none is needed.
    pub(super) fn due_at(&self) -> Option<Duration> {
        let at = self.not_before.max(self.backoff.until());
        if self.stage == Stage::Needed { Some(at) } else { None }
    }

    /// Notes that the look-up is on its way.
    pub(super) fn asked(&mut self) {
        self.stage = Stage::Asked;
    }

    /// Another look-up is needed, no sooner than `not_before`, since boot. The answer to one on its way is only
    /// shown.
    pub(super) fn ask_again(&mut self, not_before: Duration) {
        self.stage = Stage::Needed;
        self.not_before = not_before;
    }

    /// Takes in the answer of a look-up.
    pub(super) fn answered(&mut self, answer: Result<Found, String>, now: Now, jitter: u32) {
        if let Ok(found) = &answer {
            self.dnssec = found.dnssec;
        }
        match &answer {
            Ok(found) if found.dnssec != Dnssec::Bogus => {
                self.backoff.reset();
                // `ask_again` may have come while it was on its way: then another look-up follows.
                if self.stage == Stage::Asked {
                    self.stage = Stage::Answered;
                }
            }
            // A bogus answer may be forged, so it counts as none.
            Ok(_) | Err(_) => {
                self.backoff.failed(now.up, RETRY, jitter);
                // A change of the network clears this.
                let is_last = self.backoff.attempts() >= TRIES;
                self.stage = if is_last { Stage::Done } else { Stage::Needed };
            }
        }
        self.answer = Some(answer);
        self.answered_at = now.up;
    }

    /// A look-up for another reason has `found` the published address, so that no other one is needed.
    pub(super) fn has_shown(&mut self, found: Found, now: Now) {
        self.stage = Stage::Done;
        self.answer = Some(Ok(found));
        self.answered_at = now.up;
    }

    /// The router has another network now: a look-up that failed over the old one is repeated, and what was found
    /// is looked up again.
    pub fn network_changed(&mut self) {
        match &self.answer {
            // During an outage somebody else may have written the record.
            Some(Ok(_)) => self.ask_again(self.answered_at.saturating_add(BETWEEN_LOOK_UPS)),
            Some(Err(_)) => {
                let Self { dnssec, told_dnssec, .. } = *self;
                *self = Self { dnssec, told_dnssec, ..Self::default() };
            }
            None => {}
        }
    }

    /// What a resolver on this host has said last about an answer.
    pub fn dnssec(&self) -> Dnssec {
        self.dnssec
    }

    /// What a resolver on this host said before, and says now. It counts as told.
    pub(super) fn dnssec_change(&mut self) -> (Dnssec, Dnssec) {
        (mem::replace(&mut self.told_dnssec, self.dnssec), self.dnssec)
    }

    /// The addresses that the last look-up found; none if it failed.
    pub fn addresses(&self) -> &[IpAddr] {
        match &self.answer {
            Some(Ok(found)) => &found.addresses,
            Some(Err(_)) | None => &[],
        }
    }

    /// The addresses that the zone's own name servers have, if they were not compared with the published one yet.
    pub(super) fn news(&self) -> Option<&[IpAddr]> {
        match &self.answer {
            // A resolver may answer from its cache.
            Some(Ok(found)) if found.authoritative && self.stage == Stage::Answered => {
                Some(&found.addresses)
            }
            Some(_) | None => None,
        }
    }

    /// The answer was compared with the published address.
    pub(super) fn compared(&mut self) {
        self.stage = Stage::Done;
    }

    /// The result of the last look-up, in words.
    pub fn explain(&self, lookup: &Lookup, now: Now) -> String {
        let ago = duration::seconds(now.up.saturating_sub(self.answered_at));
        match &self.answer {
            None if self.stage == Stage::Asked => "being looked up".into(),
            None => "not looked up yet".into(),
            Some(Err(why)) => format!("could not be looked up {ago} ago: {why}"),
            Some(Ok(found)) if found.dnssec == Dnssec::Bogus => {
                let host = &lookup.host;
                format!("the validating resolver refused the answer of {host} {ago} ago: bogus")
            }
            Some(Ok(found)) => {
                let server = lookup.server.as_ref().map(ToString::to_string);
                let whose = match (&server, found.authoritative) {
                    (Some(server), _) => server.as_str(),
                    (None, false) => "a resolver",
                    (None, true) if lookup.glue => "the parent zone's name servers",
                    (None, true) => "its zone's own name servers",
                };
                let (host, addresses) = (&lookup.host, list(&found.addresses));
                let dnssec = match found.dnssec {
                    Dnssec::Authenticated => "; the resolver says authenticated",
                    Dnssec::Signed => "; signed, and no resolver of this router says authenticated",
                    Dnssec::Unknown | Dnssec::Bogus => "",
                };
                format!("{host} has {addresses} according to {whose}, {ago} ago{dnssec}")
            }
        }
    }
}
