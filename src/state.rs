//! What survives a restart and a reboot, as a value. [`crate::store`] reads and writes the file.

use std::net::IpAddr;

use crate::clock::UnixSeconds;
use crate::config::{Family, Hostname};

/// Everything that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// One entry per record that was ever sent, sorted by section, name and family.
    pub records: Vec<Saved>,
}

/// What is known about one record at its provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// UCI section name.
    pub section: String,
    /// The name.
    pub name: Hostname,
    /// `A` or `AAAA`.
    pub family: Family,
    /// Fingerprint of provider, credentials and name; another one means that nothing here is known
    /// about the provider that is configured now.
    pub fingerprint: u64,
    /// The address that the provider accepted last.
    pub published: Option<IpAddr>,
    /// When it was last accepted, if the wall clock could be trusted then.
    pub at: Option<UnixSeconds>,
    /// A request for another address was sent and its answer is not known.
    pub unconfirmed: bool,
    /// The provider refused for good: its answer and what to do.
    pub refused: Option<(String, String)>,
    /// The provider asked not to be called before this time.
    pub hold_until: Option<UnixSeconds>,
}
