//! A section's look-ups in DNS, and their consequences.

use std::net::IpAddr;
use std::sync::Arc;

use super::Engine;
use super::event::Action;
use super::flights::RecordId;
use super::hook_event::Happening;
use super::report;
use super::section::SectionState;
use super::viewpoint::Answers;
use crate::config::Lookup;
use crate::dns::Found;
use crate::model::fifo::Fifo;
use crate::model::{Family, Notice, address};
use crate::time::{Duration, Now, UnixSeconds};

/// A published address is looked up this long after the provider accepted it: some providers are slow to
/// bring it into their name servers.
const PROPAGATION: Duration = Duration::from_secs(600);
/// The longest such time. A server may answer with what it had before for as long as the record's TTL.
const LONGEST_PROPAGATION: Duration = Duration::from_secs(3600);

impl SectionState {
    /// Takes the next look-up that is due: its kind, its family, and the address that is expected. First come the
    /// records whose last request is in doubt. Then come the registered addresses, unless a record of the section
    /// is about to be sent: its request goes first.
    pub fn take_lookup(
        &mut self,
        answers: &Answers,
        now: Now,
    ) -> Option<(Lookup, Family, Option<IpAddr>)> {
        if !answers.reaches_dns || self.rests() {
            return None;
        }
        if let Some((lookup, family)) = self.take_doubt(now) {
            return Some((lookup, family, None));
        }
        // The request changes what DNS is compared with.
        if self.counts.active > 0 { None } else { self.take_registered(now) }
    }

    /// Takes the look-up of the next registered address that is due.
    fn take_registered(&mut self, now: Now) -> Option<(Lookup, Family, Option<IpAddr>)> {
        while let Some(index) = self.lookups.due.take_first() {
            if self.look_up_at(index, now).is_some_and(|at| at <= now.up) {
                return self.ask_for(index);
            }
        }
        None
    }

    /// Takes the look-up for the next record whose last request is in doubt.
    fn take_doubt(&mut self, now: Now) -> Option<(Lookup, Family)> {
        loop {
            let index = self.lookups.doubts.take_first()?;
            if let Some(record) = self.records.get_mut(index)
                && record.doubt_at().is_some_and(|at| at <= now.up)
            {
                record.asks_about_doubt();
                self.lookups.asked.push(index);
                let host = record.name.in_dns();
                let mut lookup = self.spec.lookup.clone();
                // `lookup_host` may be another name, which says nothing about this record.
                lookup.host = host;
                return Some((lookup, record.family));
            }
        }
    }

    /// The look-up of the registered address of the record with this index.
    fn ask_for(&mut self, index: usize) -> Option<(Lookup, Family, Option<IpAddr>)> {
        let (lookup, is_elsewhere) = (self.lookup_of(index), self.is_elsewhere(index));
        let record = self.records.get_mut(index)?;
        let (family, published) = (record.family, record.published());
        record.registered.asked();
        if !is_elsewhere {
            self.lookups.asked.push(index);
        } else {
            // One look-up answers for all of them.
            for record in self.own_records_mut().iter_mut().filter(|it| it.family == family) {
                record.registered.asked();
            }
        }
        Some((lookup, family, published))
    }

    /// What is looked up for the record with this index.
    pub fn lookup_of(&self, index: usize) -> Lookup {
        let mut lookup = self.spec.lookup.clone();
        if let Some(record) = self.records.get(index)
            && !self.is_elsewhere(index)
        {
            lookup.host = record.name.in_dns();
        }
        lookup
    }

    /// Whether another name than that of the record with this index is looked up: `lookup_host` is none of the
    /// section's names, and counts for all of them.
    fn is_elsewhere(&self, index: usize) -> bool {
        self.lookups.is_elsewhere && index < self.own_records().len()
    }

    /// When the registered address of the record with this index is to be looked up, since boot; `None` if no
    /// look-up is needed.
    pub fn look_up_at(&self, index: usize, now: Now) -> Option<Duration> {
        let record = self.records.get(index)?;
        if !self.spec.check_foreign {
            return None;
        }
        let due = record.registered.due_at()?;
        let ttl = Duration::from_secs(self.spec.record.ttl.unwrap_or_default().into());
        let delay = ttl.clamp(PROPAGATION, LONGEST_PROPAGATION);
        Some(due.max(record.dns_visible_at(delay, now)?))
    }

    /// Takes in the answer to `lookup`. Returns the indexes of the records that it is about. Adds a message for the
    /// log to `actions` if the answer settles a doubt, or if a resolver says something else about the name's answers.
    pub fn looked_up(
        &mut self,
        (lookup, family): (&Lookup, Family),
        answer: &Result<Found, String>,
        now: Now,
        jitter: u32,
        actions: &mut Fifo<Action>,
    ) -> Vec<usize> {
        let records = self.looked_up_records(&lookup.host, family);
        if self.answer_doubt(&records, &lookup.host, answer, now, actions) {
            return records;
        }
        let options = &self.spec.lookup;
        // A reload may have changed the options meanwhile.
        if (&lookup.server, lookup.protocol, lookup.glue)
            != (&options.server, options.protocol, options.glue)
        {
            return Vec::new();
        }
        let shares = self.spec.record.share;
        for index in &records {
            if let Some(record) = self.records.get_mut(*index) {
                record.registered_answered(answer.clone(), shares, now, jitter);
            }
        }
        self.report_dnssec(&records, &lookup.host, actions);
        records
    }

