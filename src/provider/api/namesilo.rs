//! NameSilo (<https://www.namesilo.com/api-reference>).
//!
//! Every request is a GET with the key in the URL. A record gets another id with each change, so it is
//! read before it is written.

use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, RecordModel, Shows, Writing, ZoneSource,
};
use super::meaning::{Codes, Meaning, Success};
use super::record::{NameForm, RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::Batch;

pub(super) const API: Api = Api {
    name: "namesilo",
    aliases: &["namesilo.com-v1"],
    title: "NameSilo",
    base: Base::Https("www.namesilo.com/api"),
    needs: &[Need::new("password", "an API key that any address may use")],
    batch: Batch::Account(20),
    rate: None,
    remark: "",
    publish: Publishing::Interface(&Interface {
        // The HTTP status is always 200.
        codes: Codes {
            success: Success::Is("/reply/code", "300"),
            code: &["/reply/code"],
            meanings: &[
                ("110", Meaning::Credentials, ""),
                ("112", Meaning::Credentials, ""),
                (
                    "113",
                    Meaning::Forbidden,
                    "let the API key be used from any address, at NameSilo",
                ),
                ("200", Meaning::NotFound, ""),
                // Internal errors, which do not depend on the record.
                ("201", Meaning::Problem, ""),
                ("210", Meaning::Problem, ""),
                ("280", Meaning::Problem, ""),
            ],
        },
        zones: ZoneSource::Probe(LIST),
        model: RecordModel::ByIdReadFirst,
        read: Reading::Zone(LIST),
        form: RecordForm {
            name: "/host",
            // NameSilo has shown relative names since December 2025, and now and then complete ones, as before.
            names: NameForm::Either,
            apex: "@",
            id: "/record_id",
            address: "/value",
            ..RECORD
        },
        write: Writing::Each(Calls {
            create: "GET /dnsAddRecord?version=1&type=json&key=<password>&domain=<domain>&rrtype=<type>\
                &rrhost=<host>&rrvalue=<address>&rrttl=<ttl|3600>",
            update: "GET /dnsUpdateRecord?version=1&type=json&key=<password>&domain=<domain>&rrid=<id>\
                &rrhost=<host>&rrvalue=<address>&rrttl=<ttl|3600>",
            remove: "GET /dnsDeleteRecord?version=1&type=json&key=<password>&domain=<domain>&rrid=<id>",
            shows: Shows::Something("/reply/record_id"),
        }),
        // This is NameSilo's least TTL.
        new_ttl: 3600,
        ..INTERFACE
    }),
};

const LIST: List = List::whole(
    "GET /dnsListRecords?version=1&type=json&key=<password>&domain=<domain>",
    "/reply/resource_record",
);

#[cfg(test)]
mod tests;
