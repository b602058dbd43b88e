//! Lists of zones and records, as an [`Interface`] describes them.

use crate::model::json::Json;
use crate::model::name::canonical;
use crate::provider::api::call::{self, Values};
use crate::provider::api::interface::{Interface, List, Pages, Reading, ZoneSource};
use crate::provider::api::meaning::shown;
use crate::provider::api::record::{Goal, RECORD, Record, RecordForm, by_type};
use crate::provider::api::rest::{PAGES, Rest, has_next_page, too_long};
use crate::provider::api::zone::{Zone, ZoneList, probe_zones};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Outcome, Request};
use crate::text::percent;

/// The zones of the account.
///
/// # Errors
/// If an answer is missing, or has no list of zones.
pub(super) fn zones(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    interface: &Interface,
) -> ApiResult<ZoneList> {
    match interface.zones {
        ZoneSource::Code(zones) => zones(talk, rest),
        ZoneSource::Probe(list) => probe_zones(talk, &|talk, name| {
            let zone = Zone::new(name, name);
            let values = Values::of(talk.account, &interface.form).in_zone(&zone);
            each(talk, rest, &list, &values, Elements::Records, &mut |_| {})
        }),
        ZoneSource::List { list, name, id } => {
            let mut zones = ZoneList::new();
            each_element(talk, rest, &list, &mut |element| {
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
/// If an answer is missing, or has no list of records.
pub(super) fn records(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    interface: &Interface,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let (list, elements) = match interface.read {
        Reading::Code(read) | Reading::CodeForName(read) => return read(talk, rest, zone, goals),
        Reading::Zone(list) => return read_zone(talk, rest, interface, (&list, zone), goals),
        Reading::Name(list) => (list, Elements::Records),
        Reading::Set { call, at } => (List::whole(call, at), Elements::OneSet),
        Reading::NameOrZone { name, zone: of_zone, most_names } => {
            if goals_to_request(&name, goals).len() > most_names {
                match read_zone(talk, rest, interface, (&of_zone, zone), goals) {
                    // A list that is too long is refused or cut off. The names can still be read.
                    Err(verdict) if !verdict.ends_job() => {}
                    read => return read,
                }
            }
            (name, Elements::Records)
        }
    };
    read_names(talk, rest, interface, (&list, elements, zone), goals)
}

/// Reads the records of one name after another.
fn read_names(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    interface: &Interface,
    (list, elements, zone): (&List, Elements, &Zone),
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let form = &interface.form;
    let mut records = Vec::new();
    for goal in goals_to_request(list, goals) {
        let values = Values::of(talk.account, form).in_zone(zone).for_goal(goal);
        each(talk, rest, list, &values, elements, &mut |element| {
            keep_wanted(&mut records, goals, Record::all_of(form, zone, Some(goal), element));
        })?;
    }
    Ok(records)
}

/// The goals for each of which `list` is requested: all; or one of each name, if the list has all types.
fn goals_to_request<'g>(list: &List, goals: &[&'g Goal<'g>]) -> Vec<&'g Goal<'g>> {
    let mut first: Vec<&Goal<'_>> = Vec::new();
    for goal in goals {
        if list.call.contains("<type") || first.iter().all(|other| other.fqdn != goal.fqdn) {
            first.push(goal);
        }
    }
    first
}

/// Reads the records of a whole zone, of the types of `goals` if the list is by type.
fn read_zone(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    interface: &Interface,
    (list, zone): (&List, &Zone),
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let form = &interface.form;
    let values = Values::of(talk.account, form).in_zone(zone);
    let mut records = Vec::new();
    let mut first_of_types = first_of_each_type(goals);
    if !list.call.contains("<type") {
        first_of_types.truncate(1);
    }
    for goal in first_of_types {
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

/// Calls `take` with each element of a list.
///
/// # Errors
/// If an answer is missing, or is no list.
pub fn each_element(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    list: &List,
    take: &mut dyn FnMut(&Json),
) -> ApiResult<()> {
    each(talk, rest, list, &Values::of(talk.account, &RECORD), Elements::Any, take)
}

/// What a list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Elements {
    /// Anything, in an array.
    Any,
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
    take: &mut dyn FnMut(&Json),
) -> ApiResult<()> {
    let mut values = *values;
    if let Pages::Offset(_) = list.pages {
        values.page = 0;
    }
    let mut call = list.call.to_owned();
    let mut total = 0;
    for number in 1..=PAGES {
        // Some interfaces read by a POST. A second one changes nothing.
        let request = Request { idempotent: true, ..call::request(rest, &call, &values) };
        let answer = rest.send(talk, request)?;
        if answer.status == 404 && elements == Elements::OneSet {
            return Ok(());
        }
        let mut body = rest.value(&answer)?;
        if list.pages == Pages::Members {
            body = members(body);
        }
        let Some(found) = found(rest, list, &body, &values, elements) else {
            return Err(rest.not_understood(&answer));
        };
        found.iter().for_each(&mut *take);
        total += found.len();
        match next_page(list.pages, &body, found, number) {
            NextPage::None => return Ok(()),
            NextPage::TooLong => break,
            NextPage::Numbered => values.page = number + 1,
            NextPage::Offset => values.page = total,
            NextPage::Behind(parameter) => call = [list.call, &parameter].concat(),
        }
        // A server that ignores the size of a page may send more than fits into the memory of a router.
        if total > PAGES * list.pages.size().unwrap_or(usize::MAX / PAGES) {
            break;
        }
    }
    Err(too_long())
}

/// The members of `body` as an array, if all of them are objects.
fn members(mut body: Json) -> Json {
    match body.members_mut() {
        // They are not copied: a zone can be large.
        Some(members) if members.values().all(Json::is_object) => {
            members.values_mut().map(Json::take).collect()
        }
        _ => body,
    }
}

/// The elements of one page; `None` if the answer is no page of this list.
fn found<'v>(
    rest: &Rest,
    list: &List,
    body: &'v Json,
    values: &Values<'_>,
    elements: Elements,
) -> Option<&'v [Json]> {
    match (body.pointer(list.at), elements) {
        (Some(Json::List(several)), Elements::Any | Elements::Records) => Some(several),
        (Some(Json::Null) | None, _) if rest.has_mark(body) => Some(&[]),
        // Some servers write an empty list like this.
        (Some(Json::Null), Elements::Records) if !list.at.is_empty() => Some(&[]),
        (Some(one), Elements::Records | Elements::OneSet) if is_record(one, values) => {
            Some(std::slice::from_ref(one))
        }
        _ => None,
    }
}

/// The page that follows another one.
enum NextPage {
    None,
    /// There is one, and the interface has no way to request it.
    TooLong,
    /// That with the next number.
    Numbered,
    /// That which begins behind all elements so far.
    Offset,
    /// That of the call with this query parameter.
    Behind(String),
}

fn next_page(pages: Pages, body: &Json, found: &[Json], number: usize) -> NextPage {
    let is_full = pages.size().is_some_and(|size| found.len() >= size);
    let (parameter, text) = match pages {
        Pages::One if has_next_page(body, number) => return NextPage::TooLong,
        Pages::Numbered(_) if is_full || has_next_page(body, number) => return NextPage::Numbered,
        Pages::Offset(_) if is_full => return NextPage::Offset,
        Pages::Cursor { parameter, next } => (parameter, shown(body, next)),
        Pages::After { parameter, last, .. } if is_full => {
            let last = found.last().map(|element| shown(element, last));
            (parameter, last.unwrap_or_default())
        }
        Pages::One
        | Pages::Members
        | Pages::Numbered(_)
        | Pages::Offset(_)
        | Pages::After { .. } => {
            return NextPage::None;
        }
    };
    if text.is_empty() {
        return NextPage::None;
    }
    NextPage::Behind([parameter, &percent::encode(&text)].concat())
}

/// Whether an object is a record, or a set of records: it has a TTL, an address or a list of them.
fn is_record(object: &Json, values: &Values<'_>) -> bool {
    let RecordForm { values: of_set, address, ttl, .. } = *values.form;
    let place = if of_set.is_empty() { address } else { of_set };
    let place = by_type(place, values.goal.map_or("A", Goal::kind));
    object.pointer(ttl).or(object.pointer(&place)).is_some()
}

/// The first goal of each record type among `goals`.
fn first_of_each_type<'g>(goals: &[&'g Goal<'g>]) -> Vec<&'g Goal<'g>> {
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
            goal.settle(talk, Outcome::refused([name, " ", what].concat(), advice));
        }
    }
}
