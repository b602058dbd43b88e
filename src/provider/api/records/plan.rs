//! Which of the records that are read is ours, what is written, and what is learned from the answer.

use crate::model::RecordOptions;
use crate::model::json::Json;
use crate::provider::Outcome;
use crate::provider::api::interface::{Interface, RecordModel, Writing};
use crate::provider::api::record::{Goal, Record, Write, by_type};
use crate::provider::api::rest::Rest;
use crate::provider::conversation::Conversation;

/// Gives the change its outcome after a successful write. `made` are the records that the answer shows.
pub(super) fn settle_written(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    interface: &Interface,
    write: &Write<'_>,
    made: &[Record],
) {
    let goal = write.goal;
    forget_replaced(talk, goal);
    if removes(write) {
        talk.forget(goal.key());
        talk.settle(goal.index, Outcome::Updated.into());
        return;
    }
    let shown = made.iter().find(|record| match &write.id {
        Some(id) => record.id == *id,
        None => record.is_for(goal),
    });
    let outcome = match shown {
        Some(record) => outcome(rest, interface, goal, record),
        None => Outcome::Updated,
    };
    if outcome == Outcome::Updated {
        let id = match shown {
            Some(record) if !record.id.is_empty() => &record.id,
            Some(_) | None => write.id.as_deref().unwrap_or_default(),
        };
        learn_id(talk, interface, goal, id);
    } else {
        talk.forget(goal.key());
    }
    talk.settle(goal.index, outcome.into());
}

/// Whether `write` removes our record, or the one that the new address makes superfluous.
pub(super) fn removes(write: &Write<'_>) -> bool {
    write.goal.change.removes() || write.is_removal()
}

/// Gives the change its outcome if the provider already has what it wants.
pub(super) fn settle_unchanged(talk: &mut Conversation<'_>, goal: &Goal<'_>) {
    forget_replaced(talk, goal);
    goal.settle(talk, Outcome::Unchanged);
}

/// Learns which addresses of somebody else the failed `writes` were to replace, if such a write is an addition
/// and then a removal. The addition may have been carried out. Then the next job finds two addresses, and could
/// not tell that the older one was to go.
pub(super) fn keep_replaced(
    talk: &mut Conversation<'_>,
    interface: &Interface,
    writes: &[Write<'_>],
) {
    if !matches!(interface.write, Writing::Values(_)) {
        return;
    }
    for write in writes.iter().filter(|write| !write.goal.change.removes()) {
        for record in write.gone(&interface.form) {
            if let Some(address) = record.address(&interface.form)
                && !write.goal.change.owns(address)
            {
                talk.learn(write.goal.replaced_key(), &address.to_string());
            }
        }
    }
}

/// The change is made, so nothing is left to be replaced.
fn forget_replaced(talk: &mut Conversation<'_>, goal: &Goal<'_>) {
    if goal.replaced.is_some() {
        talk.forget(goal.replaced_key());
    }
}

/// The outcome of a write whose answer shows the record. The owner may have renamed the record since
/// its id was learned.
fn outcome(rest: &Rest, interface: &Interface, goal: &Goal<'_>, shown: &Record) -> Outcome {
    let form = &interface.form;
    let Record { name, kind, id, raw, .. } = shown;
    let shows_name = raw.pointer(form.name).is_some() && raw.pointer(form.kind).is_some();
    if shows_name && !shown.is_for(goal) {
        let reason = format!("{} has {kind} {name} under the id {id}", rest.title());
        return Outcome::refused(reason, "correct option 'record_id', or remove it");
    }
    if raw.pointer(&by_type(form.address, kind)).is_some() && !shown.holds_target(goal.change, form)
    {
        let reason = format!("{} has not changed {kind} {name}", rest.title());
        return Outcome::retry(reason);
    }
    Outcome::Updated
}

/// Learns the id of a record that can be written without reading.
fn learn_id(talk: &mut Conversation<'_>, interface: &Interface, goal: &Goal<'_>, id: &str) {
    // A shared name has several records, whose ids would be learned under the same key.
    if interface.model == RecordModel::ById && !id.is_empty() && !goal.change.record.share {
        talk.learn(goal.key(), id);
    }
}

/// The learned id of the record, if the record can be written without reading it now. An id in the
/// options is read once, because it may be that of another record.
pub(super) fn learned_id(
    talk: &mut Conversation<'_>,
    interface: &Interface,
    goal: &Goal<'_>,
) -> Option<String> {
    // Before a removal the record is read: its owner may have put something else there.
    if interface.model != RecordModel::ById || goal.change.removes() || goal.change.anew {
        return None;
    }
    let learned = talk.learned(&goal.key())?;
    match &goal.change.record.id {
        Some(option) if *option != learned => None,
        Some(_) | None => Some(learned),
    }
}

/// The write that brings `goal` up to date; `None` if `records` show that nothing must change.
///
/// # Errors
/// If it cannot be told which record is ours.
pub(super) fn plan<'a>(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    interface: &Interface,
    goal: &'a Goal<'a>,
    records: &[Record],
) -> Result<Option<Write<'a>>, Outcome> {
    if let Some(id) = learned_id(talk, interface, goal) {
        return Ok(Some(Write {
            goal,
            id: Some(id),
            exists: true,
            values: vec![new_value(interface, goal)],
            before: Vec::new(),
            ttl: goal.change.record.ttl,
        }));
    }
    let present = distinct(records, goal);
    if goal.change.removes() {
        return removal(talk, rest, interface, goal, &present);
    }
    match pick(interface, goal, &present)? {
        Some(chosen) if has_superfluous(interface, goal, &present, chosen) => {
            removal(talk, rest, interface, goal, &present)
        }
        Some(chosen) => Ok(update(talk, interface, goal, &present, chosen)),
        None => Ok(Some(addition(interface, goal, &present))),
    }
}

