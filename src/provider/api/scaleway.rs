//! Scaleway (<https://www.scaleway.com/en/developers/api/domains-and-dns/>).
//!
//! Changes of any number of names of a zone are one request.

use super::records::{self, Goal, NEW_TTL, Record, RecordModel, Write, ZoneApi, ZoneRef};
use super::rest::{Rest, member, object, text};
use super::zone::{Zone, ZoneList};
use super::{Api, Base, Need};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Method};

pub(super) const API: Api = Api {
    name: "scaleway",
    aliases: &["scaleway.com"],
    title: "Scaleway",
    base: Base::Https("api.scaleway.com/domain/v2beta1/dns-zones"),
    needs: &[Need::new(
        "password",
        "the secret key of an API key with DomainsDNSFullAccess in the zone's project",
    )],
    batch: Batch::Account(50),
    writes_together: true,
    rate: None,
    remark: "",
    publish: |talk| {
        let rest = Rest::new(&API, talk.account).header("X-Auth-Token", &talk.account.password);
        records::publish(talk, &rest, &ZONE_API)
    },
};

const ZONE_API: ZoneApi = ZoneApi {
    title: API.title,
    zones,
    read,
    write,
    model: RecordModel::RrSet,
    address_member: "data",
    zone_ref: ZoneRef::Name,
    new_ttl: NEW_TTL,
    writes_together: API.writes_together,
    reads_together: true,
};

/// Members of a record that belongs to a routing policy.
const POLICIES: [&str; 4] =
    ["geo_ip_config", "http_service_config", "weighted_config", "view_config"];

fn zones(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<ZoneList> {
    let zones = rest.pages(talk, "?page_size=100&page=", "/dns_zones", 100)?;
    let mut all = ZoneList::new();
    for zone in &zones {
        let name = [text(zone, "/subdomain"), text(zone, "/domain")].join(".");
        // The subdomain is empty for the zone of a domain.
        let name = name.trim_start_matches('.');
        all.push(Zone::new(name, name));
    }
    Ok(all)
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let mut records = Vec::new();
    for (kind, goal) in records::reads(goals) {
        let filter = match goal {
            Some(goal) => format!("name={}&type={kind}", goal.host(zone, "")),
            None => format!("type={kind}"),
        };
        let path = format!("/{}/records?{filter}&page_size=100&page=", zone.id);
        let found = rest.pages(talk, &path, "/records", 100)?;
        records.append(&mut Record::list(&found, Some(zone)));
    }
    for Record { name, kind, raw, .. } in &records {
        if POLICIES.iter().any(|policy| !raw[policy].is_null()) {
            let what = "is no simple record in Scaleway but has a routing policy";
            records::refuse_special(talk, goals, (name, kind), what);
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
    let mut changes = Vec::new();
    for write in writes {
        let name_and_type = object(&mut [
            ("name", write.goal.host(zone, "").into()),
            ("type", write.goal.kind().into()),
        ]);
        let mut set = object(&mut [("id_fields", name_and_type.clone())]);
        if write.is_removal() {
            changes.push(object(&mut [("delete", set)]));
            continue;
        }
        let mut records = Vec::new();
        for raw in &write.values {
            let mut record = name_and_type.clone();
            record["data"] = member(raw, "data");
            record["ttl"] = write.ttl.unwrap_or(NEW_TTL).into();
            if !raw["comment"].is_null() {
                record["comment"] = member(raw, "comment");
            }
            records.push(record);
        }
        set["records"] = records.into();
        changes.push(object(&mut [("set", set)]));
    }
    let body = object(&mut [
        ("return_all_records", false.into()),
        ("disallow_new_zone_creation", true.into()),
        ("changes", changes.into()),
    ]);
    rest.ask(talk, rest.json(Method::Patch, &format!("/{}/records", zone.id), &body))?;
    Ok(Vec::new())
}

#[cfg(test)]
mod tests;
