//! GoDaddy (<https://developer.godaddy.com/en/docs/api-users/domains/manage/dns>), version 3; and version 1
//! (<https://developer.godaddy.com/doc/endpoint/domains>), whose API keys end with 2026.
//!
//! Version 3 has requests that add and remove one record. It also has a PUT of one record, which deletes all other
//! records of the zone (<https://github.com/godaddy/cli/issues/136>). So a change is an addition and a removal.

use super::interface::{
    CALLS, Calls, INTERFACE, Interface, List, Pages, Reading, RecordModel, Shows, Writing,
    ZoneSource,
};
use super::meaning::{Codes, Meaning};
use super::record::{RECORD, RecordForm};
use super::rest::CNAME;
use super::{Api, Base, Need, Publishing, records};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Rate};

pub(super) const API: Api = Api {
    name: "godaddy",
    aliases: &["godaddy.com-v1", "godaddy.com-v3"],
    title: "GoDaddy",
    base: Base::Https("api.godaddy.com"),
    needs: &[Need::new(
        "password",
        "a personal access token with the scopes domains.domain:read and domains.dns:update",
    )],
    batch: Batch::Account(10),
    rate: Some(Rate { requests: 60, seconds: 60 }),
    remark: "an API key from before tokens, with its key in 'username' and its secret in 'password', works \
             until the end of 2026",
    publish: Publishing::Code(publish, &V3),
};

fn publish(talk: &mut Conversation<'_>) -> ApiResult<()> {
    let has_key = !talk.account.username.is_empty();
    records::publish(talk, &API, if has_key { &V1 } else { &V3 })
}

const LIST: List = List::numbered(
    "GET /v3/domains/zones/<zone>/dns-records?pageSize=100&page=<page>&totalRequired=true",
    "/items",
    100,
);

const V3: Interface = Interface {
    headers: &[("Authorization", "Bearer <password>")],
    // A zone whose domain is registered elsewhere is in no list.
    zones: ZoneSource::Probe(LIST),
    model: RecordModel::RrSet,
    read: Reading::Zone(LIST),
    form: RecordForm { apex: "@", id: "/recordId", address: "/data", ..RECORD },
    write: Writing::Values(Calls {
        create: r#"POST /v3/domains/zones/<zone>/dns-records {"name":<host>,"type":<type>,"data":<address>,"ttl":<ttl>}"#,
        remove: "DELETE /v3/domains/zones/<zone>/dns-records/</recordId>",
        shows: Shows::Values,
        ..CALLS
    }),
    // This is GoDaddy's least TTL.
    new_ttl: 600,
    ..INTERFACE
};

const V1: Interface = Interface {
    headers: &[("Authorization", "sso-key <username>:<password>")],
    codes: Codes {
        code: &["/code"],
        meanings: &[
            ("ACCESS_DENIED", Meaning::Forbidden, TOKEN),
            ("DUPLICATE_RECORD", Meaning::Refused, CNAME),
            ("UNABLE_TO_AUTHENTICATE", Meaning::Credentials, TOKEN),
        ],
        ..Codes::HTTP
    },
    zones: ZoneSource::List {
        list: List {
            // More would be allowed, but the entry of each zone is long.
            call: "GET /v1/domains?statuses=ACTIVE&limit=100",
            at: "",
            pages: Pages::After { parameter: "&marker=", last: "/domain", size: 100 },
        },
        name: "/domain",
        id: "/domain",
    },
    model: RecordModel::RrSet,
    read: Reading::Name(List::whole("GET /v1/domains/<zone>/records/<type>/<host>", "")),
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
        remove: "DELETE /v1/domains/<zone>/records/<type>/<host>",
        shows: Shows::Nothing,
    }),
    new_ttl: 600,
    ..INTERFACE
};

// The path has the name, because without it GoDaddy replaces the records of this type in the whole zone.
const PUT: &str = "PUT /v1/domains/<zone>/records/<type>/<host> <values>";

const TOKEN: &str = "API keys end with 2026, and many accounts may not use them; make a personal access \
    token with the scopes domains.domain:read and domains.dns:update, put it into 'password', and remove \
    'username'";

#[cfg(test)]
mod tests;
