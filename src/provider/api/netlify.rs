//! Netlify (<https://open-api.netlify.com/#tag/dnsZone>).
//!
//! Records are created and deleted; they cannot be changed.

use super::interface::{
    CALLS, Calls, INTERFACE, Interface, List, Reading, RecordModel, Shows, Writing, ZoneRef,
    ZoneSource,
};
use super::record::{NameForm, RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::{Batch, Rate};

pub(super) const API: Api = Api {
    name: "netlify",
    aliases: &["netlify.com"],
    title: "Netlify",
    base: Base::Https("api.netlify.com/api/v1/dns_zones"),
    needs: &[Need::new("password", "a personal access token")],
    batch: Batch::Account(20),
    rate: Some(Rate { requests: 500, seconds: 60 }),
    remark: "a change is an addition and a removal",
    publish: Publishing::Interface(&Interface {
        headers: &[("Authorization", "Bearer <password>")],
        zones: ZoneSource::List { list: List::whole("GET ", ""), name: "/name", id: "/id" },
        zone_ref: ZoneRef::Id,
        model: RecordModel::RrSet,
        read: Reading::Zone(List::whole("GET /<zone>/dns_records", "")),
        form: RecordForm {
            name: "/hostname",
            names: NameForm::Complete,
            address: "/value",
            ..RECORD
        },
        write: Writing::Values(Calls {
            create: r#"POST /<zone>/dns_records {"type":<type>,"hostname":<fqdn>,"value":<address>,"ttl":<ttl>}"#,
            remove: "DELETE /<zone>/dns_records/</id>",
            shows: Shows::Values,
            ..CALLS
        }),
        ..INTERFACE
    }),
};

#[cfg(test)]
mod tests;
