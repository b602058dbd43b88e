//! Writes records, as an [`Interface`] describes it.

use super::plan;
use crate::model::json::Json;
use crate::provider::api::call::{self, Values};
use crate::provider::api::interface::{Calls, Interface, Removal, Shows, Writing};
use crate::provider::api::meaning::shown;
use crate::provider::api::record::{Record, RecordForm, Step, Write, elements};
use crate::provider::api::rest::{Rest, explanation};
use crate::provider::api::zone::Zone;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Answer, Method, Request};

impl Calls {
    /// The call for `write`.
    fn of(&self, write: &Write<'_>) -> &'static str {
        match write.step() {
            Step::Add => self.create,
            Step::Change => self.update,
            Step::Remove => self.remove,
        }
    }
}

/// Carries out all `writes`, or none. Returns the written records, if the answer shows them.
///
/// # Errors
/// If an answer is missing, or does not show what was written.
pub(super) fn write(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    interface: &Interface,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    match interface.write {
        Writing::Code(write) | Writing::CodeTogether(write) => write(talk, rest, zone, writes),
        Writing::Values(calls) => write_values(talk, rest, interface, zone, (writes, &calls)),
        Writing::Each(calls) => write_each(talk, rest, interface, zone, (writes, &calls)),
        Writing::Together { update, remove, one, alone } => {
            if let (Some(alone), [write]) = (alone, writes)
                && !write.is_removal()
            {
                return write_each(talk, rest, interface, zone, (writes, &alone));
            }
            let values = Values::of(talk.account, &interface.form).in_zone(zone);
            write_together(talk, rest, (update, remove, &one), values, writes)
        }
    }
}

/// Sends all additions and changes in one request, and then the removals.
fn write_together(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    (update, remove, one): (&str, Removal, &Calls),
    values: Values<'_>,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    let mut made = Vec::new();
    let (removed, updated): (Vec<&Write<'_>>, Vec<&Write<'_>>) =
        writes.iter().partition(|write| write.is_removal());
    if !updated.is_empty() {
        made = send_together(talk, rest, (update, one), values, &updated)?;
    }
    if removed.is_empty() {
        return Ok(made);
    }
    match remove {
        Removal::OneRequest(call) => {
            made.append(&mut send_together(talk, rest, (call, one), values, &removed)?);
        }
        Removal::PerValue(call) => {
            for record in removed.iter().flat_map(|write| &write.before) {
                remove_value(talk, rest, call, values, record)?;
            }
        }
    }
    Ok(made)
}

/// Sends `call` with the JSON of all `writes`.
fn send_together(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    (call, one): (&str, &Calls),
    values: Values<'_>,
    writes: &[&Write<'_>],
) -> ApiResult<Vec<Record>> {
    let (mut updates, mut creates, mut removals) = (vec![], vec![], vec![]);
    for write in writes {
        let list = match write.step() {
            Step::Add => &mut creates,
            Step::Change => &mut updates,
            Step::Remove => &mut removals,
        };
        let json = call::json(one.of(write), &values.for_write(write));
        if json.is_list() {
            list.extend_from_slice(json.elements());
        } else {
            list.push(json);
        }
    }
    let values = Values { updates: &updates, creates: &creates, removals: &removals, ..values };
    let answer = rest.send(talk, call::request(rest, call, &values))?;
    check(talk, rest, (one, &values), writes, &answer)
}

/// Carries out `writes` one after another, each by one of `calls`. Returns the written records, if the answers
/// show them.
///
/// # Errors
/// As [`write`].
pub fn write_each(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    interface: &Interface,
    zone: &Zone,
    (writes, calls): (&[Write<'_>], &Calls),
) -> ApiResult<Vec<Record>> {
    let values = Values::of(talk.account, &interface.form).in_zone(zone);
    let mut made = Vec::new();
    for write in writes {
        let answer = rest.send(talk, request(rest, calls.of(write), &values.for_write(write)))?;
        made.append(&mut check(talk, rest, (calls, &values), &[write], &answer)?);
    }
    Ok(made)
}

/// Adds the new address to each set, and then removes the addresses that go.
fn write_values(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    interface: &Interface,
    zone: &Zone,
    (writes, calls): (&[Write<'_>], &Calls),
) -> ApiResult<Vec<Record>> {
    let form = &interface.form;
    let values = Values::of(talk.account, form).in_zone(zone);
    for write in writes {
        let values = values.for_write(write);
        let present = write.present(form);
        // Only its TTL changes. The same record cannot be added beside it.
        let renewed = present.filter(|record| record.ttl.is_some() && record.ttl != write.ttl);
        if let Some(record) = renewed {
            remove_value(talk, rest, calls.remove, values, record)?;
        }
        if !write.goal.change.removes() && (present.is_none() || renewed.is_some()) {
            let answer = rest.send(talk, request(rest, calls.create, &values))?;
            check(talk, rest, (calls, &values), &[write], &answer)?;
        }
        for record in write.gone(form) {
            remove_value(talk, rest, calls.remove, values, record)?;
        }
    }
    Ok(Vec::new())
}

fn remove_value(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    call: &str,
    values: Values<'_>,
    record: &Record,
) -> ApiResult<()> {
    let values = Values { value: &record.raw, ..values };
    let answer = rest.send(talk, request(rest, call, &values))?;
    if answer.status == 404 {
        // Somebody else has removed it since it was read.
        return Ok(());
    }
    rest.value(&answer).map(drop)
}

/// A request that writes.
fn request(rest: &Rest, call: &str, values: &Values<'_>) -> Request {
    let mut request = call::request(rest, call, values);
    if request.method == Method::Get {
        request.idempotent = false;
    }
    request
}

/// The records that the `answer` to `writes` shows.
///
/// # Errors
/// If the answer does not show what it should.
fn check(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    (calls, values): (&Calls, &Values<'_>),
    writes: &[&Write<'_>],
    answer: &Answer,
) -> ApiResult<Vec<Record>> {
    if let Shows::Code(check) = calls.shows {
        check(talk, rest, answer)?;
        return Ok(Vec::new());
    }
    let body = rest.value(answer)?;
    let is_shown = match calls.shows {
        Shows::Nothing | Shows::Code(_) => true,
        Shows::Something(_) if writes.iter().any(|write| write.is_removal()) => true,
        Shows::Something(place) => !shown(&body, place).is_empty(),
        Shows::Values => writes.iter().all(|write| {
            let form = values.form;
            let Some(zone) = values.zone else { return false };
            let shown = Record::all_of(form, zone, Some(write.goal), &body);
            plan::removes(write)
                || shown.iter().any(|record| record.holds_target(write.goal.change, form))
        }),
        Shows::Text(place, text) => shown(&body, place) == text,
        Shows::Records(places) => return records(rest, (places, values), writes, answer, &body),
    };
    if is_shown { Ok(Vec::new()) } else { Err(rest.not_done(explanation(&body))) }
}

/// The written records in `places` of the `body` of an answer.
fn records(
    rest: &Rest,
    (places, values): (&[&str], &Values<'_>),
    writes: &[&Write<'_>],
    answer: &Answer,
    body: &Json,
) -> ApiResult<Vec<Record>> {
    let mut made = Vec::new();
    let Some(zone) = values.zone else { return Ok(made) };
    let goal = if let [one] = writes { Some(one.goal) } else { None };
    for place in places {
        for raw in elements(body, place) {
            made.append(&mut Record::all_of(values.form, zone, goal, raw));
        }
    }
    for write in writes {
        // The answer to an update may have no body.
        let needs_none = write.is_removal() || (body.is_null() && write.exists);
        if !needs_none
            && !made.iter().any(|record| is_shown(record, write, values.form, writes.len() == 1))
        {
            return Err(rest.not_understood(answer));
        }
    }
    Ok(made)
}

/// Whether `record` is that of `write`, with its address if the answer shows one. `is_only` says that there was
/// no other write.
fn is_shown(record: &Record, write: &Write<'_>, form: &RecordForm, is_only: bool) -> bool {
    let is_it = is_only || record.is_for(write.goal) || write.id.as_ref() == Some(&record.id);
    let is_done = record.address(form).is_none() || record.holds_target(write.goal.change, form);
    is_it && is_done && !record.id.is_empty()
}