    /// If the name `host` is looked up because a request for one of `records` is in doubt, takes in the answer. Returns
    /// whether that is so.
    fn answer_doubt(
        &mut self,
        records: &[usize],
        host: &str,
        answer: &Result<Found, String>,
        now: Now,
        actions: &mut Fifo<Action>,
    ) -> bool {
        for index in records {
            if let Some(record) = self.records.get_mut(*index)
                && record.is_asking_about_doubt()
                && record.name.is_in_dns(host)
            {
                if record.doubt_answered(answer, now) {
                    actions.say(report::in_dns(&self.spec.name, record));
                }
                return true;
            }
        }
        false
    }

    /// Adds one message for all records of a look-up, if a resolver says something else about `host` than before.
    fn report_dnssec(&mut self, records: &[usize], host: &str, actions: &mut Fifo<Action>) {
        let mut is_reported = false;
        for index in records {
            let Some(record) = self.records.get_mut(*index) else { return };
            let change = record.registered.dnssec_change();
            if !is_reported && let Some(notice) = report::dnssec(&self.spec.name, host, change) {
                actions.say(notice);
                is_reported = true;
            }
        }
    }

    /// The index of the record whose own name, `host`, is being looked up; `None` if there is none.
    fn take_asked(&mut self, host: &str, family: Family) -> Option<usize> {
        // Answers come in the order of the questions, so of thousands it is nearly always the first.
        for (place, index) in self.lookups.asked.iter().enumerate() {
            let record = self.records.get(*index)?;
            if record.family == family && record.name.is_in_dns(host) {
                return Some(self.lookups.asked.remove(place));
            }
        }
        None
    }

    /// The indexes of the records of `family` that a look-up of `host` is about.
    fn looked_up_records(&mut self, host: &str, family: Family) -> Vec<usize> {
        if let Some(index) = self.take_asked(host, family) {
            return vec![index];
        }
        // The question was one for all names, or one from before a reload.
        let is_of_all = self.lookups.is_elsewhere && self.spec.lookup.host == host;
        let own = self.own_records().len();
        let mut indexes = Vec::new();
        for (index, record) in self.records.iter().enumerate() {
            let is_meant = is_of_all && index < own || record.name.is_in_dns(host);
            if record.family == family && is_meant {
                indexes.push(index);
            }
        }
        indexes
    }

    /// The addresses that DNS has in the place of the published one of the record with this index, if that is
    /// news.
    fn new_difference(&self, index: usize, now: Now) -> Option<Vec<IpAddr>> {
        let found = self.records.get(index)?.new_difference(now)?;
        // DNS has the provider's proxy's addresses for a proxied record, so any address proves that it exists.
        let is_proxied = self.spec.record.proxied == Some(true);
        if is_proxied && !found.is_empty() { None } else { Some(found.to_vec()) }
    }
}

impl Engine {
    /// DNS has answered a look-up of `section`.
    pub(super) fn dns_answered(
        &mut self,
        section: &str,
        lookup: (&Lookup, Family),
        result: &Result<Found, String>,
        now: Now,
    ) {
        let jitter = self.next_jitter();
        let Some(section) = self.section_index(section) else { return };
        let Some(active) = self.sections.get_mut(section) else { return };
        for record in active.looked_up(lookup, result, now, jitter, &mut self.actions) {
            self.touch(RecordId { section, record });
        }
        self.attend(section);
    }

    /// Asks for the next look-up that is due. Returns whether there is one.
    pub(super) fn look_up(&mut self, now: Now) -> bool {
        while let Some(place) = self.todo.lookups.first() {
            let Some((active, view)) = self.section_and_view(place) else { return false };
            if let Some((lookup, family, expected)) = active.take_lookup(&view.answers, now) {
                let device = view.answers.bound_device();
                let section = Arc::clone(&active.spec);
                let action = Action::LookUp { section, lookup, device, family, expected };
                self.actions.push_first(action);
                return true;
            }
            self.todo.lookups.take_first();
        }
        false
    }

    /// Compares what is new in DNS with what is published, and has records sent again. Returns whether there is a
    /// message for the log.
    pub(super) fn compare_with_dns(&mut self, now: Now) -> bool {
        while let Some(id) = self.todo.corrections.pop() {
            let id = id.0;
            let Some(active) = self.sections.get(id.section) else { return false };
            if let Some(found) = active.new_difference(id.record, now)
                && let Some(notice) = self.take_difference(id, found, now)
            {
                self.actions.push_first(Action::Say(notice));
                return true;
            }
        }
        false
    }

    /// DNS has `found` in the place of the published address. Tells hooks, and returns the message for the log;
    /// `None` if that is known.
    fn take_difference(
        &mut self,
        id: RecordId,
        mut found: Vec<IpAddr>,
        now: Now,
    ) -> Option<Notice> {
        let published = self.record_mut(id)?.published()?;
        let count = found.len();
        address::remove(&mut found, published);
        let is_added = found.len() < count;
        let ours_until = self.ours_until(id, &found);
        let is_news = self.record_mut(id)?.differs(found, is_added, ours_until, now);
        self.touch(id);
        if !is_news {
            return None;
        }
        let active = self.sections.get(id.section)?;
        let record = active.records.get(id.record)?;
        let difference = record.difference()?;
        let sentence = difference.sentence(published, &active.spec.name, now);
        let notice = report::difference(&active.spec.name, record, difference, &sentence);
        if difference.is_foreign() {
            let addresses = [Some(published), difference.found.first().copied()];
            self.tell(id, Happening::Foreign, addresses, sentence);
        }
        Some(notice)
    }

    /// Until when this router had the only address in `found` itself, by the history; `None` if it did not.
    fn ours_until(&self, id: RecordId, found: &[IpAddr]) -> Option<UnixSeconds> {
        // This router never publishes several addresses at once.
        let [found] = found else { return None };
        let mut history = self.history(self.record(id)?.name.as_str());
        history.rfind(|change| change.old == Some(*found))?.accepted_at
    }
}
