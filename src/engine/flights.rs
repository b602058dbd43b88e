//! Jobs on their way: which account each was sent to, and what it is to make of which record. The answer
//! to a job finds its records here, also after a reload.

use std::collections::VecDeque;
use std::net::IpAddr;

use super::event::JobId;
use super::record::{Counts, Sent};
use crate::model::{Family, Hostname};

/// Where a record is: the place of its section, and its place among that section's records. In this
/// order records are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordId {
    /// The place of its section.
    pub section: usize,
    /// Its place in the section.
    pub record: usize,
}

/// A job on its way.
#[derive(Clone, Debug)]
pub struct Flight {
    /// The key of the account that it was sent to: its place may be another one after a reload.
    pub account: u64,
    /// See [`crate::provider::Job::kept`].
    pub kept: Vec<(Hostname, IpAddr)>,
    /// One per change, in the job's order.
    pub parts: Vec<Part>,
}

/// What a job is to make of one record.
#[derive(Clone, Debug)]
pub struct Part {
    /// Which record waits for it.
    pub owner: Owner,
    /// What was sent.
    pub sent: Sent,
}

/// The record that waits for a part of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// This record.
    Record(RecordId),
    /// None: a reload has removed the record. One of this name that comes back waits for it, also in a
    /// section of another name if that has the same account.
    Gone {
        /// The section that the record was in.
        section: String,
        /// Its name.
        name: Hostname,
        /// Its type.
        family: Family,
    },
}

/// All jobs on their way. Their numbers grow by one, so that the place of a job follows from its number.
#[derive(Clone, Debug, Default)]
pub struct Flights {
    /// The number of the first one in `jobs`.
    first: JobId,
    /// `None` for those that have ended.
    jobs: VecDeque<Option<Flight>>,
}

impl Flights {
    /// The number that the next job gets.
    pub fn next_id(&self) -> JobId {
        let count = u32::try_from(self.jobs.len()).unwrap_or(u32::MAX);
        self.first.wrapping_add(count)
    }

    /// `flight` leaves, under the number [`Flights::next_id`].
    pub fn add(&mut self, flight: Flight) {
        self.jobs.push_back(Some(flight));
    }

    /// The job has ended; `None` if it is not on its way.
    pub fn take(&mut self, job: JobId) -> Option<Flight> {
        let place = usize::try_from(job.wrapping_sub(self.first)).ok()?;
        let flight = self.jobs.get_mut(place)?.take();
        while let Some(None) = self.jobs.front() {
            self.jobs.pop_front();
            self.first = self.first.wrapping_add(1);
        }
        flight
    }

    /// The parts of all jobs, the oldest first.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.jobs.iter().flatten().flat_map(|flight| &flight.parts)
    }

    /// The same, to be changed, each with the account that it was sent to.
    pub fn parts_mut(&mut self) -> impl Iterator<Item = (u64, &mut Part)> {
        self.jobs.iter_mut().flatten().flat_map(|flight| {
            let account = flight.account;
            flight.parts.iter_mut().map(move |part| (account, part))
        })
    }

    /// An address went away that requests on their way may have left from: if one of them fails, that
    /// says nothing about the provider. `section`: only those of one section.
    pub fn network_gone(&mut self, section: Option<usize>) {
        for (_, part) in self.parts_mut() {
            let is_meant = match (&part.owner, section) {
                (_, None) => true,
                (Owner::Record(id), Some(section)) => id.section == section,
                (Owner::Gone { .. }, Some(_)) => false,
            };
            if is_meant && part.sent.counts == Counts::Yes {
                part.sent.counts = Counts::NetworkGone;
            }
        }
    }
}
