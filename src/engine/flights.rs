//! Jobs on their way: the account of each, and its records with their targets. The answer to a job finds its
//! records here, even after a reload.

use std::net::IpAddr;

use super::event::JobId;
use super::record::{ResultCounts, Sent};
use crate::model::{Family, Hostname};

/// The indexes of a record. Records are sent in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordId {
    /// The index of its section.
    pub section: usize,
    /// Its index in the section.
    pub record: usize,
}

/// A job on its way.
#[derive(Clone, Debug)]
pub struct Flight {
    /// The number of the job.
    pub id: JobId,
    /// The key of its account. The index of the account may change in a reload.
    pub account: u64,
    /// See [`crate::provider::Job::kept`].
    pub kept: Vec<(Hostname, IpAddr)>,
    /// One per change, in the job's order.
    pub parts: Vec<Part>,
}

/// The part of a job that concerns one record.
#[derive(Clone, Debug)]
pub struct Part {
    /// The record that waits for it.
    pub owner: Owner,
    /// The request for this record.
    pub sent: Sent,
}

/// The record that waits for a part of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// This record, which is in force.
    Record(RecordId),
    /// A reload has removed the record. If a later reload brings a record of this name back, in the same
    /// section or in one with the same account, that record waits for the job.
    Gone {
        /// The section that the record was in.
        section: String,
        /// Its name.
        name: Hostname,
        /// Its type.
        family: Family,
    },
}

/// All jobs on their way.
#[derive(Clone, Debug, Default)]
pub struct Flights {
    /// The number of the next job.
    next: JobId,
    /// The oldest job comes first.
    jobs: Vec<Flight>,
    /// Hosts whose addresses requests wait for, longer than usual: one entry for each such request.
    sought_hosts: Vec<String>,
}

impl Flights {
    /// Adds a job. Returns its number.
    pub fn add(&mut self, account: u64, kept: Vec<(Hostname, IpAddr)>, parts: Vec<Part>) -> JobId {
        let id = self.next;
        // The numbers wrap after 2^32 jobs, when the first ones have ended long ago.
        self.next = id.wrapping_add(1);
        self.jobs.push(Flight { id, account, kept, parts });
        id
    }

    /// Removes a job that has ended; `None` if it is not on its way.
    pub fn take(&mut self, job: JobId) -> Option<Flight> {
        let index = self.jobs.iter().position(|flight| flight.id == job)?;
        Some(self.jobs.remove(index))
    }

    /// A request waits for the addresses of `host`.
    pub fn await_address(&mut self, host: String) {
        // A host may be there several times, so that the end of one wait does not end those of other requests.
        self.sought_hosts.push(host);
    }

    /// One request waits no more for the addresses of `host`. Returns whether one did.
    pub fn stop_awaiting(&mut self, host: &str) -> bool {
        let Some(at) = self.sought_hosts.iter().position(|sought| sought == host) else {
            return false;
        };
        self.sought_hosts.swap_remove(at);
        true
    }

    /// Whether a request waits for the addresses of `host`.
    pub fn awaits_address(&self, host: &str) -> bool {
        self.sought_hosts.iter().any(|sought| sought == host)
    }

    /// All jobs.
    pub fn jobs(&self) -> &[Flight] {
        &self.jobs
    }

    /// All jobs, to change them.
    pub fn jobs_mut(&mut self) -> &mut [Flight] {
        &mut self.jobs
    }

    fn parts_mut(&mut self) -> impl Iterator<Item = &mut Part> {
        self.jobs.iter_mut().flat_map(|flight| &mut flight.parts)
    }

    /// The results of requests for `section` that are on their way do not count any more: another router
    /// publishes, or has published until now.
    pub fn supersede(&mut self, section: usize) {
        for part in self.parts_mut() {
            if matches!(&part.owner, Owner::Record(id) if id.section == section) {
                part.sent.counts = ResultCounts::Superseded;
            }
        }
    }

    /// An address went away that requests on their way may have left from. If such a request fails, the network
    /// may be the cause, so the provider is not backed off from. `section` restricts this to one section.
    pub fn network_gone(&mut self, section: Option<usize>) {
        for part in self.parts_mut() {
            let is_concerned = match (&part.owner, section) {
                (_, None) => true,
                (Owner::Record(id), Some(section)) => id.section == section,
                (Owner::Gone { .. }, Some(_)) => false,
            };
            // A superseded part stays superseded: not even its success counts.
            if is_concerned && part.sent.counts == ResultCounts::Yes {
                part.sent.counts = ResultCounts::NetworkGone;
            }
        }
    }
}
