//! Everything that enters the engine ([`Event`]) and leaves it ([`Action`]), on one page.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::sync::Arc;

use super::gateway::Gateway;
use super::hook_event::HookEvent;
use super::way::Ask;
use crate::config::{Config, Lookup, Section};
use crate::dns::Found;
use crate::model::mac::Mac;
use crate::model::sorted::Map;
use crate::model::{Family, Notice};
use crate::proto::gateway::announcement::Announcement;
use crate::proto::leases::Lease;
use crate::proto::netlink::{Report, Table, WayAnswer};
use crate::proto::ubus::netifd::Networks;
use crate::provider::{Failure, Job, LearnedChanges, Verdict};
use crate::state::Changes;
use crate::time::Duration;

/// The number of a job. It is never used again within a run.
pub type JobId = u32;

/// The number of a question to a source. It is never used again within a run.
pub type QuestionId = u32;

/// The answer of a source: the address, and who told it, such as `PCP, gateway 192.168.1.1`. The second is empty if
/// the section itself names the page or the script.
pub type SourceAnswer = (IpAddr, String);

/// Something that happened outside the engine.
#[derive(Clone, Debug)]
pub enum Event {
    /// The kernel sent a notification or an entry of a dump, or notifications were lost.
    Kernel(Report),
    /// The kernel answered which way packets to a host take.
    WayFound(Ask, WayAnswer),
    /// netifd's logical interfaces, all of them; `None` if there is no netifd.
    Netifd(Option<Networks>),
    /// A watched file was read: its text, `None` if it is missing.
    FileRead(PathBuf, Option<String>),
    /// The kernel's neighbour table shows addresses of hosts.
    Neighbours {
        /// The addresses, each with the hardware address.
        seen: Vec<(Mac, Ipv6Addr)>,
        /// Whether the whole table has been read.
        is_end: bool,
    },
    /// odhcpd's leases of IPv6; none if there is no odhcpd.
    Leases(Vec<Lease>),
    /// A job has ended.
    Finished(Finished),
    /// A source that was asked has answered.
    Detected {
        /// The question.
        question: QuestionId,
        /// The name of the section.
        section: String,
        /// The family that was asked for.
        family: Family,
        /// The address, or why there is none.
        result: Result<SourceAnswer, Failure>,
    },
    /// The gateway with this address has announced a change.
    Announced(Ipv4Addr, Announcement),
    /// A look-up in DNS has ended.
    LookedUp {
        /// The name of the section.
        section: String,
        /// What was looked up. The options of the section may have changed since.
        lookup: Lookup,
        /// The family of the addresses.
        family: Family,
        /// The addresses, or a sentence that says why there is no answer.
        result: Result<Found, String>,
    },
    /// A request on its way waits for the addresses of this host, longer than usual.
    LookUpIsSlow(String),
    /// That wait for the addresses of this host is over.
    SlowLookUpEnded(String),
    /// A new configuration is in force.
    Reload {
        /// The configuration.
        config: Box<Config>,
        /// The names of `/etc/hosts`, which need no name server.
        hosts: Map<String, Vec<IpAddr>>,
    },
    /// The owner runs `update`: these sections are sent now; empty means all.
    Update(Vec<String>),
    /// The owner runs `stop`: nothing is sent for these sections until [`Event::Start`].
    Stop(Vec<String>),
    /// The owner runs `start`: stopped sections go on, and those that run are sent now. Empty means that
    /// all stopped sections go on.
    Start(Vec<String>),
    /// The wall clock was stepped.
    ClockStepped,
}

/// How a job ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The number of the job.
    pub job: JobId,
    /// One per change, in the job's order.
    pub verdicts: Vec<Verdict>,
    /// When the first bytes of the first request left, or a script was started, since boot.
    pub sent_at: Option<Duration>,
    /// How many requests left.
    pub requests: u32,
    /// Values to remember for the account, such as identifiers of zones, and values that proved wrong.
    pub learned: LearnedChanges,
    /// The last request, secrets masked; empty if none was sent.
    pub request: String,
    /// The last answer or error, secrets masked and shortened.
    pub answer: String,
}

/// Something that the daemon must do. The engine decides it.
#[derive(Clone, Debug)]
#[must_use]
pub enum Action {
    /// Ask the kernel for a dump of this table. A dump that has begun already is not enough, because it may
    /// have listed entries that are gone now.
    Dump(Table),
    /// Ask the kernel which way packets to a host take. One [`Event::WayFound`] answers, at once.
    FindWay(Ask),
    /// Watch these files, and no others. An [`Event::FileRead`] tells at once what is in each, and again when
    /// that has changed.
    WatchFiles(Vec<PathBuf>),
    /// Follow the neighbours with these hardware addresses instead of all others. The addresses of each that are
    /// known are no news. If there is another hardware address than before, the table is read: one
    /// [`Event::Neighbours`] says that it has been.
    FollowNeighbours(Vec<(Mac, Vec<Ipv6Addr>)>),
    /// Find out whether a host has this address. The neighbour table shows it then.
    ProbeNeighbour(Ipv6Addr),
    /// Ask odhcpd for its leases, now and whenever it reports news. [`Event::Leases`] answers.
    AskLeases,
    /// End the connections from this address: it is gone, so they can get no answer.
    Cut(IpAddr),
    /// Publish `job`.
    Publish {
        /// The number of the job, for [`Finished::job`].
        id: JobId,
        /// A section of the account. Requests travel as its options say.
        section: Arc<Section>,
        /// The name of the section of each change, in the job's order.
        sections: Vec<String>,
        /// The device that requests must leave through: the one that `bind_network` means now, or the one that
        /// has the address if the provider stores the address that it sees.
        device: Option<String>,
        /// The address that requests must leave from, if the provider stores the address that it sees.
        source: Option<IpAddr>,
        /// The changes.
        job: Job,
    },
    /// Listen to the announcements of these gateways, and of no others.
    Listen(Vec<Gateway>),
    /// Ask the section's source. One [`Event::Detected`] answers in any case, even after a
    /// reload.
    Detect {
        /// The number of the question, for the answer.
        question: QuestionId,
        /// The section.
        section: Arc<Section>,
        /// See [`Action::Publish`].
        device: Option<String>,
        /// The gateway of the default route, for a source that asks it.
        gateway: Option<Gateway>,
        /// The family of the address.
        family: Family,
    },
    /// Look up a registered address of a section in DNS. One [`Event::LookedUp`] answers.
    LookUp {
        /// The section.
        section: Arc<Section>,
        /// What to look up.
        lookup: Lookup,
        /// See [`Action::Publish`].
        device: Option<String>,
        /// The family of the address.
        family: Family,
        /// The address that all name servers of the zone are expected to have. If one of them does, the others
        /// are not asked.
        expected: Option<IpAddr>,
    },
    /// Save these changes of the state on flash.
    Save(Changes),
    /// Tell the owner's programs what has happened.
    TellHooks(Box<HookEvent>),
    /// Log this message.
    Say(Notice),
}
