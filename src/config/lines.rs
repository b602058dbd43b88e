//! Several lines to the internet, of which one is published: `list ip_network`.

use crate::time::Duration;

/// The lines of a section, in order of preference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lines {
    /// The logical interfaces, at least two, each once.
    pub networks: Vec<String>,
    /// When another line takes the place of the one that is published.
    pub delays: Delays,
    /// `mwan3`: whether lines that mwan3 does not use are passed over.
    pub mwan3: bool,
}

/// How long a line must be lost or usable before it is changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Delays {
    /// `failover_after`: the time for which a lost line is waited for.
    pub failover: Duration,
    /// `failback_after`: the time for which a more preferred line must be usable without a break.
    pub failback: Duration,
}
