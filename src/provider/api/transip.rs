//! TransIP (<https://api.transip.nl/rest/docs.html>, and its own client
//! <https://github.com/transip/gotransip>).
//!
//! A request that is signed with the owner's private key returns a token for the others. A record has no id:
//! its name, type, time to live and content say which it is.

use super::interface::{
    CALLS, Calls, INTERFACE, Interface, List, Reading, RecordModel, RestClient, Writing, ZoneSource,
};
use super::record::{RECORD, RecordForm};
use super::rest::{refuse_account, text};
use super::{Api, Base, Need, Publishing};
use crate::model::json::Json;
use crate::model::secret::Secret;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::sign::rs512;
use crate::provider::{Batch, Method, Rate};
use crate::text::base64;

pub(super) const API: Api = Api {
    name: "transip",
    aliases: &["transip.nl"],
    title: "TransIP",
    base: Base::Https("api.transip.nl/v6"),
    needs: &[
        Need::new("username", "the user name of the account"),
        Need::key("password", "a private key of the API, which any address may use"),
    ],
    batch: Batch::Account(20),
    rate: Some(Rate { requests: 1000, seconds: 900 }),
    remark: "a change is an addition and a removal",
    publish: Publishing::Interface(&Interface {
        prepare: Some(|talk, rest| {
            let token = token(talk, rest)?;
            rest.token("Bearer", &token);
            Ok(())
        }),
        zones: ZoneSource::List {
            list: List::whole("GET /domains", "/domains"),
            name: "/name",
            id: "/name",
        },
        model: RecordModel::RrSet,
        read: Reading::Zone(List::whole("GET /domains/<zone>/dns", "/dnsEntries")),
        form: RecordForm { apex: "@", ttl: "/expire", ..RECORD },
        write: Writing::Values(Calls {
            create: r#"POST /domains/<zone>/dns {"dnsEntry":{"name":<host>,"expire":<ttl>,"type":<type>,"content":<address>}}"#,
            remove: r#"DELETE /domains/<zone>/dns {"dnsEntry":{"name":<host>,"expire":</expire>,"type":<type>,"content":</content>}}"#,
            ..CALLS
        }),
        ..INTERFACE
    }),
};

/// Requests a token for this conversation.
fn token(talk: &mut Conversation<'_>, rest: &RestClient) -> ApiResult<Secret> {
    // Each request for a token has another nonce, of at least six characters.
    let nonce = format!("{:x}{:08x}", talk.wall()?, talk.job.seed);
    // `global_key`: the token works from any address. Ours changes, also while the token is in use.
    let body = format!(
        r#"{{"expiration_time":"30 minutes","global_key":true,"login":{},"nonce":"{nonce}","read_only":false}}"#,
        Json::from(talk.account.username.as_str()),
    );
    let Some(signature) = rs512(talk.account.password.expose(), &body) else {
        let reason = "the private key for TransIP cannot be used: it is not an RSA key in PEM";
        let advice = "name the file of the key with 'password_file'";
        return Err(refuse_account(reason.into(), advice));
    };
    let mut rest = rest.clone();
    rest.secret_answers = true;
    rest.plain_header("Signature", &base64::encode(&signature));
    let answer = talk.send(&rest.with_body(Method::Post, "/auth", "application/json", body))?;
    let token = text(&rest.value(&answer)?, "/token").to_owned();
    if token.is_empty() {
        return Err(rest.not_understood(&answer));
    }
    Ok(Secret::new(token))
}

#[cfg(test)]
mod tests;
