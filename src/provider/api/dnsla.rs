//! DNS.LA (<https://www.dns.la/docs/ApiDoc>; only the code of other programs could be read: ddns-go, lego).
//!
//! Types of records are numbers. An update replaces a record, so it is read before.

use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, RecordModel, RestClient, Shows, Writing, ZoneRef,
    ZoneSource,
};
use super::meaning::{Codes, Meaning, Success};
use super::record::{RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::Batch;

pub(super) const API: Api = Api {
    name: "dnsla",
    aliases: &["dns.la"],
    title: "DNS.LA",
    base: Base::Https("api.dns.la/api"),
    needs: &[Need::new("username", "the API id"), Need::new("password", "the API secret")],
    batch: Batch::Account(20),
    rate: None,
    remark: "",
    publish: Publishing::Interface(&Interface {
        prepare: Some(RestClient::basic),
        codes: Codes {
            success: Success::Is("/code", "200"),
            code: &["/code"],
            meanings: &[
                ("401", Meaning::Credentials, ""),
                ("403", Meaning::Forbidden, ""),
                ("404", Meaning::NotFound, ""),
                ("429", Meaning::Limited, ""),
                ("5", Meaning::Problem, ""),
            ],
        },
        zones: ZoneSource::List {
            list: List::numbered(
                "GET /domainList?pageIndex=<page>&pageSize=100",
                "/data/results",
                100,
            ),
            name: "/domain",
            id: "/id",
        },
        zone_ref: ZoneRef::IdAndName,
        model: RecordModel::ByIdReadFirst,
        read: Reading::Name(List::whole(
            "GET /recordList?domain=<domain>&host=<%host>&type=<type:1:28>&pageIndex=1&pageSize=500",
            "/data/results",
        )),
        form: RecordForm {
            name: "/host",
            apex: "@",
            kinds: ["1", "28"],
            address: "/data",
            ..RECORD
        },
        write: Writing::Each(Calls {
            // Ids are strings of digits, which stand in quotation marks here so that they are not written as numbers.
            create: r#"POST /record {"domainId":"<zone>","host":<host>,"type":<type:1:28>,"data":<address>,"ttl":<ttl>}"#,
            update: r#"PUT /record {"id":"<id>","host":<host>,"type":<type:1:28>,"data":<address>,"ttl":<ttl>}"#,
            remove: "DELETE /record?id=<id>",
            shows: Shows::Nothing,
        }),
        new_ttl: 600,
        ..INTERFACE
    }),
};

#[cfg(test)]
mod tests;
