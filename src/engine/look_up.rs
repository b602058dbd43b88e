//! A section's look-ups in DNS, and their consequences.

use std::time::Duration;

use super::report;
use super::section::SectionState;
use super::viewpoint::Answers;
use crate::config::Lookup;
use crate::dns::Found;
use crate::model::name::canonical;
use crate::model::{Family, Notice};
use crate::time::Now;

/// A published address is looked up this long after the provider accepted it: some providers are slow to
/// bring it into their name servers.
const PROPAGATION: Duration = Duration::from_secs(600);

impl SectionState {
    /// Takes the next look-up that is due. First come the records whose last request is in doubt. Then come the
    /// registered addresses, unless a record of the section is about to be sent: its request goes first.
    pub fn take_lookup(&mut self, answers: &Answers, now: Now) -> Option<(Lookup, Family)> {
        if !answers.reaches_dns || self.rests() {
            return None;
        }
        if let Some(lookup) = self.take_doubt(now) {
            return Some(lookup);
        }
        if self.counts.active > 0 {
            return None;
        }
        let family = *self.registered.keys().find(|family| self.is_due(**family, now))?;
        self.registered.get_mut(&family)?.asked = true;
        Some((self.spec.lookup.clone(), family))
    }

    /// Takes the look-up for the next record whose last request is in doubt.
    fn take_doubt(&mut self, now: Now) -> Option<(Lookup, Family)> {
        loop {
            let index = self.doubts.iter().next().copied()?;
            self.doubts.remove(&index);
            if let Some(record) = self.records.get_mut(index)
                && record.doubt_at().is_some_and(|at| at <= now.up)
            {
                record.asks_dns();
                let host = record.name.in_dns();
                return Some((Lookup { host, ..self.spec.lookup.clone() }, record.family));
            }
        }
    }

    fn is_due(&self, family: Family, now: Now) -> bool {
        self.look_up_at(family, now).is_some_and(|at| at <= now.up)
    }

    /// When the next look-up of a registered address becomes due, since boot.
    pub fn look_up_deadline(&self, answers: &Answers, now: Now) -> Option<Duration> {
        if !answers.reaches_dns || self.rests() || self.counts.active > 0 {
            return None;
        }
        let times = self.registered.keys().filter_map(|&family| self.look_up_at(family, now));
        times.filter(|&at| at > now.up).min()
    }

    /// When the registered address of `family` is to be looked up, since boot; `None` if no look-up is needed.
    fn look_up_at(&self, family: Family, now: Now) -> Option<Duration> {
        let registered = self.registered.get(&family)?;
        if registered.asked {
            return None;
        }
        // One look-up answers for all records of the family, so it waits for the latest of them.
        let mut latest = registered.backoff.until();
        for record in self.records.iter().filter(|record| record.family == family) {
            latest = latest.max(record.dns_visible_at(PROPAGATION, now)?);
        }
        Some(latest)
    }

    /// Takes in the answer to `lookup`. Returns a message for the log, if the answer settles a doubt.
    pub fn looked_up(
        &mut self,
        (lookup, family): (&Lookup, Family),
        answer: Result<Found, String>,
        now: Now,
        jitter: u32,
    ) -> Option<Notice> {
        let in_doubt = self.records.iter_mut().find(|record| {
            record.is_asking_dns() && record.family == family && lookup.host == record.name.in_dns()
        });
        if let Some(record) = in_doubt {
            let is_in_dns = record.dns_answered(&answer, now);
            return if is_in_dns { Some(report::in_dns(&self.spec.name, record)) } else { None };
        }
        // A reload may have changed the look-up meanwhile.
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
            let is_looked_up = host.as_ref().is_none_or(|host| record.name.in_dns() == *host);
            if record.family == family
                && is_looked_up
                && record.published().and_then(|at| registered.confirms(at)) == Some(true)
            {
                record.confirmed();
            }
        }
    }

    /// Has the record with this index sent again if the zone's own name servers do not have its published
    /// address. Another look-up follows. Returns a message for the log in that case.
    pub fn correct(&mut self, index: usize, now: Now) -> Option<Notice> {
        // `lookup_host` may be another name than the host's.
        if index >= self.own_records().count() && self.looked_up_name().is_none() {
            return None;
        }
        let record = self.records.get(index)?;
        let published = record.published()?;
        let registered = self.registered.get(&record.family)?;
        // DNS has the provider's proxy's addresses for a proxied record, so any address proves that it exists.
        let is_proxied = self.spec.record.proxied == Some(true);
        let is_hidden = is_proxied && !registered.addresses().is_empty();
        if registered.confirms(published) != Some(false) || is_hidden {
            return None;
        }
        let host = self.looked_up_name();
        if host.is_some_and(|host| record.name.in_dns() != host) {
            return None;
        }
        let record = self.records.get_mut(index)?;
        if !record.contradicted(now) {
            return None;
        }
        let registered = self.registered.get_mut(&record.family)?;
        registered.asked = false;
        let (name, host) = (&self.spec.name, &self.spec.lookup.host);
        Some(report::contradiction(name, host, published, registered.addresses()))
    }

    /// The name that is looked up, if it is the name of one of the records. Otherwise
    /// `lookup_host` names another host, and the answer counts for all records.
    fn looked_up_name(&self) -> Option<String> {
        let host = canonical(&self.spec.lookup.host);
        let is_ours = self.records.iter().any(|record| record.name.in_dns() == host);
        if is_ours { Some(host) } else { None }
    }
}
