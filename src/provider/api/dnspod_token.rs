//! DNSPod's former interface, with API tokens (<https://docs.dnspod.cn/api/>).
//!
//! A record is written as a whole, so it is read before. DNSPod locks a record that is often written without
//! a change.

use super::interface::{
    Calls, INTERFACE, Interface, List, Pages, Reading, RecordModel, Shows, Writing, ZoneSource,
};
use super::meaning::{Codes, Meaning, Success};
use super::record::{RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::Batch;
use crate::time::Duration;

pub(super) const API: Api = Api {
    name: "dnspod-token",
    aliases: &["dnspod.cn"],
    title: "DNSPod",
    base: Base::Https("dnsapi.cn"),
    needs: &[
        Need::new("username", "the id of an API token"),
        Need::new("password", "the API token"),
    ],
    batch: Batch::Account(20),
    rate: None,
    remark: "Tencent wants API tokens to end; 'dnspod.cn-v3' takes its successor, an API key of Tencent \
             Cloud",
    publish: Publishing::Interface(&Interface {
        // Who sends too many requests is blocked for an hour.
        pause: Duration::from_secs(3600),
        codes: Codes {
            // The HTTP status is always 200.
            success: Success::Is("/status/code", "1"),
            code: &["/status/code", "/status/message"],
            meanings: &[
                // The answer to a list without records.
                ("10 ", Meaning::Success, ""),
                ("-1 ", Meaning::Credentials, ""),
                // The account is blocked after logins with wrong credentials.
                ("-8 ", Meaning::Credentials, ""),
                ("-2 ", Meaning::Limited, ""),
                ("-7 ", Meaning::Forbidden, ""),
                ("85 ", Meaning::Forbidden, "let the account log in from any place, at DNSPod"),
                ("-99 ", Meaning::Problem, ""),
                ("3 ", Meaning::Problem, ""),
                // No domain, not the owner of this one, or no such domain or record.
                ("6 ", Meaning::NotFound, ""),
                ("7 ", Meaning::NotFound, ""),
                ("8 ", Meaning::NotFound, ""),
                ("9 ", Meaning::NotFound, ""),
            ],
        },
        zones: ZoneSource::List {
            list: List {
                call: "POST /Domain.List login_token=<username>,<password>&format=json&offset=<page>\
                       &length=500",
                at: "/domains",
                pages: Pages::Offset(500),
            },
            name: "/name",
            id: "/name",
        },
        model: RecordModel::ByIdReadFirst,
        read: Reading::Name(List::whole(
            "POST /Record.List login_token=<username>,<password>&format=json&domain=<zone>\
             &sub_domain=<host>&record_type=<type>",
            "/records",
        )),
        form: RecordForm { apex: "@", address: "/value", ..RECORD },
        write: Writing::Each(Calls {
            // Line 0 is the one for all who ask. A changed record keeps its line.
            create: "POST /Record.Create login_token=<username>,<password>&format=json&domain=<zone>\
                     &sub_domain=<host>&record_type=<type>&record_line_id=0&value=<address>&ttl=<ttl>",
            update: "POST /Record.Modify login_token=<username>,<password>&format=json&domain=<zone>\
                     &record_id=<id>&sub_domain=<host>&record_type=<type>\
                     &record_line_id=</line_id|\"0\">&value=<address>&ttl=<ttl>",
            remove: "POST /Record.Remove login_token=<username>,<password>&format=json&domain=<zone>\
                     &record_id=<id>",
            shows: Shows::Text("/status/code", "1"),
        }),
        // This is the least TTL of DNSPod's free plan.
        new_ttl: 600,
        ..INTERFACE
    }),
};

#[cfg(test)]
mod tests;
