//! Leaseweb (<https://developer.leaseweb.com/docs/#tag/DNS>, and its own client
//! <https://github.com/leaseweb/leaseweb-go-sdk>).

use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, RecordModel, Shows, Writing, ZoneSource,
};
use super::record::{NameForm, RECORD, RecordForm, Special};
use super::{Api, Base, Need, Publishing};
use crate::provider::Batch;

pub(super) const API: Api = Api {
    name: "leaseweb",
    aliases: &["leaseweb.com"],
    title: "Leaseweb",
    base: Base::Https("api.leaseweb.com/hosting/v2/domains"),
    needs: &[Need::new("password", "an API key")],
    batch: Batch::Account(20),
    rate: None,
    remark: "the time to live is 60, 300, 1800, 3600, 14400, 28800, 43200 or 86400",
    publish: Publishing::Interface(&Interface {
        headers: &[("X-LSW-Auth", "<password>")],
        zones: ZoneSource::Probe(LIST),
        model: RecordModel::RrSet,
        read: Reading::Zone(LIST),
        form: RecordForm {
            names: NameForm::Complete,
            values: "/content",
            address: "",
            special: Special {
                places: &["/editable"],
                usual: "true",
                is: "is a record that Leaseweb does not let edit",
            },
            ..RECORD
        },
        write: Writing::Each(Calls {
            create: r#"POST /<zone>/resourceRecordSets {"name":"<fqdn>.","type":<type>,"content":<values>,"ttl":<ttl>}"#,
            update: r#"PUT /<zone>/resourceRecordSets/<fqdn>./<type> {"content":<values>,"ttl":<ttl>}"#,
            remove: "DELETE /<zone>/resourceRecordSets/<fqdn>./<type>",
            shows: Shows::Values,
        }),
        ..INTERFACE
    }),
};

const LIST: List = List::whole("GET /<zone>/resourceRecordSets", "/resourceRecordSets");

#[cfg(test)]
mod tests;
