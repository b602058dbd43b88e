//! Which of the records that are read is ours, what is written, and what is learned from the answer.

use crate::model::RecordOptions;
use crate::model::json::Json;
use crate::provider::api::interface::{RecordModel, RestClient, Writing};
use crate::provider::api::record::{Goal, Record, Write, by_type};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Outcome, Scope, Verdict};

/// Gives the change its outcome after a successful write. `made` are the records that the answer shows.
pub(super) fn settle_written(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
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
    // An update names only the id. Its answer may show that the record with this id is another one now.
    let shown = made.iter().find(|record| match &write.id {
        Some(id) => record.id == *id,
        None => record.is_for(goal),
    });
    if let Some(verdict) = shown.and_then(|record| contradiction(rest, goal, record)) {
        talk.forget(goal.key());
        talk.settle(goal.index, verdict);
        return;
    }
    let id = match shown {
        Some(record) if !record.id.is_empty() => &record.id,
        Some(_) | None => write.id.as_deref().unwrap_or_default(),
    };
    learn_id(talk, rest, goal, id);
    talk.settle(goal.index, Outcome::Updated.into());
}

/// Whether `write` removes our record, or the one that the new address makes superfluous.
pub(super) fn removes(write: &Write<'_>) -> bool {
    write.goal.change.removes() || write.is_removal()
}

/// Gives the change its outcome if the provider already has what it wants.
pub(super) fn settle_unchanged(talk: &mut Conversation<'_>, goal: &Goal<'_>) {
    forget_replaced(talk, goal);
    talk.settle(goal.index, Outcome::Unchanged.into());
}

