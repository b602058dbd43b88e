//! IONOS (<https://developer.hosting.ionos.com/docs/dns>).
//!
//! Changes of any number of names of a zone are one request.

use super::interface::{
    CALLS, Calls, INTERFACE, Interface, List, Reading, RecordModel, Removal, Writing, ZoneRef,
    ZoneSource,
};
use super::record::{NameForm, RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::Batch;

pub(super) const API: Api = Api {
    name: "ionos",
    aliases: &[],
    title: "IONOS",
    base: Base::Https("api.hosting.ionos.com/dns/v1/zones"),
    needs: &[Need::new(
        "password",
        "an API key in the form prefix.secret, of the contract with the domain",
    )],
    batch: Batch::Account(50),
    rate: None,
    remark: "an update URL of IONOS goes into update_url instead, with &ipv4=[IP] or &ipv6=[IP]",
    publish: Publishing::Interface(&Interface {
        headers: &[("X-API-Key", "<password>")],
        zones: ZoneSource::List { list: List::whole("GET ", ""), name: "/name", id: "/id" },
        zone_ref: ZoneRef::Id,
        model: RecordModel::RrSet,
        read: Reading::NameOrZone {
            name: List::whole("GET /<zone>?recordType=A,AAAA&recordName=<fqdn>", "/records"),
            zone: List::whole("GET /<zone>?recordType=A,AAAA", "/records"),
            // One list has the addresses of the whole zone, so two names are enough for it.
            most_names: 1,
        },
        form: RecordForm {
            names: NameForm::Complete,
            value: r#"{"name":<fqdn>,"type":<type>,"content":</content>,"disabled":</disabled|false>,"ttl":<ttl>}"#,
            ..RECORD
        },
        write: Writing::Together {
            // PATCH replaces the sets with the names and types of these records. A PUT would replace the whole zone.
            update: "PATCH /<zone> <changes>",
            remove: Removal::PerValue("DELETE /<zone>/records/</id>"),
            one: Calls { create: "<values>", update: "<values>", ..CALLS },
            alone: None,
        },
        ..INTERFACE
    }),
};

#[cfg(test)]
mod tests;
