//! A job has ended: its records, its account and the operator learn of it.

use std::time::Duration;

use super::Engine;
use super::event::{Action, Finished};
use super::flights::{Flight, Owner, Part, RecordId};
use super::record::{Counts, Ending};
use super::registered::Registered;
use super::report;
use super::section::AccountVerdict;
use crate::model::{Notice, Target};
use crate::provider::{FailureKind, Outcome, Scope, Verdict};
use crate::time::Now;

/// What an account is told of a job, as it is gathered record by record.
#[derive(Default)]
struct Gathered {
    /// The sections whose records were in the job.
    sections: Vec<usize>,
    /// What the provider answered about the account in answer to the section that is looked at now.
    verdict: Option<AccountVerdict>,
    /// The same of the section before, if there is none for this one.
    before: Option<AccountVerdict>,
    pause: Duration,
}

impl Engine {
    pub(super) fn finished(&mut self, finished: &Finished, now: Now) {
        let jitter = self.next_jitter();
        // The way may be another one than the kernel was asked for: the host's address is known now.
        self.lost_way |= finished.verdicts.iter().any(lost_network);
        if let Some(flight) = self.flights.take(finished.job) {
            // By its key: another configuration may have come into force meanwhile.
            let account = self.accounts.iter().position(|account| account.key == flight.account);
            self.answer_kept(&flight, finished, account, now);
            let gathered = self.answer_records(&flight, finished, now, jitter);
            if let Some(account) = account {
                self.answer_account(account, finished, gathered, now);
            }
        }
        self.touch();
    }

    /// A request that was never answered held `kept` beside what it was about.
    fn answer_kept(
        &mut self,
        flight: &Flight,
        finished: &Finished,
        account: Option<usize>,
        now: Now,
    ) {
        if !finished.verdicts.iter().any(Verdict::is_unanswered) {
            return;
        }
        for section in &mut self.sections {
            if Some(section.account) == account {
                section.sent_along(&flight.kept, now);
            }
        }
    }

    /// The records that were in the job learn what became of them.
    fn answer_records(
        &mut self,
        flight: &Flight,
        finished: &Finished,
        now: Now,
        jitter: u32,
    ) -> Gathered {
        let lost = Outcome::Unconfirmed { reason: "the exchange ended without an answer".into() };
        let lost = Verdict::record(lost);
        let mut gathered = Gathered::default();
        for (place, part) in flight.parts.iter().enumerate() {
            let Owner::Record(id) = part.owner else { continue };
            let verdict = finished.verdicts.get(place);
            if part.sent.counts == Counts::Superseded {
                if let Some(record) = self.record_mut(id) {
                    let is_answered = verdict.is_some_and(|verdict| !verdict.is_unanswered());
                    record.old_request_ended(part.sent.target, is_answered, now);
                }
                continue;
            }
            let Some(section) = self.sections.get_mut(id.section) else { continue };
            if gathered.sections.last() != Some(&id.section) {
                gathered.begin(id.section);
                if !finished.request.is_empty() {
                    section.last_request.clone_from(&finished.request);
                }
                section.last_answer.clone_from(&finished.answer);
            }
            let network_gone = !section.reachable(&self.facts);
            let ending = Ending { sent_at: finished.sent_at, network_gone, now, jitter };
            let verdict = verdict.unwrap_or(&lost);
            let notice = self.answer_record(id, part, verdict, ending, &mut gathered);
            self.actions.extend(notice.map(Action::Say));
        }
        gathered
    }

    /// One record learns `verdict`. Returns what the operator should know.
    fn answer_record(
        &mut self,
        id: RecordId,
        part: &Part,
        verdict: &Verdict,
        ending: Ending,
        gathered: &mut Gathered,
    ) -> Option<Notice> {
        let section = self.sections.get_mut(id.section)?;
        let record = section.records.get_mut(id.record)?;
        let was_trial = record.is_trial(&part.sent);
        record.answered(&part.sent, verdict, ending);
        if part.sent.target == Target::Absent && verdict.is_success() {
            // What was looked up before is gone.
            section.registered.insert(record.family, Registered::default());
        }
        gathered.pause = gathered.pause.max(record.paused_until());
        // Where an account is accepted again, that is so for all of its records.
        let has_recovered = was_trial && verdict.is_success();
        let is_of_account = verdict.scope == Scope::Account || has_recovered;
        let is_first = gathered.verdict.is_none();
        if is_of_account {
            let mut families = gathered.verdict.take().map_or(Vec::new(), |before| before.families);
            families.push(record.family);
            gathered.verdict = Some(AccountVerdict {
                outcome: verdict.outcome.clone(),
                pause: gathered.pause,
                transport: section.spec.transport.clone(),
                families,
            });
        }
        if let Some(gathered_verdict) = &mut gathered.verdict {
            gathered_verdict.pause = gathered.pause;
        }
        // What is said of the account once holds for all records.
        if is_of_account && !has_recovered && !is_first {
            return None;
        }
        let next = match self.ends {
            true => String::new(),
            false => format!("; {}", record.wait(ending.now).next_step(ending.now)),
        };
        let name = &section.spec.name;
        Some(report::outcome(name, record, part.sent.target, verdict, &next, ending.now))
    }

    /// The account learns what the job has shown of it, and with it its other sections.
    fn answer_account(
        &mut self,
        account: usize,
        finished: &Finished,
        gathered: Gathered,
        now: Now,
    ) {
        if let Some(account) = self.accounts.get_mut(account) {
            account.finished(finished, now);
        }
        let Some(verdict) = gathered.verdict.or(gathered.before) else {
            return;
        };
        for (place, section) in self.sections.iter_mut().enumerate() {
            if section.account != account {
                continue;
            }
            let notice = section.account_answered(&verdict, now);
            if !gathered.sections.contains(&place) {
                self.actions.extend(notice.map(Action::Say));
            }
        }
    }
}

impl Gathered {
    /// The records that follow are those of `section`.
    fn begin(&mut self, section: usize) {
        self.sections.push(section);
        self.before = self.verdict.take().or(self.before.take());
        self.pause = Duration::ZERO;
    }
}

/// Whether nothing left the router, because it had no network.
fn lost_network(verdict: &Verdict) -> bool {
    matches!(verdict.outcome, Outcome::Retry { kind: FailureKind::NoNetwork, .. })
}
