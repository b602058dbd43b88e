//! What a section looks up in DNS, and what follows from the answer.

use std::time::Duration;

use super::record::Record;
use super::report;
use super::section::SectionState;
use super::viewpoint::Answers;
use crate::config::Lookup;
use crate::dns::Found;
use crate::model::name::canonical;
use crate::model::{Family, Notice};
use crate::time::Now;

/// What was published is not looked for in DNS before: some providers' name servers take their time.
const PROPAGATION: Duration = Duration::from_secs(600);

impl SectionState {
    /// Takes what should be looked up now, if anything: whether a record has what a request was to
    /// bring about whose answer says nothing; or the registered address of a family, which never comes
    /// before a request that is due.
    pub fn take_lookup(&mut self, answers: &Answers, now: Now) -> Option<(Lookup, Family)> {
        if !answers.reaches_dns || self.stopped {
            return None;
        }
        loop {
            let Some(place) = self.doubts.iter().next().copied() else { break };
            self.doubts.remove(&place);
            if let Some(record) = self.records.get_mut(place)
                && record.doubt_at().is_some_and(|at| at <= now.up)
            {
                record.asks_dns();
                let host = record.name.in_dns();
                return Some((Lookup { host, ..self.spec.lookup.clone() }, record.family));
            }
        }
        if self.counts.active > 0 {
            return None;
        }
        let family = *self.registered.keys().find(|family| self.is_due(**family, now))?;
        self.registered.get_mut(&family)?.asked = true;
        Some((self.spec.lookup.clone(), family))
    }

    fn is_due(&self, family: Family, now: Now) -> bool {
        self.look_up_at(family, now).is_some_and(|at| at <= now.up)
    }

    /// When the next registered address is to be looked up that is not due yet, since boot.
    pub fn look_up_deadline(&self, answers: &Answers, now: Now) -> Option<Duration> {
        if !answers.reaches_dns || self.stopped || self.counts.active > 0 {
            return None;
        }
        let times = self.registered.keys().filter_map(|&family| self.look_up_at(family, now));
        times.filter(|&at| at > now.up).min()
    }

    /// When the registered address of `family` is to be looked up, since boot.
    fn look_up_at(&self, family: Family, now: Now) -> Option<Duration> {
        let registered = self.registered.get(&family)?;
        if registered.asked {
            return None;
        }
        let mut latest = registered.backoff.until();
        for record in self.records.iter().filter(|record| record.family == family) {
            latest = latest.max(record.dns_visible_at(PROPAGATION, now)?);
        }
        Some(latest)
    }

    /// The name servers were asked as `lookup` says. Returns what the operator should know.
    pub fn looked_up(
        &mut self,
        (lookup, family): (&Lookup, Family),
        answer: Result<Found, String>,
        now: Now,
        jitter: u32,
    ) -> Option<Notice> {
        let asks = |record: &&mut Record| {
            record.is_asking_dns() && record.family == family && lookup.host == record.name.in_dns()
        };
        if let Some(record) = self.records.iter_mut().find(asks) {
            let has_it = record.dns_answered(&answer, now);
            return if has_it { Some(report::in_dns(&self.spec.name, record)) } else { None };
        }
        if self.spec.lookup == *lookup {
            self.registered_answered(family, answer, now, jitter);
        }
        None
    }

    fn registered_answered(
        &mut self,
        family: Family,
        answer: Result<Found, String>,
        now: Now,
        jitter: u32,
    ) {
        let host = self.looked_up_name();
        let Some(registered) = self.registered.get_mut(&family) else {
            return;
        };
        registered.answered(answer, now, jitter);
        for record in &mut self.records {
            let is_meant = host.as_ref().is_none_or(|host| record.name.in_dns() == *host);
            if record.family == family
                && is_meant
                && record.published().and_then(|at| registered.confirms(at)) == Some(true)
            {
                record.confirmed();
            }
        }
    }

    /// Whether an authority does not have the record at `place` as it was published: then it is sent
    /// again, and then looked up once more. Returns what the operator should know.
    pub fn correct(&mut self, place: usize, now: Now) -> Option<Notice> {
        let record = self.records.get(place)?;
        let published = record.published()?;
        let registered = self.registered.get(&record.family)?;
        // A proxy shows addresses of its own for as long as there is a record.
        let is_proxied = self.spec.record.proxied == Some(true);
        let is_hidden = is_proxied && !registered.addresses().is_empty();
        if registered.confirms(published) != Some(false) || is_hidden {
            return None;
        }
        let host = self.looked_up_name();
        if host.is_some_and(|host| record.name.in_dns() != host) {
            return None;
        }
        let record = self.records.get_mut(place)?;
        if !record.contradicted(now) {
            return None;
        }
        let registered = self.registered.get_mut(&record.family)?;
        registered.asked = false;
        let (name, host) = (&self.spec.name, &self.spec.lookup.host);
        Some(report::contradiction(name, host, published, registered.addresses()))
    }

    /// The name that is looked up, if it is that of a record; it tells of others only if it is none.
    fn looked_up_name(&self) -> Option<String> {
        let host = canonical(&self.spec.lookup.host);
        let is_ours = self.records.iter().any(|record| record.name.in_dns() == host);
        if is_ours { Some(host) } else { None }
    }
}
