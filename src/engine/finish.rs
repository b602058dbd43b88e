//! A job has ended: its records and its account are updated, and the log reports the outcome.

use std::net::IpAddr;

use super::Engine;
use super::event::Finished;
use super::flights::{Flight, Owner, Part, RecordId};
use super::pace;
use super::record::{Ending, Record, ResultCounts};
use super::report;
use super::section::AccountVerdict;
use crate::model::{Family, Target};
use crate::provider::{FailureKind, Outcome, Scope, Verdict};
use crate::time::{Duration, Now};

/// The consequences of a job for its account, gathered record by record.
#[derive(Default)]
struct Gathered<'a> {
    /// The indexes of the sections whose records were in the job.
    sections: Vec<usize>,
    /// The answer about the account among those to the current section.
    verdict: Option<AccountVerdict<'a>>,
    /// The answer about the account among those to earlier sections.
    before: Option<AccountVerdict<'a>>,
    /// The latest end of a back-off among the current section's records, since boot.
    pause: Duration,
}

impl Engine {
    pub(super) fn finished(&mut self, mut finished: Finished, now: Now) {
        let jitter = self.next_jitter();
        spread_holds(&mut finished.verdicts, jitter);
        let finished = &finished;
        // The worker has resolved the host's name meanwhile. Ask the kernel again, for the way to that address.
        self.todo.news.lost_way |= finished.verdicts.iter().any(lost_network);
        let Some(flight) = self.flights.take(finished.job) else {
            return;
        };
        // Look for its key, because a reload may have changed its index, or have removed it.
        let account = self.accounts.iter().position(|account| account.key == flight.account);
        if let Some(account) = account {
            self.note_late(&flight, account, finished, now);
        }
        // A job that broke off has fewer verdicts than parts.
        let reason = "the exchange ended without an answer".into();
        let unanswered = Verdict::record(Outcome::Unconfirmed { reason });
        let gathered = self.answer_records(&flight, finished, &unanswered, now, jitter);
        // This comes after the records, because their verdicts say what the answer means for the account.
        if let Some(account) = account {
            self.answer_account(account, finished, gathered, now);
        }
    }

    /// If the provider never answered a request, it may still carry it out. That may change other records, too.
    fn note_late(&mut self, flight: &Flight, account: usize, finished: &Finished, now: Now) {
        if finished.verdicts.iter().any(Verdict::is_unanswered) {
            self.answer_kept(flight, account, now);
            self.answer_twins(flight, finished, now);
        }
    }

    /// The provider never answered a request, and may still carry it out. The request also repeated addresses
    /// of other records of the name (`kept`), so these records may change to the repeated addresses.
    fn answer_kept(&mut self, flight: &Flight, account: usize, now: Now) {
        for (name, address) in &flight.kept {
            for id in self.names.find(&self.sections, account, name) {
                if self.family_of(id) == Some(Family::of(*address)) {
                    self.may_become(id, *address, now);
                }
            }
        }
    }

    /// A request that was never answered may still write all addresses of a shared name, with those that other
    /// sections had when it left. So their records may change back to these.
    fn answer_twins(&mut self, flight: &Flight, finished: &Finished, now: Now) {
        for (part, verdict) in flight.parts.iter().zip(&finished.verdicts) {
            let Owner::Record(id) = part.owner else { continue };
            let shares = self.sections.get(id.section).is_some_and(|it| it.spec.record.share);
            if !shares || !verdict.is_unanswered() {
                continue;
            }
            for twin in self.twins(id) {
                if let Some(address) = self.record(twin).and_then(Record::published) {
                    self.may_become(twin, address, now);
                }
            }
        }
    }

    fn may_become(&mut self, id: RecordId, address: IpAddr, now: Now) {
        if let Some(record) = self.record_mut(id) {
            record.may_become(Target::Address(address), now);
        }
        self.touch(id);
    }

