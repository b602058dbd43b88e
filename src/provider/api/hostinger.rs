//! Hostinger (<https://developers.hostinger.com/#tag/dns-zone>).
//!
//! Changes of any number of names of a zone are one request.

use super::records::{self, Goal, NEW_TTL, Record, RecordModel, Write, ZoneApi, ZoneRef};
use super::rest::{Rest, explanation, member, object, refused, text};
use super::zone::{Zone, ZoneList, zones_by_id};
use super::{Api, Base, Need};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Method, Request};

pub(super) const API: Api = Api {
    name: "hostinger",
    aliases: &[],
    title: "Hostinger",
    base: Base::Https("developers.hostinger.com/api"),
    needs: &[Need::new("password", "an API token")],
    batch: Batch::Account(50),
    writes_together: true,
    rate: None,
    remark: "a zone whose domain is registered elsewhere must be named with 'zone'",
    publish: |talk| {
        let rest = Rest::new(&API, talk.account).token("Bearer", &talk.account.password);
        records::publish(talk, &rest, &ZONE_API)
    },
};

const ZONE_API: ZoneApi = ZoneApi {
    title: API.title,
    zones,
    read,
    write,
    model: RecordModel::RrSet,
    address_member: "content",
    zone_ref: ZoneRef::Name,
    new_ttl: NEW_TTL,
    writes_together: API.writes_together,
    reads_together: true,
};

fn zones(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<ZoneList> {
    let domains = rest.elements(talk, rest.get("/domains/v1/portfolio"), "")?;
    Ok(zones_by_id(&domains, "/domain", "/domain"))
}

fn path(zone: &Zone) -> String {
    format!("/dns/v1/zones/{}", zone.name)
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let records = Record::sets(&rest.elements(talk, rest.get(&path(zone)), "")?, Some(zone));
    for goal in goals {
        let present: Vec<_> = records.iter().filter(|record| record.is_for(goal)).collect();
        // A write enables all addresses of the set, also one that the owner has disabled.
        if present.len() > 1 && present.iter().any(|record| is_disabled_by_owner(record, goal)) {
            let reason = format!(
                "{} has another address, which is off at Hostinger and would be switched on",
                goal.fqdn
            );
            goal.settle(talk, refused(reason, "delete that, or switch it on"));
        }
    }
    Ok(records)
}

fn write(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    let (mut sets, mut removed) = (Vec::new(), Vec::new());
    for write in writes {
        let mut set = object(&mut [
            ("name", write.goal.host(zone, "@").into()),
            ("type", write.goal.kind().into()),
        ]);
        if write.is_removal() {
            removed.push(set);
            continue;
        }
        set["ttl"] = write.ttl.unwrap_or(NEW_TTL).into();
        let records = write.values.iter();
        set["records"] =
            records.map(|raw| object(&mut [("content", member(raw, "content"))])).collect();
        sets.push(set);
    }
    if !sets.is_empty() {
        // `overwrite` replaces only the sets with these names and types.
        let body = object(&mut [("overwrite", true.into()), ("zone", sets.into())]);
        send(talk, rest, rest.json(Method::Put, &path(zone), &body))?;
    }
    if !removed.is_empty() {
        let body = object(&mut [("filters", removed.into())]);
        send(talk, rest, rest.json(Method::Delete, &path(zone), &body))?;
    }
    Ok(Vec::new())
}

/// Whether the record is disabled, and neither ours nor what we want.
fn is_disabled_by_owner(record: &Record, goal: &Goal<'_>) -> bool {
    let is_ours = match record.address(ZONE_API.address_member) {
        Some(address) => goal.change.wants(address) || goal.change.owns(address),
        None => false,
    };
    record.raw["is_disabled"] == true && !is_ours
}

/// Sends `request`. A successful answer has a message.
fn send(talk: &mut Conversation<'_>, rest: &Rest, request: Request) -> ApiResult<()> {
    let answer = rest.ask(talk, request)?;
    match text(&answer, "/message") {
        "" => Err(rest.not_done(explanation(&answer))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
