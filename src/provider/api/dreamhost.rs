//! DreamHost (<https://help.dreamhost.com/hc/en-us/articles/217555707-DNS-API-overview>).
//!
//! Records are added and removed and never changed. The new address comes first, so that a name is never
//! without. Everything is a GET with the key in the URL.

use std::net::IpAddr;
use std::time::Duration;

use serde_json::Value;

use super::records::{self, Goal, NEW_TTL, Record, RecordModel, Write, ZoneApi, ZoneRef};
use super::rest::{Rest, text};
use super::zone::{Zone, ZoneList, zones_by_name};
use super::{Api, Need};
use crate::model::name::canonical;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Rate};
use crate::text::percent;

pub(super) const API: Api = Api {
    name: "dreamhost",
    aliases: &["dreamhost.com"],
    title: "DreamHost",
    base: "https://api.dreamhost.com",
    needs: &[Need { option: "password", holds: "an API key that may use all dns- commands" }],
    batch: Batch::Account(5),
    writes_together: false,
    // Ten additions in five minutes, as users have found out; a change is three requests.
    rate: Some(Rate { requests: 12, seconds: 300 }),
    remark: "DreamHost alone says how long name servers may remember a record",
    publish: |talk| {
        let rest = Rest::new(&API).hiding(&talk.account.password).with_status_fix(fix_status);
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
};

/// Limits are those of an hour or a day.
const PAUSE: Duration = Duration::from_secs(3600);

/// The status of HTTP is always 200.
fn fix_status(status: u16, body: &Value) -> (u16, &'static str) {
    let said = text(body, "/data");
    let is = |prefix| said.starts_with(prefix);
    let meant = match text(body, "/result") {
        _ if status != 200 => status,
        "success" => 200,
        // It is done.
        _ if is("no_such_record") || is("no_such_value") => 200,
        _ if said == "record_already_exists_remove_first" => 200,
        "" => 0,
        _ if is("slow_down") => 429,
        _ if is("internal_error") => 503,
        _ if is("no_such_zone") => 404,
        _ if said.contains("_key") => 401,
        _ => 400,
    };
    (meant, "")
}

/// All records of all zones.
fn list(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<Vec<Value>> {
    let path = command(talk, "dns-list_records");
    rest.elements(talk, rest.get(&path), "/data")
}

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
        let before: Vec<_> = write.before.iter().map(|record| &record.raw).collect();
        let after: Vec<_> = write.values.iter().collect();
        for (name, values, others) in
            [("dns-add_record", &after, &before), ("dns-remove_record", &before, &after)]
        {
            for raw in values.iter().filter(|raw| !others.iter().any(|other| is_same(raw, other))) {
                let value = text(raw, "/value");
                let goal = write.goal;
                let (name, record) = (command(talk, name), percent::encode(&goal.fqdn));
                let path = format!("{name}&record={record}&type={}&value={value}", goal.kind());
                rest.ask(talk, rest.get(&path))?;
            }
        }
    }
    Ok(Vec::new())
}

/// Whether both hold the same address, however it is spelt.
fn is_same(raw: &Value, other: &Value) -> bool {
    let address = |raw| text(raw, "/value").parse::<IpAddr>().ok();
    address(raw) == address(other)
}

#[cfg(test)]
mod tests;
