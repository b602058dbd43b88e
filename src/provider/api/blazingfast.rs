//! BlazingFast Anycast DNS (<https://my.blazingfast.io/userapi>; only the script of ddns-scripts could be
//! read).
//!
//! Each conversation begins with a login, which gives a token for some minutes.

use super::call::Values;
use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, RecordModel, RestClient, Shows, Writing, ZoneRef,
    ZoneSource,
};
use super::meaning::{Codes, Meaning, shown};
use super::record::RECORD;
use super::rest::{self, refuse_account, text};
use super::{Api, Base, Need, Publishing, pair};
use crate::model::secret::Secret;
use crate::provider::Batch;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::text::percent::encode;

pub(super) const API: Api = Api {
    name: "blazingfast",
    aliases: &["blazingfast.io"],
    title: "BlazingFast",
    base: Base::Https("my.blazingfast.io/api"),
    needs: &[
        Need::new("username", "the user name of the client area"),
        Need::new("password", "its password"),
        Need::new("param_opt", "service_id=… with the number of the DNS service"),
    ],
    batch: Batch::Account(20),
    rate: None,
    remark: "",
    publish: Publishing::Interface(&Interface {
        prepare: Some(login),
        codes: Codes {
            // Errors may come with status 200.
            code: &["/error/0"],
            meanings: &[("unauthorized", Meaning::Credentials, "")],
            ..Codes::HTTP
        },
        zones: ZoneSource::List {
            list: List::whole("GET", "/zones"),
            name: "/name",
            id: "/domain_id",
        },
        zone_ref: ZoneRef::IdAndName,
        model: RecordModel::ByIdReadFirst,
        read: Reading::Name(List::whole("GET /<zone>", "/records")),
        form: RECORD,
        write: Writing::Each(Calls {
            create: r#"POST /<zone>/records {"name":<fqdn>,"ttl":<ttl>,"priority":0,"type":<type>,"content":<address>}"#,
            update: r#"PUT /<zone>/records/<id> {"name":<fqdn>,"ttl":<ttl|300>,"priority":0,"type":<type>,"content":<address>}"#,
            remove: "DELETE /<zone>/records/<id>",
            shows: Shows::Something("/info/0"),
        }),
        ..INTERFACE
    }),
};

/// Requests a token.
fn login(talk: &mut Conversation<'_>, rest: &mut RestClient) -> ApiResult<()> {
    let account = talk.account;
    let Some(service) = pair(account.param_opt.expose(), "service_id") else {
        let reason = "option 'param_opt' lacks service_id=…".into();
        return Err(refuse_account(reason, "write the number of the DNS service there"));
    };
    let mut secretive = rest.clone();
    secretive.secret_answers = true;
    let call = "POST /login username=<username>&password=<password>";
    let answer = talk.send(&Values::of(account, &secretive).request(call))?;
    let body = rest::parsed(&answer);
    let token = text(&body, "/token");
    if !token.is_empty() {
        // The login itself is not below the service, so the path is added after it.
        rest.below(&format!("/service/{}/dns", encode(service)));
        rest.token("Bearer", &Secret::new(token));
        return Ok(());
    }
    Err(match answer.status {
        200..=403 if !shown(&body, "/error").is_empty() => {
            rest.verdict_with(&answer, Meaning::Credentials, rest::explanation(&body), "")
        }
        200 => secretive.not_understood(&answer),
        _ => rest.verdict(&answer, rest::explanation(&body)),
    })
}

#[cfg(test)]
mod tests;
