//! DreamHost (<https://help.dreamhost.com/hc/en-us/articles/217555707-DNS-API-overview>).
//!
//! Records are added and removed; they cannot be changed. The new address is added first, so that a
//! name always has one. Every request is a GET with the key in the URL.

use std::net::IpAddr;
use std::time::Duration;

use serde_json::Value;

use super::interface::{
    INTERFACE, Interface, List, NEW_TTL, Reading, RecordModel, Writing, ZoneRef, ZoneSource,
};
use super::meaning::{Codes, Meaning};
use super::record::{Goal, RECORD, Record, RecordForm, Write};
use super::records;
use super::rest::{Rest, text};
use super::zone::Zone;
use super::{Api, Base, Need, Publishing};
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
    // Users report a limit of ten additions in five minutes. A change takes three requests.
    rate: Some(Rate { requests: 12, seconds: 300 }),
    remark: "DreamHost alone says how long name servers may remember a record",
    publish: Publishing::Interface(&DREAMHOST),
};

const DREAMHOST: Interface = Interface {
    prepare: Some(|_, rest| Ok(rest.with_pause(PAUSE))),
    codes: CODES,
    zones: ZoneSource::List { list: LIST, name: "/zone", id: "/zone" },
    zone_ref: ZoneRef::Name,
    model: RecordModel::RrSet,
    read: Reading::Zone(LIST),
    inspect: Some(refuse_fixed),
    form: RecordForm { name: "/record", is_relative: false, address: "/value", ..RECORD },
    write: Writing::Code(write),
    new_ttl: NEW_TTL,
    ..INTERFACE
};

const CODES: Codes = Codes {
    // The HTTP status is always 200.
    success: ("/result", "success"),
    code: &["/data"],
    meanings: &[
        // The removed record is already gone, or the added one is already there.
        ("no_such_record", Meaning::Success, ""),
        ("no_such_value", Meaning::Success, ""),
        ("record_already_exists_remove_first", Meaning::Success, ""),
        ("slow_down", Meaning::Limited, ""),
        ("internal_error", Meaning::Problem, ""),
        ("no_such_zone", Meaning::NotFound, ""),
        ("*_key", Meaning::Credentials, ""),
    ],
};

/// DreamHost's limits are per hour and per day.
const PAUSE: Duration = Duration::from_secs(3600);

/// All records of all zones.
const LIST: List = List::whole("GET /?key=<password>&format=json&cmd=dns-list_records", "/data");

fn refuse_fixed(talk: &mut Conversation<'_>, goals: &[&Goal<'_>], records: &[Record]) {
    for Record { name, kind, raw, .. } in records {
        if text(raw, "/editable") == "0" {
            let what = "is a record of DreamHost's own";
            records::refuse_special(talk, goals, (name, kind), what);
        }
    }
}

/// The path and query of the command `name`, to which its parameters are added.
fn command(talk: &Conversation<'_>, name: &str) -> String {
    let key = percent::encode(talk.account.password.expose());
    format!("/?key={key}&format=json&cmd={name}")
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