/// The records with the name and type of `goal`, each once: reading several names may return a record
/// more than once.
fn distinct<'r>(records: &'r [Record], goal: &Goal<'_>) -> Vec<&'r Record> {
    let mut present: Vec<&Record> = Vec::new();
    for record in records.iter().filter(|record| record.is_for(goal)) {
        if present.iter().all(|other| other.raw != record.raw) {
            present.push(record);
        }
    }
    present
}

/// Whether the record holds what we published last, or what we have attempted to publish since.
fn is_ours(interface: &Interface, goal: &Goal<'_>, record: &Record) -> bool {
    record.address(&interface.form).is_some_and(|address| goal.owns(address))
}

/// Whether the record `chosen` of another owner of a shared name has the new address already, and ours is there
/// as well.
fn has_superfluous(
    interface: &Interface,
    goal: &Goal<'_>,
    present: &[&Record],
    chosen: &Record,
) -> bool {
    interface.model != RecordModel::RrSet
        && goal.change.record.share
        && goal.change.record.id.is_none()
        && chosen.holds_target(goal.change, &interface.form)
        && !is_ours(interface, goal, chosen)
        && present.iter().any(|record| is_ours(interface, goal, record))
}

/// The write that changes the record `chosen` of those that are present; `None` if the record already
/// is as it should be.
fn update<'a>(
    talk: &mut Conversation<'_>,
    interface: &Interface,
    goal: &'a Goal<'a>,
    present: &[&Record],
    chosen: &Record,
) -> Option<Write<'a>> {
    let form = &interface.form;
    let is_set = interface.model == RecordModel::RrSet;
    let mut values = Vec::new();
    for &record in present {
        if std::ptr::eq(record, chosen) {
            let place = by_type(form.address, goal.kind());
            values.push(with_address(record.raw.clone(), &place, goal.address()));
        } else if is_set && !is_ours(interface, goal, record) {
            values.push(record.raw.clone());
        }
    }
    let options = &goal.change.record;
    if chosen.holds_target(goal.change, form)
        && has_options(chosen, options)
        && (!is_set || values.len() == present.len())
    {
        learn_id(talk, interface, goal, &chosen.id);
        return None;
    }
    let ttl = options.ttl.or(chosen.ttl);
    let (id, before) =
        if is_set { (None, cloned(present)) } else { (Some(chosen.id.clone()), Vec::new()) };
    Some(Write { goal, id, exists: true, values, before, ttl })
}

/// Whether the record has the TTL and the proxying of the options, as far as these are set.
fn has_options(record: &Record, options: &RecordOptions) -> bool {
    let proxied = match (options.proxied, record.raw.get("proxied")) {
        (Some(wanted), Some(present)) => *present == Json::Bool(wanted),
        (Some(_), None) | (None, _) => true,
    };
    proxied && (options.ttl.is_none() || options.ttl == record.ttl)
}

/// The write that adds a record. A set that is present has the addresses of others, and keeps them.
fn addition<'a>(interface: &Interface, goal: &'a Goal<'a>, present: &[&Record]) -> Write<'a> {
    let mut write = Write {
        goal,
        id: None,
        exists: false,
        values: Vec::new(),
        before: Vec::new(),
        ttl: goal.change.record.ttl.or(Some(interface.new_ttl)),
    };
    if interface.model == RecordModel::RrSet
        && let Some(first) = present.first()
    {
        write.exists = true;
        write.before = cloned(present);
        write.ttl = goal.change.record.ttl.or(first.ttl);
        let others = present.iter().filter(|record| !is_ours(interface, goal, record));
        write.values = others.map(|record| record.raw.clone()).collect();
    }
    write.values.push(new_value(interface, goal));
    write
}

