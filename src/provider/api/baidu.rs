//! Baidu AI Cloud DNS (<https://cloud.baidu.com/doc/DNS/s/El4s7lssr>).
//!
//! Requests carry a signature (<https://cloud.baidu.com/doc/Reference/s/njwvz1yfu>).

use super::interface::{
    Calls, INTERFACE, Interface, List, Pages, Reading, RecordModel, Shows, Writing, ZoneSource,
};
use super::meaning::{Codes, Meaning};
use super::record::{RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::sign::{hmac_sha256, sort_query, timestamp};
use crate::provider::{Batch, Request};
use crate::text::hex;

pub(super) const API: Api = Api {
    name: "baidu",
    aliases: &[],
    title: "Baidu Cloud",
    base: Base::Https("dns.baidubce.com"),
    needs: &[
        Need::new("username", "an access key id (AK)"),
        Need::new("password", "the secret access key (SK)"),
    ],
    batch: Batch::Account(20),
    rate: None,
    remark: "",
    publish: Publishing::Interface(&Interface {
        sign: Some(sign),
        codes: Codes {
            code: &["/code"],
            meanings: &[
                ("RequestExpired", Meaning::ClockWrong, ""),
                ("InvalidAccessKeyId", Meaning::Credentials, ""),
                ("InvalidHTTPAuthHeader", Meaning::Credentials, ""),
                ("SignatureDoesNotMatch", Meaning::Credentials, ""),
                ("AccessDenied", Meaning::Forbidden, ""),
            ],
            ..Codes::HTTP
        },
        zones: ZoneSource::List {
            list: List {
                call: "GET /v1/dns/zone?maxKeys=1000",
                at: "/zones",
                pages: Pages::Cursor { parameter: "&marker=", next: "/nextMarker" },
            },
            name: "/name",
            id: "/name",
        },
        model: RecordModel::ByIdReadFirst,
        read: Reading::Name(List {
            call: "GET /v1/dns/zone/<zone>/record?rr=<host>&maxKeys=1000",
            at: "/records",
            pages: Pages::Cursor { parameter: "&marker=", next: "/nextMarker" },
        }),
        form: RecordForm { name: "/rr", apex: "@", address: "/value", ..RECORD },
        write: Writing::Each(Calls {
            create: r#"POST /v1/dns/zone/<zone>/record {"rr":<host>,"type":<type>,"value":<address>,"ttl":<ttl>}"#,
            // A PUT replaces the record, so the owner's description is sent back.
            update: r#"PUT /v1/dns/zone/<zone>/record/<id> {"rr":<host>,"type":<type>,"value":<address>,"ttl":<ttl>,"description":</description>}"#,
            remove: "DELETE /v1/dns/zone/<zone>/record/<id>",
            shows: Shows::Nothing,
        }),
        ..INTERFACE
    }),
};

/// Signs a request for half an hour.
fn sign(talk: &Conversation<'_>, request: &mut Request) -> ApiResult<()> {
    let query = sort_query(request, &[]);
    let account = talk.account;
    let prefix = format!("bce-auth-v1/{}/{}/1800", account.username, timestamp(talk.wall()?));
    let (method, path, host) = (request.method.name(), request.url.path(), request.url.host());
    // Of the headers, the host alone must be signed.
    let text = format!("{method}\n{path}\n{query}\nhost:{host}");
    let key = hex(&hmac_sha256(account.password.expose().as_bytes(), &prefix));
    let signature = hex(&hmac_sha256(key.as_bytes(), &text));
    request.add_header("Authorization", [&prefix, "/host/", &signature].concat());
    Ok(())
}

#[cfg(test)]
mod tests;
