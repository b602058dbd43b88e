//! Writes records, as an [`Interface`] describes it.

use super::plan;
use crate::model::json::Json;
use crate::provider::api::call::{Together, Values};
use crate::provider::api::interface::{Calls, Removal, RestClient, Shows, Writing};
use crate::provider::api::meaning::shown;
use crate::provider::api::record::{Effect, Record, Write, elements};
use crate::provider::api::rest::explanation;
use crate::provider::api::zone::Zone;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Answer, Method};

impl Calls {
    /// The call for `write`.
    fn of(&self, write: &Write<'_>) -> &'static str {
        match write.effect() {
            Effect::Add => self.create,
            Effect::Change => self.update,
            Effect::Remove => self.remove,
        }
    }
}

/// Carries out all `writes`, or none. Returns the written records, if the answer shows them.
///
/// # Errors
/// If an answer is missing, or does not show what was written.
pub(super) fn write(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    match &rest.interface.write {
        Writing::Code(write) | Writing::CodeTogether(write) => write(talk, rest, zone, writes),
        Writing::Values(calls) => write_values(talk, rest, zone, writes, calls),
        Writing::Each(calls) => write_each(talk, rest, zone, writes, calls),
        Writing::Together { update, remove, one, alone } => {
            if let (Some(alone), [write]) = (alone, writes)
                && !write.is_removal()
            {
                return write_each(talk, rest, zone, writes, alone);
            }
            let values = Values::in_zone(talk.account, rest, zone);
            write_together(talk, &values, writes, one, (update, remove))
        }
    }
}

/// Sends all additions and changes in one request, and then the removals.
fn write_together(
    talk: &mut Conversation<'_>,
    values: &Values<'_>,
    writes: &[Write<'_>],
    one: &Calls,
    (update, remove): (&str, &Removal),
) -> ApiResult<Vec<Record>> {
    let mut made = Vec::new();
    let (mut removed, mut updated) = (Vec::new(), Vec::new());
    for write in writes {
        // If a set keeps other addresses, the removal of ours is an update of the set.
        if write.is_removal() { removed.push(write) } else { updated.push(write) }
    }
    if !updated.is_empty() {
        send_together(talk, values, &updated, one, update, &mut made)?;
    }
    if removed.is_empty() {
        return Ok(made);
    }
    match remove {
        Removal::OneRequest(call) => {
            send_together(talk, values, &removed, one, call, &mut made)?;
        }
        Removal::PerValue(call) => {
            for write in removed {
                for record in &write.before {
                    remove_value(talk, values, call, record)?;
                }
            }
        }
    }
    Ok(made)
}

/// Sends `call` with the JSON of all `writes`.
fn send_together(
    talk: &mut Conversation<'_>,
    values: &Values<'_>,
    writes: &[&Write<'_>],
    one: &Calls,
    call: &str,
    made: &mut Vec<Record>,
) -> ApiResult<()> {
    let mut together = Together::new();
    for write in writes {
        let mut values = *values;
        values.set_write(write);
        let list = match write.effect() {
            Effect::Add => &mut together.creates,
            Effect::Change => &mut together.updates,
            Effect::Remove => &mut together.removals,
        };
        let json = values.json(one.of(write));
        if json.is_list() {
            list.extend_from_slice(json.elements());
        } else {
            list.push(json);
        }
    }
    let values = Values { together: &together, ..*values };
    let answer = values.send(talk, call)?;
    check(talk, &values, writes, one, &answer, made)
}

/// Carries out `writes` one after another, each by one of `calls`. Returns the written records, if the answers
/// show them.
///
/// # Errors
/// As [`write`].
pub fn write_each(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    writes: &[Write<'_>],
    calls: &Calls,
) -> ApiResult<Vec<Record>> {
    let mut values = Values::in_zone(talk.account, rest, zone);
    let mut made = Vec::new();
    for write in writes {
        values.set_write(write);
        let answer = send(talk, &values, calls.of(write))?;
        check(talk, &values, &[write], calls, &answer, &mut made)?;
    }
    Ok(made)
}

/// Adds the new address to each set, and then removes the addresses that go.
fn write_values(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    writes: &[Write<'_>],
    calls: &Calls,
) -> ApiResult<Vec<Record>> {
    let mut values = Values::in_zone(talk.account, rest, zone);
    for write in writes {
        values.set_write(write);
        let present = write.present();
        // Only its TTL changes. The same record cannot be added beside it.
        let renewed = present.filter(|record| record.ttl.is_some() && record.ttl != write.ttl);
        if let Some(record) = renewed {
            remove_value(talk, &values, calls.remove, record)?;
        }
        // The addition comes before the removals, so that the name always has an address.
        if !write.goal.change.removes() && (present.is_none() || renewed.is_some()) {
            let answer = send(talk, &values, calls.create)?;
            check(talk, &values, &[write], calls, &answer, &mut Vec::new())?;
        }
        for record in write.gone() {
            remove_value(talk, &values, calls.remove, record)?;
        }
    }
    // No answer shows a record whose id is worth knowing: values of sets have none.
    Ok(Vec::new())
}

fn remove_value(
    talk: &mut Conversation<'_>,
    values: &Values<'_>,
    call: &str,
    record: &Record,
) -> ApiResult<()> {
    let values = Values { value: &record.raw, ..*values };
    let answer = send(talk, &values, call)?;
    if answer.status == 404 {
        // Somebody else has removed it since it was read.
        return Ok(());
    }
    values.rest.value(&answer).map(drop)
}

/// Sends a request that writes.
fn send(talk: &mut Conversation<'_>, values: &Values<'_>, call: &str) -> ApiResult<Box<Answer>> {
    let mut request = values.request(call);
    if request.method == Method::Get {
        // NameSilo, Alibaba Cloud and others write by GET. A second request would add the record once more, or would
        // not find it under the id that the first one has changed.
        request.idempotent = false;
    }
    values.rest.send(talk, request)
}

/// Adds the records that the `answer` to `writes` shows to `made`.
///
/// # Errors
/// If the answer does not show what it should.
fn check(
    talk: &mut Conversation<'_>,
    values: &Values<'_>,
    writes: &[&Write<'_>],
    calls: &Calls,
    answer: &Answer,
    made: &mut Vec<Record>,
) -> ApiResult<()> {
    if let Shows::Code(check) = calls.shows {
        return check(talk, values.rest, answer);
    }
    let body = values.rest.value(answer)?;
    if let Shows::Records(places) = calls.shows
        && !add_shown(values, writes, places, &body, made)
    {
        return Err(values.rest.not_understood(answer));
    }
    let is_done = is_done(values, writes, calls.shows, &body);
    if is_done { Ok(()) } else { Err(values.rest.not_done(explanation(&body))) }
}

/// Whether `body`, the answer to `writes`, shows what it should according to `shows`.
fn is_done(values: &Values<'_>, writes: &[&Write<'_>], shows: Shows, body: &Json) -> bool {
    match shows {
        Shows::Nothing | Shows::Code(_) | Shows::Records(_) => true,
        // The answer to a removal has nothing of the record any more.
        Shows::Something(_) if writes.iter().any(|write| write.is_removal()) => true,
        Shows::Something(place) => !shown(body, place).is_empty(),
        Shows::Values => writes.iter().all(|write| {
            let shown = records(values, Some(write), body);
            plan::removes(write)
                || shown.iter().any(|record| record.holds_target(write.goal.change))
        }),
        Shows::Text(place, text) => shown(body, place) == text,
    }
}

/// Adds the records in these `places` of `body` to `made`; `false` if one of the `writes` has no record there.
fn add_shown(
    values: &Values<'_>,
    writes: &[&Write<'_>],
    places: &[&str],
    body: &Json,
    made: &mut Vec<Record>,
) -> bool {
    // What an answer to a single write does not show, such as the name, can only be that of this write.
    let only = if let [one] = writes { Some(*one) } else { None };
    let mut shown = records_in(values, only, places, body);
    let is_complete = !writes.iter().any(|write| lacks_record(write, body, &shown, only.is_some()));
    if is_complete {
        made.append(&mut shown);
    }
    is_complete
}

/// Whether none of the records that `body` has `shown` is that of `write`, although there must be one. `is_only`
/// says that there was no other write.
fn lacks_record(write: &Write<'_>, body: &Json, shown: &[Record], is_only: bool) -> bool {
    // The answer to an update may have no body.
    let needs_none = write.is_removal() || (body.is_null() && write.exists);
    !needs_none && !shown.iter().any(|record| is_shown(record, write, is_only))
}

/// The records in these `places` of `body`. What they do not show is as in the goal of `write`.
fn records_in(
    values: &Values<'_>,
    write: Option<&Write<'_>>,
    places: &[&str],
    body: &Json,
) -> Vec<Record> {
    let mut found = Vec::new();
    for place in places {
        for raw in elements(body, place) {
            found.append(&mut records(values, write, raw));
        }
    }
    found
}

/// The records in `raw`. What they do not show is as in the goal of `write`.
fn records(values: &Values<'_>, write: Option<&Write<'_>>, raw: &Json) -> Vec<Record> {
    let goal = write.map(|write| write.goal);
    match values.zone {
        Some(zone) => Record::all_of(&values.rest.interface.form, zone, goal, raw),
        None => Vec::new(),
    }
}

/// Whether `record` is that of `write`, with its address if the answer shows one. `is_only` says that there was
/// no other write.
fn is_shown(record: &Record, write: &Write<'_>, is_only: bool) -> bool {
    let is_it = is_only || record.is_for(write.goal) || write.id.as_ref() == Some(&record.id);
    let is_done = record.address.is_none() || record.holds_target(write.goal.change);
    is_it && is_done && !record.id.is_empty()
}
