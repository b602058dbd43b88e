//! The common way to use an interface with zones and records: find the zone of each name, read what is
//! there, pick our record and write it. A record whose id has been learned is written without reading.
//!
//! An [`Interface`] says how zones are listed and how records are read and written.

mod plan;
mod read;
mod write;

use std::net::IpAddr;

use serde_json::Value;

use super::Api;
use super::interface::{Interface, RecordForm, RecordModel, ZoneRef};
use super::meaning::shown;
use super::rest::Rest;
use super::zone::{RecordName, Zone, Zones, relative_name};
use crate::model::name::canonical;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Change, Outcome, Verdict};

pub use read::{distinct_names, kinds, refuse_special};
pub use write::write_each;

/// What one change of the job wants, within its zone.
#[derive(Debug)]
pub struct Goal<'a> {
    /// The index of the change in the job.
    index: usize,
    /// The change.
    pub change: &'a Change,
    /// The complete name, without a dot at the end.
    pub fqdn: String,
}

impl Goal<'_> {
    /// The record type: `A` or `AAAA`.
    pub fn kind(&self) -> &'static str {
        self.change.family.record_type()
    }

    /// The new address as a string; `null` for a removal.
    pub fn address(&self) -> Value {
        self.change.address().map(|address| address.to_string()).into()
    }

    /// The name relative to `zone`, such as `home`; `apex` for the name of the zone itself.
    pub fn host<'s>(&'s self, zone: &Zone, apex: &'s str) -> &'s str {
        relative_name(&self.fqdn, &zone.name, apex)
    }

    /// Gives the change its outcome, so that it is not written.
    pub fn settle(&self, talk: &mut Conversation<'_>, outcome: Outcome) {
        talk.settle(self.index, outcome.into());
    }

    /// The key under which the record's id is learned. It is stored, so it must stay as it is.
    fn key(&self) -> String {
        format!("record {} {}", self.fqdn, self.kind())
    }
}

/// One address under a name and type.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The complete name.
    pub name: String,
    /// The record type: `A`, `AAAA` or another.
    pub kind: String,
    /// The provider's identifier; may be empty.
    pub id: String,
    /// TTL in seconds, if the provider shows it.
    pub ttl: Option<u32>,
    /// The record in the provider's form, or a value of its record set.
    pub raw: Value,
}

impl Record {
    /// A record that the provider shows in this form. What it does not show is as in `goal`.
    pub fn of(form: &RecordForm, zone: &Zone, goal: Option<&Goal<'_>>, raw: &Value) -> Self {
        let mut name = canonical(&shown(raw, form.name));
        let mut kind = shown(raw, form.kind);
        let is_known = goal.is_some_and(|goal| goal.fqdn == name);
        if form.is_relative && !is_known {
            name = canonical(&zone.full(&name));
        }
        if let Some(goal) = goal {
            if raw.pointer(form.name).is_none_or(Value::is_null) || form.name.is_empty() {
                name.clone_from(&goal.fqdn);
            }
            if kind.is_empty() || form.kind.is_empty() {
                kind = goal.kind().to_owned();
            }
        }
        let ttl = raw.pointer(form.ttl).and_then(seconds);
        Self { name, kind, id: shown(raw, form.id), ttl, raw: raw.clone() }
    }

    /// The records of an element of a list: the element, or the values of the set that it is.
    pub fn all_of(
        form: &RecordForm,
        zone: &Zone,
        goal: Option<&Goal<'_>>,
        raw: &Value,
    ) -> Vec<Self> {
        let record = Self::of(form, zone, goal, raw);
        if form.values.is_empty() {
            return vec![record];
        }
        let values = elements(raw, form.values);
        values.iter().map(|value| Self { raw: value.clone(), ..record.clone() }).collect()
    }

    /// All values of one set.
    pub fn set(name: &str, kind: &str, ttl: Option<&Value>, values: &[Value]) -> Vec<Self> {
        let mut records = Vec::new();
        for raw in values {
            records.push(Self {
                name: canonical(name),
                kind: kind.to_owned(),
                id: String::new(),
                ttl: ttl.and_then(seconds),
                raw: raw.clone(),
            });
        }
        records
    }

    /// The address, if there is one.
    pub fn address(&self, form: &RecordForm) -> Option<IpAddr> {
        self.raw.pointer(form.address)?.as_str()?.parse().ok()
    }

    /// Whether the record already holds the address that `change` wants.
    pub fn holds_target(&self, change: &Change, form: &RecordForm) -> bool {
        self.address(form).is_some_and(|address| change.wants(address))
    }

