//! netcup's REST API, for zones in its CloudDNS
//! (<https://www.netcup.com/en/helpcenter/documentation/netcup-api>).
//!
//! netcup's description of the interface was read through clients that were written from it
//! (<https://github.com/aellwein/netcup-dns-api>, <https://github.com/acmesh-official/acme.sh>). All changes of
//! a zone are one request, which adds and deletes records. The records are those of the newest revision of the
//! zone.

use super::call::{Together, Values};
use super::interface::{
    INTERFACE, Interface, List, Reading, RecordModel, RestClient, Writing, ZoneRef, ZoneSource,
};
use super::meaning::{Codes, Meaning, Success};
use super::record::{Goal, RECORD, Record, RecordForm, Write};
use super::records::each_element;
use super::rest::{id, text};
use super::zone::Zone;
use super::{Api, Base, Need, Publishing};
use crate::provider::Batch;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::text::percent;

pub(super) const API: Api = Api {
    name: "netcup.com-rest",
    aliases: &["netcup-rest"],
    title: "netcup",
    base: Base::Https("api.netcup.com/v1"),
    needs: &[Need::new(
        "password",
        "an API key of 64 characters, from \"API Keys\" in the customer control panel",
    )],
    batch: Batch::Account(100),
    rate: None,
    remark: "for zones in netcup's CloudDNS, to which new domains belong",
    publish: Publishing::Interface(&NETCUP),
};

const NETCUP: Interface = Interface {
    headers: &[("Authorization", "Bearer <password>")],
    codes: Codes {
        // The HTTP status may be that of success, or of another error.
        success: Success::Is("/success", "true"),
        code: &["/errors/0/code"],
        meanings: &[
            ("authenticationError", Meaning::Credentials, ""),
            ("resourceDoesNotExist", Meaning::NotFound, ""),
        ],
    },
    zones: ZoneSource::ProbeCode(probe),
    zone_ref: ZoneRef::IdAndName,
    model: RecordModel::RrSet,
    read: Reading::Code(read),
    form: RecordForm { id: "/identifier", apex: "@", address: "/rdata", ..RECORD },
    write: Writing::CodeTogether(write),
    ..INTERFACE
};

fn probe(talk: &mut Conversation<'_>, rest: &RestClient, name: &str) -> ApiResult<Zone> {
    let request = rest.get(&format!("/domain?fqdn={}", percent::encode(name)));
    let answer = rest.send(talk, request)?;
    for found in rest.elements_of(&answer, "/result")? {
        if text(&found, "/fqdn") == name {
            return Ok(Zone::new(name, &id(&found, "/id")));
        }
    }
    let explanation = "the domain is not in this account";
    // A search that finds nothing is answered with success, too.
    Err(rest.verdict_with(&answer, Meaning::NotFound, explanation, ""))
}

/// A list in pages, which the path of `rest` leads to.
const LIST: List = List::numbered("GET ?perPage=100&page=<page>", "/result", 100);

fn read(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let mut rest = rest.clone();
    rest.below(&format!("/domain/{}/dns/revision", percent::encode(&zone.id)));
    let mut newest = (String::new(), String::new());
    each_element(talk, &rest, &LIST, &mut |revision| {
        let created = text(revision, "/createdAt").to_owned();
        // These are times as ISO 8601 writes them, whose order is that of the texts.
        if created >= newest.0 {
            newest = (created, id(revision, "/identifier"));
        }
    })?;
    let mut records = Vec::new();
    if newest.1.is_empty() {
        return Ok(records);
    }
    rest.below(&format!("/{}/record", percent::encode(&newest.1)));
    each_element(talk, &rest, &LIST, &mut |raw| {
        let record = Record::of(&rest.interface.form, zone, None, raw);
        if goals.iter().any(|goal| record.is_for(goal)) {
            records.push(record);
        }
    })?;
    Ok(records)
}

fn write(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    let mut together = Together::new();
    for write in writes {
        let mut values = Values::in_zone(talk.account, rest, zone);
        values.set_write(write);
        let present = write.present();
        let renewed = present.filter(|record| record.ttl != write.ttl);
        if !write.goal.change.removes() && (present.is_none() || renewed.is_some()) {
            let new = r#"{"name":<host>,"type":<type>,"rdata":<address>,"ttl":<ttl|300>}"#;
            together.creates.push(values.json(new));
        }
        for record in write.gone().into_iter().chain(renewed) {
            // A deletion must repeat the record exactly.
            let old = r#"{"name":</name>,"type":<type>,"rdata":</rdata>,"ttl":</ttl|300>}"#;
            values.value = &record.raw;
            together.removals.push(values.json(old));
        }
    }
    let call = r#"POST /domain/<zone>/changeset {"create":<creates>,"delete":<removals>,"autoCommit":true,"strict":true}"#;
    let mut values = Values::in_zone(talk.account, rest, zone);
    values.together = &together;
    values.ask(talk, call)?;
    Ok(Vec::new())
}

#[cfg(test)]
mod tests;
