//! What a record waits for, and everything that follows from that: the word of `status`, the sentence
//! of `why` and of the log, and the next deadline.

use std::net::IpAddr;
use std::time::Duration;

use super::no_address::{NoAddress, SendBlock};
use crate::model::Target;
use crate::time::Now;
use crate::time::duration::until;

/// What a record waits for. All times are since boot.
///
/// `Record::wait` gives those that depend on the record alone. Of a record that is `Ready`, or that has
/// no address, only the engine knows more: it makes one of the variants from `Seen` on of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Nothing: the record is up to date.
    Settled {
        /// When it is sent again although nothing has changed.
        again_at: Option<Duration>,
        /// What an earlier request that was never answered may still make of it.
        late: Option<Target>,
    },
    /// An address.
    Address,
    /// An address, or the time at which the record is removed.
    Lost {
        /// When it is removed.
        at: Duration,
        /// Whether the provider has an address of ours.
        is_published: bool,
    },
    /// The end of changes that follow one another.
    Settling(Duration),
    /// The time for the next request by `min_interval`.
    Pace(Duration),
    /// The end of the back-off after failures.
    BackOff(Duration),
    /// The end of the time that the provider asked for.
    Hold {
        /// When it ends.
        until: Duration,
        /// Whether an earlier run saved it.
        is_restored: bool,
    },
    /// Nothing: this can be sent as soon as the provider can be reached.
    Ready(Target),
    /// The provider's answer.
    InFlight,
    /// Another configuration, another address, the owner, or this time.
    Refused(Duration),
    /// The owner or a change, after so many failures in a row (`retry_max_count`).
    GivenUp(u32),
    /// The owner, who stopped the section.
    Stopped,
    /// Nothing: the source has just found this address.
    Seen(IpAddr),
    /// The source, which has no address for this reason.
    NoAddress(NoAddress),
    /// The kernel, netifd or the source, which is being asked: a sentence.
    Unknown(String),
    /// The account: another record of it goes first, or the provider limits its requests.
    Account(Duration),
    /// A route to the provider.
    Route(SendBlock),
    /// The address of this host, which the request on its way goes to.
    LookUp(String),
}

/// What the sentence about a wait names beside it.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The name of the section.
    pub section: &'a str,
    /// What failed last, unless something has succeeded since.
    pub trouble: Option<&'a str>,
    /// What the provider refused, and what the owner can do.
    pub refusal: &'a str,
    /// Whether the program ends when nothing more can be done now, so that there is no next try.
    pub ends: bool,
    /// The time of the report.
    pub now: Now,
}

