//! A job has ended: its records, its account and the operator learn of it.

use std::time::Duration;

use super::Engine;
use super::event::{Action, Finished};
use super::flights::{Flight, Owner, Part, RecordId};
use super::record::{Counts, Ending};
use super::registered::Registered;
use super::report;
use super::section::AccountVerdict;
use crate::model::{Family, Notice, Target};
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
        self.todo.news.lost_way |= finished.verdicts.iter().any(lost_network);
        let Some(flight) = self.flights.take(finished.job) else {
            return;
        };
        // By its key: another configuration may have come into force meanwhile.
        let account = self.accounts.iter().position(|account| account.key == flight.account);
        if let Some(account) = account
            && finished.verdicts.iter().any(Verdict::is_unanswered)
        {
            self.answer_kept(&flight, account, now);
        }
        let gathered = self.answer_records(&flight, finished, now, jitter);
        if let Some(account) = account {
            self.answer_account(account, finished, gathered, now);
        }
    }

    /// A request that was never answered held `kept` beside what it was about: the provider may still
    /// carry it out.
    fn answer_kept(&mut self, flight: &Flight, account: usize, now: Now) {
        for (name, address) in &flight.kept {
            let ids: Vec<RecordId> = self.names.find(&self.sections, account, name).collect();
            for id in ids {
                let Some(record) = self.record_mut(id) else { continue };
                if record.family == Family::of(*address) {
                    record.may_become(Target::Address(*address), now);
                    self.touch(id);
                }
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
                self.free(id);
                self.touch(id);
                continue;
            }
            let Some(section) = self.sections.get_mut(id.section) else { continue };
            if gathered.sections.last() != Some(&id.section) {
                gathered.begin(id.section);
                if !finished.request.is_empty() {
                    section.last.request.clone_from(&finished.request);
                }
                section.last.answer.clone_from(&finished.answer);
            }
            let view = self.viewpoints.get(section.viewpoint);
            let block = view.and_then(|view| view.answers.block(&section.spec.families));
            let network_gone = block.is_some();
            let ending = Ending { sent_at: finished.sent_at, network_gone, now, jitter };
            let verdict = verdict.unwrap_or(&lost);
            let notice = self.answer_record(id, part, verdict, ending, &mut gathered);
            self.actions.extend(notice.map(Action::Say));
            self.note_local_failure(id);
            self.count_refusal(id);
            self.free(id);
            self.touch(id);
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
        let Some(state) = self.accounts.get_mut(account) else {
            return;
        };
        state.finished(finished, &mut self.keeper.pending, now);
        self.todo.accounts.add(account);
        let Some(verdict) = gathered.verdict.or(gathered.before) else {
            return;
        };
        // What it refused it accepts again: that concerns only records that were refused.
        let is_success = matches!(verdict.outcome, Outcome::Updated | Outcome::Unchanged);
        if is_success && state.refused == 0 {
            return;
        }
        let members = state.sections.clone();
        for section in members {
            let Some(active) = self.sections.get_mut(section) else { continue };
            let is_news = active.account_answered(&verdict, now);
            if is_news && !gathered.sections.contains(&section) {
                let notice = report::refused_too(&active.spec.name, &verdict.outcome);
                self.actions.extend(notice.map(Action::Say));
            }
            self.touch_section(section);
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
