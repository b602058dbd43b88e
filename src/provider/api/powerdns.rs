//! `PowerDNS` Authoritative Server (<https://doc.powerdns.com/authoritative/http-api/zone.html>).
//!
//! Changes of any number of names of a zone are one request, which is carried out as a whole or not
//! at all.

use super::records::{self, Goal, NEW_TTL, Record, RecordModel, Write, ZoneApi, ZoneRef};
use super::rest::{Rest, member, object};
use super::zone::{Zone, ZoneList, zones_by_name};
use super::{Api, Base, Need};
use crate::model::Url;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Method};

pub(super) const API: Api = Api {
    name: "powerdns",
    aliases: &["pdns"],
    title: "PowerDNS",
    base: Base::ParamOpt,
    needs: &[
        Need::new("password", "the server's api-key"),
        Need::new("param_opt", "the server's URL, such as http://192.0.2.1:8081"),
    ],
    batch: Batch::Account(50),
    writes_together: true,
    rate: None,
    remark: "the server needs webserver=yes, api=yes, and the router in webserver-allow-from",
    publish: |talk| {
        let account = talk.account;
        let rest = Rest::new(&API, account).header("X-API-Key", &account.password);
        records::publish(talk, &rest.below(zones_path(account.base.as_ref())), &ZONE_API)
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

/// Where an answer has the sets of a zone (RFC 6901).
const SETS: &str = "/rrsets";

/// Where the zones of the server are, seen from the URL in `param_opt`, which may name the server.
fn zones_path(base: Option<&Url>) -> &'static str {
    match base.is_some_and(|base| base.path().contains("/api/v1/")) {
        true => "/zones",
        false => "/api/v1/servers/localhost/zones",
    }
}

fn zones(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<ZoneList> {
    // Without `dnssec=false` the server reads the DNSSEC state of every zone, which is slow.
    Ok(zones_by_name(&rest.elements(talk, rest.get("?dnssec=false"), "")?, "/name"))
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let path = format!("/{}.", zone.name);
    let list = records::list_if_many(talk, rest, goals, rest.get(&path), SETS)?;
    let mut sets = list.unwrap_or_default();
    if sets.is_empty() {
        for name in records::distinct_names(goals) {
            // Old servers ignore `rrset_name` and return the whole zone.
            let path = format!("{path}?rrset_name={name}.");
            sets.append(&mut rest.elements(talk, rest.get(&path), SETS)?);
        }
    }
    Ok(Record::sets(&sets, None))
}

fn write(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    let mut sets = Vec::new();
    for write in writes {
        let mut records = Vec::new();
        for raw in &write.values {
            records.push(object(&mut [
                ("content", member(raw, "content")),
                ("disabled", (raw["disabled"] == true).into()),
            ]));
        }
        sets.push(object(&mut [
            ("name", format!("{}.", write.goal.fqdn).into()),
            ("type", write.goal.kind().into()),
            ("ttl", write.ttl.unwrap_or(NEW_TTL).into()),
            ("changetype", "REPLACE".into()),
            ("records", records.into()),
        ]));
    }
    let body = object(&mut [("rrsets", sets.into())]);
    rest.ask(talk, rest.json(Method::Patch, &format!("/{}.", zone.name), &body))?;
    Ok(Vec::new())
}

#[cfg(test)]
mod tests;
