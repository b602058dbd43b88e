//! REG.RU (<https://www.reg.ru/support/help/api2>, functions `zone/...`).
//!
//! A record has no id and no TTL. The API takes requests only from addresses that the owner has named.

use super::interface::{
    CALLS, Calls, INTERFACE, Interface, List, Reading, RecordModel, Writing, ZoneSource,
};
use super::meaning::{Codes, Meaning, Success};
use super::record::{RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::{Batch, Rate};

pub(super) const API: Api = Api {
    name: "regru",
    aliases: &["reg.ru"],
    title: "REG.RU",
    base: Base::Https("api.reg.ru/api/regru2/zone"),
    needs: &[
        Need::new("username", "the login of the account"),
        Need::new("password", "its password for the API"),
    ],
    batch: Batch::Account(20),
    rate: Some(Rate { requests: 1200, seconds: 3600 }),
    remark: "a change is an addition and a removal; the API settings must allow any address (0.0.0.0/0); 'ttl' \
             has no effect, because it belongs to the zone",
    publish: Publishing::Interface(&Interface {
        codes: Codes {
            success: Success::Is("/answer/domains/0/result", "success"),
            code: &["/error_code", "/answer/domains/0/error_code"],
            meanings: &[
                ("ACCESS_DENIED_FROM_IP", Meaning::Credentials, ADDRESSES),
                ("*_AUTH", Meaning::Credentials, ""),
                ("NO_USERNAME", Meaning::Credentials, ""),
                ("*EXCEEDED", Meaning::Limited, ""),
                ("*NOT_FOUND", Meaning::NotFound, ""),
            ],
        },
        zones: ZoneSource::Probe(LIST),
        model: RecordModel::RrSet,
        read: Reading::Zone(LIST),
        form: RecordForm {
            name: "/subname",
            apex: "@",
            kind: "/rectype",
            address: "/content",
            ..RECORD
        },
        write: Writing::Values(Calls {
            // `add_alias` adds an A record.
            create: "POST /<type:add_alias:add_aaaa> username=<username>&password=<password>&output_format=json\
                     &domain_name=<domain>&subdomain=<host>&ipaddr=<address>",
            remove: "POST /remove_record username=<username>&password=<password>&output_format=json\
                     &domain_name=<domain>&subdomain=<host>&record_type=<type>&content=</content>",
            ..CALLS
        }),
        ..INTERFACE
    }),
};

const ADDRESSES: &str = "allow the API for any address (0.0.0.0/0), in its settings at REG.RU";

const LIST: List = List::whole(
    "POST /get_resource_records username=<username>&password=<password>&output_format=json\
     &domain_name=<domain>",
    "/answer/domains/0/rrs",
);

#[cfg(test)]
mod tests;
