//! Records of an interface with zones and records: as they should be, as the provider shows them, and as they
//! are written.

use std::net::IpAddr;

use super::meaning::shown;
use super::zone::{Zone, relative_name};
use crate::model::json::Json;
use crate::model::name::{canonical, strip_zone};
use crate::provider::conversation::{Conversation, FOR_GOOD};
use crate::provider::{Change, Scope, Verdict};

/// Where a record, or an element of a list of record sets, has what.
#[derive(Clone, Copy, Debug)]
pub struct RecordForm {
    /// The name; empty if it is not shown, because records are read by name and type.
    pub name: &'static str,
    /// How names are shown.
    pub names: NameForm,
    /// The relative name of the zone itself in requests, such as `@`.
    pub apex: &'static str,
    /// The record type.
    pub kind: &'static str,
    /// What is shown as the types `A` and `AAAA`, if that is something else.
    pub kinds: [&'static str; 2],
    /// The id.
    pub id: &'static str,
    /// The TTL.
    pub ttl: &'static str,
    /// The values of a set; empty if each element of a list is a record. May depend on the [type](by_type).
    pub values: &'static str,
    /// The address, in a record or in one of the `values`; empty if a value is only the address. May depend on
    /// the [type](by_type).
    pub address: &'static str,
    /// Which records must not be written, because they are more than an address.
    pub special: Special,
    /// The JSON in which a value of a set is written; empty if it is written as it was read.
    pub value: &'static str,
}

/// How a provider shows the name of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameForm {
    /// Relative to the zone: `home`. The zone itself is empty or `@`.
    Relative,
    /// Complete: `home.example.com`.
    Complete,
    /// Sometimes relative, sometimes complete.
    Either,
}

/// The most common form of a record.
pub const RECORD: RecordForm = RecordForm {
    name: "/name",
    names: NameForm::Relative,
    apex: "",
    kind: "/type",
    kinds: ["A", "AAAA"],
    id: "/id",
    ttl: "/ttl",
    values: "",
    address: "/content",
    special: Special { places: &[], usual: "", is: "" },
    value: "",
};

/// How special records can be told from others. The program refuses to write a special record.
#[derive(Clone, Copy, Debug)]
pub struct Special {
    /// A special record has something in one of these places.
    pub places: &'static [&'static str],
    /// What other records may have there.
    pub usual: &'static str,
    /// What continues the name of a special record in the sentence that refuses to write it.
    pub is: &'static str,
}

/// What one change of the job wants, within its zone.
#[derive(Debug)]
pub struct Goal<'a> {
    /// The index of the change in the job.
    pub(super) index: usize,
    /// Which of the zones of the job holds the record.
    pub(super) zone: usize,
    /// The change.
    pub change: &'a Change,
    /// The complete name, without a dot at the end.
    pub fqdn: String,
    /// The address of somebody else that an earlier job has begun to replace.
    pub(super) replaced: Option<IpAddr>,
}

impl Goal<'_> {
    /// Learns whose address an earlier job has begun to replace.
    pub(super) fn know_replaced(&mut self, talk: &Conversation<'_>) {
        // If our record was removed since, what is there now belongs to somebody else.
        if !self.change.anew {
            self.replaced = talk.learned_for_good(&self.replaced_key());
        }
    }

    /// Whether a record with this address is ours, or was to be replaced by ours.
    pub(super) fn owns(&self, address: IpAddr) -> bool {
        self.change.owns(address) || self.replaced == Some(address)
    }

    /// The key under which the address is learned that our record replaces.
    pub(super) fn replaced_key(&self) -> String {
        [FOR_GOOD, "replaced ", &self.fqdn, " ", self.kind()].concat()
    }

    /// The record type: `A` or `AAAA`.
    pub fn kind(&self) -> &'static str {
        self.change.family.record_type()
    }

    /// The new address as a string; `null` for a removal.
    pub fn address(&self) -> Json {
        self.change.address().map(|address| address.to_string()).into()
    }

    /// The name relative to `zone`, such as `home`; `apex` for the name of the zone itself.
    pub fn host<'s>(&'s self, zone: &Zone, apex: &'s str) -> &'s str {
        relative_name(&self.fqdn, &zone.name, apex)
    }

    /// Refuses the change, so that it is not written.
    pub fn refuse(&self, talk: &mut Conversation<'_>, reason: String, advice: &str) {
        talk.settle(self.index, Verdict::refused(Scope::Record, reason, advice));
    }

    /// The key under which the record's id is learned. It is stored, so it must stay as it is.
    pub(super) fn key(&self) -> String {
        format!("record {} {}", self.fqdn, self.kind())
    }
}

