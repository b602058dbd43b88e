//! Baidu AI Cloud DNS (<https://cloud.baidu.com/doc/DNS/s/El4s7lssr>).
//!
//! Requests carry a signature (<https://cloud.baidu.com/doc/Reference/s/njwvz1yfu>).

use super::interface::{
    Calls, INTERFACE, Interface, List, Pages, Reading, RecordModel, Shows, Writing, ZoneSource,
};
use super::meaning::{Codes, Meaning};
use super::record::{RECORD, RecordForm};
use super::rest::Rest;
use super::{Api, Base, Need, Publishing};
use crate::model::Url;
use crate::model::secret::Secret;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::sign::{hex, hmac_sha256, parameters, query, timestamp};
use crate::provider::{Batch, Request};

const HOST: &str = "dns.baidubce.com";

pub(super) const API: Api = Api {
    name: "baidu",
    aliases: &[],
    title: "Baidu Cloud",
    base: Base::Https(HOST),
    needs: &[
        Need::new("username", "an access key id (AK)"),
        Need::new("password", "the secret access key (SK)"),
    ],
    batch: Batch::Account(20),
    rate: None,
    remark: "",
    publish: Publishing::Interface(&Interface {
        prepare: Some(|_, rest| Ok(rest.with_sign(sign))),
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
            update: r#"PUT /v1/dns/zone/<zone>/record/<id> {"rr":<host>,"type":<type>,"value":<address>,"ttl":<ttl>,"description":</description>}"#,
            remove: "DELETE /v1/dns/zone/<zone>/record/<id>",
            shows: Shows::Nothing,
        }),
        ..INTERFACE
    }),
};

/// Signs a request for half an hour.
fn sign(talk: &Conversation<'_>, _: &Rest, mut request: Request) -> ApiResult<Request> {
    let target = request.url.target().to_owned();
    let (path, parameters_text) = target.split_once('?').unwrap_or((&target, ""));
    let query = query(&parameters(parameters_text));
    let account = talk.account;
    let prefix = format!("bce-auth-v1/{}/{}/1800", account.username, timestamp(talk.wall()?));
    let text = format!("{}\n{path}\n{query}\nhost:{HOST}", request.method.name());
    let key = hex(&hmac_sha256(account.password.expose().as_bytes(), &prefix));
    let signature = hex(&hmac_sha256(key.as_bytes(), &text));
    if !query.is_empty() {
        request.url = Url::https(&[HOST, path, "?", &query].concat());
    }
    let value = Secret::new(format!("{prefix}/host/{signature}"));
    request.headers.push(("Authorization", value));
    Ok(request)
}

#[cfg(test)]
mod tests;
