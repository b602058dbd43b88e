//! DigitalOcean (<https://docs.digitalocean.com/reference/api/reference/domain-records/>).

use super::records::{
    self, Goal, NEW_TTL, Record, RecordEndpoint, RecordModel, Write, ZoneApi, ZoneRef,
};
use super::rest::Rest;
use super::zone::{Zone, ZoneList, zones_by_name};
use super::{Api, Base, Need};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Method, Rate};

pub(super) const API: Api = Api {
    name: "digitalocean",
    aliases: &["digitalocean.com-v2"],
    title: "DigitalOcean",
    base: Base::Https("api.digitalocean.com/v2/domains"),
    needs: &[Need::new(
        "password",
        "an API token with domain:read, domain:create, domain:update, and domain:delete for \
                'remove_after'",
    )],
    batch: Batch::Account(20),
    writes_together: false,
    rate: Some(Rate { requests: 250, seconds: 60 }),
    remark: "",
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
    model: RecordModel::ById,
    address_member: "data",
    zone_ref: ZoneRef::Name,
    new_ttl: NEW_TTL,
    writes_together: API.writes_together,
    reads_together: false,
};

const ENDPOINT: RecordEndpoint = RecordEndpoint {
    update_method: Method::Patch,
    pointer: "/domain_record",
    address_member: ZONE_API.address_member,
    ttl_member: "ttl",
    apex: "@",
};

fn zones(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<ZoneList> {
    // A page has 20 domains, because each is listed with its zone file.
    let zones = rest.pages(talk, "?per_page=20&page=", "/domains", 20)?;
    Ok(zones_by_name(&zones, "/name"))
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let mut records = Vec::new();
    for goal in goals {
        let (kind, name) = (goal.kind(), &goal.fqdn);
        let path = format!("/{}/records?type={kind}&name={name}&per_page=200", zone.id);
        let found = rest.elements(talk, rest.get(&path), "/domain_records")?;
        records.append(&mut Record::list(&found, Some(zone)));
    }
    Ok(records)
}

fn write(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    let mut made = Vec::new();
    for write in writes {
        let mut body = write.body(zone, &ENDPOINT);
        // DigitalOcean wants the type also if the record does not change.
        body["type"] = write.goal.kind().into();
        made.push(write.send(talk, rest, zone, &ENDPOINT, &body)?);
    }
    Ok(made)
}

#[cfg(test)]
mod tests;