/// The write that removes our record: by its id, or by writing the set without it. `None` if none of
/// the records is ours.
fn removal<'a>(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    interface: &Interface,
    goal: &'a Goal<'a>,
    present: &[&Record],
) -> Result<Option<Write<'a>>, Outcome> {
    let (ours, others): (Vec<&Record>, Vec<&Record>) =
        present.iter().partition(|record| is_ours(interface, goal, record));
    let Some(ours) = ours.first() else {
        talk.forget(goal.key());
        return Ok(None);
    };
    let mut write = Write {
        goal,
        id: None,
        exists: true,
        values: Vec::new(),
        before: Vec::new(),
        ttl: ours.ttl,
    };
    if interface.model == RecordModel::RrSet {
        write.values = others.iter().map(|record| record.raw.clone()).collect();
        write.before = cloned(present);
        return Ok(Some(write));
    }
    if ours.id.is_empty() {
        let reason = format!("{} does not say the id of {}", rest.title(), goal.fqdn);
        return Err(Outcome::refused(reason, "delete the record yourself"));
    }
    write.id = Some(ours.id.clone());
    write.before = cloned(&[ours]);
    Ok(Some(write))
}

/// The record to change, of those that are present; `None` if a record must be added.
fn pick<'r>(
    interface: &Interface,
    goal: &Goal<'_>,
    present: &[&'r Record],
) -> Result<Option<&'r Record>, Outcome> {
    let change = goal.change;
    // The record with the id in the options. The records of a set have no ids.
    if let Some(id) = &change.record.id
        && interface.model != RecordModel::RrSet
    {
        return with_id(goal, present, id).map(Some);
    }
    // Else one that already has the address.
    let form = &interface.form;
    if let Some(record) = present.iter().find(|record| record.holds_target(change, form)) {
        return Ok(Some(*record));
    }
    // Else one that holds what we published last, or have attempted to publish since.
    if let Some(record) = present.iter().find(|record| is_ours(interface, goal, record)) {
        return Ok(Some(*record));
    }
    // We have removed ours, so any other belongs to somebody else.
    if change.anew {
        return Ok(None);
    }
    // Else the only one.
    match present {
        [] => Ok(None),
        [record] => Ok(Some(record)),
        several => Err(ambiguous(interface, goal, several.len())),
    }
}

/// The record with this id, of those that are present.
fn with_id<'r>(goal: &Goal<'_>, present: &[&'r Record], id: &str) -> Result<&'r Record, Outcome> {
    let found = present.iter().copied().find(|record| record.id == id);
    found.ok_or_else(|| {
        let reason = format!("{} has no {} record with the id {id}", goal.fqdn, goal.kind());
        Outcome::refused(reason, "correct option 'record_id', or remove it")
    })
}

fn ambiguous(interface: &Interface, goal: &Goal<'_>, count: usize) -> Outcome {
    let (name, kind) = (&goal.fqdn, goal.kind());
    let reason =
        format!("{name} has {count} {kind} records, and none holds what was published last");
    let advice = match interface.model {
        RecordModel::RrSet => "delete all but one of them",
        RecordModel::ById | RecordModel::ByIdReadFirst => {
            "delete all but one of them, or name it with option 'record_id'"
        }
    };
    Outcome::refused(reason, advice)
}

fn cloned(records: &[&Record]) -> Vec<Record> {
    records.iter().copied().cloned().collect()
}

/// A new record in the provider's form, with only its address.
fn new_value(interface: &Interface, goal: &Goal<'_>) -> Json {
    with_address(Json::Null, &by_type(interface.form.address, goal.kind()), goal.address())
}

/// The record `raw` with another address at `pointer`. What leads there is added if it is missing.
fn with_address(mut raw: Json, pointer: &str, address: Json) -> Json {
    let Some((member, below)) = pointer.strip_prefix('/').map(split_pointer) else {
        return address;
    };
    let inner = raw.pointer_mut(&["/", member].concat()).map(Json::take).unwrap_or_default();
    if member == "0" {
        return vec![with_address(inner, below, address)].into();
    }
    raw.set(member, with_address(inner, below, address));
    raw
}

/// The first member of a JSON pointer without its first slash, and the rest.
fn split_pointer(pointer: &str) -> (&str, &str) {
    pointer.split_at(pointer.find('/').unwrap_or(pointer.len()))
}
