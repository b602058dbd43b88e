//! The common way to use an interface with zones and records: find the zone of each name, read what is
//! there, pick our record and write it. A record whose id has been learned is written without reading.
//!
//! A provider's [`ZoneApi`] says how zones are listed and how records are read and written.

mod plan;

use std::net::IpAddr;

use serde_json::Value;

use super::rest::{Rest, id, list, object, refused, text};
use super::zone::{RecordName, Zone, ZoneList, Zones, relative_name};
use crate::model::name::canonical;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Change, Method, Outcome, Request, Verdict};

/// TTL of a new record if `ttl` is not set. The defaults of many providers are hours.
pub const NEW_TTL: u32 = 300;
/// If more names than this must be read, the whole zone is listed, where an interface can do both.
pub const BY_NAME: usize = 4;

/// How one provider lists zones, and reads and writes records.
pub struct ZoneApi {
    /// The provider's name, for messages.
    pub title: &'static str,
    /// Lists all zones of the account.
    pub zones: fn(&mut Conversation<'_>, &Rest) -> ApiResult<ZoneList>,
    /// Reads the records of goals in one zone. May return further records.
    pub read: ReadFn,
    /// Carries out all writes to one zone, or none. Returns the written records, if they have ids and
    /// the answer shows them.
    pub write: WriteFn,
    /// How the interface represents records.
    pub model: RecordModel,
    /// The member of a record that holds the address; empty if a record is only the address.
    pub address_member: &'static str,
    /// How requests refer to a zone.
    pub zone_ref: ZoneRef,
    /// TTL of a new record if `ttl` is not set: [`NEW_TTL`], or the provider's minimum.
    pub new_ttl: u32,
    /// [`Api::writes_together`](super::Api::writes_together).
    pub writes_together: bool,
    /// Whether the goals of a zone are read together. Otherwise each is read and written before the next.
    pub reads_together: bool,
}

/// See [`ZoneApi::read`].
pub type ReadFn = fn(&mut Conversation<'_>, &Rest, &Zone, &[&Goal<'_>]) -> ApiResult<Vec<Record>>;
/// See [`ZoneApi::write`].
pub type WriteFn = fn(&mut Conversation<'_>, &Rest, &Zone, &[Write<'_>]) -> ApiResult<Vec<Record>>;

/// How an interface represents records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordModel {
    /// A record is one address with an id. The id is learned, and then written to without reading.
    ById,
    /// A record is one address with an id, and must be read before it is written.
    ByIdReadFirst,
    /// A record set is all addresses of a name and type, and is written as a whole. It is read
    /// before, so that addresses which others have added stay.
    RrSet,
}

/// How requests refer to a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneRef {
    /// By its name.
    Name,
    /// By its id. Its name is needed too, because names of records are relative to it.
    IdAndName,
    /// By its id. Names of records are complete.
    Id,
}

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
    /// The record in the provider's form.
    pub raw: Value,
}

impl Record {
    /// A record with the members `id`, `type`, and `ttl` or `ttl_sec`.
    pub fn of(name: String, raw: &Value) -> Self {
        let ttl = raw.get("ttl").or_else(|| raw.get("ttl_sec")).and_then(seconds);
        let kind = text(raw, "/type").to_owned();
        Self { name: canonical(&name), kind, id: id(raw, "/id"), ttl, raw: raw.clone() }
    }

    /// All records of a list. Their member `name` is relative to `zone`, or complete without `zone`.
    pub fn list(found: &[Value], zone: Option<&Zone>) -> Vec<Self> {
        found.iter().map(|raw| Self::of(name_in(raw, zone), raw)).collect()
    }

    /// A record of Alibaba Cloud or Tencent Cloud, with the members `RecordId`, `Type` and `TTL`.
    /// `host` is its name relative to `zone`.
    pub fn capitalised(zone: &Zone, host: &str, raw: &Value) -> Self {
        Self {
            name: canonical(&zone.full(host)),
            kind: text(raw, "/Type").to_owned(),
            id: id(raw, "/RecordId"),
            ttl: raw.get("TTL").and_then(seconds),
            raw: raw.clone(),
        }
    }

    /// All records of one set.
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

    /// All records of all sets of a list. The member `name` of a set is relative to `zone`, or
    /// complete without `zone`.
    pub fn sets(found: &[Value], zone: Option<&Zone>) -> Vec<Self> {
        let mut records = Vec::new();
        for set in found {
            let (kind, values) = (text(set, "/type"), list(set, "/records"));
            records.append(&mut Self::set(&name_in(set, zone), kind, set.get("ttl"), values));
        }
        records
    }

    /// The address in the member `member` (see [`ZoneApi::address_member`]), if it is one.
    pub fn address(&self, member: &str) -> Option<IpAddr> {
        let shown = if member.is_empty() { Some(&self.raw) } else { self.raw.get(member) };
        shown?.as_str()?.parse().ok()
    }