    /// Whether the record has the name and type of `goal`.
    pub fn is_for(&self, goal: &Goal<'_>) -> bool {
        self.kind == goal.kind() && self.name == goal.fqdn
    }
}

/// The elements of the array at `pointer`. Something else there counts as the only element.
pub fn elements<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    match value.pointer(pointer) {
        Some(Value::Array(several)) => several,
        Some(one) if !one.is_null() => std::slice::from_ref(one),
        Some(_) | None => &[],
    }
}

/// A number of seconds. Some providers write it as a string.
fn seconds(value: &Value) -> Option<u32> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    u32::try_from(number).ok()
}

/// One write: of a record with an id, or of a whole record set.
#[derive(Debug)]
pub struct Write<'a> {
    /// What the change wants.
    pub goal: &'a Goal<'a>,
    /// The id of the record to change; `None` for a new record and for a set.
    pub id: Option<String>,
    /// Whether the record or the set exists already.
    pub exists: bool,
    /// The record as it should be, or all records of the set, in the provider's form. Empty for a
    /// removal.
    pub values: Vec<Value>,
    /// The set as it is, or the record with an id that is removed. Empty in other cases.
    pub before: Vec<Record>,
    /// The TTL to write: that of the option, or the present one; `None` if the record was not read.
    pub ttl: Option<u32>,
}

impl Write<'_> {
    /// Whether the record or the whole set is removed.
    pub fn is_removal(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether a set gets another TTL than it has.
    pub fn changes_ttl(&self) -> bool {
        self.ttl != self.before.first().and_then(|record| record.ttl)
    }

    /// Adds the TTL to `body` as member `name` if the option `ttl` is set or the record is new.
    pub fn with_set_ttl(&self, body: Value, name: &str) -> Value {
        let ttl = if self.exists { self.goal.change.record.ttl } else { self.ttl };
        insert_ttl(body, name, ttl)
    }

    /// Adds the TTL to `body` as member `name`, also if only the present TTL is repeated.
    pub fn with_ttl(&self, body: Value, name: &str) -> Value {
        insert_ttl(body, name, self.ttl)
    }

    /// All values of a set.
    pub fn all_values(&self) -> Value {
        self.values.clone().into()
    }
}

fn insert_ttl(mut body: Value, name: &str, ttl: Option<u32>) -> Value {
    if let Some(ttl) = ttl {
        body[name] = ttl.into();
    }
    body
}

/// Publishes the job of the conversation over `interface`, which is that of `api`.
///
/// # Errors
/// As [`publish_with`].
pub fn publish(talk: &mut Conversation<'_>, api: &Api, interface: &Interface) -> ApiResult<()> {
    let mut rest = Rest::of(api, talk.account, interface);
    if let Some(rate) = interface.write_rate {
        talk.limit_writes(rate);
    }
    if let Some(prepare) = interface.prepare {
        rest = prepare(talk, rest)?;
    }
    publish_with(talk, &rest, interface)
}

/// Brings all records of the job up to date.
///
/// # Errors
/// If a failure concerns all changes that are not settled.
pub fn publish_with(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    interface: &Interface,
) -> ApiResult<()> {
    let changes = &talk.job.changes;
    let mut zones: Vec<(Zone, Vec<Goal<'_>>)> = Vec::new();
    let mut listed = Zones::default();
    // Each job begins with another change, so that failures of the first cannot keep the others from
    // ever being tried.
    let start = usize::try_from(talk.job.seed).unwrap_or_default() % changes.len().max(1);
    for index in (start..changes.len()).chain(0..start) {
        let Some(change) = changes.get(index) else { continue };
        if talk.is_settled(index) {
            continue;
        }
        let name = RecordName::of(change);
        let mut zone = None;
        if name.is_in_given_zone() {
            zone = zone_of(talk, rest, interface, &mut listed, &name, change)?;
        }
        let Some(zone) = zone else {
            talk.settle(index, name.no_zone(rest.title()).into());
            continue;
        };
        let goal = Goal { index, change, fqdn: name.fqdn };
        match zones.iter_mut().find(|(other, _)| *other == zone) {
            Some((_, goals)) => goals.push(goal),
            None => zones.push((zone, vec![goal])),
        }
    }
    for (zone, mut goals) in zones {
        let mut size = goals.len();
        if !interface.reads_together() {
            size = 1;
            goals.sort_by_key(|goal| goal.change.removes());
        }
        for part in goals.chunks(size) {
            if let Err(verdict) = publish_part(talk, rest, interface, &zone, part) {
                fail(talk, part.iter(), verdict)?;
            }
        }
    }
    Ok(())
}

/// Gives the `goals` that are not settled the verdict of a failure.
///
/// # Errors
/// If no other change is worth a request now.
fn fail<'g>(
    talk: &mut Conversation<'_>,
    goals: impl Iterator<Item = &'g Goal<'g>>,
    verdict: Verdict,
) -> ApiResult<()> {
    if !talk.goes_on_after(&verdict) {
        return Err(verdict);
    }
    for goal in goals {
        if !talk.is_settled(goal.index) {
            talk.settle(goal.index, verdict.clone());
        }
    }
    Ok(())
}

