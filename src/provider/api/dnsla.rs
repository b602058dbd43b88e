//! DNS.LA (<https://www.dns.la/docs/ApiDoc>; only the code of other programs could be read: ddns-go, lego).
//!
//! Types of records are numbers. An update replaces a record, so it is read before.

use serde_json::Value;

use super::interface::{
    INTERFACE, Interface, List, Reading, RecordModel, Writing, ZoneRef, ZoneSource,
};
use super::meaning::{Codes, Meaning};
use super::record::{Goal, RECORD, Record, RecordForm, Write};
use super::rest::{Rest, object};
use super::zone::Zone;
use super::{Api, Base, Need, Publishing};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Method};
use crate::text::percent::encode;

pub(super) const API: Api = Api {
    name: "dnsla",
    aliases: &["dns.la"],
    title: "DNS.LA",
    base: Base::Https("api.dns.la/api"),
    needs: &[Need::new("username", "the API id"), Need::new("password", "the API secret")],
    batch: Batch::Account(20),
    rate: None,
    remark: "",
    publish: Publishing::Interface(&Interface {
        prepare: Some(Rest::basic),
        codes: Codes {
            success: ("/code", "200"),
            code: &["/code"],
            meanings: &[
                ("401", Meaning::Credentials, ""),
                ("403", Meaning::Forbidden, ""),
                ("404", Meaning::NotFound, ""),
                ("429", Meaning::Limited, ""),
                ("5", Meaning::Problem, ""),
            ],
        },
        zones: ZoneSource::List {
            list: List::numbered(
                "GET /domainList?pageIndex=<page>&pageSize=100",
                "/data/results",
                100,
            ),
            name: "/domain",
            id: "/id",
        },
        zone_ref: ZoneRef::IdAndName,
        model: RecordModel::ByIdReadFirst,
        read: Reading::CodeForName(read),
        form: FORM,
        write: Writing::Code(write),
        new_ttl: 600,
        ..INTERFACE
    }),
};

const FORM: RecordForm = RecordForm { name: "/host", kind: "", address: "/data", ..RECORD };

/// The number of the type of `goal` (RFC 1035, RFC 3596).
fn number(goal: &Goal<'_>) -> u8 {
    if goal.kind() == "A" { 1 } else { 28 }
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let mut records = Vec::new();
    for goal in goals {
        let (domain, host, kind) = (&zone.name, encode(goal.host(zone, "@")), number(goal));
        let query = format!("domain={domain}&host={host}&type={kind}&pageIndex=1&pageSize=500");
        let path = format!("/recordList?{query}");
        for raw in rest.elements(talk, rest.get(&path), "/data/results")? {
            if raw["type"] == kind {
                records.push(Record::of(&FORM, zone, Some(goal), &raw));
            }
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
        let id = write.id.clone().unwrap_or_default();
        if write.is_removal() {
            rest.ask(talk, rest.request(Method::Delete, &format!("/record?id={}", encode(&id))))?;
            continue;
        }
        let mut body = object(&mut [
            ("host", write.goal.host(zone, "@").into()),
            ("type", number(write.goal).into()),
            ("data", write.goal.address()),
        ]);
        body = write.with_ttl(body, "ttl");
        let (method, member, value): (_, _, Value) = match write.exists {
            true => (Method::Put, "id", id.into()),
            false => (Method::Post, "domainId", zone.id.as_str().into()),
        };
        body[member] = value;
        rest.ask(talk, rest.json(method, "/record", &body))?;
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests;
