//! The registered address: what the world sees in DNS, looked up once per start.
//!
//! Nothing waits for it. It fills LuCI's column, and it tells of a record that somebody else changed
//! or deleted while nobody ran here: that one is sent again, once, at the usual pace. A resolver's
//! word is for showing only, since it may be hours old; the zone's own name servers are believed.

use std::net::IpAddr;

use crate::dns::Found;

/// What is known of the registered addresses of one family.
#[derive(Clone, Debug, Default)]
pub struct Registered {
    asked: bool,
    answer: Option<Result<Found, String>>,
}

impl Registered {
    /// Whether it was not looked up yet.
    pub fn is_wanted(&self) -> bool {
        !self.asked
    }

    /// The look-up is on its way.
    pub fn asked(&mut self) {
        self.asked = true;
    }

    /// It ended.
    pub fn answered(&mut self, answer: Result<Found, String>) {
        self.answer = Some(answer);
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

    /// Whether the zone's own name servers give other addresses than `published`, or none.
    pub fn contradicts(&self, published: IpAddr) -> bool {
        let Some(Ok(found)) = &self.answer else {
            return false;
        };
        found.authoritative && !found.addresses.contains(&published)
    }

    /// What was found, for people.
    pub fn explain(&self) -> String {
        match &self.answer {
            None if self.asked => "being looked up".into(),
            None => "not looked up yet".into(),
            Some(Err(why)) => format!("could not be looked up: {why}"),
            Some(Ok(found)) => {
                let whose =
                    if found.authoritative { "its zone's own name servers" } else { "a resolver" };
                format!("{} according to {whose}", list(&found.addresses))
            }
        }
    }
}

/// Addresses in a sentence.
pub(super) fn list(addresses: &[IpAddr]) -> String {
    if addresses.is_empty() {
        return "no address".into();
    }
    addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(", ")
}
