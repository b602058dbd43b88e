//! bunny.net (<https://docs.bunny.net/reference/dnszonepublic_index>).
//!
//! A PUT adds a record, and a POST changes one. The types of records are numbers.

use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, RecordModel, Shows, Writing, ZoneRef, ZoneSource,
};
use super::record::{RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Method, Request};

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
        // A page has only 10 zones, because each is listed with its records, which may have 50 kB.
        list: List::numbered("GET ?perPage=10&page=<page>", "/Items", 10),
        name: "/Domain",
        id: "/Id",
    },
    zone_ref: ZoneRef::IdAndName,
    model: RecordModel::ByIdReadFirst,
    read: Reading::Zone(List::whole("GET /<zone>", "/Records")),
    form: RecordForm {
        name: "/Name",
        kind: "/Type",
        kinds: ["0", "1"],
        id: "/Id",
        ttl: "/Ttl",
        address: "/Value",
        ..RECORD
    },
    write: Writing::Each(Calls {
        create: r#"PUT /<zone>/records {"Type":<type:0:1>,"Name":<host>,"Value":<address>,"Ttl":<ttl>}"#,
        update: r#"POST /<zone>/records/<id> {"Id":<id>,"Type":<type:0:1>,"Name":<host>,"Value":<address>,"Ttl":<ttl>}"#,
        remove: "DELETE /<zone>/records/<id>",
        shows: Shows::Nothing,
    }),
    ..INTERFACE
};

/// A PUT must not be sent again, because it adds a record.
fn once(_: &Conversation<'_>, request: &mut Request) -> ApiResult<()> {
    request.idempotent = request.method == Method::Get;
    Ok(())
}

#[cfg(test)]
mod tests;