/// The zone that holds the record of `change`: from the options, learned, or from the provider's list.
fn zone_of(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    interface: &Interface,
    listed: &mut Zones,
    name: &RecordName,
    change: &Change,
) -> ApiResult<Option<Zone>> {
    match (&change.record.zone_id, &name.zone, interface.zone_ref) {
        (Some(id), Some(zone), _) => return Ok(Some(Zone::new(zone, id))),
        (None, Some(zone), ZoneRef::Name) => return Ok(Some(Zone::new(zone, zone))),
        (Some(id), None, ZoneRef::Name | ZoneRef::Id) => return Ok(Some(Zone::new(id, id))),
        _ => {}
    }
    let list = |talk: &mut Conversation<'_>| read::zones(talk, rest, interface);
    match &change.record.zone_id {
        Some(id) => {
            let all = listed.all(talk, list)?;
            Ok(all.iter().find(|zone| zone.id == *id).cloned())
        }
        None => listed.find(talk, name, list),
    }
}

/// Reads the records of some goals of a zone, and brings them up to date.
fn publish_part(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    interface: &Interface,
    zone: &Zone,
    goals: &[Goal<'_>],
) -> ApiResult<()> {
    let mut unread = Vec::new();
    for goal in goals {
        if plan::learned_id(talk, interface, goal).is_none() {
            unread.push(goal);
        }
    }
    let mut records = Vec::new();
    if !unread.is_empty() {
        records = read::records(talk, rest, interface, zone, &unread)?;
        if let Some(inspect) = interface.inspect {
            inspect(talk, &unread, &records);
        }
    }
    let (mut updates, mut removals) = (Vec::new(), Vec::new());
    for goal in goals {
        // Reading may have shown that the record must not be written.
        if talk.is_settled(goal.index) {
            continue;
        }
        match plan::plan(talk, rest, interface, goal, &records) {
            Ok(Some(write)) if goal.change.removes() => removals.push(write),
            Ok(Some(write)) => updates.push(write),
            Ok(None) => talk.settle(goal.index, Outcome::Unchanged.into()),
            Err(outcome) => talk.settle(goal.index, outcome.into()),
        }
    }
    drop(records);
    // Write before deleting: credentials without the right to delete must not block updates.
    for mut writes in [updates, removals] {
        while !writes.is_empty() {
            let size = if interface.writes_together() { writes.len() } else { 1 };
            let later = writes.split_off(size);
            send(talk, rest, interface, zone, writes)?;
            writes = later;
        }
    }
    Ok(())
}

/// Sends `writes` together. If the provider rejects them, those that it names are left out; if it names
/// none, each half is sent alone, so that in the end only the bad record fails.
fn send(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    interface: &Interface,
    zone: &Zone,
    mut writes: Vec<Write<'_>>,
) -> ApiResult<()> {
    let verdict = match write::write(talk, rest, interface, zone, &writes) {
        Ok(made) => {
            for write in writes {
                plan::written(talk, rest, interface, &write, &made);
            }
            return Ok(());
        }
        Err(verdict) => verdict,
    };
    let count = writes.len();
    writes.retain(|write| !talk.is_settled(write.goal.index));
    if writes.is_empty() {
        return Ok(());
    }
    if writes.len() < count {
        return send(talk, rest, interface, zone, writes);
    }
    if count > 1 && talk.may_concern_one(&verdict) {
        let second = writes.split_off(count / 2);
        send(talk, rest, interface, zone, writes)?;
        return send(talk, rest, interface, zone, second);
    }
    if !verdict.concerns_all() {
        writes.iter().for_each(|write| talk.forget(write.goal.key()));
    }
    fail(talk, writes.iter().map(|write| write.goal), verdict)
}
