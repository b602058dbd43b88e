//! bunny.net (<https://docs.bunny.net/reference/dnszonepublic_index>).
//!
//! A PUT adds a record, and a POST changes one. The types of records are numbers.

use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, RecordModel, Shows, Writing, ZoneRef, ZoneSource,
};
use super::record::{Goal, RECORD, Record, RecordForm, Write};
use super::records::write_each;
use super::rest::Rest;
use super::zone::Zone;
use super::{Api, Base, Need, Publishing};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Method, Request};
use crate::text::percent;

pub(super) const API: Api = Api {
    name: "bunny",
    aliases: &["bunny.net"],
    title: "bunny.net",
    base: Base::Https("api.bunny.net/dnszone"),
    needs: &[Need::new("password", "the API key of the account")],
    batch: Batch::Account(20),
    rate: None,
    remark: "",
    publish: Publishing::Interface(&BUNNY),
};

const BUNNY: Interface = Interface {
    headers: &[("AccessKey", "<password>")],
    sign: Some(once),
    zones: ZoneSource::List {
        // The entry of a zone has its records.
        list: List::numbered("GET ?perPage=20&page=<page>", "/Items", 20),
        name: "/Domain",
        id: "/Id",
    },
    zone_ref: ZoneRef::IdAndName,
    model: RecordModel::ByIdReadFirst,
    read: Reading::Code(read),
    form: RecordForm {
        name: "/Name",
        kind: "/Type",
        id: "/Id",
        ttl: "/Ttl",
        address: "/Value",
        ..RECORD
    },
    write: Writing::Code(write),
    ..INTERFACE
};

/// A PUT must not be sent again, because it adds a record.
fn once(_: &Conversation<'_>, request: &mut Request) -> ApiResult<()> {
    request.idempotent = request.method == Method::Get;
    Ok(())
}

/// The records of the zone, with names of their types.
fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let request = rest.get(&format!("/{}", percent::encode(&zone.id)));
    let mut records = Vec::new();
    for raw in rest.elements(talk, request, "/Records")? {
        let mut record = Record::of(&BUNNY.form, zone, None, &raw);
        match record.kind.as_str() {
            "0" => record.kind = "A".into(),
            "1" => record.kind = "AAAA".into(),
            _ => {}
        }
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
    let mut calls = Calls {
        create: r#"PUT /<zone>/records {"Type":0,"Name":<host>,"Value":<address>,"Ttl":<ttl>}"#,
        update: r#"POST /<zone>/records/<id> {"Id":<id>,"Type":0,"Name":<host>,"Value":<address>,"Ttl":<ttl>}"#,
        remove: "DELETE /<zone>/records/<id>",
        shows: Shows::Nothing,
    };
    for write in writes {
        if write.goal.kind() == "AAAA" {
            calls.create =
                r#"PUT /<zone>/records {"Type":1,"Name":<host>,"Value":<address>,"Ttl":<ttl>}"#;
            calls.update = r#"POST /<zone>/records/<id> {"Id":<id>,"Type":1,"Name":<host>,"Value":<address>,"Ttl":<ttl>}"#;
        }
        write_each(talk, rest, &BUNNY, zone, (std::slice::from_ref(write), &calls))?;
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests;
