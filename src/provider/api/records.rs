//! How most interfaces are used: the zone of each name is found, what is there is read, the right one
//! of several records is picked and written. What has an id is only written from then on.
//!
//! A provider says in a [`Scheme`] how it lists zones and how it reads and writes; the rest is here.

mod plan;

use std::net::IpAddr;

use serde_json::Value;

use super::rest::{Rest, id, list, object, refused, text};
use super::zone::{Target, Zone, ZoneList, Zones, within};
use crate::model::name::plain;
use crate::model::sorted::Map;
use crate::provider::talk::{Halt, Talk, Talked};
use crate::provider::{Change, Method, Outcome, Request, Verdict};

/// The time to live of a new record of which the user has said nothing. What providers take for usual
/// may be hours.
pub const NEW_TTL: u32 = 300;
/// More names than this are looked up by listing the zone, where both are possible.
pub const BY_NAME: usize = 4;

/// How one provider lists, reads and writes.
pub struct Scheme {
    /// What it is called.
    pub title: &'static str,
    /// Names and ids of all zones of the account.
    pub zones: fn(&mut Talk<'_>, &Rest) -> Talked<ZoneList>,
    /// What is there under the names of these places, which are in one zone. May be more than that.
    pub read: Read,
    /// Writes to one zone: all of it or nothing. Gives the written records, if they have ids and the
    /// answer shows them.
    pub write: Sender,
    /// What a record is.
    pub unit: Unit,
    /// The member of a record that holds the address; empty if a record is nothing but that.
    pub content: &'static str,
    /// How a zone is called.
    pub call: Call,
    /// The time to live of a new record: [`NEW_TTL`], or the least that the provider takes.
    pub new_ttl: u32,
    /// Whether several can be written together.
    pub together: bool,
}

/// See [`Scheme::read`].
pub type Read = fn(&mut Talk<'_>, &Rest, &Zone, &[&Place<'_>]) -> Talked<Vec<Record>>;
/// See [`Scheme::write`].
pub type Sender = fn(&mut Talk<'_>, &Rest, &Zone, &[Write<'_>]) -> Talked<Vec<Record>>;

/// What an interface calls a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// One address, with an id. The id is remembered.
    Id,
    /// The same, but it cannot be written without being read before.
    ReadId,
    /// All addresses of a name and type, which are written as a whole. It is read before, because
    /// what others have put there since must stay.
    Set,
}

/// What an interface calls a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// By its name.
    Name,
    /// By an id, and the names of records are relative to it.
    Id,
    /// By an id, and the names of records are whole.
    IdAlone,
}

/// Where a change belongs.
#[derive(Debug)]
pub struct Place<'a> {
    index: usize,
    /// What is to change.
    pub change: &'a Change,
    /// The whole name, without a dot at its end.
    pub fqdn: String,
}

impl Place<'_> {
    /// `A` or `AAAA`.
    pub fn kind(&self) -> &'static str {
        self.change.family.record_type()
    }

    /// The new address; `null` if the record is to be removed.
    pub fn address(&self) -> Value {
        self.change.address().map(|address| address.to_string()).into()
    }

    /// The name within its zone: `home`, or `apex` for the zone itself.
    pub fn host<'s>(&'s self, zone: &Zone, apex: &'s str) -> &'s str {
        within(&self.fqdn, &zone.name, apex)
    }

    /// Nothing is written here, for this reason.
    pub fn settle(&self, talk: &mut Talk<'_>, outcome: Outcome) {
        talk.settle(self.index, outcome.into());
    }

    fn key(&self) -> String {
        format!("record {} {}", self.fqdn, self.kind())
    }
}

/// One address under a name and type.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The whole name.
    pub name: String,
    /// `A`, `AAAA` or another.
    pub kind: String,
    /// What the provider calls it; may be empty.
    pub id: String,
    /// Seconds.
    pub ttl: Option<u32>,
    /// Its members as the provider has them.
    pub raw: Value,
}

impl Record {
    /// Of an element of a list, with members `id`, `type` and `ttl`.
    pub fn of(name: String, raw: &Value) -> Self {
        let ttl = raw.get("ttl").or_else(|| raw.get("ttl_sec")).and_then(seconds);
        let kind = text(raw, "/type").to_owned();
        Self { name: plain(&name), kind, id: id(raw, "/id"), ttl, raw: raw.clone() }
    }

    /// Of all elements of a list, whose member `name` is relative to a zone, or whole.
    pub fn list(found: &[Value], zone: Option<&Zone>) -> Vec<Self> {
        let name = |raw| {
            let name = text(raw, "/name");
            zone.map_or_else(|| name.to_owned(), |zone| zone.full(name))
        };
        found.iter().map(|raw| Self::of(name(raw), raw)).collect()
    }

