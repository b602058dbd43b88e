//! Lists of zones and records, as an [`Interface`](super::super::interface::Interface) describes them.

use crate::model::json::Json;
use crate::model::name::canonical;
use crate::provider::Answer;
use crate::provider::api::call::Values;
use crate::provider::api::interface::{List, Pages, Reading, RestClient, ZoneRef, ZoneSource};
use crate::provider::api::meaning::shown;
use crate::provider::api::record::{Goal, Record, RecordForm, by_type};
use crate::provider::api::rest::{PAGES, has_next_page, too_long};
use crate::provider::api::zone::{Zone, ZoneList, probe_zones};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::text::percent;

/// The zones of the account.
///
/// # Errors
/// If an answer is missing, or has no list of zones.
pub(super) fn zones(talk: &mut Conversation<'_>, rest: &RestClient) -> ApiResult<ZoneList> {
    let is_by_name = rest.interface.zone_ref == ZoneRef::Name;
    match &rest.interface.zones {
        ZoneSource::Code(zones) => zones(talk, rest),
        ZoneSource::ProbeCode(probe) => {
            probe_zones(talk, is_by_name, &mut |talk, name| probe(talk, rest, name))
        }
        ZoneSource::Probe(list) => probe_zones(talk, is_by_name, &mut |talk, name| {
            let zone = Zone::new(name, name);
            let values = Values::in_zone(talk.account, rest, &zone);
            each(talk, list, values, Elements::Records, &mut |_| {})?;
            Ok(zone)
        }),
        ZoneSource::List { list, name, id } => {
            let mut zones = ZoneList::new();
            each_element(talk, rest, list, &mut |element| {
                let id = shown(element, id);
                // Some providers list names with letters beyond ASCII, where ours are in Punycode. An id that is a name
                // may end with a dot, as at PowerDNS, whose calls write that dot themselves.
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
pub(super) fn records<'a>(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    goals: &[&'a Goal<'a>],
) -> ApiResult<Vec<Record>> {
    let values = Values::in_zone(talk.account, rest, zone);
    match &rest.interface.read {
        Reading::Code(read) | Reading::CodeForName(read) => read(talk, rest, zone, goals),
        Reading::Zone(list) => read_lists(talk, values, goals, list, ListOf::Zone),
        Reading::Name(list) => read_lists(talk, values, goals, list, ListOf::Name),
        Reading::Set { call, at } => {
            read_lists(talk, values, goals, &List::whole(call, at), ListOf::Set)
        }
        Reading::NameOrZone { name, zone, most_names } => {
            if goals_to_request(name, ListOf::Name, goals).len() > *most_names {
                match read_lists(talk, values, goals, zone, ListOf::Zone) {
                    // A list that is too long is refused or cut off. The names can still be read.
                    Err(verdict) if !verdict.ends_job() => {}
                    read => return read,
                }
            }
            read_lists(talk, values, goals, name, ListOf::Name)
        }
    }
}

/// The records of what a list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ListOf {
    /// A whole zone.
    Zone,
    /// A name.
    Name,
    /// A name and type, whose set is not in an array.
    Set,
}

/// Reads the records of `goals`, by a request of `list` for each zone, name or type that it needs.
fn read_lists<'a>(
    talk: &mut Conversation<'_>,
    mut values: Values<'a>,
    goals: &[&'a Goal<'a>],
    list: &List,
    of: ListOf,
) -> ApiResult<Vec<Record>> {
    let (form, zone) = (&values.rest.interface.form, values.zone);
    let elements = if of == ListOf::Set { Elements::OneSet } else { Elements::Records };
    let mut records = Vec::new();
    for goal in goals_to_request(list, of, goals) {
        values.goal = Some(goal);
        // What a list of a name does not show is as in its goal.
        let shown_by = if of == ListOf::Zone { None } else { values.goal };
        each(talk, list, values, elements, &mut |element| {
            for record in zone.map_or(vec![], |zone| Record::all_of(form, zone, shown_by, element))
            {
                // A zone can be large.
                if goals.iter().any(|goal| goal.fqdn == record.name) {
                    records.push(record);
                }
            }
        })?;
    }
    Ok(records)
}

/// The goals for each of which `list` is requested: one of each name, unless the list has the whole zone, and one of
/// each type if the list has only one type.
fn goals_to_request<'g>(list: &List, of: ListOf, goals: &[&'g Goal<'g>]) -> Vec<&'g Goal<'g>> {
    let mut first: Vec<&Goal<'_>> = Vec::new();
    for goal in goals {
        if !first.iter().any(|other| is_in_list_of(list, of, goal, other)) {
            first.push(goal);
        }
    }
    first
}

/// Whether the `list` that is requested for `other` also has the record of `goal`.
fn is_in_list_of(list: &List, of: ListOf, goal: &Goal<'_>, other: &Goal<'_>) -> bool {
    let is_by_type = list.call.contains("<type");
    match of {
        ListOf::Zone => !is_by_type || other.kind() == goal.kind(),
        ListOf::Name | ListOf::Set => !is_by_type && other.fqdn == goal.fqdn,
    }
}

/// Calls `take` with each element of a list.
///
/// # Errors
/// If an answer is missing, or is no list.
pub fn each_element(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    list: &List,
    take: &mut dyn FnMut(&Json),
) -> ApiResult<()> {
    each(talk, list, Values::of(talk.account, rest), Elements::Any, take)
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
    list: &List,
    mut values: Values<'_>,
    elements: Elements,
    take: &mut dyn FnMut(&Json),
) -> ApiResult<()> {
    if let Pages::Offset(_) = list.pages {
        values.page = 0;
    }
    let mut call = list.call.to_owned();
    let mut total = 0;
    for number in 1..=PAGES {
        let answer = read_page(talk, &values, &call)?;
        if answer.status == 404 && elements == Elements::OneSet {
            return Ok(());
        }
        let body = members(list, values.rest.value(&answer)?);
        let Some(found) = found(list, &body, &values, elements) else {
            return Err(values.rest.not_understood(&answer));
        };
        found.iter().for_each(&mut *take);
        total += found.len();
        match next_page(list.pages, number, &body, found) {
            NextPage::None => return Ok(()),
            NextPage::Unreachable => break,
            NextPage::Numbered => values.page = number + 1,
            NextPage::BehindElements => values.page = total,
            NextPage::Named(parameter) => call = [list.call, &parameter].concat(),
        }
        // A server that ignores the size of a page may send more than fits into the memory of a router.
        if total > PAGES * list.pages.size().unwrap_or(usize::MAX / PAGES) {
            break;
        }
    }
    Err(too_long())
}

/// The answer to the `call` for a page, whatever its status.
fn read_page(
    talk: &mut Conversation<'_>,
    values: &Values<'_>,
    call: &str,
) -> ApiResult<Box<Answer>> {
    let mut request = values.request(call);
    // Some interfaces read by a POST. A second one changes nothing.
    request.idempotent = true;
    values.rest.send(talk, request)
}

/// The page behind one that was read.
enum NextPage {
    /// There is none.
    None,
    /// There is one, and the interface has no way to request it.
    Unreachable,
    /// It has the next number.
    Numbered,
    /// It begins behind the elements so far.
    BehindElements,
    /// This query parameter names it.
    Named(String),
}

/// The page behind the `number`th one, which has the elements `found`.
fn next_page(pages: Pages, number: usize, body: &Json, found: &[Json]) -> NextPage {
    // A page that is shorter may be the last one, or the server allows no more in a page. `has_next_page` tells.
    let is_full = pages.size().is_some_and(|size| found.len() >= size);
    match pages {
        Pages::One if has_next_page(body, number) => NextPage::Unreachable,
        Pages::Numbered(_) if is_full || has_next_page(body, number) => NextPage::Numbered,
        Pages::Offset(_) if is_full => NextPage::BehindElements,
        Pages::One | Pages::Members | Pages::Numbered(_) | Pages::Offset(_) => NextPage::None,
        Pages::Cursor { .. } | Pages::After { .. } => {
            cursor(pages, body, found).map_or(NextPage::None, NextPage::Named)
        }
    }
}

/// `body`, or its members as an array if the elements of `list` are members, and all of them are objects.
fn members(list: &List, mut body: Json) -> Json {
    match body.members_mut() {
        // ClouDNS lists records as members of an object, by their ids, and an empty list as an empty array. The
        // records are not copied, because a zone can be large.
        Some(members) if list.pages == Pages::Members && members.values().all(Json::is_object) => {
            members.values_mut().map(Json::take).collect()
        }
        _ => body,
    }
}

/// The elements of one page; `None` if the answer is no page of this list.
fn found<'v>(
    list: &List,
    body: &'v Json,
    values: &Values<'_>,
    elements: Elements,
) -> Option<&'v [Json]> {
    match (body.pointer(list.at), elements) {
        (Some(Json::List(several)), Elements::Any | Elements::Records) => Some(several),
        (Some(Json::Null) | None, _) if values.rest.has_mark(body) => Some(&[]),
        // Some servers write an empty list like this.
        (Some(Json::Null), Elements::Records) if !list.at.is_empty() => Some(&[]),
        (Some(one), Elements::Records | Elements::OneSet) if is_record(one, values) => {
            Some(std::slice::from_ref(one))
        }
        _ => None,
    }
}

/// The query parameter of the page behind that of `body`, if there is another.
fn cursor(pages: Pages, body: &Json, found: &[Json]) -> Option<String> {
    let (parameter, text) = match pages {
        Pages::Cursor { parameter, next } => (parameter, shown(body, next)),
        Pages::After { parameter, last, size } if found.len() >= size => {
            (parameter, shown(found.last()?, last))
        }
        Pages::One
        | Pages::Members
        | Pages::Numbered(_)
        | Pages::Offset(_)
        | Pages::After { .. } => return None,
    };
    if text.is_empty() {
        return None;
    }
    Some([parameter, &percent::encode(&text)].concat())
}

/// Whether an object is a record, or a set of records: it has a TTL, an address or a list of them.
fn is_record(object: &Json, values: &Values<'_>) -> bool {
    let RecordForm { values: of_set, address, ttl, .. } = values.rest.interface.form;
    let place = if of_set.is_empty() { address } else { of_set };
    let place = by_type(place, values.goal.map_or("A", Goal::kind));
    object.pointer(ttl).or(object.pointer(&place)).is_some()
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
            goal.refuse(talk, [name, " ", what].concat(), advice);
        }
    }
}
