//! NearlyFreeSpeech.NET (<https://members.nearlyfreespeech.net/wiki/API/Introduction>,
//! <https://members.nearlyfreespeech.net/wiki/API/Reference>).
//!
//! A record has no id, so a change is an addition and a removal.

use super::interface::{
    CALLS, Calls, INTERFACE, Interface, List, Reading, RecordModel, Writing, ZoneSource,
};
use super::meaning::{Codes, Meaning};
use super::record::{RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::sign::{nonce, sha1};
use crate::provider::{Batch, Request};

pub(super) const API: Api = Api {
    name: "nearlyfreespeech",
    aliases: &[],
    title: "NearlyFreeSpeech.NET",
    base: Base::Https("api.nearlyfreespeech.net/dns"),
    needs: &[Need::new("username", "the member login"), Need::new("password", "the API key")],
    batch: Batch::Account(20),
    rate: None,
    remark: "'ttl' counts for a new record",
    publish: Publishing::Interface(&Interface {
        sign: Some(sign),
        codes: Codes {
            code: &["/error", "/debug"],
            meanings: &[
                ("*timestamp", Meaning::ClockWrong, ""),
                ("*authenticated", Meaning::Credentials, ""),
            ],
            ..Codes::HTTP
        },
        zones: ZoneSource::Probe(LIST),
        model: RecordModel::RrSet,
        read: Reading::Zone(LIST),
        form: RecordForm { address: "/data", ..RECORD },
        write: Writing::Values(Calls {
            create: "POST /<domain>/addRR name=<host>&type=<type>&data=<address>&ttl=<ttl>",
            remove: "POST /<domain>/removeRR name=<host>&type=<type>&data=</data>",
            ..CALLS
        }),
        ..INTERFACE
    }),
};

/// Signs a request.
fn sign(talk: &Conversation<'_>, request: &mut Request) -> ApiResult<()> {
    let time = talk.wall()?;
    // NearlyFreeSpeech.NET wants a salt of 16 characters.
    let mut salt = nonce(talk, &time.to_string());
    salt.truncate(16);
    let body = sha1(request.body_text());
    let account = talk.account;
    let (login, key) = (&account.username, account.password.expose());
    let path = request.url.path();
    let hash = sha1(&format!("{login};{time};{salt};{key};{path};{body}"));
    request.add_header("X-NFSN-Authentication", format!("{login};{time};{salt};{hash}"));
    Ok(())
}

const LIST: List = List::whole("POST /<domain>/listRRs", "");

#[cfg(test)]
mod tests;
