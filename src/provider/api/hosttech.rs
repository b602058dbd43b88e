//! hosttech (<https://api.ns1.hosttech.eu/api/documentation/>). The member of a record that holds its address
//! is named after the family.

use super::interface::{
    Calls, INTERFACE, Interface, List, Pages, Reading, RecordModel, Shows, Writing, ZoneRef,
    ZoneSource,
};
use super::record::{Goal, RECORD, Record, RecordForm, Write};
use super::records::write_each;
use super::rest::{Rest, text};
use super::zone::Zone;
use super::{Api, Base, Need, Publishing};
use crate::provider::Batch;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::text::percent;

pub(super) const API: Api = Api {
    name: "hosttech",
    aliases: &["hosttech.eu"],
    title: "hosttech",
    base: Base::Https("api.ns1.hosttech.eu/api/user/v1/zones"),
    needs: &[Need::new("password", "an API token")],
    batch: Batch::Account(20),
    rate: None,
    remark: "",
    publish: Publishing::Interface(&HOSTTECH),
};

const HOSTTECH: Interface = Interface {
    headers: &[("Authorization", "Bearer <password>"), ("Accept", "application/json")],
    zones: ZoneSource::List {
        list: List { call: "GET ?limit=100&offset=<page>", at: "/data", pages: Pages::Offset(100) },
        name: "/name",
        id: "/id",
    },
    zone_ref: ZoneRef::IdAndName,
    model: RecordModel::ByIdReadFirst,
    read: Reading::Code(read),
    form: RecordForm { address: "/address", ..RECORD },
    write: Writing::Code(write),
    ..INTERFACE
};

/// The records of the zone, with their addresses in one member.
fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let request = rest.get(&format!("/{}/records", percent::encode(&zone.id)));
    let mut records = Vec::new();
    for mut raw in rest.elements(talk, request, "/data")? {
        let address = [text(&raw, "/ipv4"), text(&raw, "/ipv6")].concat();
        if !address.is_empty() {
            raw["address"] = address.into();
        }
        let record = Record::of(&HOSTTECH.form, zone, None, &raw);
        if goals.iter().any(|goal| record.is_for(goal)) {
            records.push(record);
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
    for write in writes {
        let mut calls = Calls {
            create: r#"POST /<zone>/records {"type":"A","name":<host>,"ipv4":<address>,"ttl":<ttl>}"#,
            update: r#"PUT /<zone>/records/<id> {"name":<host>,"ipv4":<address>,"ttl":<ttl>,"comment":</comment>}"#,
            remove: "DELETE /<zone>/records/<id>",
            shows: Shows::Something("/data/id"),
        };
        if write.goal.kind() == "AAAA" {
            calls.create = r#"POST /<zone>/records {"type":"AAAA","name":<host>,"ipv6":<address>,"ttl":<ttl>}"#;
            calls.update = r#"PUT /<zone>/records/<id> {"name":<host>,"ipv6":<address>,"ttl":<ttl>,"comment":</comment>}"#;
        }
        write_each(talk, rest, &HOSTTECH, zone, (std::slice::from_ref(write), &calls))?;
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests;
