//! Hostinger (<https://developers.hostinger.com/#tag/dns-zone>).
//!
//! Changes of any number of names of a zone are one request.

use serde_json::Value;

use super::records::{self, Goal, NEW_TTL, Record, RecordModel, Write, ZoneApi, ZoneRef};
use super::rest::{Rest, explanation, member, object, refused, text};
use super::zone::{Zone, ZoneList, zones_by_id};
use super::{Api, Need};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Method, Request};

pub(super) const API: Api = Api {
    name: "hostinger",
    aliases: &[],
    title: "Hostinger",
    base: "https://developers.hostinger.com/api",
    needs: &[Need { option: "password", holds: "an API token" }],
    batch: Batch::Account(50),
    writes_together: true,
    rate: None,
    remark: "a zone whose domain is registered elsewhere must be named with 'zone'",
    publish: |talk| {
        let rest = Rest::new(&API).token("Bearer", &talk.account.password);
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
        let here = || records.iter().filter(|record| record.is_for(goal));
        let ours = |record: &&Record| {
            let address = record.address(ZONE_API.address_member);
            address.is_some_and(|it| goal.change.wants(it) || goal.change.owns(it))
        };
        // What is written is switched on.
        if here().count() > 1 && here().any(|it| it.raw["is_disabled"] == true && !ours(&it)) {
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
    let content = |raw: &Value| object(&mut [("content", member(raw, "content"))]);
    let name = |write: &Write<'_>| {
        object(&mut [
            ("name", write.goal.host(zone, "@").into()),
            ("type", write.goal.kind().into()),
        ])
    };
    let set = |write: &Write<'_>| {
        let mut set = name(write);
        set["ttl"] = write.ttl.unwrap_or(NEW_TTL).into();
        set["records"] = write.values.iter().map(content).collect();
        set
    };
    let (gone, left): (Vec<_>, Vec<_>) = writes.iter().partition(|write| write.is_removal());
    // Only of sets with these names and types.
    if !left.is_empty() {
        let sets = left.into_iter().map(set).collect();
        let body = object(&mut [("overwrite", true.into()), ("zone", sets)]);
        done(talk, rest, rest.json(Method::Put, &path(zone), &body))?;
    }
    if !gone.is_empty() {
        let body = object(&mut [("filters", gone.into_iter().map(name).collect())]);
        done(talk, rest, rest.json(Method::Delete, &path(zone), &body))?;
    }
    Ok(Vec::new())
}

fn done(talk: &mut Conversation<'_>, rest: &Rest, request: Request) -> ApiResult<()> {
    let done = rest.ask(talk, request)?;
    match text(&done, "/message") {
        "" => Err(rest.not_done(explanation(&done))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