    /// Gives each record in the job its verdict, or `unanswered` if it has none.
    fn answer_records<'a>(
        &mut self,
        flight: &Flight,
        finished: &'a Finished,
        unanswered: &'a Verdict,
        now: Now,
        jitter: u32,
    ) -> Gathered<'a> {
        let mut gathered = Gathered::default();
        for (index, part) in flight.parts.iter().enumerate() {
            let Owner::Record(id) = part.owner else { continue };
            let verdict = finished.verdicts.get(index);
            if part.sent.counts == ResultCounts::Superseded {
                self.end_old_request(id, part, verdict, now);
            } else {
                let network_gone = self.begin_section(id.section, finished, &mut gathered);
                let ending = Ending { sent_at: finished.sent_at, network_gone, now, jitter };
                let verdict = verdict.unwrap_or(unanswered);
                self.answer_record(id, part, verdict, ending, &mut gathered);
                self.note_local_failure(id);
                // `answer_account` needs the number, before the record is looked at again.
                self.count_refusal(id);
            }
            // The name is free again also after a request whose result does not count.
            self.free(id);
            self.touch(id);
        }
        gathered
    }

    /// A request has ended that the record no longer waited for.
    fn end_old_request(&mut self, id: RecordId, part: &Part, verdict: Option<&Verdict>, now: Now) {
        if let Some(record) = self.record_mut(id) {
            let is_answered = verdict.is_some_and(|verdict| !verdict.is_unanswered());
            record.old_request_ended(part.sent.target, is_answered, now);
        }
    }

    /// Begins with the records of `section`, if they are not under way already: `status` shows what was
    /// sent for the section last. Returns whether its requests cannot leave the router any more.
    fn begin_section(
        &mut self,
        section: usize,
        finished: &Finished,
        gathered: &mut Gathered<'_>,
    ) -> bool {
        let Some(active) = self.sections.get_mut(section) else { return false };
        // The records of a section follow one another in a job, which is in configuration order.
        if gathered.sections.last() != Some(&section) {
            gathered.begin(section);
            if !finished.request.is_empty() {
                active.last.request.clone_from(&finished.request);
            }
            active.last.answer.clone_from(&finished.answer);
        }
        let view = self.viewpoints.get(active.viewpoint);
        view.and_then(|view| view.answers.block(&active.spec.all_families())).is_some()
    }

    /// Gives one record its `verdict`, and reports it unless an earlier message covers the record.
    fn answer_record<'a>(
        &mut self,
        id: RecordId,
        part: &Part,
        verdict: &'a Verdict,
        ending: Ending,
        gathered: &mut Gathered<'a>,
    ) {
        let Some(section) = self.sections.get_mut(id.section) else { return };
        let Some(record) = section.records.get_mut(id.record) else { return };
        let was_trial = record.is_trial(&part.sent);
        record.answered(&part.sent, verdict, ending);
        section.results.add(&verdict.outcome);
        gathered.pause = gathered.pause.max(record.paused_until());
        // If the provider accepts a record that it had refused, it may accept the account's other records
        // again.
        let has_recovered = was_trial && verdict.is_success();
        let is_of_account = verdict.scope == Scope::Account || has_recovered;
        let is_first = gathered.verdict.is_none();
        if is_of_account {
            gathered.answer(id.section, record.family, &verdict.outcome);
        }
        if let Some(of_account) = &mut gathered.verdict {
            of_account.pause = gathered.pause;
        }
        // The message about the first record of the section covers the whole account.
        if is_of_account && !has_recovered && !is_first {
            return;
        }
        // `once` makes no next attempt.
        let next = match self.ends {
            true => String::new(),
            false => format!("; {}", record.wait(ending.now).next_step(ending.now)),
        };
        let name = &section.spec.name;
        let target = part.sent.target;
        self.actions.say(report::outcome(name, record, target, verdict, &next, ending.now));
    }

    /// Updates the account, and applies the answer about it to the records of all its sections.
    fn answer_account(
        &mut self,
        account: usize,
        finished: &Finished,
        gathered: Gathered<'_>,
        now: Now,
    ) {
        let Some(state) = self.accounts.get_mut(account) else { return };
        state.finished(finished, &mut self.keeper.pending, now);
        self.todo.accounts.add(account);
        let Some(verdict) = gathered.verdict.or(gathered.before) else { return };
        // A success only reopens refusals, and there are none.
        let is_success = matches!(verdict.outcome, Outcome::Updated | Outcome::Unchanged);
        if is_success && state.refused == 0 {
            return;
        }
        for section in state.sections.clone() {
            let was_in_job = gathered.sections.contains(&section);
            self.answer_member(section, &verdict, was_in_job, now);
        }
    }

    /// Applies the answer about the account to the records of `section`. What happened to a section in the
    /// job was reported record by record, so only the others learn of a refusal here.
    fn answer_member(
        &mut self,
        section: usize,
        verdict: &AccountVerdict<'_>,
        was_in_job: bool,
        now: Now,
    ) {
        let is_same_way = self.go_same_way(section, verdict.section);
        let Some(active) = self.sections.get_mut(section) else { return };
        let is_news = active.account_answered(verdict, is_same_way, now);
        if is_news && !was_in_job {
            report::refused_too(&active.spec.name, verdict.outcome, &mut self.actions);
        }
        self.touch_section(section);
    }
}

impl<'a> Gathered<'a> {
    /// Begins with the records of `section`.
    fn begin(&mut self, section: usize) {
        self.sections.push(section);
        if let Some(verdict) = self.verdict.take() {
            self.before = Some(verdict);
        }
        self.pause = Duration::ZERO;
    }

    /// The answer about a record of `family` is about the whole account. The last such answer counts.
    fn answer(&mut self, section: usize, family: Family, outcome: &'a Outcome) {
        let (had_v4, had_v6) = match self.verdict {
            Some(before) => (before.has_v4, before.has_v6),
            None => (false, false),
        };
        self.verdict = Some(AccountVerdict {
            outcome,
            pause: self.pause,
            section,
            has_v4: had_v4 || family == Family::V4,
            has_v6: had_v6 || family == Family::V6,
        });
    }
}

/// Makes each waiting time that the provider asked for longer by a random part.
fn spread_holds(verdicts: &mut [Verdict], jitter: u32) {
    for verdict in verdicts {
        if let Outcome::Retry { after: Some(after), .. } = &mut verdict.outcome {
            *after = pace::after_hold(*after, jitter);
        }
    }
}

/// Whether the request did not leave the router for lack of a network.
fn lost_network(verdict: &Verdict) -> bool {
    matches!(verdict.outcome, Outcome::Retry { kind: FailureKind::NoNetwork, .. })
}
