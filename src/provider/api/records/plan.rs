//! Which of the records that are there is ours, what is to be written, and what is remembered of it.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::{Place, Record, Scheme, Unit, Write};
use crate::provider::api::rest::refused;
use crate::provider::talk::Talk;
use crate::provider::{FailureKind, Outcome};

/// A record is as it should be, unless what the answer shows is another one: its owner may have given
/// it another name since its id was found out.
pub(super) fn wrote(talk: &mut Talk<'_>, scheme: &Scheme, write: &Write<'_>, made: &[Record]) {
    let place = write.place;
    if place.change.removes() {
        talk.forget(place.key());
        talk.settle(place.index, Outcome::Updated.into());
        return;
    }
    let shown = made.iter().find(|record| match &write.id {
        Some(id) => record.id == *id,
        None => record.is_at(place),
    });
    let outcome = shown.map_or(Outcome::Updated, |record| outcome(scheme, place, record));
    let id = shown.map(|record| record.id.as_str()).filter(|id| !id.is_empty());
    if outcome == Outcome::Updated {
        remember(talk, scheme, place, id.or(write.id.as_deref()).unwrap_or_default());
    } else {
        talk.forget(place.key());
    }
    talk.settle(place.index, outcome.into());
}

/// What became of the record at `place`, of which this is shown now.
fn outcome(scheme: &Scheme, place: &Place<'_>, shown: &Record) -> Outcome {
    let Record { name, kind, id, raw, .. } = shown;
    let has = |member| raw.get(member).is_some();
    if has("name") && has("type") && !shown.is_at(place) {
        let reason = format!("{} has {kind} {name} under the id {id}", scheme.title);
        return refused(reason, "correct option 'record_id', or remove it");
    }
    if has(scheme.content) && !shown.is_as(place.change, scheme.content) {
        let reason = format!("{} has not changed {kind} {name}", scheme.title);
        return Outcome::Retry { reason, after: None, kind: FailureKind::Other };
    }
    Outcome::Updated
}

/// Remembers the id of a record that is written without being read.
fn remember(talk: &mut Talk<'_>, scheme: &Scheme, place: &Place<'_>, id: &str) {
    if scheme.unit == Unit::Id && !id.is_empty() {
        talk.learn(place.key(), id);
    }
}

/// The id of a record as it is remembered, unless the user has said another one: that is looked up
/// once, because it may be that of some other record.
pub(super) fn remembered(
    talk: &mut Talk<'_>,
    scheme: &Scheme,
    place: &Place<'_>,
) -> Option<String> {
    // What is to be removed is looked at: somebody else may have made something else of it.
    if scheme.unit != Unit::Id || place.change.removes() || place.change.anew {
        return None;
    }
    let said = place.change.record.id.as_ref();
    talk.known(&place.key()).filter(|known| said.is_none_or(|said| said == known))
}

/// What is to be written at `place`; nothing if `records` have it already.
pub(super) fn plan<'a>(
    talk: &mut Talk<'_>,
    scheme: &Scheme,
    place: &'a Place<'a>,
    records: &[Record],
) -> Result<Option<Write<'a>>, Outcome> {
    let change = place.change;
    let said = &change.record;
    let fresh = || with_address(Value::Null, scheme.content, place.address());
    let write = |id, values, before: Option<u32>| Write {
        place,
        id,
        exists: true,
        values,
        before: Vec::new(),
        ttl: said.ttl.or(before),
        retimed: said.ttl.is_some() && said.ttl != before,
    };
    if let Some(known) = remembered(talk, scheme, place) {
        return Ok(Some(write(Some(known), vec![fresh()], None)));
    }
    let there = distinct(records, place);
    if change.removes() {
        return removal(talk, scheme, place, &there);
    }
    let chosen = pick(scheme, place, &there)?;
    let whole = scheme.unit == Unit::Set;
    let mut values = Vec::new();
    for &record in &there {
        if chosen.is_some_and(|chosen| std::ptr::eq(record, chosen)) {
            values.push(with_address(record.raw.clone(), scheme.content, place.address()));
        } else if whole && !is_ours(scheme, place, record) {
            values.push(record.raw.clone());
        }
    }
    let Some(chosen) = chosen else {
        values.push(fresh());
        // A set that others have made is there.
        let others = there.first().filter(|_| whole);
        let ttl = others.map_or(Some(scheme.new_ttl), |record| record.ttl);
        let exists = others.is_some();
        let before = if exists { there.into_iter().cloned().collect() } else { Vec::new() };
        return Ok(Some(Write { exists, before, ..write(None, values, ttl) }));
    };
    let same = chosen.is_as(change, scheme.content)
        && (said.ttl.is_none() || said.ttl == chosen.ttl)
        && chosen.raw.get("proxied").is_none_or(|it| said.proxied.is_none_or(|said| *it == said))
        && (!whole || values.len() == there.len());
    if same {
        remember(talk, scheme, place, &chosen.id);
        return Ok(None);
    }
    let before = if whole { there.into_iter().cloned().collect() } else { Vec::new() };
    let id = (!whole).then(|| chosen.id.clone());
    Ok(Some(Write { before, ..write(id, values, chosen.ttl) }))
}

