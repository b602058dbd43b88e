//! GoDaddy (<https://developer.godaddy.com/doc/endpoint/domains>).

use super::interface::{
    Calls, INTERFACE, Interface, List, Pages, Reading, RecordModel, Shows, Writing, ZoneSource,
};
use super::meaning::{Codes, Meaning};
use super::record::{RECORD, RecordForm};
use super::rest::CNAME;
use super::{Api, Base, Need, Publishing};
use crate::provider::{Batch, Rate};

pub(super) const API: Api = Api {
    name: "godaddy",
    aliases: &["godaddy.com-v1"],
    title: "GoDaddy",
    base: Base::Https("api.godaddy.com/v1/domains"),
    needs: &[
        Need::new("username", "the key of a production API key"),
        Need::new("password", "its secret"),
    ],
    batch: Batch::Account(10),
    rate: Some(Rate { requests: 60, seconds: 60 }),
    remark: "open only to accounts with ten domains or more, or with a Discount Domain Club plan",
    publish: Publishing::Interface(&Interface {
        headers: &[("Authorization", "sso-key <username>:<password>")],
        codes: Codes {
            code: &["/code"],
            meanings: &[
                ("ACCESS_DENIED", Meaning::Forbidden, NOT_OPEN),
                ("DUPLICATE_RECORD", Meaning::Refused, CNAME),
            ],
            ..Codes::HTTP
        },
        zones: ZoneSource::List {
            list: List {
                // More would be allowed, but the entry of each zone is long.
                call: "GET ?statuses=ACTIVE&limit=100",
                at: "",
                pages: Pages::After { parameter: "&marker=", last: "/domain", size: 100 },
            },
            name: "/domain",
            id: "/domain",
        },
        model: RecordModel::RrSet,
        read: Reading::Name(List::whole("GET /<zone>/records/<type>/<host>", "")),
        form: RecordForm {
            name: "",
            apex: "@",
            address: "/data",
            value: r#"{"data":</data>,"ttl":<ttl>}"#,
            ..RECORD
        },
        write: Writing::Each(Calls {
            create: PUT,
            update: PUT,
            remove: "DELETE /<zone>/records/<type>/<host>",
            shows: Shows::Nothing,
        }),
        new_ttl: 600,
        ..INTERFACE
    }),
};

const PUT: &str = "PUT /<zone>/records/<type>/<host> <values>";

const NOT_OPEN: &str = "since May 2024 GoDaddy opens its interface only to accounts with ten domains or \
    more, or with a Discount Domain Club plan; move the zone to another DNS provider, or the domain";

#[cfg(test)]
mod tests;
