//! Providers: how a change of records becomes requests, and what the answers mean.
//!
//! [`publish`] is given a [`Job`] and a [`Carrier`], which sends requests and returns the answers. It
//! ends with one [`Verdict`] per change. It is pure: it opens no socket, and the time and the random
//! numbers that it needs are in the job. The engine retries, paces and backs off.

mod account;
pub mod api;
mod complaint;
pub mod conversation;
pub mod dyndns2;
pub mod ere;
mod failure;
pub mod families;
mod identity;
mod judge;
mod learned;
pub mod mask;
mod md5;
mod mechanism;
pub mod message;
mod page;
mod return_codes;
pub mod sign;
pub mod table;
pub mod template;
pub mod url;
pub mod verdict;
mod zoneedit;

use std::net::IpAddr;

use crate::model::{Family, Hostname, RecordOptions, Target};
use crate::time::UnixSeconds;
pub use account::Account;
pub use failure::{Failure, FailureKind};
pub use families::{Template, Urls};
pub use identity::{account, fingerprint, fingerprint_of_host, own_name};
pub use learned::{LearnedChanges, LearnedValues};
pub use mechanism::{Author, Mechanism, Provider, Script};
pub use message::{Answer, Carrier, LONG_ANSWER, Method, Query, Request, SHORT_ANSWER};
pub use verdict::{Outcome, Scope, Verdict};

/// One record that is to be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The name, as `option domain` has it.
    pub name: Hostname,
    /// The record's type.
    pub family: Family,
    /// The new address, of that family, or the removal of the record.
    pub target: Target,
    /// The address that was published last, if known. Of several records of the name, the one with this
    /// address is ours.
    pub previous: Option<IpAddr>,
    /// The addresses of requests whose answers were lost, the latest one last. Our record may have one of them
    /// instead.
    pub tried: Vec<IpAddr>,
    /// Whether a record that is there belongs to somebody else, unless it has one of these addresses: ours was
    /// removed before, or others have addresses under the same name (`share`).
    pub anew: bool,
    /// The zone, the ids and further fields of the record.
    pub record: RecordOptions,
}

impl Change {
    /// The new address; `None` if the record is to be removed.
    pub fn address(&self) -> Option<IpAddr> {
        self.target.address()
    }

    /// Whether the record is to be removed.
    pub fn removes(&self) -> bool {
        self.target == Target::Absent
    }

    /// Whether a record with this address is ours.
    pub fn owns(&self, address: IpAddr) -> bool {
        self.previous == Some(address) || self.tried.contains(&address)
    }

    /// Whether `address` is the new address.
    pub fn wants(&self, address: IpAddr) -> bool {
        self.target == Target::Address(address)
    }
}

/// Changes for one account that are published together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Job {
    /// What to change. Never empty, and each name and family occurs at most once.
    pub changes: Vec<Change>,
    /// Published addresses of the same names that do not change. A request for both families of a name
    /// repeats them, because some providers delete an address that is left out.
    pub kept: Vec<(Hostname, IpAddr)>,
    /// Values that earlier jobs of the account have learned.
    pub learned: LearnedValues,
    /// The time, for signatures; `None` while the clock is not set.
    pub wall: Option<UnixSeconds>,
    /// A pseudo-random number, another one for each job.
    pub seed: u32,
}

/// The result of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// One verdict per change, in the order of the job.
    pub verdicts: Vec<Verdict>,
    /// What the job has learned.
    pub learned: LearnedChanges,
}

/// How many changes one job may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// One change, so that a name that hangs or fails does not delay others.
    Record,
    /// The changes of both families of one name.
    Name,
    /// At most this many changes. The account has one job at a time.
    Account(usize),
}

/// At most `requests` in any span of `seconds`, over the whole account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The number of requests.
    pub requests: u32,
    /// The length of the span.
    pub seconds: u32,
}

/// How many changes one job for `provider` may have.
pub fn batch(provider: &Provider) -> Batch {
    match &provider.mechanism {
        // Some of these providers delete the address that a request lacks, so both families of a name leave together.
        Mechanism::Url(Urls { both: Some(_), .. }) => Batch::Name,
        // A script of ddns-scripts has the options of one record, and keeps files for its section that two
        // runs at once would overwrite.
        Mechanism::Url(Urls { both: None, .. }) | Mechanism::Script(_) => Batch::Record,
        Mechanism::Api(api) => api.batch,
    }
}

/// Whether `provider` can remove records of `family`.
pub fn removes(provider: &Provider, family: Family) -> bool {
    match &provider.mechanism {
        Mechanism::Url(_) => provider.row().is_some_and(|row| row.removal(family).is_some()),
        // In the interface of ddns-scripts, a script always gets an address. It has no word for a removal.
        Mechanism::Script(_) => false,
        Mechanism::Api(_) => true,
    }
}

/// Whether the provider stores the source address of a request for a record of `family`, because the
/// update URL names no address.
pub fn takes_seen_address(provider: &Provider, family: Family) -> bool {
    let template = provider.template(family);
    template.is_some_and(|template| !template::names_address(&template.url))
}

/// The documented limit of an account's requests; `None` if a router cannot reach it.
pub fn rate(provider: &Provider) -> Option<Rate> {
    match &provider.mechanism {
        // The limit is one of the provider's server, so it also holds for an `update_url` of the owner.
        Mechanism::Url(_) => provider.known_row().and_then(table::Row::rate),
        Mechanism::Script(_) => None,
        Mechanism::Api(api) => api.rate,
    }
}

/// Publishes `job` in the account `provider`.
pub fn publish(provider: &Provider, job: &Job, carrier: &mut dyn Carrier) -> Published {
    match &provider.mechanism {
        // The worker runs scripts itself. Here a script has no URL, so every change is refused.
        Mechanism::Url(_) | Mechanism::Script(_) => url::publish(provider, job, carrier),
        Mechanism::Api(api) => {
            let account = &provider.account;
            conversation::converse(&|talk| api.publish(talk), api.rate, account, job, carrier)
        }
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
