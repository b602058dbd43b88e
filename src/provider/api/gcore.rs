//! Gcore (<https://api.gcore.com/docs/dns>, and its own client <https://github.com/G-Core/gcore-dns-sdk-go>).

use super::interface::{
    Calls, INTERFACE, Interface, List, Pages, Reading, RecordModel, Shows, Writing, ZoneSource,
};
use super::record::{RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::Batch;

pub(super) const API: Api = Api {
    name: "gcore",
    aliases: &["gcore.com"],
    title: "Gcore",
    base: Base::Https("api.gcore.com/dns/v2/zones"),
    needs: &[Need::new("password", "a permanent API token")],
    batch: Batch::Account(20),
    rate: None,
    remark: "records with balancing or failover become simple ones",
    publish: Publishing::Interface(&Interface {
        headers: &[("Authorization", "APIKey <password>")],
        zones: ZoneSource::List {
            list: List {
                call: "GET ?limit=100&offset=<page>",
                at: "/zones",
                pages: Pages::Offset(100),
            },
            name: "/name",
            id: "/name",
        },
        model: RecordModel::RrSet,
        read: Reading::Set { call: "GET /<zone>/<fqdn>/<type>", at: "" },
        form: RecordForm {
            name: "",
            values: "/resource_records",
            address: "/content/0",
            // An address that its owner has disabled stays disabled.
            value: r#"{"content":</content>,"enabled":</enabled>}"#,
            ..RECORD
        },
        write: Writing::Each(Calls {
            create: r#"POST /<zone>/<fqdn>/<type> {"ttl":<ttl>,"resource_records":<values>}"#,
            update: r#"PUT /<zone>/<fqdn>/<type> {"ttl":<ttl|300>,"resource_records":<values>}"#,
            remove: "DELETE /<zone>/<fqdn>/<type>",
            shows: Shows::Nothing,
        }),
        ..INTERFACE
    }),
};

#[cfg(test)]
mod tests;
