//! Lists of zones and records, as an [`Interface`] describes them.

use serde_json::Value;

use crate::model::name::canonical;
use crate::provider::api::call::{self, Values};
use crate::provider::api::interface::{Interface, List, Pages, Reading, ZoneSource};
use crate::provider::api::meaning::shown;
use crate::provider::api::record::{Goal, RECORD, Record, RecordForm};
use crate::provider::api::rest::{PAGES, Rest, has_next_page, refused, too_long};
use crate::provider::api::zone::{Zone, ZoneList, probe_zones};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::text::percent;

/// The zones of the account.
///
/// # Errors
/// If an answer is missing, or is no list of zones.
pub(super) fn zones(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    interface: &Interface,
) -> ApiResult<ZoneList> {
    match interface.zones {
        ZoneSource::Code(zones) => zones(talk, rest),
        ZoneSource::Probe => probe_zones(talk, &|talk, name| {
            let zone = Zone::new(name, name);
            let Reading::Zone(list) = interface.read else { return Ok(()) };
            let values = Values::of(talk.account, &interface.form).in_zone(&zone);
            each(talk, rest, &list, &values, Elements::Records, &mut |_| {})
        }),
        ZoneSource::List { list, name, id } => {
            let mut zones = ZoneList::new();
            each_zone(talk, rest, &list, &mut |element| {
                let id = shown(element, id);
                let zone = Zone::new(&canonical(&shown(element, name)), id.trim_end_matches('.'));
                if !zones.contains(&zone) {
                    zones.push(zone);
                }
            })?;
            Ok(zones)
        }
    }
}

/// The records with the names of `goals`. There may be others.
///
/// # Errors
/// If an answer is missing, or is no list of records.
pub(super) fn records(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    interface: &Interface,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let (by_name, of_zone) = match interface.read {
        Reading::Code(read) | Reading::CodeForName(read) => return read(talk, rest, zone, goals),
        Reading::Zone(list) => (None, Some((list, 0))),
        Reading::Name(list) => (Some(list), None),
        Reading::Set { call, at } => (Some(List::whole(call, at)), None),
        Reading::NameOrZone { name, zone, most_names } => (Some(name), Some((zone, most_names))),
    };
    let mut names = goals.to_vec();
    if let Some(list) = by_name {
        names = requests(&list, goals);
    }
    if let Some((list, most_names)) = of_zone
        && names.len() > most_names
    {
        let read = read_all(talk, rest, interface, (&list, zone), goals);
        match (read, by_name) {
            // A list that is too long is refused or cut off. The names can still be read.
            (Err(verdict), Some(_)) if !verdict.concerns_all() => {}
            (read, _) => return read,
        }
    }
    let mut elements = Elements::Records;
    if let Reading::Set { .. } = interface.read {
        elements = Elements::OneSet;
    }
    let mut records = Vec::new();
    if let Some(list) = by_name {
        for goal in names {
            let form = &interface.form;
            let values = Values::of(talk.account, form).in_zone(zone).for_goal(goal);
            each(talk, rest, &list, &values, elements, &mut |element| {
                let found = Record::all_of(form, zone, Some(goal), element);
                keep_wanted(&mut records, goals, found);
            })?;
        }
    }
    Ok(records)
}

/// The goals for each of which `list` is requested: all; or one of each name, if the list has all types.
fn requests<'g>(list: &List, goals: &[&'g Goal<'g>]) -> Vec<&'g Goal<'g>> {
    let mut first: Vec<&Goal<'_>> = Vec::new();
    for goal in goals {
        if list.call.contains("<type>") || first.iter().all(|other| other.fqdn != goal.fqdn) {
            first.push(goal);
        }
    }
    first
}

/// Reads the records of a whole zone, of the types of `goals` if the list is by type.
fn read_all(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    interface: &Interface,
    (list, zone): (&List, &Zone),
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let form = &interface.form;
    let values = Values::of(talk.account, form).in_zone(zone);
    let mut records = Vec::new();
    let mut first_of_kinds = kinds(goals);
    if !list.call.contains("<type>") {
        first_of_kinds.truncate(1);
    }
    for goal in first_of_kinds {
        let values = values.for_goal(goal);
        each(talk, rest, list, &values, Elements::Records, &mut |element| {
            keep_wanted(&mut records, goals, Record::all_of(form, zone, None, element));
        })?;
    }
    Ok(records)
}