    /// Of an element of a list as the clouds of China have it, with `RecordId`, `Type` and `TTL`;
    /// `host` is its name in the zone.
    pub fn capital(zone: &Zone, host: &str, raw: &Value) -> Self {
        let ttl = raw.get("TTL").and_then(seconds);
        let kind = text(raw, "/Type").to_owned();
        Self {
            name: plain(&zone.full(host)),
            kind,
            id: id(raw, "/RecordId"),
            ttl,
            raw: raw.clone(),
        }
    }

    /// All of a set.
    pub fn set(name: &str, kind: &str, ttl: Option<&Value>, values: &[Value]) -> Vec<Self> {
        let (name, ttl) = (plain(name), ttl.and_then(seconds));
        let record = |raw: &Value| Self {
            name: name.clone(),
            kind: kind.to_owned(),
            id: String::new(),
            ttl,
            raw: raw.clone(),
        };
        values.iter().map(record).collect()
    }

    /// Of all sets in a list, whose member `name` is relative to a zone, or whole.
    pub fn sets(found: &[Value], zone: Option<&Zone>) -> Vec<Self> {
        let set = |set| {
            let name = text(set, "/name");
            let name = zone.map_or_else(|| name.to_owned(), |zone| zone.full(name));
            Self::set(&name, text(set, "/type"), set.get("ttl"), list(set, "/records"))
        };
        found.iter().flat_map(set).collect()
    }

    /// The address in its member `content`, if it is one.
    pub fn address(&self, content: &str) -> Option<IpAddr> {
        let shown = if content.is_empty() { Some(&self.raw) } else { self.raw.get(content) };
        shown?.as_str()?.parse().ok()
    }

    /// Whether its member `content` is what `change` is to hold.
    pub fn is_as(&self, change: &Change, content: &str) -> bool {
        self.address(content).is_some_and(|address| change.wants(address))
    }

    /// Whether it is of the name and type of `place`.
    pub fn is_at(&self, place: &Place<'_>) -> bool {
        self.kind == place.kind() && self.name == place.fqdn
    }
}

/// A number of seconds, which some write as a string.
fn seconds(value: &Value) -> Option<u32> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    u32::try_from(number).ok()
}

/// What is to be written.
#[derive(Debug)]
pub struct Write<'a> {
    /// Where.
    pub place: &'a Place<'a>,
    /// The record to change; `None` for a new one, or where records have no ids.
    pub id: Option<String>,
    /// Whether it is there already.
    pub exists: bool,
    /// The record as it should be, in the provider's form; of a set all that belong to it. Nothing if
    /// it is to be removed.
    pub values: Vec<Value>,
    /// Of a set all that it holds now; of what is removed by its id that record; else nothing.
    pub before: Vec<Record>,
    /// The time to live that it should have: as said, or as it was; unknown where that was not read.
    pub ttl: Option<u32>,
    /// Whether that is another one than before.
    pub retimed: bool,
}

/// How a record is written that has an id: at `/zone/records/id`, new ones at `/zone/records`.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// How one is changed.
    pub change: Method,
    /// Where the answer shows it.
    pub at: &'static str,
    /// Its member for the address.
    pub content: &'static str,
    /// Its member for the time to live.
    pub ttl: &'static str,
    /// The name of the zone itself.
    pub apex: &'static str,
}

impl Write<'_> {
    /// Whether it is to be removed: the record, or the whole set.
    pub fn is_removal(&self) -> bool {
        self.values.is_empty()
    }

    /// `body` with the time to live as the member `name`, if the user has said one or the record is
    /// new.
    pub fn timed(&self, body: Value, name: &str) -> Value {
        let ttl = if self.exists { self.place.change.record.ttl } else { self.ttl };
        with_ttl(body, name, ttl)
    }

    /// `body` with the time to live as the member `name`, if the user has said one or the record
    /// has one.
    pub fn kept(&self, body: Value, name: &str) -> Value {
        with_ttl(body, name, self.ttl)
    }

    /// All values of a set.
    pub fn all(&self) -> Value {
        self.values.clone().into()
    }

    /// The record with what changes; all of it if it is new.
    pub fn body(&self, zone: &Zone, form: &Form) -> Value {
        let place = self.place;
        let mut body = object(&mut [(form.content, place.address())]);
        if self.id.is_none() {
            body["type"] = place.kind().into();
            body["name"] = place.host(zone, form.apex).into();
        }
        self.timed(body, form.ttl)
    }

    /// Sends the record as `body` to where it belongs; one that is to be removed without it.
    ///
    /// # Errors
    /// While there is no answer, or if it does not show what was written.
    pub fn send(
        &self,
        talk: &mut Talk<'_>,
        rest: &Rest,
        zone: &Zone,
        form: &Form,
        body: &Value,
    ) -> Talked<Record> {
        let (slash, id) = self.id.as_ref().map_or(("", ""), |id| ("/", id));
        let path = ["/", &zone.id, "/records", slash, id].concat();
        if self.is_removal() {
            rest.ask(talk, rest.request(Method::Delete, &path))?;
            return Ok(Record::default());
        }
        let method = if id.is_empty() { Method::Post } else { form.change };
        let request = rest.json(method, &path, body);
        written(talk, rest, zone, self, request, (form.at, form.content))
    }

    /// The request that makes `body` of what is at `path`; what is to be removed is deleted.
    pub fn at(&self, rest: &Rest, path: &str, body: &Value) -> Request {
        match self.is_removal() {
            true => rest.request(Method::Delete, path),
            false => rest.json(Method::Put, path, body),
        }
    }
}

