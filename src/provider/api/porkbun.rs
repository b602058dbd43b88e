//! Porkbun (<https://porkbun.com/api/json/v3/documentation>).
//!
//! Porkbun refuses an update that would change nothing, so each record is read first.

use serde_json::Value;

use super::records::{self, Goal, Record, RecordModel, Write, ZoneApi, ZoneRef};
use super::rest::{Rest, object, text};
use super::zone::{Zone, ZoneList, zones_by_name};
use super::{Api, Base, Need};
use crate::model::secret::Secret;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Method, Rate, Request};

pub(super) const API: Api = Api {
    name: "porkbun",
    aliases: &["porkbun.com-v3"],
    title: "Porkbun",
    base: Base::Https("api.porkbun.com/api/json/v3"),
    needs: &[
        Need::new("username", "the API key (pk1_...)"),
        Need::new("password", "the secret key (sk1_...)"),
    ],
    batch: Batch::Account(20),
    writes_together: false,
    // Porkbun's support names this limit.
    rate: Some(Rate { requests: 1, seconds: 1 }),
    remark: "API access must be switched on for each domain",
    publish: |talk| {
        let account = talk.account;
        let key = Secret::new(&*account.username);
        let rest = Rest::new(&API, account)
            .hiding(&key)
            .hiding(&account.password)
            .with_status_fix(fix_status);
        records::publish(talk, &rest, &ZONE_API)
    },
};

const ZONE_API: ZoneApi = ZoneApi {
    title: API.title,
    zones,
    read,
    write,
    model: RecordModel::ByIdReadFirst,
    address_member: "content",
    zone_ref: ZoneRef::Name,
    new_ttl: 600,
    writes_together: API.writes_together,
    reads_together: false,
};

/// Only the message of an error tells the cause.
fn fix_status(status: u16, body: &Value) -> (u16, &'static str) {
    let message = text(body, "/message");
    let is_opted_out = message.contains("opted in") || message.contains("API access");
    match (text(body, "/status"), status) {
        ("SUCCESS", _) => (status, ""),
        ("ERROR", 200..=499) if is_opted_out => {
            (403, "switch on API ACCESS for the domain, in its details at Porkbun")
        }
        ("ERROR", 200..=499) if message.contains("API key") => (401, ""),
        ("ERROR", 200..=499) if message.contains("unable to") => (503, ""),
        ("ERROR", 200..=299) => (400, ""),
        (_, 200..=299) => (0, ""),
        _ => (status, ""),
    }
}

/// A request with the credentials, which are part of the body.
fn request(talk: &Conversation<'_>, rest: &Rest, path: &str, mut body: Value) -> Request {
    body["apikey"] = talk.account.username.as_str().into();
    body["secretapikey"] = talk.account.password.expose().into();
    rest.json(Method::Post, path, &body)
}

fn zones(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<ZoneList> {
    let list = request(talk, rest, "/domain/listAll", object(&mut [("start", "0".into())]));
    Ok(zones_by_name(&rest.elements(talk, list, "/domains")?, "/domain"))
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let mut records = Vec::new();
    for goal in goals {
        let (kind, host) = (goal.kind(), goal.host(zone, ""));
        let path = format!("/dns/retrieveByNameType/{}/{kind}/{host}", zone.name);
        let request = request(talk, rest, path.trim_end_matches('/'), object(&mut []));
        let found = rest.elements(talk, request, "/records")?;
        records.append(&mut Record::list(&found, None));
    }
    Ok(records)
}

fn write(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    for write in writes {
        let goal = write.goal;
        // An edit resets every property that it lacks.
        let mut body = object(&mut [
            ("name", goal.host(zone, "").into()),
            ("type", goal.kind().into()),
            ("content", goal.address()),
        ]);
        if let Some(ttl) = write.ttl {
            body["ttl"] = ttl.to_string().into();
        }
        let path = match &write.id {
            Some(id) if write.is_removal() => {
                body = object(&mut []);
                format!("/dns/delete/{}/{id}", zone.name)
            }
            Some(id) => format!("/dns/edit/{}/{id}", zone.name),
            None => format!("/dns/create/{}", zone.name),
        };
        rest.ask(talk, request(talk, rest, &path, body))?;
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests;
