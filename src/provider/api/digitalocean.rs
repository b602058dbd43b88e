//! DigitalOcean (<https://docs.digitalocean.com/reference/api/reference/domain-records/>).

use super::interface::{Calls, INTERFACE, Interface, List, Reading, Shows, Writing, ZoneSource};
use super::record::{RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::{Batch, Rate};

pub(super) const API: Api = Api {
    name: "digitalocean",
    aliases: &["digitalocean.com-v2"],
    title: "DigitalOcean",
    base: Base::Https("api.digitalocean.com/v2/domains"),
    needs: &[Need::new(
        "password",
        "an API token with domain:read, domain:create, domain:update, and domain:delete for \
                'remove_after'",
    )],
    batch: Batch::Account(20),
    rate: Some(Rate { requests: 250, seconds: 60 }),
    remark: "",
    publish: Publishing::Interface(&Interface {
        headers: &[("Authorization", "Bearer <password>")],
        zones: ZoneSource::List {
            // A page has only 10 domains, because each is listed with its zone file, which may have 50 kB.
            list: List::numbered("GET ?per_page=10&page=<page>", "/domains", 10),
            name: "/name",
            id: "/name",
        },
        // The filter wants the complete name, although records are shown with relative names.
        read: Reading::Name(List::whole(
            "GET /<zone>/records?type=<type>&name=<fqdn>&per_page=200",
            "/domain_records",
        )),
        form: RecordForm { address: "/data", apex: "@", ..RECORD },
        write: Writing::Each(Calls {
            create: r#"POST /<zone>/records {"type":<type>,"name":<host>,"data":<address>,"ttl":<ttl>}"#,
            // DigitalOcean wants the type also if the record does not change.
            update: r#"PATCH /<zone>/records/<id> {"type":<type>,"data":<address>,"ttl":<set_ttl>}"#,
            remove: "DELETE /<zone>/records/<id>",
            shows: Shows::Records(&["/domain_record"]),
        }),
        ..INTERFACE
    }),
};

#[cfg(test)]
mod tests;
