//! The common way to use an interface with zones and records: find the zone of each name, read what is
//! there, pick our record and write it. A record whose id has been learned is written without reading.
//!
//! An [`Interface`] says how zones are listed and how records are read and written.

mod plan;
mod read;
mod write;

use super::Api;
use super::call::Values;
use super::interface::{Interface, RestClient, ZoneRef};
use super::record::{Goal, Record, Write};
use super::rest::CNAME;
use super::zone::{RecordName, Zone, ZoneList};
use crate::model::secret::Secret;
use crate::provider::conversation::{AfterFailure, ApiResult, Conversation, Phase};
use crate::provider::{Account, Change, Verdict};

pub use read::{each_element, refuse_special};
pub use write::write_each;

/// The requests of `interface`, which is that of `api`, for `account`.
pub fn rest_of(api: &'static Api, interface: &'static Interface, account: &Account) -> RestClient {
    let mut rest = RestClient::new(api, interface, account);
    for (name, value) in interface.headers {
        let value = Values::of(account, &rest).fill(value, str::to_owned);
        rest.header(name, &Secret::new(value));
    }
    rest
}

/// Publishes the job of the conversation over `interface`, which is that of `api`.
///
/// # Errors
/// As [`publish_with`].
pub fn publish(
    talk: &mut Conversation<'_>,
    api: &'static Api,
    interface: &'static Interface,
) -> ApiResult<()> {
    let mut rest = rest_of(api, interface, talk.account);
    if let Some(rate) = interface.write_rate {
        talk.limit_writes(rate);
    }
    if let Some(prepare) = interface.prepare {
        prepare(talk, &mut rest)?;
    }
    publish_with(talk, &rest)
}

/// Brings all records of the job up to date.
///
/// # Errors
/// If a failure concerns all changes that are not settled.
pub fn publish_with(talk: &mut Conversation<'_>, rest: &RestClient) -> ApiResult<()> {
    let (zones, goals) = find_zones(talk, rest)?;
    for (number, zone) in zones.iter().enumerate() {
        let mut of_zone = Vec::new();
        for goal in &goals {
            if goal.zone == number {
                of_zone.push(goal);
            }
        }
        if rest.interface.reads_together() {
            publish_or_fail(talk, rest, zone, &of_zone)?;
            continue;
        }
        // Updates of all names come first, for the reason that `publish_part` gives.
        for removes in [false, true] {
            for goal in of_zone.iter().filter(|goal| goal.change.removes() == removes) {
                publish_or_fail(talk, rest, zone, &[goal])?;
            }
        }
    }
    Ok(())
}

/// The zones that hold the records of the changes that are not settled, and what these want. Settles those without a
/// zone.
///
/// # Errors
/// If the zones of the account cannot be listed.
fn find_zones<'a>(
    talk: &mut Conversation<'a>,
    rest: &RestClient,
) -> ApiResult<(Vec<Zone>, Vec<Goal<'a>>)> {
    let (mut zones, mut goals) = (Vec::new(), Vec::new());
    let mut listed = None;
    let changes = &talk.job.changes;
    // Each job begins with another change. Otherwise a first change that always fails would end every job before
    // the others.
    let first = talk.job.seed as usize % changes.len().max(1);
    let (earlier, later) = changes.split_at(first);
    for (number, change) in later.iter().chain(earlier).enumerate() {
        let index = (first + number) % changes.len();
        if talk.is_settled(index) {
            continue;
        }
        let name = RecordName::of(change);
        let mut zone = None;
        if name.is_in_given_zone() {
            zone = zone_of(talk, rest, &mut listed, &name, change)?;
        }
        let Some(zone) = zone else {
            talk.settle(index, name.no_zone(rest.title()));
            continue;
        };
        let number = zones.iter().position(|other| *other == zone).unwrap_or(zones.len());
        if number == zones.len() {
            zones.push(zone);
        }
        let mut goal = Goal { index, zone: number, change, fqdn: name.fqdn, replaced: None };
        goal.know_replaced(talk);
        goals.push(goal);
    }
    Ok((zones, goals))
}