/// One address under a name and type.
#[derive(Debug)]
pub struct Record {
    /// The complete name.
    pub name: String,
    /// The record type: `A`, `AAAA` or another.
    pub kind: String,
    /// The provider's id; may be empty.
    pub id: String,
    /// TTL in seconds, if the provider shows it.
    pub ttl: Option<u32>,
    /// The address, if there is one.
    pub address: Option<IpAddr>,
    /// Whether it must not be written.
    pub is_special: bool,
    /// The record in the provider's form, or a value of its record set.
    pub raw: Json,
}

/// The place or name `text` for the record type `kind`: `type:x:y` in it stands for `x` in records of type `A`,
/// and for `y` in others.
pub fn by_type(text: &str, kind: &str) -> String {
    let Some((before, names)) = text.split_once("type:") else {
        return text.to_owned();
    };
    let (first, second) = names.split_once(':').unwrap_or_default();
    [before, if kind == "A" { first } else { second }].concat()
}

/// The complete name of the record `raw`.
fn name_of(form: &RecordForm, zone: &Zone, goal: Option<&Goal<'_>>, raw: &Json) -> String {
    let is_missing = form.name.is_empty() || raw.pointer(form.name).is_none_or(Json::is_null);
    if let Some(goal) = goal
        && is_missing
    {
        return goal.fqdn.clone();
    }
    let name = canonical(&shown(raw, form.name));
    // Some answers show the complete name, although names are relative.
    let is_complete = goal.is_some_and(|goal| goal.fqdn == name)
        || match form.names {
            NameForm::Relative => false,
            NameForm::Complete => true,
            NameForm::Either => strip_zone(&name, &zone.name).is_some(),
        };
    if is_complete { name } else { canonical(&zone.full(&name)) }
}

/// The type of the record `raw`.
fn type_of(form: &RecordForm, goal: Option<&Goal<'_>>, raw: &Json) -> String {
    let text = shown(raw, form.kind);
    if let Some(goal) = goal
        && (text.is_empty() || form.kind.is_empty())
    {
        return goal.kind().to_owned();
    }
    let [a, aaaa] = form.kinds;
    if text == a {
        return "A".to_owned();
    }
    if text == aaaa { "AAAA".to_owned() } else { text }
}

fn is_special(form: &RecordForm, raw: &Json) -> bool {
    form.special.places.iter().any(|place| {
        let found = shown(raw, place);
        !found.is_empty() && found != form.special.usual
    })
}

impl Record {
    /// A record that the provider shows in this form. What it does not show is as in `goal`.
    pub fn of(form: &RecordForm, zone: &Zone, goal: Option<&Goal<'_>>, raw: &Json) -> Self {
        let mut record = Self {
            name: name_of(form, zone, goal, raw),
            kind: type_of(form, goal, raw),
            id: shown(raw, form.id),
            ttl: raw.pointer(form.ttl).and_then(seconds),
            address: None,
            is_special: is_special(form, raw),
            raw: Json::Null,
        };
        record.set_raw(form.address, raw);
        record
    }

    /// The records of an element of a list: the element, or the values of the set that it is.
    pub fn all_of(
        form: &RecordForm,
        zone: &Zone,
        goal: Option<&Goal<'_>>,
        raw: &Json,
    ) -> Vec<Self> {
        let record = Self::of(form, zone, goal, raw);
        if form.values.is_empty() || record.is_special {
            return vec![record];
        }
        let mut records = Vec::new();
        for value in elements(raw, &by_type(form.values, &record.kind)) {
            let mut one = Self::of(form, zone, goal, raw);
            one.set_raw(form.address, value);
            records.push(one);
        }
        records
    }

    /// All values of one set, which are only addresses.
    pub fn set(name: &str, kind: &str, ttl: Option<&Json>, values: &[Json]) -> Vec<Self> {
        let mut records = Vec::new();
        for value in values {
            let mut record = Self {
                name: canonical(name),
                kind: kind.to_owned(),
                id: String::new(),
                ttl: ttl.and_then(seconds),
                address: None,
                is_special: false,
                raw: Json::Null,
            };
            record.set_raw("", value);
            records.push(record);
        }
        records
    }

