//! The part of a record that the state file keeps across restarts.

use super::late::Late;
use super::remote::add_attempt;
use super::{Record, Refusal};
use crate::engine::pace::Hold;
use crate::model::Target;
use crate::state::{Saved, SavedSight};
use crate::time::{Duration, Now};

impl Record {
    /// Takes over the saved state of this record, if it is of the same provider, account and name.
    pub fn restore(&mut self, saved: &Saved, now: Now) {
        if saved.fingerprint != self.fingerprint {
            return;
        }
        self.remote.held = saved.held;
        self.remote.accepted_wall = saved.at;
        self.remote.in_doubt = saved.unconfirmed;
        for address in &saved.tried {
            add_attempt(&mut self.remote.attempted, Target::Address(*address));
        }
        self.sight.visibility = saved.sight.visibility;
        self.sight.corrections.clone_from(&saved.sight.corrected);
        self.sight.alarm = saved.sight.alarm;
        self.restore_wait(saved, now);
        if saved.unconfirmed {
            self.restore_late(now);
        } else {
            // Then `tried` is the address of a refusal, and not of a request without an answer.
            self.remote.attempted.clear();
        }
        self.date_publication(now);
        self.mark_as_told();
    }

    /// Takes over how long nothing is sent: because the provider refused the record, or because it asked to
    /// wait. The file has one time for both.
    fn restore_wait(&mut self, saved: &Saved, now: Now) {
        let hold = Hold::saved(saved.hold_until, now);
        match &saved.refused {
            Some((reason, advice)) => {
                let pause = if saved.hold_until.is_some() { hold } else { Hold::undated(now) };
                let refusal = Refusal::new(reason, advice, saved.tried.last().copied(), now);
                self.refusal = Some(Refusal { pause, ..refusal });
            }
            None => self.pace.hold = hold,
        }
    }

    /// Restores a request without an answer. It was on its way when the earlier run ended, or the provider had
    /// accepted a newer one since.
    fn restore_late(&mut self, now: Now) {
        let target = match self.remote.attempted.last() {
            Some(address) => Target::Address(*address),
            // It may have been a removal, which leaves no address in the file.
            None if self.timing.remove_after.is_some() => Target::Absent,
            None => return,
        };
        let mut late = Late::add(None, target, now.up, now.up);
        // If the accepted address is still the right one, it is enough to repeat it when the late request is over.
        let is_address = target != Target::Absent;
        if is_address && self.remote.held.is_some() && self.published() != target.address() {
            self.remote.in_doubt = false;
            late.repeats = true;
        }
        self.remote.late = Some(late);
    }

    /// The state to save; `None` if the record was never sent.
    pub fn saved(&self, section: &str, now: Now) -> Option<Saved> {
        // While a failed request is repeated it counts as in doubt all the time, so that not each attempt
        // writes to flash.
        let is_owed = self.trouble.is_some() && self.is_owed(now);
        let is_repeated = self.repeat_at().is_some();
        let at_risk = self.remote.in_doubt || is_repeated || self.flight.is_some() || is_owed;
        // A refusal of one address is not saved: one more request after a restart shows whether it still holds.
        let refusal = self.refusal.as_ref().filter(|refusal| refusal.only.is_none());
        let refused_until = refusal.and_then(|refusal| refusal.pause.to_save(now));
        let hold_until = self.pace.hold.to_save(now).max(refused_until);
        let mut tried = Vec::new();
        match (at_risk, refusal) {
            (true, _) => {
                tried.clone_from(&self.remote.attempted);
                if let Some(target) = self.flight {
                    add_attempt(&mut tried, target);
                }
            }
            (false, Some(refusal)) => tried.extend(refusal.address),
            (false, None) => {}
        }
        let is_known = self.remote.held.is_some() || refusal.is_some();
        if !is_known && !at_risk && hold_until.is_none() {
            return None;
        }
        Some(Saved {
            section: section.to_owned(),
            name: self.name.clone(),
            family: self.family,
            fingerprint: self.fingerprint,
            held: self.remote.held,
            at: self.remote.accepted_wall,
            unconfirmed: at_risk,
            tried,
            sight: SavedSight {
                visibility: self.sight.visibility,
                corrected: self.sight.corrections.clone(),
                alarm: self.sight.alarm,
            },
            refused: refusal.map(|refusal| (refusal.reason.clone(), refusal.advice.clone())),
            hold_until,
        })
    }

    /// The end of the provider's waiting time, since boot.
    pub fn held_until(&self) -> Duration {
        self.pace.hold.until()
    }
}
