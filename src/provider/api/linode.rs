//! Linode, Akamai's cloud (<https://techdocs.akamai.com/linode-api/reference/get-domain-records>).

use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, Shows, Writing, ZoneRef, ZoneSource,
};
use super::record::{RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::{Batch, Rate};

pub(super) const API: Api = Api {
    name: "linode",
    aliases: &[],
    title: "Linode",
    base: Base::Https("api.linode.com/v4/domains"),
    needs: &[Need::new("password", "a personal access token that may read and write domains")],
    batch: Batch::Account(20),
    // The limit for lists. Other requests have a higher one.
    rate: Some(Rate { requests: 200, seconds: 60 }),
    remark: "a time to live becomes the next one that Linode has",
    publish: Publishing::Interface(&Interface {
        headers: &[("Authorization", "Bearer <password>")],
        zones: ZoneSource::List {
            list: List::numbered("GET ?page_size=500&page=<page>", "/data", 500),
            name: "/domain",
            id: "/id",
        },
        zone_ref: ZoneRef::IdAndName,
        read: Reading::Zone(List::numbered(
            "GET /<zone>/records?page_size=500&page=<page>",
            "/data",
            500,
        )),
        form: RecordForm { address: "/target", ttl: "/ttl_sec", ..RECORD },
        write: Writing::Each(Calls {
            create: r#"POST /<zone>/records {"type":<type>,"name":<host>,"target":<address>,"ttl_sec":<ttl>}"#,
            // Linode keeps what a PUT does not name.
            update: r#"PUT /<zone>/records/<id> {"target":<address>,"ttl_sec":<set_ttl>}"#,
            remove: "DELETE /<zone>/records/<id>",
            shows: Shows::Records(&[""]),
        }),
        ..INTERFACE
    }),
};

#[cfg(test)]
mod tests;