/// The records at `place`. What was asked for by another name may show them, too.
fn distinct<'r>(records: &'r [Record], place: &Place<'_>) -> Vec<&'r Record> {
    let mut there: Vec<&Record> = Vec::new();
    for record in records.iter().filter(|record| record.is_at(place)) {
        if there.iter().all(|other| other.raw != record.raw) {
            there.push(record);
        }
    }
    there
}

/// Whether it holds what was published last, or what was tried since.
fn is_ours(scheme: &Scheme, place: &Place<'_>, record: &Record) -> bool {
    record.address(scheme.content).is_some_and(|address| place.change.owns(address))
}

/// How ours goes from among those that are there: by its id, or by a set without it. Nothing if none of
/// them is ours.
fn removal<'a>(
    talk: &mut Talk<'_>,
    scheme: &Scheme,
    place: &'a Place<'a>,
    there: &[&Record],
) -> Result<Option<Write<'a>>, Outcome> {
    let is_ours = |record: &&Record| is_ours(scheme, place, record);
    let Some(ours) = there.iter().copied().find(is_ours) else {
        talk.forget(place.key());
        return Ok(None);
    };
    let write = |id, values, before| {
        Some(Write { place, id, exists: true, values, before, ttl: ours.ttl, retimed: false })
    };
    if scheme.unit == Unit::Set {
        let others = there.iter().copied().filter(|record| !is_ours(record));
        let before = there.iter().copied().cloned().collect();
        return Ok(write(None, others.map(|record| record.raw.clone()).collect(), before));
    }
    if ours.id.is_empty() {
        let reason = format!("{} does not say the id of {}", scheme.title, place.fqdn);
        return Err(refused(reason, "delete the record yourself"));
    }
    Ok(write(Some(ours.id.clone()), Vec::new(), vec![ours.clone()]))
}

/// The record to change among those that are there under its name and type: the one that the user
/// has said, else one that is as it should be, else what was published last or tried since, else the
/// only one, unless ours was removed before.
fn pick<'r>(
    scheme: &Scheme,
    place: &Place<'_>,
    there: &[&'r Record],
) -> Result<Option<&'r Record>, Outcome> {
    let change = place.change;
    let with = |meant: &dyn Fn(IpAddr) -> bool| {
        there.iter().copied().find(|it| it.address(scheme.content).is_some_and(meant))
    };
    let (right, ours) = (with(&|it| change.wants(it)), with(&|it| change.owns(it)));
    let (name, kind) = (&place.fqdn, place.kind());
    if let Some(id) = change.record.id.as_ref().filter(|_| scheme.unit != Unit::Set) {
        let said = there.iter().copied().find(|record| record.id == *id);
        return said.map(Some).ok_or_else(|| {
            let reason = format!("{name} has no {kind} record with the id {id}");
            refused(reason, "correct option 'record_id', or remove it")
        });
    }
    match (right, ours, there) {
        (Some(record), ..) | (None, Some(record), _) => Ok(Some(record)),
        (None, None, []) => Ok(None),
        (None, None, _) if change.anew => Ok(None),
        (None, None, [record]) => Ok(Some(record)),
        (None, None, several) => Err(refused(
            format!(
                "{name} has {} {kind} records, and none holds what was published last",
                several.len()
            ),
            match scheme.unit {
                Unit::Set => "delete all but one of them",
                Unit::Id | Unit::ReadId => {
                    "delete all but one of them, or name it with option 'record_id'"
                }
            },
        )),
    }
}

/// A record as the provider has it, with this address.
fn with_address(raw: Value, member: &str, address: Value) -> Value {
    if member.is_empty() {
        return address;
    }
    let mut record = if raw.is_object() { raw } else { json!({}) };
    record[member] = address;
    record
}
