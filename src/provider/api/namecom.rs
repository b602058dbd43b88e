//! Name.com (<https://docs.name.com/api/v1/dns/list-records>, and its description at
//! <https://github.com/namedotcom/namecom-mcp>).
//!
//! A record is written as a whole, so it is read before.

use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, RecordModel, RestClient, Shows, Writing, ZoneSource,
};
use super::record::{NameForm, RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::{Batch, Rate};

pub(super) const API: Api = Api {
    name: "namecom",
    aliases: &["name.com"],
    title: "Name.com",
    base: Base::Https("api.name.com/core/v1/domains"),
    needs: &[
        Need::new("username", "the user name of the account"),
        Need::new("password", "an API token"),
    ],
    batch: Batch::Account(20),
    rate: Some(Rate { requests: 3000, seconds: 3600 }),
    remark: "",
    publish: Publishing::Interface(&Interface {
        prepare: Some(RestClient::basic),
        zones: ZoneSource::List {
            list: List::numbered("GET ?perPage=100&page=<page>", "/domains", 100),
            name: "/domainName",
            id: "/domainName",
        },
        model: RecordModel::ByIdReadFirst,
        read: Reading::Zone(List::numbered(
            "GET /<zone>/records?perPage=1000&page=<page>",
            "/records",
            1000,
        )),
        // `host` may be null, empty or `@` for the zone itself.
        form: RecordForm { name: "/fqdn", names: NameForm::Complete, address: "/answer", ..RECORD },
        write: Writing::Each(Calls {
            create: r#"POST /<zone>/records {"host":<host>,"type":<type>,"answer":<address>,"ttl":<ttl|300>}"#,
            update: r#"PUT /<zone>/records/<id> {"host":<host>,"type":<type>,"answer":<address>,"ttl":<ttl|300>}"#,
            remove: "DELETE /<zone>/records/<id>",
            shows: Shows::Records(&[""]),
        }),
        ..INTERFACE
    }),
};

#[cfg(test)]
mod tests;
