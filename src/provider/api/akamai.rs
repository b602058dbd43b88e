//! Akamai Edge DNS (<https://techdocs.akamai.com/edge-dns/reference/edge-dns-api>), with signatures of EdgeGrid
//! (<https://techdocs.akamai.com/developer/docs/edgegrid>, and Akamai's own client
//! <https://github.com/akamai/AkamaiOPEN-edgegrid-golang>).

use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, RecordModel, Shows, Writing, ZoneSource,
};
use super::record::{NameForm, RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::sign::{hmac_sha256, nonce, sha256_base64, timestamp};
use crate::provider::{Batch, Method, Request};
use crate::text::base64;

pub(super) const API: Api = Api {
    name: "akamai",
    aliases: &["edgedns"],
    title: "Akamai Edge DNS",
    base: Base::ParamOpt,
    needs: &[
        Need::new("username", "the client_token of an API client that may manage DNS records"),
        Need::new("password", "its client_secret"),
        Need::new("param_enc", "its access_token"),
        Need::new("param_opt", "https:// and its host"),
    ],
    batch: Batch::Account(20),
    rate: None,
    remark: "",
    publish: Publishing::Interface(&Interface {
        prepare: Some(|_, rest| {
            // `param_opt` is only the host, because each API client has one of its own.
            rest.below("/config-dns/v2/zones");
            Ok(())
        }),
        sign: Some(sign),
        zones: ZoneSource::List {
            // Without `showAll` the list comes in pages. A secondary zone is a copy of another server's, so it is left
            // out.
            list: List::whole("GET ?showAll=true&types=primary", "/zones"),
            name: "/zone",
            id: "/zone",
        },
        model: RecordModel::RrSet,
        read: Reading::Set { call: "GET /<zone>/names/<fqdn>/types/<type>", at: "" },
        form: RecordForm { names: NameForm::Complete, values: "/rdata", address: "", ..RECORD },
        write: Writing::Each(Calls {
            create: r#"POST /<zone>/names/<fqdn>/types/<type> {"name":<fqdn>,"type":<type>,"ttl":<ttl>,"rdata":<values>}"#,
            update: r#"PUT /<zone>/names/<fqdn>/types/<type> {"name":<fqdn>,"type":<type>,"ttl":<ttl>,"rdata":<values>}"#,
            remove: "DELETE /<zone>/names/<fqdn>/types/<type>",
            shows: Shows::Nothing,
        }),
        ..INTERFACE
    }),
};

/// Signs a request. Only the body of a POST is signed.
fn sign(talk: &Conversation<'_>, request: &mut Request) -> ApiResult<()> {
    let account = talk.account;
    // EdgeGrid writes 20150830T12:36:00+0000: the date without hyphens, the time with colons.
    let time = timestamp(talk.wall()?).replace('-', "").replace('Z', "+0000");
    let (client, access) = (&account.username, account.param_enc.expose());
    let nonce = nonce(talk, &time);
    let header = format!(
        "EG1-HMAC-SHA256 client_token={client};access_token={access};timestamp={time};nonce={nonce};"
    );
    let hash = match &request.body {
        Some(body) if request.method == Method::Post => sha256_base64(body.expose()),
        Some(_) | None => String::new(),
    };
    let (method, host, target) = (request.method.name(), request.url.host(), request.url.target());
    // EdgeGrid allows signed headers in the empty field. Edge DNS wants none.
    let text = format!("{method}\thttps\t{host}\t{target}\t\t{hash}\t{header}");
    let signature = mac(&mac(account.password.expose(), &time), &text);
    request.add_header("Authorization", [&header, "signature=", &signature].concat());
    Ok(())
}

fn mac(key: &str, data: &str) -> String {
    base64::encode(&hmac_sha256(key.as_bytes(), data))
}

#[cfg(test)]
mod tests;
