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
pub use identity::{account, fingerprint, own_name};
pub use learned::{LearnedChanges, LearnedValues};
pub use mechanism::{Author, Mechanism, Provider, Script};
pub use message::{Answer, Carrier, LONG_ANSWER, Method, Query, Request, SHORT_ANSWER};
pub use verdict::{Outcome, Scope, Verdict};

/// One record, and what a request is to make of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The name, as `option domain` has it.
    pub name: Hostname,
    /// The record's type.
    pub family: Family,
    /// The new rdata, of that family, or a removal.
    pub target: Target,
    /// The rdata that was published last, as far as is known: which of several records is ours.
    pub previous: Option<IpAddr>,
    /// The rdata of a request whose answer was lost: that may be what ours holds instead.
    pub tried: Option<IpAddr>,
    /// Whether ours was removed before: what is there is somebody else's.
    pub anew: bool,
    /// What else the record is.
    pub record: RecordOptions,
}

impl Change {
    /// The new rdata; `None` if the record is to be removed.
    pub fn address(&self) -> Option<IpAddr> {
        self.target.address()
    }

    /// Whether the record is to be removed.
    pub fn removes(&self) -> bool {
        self.target == Target::Absent
    }

    /// Whether a record with this rdata is ours.
    pub fn owns(&self, address: IpAddr) -> bool {
        self.previous == Some(address) || self.tried == Some(address)
    }

    /// Whether the record is to hold this.
    pub fn wants(&self, address: IpAddr) -> bool {
        self.target == Target::Address(address)
    }
}

/// A set of changes for one account, published together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Job {
    /// What to change; never empty, and every (name, family) at most once.
    pub changes: Vec<Change>,
    /// What is published of the same names and does not change: a provider that is told both
    /// families in one request must be told this again, or it forgets it.
    pub kept: Vec<(Hostname, IpAddr)>,
    /// What was learned in earlier jobs of the account.
    pub learned: LearnedValues,
    /// The time, for signatures; `None` as long as the clock cannot be trusted.
    pub wall: Option<UnixSeconds>,
    /// Any number, another one for every job.
    pub seed: u32,
}

/// What became of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// One verdict per change, in the job's order.
    pub verdicts: Vec<Verdict>,
    /// What was found out.
    pub learned: LearnedChanges,
}

/// How many changes one job may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// One: each is a job of its own, so that a name that hangs or fails says nothing about others.
    Record,
    /// Both families of one name.
    Name,
    /// So many of one account, which has one job under way at a time.
    Account(usize),
}

/// At most `requests` in any span of `seconds`, over the whole account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub requests: u32,
    /// In what time.
    pub seconds: u32,
}

/// How many changes of one job `provider` can take.
pub fn batch(provider: &Provider) -> Batch {
    match &provider.mechanism {
        Mechanism::Url(Urls { both: Some(_), .. }) => Batch::Name,
        // A script knows one record, and two of a section may not run at once.
        Mechanism::Url(Urls { both: None, .. }) | Mechanism::Script(_) => Batch::Record,
        Mechanism::Api(api) => api.batch,
    }
}

/// Whether `provider` can remove records of `family`.
pub fn removes(provider: &Provider, family: Family) -> bool {
    match &provider.mechanism {
        Mechanism::Url(_) => provider.row().is_some_and(|row| row.removal(family).is_some()),
        Mechanism::Script(_) => false,
        Mechanism::Api(_) => true,
    }
}

/// Whether the provider stores the address that it sees a request for a record of `family` come from,
/// because the update URL names none.
pub fn takes_seen_address(provider: &Provider, family: Family) -> bool {
    let template = provider.template(family);
    template.is_some_and(|template| !template::names_address(&template.url))
}

/// The documented limit of an account's requests, if there is one to keep.
pub fn rate(provider: &Provider) -> Option<Rate> {
    match &provider.mechanism {
        Mechanism::Url(_) => provider.known_row().and_then(table::Row::rate),
        Mechanism::Script(_) => None,
        Mechanism::Api(api) => api.rate,
    }
}

/// Publishes `job` in the account `provider`.
pub fn publish(provider: &Provider, job: &Job, carrier: &mut dyn Carrier) -> Published {
    match &provider.mechanism {
        // The worker runs a script itself. Here it only has no URL.
        Mechanism::Url(_) | Mechanism::Script(_) => url::publish(provider, job, carrier),
        Mechanism::Api(api) => conversation::converse(api.publish, &provider.account, job, carrier),
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