/// Brings the records of `goals` up to date, or gives them the verdict of a failure.
///
/// # Errors
/// If no other change is worth a request now.
fn publish_or_fail(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<()> {
    // The functions of `Writing::Code` and the calls of `Writing::Each` write one record at a time, so that only the
    // record whose request has failed gets the verdict.
    let most = if rest.interface.writes_together() { goals.len() } else { 1 };
    match publish_part(talk, rest, zone, goals, most) {
        Ok(()) => Ok(()),
        Err(verdict) => fail(talk, goals, verdict),
    }
}

/// Gives the `goals` that are not settled the verdict of a failure.
///
/// # Errors
/// If no other change is worth a request now.
fn fail(talk: &mut Conversation<'_>, goals: &[&Goal<'_>], verdict: Box<Verdict>) -> ApiResult<()> {
    if talk.note_failure(&verdict) == AfterFailure::EndJob {
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
    rest: &RestClient,
    listed: &mut Option<ZoneList>,
    name: &RecordName,
    change: &Change,
) -> ApiResult<Option<Zone>> {
    let id = &change.record.zone_id;
    let known = match (id, &name.zone, rest.interface.zone_ref) {
        (Some(id), Some(zone), _) => Some((zone, id)),
        // Requests need only the name, or only the id.
        (None, Some(zone), ZoneRef::Name) => Some((zone, zone)),
        (Some(id), None, ZoneRef::Name | ZoneRef::Id) => Some((id, id)),
        _ => None,
    };
    if let Some((zone, id)) = known {
        return Ok(Some(Zone::new(zone, id)));
    }
    // An earlier job has learned the zone. A list that this job has read is newer.
    if id.is_none()
        && listed.is_none()
        && let Some(zone) = name.learned_zone(talk)
        // Where zones are found by trying names, an earlier job knows only the zones of its own names. This name may have
        // a longer one, unless the learned zone is the name itself or the name without its first label.
        && (rest.interface.lists_zones() || zone.name.len() >= name.likely_zone().len())
    {
        return Ok(Some(zone));
    }
    let zones = match listed {
        Some(zones) => zones,
        None => listed.insert(read::zones(talk, rest)?),
    };
    match id {
        Some(id) => Ok(zones.iter().find(|zone| zone.id == *id).cloned()),
        None => Ok(name.listed_zone(talk, zones)),
    }
}

/// Reads the records of some goals of a zone, and brings them up to date with `most` at once.
fn publish_part(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    goals: &[&Goal<'_>],
    most: usize,
) -> ApiResult<()> {
    let records = read_unknown(talk, rest, zone, goals)?;
    // Write before deleting: credentials without the right to delete must not block updates.
    for mut writes in planned(talk, rest, goals, &records) {
        while !writes.is_empty() {
            let later = writes.split_off(most.min(writes.len()));
            send(talk, rest, zone, writes)?;
            writes = later;
        }
    }
    Ok(())
}

/// The updates and the removals that bring the records of `goals` up to date. Settles the other goals.
fn planned<'a>(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    goals: &[&'a Goal<'a>],
    records: &'a [Record],
) -> [Vec<Write<'a>>; 2] {
    let (mut updates, mut removals) = (Vec::new(), Vec::new());
    for &goal in goals {
        // Reading may have shown that the record must not be written.
        if talk.is_settled(goal.index) {
            continue;
        }
        let mut write = Write::new(goal);
        match plan::plan(talk, rest, &mut write, records) {
            Ok(true) if plan::removes(&write) => removals.push(write),
            Ok(true) => updates.push(write),
            Ok(false) => plan::settle_unchanged(talk, goal),
            Err(verdict) => talk.settle(goal.index, verdict),
        }
    }
    [updates, removals]
}

/// The records of the goals whose record's identifier was not learned. Settles the goals whose records must
/// not be written.
fn read_unknown(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let mut unread = Vec::new();
    for &goal in goals {
        if plan::learned_id(talk, rest, goal).is_none() {
            unread.push(goal);
        }
    }
    if unread.is_empty() {
        return Ok(Vec::new());
    }
    let records = read::records(talk, rest, zone, &unread)?;
    refuse_aliases(talk, rest, &unread, &records);
    for record in records.iter().filter(|record| record.is_special) {
        let what = rest.interface.form.special.is;
        refuse_special(talk, &unread, (&record.name, &record.kind), what);
    }
    if let Some(inspect) = rest.interface.inspect {
        inspect(talk, &unread, &records);
    }
    Ok(records)
}

/// Refuses to write where a CNAME record is: beside it, there can be no other (RFC 1034 section 3.6.2).
fn refuse_aliases(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    goals: &[&Goal<'_>],
    records: &[Record],
) {
    for goal in goals {
        let mut of_name = records.iter().filter(|record| record.name == goal.fqdn);
        if !goal.change.removes() && of_name.any(|record| record.kind == "CNAME") {
            let reason = format!("{} is an alias (CNAME) at {}", goal.fqdn, rest.title());
            goal.refuse(talk, reason, CNAME);
        }
    }
}

/// Sends `writes` together. If the provider rejects them, those that it names are left out; if it names
/// none, each half is sent alone, so that in the end only the bad record fails.
fn send(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    writes: Vec<Write<'_>>,
) -> ApiResult<()> {
    talk.enter(Phase::Write);
    let written = write::write(talk, rest, zone, &writes);
    talk.enter(Phase::Read);
    match written {
        Ok(made) => {
            for write in &writes {
                plan::settle_written(talk, rest, write, &made);
            }
            Ok(())
        }
        Err(verdict) => send_again(talk, rest, zone, writes, verdict),
    }
}

/// Sends what is left of failed `writes`, or gives them the `verdict` of the failure.
fn send_again(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    mut writes: Vec<Write<'_>>,
    verdict: Box<Verdict>,
) -> ApiResult<()> {
    plan::keep_replaced(talk, rest, &writes);
    let count = writes.len();
    writes.retain(|write| !talk.is_settled(write.goal.index));
    let mut goals = Vec::new();
    for write in &writes {
        goals.push(write.goal);
    }
    match writes.len() {
        0 => Ok(()),
        left if left < count => send(talk, rest, zone, writes),
        _ if count > 1 && talk.may_concern_one(&verdict) => {
            send_halves(talk, rest, zone, writes, &goals)
        }
        _ => give_up(talk, &goals, verdict),
    }
}

/// Sends each half of failed `writes`, which have these `goals`, alone.
fn send_halves(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    mut writes: Vec<Write<'_>>,
    goals: &[&Goal<'_>],
) -> ApiResult<()> {
    let count = writes.len();
    if talk.status() >= 500 {
        // The provider may have carried out all of them, and might add them a second time.
        return publish_part(talk, rest, zone, goals, count.div_ceil(2));
    }
    let second = writes.split_off(count / 2);
    send(talk, rest, zone, writes)?;
    send(talk, rest, zone, second)
}

/// Gives the `goals` of a failed write the verdict of the failure.
///
/// # Errors
/// If no other change is worth a request now.
fn give_up(
    talk: &mut Conversation<'_>,
    goals: &[&Goal<'_>],
    verdict: Box<Verdict>,
) -> ApiResult<()> {
    if !verdict.ends_job() {
        // The learned id may be wrong. Without it, the next job reads the record.
        goals.iter().for_each(|goal| talk.forget(goal.key()));
    }
    fail(talk, goals, verdict)
}
