//! The common way to use an interface with zones and records: find the zone of each name, read what is
//! there, pick our record and write it. A record whose id has been learned is written without reading.
//!
//! An [`Interface`] says how zones are listed and how records are read and written.

mod plan;
mod read;
mod write;

use super::Api;
use super::call::{self, Values};
use super::interface::{Interface, ZoneRef};
use super::record::{Goal, Record, Write};
use super::rest::{CNAME, Rest};
use super::zone::{RecordName, Zone, ZoneList};
use crate::model::secret::Secret;
use crate::provider::Account;
use crate::provider::conversation::{ApiResult, Conversation, Next, Phase};
use crate::provider::{Change, Job, Outcome, Verdict};

pub use read::{each_element, refuse_special};
pub use write::write_each;

/// The requests of `interface`, which is that of `api`, for `account`.
pub fn rest_of(api: &Api, account: &Account, interface: &Interface) -> Rest {
    let mut rest = Rest::new(api, account);
    rest.codes = interface.codes;
    rest.mark = interface.mark;
    rest.sign = interface.sign;
    rest.pause = interface.pause;
    rest.hide(&account.password);
    rest.hide(&account.param_enc);
    let values = Values::of(account, &interface.form);
    for (name, value) in interface.headers {
        rest.header(name, &Secret::new(call::fill(value, &values, str::to_owned)));
    }
    rest
}