    /// Sets the record in the provider's form, and the address that this has at `place`.
    fn set_raw(&mut self, place: &str, raw: &Json) {
        let text = raw.pointer(&by_type(place, &self.kind)).and_then(Json::as_str);
        // The text is parsed, because some providers write an IPv6 address in another way than we do.
        self.address = text.and_then(|text| text.parse().ok());
        self.raw = raw.clone();
    }

    /// Whether the record already holds the address that `change` wants.
    pub fn holds_target(&self, change: &Change) -> bool {
        self.address.is_some_and(|address| change.wants(address))
    }

    /// Whether the record has the name and type of `goal`.
    pub fn is_for(&self, goal: &Goal<'_>) -> bool {
        self.kind == goal.kind() && self.name == goal.fqdn
    }
}

/// The elements of the array at `pointer`. Something else there counts as the only element.
pub fn elements<'v>(value: &'v Json, pointer: &str) -> &'v [Json] {
    match value.pointer(pointer) {
        Some(Json::List(several)) => several,
        Some(one) if !one.is_null() => std::slice::from_ref(one),
        Some(_) | None => &[],
    }
}

/// A number of seconds. Some providers write it as a string.
fn seconds(value: &Json) -> Option<u32> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    u32::try_from(number).ok()
}

/// One write: of a record with an id, or of a whole record set.
///
/// | what it does | `id` | `exists` | `values` | `before` |
/// |---|---|---|---|---|
/// | adds a record or a set | | no | one | |
/// | changes a record | its id | yes | one | |
/// | removes a record | its id | yes | | the record |
/// | changes a set | | yes | all | the set |
/// | removes a set | | yes | | the set |
#[derive(Debug)]
pub struct Write<'a> {
    /// What the change wants.
    pub goal: &'a Goal<'a>,
    /// The id of the record to change or remove; `None` for a new record and for a set.
    pub id: Option<String>,
    /// Whether the record or the set exists already.
    pub exists: bool,
    /// The record as it should be, or all records of the set, in the provider's form. Empty for a
    /// removal.
    pub values: Vec<Json>,
    /// The set as it is, or the record with an id that is removed. Empty in other cases.
    pub before: Vec<&'a Record>,
    /// The TTL to write: that of the option, or the present one; `None` if the record was not read.
    pub ttl: Option<u32>,
}

/// What a write does with a record or a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Adds it.
    Add,
    /// Changes it.
    Change,
    /// Removes it.
    Remove,
}

/// No value.
pub static NULL: Json = Json::Null;

impl<'a> Write<'a> {
    /// A write without values yet.
    pub fn new(goal: &'a Goal<'a>) -> Self {
        let (values, before, ttl) = (Vec::new(), Vec::new(), goal.change.record.ttl);
        Self { goal, id: None, exists: false, values, before, ttl }
    }

    /// What the write does.
    pub fn effect(&self) -> Effect {
        if self.is_removal() {
            return Effect::Remove;
        }
        if self.exists { Effect::Change } else { Effect::Add }
    }

    /// The record as it should be, or as it is if it is removed. For a set, one of its values.
    pub fn value(&self) -> &Json {
        let before = self.before.first().map(|record| &record.raw);
        self.values.first().or(before).unwrap_or(&NULL)
    }

    /// Whether the record or the whole set is removed.
    pub fn is_removal(&self) -> bool {
        self.values.is_empty()
    }

    /// The id of the record or of the set.
    pub fn id_to_write(&self) -> Option<&str> {
        let set = self.before.first().map(|record| record.id.as_str());
        self.id.as_deref().or(set)
    }

    /// The TTL to set: that of the option, or that of a new record.
    pub fn set_ttl(&self) -> Option<u32> {
        if self.exists { self.goal.change.record.ttl } else { self.ttl }
    }

    /// The value of the set that already is the new address, if there is one.
    pub fn present(&self) -> Option<&Record> {
        self.before.iter().copied().find(|record| record.holds_target(self.goal.change))
    }

    /// The values that the set loses.
    pub fn gone(&self) -> Vec<&Record> {
        let mut gone = Vec::new();
        for &record in &self.before {
            if !self.values.contains(&record.raw) && !record.holds_target(self.goal.change) {
                gone.push(record);
            }
        }
        gone
    }

    /// Whether a set gets another TTL than it has.
    pub fn changes_ttl(&self) -> bool {
        self.ttl != self.before.first().and_then(|record| record.ttl)
    }
}
