//! GoDaddy (<https://developer.godaddy.com/doc/endpoint/domains>).

use serde_json::Value;

use super::records::{self, Goal, Record, RecordModel, Write, ZoneApi, ZoneRef};
use super::rest::{self, Rest, member, object, text};
use super::zone::{Zone, ZoneList, zones_by_name};
use super::{Api, Base, Need};
use crate::model::secret::Secret;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Rate};

pub(super) const API: Api = Api {
    name: "godaddy",
    aliases: &["godaddy.com-v1"],
    title: "GoDaddy",
    base: Base::Https("api.godaddy.com/v1/domains"),
    needs: &[
        Need::new("username", "the key of a production API key"),
        Need::new("password", "its secret"),
    ],
    batch: Batch::Account(10),
    writes_together: false,
    rate: Some(Rate { requests: 60, seconds: 60 }),
    remark: "open only to accounts with ten domains or more, or with a Discount Domain Club plan",
    publish: |talk| {
        let account = talk.account;
        let pair = Secret::new([&account.username, ":", account.password.expose()].concat());
        let rest = Rest::new(&API, account).token("sso-key", &pair).hiding(&account.password);
        records::publish(talk, &rest.with_status_fix(fix_status), &ZONE_API)
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
    new_ttl: 600,
    writes_together: API.writes_together,
    reads_together: false,
};

/// Zones per page. More would be allowed, but the entry of each zone is long.
const PAGE: usize = 100;

fn fix_status(status: u16, body: &Value) -> (u16, &'static str) {
    match (status, text(body, "/code")) {
        (403, "ACCESS_DENIED") => (
            403,
            "since May 2024 GoDaddy opens its interface only to accounts with ten domains or more, \
             or with a Discount Domain Club plan; move the zone to another DNS provider, or the \
             domain",
        ),
        _ => (status, ""),
    }
}

fn zones(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<ZoneList> {
    let zones = rest::paged(PAGE, &mut |_, before| {
        let (marker, last) =
            before.last().map_or(("", ""), |zone| ("&marker=", text(zone, "/domain")));
        let path = ["?statuses=ACTIVE&limit=100", marker, last].concat();
        rest.elements(talk, rest.get(&path), "")
    })?;
    Ok(zones_by_name(&zones, "/domain"))
}

/// The path of the record set.
fn path(zone: &Zone, goal: &Goal<'_>) -> String {
    format!("/{}/records/{}/{}", zone.id, goal.kind(), goal.host(zone, "@"))
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let mut records = Vec::new();
    for goal in goals {
        let found = rest.elements(talk, rest.get(&path(zone, goal)), "")?;
        let ttl = found.first().and_then(|record| record.get("ttl"));
        records.append(&mut Record::set(&goal.fqdn, goal.kind(), ttl, &found));
    }
    Ok(records)
}

fn write(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    for write in writes {
        let mut set = Vec::new();
        for raw in &write.values {
            let record = object(&mut [("data", member(raw, "data"))]);
            set.push(write.with_ttl(record, "ttl"));
        }
        rest.ask(talk, write.put_or_delete(rest, &path(zone, write.goal), &set.into()))?;
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests;
