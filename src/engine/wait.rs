//! What a record waits for, with everything that depends on it: the state in `status`, the sentences of `why`
//! and the log, and the next deadline.

use std::net::IpAddr;

use super::no_address::{NoAddress, SendBlock};
use crate::model::Target;
use crate::time::duration::until;
use crate::time::{Duration, Now};

/// What a record waits for. All times are since boot.
///
/// `Record::wait` gives the variants that depend on the record alone. The engine replaces `Ready`, `InFlight`
/// and `Address` by one of the variants from `Seen` on, if the network or the account explains more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Nothing: the record is up to date.
    Settled {
        /// When the record is sent again although nothing has changed.
        again_at: Option<Duration>,
        /// The target of an earlier request that was never answered, and that the provider may still carry out.
        late: Option<Target>,
    },
    /// An address.
    Address,
    /// An address, or the time at which the record is removed.
    Lost {
        /// When the record is removed.
        at: Duration,
        /// Whether the provider has an address of ours.
        is_published: bool,
    },
    /// The end of a series of changes.
    Settling(Duration),
    /// The time for the next request by `min_interval`.
    Pace(Duration),
    /// The end of the back-off after failures.
    BackOff(Duration),
    /// The end of the time that the provider asked for.
    Hold {
        /// The end of that time.
        until: Duration,
        /// Whether an earlier run saved it.
        is_restored: bool,
    },
    /// Nothing but a route to the provider: this target is sent as soon as there is one.
    Ready(Target),
    /// The provider's answer.
    InFlight,
    /// Another configuration, another address, the owner's `update`, or this time.
    Refused(Duration),
    /// The owner's `update`, another address or another network, after this number of failures in a row
    /// (`retry_max_count`).
    GivenUp(u32),
    /// The owner's `start`, because the owner has stopped the section.
    Stopped,
    /// Another router: a gate of the section is closed, so this router publishes nothing.
    Standby,
    /// Nothing: the source has just found this address.
    Seen(IpAddr),
    /// The source, which has no address for this reason.
    NoAddress(NoAddress),
    /// An answer of the kernel, netifd or the source. The sentence names it.
    Unknown(String),
    /// The account: another record goes first, or the provider limits its requests.
    Account(Duration),
    /// A route to the provider.
    Route(SendBlock),
    /// The address of this host, to which the request on its way is to go.
    LookUp(String),
}

/// Facts for the sentence about a wait.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The name of the section.
    pub section: &'a str,
    /// The last failure, unless a request has succeeded since.
    pub trouble: Option<&'a str>,
    /// The provider's refusal, and advice to the owner.
    pub refusal: &'a str,
    /// Whether the program ends after this attempt, so that there is no next one.
    pub ends: bool,
    /// The time of the report.
    pub now: Now,
}