fn with_ttl(mut body: Value, name: &str, ttl: Option<u32>) -> Value {
    if let Some(ttl) = ttl {
        body[name] = ttl.into();
    }
    body
}

/// Sends the `request` that writes one record, and gives the record that the answer has `at` this
/// place. What that does not say of it is as it should be.
///
/// # Errors
/// While there is no answer, or if it does not show the address in the member `content`.
pub fn written(
    talk: &mut Talk<'_>,
    rest: &Rest,
    zone: &Zone,
    write: &Write<'_>,
    request: Request,
    (at, content): (&str, &str),
) -> Talked<Record> {
    let answer = talk.send(request)?;
    let value = rest.value(answer)?;
    let raw = value.pointer(at).unwrap_or(&Value::Null);
    let place = write.place;
    let mut record = Record::of(place.fqdn.clone(), raw);
    if let Some(name) = raw.get("name").and_then(Value::as_str).map(plain) {
        record.name = if name == place.fqdn { name } else { zone.full(&name) };
    }
    if record.kind.is_empty() {
        record.kind = place.kind().into();
    }
    let shown = record.is_as(place.change, content) && !record.id.is_empty();
    // Vultr says nothing more.
    if shown || (answer.status == 204 && write.id.is_some()) {
        return Ok(record);
    }
    Err(rest.confused(answer))
}

/// Writes records one by one.
///
/// # Errors
/// As [`Write::send`].
pub fn write_each(
    talk: &mut Talk<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
    form: &Form,
) -> Talked<Vec<Record>> {
    let one = |write: &Write<'_>| write.send(talk, rest, zone, form, &write.body(zone, form));
    writes.iter().map(one).collect()
}

/// What is asked for: each of `places`, or where they are many all of their types in the zone.
pub fn asked<'p>(places: &[&'p Place<'p>]) -> Vec<(&'static str, Option<&'p Place<'p>>)> {
    let few = places.len() <= BY_NAME;
    let mut asked: Vec<_> =
        places.iter().map(|place| (place.kind(), few.then_some(*place))).collect();
    if !few {
        asked.sort_unstable_by_key(|(kind, _)| *kind);
        asked.dedup_by_key(|(kind, _)| *kind);
    }
    asked
}

/// The elements of the array `at` in the answer to the request for a list, where `places` are many
/// and the list is not too long.
///
/// # Errors
/// As [`Rest::elements`].
pub fn listed(
    talk: &mut Talk<'_>,
    rest: &Rest,
    places: &[&Place<'_>],
    list: Request,
    at: &str,
) -> Talked<Option<Vec<Value>>> {
    if places.len() <= BY_NAME {
        return Ok(None);
    }
    let answer = talk.send(list)?;
    // deSEC wants pages of what is long.
    if answer.status == 400 || answer.cut {
        Ok(None)
    } else {
        rest.elements_of(answer, at).map(Some)
    }
}

/// Nothing is written under this name and type, where the provider has more than addresses.
pub fn leave(talk: &mut Talk<'_>, places: &[&Place<'_>], (name, kind): (&str, &str), what: &str) {
    for place in places.iter().filter(|it| it.fqdn == name && it.kind() == kind) {
        let advice = "make it a simple record, or choose another name";
        place.settle(talk, refused([name, " ", what].concat(), advice));
    }
}

