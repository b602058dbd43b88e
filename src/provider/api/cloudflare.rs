//! Cloudflare (<https://developers.cloudflare.com/api/resources/dns/subresources/records/>).
//!
//! The ids of zones and records are learned. With them, changes of any number of names are one batch
//! request, which Cloudflare carries out as a whole or not at all.

use super::interface::{
    CALLS, Calls, INTERFACE, Interface, List, MOST_BY_NAME, Reading, RecordModel, Removal,
    RestClient, Shows, Writing, ZoneRef, ZoneSource,
};
use super::meaning::{Codes, Meaning, Success};
use super::record::{NameForm, RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Rate};

pub(super) const API: Api = Api {
    name: "cloudflare",
    aliases: &["cloudflare.com-v4"],
    title: "Cloudflare",
    base: Base::Https("api.cloudflare.com/client/v4/zones"),
    needs: &[Need::new("password", "an API token with Zone Read and DNS Write for the zone")],
    // The limit of the free plan for one batch.
    batch: Batch::Account(200),
    rate: Some(Rate { requests: 1200, seconds: 300 }),
    remark: "an API token needs the permissions Zone Read and DNS Write; with an e-mail address as \
             'username' the password is the global API key",
    publish: Publishing::Interface(&CLOUDFLARE),
};

const CLOUDFLARE: Interface = Interface {
    prepare: Some(credentials),
    codes: CODES,
    zones: ZoneSource::List {
        // Cloudflare lists at most 50 zones in a page.
        list: List::numbered("GET ?per_page=50&page=<page>", "/result", 50),
        name: "/name",
        id: "/id",
    },
    zone_ref: ZoneRef::Id,
    model: RecordModel::ById,
    // 500 records fit into [`LONG_ANSWER`](crate::provider::LONG_ANSWER).
    read: Reading::NameOrZone {
        name: List::numbered(
            "GET /<zone>/dns_records?type=<type>&name=<fqdn>&per_page=500&page=<page>",
            "/result",
            500,
        ),
        zone: List::numbered(
            "GET /<zone>/dns_records?type=<type>&per_page=500&page=<page>",
            "/result",
            500,
        ),
        most_names: MOST_BY_NAME,
    },
    form: RecordForm { names: NameForm::Complete, ..RECORD },
    write: Writing::Together {
        update: r#"POST /<zone>/dns_records/batch {"deletes":[],"patches":<updates>,"posts":<creates>}"#,
        remove: Removal::OneRequest(
            r#"POST /<zone>/dns_records/batch {"deletes":<removals>,"patches":[],"posts":[]}"#,
        ),
        one: Calls {
            create: r#"{"type":<type>,"name":<fqdn>,"content":<address>,"ttl":<set_ttl>,"proxied":<proxied|false>}"#,
            // A patch keeps what it does not name: the comment, the tags, the proxying. A put would reset them.
            update: r#"{"id":<id>,"content":<address>,"ttl":<set_ttl>,"proxied":<proxied>}"#,
            remove: r#"{"id":<id>}"#,
            shows: Shows::Records(&["/result/patches", "/result/posts"]),
        },
        alone: Some(Calls {
            create: r#"POST /<zone>/dns_records {"type":<type>,"name":<fqdn>,"content":<address>,"ttl":<set_ttl>,"proxied":<proxied|false>}"#,
            update: r#"PATCH /<zone>/dns_records/<id> {"id":<id>,"content":<address>,"ttl":<set_ttl>,"proxied":<proxied>}"#,
            shows: Shows::Records(&["/result"]),
            ..CALLS
        }),
    },
    // 1 stands for Cloudflare's automatic TTL.
    new_ttl: 1,
    ..INTERFACE
};

const CODES: Codes = Codes {
    success: Success::Is("/success", "true"),
    // Cloudflare reports wrong credentials with several statuses, but always with one of these codes.
    code: &["/errors/0/code"],
    meanings: &[
        ("10000", Meaning::Credentials, ""),
        ("6003", Meaning::Credentials, ""),
        ("9109", Meaning::Credentials, ""),
    ],
};

/// With an e-mail address as user name the password is the global key; with anything else (`Bearer`,
/// nothing) it is a token.
fn credentials(talk: &mut Conversation<'_>, rest: &mut RestClient) -> ApiResult<()> {
    let account = talk.account;
    if account.username.contains('@') {
        rest.header("X-Auth-Key", &account.password);
        rest.plain_header("X-Auth-Email", &account.username);
    } else {
        rest.token("Bearer", &account.password);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
