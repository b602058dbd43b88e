//! DreamHost (<https://help.dreamhost.com/hc/en-us/articles/217555707-DNS-API-overview>).
//!
//! Records are added and removed; they cannot be changed. The new address is added first, so that a
//! name always has one. Every request is a GET with the key in the URL.

use std::net::IpAddr;
use std::time::Duration;

use serde_json::Value;

use super::records::{self, Goal, NEW_TTL, Record, RecordModel, Write, ZoneApi, ZoneRef};
use super::rest::{Rest, text};
use super::zone::{Zone, ZoneList, zones_by_name};
use super::{Api, Base, Need};
use crate::model::name::canonical;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Rate, Request};
use crate::text::percent;

pub(super) const API: Api = Api {
    name: "dreamhost",
    aliases: &["dreamhost.com"],
    title: "DreamHost",
    base: Base::Https("api.dreamhost.com"),
    needs: &[Need::new("password", "an API key that may use all dns- commands")],
    batch: Batch::Account(5),
    writes_together: false,
    // Users report a limit of ten additions in five minutes. A change takes three requests.
    rate: Some(Rate { requests: 12, seconds: 300 }),
    remark: "DreamHost alone says how long name servers may remember a record",
    publish: |talk| {
        let rest = Rest::new(&API, talk.account)
            .hiding(&talk.account.password)
            .with_status_fix(fix_status);
        records::publish(talk, &rest.with_pause(PAUSE), &ZONE_API)
    },
};

const ZONE_API: ZoneApi = ZoneApi {
    title: API.title,
    zones,
    read,
    write,
    model: RecordModel::RrSet,
    address_member: "value",
    zone_ref: ZoneRef::Name,
    new_ttl: NEW_TTL,
    writes_together: API.writes_together,
    reads_together: true,
};

/// DreamHost's limits are per hour and per day.
const PAUSE: Duration = Duration::from_secs(3600);

/// DreamHost's HTTP status is always 200. The member `data` has the error code.
fn fix_status(status: u16, body: &Value) -> (u16, &'static str) {
    let code = text(body, "/data");
    let fixed = match text(body, "/result") {
        _ if status != 200 => status,
        "success" => 200,
        // The removed record is already gone, or the added one is already there.
        _ if code.starts_with("no_such_record") || code.starts_with("no_such_value") => 200,
        _ if code == "record_already_exists_remove_first" => 200,
        "" => 0,
        _ if code.starts_with("slow_down") => 429,
        _ if code.starts_with("internal_error") => 503,
        _ if code.starts_with("no_such_zone") => 404,
        _ if code.contains("_key") => 401,
        _ => 400,
    };
    (fixed, "")
}

/// All records of all zones.
fn list(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<Vec<Value>> {
    let path = command(talk, "dns-list_records");
    rest.elements(talk, rest.get(&path), "/data")
}

/// The path and query of the command `name`, to which its parameters are added.
fn command(talk: &Conversation<'_>, name: &str) -> String {
    let key = percent::encode(talk.account.password.expose());
    format!("/?key={key}&format=json&cmd={name}")
}

fn zones(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<ZoneList> {
    let mut zones = zones_by_name(&list(talk, rest)?, "/zone");
    zones.dedup();
    Ok(zones)
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    _: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let mut records = Vec::new();
    for raw in list(talk, rest)? {
        let record = Record {
            name: canonical(text(&raw, "/record")),
            kind: text(&raw, "/type").to_owned(),
            raw,
            ..Record::default()
        };
        if text(&record.raw, "/editable") == "0" {
            let what = "is a record of DreamHost's own";
            records::refuse_special(talk, goals, (&record.name, &record.kind), what);
        }
        records.push(record);
    }
    Ok(records)
}

fn write(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    _: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    for write in writes {
        let before: Vec<&Value> = write.before.iter().map(|record| &record.raw).collect();
        let after: Vec<&Value> = write.values.iter().collect();
        for (name, records, others) in
            [("dns-add_record", &after, &before), ("dns-remove_record", &before, &after)]
        {
            for record in records {
                if others.iter().any(|other| address(other) == address(record)) {
                    continue;
                }
                let (command, goal) = (command(talk, name), write.goal);
                let (name, kind) = (percent::encode(&goal.fqdn), goal.kind());
                let value = text(record, "/value");
                let path = format!("{command}&record={name}&type={kind}&value={value}");
                // The second request would find the record added or removed.
                rest.ask(talk, Request { idempotent: false, ..rest.get(&path) })?;
            }
        }
    }
    Ok(Vec::new())
}

/// The address of a record. As a value it may be spelt in several ways (IPv6).
fn address(record: &Value) -> Option<IpAddr> {
    text(record, "/value").parse().ok()
}

#[cfg(test)]
mod tests;
