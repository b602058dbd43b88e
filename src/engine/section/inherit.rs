//! What a section keeps when a new configuration comes into force.

use super::SectionState;
use crate::engine::record::Record;
use crate::model::sort;
use crate::time::Now;

impl SectionState {
    /// Takes over the state that the new configuration leaves valid from `old`, the section of the same name
    /// before a reload. What is taken over is taken from `old`.
    pub fn inherit(&mut self, old: &mut Self, now: Now) {
        self.inherit_records(old, now);
        // A page sees the address of the line that the question takes, so another transport is another source.
        let is_same_source = old.spec.source == self.spec.source
            && old.spec.transport == self.spec.transport
            && old.spec.families == self.spec.families;
        if is_same_source {
            std::mem::swap(&mut self.detectors, &mut old.detectors);
            std::mem::swap(&mut self.no_address, &mut old.no_address);
            let timing = &self.spec.timing;
            self.detectors.iter_mut().for_each(|detector| detector.retime(timing, now));
        } else {
            // Nothing is known of the new source yet, and the time of a loss starts anew.
            self.records.iter_mut().for_each(Record::suspend);
            for before in &old.detectors {
                if let Some(detector) = self.detector_mut(before.family) {
                    detector.supersede(before);
                }
            }
        }
        if old.spec.lookup != self.spec.lookup {
            self.forget_registered();
        }
        // A reload changes nothing in the network, so it does not count as an event there.
        std::mem::swap(&mut self.seen.network, &mut old.seen.network);
        if old.spec.gates == self.spec.gates {
            std::mem::swap(&mut self.seen.standing, &mut old.seen.standing);
        } else if !old.seen.standing.is_open() && self.seen.standing.is_open() {
            // The owner has removed the gates, so this router takes over.
            self.forget_other_router();
        }
        // This needs the gates: they decide whether a section that is not stopped works or is on standby.
        self.set_stopped(old.stopped);
        self.results = old.results;
        std::mem::swap(&mut self.last, &mut old.last);
    }

    fn inherit_records(&mut self, old: &mut Self, now: Now) {
        let is_same_account = old.spec.provider == self.spec.provider;
        let is_same_way = is_same_account && old.spec.transport == self.spec.transport;
        let held = old.records.iter().map(Record::held_until).max();
        // A section may have thousands of names, and their order may be another one now.
        sort::by(&mut old.records, |a, b| a.key().cmp(&b.key()));
        for record in &mut self.records {
            let index = old.records.binary_search_by(|before| before.key().cmp(&record.key()));
            let Some(before) = index.ok().and_then(|index| old.records.get_mut(index)) else {
                // The provider's waiting time holds for the account, so a new name waits, too.
                if let Some(held) = held
                    && is_same_account
                {
                    record.hold(held, now);
                }
                continue;
            };
            inherit_record(record, before, is_same_account, is_same_way, now);
        }
    }
}

/// Takes over the state of `before`, the record of the same name before a reload.
fn inherit_record(
    record: &mut Record,
    before: &mut Record,
    is_same_account: bool,
    is_same_way: bool,
    now: Now,
) {
    if before.fingerprint == record.fingerprint {
        record.inherit(before, now);
        let is_respelt = before.name.written() != record.name.written();
        record.ask_again_after_reload();
        // The owner may have respelt a name that the provider refused.
        if !is_same_way || is_respelt {
            record.reset_after_transport_change();
        }
    } else if is_same_account {
        record.inherit_limits(before, now);
    }
}
