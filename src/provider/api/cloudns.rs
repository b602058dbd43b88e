//! ClouDNS (<https://www.cloudns.net/wiki/article/56/>).
//!
//! A record is written as a whole, so it is read before. The credentials are in the body of each request.

use super::interface::{
    Calls, INTERFACE, Interface, List, Pages, Reading, RecordModel, Shows, Writing, ZoneSource,
};
use super::meaning::{Codes, Meaning, Success};
use super::record::{RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::model::secret::Secret;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Request};

pub(super) const API: Api = Api {
    name: "cloudns",
    aliases: &["cloudns.net-api"],
    title: "ClouDNS",
    base: Base::Https("api.cloudns.net/dns"),
    needs: &[
        Need::new("username", "the auth-id of an API user, or the name of an API sub-user"),
        Need::new("password", "its password"),
    ],
    batch: Batch::Account(20),
    rate: None,
    remark: "the API belongs to paid plans; without it, 'cloudns.net' uses a record's DynamicURL",
    publish: Publishing::Interface(&CLOUDNS),
};

const CLOUDNS: Interface = Interface {
    sign: Some(name_sub_user),
    codes: Codes {
        // The HTTP status is always 200.
        success: Success::ByStatus,
        code: &["/status", "/statusDescription"],
        meanings: &[
            ("Success", Meaning::Success, ""),
            ("*uthentication", Meaning::Credentials, ""),
            ("*domain-name", Meaning::NotFound, ""),
            ("*limit", Meaning::Limited, ""),
        ],
    },
    zones: ZoneSource::List {
        list: List::numbered(
            "POST /list-zones.json auth-id=<username>&auth-password=<password>&page=<page>&rows-per-page=100",
            "",
            100,
        ),
        name: "/name",
        id: "/name",
    },
    model: RecordModel::ByIdReadFirst,
    read: Reading::Zone(List {
        call: "POST /records.json auth-id=<username>&auth-password=<password>&domain-name=<zone>",
        at: "",
        pages: Pages::Members,
    }),
    form: RecordForm { name: "/host", address: "/record", ..RECORD },
    write: Writing::Each(Calls {
        // ClouDNS takes some TTLs only. 300 is one of them.
        create: "POST /add-record.json auth-id=<username>&auth-password=<password>&domain-name=<zone>&record-type=<type>&host=<host>&record=<address>&ttl=<ttl|300>",
        update: "POST /mod-record.json auth-id=<username>&auth-password=<password>&domain-name=<zone>&record-id=<id>&host=<host>&record=<address>&ttl=<ttl|300>",
        remove: "POST /delete-record.json auth-id=<username>&auth-password=<password>&domain-name=<zone>&record-id=<id>",
        shows: Shows::Text("/status", "Success"),
    }),
    ..INTERFACE
};

/// An API user has a number, and an API sub-user a name.
fn name_sub_user(talk: &Conversation<'_>, request: &mut Request) -> ApiResult<()> {
    let is_number = talk.account.username.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(body) = &request.body
        && let Some(rest) = body.expose().strip_prefix("auth-id=")
        && !is_number
    {
        request.body = Some(Secret::new(["sub-auth-user=", rest].concat()));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
