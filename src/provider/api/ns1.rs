//! NS1, now IBM NS1 Connect (<https://developer.ibm.com/apis/catalog/ns1--ibm-ns1-connect-api>).
//!
//! A record set has answers, which may have metadata beside the address. So each set is read before it
//! is written.

use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, RecordModel, Shows, Writing, ZoneSource,
};
use super::record::{RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::Batch;

pub(super) const API: Api = Api {
    name: "ns1",
    aliases: &["ns1.com"],
    title: "NS1",
    base: Base::Https("api.nsone.net/v1/zones"),
    needs: &[Need::new("password", "an API key that may manage the zone's records")],
    batch: Batch::Account(20),
    rate: None,
    remark: "",
    publish: Publishing::Interface(&Interface {
        headers: &[("X-NSONE-Key", "<password>")],
        zones: ZoneSource::List { list: List::whole("GET ", ""), name: "/zone", id: "/zone" },
        model: RecordModel::RrSet,
        read: Reading::Set { call: "GET /<zone>/<fqdn>/<type>", at: "" },
        form: RecordForm { name: "", values: "/answers", address: "/answer/0", ..RECORD },
        write: Writing::Each(Calls {
            // At NS1 a PUT adds a set, and a POST changes one.
            create: r#"PUT /<zone>/<fqdn>/<type> {"zone":<domain>,"domain":<fqdn>,"type":<type>,"answers":<values>,"ttl":<ttl>}"#,
            update: r#"POST /<zone>/<fqdn>/<type> {"answers":<values>,"ttl":<set_ttl>}"#,
            remove: "DELETE /<zone>/<fqdn>/<type>",
            shows: Shows::Values,
        }),
        ..INTERFACE
    }),
};

#[cfg(test)]
mod tests;