/// The names in `places`, each once.
pub fn names<'p>(places: &[&'p Place<'_>]) -> Vec<&'p str> {
    let mut names: Vec<_> = places.iter().map(|place| place.fqdn.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Brings all records of the job up to date.
///
/// # Errors
/// While an answer is missing, or if one concerns all changes that are not settled.
pub fn publish(talk: &mut Talk<'_>, rest: &Rest, scheme: &Scheme) -> Talked<Vec<Verdict>> {
    let job = talk.job;
    let mut zones: Map<Zone, Vec<Place<'_>>> = Map::new();
    let mut listed = Zones::default();
    for (index, change) in job.changes.iter().enumerate() {
        if talk.is_settled(index) {
            continue;
        }
        let target = Target::of(change);
        let zone = match target.is_within() {
            true => zone_of(talk, rest, scheme, &mut listed, &target, change)?,
            false => None,
        };
        match zone {
            Some(zone) => {
                let place = Place { index, change, fqdn: target.fqdn };
                zones.get_or_insert(zone, Vec::new()).push(place);
            }
            None => talk.settle(index, target.outside(scheme.title).into()),
        }
    }
    for (zone, places) in zones.iter() {
        let verdict = match publish_zone(talk, rest, scheme, zone, places) {
            Ok(()) => continue,
            Err(Halt::End(verdict)) if !verdict.concerns_all() => verdict,
            Err(halt) => return Err(halt),
        };
        for place in places.iter() {
            if !talk.is_settled(place.index) {
                talk.settle(place.index, verdict.clone());
            }
        }
    }
    Ok(talk.all_settled())
}

/// The zone that holds `target`.
fn zone_of(
    talk: &mut Talk<'_>,
    rest: &Rest,
    scheme: &Scheme,
    listed: &mut Zones,
    target: &Target,
    change: &Change,
) -> Talked<Option<Zone>> {
    let zone = |name: &str, id: &str| Ok(Some(Zone { name: name.into(), id: id.into() }));
    match (&change.record.zone_id, &target.zone, scheme.call) {
        (Some(id), Some(name), _) | (None, Some(name @ id), Call::Name) => return zone(name, id),
        (Some(id), None, Call::Name | Call::IdAlone) => return zone(id, id),
        _ => {}
    }
    let list = |talk: &mut Talk<'_>| (scheme.zones)(talk, rest);
    if let Some(id) = &change.record.zone_id {
        let all = listed.all(talk, list)?;
        return Ok(all.iter().find(|zone| zone.1 == *id).map(Zone::of));
    }
    Ok(listed.find(talk, target, list)?.map(|zone| Zone::of(&zone)))
}

/// Brings the records of one zone up to date.
fn publish_zone(
    talk: &mut Talk<'_>,
    rest: &Rest,
    scheme: &Scheme,
    zone: &Zone,
    places: &[Place<'_>],
) -> Talked<()> {
    let mut unknown = Vec::new();
    for place in places {
        if plan::remembered(talk, scheme, place).is_none() {
            unknown.push(place);
        }
    }
    let records = match unknown.as_slice() {
        [] => Vec::new(),
        unknown => (scheme.read)(talk, rest, zone, unknown)?,
    };
    let mut writes = Vec::new();
    for place in places {
        // What was read may have shown that it cannot be written.
        if talk.is_settled(place.index) {
            continue;
        }
        match plan::plan(talk, scheme, place, &records) {
            Ok(Some(write)) => writes.push(write),
            Ok(None) => talk.settle(place.index, Outcome::Unchanged.into()),
            Err(outcome) => talk.settle(place.index, outcome.into()),
        }
    }
    // Credentials that may not delete shall not be in the way of addresses.
    let (left, gone): (Vec<_>, Vec<_>) =
        writes.into_iter().partition(|write| !write.place.change.removes());
    for writes in [left, gone] {
        let size = if scheme.together { writes.len() } else { 1 };
        for part in writes.chunks(size.max(1)) {
            send(talk, rest, scheme, zone, part)?;
        }
    }
    Ok(())
}

/// Writes; if that is refused because of one of several, in halves, so that only that one fails.
fn send(
    talk: &mut Talk<'_>,
    rest: &Rest,
    scheme: &Scheme,
    zone: &Zone,
    writes: &[Write<'_>],
) -> Talked<()> {
    let verdict = match (scheme.write)(talk, rest, zone, writes) {
        Ok(made) => {
            for write in writes {
                plan::wrote(talk, scheme, write, &made);
            }
            return Ok(());
        }
        Err(Halt::End(verdict)) if !verdict.concerns_all() => verdict,
        Err(halt) => return Err(halt),
    };
    let refused = matches!(verdict.outcome, Outcome::Refused { .. });
    if writes.len() > 1 && refused && matches!(talk.status(), 200 | 400 | 409 | 422) {
        let (first, second) = writes.split_at(writes.len() / 2);
        send(talk, rest, scheme, zone, first)?;
        return send(talk, rest, scheme, zone, second);
    }
    for write in writes {
        talk.forget(write.place.key());
        talk.settle(write.place.index, verdict.clone());
    }
    Ok(())
}
