//! GleSYS (<https://github.com/GleSYS/API/wiki/API-Documentation>, and its own client
//! <https://github.com/glesys/glesys-go>).

use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, RestClient, Shows, Writing, ZoneSource,
};
use super::record::{RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::Batch;

pub(super) const API: Api = Api {
    name: "glesys",
    aliases: &["glesys.com"],
    title: "GleSYS",
    base: Base::Https("api.glesys.com/domain"),
    needs: &[
        Need::new("username", "the name of the project (CL12345)"),
        Need::new(
            "password",
            "an API key that may list domains, and list, add, update and delete records",
        ),
    ],
    batch: Batch::Account(20),
    rate: None,
    remark: "",
    publish: Publishing::Interface(&Interface {
        // GleSYS can also answer in XML.
        headers: &[("Accept", "application/json")],
        prepare: Some(RestClient::basic),
        zones: ZoneSource::List {
            list: List::whole("GET /list", "/response/domains"),
            name: "/domainname",
            id: "/domainname",
        },
        read: Reading::Zone(List::whole(
            r#"POST /listrecords {"domainname":<domain>}"#,
            "/response/records",
        )),
        form: RecordForm { name: "/host", apex: "@", id: "/recordid", address: "/data", ..RECORD },
        write: Writing::Each(Calls {
            create: r#"POST /addrecord {"domainname":<domain>,"host":<host>,"type":<type>,"data":<address>,"ttl":<ttl>}"#,
            update: r#"POST /updaterecord {"recordid":<id>,"data":<address>,"ttl":<set_ttl>}"#,
            remove: r#"POST /deleterecord {"recordid":<id>}"#,
            shows: Shows::Records(&["/response/record"]),
        }),
        ..INTERFACE
    }),
};

#[cfg(test)]
mod tests;
