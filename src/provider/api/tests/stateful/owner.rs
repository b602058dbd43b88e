//! The owner of some records: what they should be, and what jobs have come to, as the engine keeps it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::server::{Server, Service};
use super::zone::{Entry, OLD_TTL, full};
use crate::model::{Family, Target};
use crate::provider::testing::{apply, change, job, outcome_text};
use crate::provider::{Batch, Change, Job, LearnedChanges, Mechanism, Outcome, Provider, publish};
use crate::time::Duration;

/// The hosts of all good names. `www` and `shared` are there from the beginning; of the latter, others have
/// addresses, too.
const GOOD: [&str; 8] = ["home", "www", "shared", "*", "", "a", "b", "xn--bcher-kva"];
/// Those that have both families.
const BOTH: [&str; 3] = ["home", "shared", ""];

/// A record of ours.
#[derive(Clone)]
struct Ours {
    host: String,
    change: Change,
    /// The addresses of requests since the last success.
    attempted: Vec<IpAddr>,
    is_done: bool,
    jobs: usize,
}

pub(super) struct Owner {
    pub(super) server: Server,
    account: Provider,
    ours: Vec<Ours>,
    learned: LearnedChanges,
    jobs: u32,
    /// Whether the owner has set `share`.
    pub(super) shares: bool,
}

impl Owner {
    pub(super) fn new(service: Service) -> Self {
        Self {
            server: Server::new(service),
            account: service.account(),
            ours: Vec::new(),
            learned: LearnedChanges::new(),
            jobs: 0,
            shares: false,
        }
    }

    /// The record of `host` becomes `address`.
    pub(super) fn wish(&mut self, host: &str, address: &str) {
        let mut change = change(&full(host), address);
        let family = change.family;
        let is_it = |ours: &&mut Ours| ours.host == host && ours.change.family == family;
        if let Some(ours) = self.ours.iter_mut().find(is_it) {
            ours.change.target = change.target;
            ours.is_done = false;
            return;
        }
        (change.record.share, change.anew) = (self.shares, self.shares);
        let is_known = host == "shared" || (host == "www" && self.shares);
        if is_known && change.family == Family::V4 {
            change.previous = "192.0.2.1".parse().ok();
        }
        let host = host.to_owned();
        self.ours.push(Ours { host, change, attempted: Vec::new(), is_done: false, jobs: 0 });
    }

    /// The record of `host` becomes `address`, and others have addresses there, too. `is_common` says that another
    /// section has the present address as well, which the engine knows.
    pub(super) fn wish_shared(&mut self, host: &str, address: &str, is_common: bool) {
        self.wish(host, address);
        let ours = self.ours.iter_mut().find(|ours| ours.host == host).unwrap();
        if !ours.change.record.share || is_common {
            ours.change.previous = None;
        }
        ours.change.record.share = true;
        ours.change.anew = true;
    }

    /// The other owner of the same zone goes on. With `account`, both have the same account.
    pub(super) fn hand_over(&mut self, other: &mut Self, account: bool) {
        std::mem::swap(&mut self.server, &mut other.server);
        if account {
            other.learned = self.learned.clone();
        }
    }

    /// Publishes jobs until all is done. Returns the addresses of `host`.
    pub(super) fn addresses_of(&mut self, host: &str) -> Vec<String> {
        let mut said = Vec::new();
        for _ in 0..3 {
            if self.left(&[]).is_empty() {
                break;
            }
            said.extend(self.publish());
        }
        assert!(self.left(&[]).is_empty(), "{said:?}");
        let zone = &self.server.zone;
        let entries = zone.published.as_ref().unwrap_or(&zone.entries);
        let of_host = entries.iter().filter(|entry| entry.host == host && entry.kind == "A");
        let mut addresses: Vec<String> = of_host.map(|entry| entry.value.clone()).collect();
        addresses.sort();
        addresses
    }

    /// All good names become these addresses.
    pub(super) fn wish_good(&mut self, v4: &str, v6: &str) {
        GOOD.iter().for_each(|host| self.wish(host, v4));
        BOTH.iter().for_each(|host| self.wish(host, v6));
    }

    /// The record of `host` is removed.
    pub(super) fn remove(&mut self, host: &str, kind: &str) {
        let is_it =
            |ours: &&mut Ours| ours.host == host && ours.change.family.record_type() == kind;
        let ours = self.ours.iter_mut().find(is_it).unwrap();
        ours.change.target = Target::Absent;
        ours.is_done = false;
    }

    /// What jobs have learned is lost.
    pub(super) fn forget(&mut self) {
        self.learned.clear();
    }