/// Publishes the job of the conversation over `interface`, which is that of `api`.
///
/// # Errors
/// As [`publish_with`].
pub fn publish(talk: &mut Conversation<'_>, api: &Api, interface: &Interface) -> ApiResult<()> {
    let mut rest = rest_of(api, talk.account, interface);
    if let Some(rate) = interface.write_rate {
        talk.limit_writes(rate);
    }
    if let Some(prepare) = interface.prepare {
        prepare(talk, &mut rest)?;
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
    for (zone, goals) in goals_by_zone(talk, rest, interface)? {
        let goals: Vec<&Goal<'_>> = goals.iter().collect();
        if interface.reads_together() {
            publish_or_fail(talk, rest, interface, &zone, &goals)?;
            continue;
        }
        for removes in [false, true] {
            for goal in goals.iter().filter(|goal| goal.change.removes() == removes) {
                publish_or_fail(talk, rest, interface, &zone, &[goal])?;
            }
        }
    }
    Ok(())
}

/// The changes that are not settled, by the zones that hold their records. Settles those without a zone.
///
/// # Errors
/// If the zones of the account cannot be listed.
fn goals_by_zone<'a>(
    talk: &mut Conversation<'a>,
    rest: &Rest,
    interface: &Interface,
) -> ApiResult<Vec<(Zone, Vec<Goal<'a>>)>> {
    let mut zones: Vec<(Zone, Vec<Goal<'a>>)> = Vec::new();
    let mut listed = None;
    for (index, change) in order_of_changes(talk.job) {
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
        let goal = Goal::new(talk, index, change, name.fqdn);
        match zones.iter_mut().find(|(other, _)| *other == zone) {
            Some((_, goals)) => goals.push(goal),
            None => zones.push((zone, vec![goal])),
        }
    }
    Ok(zones)
}

/// The changes of `job` with their indices, in the order in which they are published. Each job begins with
/// another change. Otherwise a first change that always fails would end every job before the others.
fn order_of_changes(job: &Job) -> impl Iterator<Item = (usize, &Change)> {
    let count = job.changes.len();
    let first = usize::try_from(job.seed).unwrap_or_default() % count.max(1);
    job.changes.iter().enumerate().cycle().skip(first).take(count)
}

/// Brings the records of `goals` up to date, or gives them the verdict of a failure.
///
/// # Errors
/// If no other change is worth a request now.
fn publish_or_fail(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    interface: &Interface,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<()> {
    let most = if interface.writes_together() { goals.len() } else { 1 };
    match publish_part(talk, rest, interface, zone, (goals, most)) {
        Ok(()) => Ok(()),
        Err(verdict) => fail(talk, goals.iter().copied(), verdict),
    }
}

/// Gives the `goals` that are not settled the verdict of a failure.
///
/// # Errors
/// If no other change is worth a request now.
fn fail<'g>(
    talk: &mut Conversation<'_>,
    goals: impl Iterator<Item = &'g Goal<'g>>,
    verdict: Box<Verdict>,
) -> ApiResult<()> {
    if talk.note_failure(&verdict) == Next::EndJob {
        return Err(verdict);
    }
    for goal in goals {
        if !talk.is_settled(goal.index) {
            talk.settle(goal.index, Verdict::clone(&verdict));
        }
    }
    Ok(())
}

/// The zone that holds the record of `change`: from the options, learned, or from the provider's list.
fn zone_of(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    interface: &Interface,
    listed: &mut Option<ZoneList>,
    name: &RecordName,
    change: &Change,
) -> ApiResult<Option<Zone>> {
    let id = &change.record.zone_id;
    // The options say both.
    if let (Some(id), Some(zone)) = (id, &name.zone) {
        return Ok(Some(Zone::new(zone, id)));
    }
    // The options have the name, and requests need only that.
    if let (Some(zone), ZoneRef::Name) = (&name.zone, interface.zone_ref) {
        return Ok(Some(Zone::new(zone, zone)));
    }
    // The options have the id, and requests need only that.
    if let (Some(id), ZoneRef::Name | ZoneRef::Id) = (id, interface.zone_ref) {
        return Ok(Some(Zone::new(id, id)));
    }
    // An earlier job has learned the zone. A list that this job has read is newer.
    if id.is_none()
        && listed.is_none()
        && let Some(zone) = name.learned_zone(talk)
    {
        return Ok(Some(zone));
    }
    let zones = match listed {
        Some(zones) => zones,
        None => listed.insert(read::zones(talk, rest, interface)?),
    };
    match id {
        Some(id) => Ok(zones.iter().find(|zone| zone.id == *id).cloned()),
        None => Ok(name.listed_zone(talk, zones)),
    }
}

/// Reads the records of some goals of a zone, and brings them up to date with `most` at once.
fn publish_part(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    interface: &Interface,
    zone: &Zone,
    (goals, most): (&[&Goal<'_>], usize),
) -> ApiResult<()> {
    let records = read_unknown(talk, rest, interface, zone, goals)?;
    let (mut updates, mut removals) = (Vec::new(), Vec::new());
    for goal in goals {
        // Reading may have shown that the record must not be written.
        if talk.is_settled(goal.index) {
            continue;
        }
        match plan::plan(talk, rest, interface, goal, &records) {
            Ok(Some(write)) if plan::removes(&write) => removals.push(write),
            Ok(Some(write)) => updates.push(write),
            Ok(None) => plan::settle_unchanged(talk, goal),
            Err(outcome) => talk.settle(goal.index, outcome.into()),
        }
    }
    drop(records);
    // Write before deleting: credentials without the right to delete must not block updates.
    for mut writes in [updates, removals] {
        while !writes.is_empty() {
            let later = writes.split_off(most.min(writes.len()));
            send(talk, rest, interface, zone, writes)?;
            writes = later;
        }
    }
    Ok(())
}

/// The records of the goals whose record's identifier was not learned. Settles the goals whose records must
/// not be written.
fn read_unknown(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    interface: &Interface,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let mut unread = Vec::new();
    for &goal in goals {
        if plan::learned_id(talk, interface, goal).is_none() {
            unread.push(goal);
        }
    }
    if unread.is_empty() {
        return Ok(Vec::new());
    }
    let records = read::records(talk, rest, interface, zone, &unread)?;
    refuse_aliases(talk, rest, &unread, &records);
    for record in records.iter().filter(|record| record.is_special) {
        refuse_special(talk, &unread, (&record.name, &record.kind), interface.form.special.is);
    }
    if let Some(inspect) = interface.inspect {
        inspect(talk, &unread, &records);
    }
    Ok(records)
}

/// Refuses to write where a CNAME record is: beside it, there can be no other (RFC 1034 section 3.6.2).
fn refuse_aliases(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    goals: &[&Goal<'_>],
    records: &[Record],
) {
    for goal in goals {
        let mut of_name = records.iter().filter(|record| record.name == goal.fqdn);
        if !goal.change.removes() && of_name.any(|record| record.kind == "CNAME") {
            let reason = format!("{} is an alias (CNAME) at {}", goal.fqdn, rest.title());
            goal.settle(talk, Outcome::refused(reason, CNAME));
        }
    }
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
    talk.enter(Phase::Write);
    let written = write::write(talk, rest, interface, zone, &writes);
    talk.enter(Phase::Read);
    let verdict = match written {
        Ok(made) => {
            for write in writes {
                plan::settle_written(talk, rest, interface, &write, &made);
            }
            return Ok(());
        }
        Err(verdict) => verdict,
    };
    plan::keep_replaced(talk, interface, &writes);
    let count = writes.len();
    writes.retain(|write| !talk.is_settled(write.goal.index));
    if writes.is_empty() {
        return Ok(());
    }
    if writes.len() < count {
        return send(talk, rest, interface, zone, writes);
    }
    if count > 1 && talk.may_concern_one(&verdict) {
        if talk.status() >= 500 {
            // The provider may have carried out all of them, and might add them a second time.
            let goals: Vec<&Goal<'_>> = writes.iter().map(|write| write.goal).collect();
            return publish_part(talk, rest, interface, zone, (&goals, count.div_ceil(2)));
        }
        let second = writes.split_off(count / 2);
        send(talk, rest, interface, zone, writes)?;
        return send(talk, rest, interface, zone, second);
    }
    if !verdict.ends_job() {
        writes.iter().for_each(|write| talk.forget(write.goal.key()));
    }
    fail(talk, writes.iter().map(|write| write.goal), verdict)
}
