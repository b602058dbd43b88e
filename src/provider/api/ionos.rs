//! IONOS (<https://developer.hosting.ionos.com/docs/dns>).
//!
//! Changes of any number of names of a zone are one request.

use serde_json::Value;

use super::records::{self, Goal, NEW_TTL, Record, RecordModel, Write, ZoneApi, ZoneRef};
use super::rest::{Rest, member, object};
use super::zone::{Zone, ZoneList, zones_by_id};
use super::{Api, Base, Need};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Method};

pub(super) const API: Api = Api {
    name: "ionos",
    aliases: &[],
    title: "IONOS",
    base: Base::Https("api.hosting.ionos.com/dns/v1/zones"),
    needs: &[Need::new(
        "password",
        "an API key in the form prefix.secret, of the contract with the domain",
    )],
    batch: Batch::Account(50),
    writes_together: true,
    rate: None,
    remark: "an update URL of IONOS goes into update_url instead, with &ipv4=[IP] or &ipv6=[IP]",
    publish: |talk| {
        let rest = Rest::new(&API, talk.account).header("X-API-Key", &talk.account.password);
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
    zone_ref: ZoneRef::Id,
    new_ttl: NEW_TTL,
    writes_together: API.writes_together,
    reads_together: true,
};

fn zones(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<ZoneList> {
    let zones = rest.elements(talk, rest.get(""), "")?;
    Ok(zones_by_id(&zones, "/name", "/id"))
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let name = match records::distinct_names(goals).as_slice() {
        [name] => format!("&recordName={name}"),
        _ => String::new(),
    };
    let path = format!("/{}?recordType=A,AAAA{name}", zone.id);
    let found = rest.elements(talk, rest.get(&path), "/records")?;
    Ok(Record::list(&found, None))
}

fn write(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    let mut records = Vec::new();
    for write in writes {
        for raw in &write.values {
            let record = object(&mut [
                ("name", write.goal.fqdn.as_str().into()),
                ("type", write.goal.kind().into()),
                ("content", member(raw, "content")),
                ("disabled", (raw["disabled"] == true).into()),
            ]);
            records.push(write.with_ttl(record, "ttl"));
        }
    }
    let zone = format!("/{}", zone.id);
    if !records.is_empty() {
        rest.ask(talk, rest.json(Method::Patch, &zone, &Value::Array(records)))?;
    }
    let removals = writes.iter().filter(|write| write.is_removal());
    for record in removals.flat_map(|write| &write.before) {
        let path = format!("{zone}/records/{}", record.id);
        rest.ask(talk, rest.request(Method::Delete, &path))?;
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests;