/// Learns which addresses of somebody else the failed `writes` were to replace, if such a write is an addition
/// and then a removal.
pub(super) fn keep_replaced(talk: &mut Conversation<'_>, rest: &RestClient, writes: &[Write<'_>]) {
    // The addition may have been carried out. Then the next job finds two addresses, and could not tell that the
    // older one was to go.
    if !matches!(rest.interface.write, Writing::Values(_)) {
        return;
    }
    for write in writes.iter().filter(|write| !write.goal.change.removes()) {
        for record in write.gone() {
            if let Some(address) = record.address
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

/// The verdict of a write whose answer shows another record than was written; `None` if it shows that.
fn contradiction(rest: &RestClient, goal: &Goal<'_>, shown: &Record) -> Option<Box<Verdict>> {
    let form = &rest.interface.form;
    let Record { name, kind, id, raw, .. } = shown;
    let shows_name = raw.pointer(form.name).is_some() && raw.pointer(form.kind).is_some();
    // The owner may have renamed the record since its id was learned.
    if shows_name && !shown.is_for(goal) {
        let reason = format!("{} has {kind} {name} under the id {id}", rest.title());
        return Some(Verdict::refused(Scope::Record, reason, OTHER_ID));
    }
    if raw.pointer(&by_type(form.address, kind)).is_some() && !shown.holds_target(goal.change) {
        let reason = format!("{} has not changed {kind} {name}", rest.title());
        return Some(Verdict::retry(Scope::Record, reason, None));
    }
    None
}

/// Advice if another record has the id of the options, or none.
const OTHER_ID: &str = "correct option 'record_id', or remove it";

/// Learns the id of a record that can be written without reading.
fn learn_id(talk: &mut Conversation<'_>, rest: &RestClient, goal: &Goal<'_>, id: &str) {
    // A shared name has several records, whose ids would be learned under the same key.
    if rest.interface.model == RecordModel::ById && !id.is_empty() && !goal.change.record.share {
        talk.learn(goal.key(), id);
    }
}

/// The learned id of the record, if the record can be written without reading it now.
pub(super) fn learned_id(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    goal: &Goal<'_>,
) -> Option<String> {
    // Before a removal the record is read: its owner may have put something else there.
    if rest.interface.model != RecordModel::ById || goal.change.removes() || goal.change.anew {
        return None;
    }
    let learned = talk.learned(&goal.key())?;
    match &goal.change.record.id {
        // An id in the options is read once, because it may be that of another record.
        Some(option) if *option != learned => None,
        Some(_) | None => Some(learned),
    }
}

/// Plans the `write` that brings its goal up to date. Returns whether anything must change: `records` may show that
/// nothing must.
///
/// # Errors
/// If it cannot be told which record is ours.
pub(super) fn plan<'a>(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    write: &mut Write<'a>,
    records: &'a [Record],
) -> ApiResult<bool> {
    let goal = write.goal;
    if let Some(id) = learned_id(talk, rest, goal) {
        write.id = Some(id);
        write.exists = true;
        write.values.push(new_value(rest, goal));
        return Ok(true);
    }
    let present = distinct(records, goal);
    if goal.change.removes() {
        return remove(talk, rest, write, &present);
    }
    match pick(rest, goal, &present)? {
        Some(chosen) if has_superfluous(rest, goal, &present, chosen) => {
            remove(talk, rest, write, &present)
        }
        Some(chosen) => Ok(update(talk, rest, write, &present, chosen)),
        None => {
            add(rest, write, &present);
            Ok(true)
        }
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
fn is_ours(goal: &Goal<'_>, record: &Record) -> bool {
    record.address.is_some_and(|address| goal.owns(address))
}

/// Whether the record `chosen` of another owner of a shared name has the new address already, and ours is there
/// as well.
fn has_superfluous(
    rest: &RestClient,
    goal: &Goal<'_>,
    present: &[&Record],
    chosen: &Record,
) -> bool {
    rest.interface.model != RecordModel::RrSet
        && goal.change.record.share
        && goal.change.record.id.is_none()
        && chosen.holds_target(goal.change)
        && !is_ours(goal, chosen)
        && present.iter().any(|record| is_ours(goal, record))
}

/// Plans to change the record `chosen` of those that are present. Returns whether it is not yet as it should be.
fn update<'a>(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    write: &mut Write<'a>,
    present: &[&'a Record],
    chosen: &Record,
) -> bool {
    let goal = write.goal;
    let is_set = rest.interface.model == RecordModel::RrSet;
    if is_set {
        write_set(rest, write, present, Some(chosen));
    } else {
        write.values.push(renewed(rest, goal, chosen));
        write.id = Some(chosen.id.clone());
        write.exists = true;
    }
    let options = &goal.change.record;
    // Without option `ttl`, the record keeps the TTL that the owner has given it at the provider.
    write.ttl = options.ttl.or(chosen.ttl);
    let is_as_wanted = chosen.holds_target(goal.change)
        && has_options(chosen, options)
        // A set may also have an address of ours from before, which goes even if the new one is there already.
        && (!is_set || write.values.len() == present.len());
    if is_as_wanted {
        learn_id(talk, rest, goal, &chosen.id);
    }
    !is_as_wanted
}

/// Plans to write the set that is present: the values of others as they are, and that of `chosen` with the new
/// address.
fn write_set<'a>(
    rest: &RestClient,
    write: &mut Write<'a>,
    present: &[&'a Record],
    chosen: Option<&Record>,
) {
    write.exists = true;
    for &record in present {
        if chosen.is_some_and(|chosen| std::ptr::eq(chosen, record)) {
            write.values.push(renewed(rest, write.goal, record));
        } else if !is_ours(write.goal, record) {
            write.values.push(record.raw.clone());
        }
        write.before.push(record);
    }
}

/// Whether the record has the TTL and the proxying of the options, as far as these are set.
fn has_options(record: &Record, options: &RecordOptions) -> bool {
    let proxied = match (options.proxied, record.raw.get("proxied")) {
        (Some(wanted), Some(present)) => *present == Json::Bool(wanted),
        // Only Cloudflare shows whether a record is proxied.
        (Some(_), None) | (None, _) => true,
    };
    proxied && (options.ttl.is_none() || options.ttl == record.ttl)
}

/// Plans to add a record. A set that is present has the addresses of others, and keeps them.
fn add<'a>(rest: &RestClient, write: &mut Write<'a>, present: &[&'a Record]) {
    let mut present_ttl = Some(rest.interface.new_ttl);
    if rest.interface.model == RecordModel::RrSet
        && let Some(first) = present.first()
    {
        write_set(rest, write, present, None);
        present_ttl = first.ttl;
    }
    write.ttl = write.ttl.or(present_ttl);
    write.values.push(new_value(rest, write.goal));
}

/// Plans to remove our record: by its id, or by writing the set without it. Returns whether one of the records is
/// ours.
fn remove<'a>(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    write: &mut Write<'a>,
    present: &[&'a Record],
) -> ApiResult<bool> {
    let goal = write.goal;
    let Some(ours) = present.iter().copied().find(|record| is_ours(goal, record)) else {
        talk.forget(goal.key());
        return Ok(false);
    };
    write.ttl = ours.ttl;
    if rest.interface.model == RecordModel::RrSet {
        write_set(rest, write, present, None);
        return Ok(true);
    }
    if ours.id.is_empty() {
        let reason = format!("{} does not say the id of {}", rest.title(), goal.fqdn);
        return Err(Verdict::refused(Scope::Record, reason, "delete the record yourself"));
    }
    write.id = Some(ours.id.clone());
    write.exists = true;
    write.before.push(ours);
    Ok(true)
}

/// The record to change, of those that are present; `None` if a record must be added.
fn pick<'r>(
    rest: &RestClient,
    goal: &Goal<'_>,
    present: &[&'r Record],
) -> ApiResult<Option<&'r Record>> {
    let change = goal.change;
    // The record with the id in the options. The records of a set have no ids.
    if let Some(id) = &change.record.id
        && rest.interface.model != RecordModel::RrSet
    {
        return with_id(goal, present, id).map(Some);
    }
    // Else one that already has the address, or one that holds what we published last, or have attempted to publish
    // since.
    let has_target = present.iter().find(|record| record.holds_target(change));
    if let Some(record) = has_target.or(present.iter().find(|record| is_ours(goal, record))) {
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
        several => Err(ambiguous(rest, goal, several.len())),
    }
}

/// The record with this id, of those that are present.
fn with_id<'r>(goal: &Goal<'_>, present: &[&'r Record], id: &str) -> ApiResult<&'r Record> {
    let found = present.iter().copied().find(|record| record.id == id);
    found.ok_or_else(|| {
        let reason = format!("{} has no {} record with the id {id}", goal.fqdn, goal.kind());
        Verdict::refused(Scope::Record, reason, OTHER_ID)
    })
}

fn ambiguous(rest: &RestClient, goal: &Goal<'_>, count: usize) -> Box<Verdict> {
    let (name, kind) = (&goal.fqdn, goal.kind());
    let reason =
        format!("{name} has {count} {kind} records, and none holds what was published last");
    let advice = match rest.interface.model {
        RecordModel::RrSet => "delete all but one of them",
        RecordModel::ById | RecordModel::ByIdReadFirst => {
            "delete all but one of them, or name it with option 'record_id'"
        }
    };
    Verdict::refused(Scope::Record, reason, advice)
}

/// A new record in the provider's form, with only its address.
fn new_value(rest: &RestClient, goal: &Goal<'_>) -> Json {
    let place = by_type(rest.interface.form.address, goal.kind());
    with_address(Json::Null, &place, goal.address())
}

/// The record with the new address.
fn renewed(rest: &RestClient, goal: &Goal<'_>, record: &Record) -> Json {
    let place = by_type(rest.interface.form.address, goal.kind());
    with_address(record.raw.clone(), &place, goal.address())
}

/// The record `raw` with another address at `pointer`. What leads there is added if it is missing.
fn with_address(mut raw: Json, pointer: &str, address: Json) -> Json {
    let Some((member, below)) = pointer.strip_prefix('/').map(split_pointer) else {
        return address;
    };
    let inner = raw.pointer_mut(&["/", member].concat()).map(Json::take).unwrap_or_default();
    // NS1 and Gcore have the address in an array, which has no other element.
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
