//! Servercow (<https://cp.servercow.de/en/plugin/support_manager/knowledgebase/view/34/dns-api-v1/7/>).

use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, RecordModel, Shows, Writing, ZoneSource,
};
use super::meaning::{Codes, Meaning};
use super::record::{RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::Batch;

pub(super) const API: Api = Api {
    name: "servercow",
    aliases: &["servercow.de"],
    title: "Servercow",
    base: Base::Https("api.servercow.de/dns/v1/domains"),
    needs: &[
        Need::new("username", "the user name of an API user"),
        Need::new("password", "its password"),
    ],
    batch: Batch::Account(20),
    rate: None,
    remark: "the domain must be given to the API user",
    publish: Publishing::Interface(&Interface {
        headers: &[("X-Auth-Username", "<username>"), ("X-Auth-Password", "<password>")],
        // An error may come with status 200.
        codes: Codes {
            code: &["/error"],
            meanings: &[("*no such domain", Meaning::NotFound, "")],
            ..Codes::HTTP
        },
        zones: ZoneSource::Probe(LIST),
        model: RecordModel::RrSet,
        read: Reading::Zone(LIST),
        form: RecordForm { values: "/content", address: "", ..RECORD },
        write: Writing::Each(Calls {
            create: SET,
            update: SET,
            remove: r#"DELETE /<domain> {"type":<type>,"name":<host>}"#,
            shows: Shows::Text("/message", "ok"),
        }),
        ..INTERFACE
    }),
};

// Servercow takes a single value only without an array around it.
const SET: &str =
    r#"POST /<domain> {"type":<type>,"name":<host>,"content":<one_or_values>,"ttl":<ttl|300>}"#;

const LIST: List = List::whole("GET /<domain>", "");

#[cfg(test)]
mod tests;
