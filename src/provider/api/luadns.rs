//! LuaDNS (<https://www.luadns.com/api.html>).
//!
//! A record is written as a whole, so it is read before.

use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, RecordModel, RestClient, Shows, Writing, ZoneRef,
    ZoneSource,
};
use super::record::{NameForm, RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::Batch;

pub(super) const API: Api = Api {
    name: "luadns",
    aliases: &["luadns.com-v1"],
    title: "LuaDNS",
    base: Base::Https("api.luadns.com/v1/zones"),
    needs: &[
        Need::new("username", "the e-mail address of the account"),
        Need::new("password", "an API key, with access to the API enabled"),
    ],
    batch: Batch::Account(50),
    rate: None,
    remark: "",
    publish: Publishing::Interface(&Interface {
        headers: &[("Accept", "application/json")],
        prepare: Some(RestClient::basic),
        zones: ZoneSource::List { list: List::whole("GET ", ""), name: "/name", id: "/id" },
        zone_ref: ZoneRef::Id,
        model: RecordModel::ByIdReadFirst,
        read: Reading::Zone(List::whole("GET /<zone>/records", "")),
        form: RecordForm { names: NameForm::Complete, ..RECORD },
        write: Writing::Each(Calls {
            create: r#"POST /<zone>/records {"name":"<fqdn>.","type":<type>,"content":<address>,"ttl":<ttl|300>}"#,
            update: r#"PUT /<zone>/records/<id> {"name":"<fqdn>.","type":<type>,"content":<address>,"ttl":<ttl|300>}"#,
            remove: "DELETE /<zone>/records/<id>",
            shows: Shows::Records(&[""]),
        }),
        ..INTERFACE
    }),
};

#[cfg(test)]
mod tests;
