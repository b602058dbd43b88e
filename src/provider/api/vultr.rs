//! Vultr (<https://www.vultr.com/api/#tag/dns>).

use serde_json::Value;

use super::records::{
    self, Goal, NEW_TTL, Record, RecordEndpoint, RecordModel, ZoneApi, ZoneRef, write_each,
};
use super::rest::{Rest, list, text, too_long};
use super::zone::{Zone, ZoneList, zones_by_name};
use super::{Api, Base, Need};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Method, Rate};
use crate::text::percent;

pub(super) const API: Api = Api {
    name: "vultr",
    aliases: &[],
    title: "Vultr",
    base: Base::Https("api.vultr.com/v2/domains"),
    needs: &[Need::new(
        "password",
        "an API key, which Vultr must accept from any address (Account, API, Access Control)",
    )],
    batch: Batch::Account(20),
    writes_together: false,
    rate: Some(Rate { requests: 30, seconds: 1 }),
    remark: "the API key must be allowed from any address, or a new one locks it out",
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
    address_member: "data",
    zone_ref: ZoneRef::Name,
    new_ttl: NEW_TTL,
    writes_together: API.writes_together,
    reads_together: true,
};

const ENDPOINT: RecordEndpoint = RecordEndpoint {
    update_method: Method::Patch,
    pointer: "/record",
    address_member: ZONE_API.address_member,
    ttl_member: "ttl",
    apex: "",
};

/// Most pages of a list that are read.
const PAGES: usize = 10;

/// The elements of the arrays `member` in all pages of a list. Each page has the cursor of the next.
fn pages(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    path: &str,
    member: &str,
) -> ApiResult<Vec<Value>> {
    let mut all = Vec::new();
    let mut path = format!("{path}?per_page=500");
    let first = path.len();
    for _ in 0..PAGES {
        let answer = talk.send(rest.get(&path))?;
        let value = rest.value(&answer)?;
        if !value[member].is_array() {
            return Err(rest.not_understood(&answer));
        }
        all.extend_from_slice(list(&value[member], ""));
        let next = text(&value, "/meta/links/next");
        if next.is_empty() {
            return Ok(all);
        }
        path.truncate(first);
        path.push_str("&cursor=");
        path.push_str(&percent::encode(next));
    }
    Err(too_long())
}

fn zones(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<ZoneList> {
    Ok(zones_by_name(&pages(talk, rest, "", "domains")?, "/domain"))
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    _: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let found = pages(talk, rest, &format!("/{}/records", zone.id), "records")?;
    Ok(Record::list(&found, Some(zone)))
}

#[cfg(test)]
mod tests;
