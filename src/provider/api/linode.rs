//! Linode, Akamai's cloud (<https://techdocs.akamai.com/linode-api/reference/get-domain-records>).

use super::records::{
    self, Goal, NEW_TTL, Record, RecordEndpoint, RecordModel, ZoneApi, ZoneRef, write_each,
};
use super::rest::Rest;
use super::zone::{Zone, ZoneList, zones_by_id};
use super::{Api, Base, Need};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Method, Rate};

pub(super) const API: Api = Api {
    name: "linode",
    aliases: &[],
    title: "Linode",
    base: Base::Https("api.linode.com/v4/domains"),
    needs: &[Need::new("password", "a personal access token that may read and write domains")],
    batch: Batch::Account(20),
    writes_together: false,
    // The limit for lists. Other requests have a higher one.
    rate: Some(Rate { requests: 200, seconds: 60 }),
    remark: "a time to live becomes the next one that Linode has",
    publish: |talk| {
        let rest = Rest::new(&API, talk.account).token("Bearer", &talk.account.password);
        records::publish(talk, &rest, &ZONE_API)
    },
};

const ZONE_API: ZoneApi = ZoneApi {
    title: API.title,
    zones,
    read,
    write: |talk, rest, zone, writes| write_each(talk, rest, zone, writes, &ENDPOINT),
    model: RecordModel::ById,
    address_member: "target",
    zone_ref: ZoneRef::IdAndName,
    new_ttl: NEW_TTL,
    writes_together: API.writes_together,
    reads_together: true,
};

const ENDPOINT: RecordEndpoint = RecordEndpoint {
    update_method: Method::Put,
    pointer: "",
    address_member: ZONE_API.address_member,
    ttl_member: "ttl_sec",
    apex: "",
};

fn zones(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<ZoneList> {
    let zones = rest.pages(talk, "?page_size=500&page=", "/data", 500)?;
    Ok(zones_by_id(&zones, "/domain", "/id"))
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    _: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let path = format!("/{}/records?page_size=500&page=", zone.id);
    Ok(Record::list(&rest.pages(talk, &path, "/data", 500)?, Some(zone)))
}

#[cfg(test)]
mod tests;
