//! Hetzner (<https://docs.hetzner.cloud/reference/cloud#tag/zones>).
//!
//! Hetzner carries changes out after its answer, which names an action. The action's status is then
//! requested until it is done.

use super::call::Values;
use super::interface::{
    INTERFACE, Interface, List, Reading, RecordModel, RestClient, Writing, ZoneSource,
};
use super::meaning::{Codes, Meaning, MeaningRow};
use super::record::{Effect, RECORD, Record, RecordForm, Write};
use super::rest::{id, text};
use super::zone::Zone;
use super::{Api, Base, Need, Publishing};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Rate, Request};

pub(super) const API: Api = Api {
    name: "hetzner",
    aliases: &["hetzner.cloud"],
    title: "Hetzner",
    base: Base::Https("api.hetzner.cloud/v1"),
    needs: &[Need::new(
        "password",
        "an API token with read and write access to the zone's project in the Hetzner Console",
    )],
    batch: Batch::Account(5),
    rate: Some(Rate { requests: 3600, seconds: 3600 }),
    remark: "tokens of the DNS Console, which was shut down in May 2026, are not accepted",
    publish: Publishing::Interface(&HETZNER),
};

const HETZNER: Interface = Interface {
    headers: &[("Authorization", "Bearer <password>")],
    prepare: Some(|talk, rest| {
        if talk.account.password.expose().len() == OLD_TOKEN {
            rest.codes = &CODES_OF_OLD_TOKEN;
        }
        Ok(())
    }),
    codes: CODES,
    zones: ZoneSource::List {
        list: List::numbered("GET /zones?per_page=50&page=<page>", "/zones", 50),
        name: "/name",
        id: "/name",
    },
    model: RecordModel::RrSet,
    read: Reading::Set { call: "GET /zones/<zone>/rrsets/<host>/<type>", at: "/rrset" },
    form: RecordForm { name: "", apex: "@", values: "/records", address: "/value", ..RECORD },
    write: Writing::Code(write),
    ..INTERFACE
};

/// Length of a token of the DNS Console.
const OLD_TOKEN: usize = 32;
/// How often the status of an action is requested.
const ACTION_REQUESTS: usize = 4;

// Another action of the zone is running.
const BUSY: MeaningRow = ("#409", Meaning::Problem, "");
const CODES: Codes = Codes { meanings: &[BUSY], ..Codes::HTTP };
const CODES_OF_OLD_TOKEN: Codes = Codes {
    meanings: &[
        BUSY,
        (
            "#401",
            Meaning::Credentials,
            "this looks like a token of the DNS Console, which was shut down in May 2026: make one in the \
             Hetzner Console, with read and write access to the zone's project",
        ),
    ],
    ..Codes::HTTP
};

const CREATE: &str =
    r#"POST /zones/<zone>/rrsets {"name":<host>,"type":<type>,"records":<values>,"ttl":<ttl>}"#;
const REMOVE: &str = "DELETE /zones/<zone>/rrsets/<host>/<type>";
const SET_RECORDS: &str =
    r#"POST /zones/<zone>/rrsets/<host>/<type>/actions/set_records {"records":<values>}"#;
const CHANGE_TTL: &str =
    r#"POST /zones/<zone>/rrsets/<host>/<type>/actions/change_ttl {"ttl":<set_ttl>}"#;

fn write(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    let mut values = Values::in_zone(talk.account, rest, zone);
    for write in writes {
        values.set_write(write);
        let first = match write.effect() {
            Effect::Add => CREATE,
            Effect::Change => SET_RECORDS,
            Effect::Remove => REMOVE,
        };
        act(talk, rest, values.request(first))?;
        // `set_records` does not change the TTL of a set.
        if first == SET_RECORDS && write.changes_ttl() {
            act(talk, rest, values.request(CHANGE_TTL))?;
        }
    }
    Ok(Vec::new())
}

/// Sends `request`, and waits for the end of the action that it starts.
fn act(talk: &mut Conversation<'_>, rest: &RestClient, mut request: Request) -> ApiResult<()> {
    for _ in 0..=ACTION_REQUESTS {
        let answer = talk.send(&request)?;
        let value = rest.value(&answer)?;
        match text(&value, "/action/status") {
            "success" => return Ok(()),
            "running" => {}
            "error" => return Err(rest.not_done(text(&value, "/action/error/message"))),
            _ => return Err(rest.not_understood(&answer)),
        }
        request = rest.get(&format!("/actions/{}", id(&value, "/action/id")));
    }
    Err(rest.not_done("it is still under way"))
}

#[cfg(test)]
mod tests;
