//! Vultr (<https://www.vultr.com/api/#tag/dns>).

use super::interface::{
    Calls, INTERFACE, Interface, List, Pages, Reading, Shows, Writing, ZoneSource,
};
use super::record::{RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::{Batch, Rate};

pub(super) const API: Api = Api {
    name: "vultr",
    aliases: &[],
    title: "Vultr",
    base: Base::Https("api.vultr.com/v2/domains"),
    needs: &[Need::new(
        "password",
        "an API key, which Vultr must accept from any address (Account, API, Access Control)",
    )],
    batch: Batch::Account(20),
    rate: Some(Rate { requests: 30, seconds: 1 }),
    remark: "the API key must be allowed from any address, or a new one locks it out",
    publish: Publishing::Interface(&Interface {
        headers: &[("Authorization", "Bearer <password>")],
        zones: ZoneSource::List {
            list: List { call: "GET ?per_page=500", at: "/domains", pages: PAGES },
            name: "/domain",
            id: "/domain",
        },
        read: Reading::Zone(List {
            call: "GET /<zone>/records?per_page=500",
            at: "/records",
            pages: PAGES,
        }),
        form: RecordForm { address: "/data", ..RECORD },
        write: Writing::Each(Calls {
            create: r#"POST /<zone>/records {"type":<type>,"name":<host>,"data":<address>,"ttl":<ttl>}"#,
            // The answer has status 204 and no body.
            update: r#"PATCH /<zone>/records/<id> {"data":<address>,"ttl":<set_ttl>}"#,
            remove: "DELETE /<zone>/records/<id>",
            shows: Shows::Records(&["/record"]),
        }),
        ..INTERFACE
    }),
};

const PAGES: Pages = Pages::Cursor { parameter: "&cursor=", next: "/meta/links/next" };

#[cfg(test)]
mod tests;
