//! hosttech (<https://api.ns1.hosttech.eu/api/documentation/>). The member of a record that holds its address
//! is named after the family.

use super::interface::{
    Calls, INTERFACE, Interface, List, Pages, Reading, RecordModel, Shows, Writing, ZoneRef,
    ZoneSource,
};
use super::record::{RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::Batch;

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
    read: Reading::Zone(List::whole("GET /<zone>/records", "/data")),
    form: RecordForm { address: "/type:ipv4:ipv6", ..RECORD },
    write: Writing::Each(Calls {
        create: r#"POST /<zone>/records {"type":<type>,"name":<host>,"<type:ipv4:ipv6>":<address>,"ttl":<ttl>}"#,
        // The owner's comment is sent back, because a PUT replaces the record.
        update: r#"PUT /<zone>/records/<id> {"name":<host>,"<type:ipv4:ipv6>":<address>,"ttl":<ttl>,"comment":</comment>}"#,
        remove: "DELETE /<zone>/records/<id>",
        shows: Shows::Something("/data/id"),
    }),
    ..INTERFACE
};

#[cfg(test)]
mod tests;