impl Wait {
    /// The state in `status`: one word, which LuCI and scripts parse.
    pub fn word(&self) -> &'static str {
        match self {
            // The provider has a lost address until `remove_after` is over.
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
            Self::Standby => "standby",
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
            | Self::Standby
            | Self::Seen(_)
            | Self::NoAddress(_)
            | Self::Unknown(_)
            | Self::Route(_)
            | Self::LookUp(_) => None,
        }
    }

    /// The target that can be sent now, if the record waits only for a route.
    pub fn ready(&self) -> Option<Target> {
        if let Self::Ready(target) = self { Some(*target) } else { None }
    }

    /// Whether no request is owed: the record is up to date, or another router publishes it.
    pub fn is_published(&self) -> bool {
        matches!(self, Self::Settled { .. } | Self::Lost { is_published: true, .. } | Self::Standby)
    }

    /// Whether a request is on its way, or about to leave.
    pub fn is_active(&self) -> bool {
        matches!(self, Self::Ready(_) | Self::InFlight | Self::Settling(_))
    }

    /// Whether nothing is sent although the address changes.
    pub fn is_halted(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::GivenUp(_) | Self::Stopped | Self::Standby)
    }

    /// A sentence: what the record waits for and why.
    pub fn reason(&self, about: &About<'_>) -> String {
        let section = about.section;
        let trouble = about.trouble.unwrap_or("a request failed");
        let failed = about.failed();
        let after = self.time_until(about.now);
        let text = match self {
            // These sentences name a time, an address or a failure.
            Self::Settled { again_at: Some(_), late } => return sent_again(*late, &after),
            Self::Lost { .. } => return format!("removed in {after}"),
            Self::Settling(_) => return format!("{failed}changes still follow one another"),
            Self::Pace(_) => return format!("{failed}next request in {after} (min_interval)"),
            Self::BackOff(_) if !about.ends => return format!("{trouble}; next try in {after}"),
            Self::Hold { is_restored: true, .. } => return about.old_hold(&failed, &after),
            Self::Hold { is_restored: false, .. } => {
                return format!("{trouble}; not tried again for {after}");
            }
            Self::Refused(_) if !about.ends => return about.refused(&after),
            Self::GivenUp(failures) => {
                return format!("{trouble}; given up after {failures} failures");
            }
            Self::Account(_) => {
                return format!(
                    "{failed}next request within {after}: another one of the account goes first, or the provider \
                     limits them"
                );
            }
            Self::Stopped => {
                return format!("until 'ddns-netlink start {section}', a reload or a restart");
            }
            Self::Seen(address) => return format!("{address} was just seen"),
            Self::LookUp(host) => return format!("the address of {host} is being looked up"),
            // These are always the same, or were made elsewhere. `once` makes no next attempt, so it tells only the
            // failure.
            Self::BackOff(_) => trouble,
            Self::Refused(_) => about.refusal,
            Self::Settled { again_at: None, .. } => "up to date",
            Self::Address => "there is no address",
            Self::Ready(_) => "about to be sent",
            Self::InFlight => "waiting for the provider's answer",
            Self::Standby => "this router publishes nothing",
            Self::NoAddress(why) => why.text(),
            Self::Unknown(why) => why,
            Self::Route(block) => block.text(),
        };
        text.to_owned()
    }

    /// The end of the log's sentence about a failure, such as `next try in 60 s`. The failure itself comes before it.
    pub fn next_step(&self, now: Now) -> String {
        let after = self.time_until(now);
        let text = match self {
            // These sentences name a time or a number.
            Self::Lost { .. } => return format!("removed in {after} unless an address comes"),
            Self::Settling(_)
            | Self::Pace(_)
            | Self::BackOff(_)
            | Self::Refused(_)
            | Self::Account(_) => return format!("next try in {after}"),
            Self::Hold { .. } => return format!("not tried again for {after}"),
            Self::GivenUp(failures) => {
                return format!(
                    "given up after {failures} failures (retry_max_count) until the address or the \
                     network changes"
                );
            }
            // These are always the same.
            Self::Settled { .. } | Self::InFlight | Self::LookUp(_) => "nothing left to send",
            Self::Address | Self::NoAddress(_) | Self::Unknown(_) => {
                "next try when there is an address"
            }
            Self::Ready(_) | Self::Seen(_) | Self::Route(_) => {
                "next try as soon as the provider can be reached"
            }
            Self::Stopped => "next try when the section is started again",
            Self::Standby => "nothing is sent while another router publishes",
        };
        text.to_owned()
    }

    /// The time until [`Wait::deadline`] in words; empty if there is none.
    fn time_until(&self, now: Now) -> String {
        self.deadline().map(|at| until(at, now)).unwrap_or_default()
    }
}

impl About<'_> {
    /// The last failure, to begin the sentence about a wait that has another cause: the owner is to see both.
    fn failed(&self) -> String {
        match self.trouble {
            Some(trouble) => format!("{trouble}; "),
            None => String::new(),
        }
    }

    /// The sentence about a waiting time of the provider that an earlier run has saved. It begins with `failed`.
    fn old_hold(&self, failed: &str, after: &str) -> String {
        // `update` clears only such a hold, because the earlier run's clock may have been wrong.
        format!(
            "{failed}before the restart the provider asked to wait; next request in {after}, or when \
             'ddns-netlink update {}' is run",
            self.section
        )
    }

    /// The sentence about a refusal that stops requests for `after`.
    fn refused(&self, after: &str) -> String {
        let Self { refusal, section, .. } = self;
        format!("{refusal}; then run 'ddns-netlink update {section}', or wait {after}")
    }
}

/// The sentence about a record that is up to date, and is sent again in `after`. `late`: see [`Wait::Settled`].
fn sent_again(late: Option<Target>, after: &str) -> String {
    match late {
        Some(target) => format!("up to date{}", repeated(target, after)),
        None => format!("up to date; sent again in {after} if nothing changes"),
    }
}

/// The end of a sentence about a record that is sent once more, in `after`:
/// `; the provider never answered an earlier request with 192.0.2.1; …`.
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