impl Wait {
    /// The word for it in `status`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Settled { .. } | Self::Lost { is_published: true, .. } => "published",
            Self::Lost { is_published: false, .. } | Self::Address | Self::NoAddress(_) => {
                "no-address"
            }
            Self::Settling(_) => "settling",
            Self::Pace(_) | Self::Account(_) => "paced",
            Self::BackOff(_) => "back-off",
            Self::Hold { .. } => "held",
            Self::Ready(_) | Self::InFlight | Self::Seen(_) | Self::LookUp(_) => "sending",
            Self::Refused(_) => "refused",
            Self::GivenUp(_) => "given-up",
            Self::Stopped => "stopped",
            Self::Unknown(_) => "unknown",
            Self::Route(_) => "no-route",
        }
    }

    /// When something happens without an event.
    pub fn deadline(&self) -> Option<Duration> {
        match self {
            Self::Settled { again_at, .. } => *again_at,
            Self::Lost { at, .. }
            | Self::Settling(at)
            | Self::Pace(at)
            | Self::BackOff(at)
            | Self::Hold { until: at, .. }
            | Self::Refused(at)
            | Self::Account(at) => Some(*at),
            Self::Address
            | Self::Ready(_)
            | Self::InFlight
            | Self::GivenUp(_)
            | Self::Stopped
            | Self::Seen(_)
            | Self::NoAddress(_)
            | Self::Unknown(_)
            | Self::Route(_)
            | Self::LookUp(_) => None,
        }
    }

    /// What could be sent now, as far as the record is concerned.
    pub fn ready(&self) -> Option<Target> {
        if let Self::Ready(target) = self { Some(*target) } else { None }
    }

    /// Whether the record is up to date, so that nothing is owed.
    pub fn is_published(&self) -> bool {
        matches!(self, Self::Settled { .. } | Self::Lost { is_published: true, .. })
    }

    /// Whether a request is on its way, or about to leave.
    pub fn is_active(&self) -> bool {
        matches!(self, Self::Ready(_) | Self::InFlight | Self::Settling(_))
    }

    /// Whether nothing is sent although the address changes.
    pub fn is_halted(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::GivenUp(_) | Self::Stopped)
    }

    /// A sentence: what the record waits for and why.
    pub fn reason(&self, about: &About<'_>) -> String {
        let &About { section, now, .. } = about;
        let trouble = about.trouble.unwrap_or("a request failed");
        match self {
            Self::Settled { again_at: Some(at), late: Some(target) } => {
                format!("up to date{}", repeated(*target, &until(*at, now)))
            }
            Self::Settled { again_at: Some(at), late: None } => {
                format!("up to date; sent again in {} if nothing changes", until(*at, now))
            }
            Self::Settled { again_at: None, .. } => "up to date".into(),
            Self::Address => "there is no address".into(),
            Self::Lost { at, .. } => format!("removed in {}", until(*at, now)),
            Self::Settling(_) => format!("{}changes still follow one another", about.failed()),
            Self::Pace(at) => {
                format!("{}next request in {} (min_interval)", about.failed(), until(*at, now))
            }
            Self::BackOff(_) if about.ends => trouble.into(),
            Self::BackOff(at) => format!("{trouble}; next try in {}", until(*at, now)),
            Self::Hold { until: at, is_restored: true } => format!(
                "{}before the restart the provider asked to wait; next request in {}, or when \
                 'ddns-netlink update {section}' is run",
                about.failed(),
                until(*at, now)
            ),
            Self::Hold { until: at, is_restored: false } => {
                format!("{trouble}; not tried again for {}", until(*at, now))
            }
            Self::Ready(_) => "about to be sent".into(),
            Self::InFlight => "waiting for the provider's answer".into(),
            Self::Refused(_) if about.ends => about.refusal.into(),
            Self::Refused(at) => format!(
                "{}; then run 'ddns-netlink update {section}', or wait {}",
                about.refusal,
                until(*at, now)
            ),
            Self::GivenUp(failures) => format!("{trouble}; given up after {failures} failures"),
            Self::Stopped => {
                format!("until 'ddns-netlink start {section}', a reload or a restart")
            }
            Self::Seen(address) => format!("{address} was just seen"),
            Self::NoAddress(why) => why.to_string(),
            Self::Unknown(why) => why.clone(),
            Self::Account(at) => format!(
                "{}next request within {}: another one of the account goes first, or the provider \
                 limits them",
                about.failed(),
                until(*at, now)
            ),
            Self::Route(block) => block.to_string(),
            Self::LookUp(host) => format!("the address of {host} is being looked up"),
        }
    }

    /// `next try in 60 s`: what the log says of a record that failed.
    pub fn next_step(&self, now: Now) -> String {
        match self {
            Self::BackOff(at)
            | Self::Pace(at)
            | Self::Settling(at)
            | Self::Refused(at)
            | Self::Account(at) => format!("next try in {}", until(*at, now)),
            Self::Hold { until: at, .. } => format!("not tried again for {}", until(*at, now)),
            Self::Lost { at, .. } => {
                format!("removed in {} unless an address comes", until(*at, now))
            }
            Self::GivenUp(failures) => format!(
                "given up after {failures} failures (retry_max_count) until the address or the \
                 network changes"
            ),
            Self::Ready(_) | Self::Seen(_) | Self::Route(_) => {
                "next try as soon as the provider can be reached".into()
            }
            Self::Address | Self::NoAddress(_) | Self::Unknown(_) => {
                "next try when there is an address".into()
            }
            Self::Stopped => "next try when the section is started again".into(),
            Self::Settled { .. } | Self::InFlight | Self::LookUp(_) => {
                "nothing left to send".into()
            }
        }
    }
}

impl About<'_> {
    /// A wait that has nothing to do with a failure does not hide that there was one.
    fn failed(&self) -> String {
        match self.trouble {
            Some(trouble) => format!("{trouble}; "),
            None => String::new(),
        }
    }
}

/// `; the provider never answered an earlier request with 192.0.2.1; …`: why what was accepted is sent
/// once more, in `after`.
pub(super) fn repeated(late: Target, after: &str) -> String {
    let earlier = match late {
        Target::Address(address) => format!("with {address}"),
        Target::Absent => "to remove the record".into(),
    };
    format!(
        "; the provider never answered an earlier request {earlier}; this is sent again in {after} in \
         case that one is still carried out"
    )
}