/// Adds those of the `found` records that have the name of a goal: a zone can be large.
fn keep_wanted(records: &mut Vec<Record>, goals: &[&Goal<'_>], found: Vec<Record>) {
    for record in found {
        if goals.iter().any(|goal| goal.fqdn == record.name) {
            records.push(record);
        }
    }
}

/// Calls `take` with each zone of a list.
///
/// # Errors
/// If an answer is missing, or is no list.
pub fn each_zone(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    list: &List,
    take: &mut dyn FnMut(&Value),
) -> ApiResult<()> {
    each(talk, rest, list, &Values::of(talk.account, &RECORD), Elements::Zones, take)
}

/// What a list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Elements {
    Zones,
    /// Records or record sets. A single record may not be in an array.
    Records,
    /// A record set, not in an array.
    OneSet,
}

/// Calls `take` with each element of a list.
///
/// # Errors
/// If an answer is missing, or is no list.
fn each(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    list: &List,
    values: &Values<'_>,
    elements: Elements,
    take: &mut dyn FnMut(&Value),
) -> ApiResult<()> {
    let mut values = *values;
    if let Pages::Offset(_) = list.pages {
        values.page = 0;
    }
    let mut call = list.call.to_owned();
    let mut total = 0;
    for number in 1..=PAGES {
        let answer = rest.send(talk, call::request(rest, &call, &values))?;
        if answer.status == 404 && elements == Elements::OneSet {
            return Ok(());
        }
        let body = rest.value(&answer)?;
        let found = match (body.pointer(list.at), elements) {
            (Some(Value::Array(several)), Elements::Zones | Elements::Records) => {
                several.as_slice()
            }
            (Some(Value::Null) | None, _) if rest.proves_success() => &[],
            (Some(one), Elements::Records | Elements::OneSet) if is_record(one, values.form) => {
                std::slice::from_ref(one)
            }
            _ => return Err(rest.not_understood(&answer)),
        };
        found.iter().for_each(&mut *take);
        total += found.len();
        let size = match list.pages {
            Pages::One | Pages::Cursor { .. } => 0,
            Pages::Numbered(size) | Pages::Offset(size) | Pages::After { size, .. } => size,
        };
        // A server that ignores the size of a page may send more than fits into the memory of a router.
        if size > 0 && total > PAGES * size {
            break;
        }
        let is_full = found.len() >= size;
        let next = match list.pages {
            Pages::Numbered(_) if is_full || has_next_page(&body, number) => {
                values.page += 1;
                continue;
            }
            Pages::Offset(_) if is_full => {
                values.page = total;
                continue;
            }
            Pages::Cursor { next, .. } => shown(&body, next),
            Pages::After { last, .. } if is_full => {
                found.last().map_or_else(String::new, |element| shown(element, last))
            }
            Pages::One | Pages::Numbered(_) | Pages::Offset(_) | Pages::After { .. } => {
                String::new()
            }
        };
        if next.is_empty() {
            return Ok(());
        }
        if let Pages::Cursor { parameter, .. } | Pages::After { parameter, .. } = list.pages {
            call = [list.call, parameter, &percent::encode(&next)].concat();
        }
    }
    Err(too_long())
}

/// Whether an object is a record, or a set of records.
fn is_record(object: &Value, form: &RecordForm) -> bool {
    let member = if form.values.is_empty() { form.address } else { form.values };
    object.pointer(member).is_some()
}

/// The first goal of each record type among `goals`.
fn kinds<'g>(goals: &[&'g Goal<'g>]) -> Vec<&'g Goal<'g>> {
    let mut first: Vec<&Goal<'_>> = Vec::new();
    for goal in goals {
        if first.iter().all(|other| other.kind() != goal.kind()) {
            first.push(goal);
        }
    }
    first
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
