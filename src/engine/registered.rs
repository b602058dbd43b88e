//! The registered address: what the world sees in DNS, looked up after a start.
//!
//! It fills LuCI's column, and it tells of a record that somebody else changed or deleted while nobody
//! ran here: that one is sent again, once, at the usual pace. What a request in doubt has done is looked
//! up, too (`record/doubt.rs`); no other request waits for DNS. A resolver's word is for showing only,
//! since it may be hours old; the zone's own name servers are believed.
//!
//! Nothing that DNS says can make requests follow one another. It counts against what an earlier run
//! published only, and if DNS stays as it is although that was sent again, the state remembers that
//! it does no good: the record is proxied, or others hold the same name.

use std::net::IpAddr;
use std::time::Duration;

use super::pace::Backoff;
use super::report;
use crate::config::Lookup;
use crate::dns::Found;
use crate::time::Now;
use crate::time::duration;

/// The first pause after a look-up that failed: at boot the resolver is there a moment later.
const RETRY: Duration = Duration::from_secs(60);
/// Look-ups that may fail in a row, until the network changes.
const TRIES: u32 = 5;

/// What is known of the registered addresses of one family.
#[derive(Clone, Debug, Default)]
pub struct Registered {
    pub(super) asked: bool,
    answer: Option<Result<Found, String>>,
    answered_at: Duration,
    pub(super) backoff: Backoff,
}

impl Registered {
    /// Takes the answer of a look-up.
    pub(super) fn answered(&mut self, answer: Result<Found, String>, now: Now, jitter: u32) {
        match &answer {
            Ok(_) => self.backoff.reset(),
            Err(_) => {
                self.backoff.failed(now.up, RETRY, jitter);
                self.asked = self.backoff.attempts() >= TRIES;
            }
        }
        self.answer = Some(answer);
        self.answered_at = now.up;
    }

    /// Whether there is nothing more to look up.
    pub fn is_asked(&self) -> bool {
        self.asked
    }

    /// A look-up that failed over the network of before is worth another.
    pub fn network_changed(&mut self) {
        if let Some(Err(_)) = self.answer {
            *self = Self::default();
        }
    }

    /// The addresses, as far as they are known.
    pub fn addresses(&self) -> &[IpAddr] {
        match &self.answer {
            Some(Ok(found)) => &found.addresses,
            Some(Err(_)) | None => &[],
        }
    }

    /// Whether an authority says that the record holds `published`; `None` if none says anything.
    pub(super) fn confirms(&self, published: IpAddr) -> Option<bool> {
        match &self.answer {
            Some(Ok(found)) if found.authoritative => Some(found.addresses.contains(&published)),
            Some(_) | None => None,
        }
    }

    /// What was found, for people.
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