    /// Publishes one job, and returns its outcomes.
    pub(super) fn publish(&mut self) -> Vec<String> {
        let Mechanism::Api(api) = &self.account.mechanism else { panic!() };
        let Batch::Account(most) = api.batch else { panic!() };
        let mut due: Vec<usize> = (0..self.ours.len()).filter(|&i| !self.ours[i].is_done).collect();
        due.sort_by_key(|&index| self.ours[index].jobs);
        due.truncate(most);
        let mut changes = Vec::new();
        for &index in &due {
            let ours = &mut self.ours[index];
            changes.push(Change { tried: ours.attempted.clone(), ..ours.change.clone() });
            ours.attempted.extend(ours.change.address());
            ours.jobs += 1;
        }
        let before = self.server.requests;
        let next = Job { learned: apply(self.learned.clone()), seed: self.jobs, ..job(changes) };
        let published = publish(&self.account, &next, &mut self.server);
        self.jobs += 1;
        self.learned.extend(published.learned);
        // Later jobs come after the waits that the provider asks for.
        self.server.pass(Duration::from_secs(600));
        let requests = self.server.requests - before;
        assert!(requests <= self.most_requests(due.len()), "{requests} requests");
        for (&index, verdict) in due.iter().zip(&published.verdicts) {
            let ours = &mut self.ours[index];
            let is_bad = ["bad", "alias"].contains(&ours.host.as_str());
            let is_refused = matches!(verdict.outcome, Outcome::Refused { .. });
            assert!(
                is_bad || !is_refused || self.server.is_locked,
                "{}: {}",
                ours.change.name.as_str(),
                outcome_text(verdict)
            );
            if verdict.is_success() {
                ours.is_done = true;
                ours.attempted.clear();
                ours.change.anew = ours.change.removes() || ours.change.record.share;
                ours.change.previous = ours.change.address();
            }
        }
        published.verdicts.iter().map(outcome_text).collect()
    }

    /// An upper bound on the requests of a job: a log-in, lists, and for each record some reads and writes.
    fn most_requests(&self, records: usize) -> usize {
        let pages = self.server.zone.others / 20 + self.server.zone.entries.len() / 100;
        20 + 2 * pages + 8 * records
    }

    /// Publishes jobs until each record is as it should be.
    pub(super) fn publish_all(&mut self, jobs: usize) {
        self.publish_but(&[], jobs);
    }

    /// Publishes at most `jobs` jobs, until each record is as it should be but those of the `bad` names.
    pub(super) fn publish_but(&mut self, bad: &[&str], jobs: usize) {
        let mut said = BTreeSet::new();
        // A job may have fewer records than there are.
        let Mechanism::Api(api) = &self.account.mechanism else { panic!() };
        let Batch::Account(most) = api.batch else { panic!() };
        for _ in 0..jobs * self.ours.len().div_ceil(most) {
            if self.left(bad).is_empty() {
                break;
            }
            said.extend(self.publish());
        }
        let left = self.left(bad);
        assert!(left.is_empty(), "{}: {left:?} are left: {said:#?}", self.server.service.name);
        for ours in self.ours.iter().filter(|ours| bad.contains(&ours.host.as_str())) {
            assert!(!ours.is_done, "{} was published", ours.host);
        }
        self.check();
    }

    fn left(&self, bad: &[&str]) -> Vec<&str> {
        let is_left = |ours: &&Ours| !ours.is_done && !bad.contains(&ours.host.as_str());
        self.ours.iter().filter(is_left).map(|ours| ours.change.name.as_str()).collect()
    }

    /// Checks that the zone has our records and those of others, and nothing else.
    fn check(&self) {
        let zone = &self.server.zone;
        let entries = zone.published.as_ref().unwrap_or(&zone.entries);
        let mut present: Vec<_> = entries.iter().map(as_text).collect();
        let mut expected: Vec<_> = self.server.others.iter().map(as_text).collect();
        for ours in self.ours.iter().filter(|ours| ours.is_done) {
            if let Some(address) = ours.change.address() {
                let kind = ours.change.family.record_type();
                expected.push(format!("{} {kind} {address}", full(&ours.host)));
            }
        }
        present.sort();
        expected.sort();
        if present != expected {
            let name = self.server.service.name;
            let differ = |one: &[String], other: &[String]| -> Vec<String> {
                one.iter().filter(|text| !other.contains(text)).cloned().collect()
            };
            let (more, missing) = (differ(&present, &expected), differ(&expected, &present));
            panic!("{name} has records too many: {more:?}, and lacks {missing:?}: {present:?}");
        }
        let of_others: BTreeSet<String> = self.server.others.iter().map(as_text).collect();
        for entry in entries.iter().filter(|entry| of_others.contains(&as_text(entry))) {
            assert_eq!(entry.ttl, OLD_TTL, "the TTL of {}", as_text(entry));
        }
    }
}

fn as_text(entry: &Entry) -> String {
    format!("{} {} {}", entry.fqdn(), entry.kind, entry.value)
}
