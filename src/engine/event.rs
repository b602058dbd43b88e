//! The whole vocabulary between the core and the world, on one page.

use crate::model::Notice;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::way::Ask;
use crate::config::{Config, Lookup, Section};
use crate::dns::Found;
use crate::model::Family;
use crate::model::sorted::Map;
use crate::proto::netlink::{Report, Table, WayAnswer};
use crate::proto::ubus::netifd::Networks;
use crate::provider::{Failure, Job, LearnedChanges, Verdict};
use crate::state::Changes;

/// Names a job while it is in flight; never reused within a run.
pub type JobId = u32;

/// Names a question to a source; never reused within a run.
pub type QuestionId = u32;

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The kernel said something.
    Kernel(Report),
    /// The kernel told the way to a host.
    WayFound(Ask, WayAnswer),
    /// netifd's book, all of it, replacing what was known; `None` if there is no netifd to ask.
    Netifd(Option<Networks>),
    /// A job has ended.
    Finished(Finished),
    /// A `web` or `script` source answered.
    Detected {
        /// Which question that was.
        question: QuestionId,
        /// Whose source it is.
        section: String,
        /// Which family was asked for.
        family: Family,
        /// The address, or why there is none.
        result: Result<IpAddr, Failure>,
    },
    /// An address was looked up.
    LookedUp {
        /// Of this section.
        section: String,
        /// As it was asked for; the options may have changed since.
        lookup: Lookup,
        /// Of this family.
        family: Family,
        /// What was found, or a sentence that says why nothing.
        result: Result<Found, String>,
    },
    /// A request on its way has waited for some time for the addresses of this host.
    LookUpIsSlow(String),
    /// Such a wait is over.
    SlowLookUpEnded(String),
    /// A new configuration is in force.
    Reload {
        /// The configuration.
        config: Box<Config>,
        /// Names that need no name server, as `/etc/hosts` has them now.
        hosts: Map<String, Vec<IpAddr>>,
    },
    /// The user wants these sections sent now; empty means all.
    RefreshPolicy(Vec<String>),
    /// The user wants nothing sent for these sections until [`Event::Start`].
    Stop(Vec<String>),
    /// The user wants these sections served, and those that are sent now; empty means that all that
    /// were stopped go on.
    Start(Vec<String>),
    /// The wall clock was stepped.
    ClockStepped,
}

/// How a job ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Which.
    pub job: JobId,
    /// One per change, in the job's order.
    pub verdicts: Vec<Verdict>,
    /// When the first bytes of the first request left, or a script was started, since boot.
    pub sent_at: Option<Duration>,
    /// How many requests left.
    pub requests: u32,
    /// What was found out about the account.
    pub learned: LearnedChanges,
    /// The last request, secrets masked; empty if none was sent.
    pub request: String,
    /// The last answer or error, secrets masked and shortened.
    pub answer: String,
}

/// Something to do. The core decides it, the driver does it.
#[derive(Clone, Debug)]
#[must_use]
pub enum Action {
    /// Dump this table again. A dump of it that is going on does not count: it may have listed
    /// already what is gone now, so another one has to follow.
    Dump(Table),
    /// Ask the kernel for the way to a host. Answered by one [`Event::WayFound`], at once.
    FindWay(Ask),
    /// Connections from this address can get no answer any more: it is gone.
    Cut(IpAddr),
    /// Publish `job`.
    Publish {
        /// Name for the answer.
        id: JobId,
        /// A section of the account, whose transport is used.
        section: Arc<Section>,
        /// The section of each change, in the job's order.
        sections: Vec<String>,
        /// The device that requests must leave through: what `bind_network` means now, or that of the
        /// address where the provider stores the one that it sees.
        device: Option<String>,
        /// The address that requests must leave from, in that case.
        source: Option<IpAddr>,
        /// What to change.
        job: Job,
    },
    /// Ask the section's `web` or `script` source. Answered by one [`Event::Detected`], whatever
    /// happens, a reload too.
    Detect {
        /// Name for the answer.
        question: QuestionId,
        /// The section that wants it.
        section: Arc<Section>,
        /// See [`Action::Publish`].
        device: Option<String>,
        /// Which family is wanted.
        family: Family,
    },
    /// Look an address of the section up in DNS. Answered by one [`Event::LookedUp`].
    LookUp {
        /// The section whose it is.
        section: Arc<Section>,
        /// What to look up.
        lookup: Lookup,
        /// See [`Action::Publish`].
        device: Option<String>,
        /// Which family is wanted.
        family: Family,
    },
    /// Keep what has changed on flash.
    Save(Changes),
    /// Tell the operator.
    Say(Notice),
}
