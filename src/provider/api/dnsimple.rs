//! DNSimple (<https://developer.dnsimple.com/v2/zones/records/>).
//!
//! Changes of any number of names of a zone are one request, which is carried out as a whole or not
//! at all.

use super::interface::{
    Calls, INTERFACE, Interface, List, MOST_BY_NAME, Reading, Removal, RestClient, Shows, Writing,
    ZoneSource,
};
use super::record::RECORD;
use super::rest::id;
use super::{Api, Base, Need, Publishing};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Rate};

pub(super) const API: Api = Api {
    name: "dnsimple",
    aliases: &[],
    title: "DNSimple",
    base: Base::Https("api.dnsimple.com/v2"),
    needs: &[Need::new("password", "an API access token of the account")],
    batch: Batch::Account(50),
    rate: Some(Rate { requests: 2400, seconds: 3600 }),
    remark: "'username' may hold the number of the account, where the token is good for several",
    publish: Publishing::Interface(&Interface {
        headers: &[("Authorization", "Bearer <password>")],
        prepare: Some(|talk, rest| {
            let account = account(talk, rest)?;
            rest.below(&format!("/{account}/zones"));
            Ok(())
        }),
        zones: ZoneSource::List {
            list: List::numbered("GET ?per_page=100&page=<page>", "/data", 100),
            name: "/name",
            id: "/name",
        },
        read: Reading::NameOrZone {
            name: List::whole("GET /<zone>/records?name=<host>&type=<type>&per_page=100", "/data"),
            zone: List::numbered(
                "GET /<zone>/records?type=<type>&per_page=100&page=<page>",
                "/data",
                100,
            ),
            most_names: MOST_BY_NAME,
        },
        form: RECORD,
        write: Writing::Together {
            update: r#"POST /<zone>/batch {"creates":<creates>,"updates":<updates>,"deletes":[]}"#,
            remove: Removal::OneRequest(
                r#"POST /<zone>/batch {"creates":[],"updates":[],"deletes":<removals>}"#,
            ),
            one: Calls {
                create: r#"{"type":<type>,"name":<host>,"content":<address>,"ttl":<ttl>}"#,
                update: r#"{"id":<id>,"content":<address>,"ttl":<set_ttl>}"#,
                remove: r#"{"id":<id>}"#,
                shows: Shows::Records(&["/data/creates", "/data/updates"]),
            },
            alone: None,
        },
        ..INTERFACE
    }),
};

/// The key under which the number of the account is learned.
const ACCOUNT: &str = "account";

/// The number of the account: from `username`; else learned; else that of an account token; else the
/// first account of a user token's user.
fn account(talk: &mut Conversation<'_>, rest: &RestClient) -> ApiResult<String> {
    let username = &talk.account.username;
    if !username.is_empty() && username.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(username.clone());
    }
    if let Some(learned) = talk.learned(ACCOUNT) {
        return Ok(learned);
    }
    let mut found = id(&rest.ask(talk, rest.get("/whoami"))?, "/data/account/id");
    if found.is_empty() {
        // A user's token can be for several accounts, so `/whoami` names none.
        let answer = talk.send(&rest.get("/accounts"))?;
        found = id(&rest.value(&answer)?, "/data/0/id");
        if found.is_empty() {
            return Err(rest.not_understood(&answer));
        }
    }
    talk.learn(ACCOUNT.into(), &found);
    Ok(found)
}

#[cfg(test)]
mod tests;
