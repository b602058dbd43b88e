//! Civo (<https://www.civo.com/api/dns>, and its own client <https://github.com/civo/civogo>). Neither knows
//! records of the type AAAA.

use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, Shows, Writing, ZoneRef, ZoneSource,
};
use super::record::{RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::Batch;

pub(super) const API: Api = Api {
    name: "civo",
    aliases: &["civo.com"],
    title: "Civo",
    base: Base::Https("api.civo.com/v2/dns"),
    needs: &[Need::new("password", "an API key")],
    batch: Batch::Account(20),
    rate: None,
    remark: "Civo's documentation has no records for IPv6; the time to live is at least 600",
    publish: Publishing::Interface(&Interface {
        headers: &[("Authorization", "bearer <password>")],
        zones: ZoneSource::List { list: List::whole("GET ", ""), name: "/name", id: "/id" },
        zone_ref: ZoneRef::IdAndName,
        read: Reading::Zone(List::whole("GET /<zone>/records", "")),
        // Answers have the types in lower case, requests in upper case.
        form: RecordForm { apex: "@", kinds: ["a", "aaaa"], address: "/value", ..RECORD },
        write: Writing::Each(Calls {
            create: r#"POST /<zone>/records {"type":<type>,"name":<host>,"value":<address>,"ttl":<ttl>}"#,
            update: r#"PUT /<zone>/records/<id> {"type":<type>,"name":<host>,"value":<address>,"ttl":<set_ttl>}"#,
            remove: "DELETE /<zone>/records/<id>",
            shows: Shows::Records(&[""]),
        }),
        // This is Civo's least TTL.
        new_ttl: 600,
        ..INTERFACE
    }),
};

#[cfg(test)]
mod tests;
