//! Exoscale (<https://openapi-v2.exoscale.com/group/endpoint-dns>). Requests are signed
//! (<https://openapi-v2.exoscale.com/topic/topic-api-request-signature>).

use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, RecordModel, Shows, Writing, ZoneRef, ZoneSource,
};
use super::meaning::{Codes, Meaning};
use super::record::RECORD;
use super::{Api, Base, Need, Publishing};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::sign::hmac_sha256;
use crate::provider::{Batch, Request};
use crate::text::base64;
use crate::time::UnixSeconds;

pub(super) const API: Api = Api {
    name: "exoscale",
    aliases: &["exoscale.com"],
    title: "Exoscale",
    // Zones are the same in each of Exoscale's data centres.
    base: Base::Https("api-ch-gva-2.exoscale.com/v2/dns-domain"),
    needs: &[
        Need::new("username", "an API key whose role may use DNS (EXO...)"),
        Need::new("password", "its secret"),
    ],
    batch: Batch::Account(20),
    rate: None,
    remark: "",
    publish: Publishing::Interface(&Interface {
        sign: Some(sign),
        codes: Codes {
            // The answer to a write is an operation.
            code: &["/state"],
            meanings: &[
                ("pending", Meaning::Success, ""),
                ("success", Meaning::Success, ""),
                ("failure", Meaning::Refused, ""),
                ("timeout", Meaning::Problem, ""),
            ],
            ..Codes::HTTP
        },
        zones: ZoneSource::List {
            list: List::whole("GET ", "/dns-domains"),
            // This is the only name in the answer. `zones` makes it Punycode.
            name: "/unicode-name",
            id: "/id",
        },
        zone_ref: ZoneRef::IdAndName,
        model: RecordModel::ByIdReadFirst,
        read: Reading::Zone(List::whole("GET /<zone>/record", "/dns-domain-records")),
        form: RECORD,
        write: Writing::Each(Calls {
            create: r#"POST /<zone>/record {"name":<host>,"type":<type>,"content":<address>,"ttl":<ttl>}"#,
            update: r#"PUT /<zone>/record/<id> {"content":<address>,"ttl":<set_ttl>}"#,
            remove: "DELETE /<zone>/record/<id>",
            shows: Shows::Something("/id"),
        }),
        ..INTERFACE
    }),
};

/// How long a signature is valid, in seconds.
const LIFETIME: UnixSeconds = 600;

fn sign(talk: &Conversation<'_>, request: &mut Request) -> ApiResult<()> {
    let expires = talk.wall()?.saturating_add(LIFETIME);
    let body = request.body_text();
    // There is no query, and no header is signed.
    let (method, path) = (request.method.name(), request.url.path());
    let text = format!("{method} {path}\n{body}\n\n\n{expires}");
    let account = talk.account;
    let signature = hmac_sha256(account.password.expose().as_bytes(), &text);
    let value = format!(
        "EXO2-HMAC-SHA256 credential={},expires={expires},signature={}",
        account.username,
        base64::encode(&signature)
    );
    request.add_header("Authorization", value);
    Ok(())
}

#[cfg(test)]
mod tests;