    /// Whether the record already holds the address that `change` wants.
    pub fn holds_target(&self, change: &Change, member: &str) -> bool {
        self.address(member).is_some_and(|address| change.wants(address))
    }

    /// Whether the record has the name and type of `goal`.
    pub fn is_for(&self, goal: &Goal<'_>) -> bool {
        self.kind == goal.kind() && self.name == goal.fqdn
    }
}

/// The complete name from the member `name` of a record or a set.
fn name_in(raw: &Value, zone: Option<&Zone>) -> String {
    let name = text(raw, "/name");
    match zone {
        Some(zone) => zone.full(name),
        None => name.to_owned(),
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

/// The requests of an interface for records with ids: `/zone/records/id`, and `/zone/records` for new
/// ones.
#[derive(Clone, Copy, Debug)]
pub struct RecordEndpoint {
    /// The method that changes a record.
    pub update_method: Method,
    /// Where the answer shows the record (RFC 6901).
    pub pointer: &'static str,
    /// The record's member for the address.
    pub address_member: &'static str,
    /// The record's member for the TTL.
    pub ttl_member: &'static str,
    /// The relative name of the zone itself.
    pub apex: &'static str,
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

    /// The members to write: those that change, or all of a new record.
    pub fn body(&self, zone: &Zone, endpoint: &RecordEndpoint) -> Value {
        let goal = self.goal;
        let mut body = object(&mut [(endpoint.address_member, goal.address())]);
        if self.id.is_none() {
            body["type"] = goal.kind().into();
            body["name"] = goal.host(zone, endpoint.apex).into();
        }
        self.with_set_ttl(body, endpoint.ttl_member)
    }

    /// Writes the record as `body`, or removes it.
    ///
    /// # Errors
    /// If there is no answer, or if the answer does not show what was written.
    pub fn send(
        &self,
        talk: &mut Conversation<'_>,
        rest: &Rest,
        zone: &Zone,
        endpoint: &RecordEndpoint,
        body: &Value,
    ) -> ApiResult<Record> {
        let (slash, id) = self.id.as_ref().map_or(("", ""), |id| ("/", id));
        let path = ["/", &zone.id, "/records", slash, id].concat();
        if self.is_removal() {
            rest.ask(talk, rest.request(Method::Delete, &path))?;
            return Ok(Record::default());
        }
        let method = if id.is_empty() { Method::Post } else { endpoint.update_method };
        let request = rest.json(method, &path, body);
        send_write(talk, rest, zone, self, request, (endpoint.pointer, endpoint.address_member))
    }

    /// The request that puts `body` at `path`, or deletes `path` for a removal.
    pub fn put_or_delete(&self, rest: &Rest, path: &str, body: &Value) -> Request {
        if self.is_removal() {
            rest.request(Method::Delete, path)
        } else {
            rest.json(Method::Put, path, body)
        }
    }
}

fn insert_ttl(mut body: Value, name: &str, ttl: Option<u32>) -> Value {
    if let Some(ttl) = ttl {
        body[name] = ttl.into();
    }
    body
}

/// Sends the `request` that writes one record. Returns the record that the answer shows at `pointer`;
/// members that the answer lacks are taken from the goal.
///
/// # Errors
/// If there is no answer, or if the answer does not show the address in `address_member`.
pub fn send_write(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    write: &Write<'_>,
    request: Request,
    (pointer, address_member): (&str, &str),
) -> ApiResult<Record> {
    let answer = talk.send(request)?;
    let value = rest.value(&answer)?;
    let raw = value.pointer(pointer).unwrap_or(&Value::Null);
    let goal = write.goal;
    let mut record = Record::of(goal.fqdn.clone(), raw);
    if let Some(name) = raw.get("name").and_then(Value::as_str).map(canonical) {
        record.name = if name == goal.fqdn { name } else { zone.full(&name) };
    }
    if record.kind.is_empty() {
        record.kind = goal.kind().into();
    }
    let is_shown = record.holds_target(goal.change, address_member) && !record.id.is_empty();
    // Vultr answers an update with 204 and no body.
    if is_shown || (answer.status == 204 && write.id.is_some()) {
        return Ok(record);
    }
    Err(rest.not_understood(&answer))
}

/// Writes records one by one.
///
/// # Errors
/// As [`Write::send`].
pub fn write_each(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
    endpoint: &RecordEndpoint,
) -> ApiResult<Vec<Record>> {
    let mut made = Vec::new();
    for write in writes {
        made.push(write.send(talk, rest, zone, endpoint, &write.body(zone, endpoint))?);
    }
    Ok(made)
}

/// What to read: each goal, or with more than [`BY_NAME`] goals each of their types, without a goal.
pub fn reads<'g>(goals: &[&'g Goal<'g>]) -> Vec<(&'static str, Option<&'g Goal<'g>>)> {
    if goals.len() <= BY_NAME {
        return goals.iter().map(|goal| (goal.kind(), Some(*goal))).collect();
    }
    let mut kinds: Vec<&str> = goals.iter().map(|goal| goal.kind()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.into_iter().map(|kind| (kind, None)).collect()
}

/// Requests a `list` of the zone if there are more than [`BY_NAME`] goals. Returns the array at
/// `pointer` of the answer; `None` if there are fewer goals or the list is too long.
///
/// # Errors
/// As [`Rest::elements`].
pub fn list_if_many(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    goals: &[&Goal<'_>],
    list: Request,
    pointer: &str,
) -> ApiResult<Option<Vec<Value>>> {
    if goals.len() <= BY_NAME {
        return Ok(None);
    }
    let answer = talk.send(list)?;
    // deSEC answers 400 if a list has more than 500 elements and no page was requested.
    if answer.status == 400 || answer.cut {
        Ok(None)
    } else {
        rest.elements_of(&answer, pointer).map(Some)
    }
}

/// Refuses to write under this name and type, because the provider has something else there than
/// addresses. `what` continues the name in a sentence.
pub fn refuse_special(
    talk: &mut Conversation<'_>,
    goals: &[&Goal<'_>],
    (name, kind): (&str, &str),
    what: &str,
) {
    for goal in goals {
        if goal.fqdn == name && goal.kind() == kind {
            let advice = "make it a simple record, or choose another name";
            goal.settle(talk, refused([name, " ", what].concat(), advice));
        }
    }
}

/// The names of `goals`, each once.
pub fn distinct_names<'g>(goals: &[&'g Goal<'_>]) -> Vec<&'g str> {
    let mut names: Vec<_> = goals.iter().map(|goal| goal.fqdn.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Brings all records of the job up to date.
///
/// # Errors
/// If a failure concerns all changes that are not settled.
pub fn publish(talk: &mut Conversation<'_>, rest: &Rest, zone_api: &ZoneApi) -> ApiResult<()> {
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
            zone = zone_of(talk, rest, zone_api, &mut listed, &name, change)?;
        }
        let Some(zone) = zone else {
            talk.settle(index, name.no_zone(zone_api.title).into());
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
        if !zone_api.reads_together {
            size = 1;
            goals.sort_by_key(|goal| goal.change.removes());
        }
        for part in goals.chunks(size) {
            if let Err(verdict) = publish_part(talk, rest, zone_api, &zone, part) {
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
    zone_api: &ZoneApi,
    listed: &mut Zones,
    name: &RecordName,
    change: &Change,
) -> ApiResult<Option<Zone>> {
    match (&change.record.zone_id, &name.zone, zone_api.zone_ref) {
        (Some(id), Some(zone), _) => return Ok(Some(Zone::new(zone, id))),
        (None, Some(zone), ZoneRef::Name) => return Ok(Some(Zone::new(zone, zone))),
        (Some(id), None, ZoneRef::Name | ZoneRef::Id) => return Ok(Some(Zone::new(id, id))),
        _ => {}
    }
    let list = |talk: &mut Conversation<'_>| (zone_api.zones)(talk, rest);
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
    zone_api: &ZoneApi,
    zone: &Zone,
    goals: &[Goal<'_>],
) -> ApiResult<()> {
    let mut unread = Vec::new();
    for goal in goals {
        if plan::learned_id(talk, zone_api, goal).is_none() {
            unread.push(goal);
        }
    }
    let mut records = Vec::new();
    if !unread.is_empty() {
        records = (zone_api.read)(talk, rest, zone, &unread)?;
    }
    let (mut updates, mut removals) = (Vec::new(), Vec::new());
    for goal in goals {
        // Reading may have shown that the record must not be written.
        if talk.is_settled(goal.index) {
            continue;
        }
        match plan::plan(talk, zone_api, goal, &records) {
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
            let size = if zone_api.writes_together { writes.len() } else { 1 };
            let later = writes.split_off(size);
            send(talk, rest, zone_api, zone, writes)?;
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
    zone_api: &ZoneApi,
    zone: &Zone,
    mut writes: Vec<Write<'_>>,
) -> ApiResult<()> {
    let verdict = match (zone_api.write)(talk, rest, zone, &writes) {
        Ok(made) => {
            for write in writes {
                plan::written(talk, zone_api, &write, &made);
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
        return send(talk, rest, zone_api, zone, writes);
    }
    if count > 1 && talk.may_concern_one(&verdict) {
        let second = writes.split_off(count / 2);
        send(talk, rest, zone_api, zone, writes)?;
        return send(talk, rest, zone_api, zone, second);
    }
    if !verdict.concerns_all() {
        writes.iter().for_each(|write| talk.forget(write.goal.key()));
    }
    fail(talk, writes.iter().map(|write| write.goal), verdict)
}
