//! Servercow (<https://cp.servercow.de/en/plugin/support_manager/knowledgebase/view/34/dns-api-v1/7/>).

use serde_json::Value;

use super::records::{self, Goal, NEW_TTL, Record, RecordModel, Write, ZoneApi, ZoneRef};
use super::rest::{Rest, explanation, object, text};
use super::zone::{Zone, ZoneList, probe_zones};
use super::{Api, Base, Need};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Method};

pub(super) const API: Api = Api {
    name: "servercow",
    aliases: &["servercow.de"],
    title: "Servercow",
    base: Base::Https("api.servercow.de/dns/v1/domains"),
    needs: &[
        Need::new("username", "the user name of an API user"),
        Need::new("password", "its password"),
    ],
    batch: Batch::Account(20),
    writes_together: false,
    rate: None,
    remark: "the domain must be given to the API user",
    publish: |talk| {
        let account = talk.account;
        let rest = Rest::new(&API, account)
            .plain_header("X-Auth-Username", &account.username)
            .header("X-Auth-Password", &account.password)
            .with_status_fix(fix_status);
        records::publish(talk, &rest, &ZONE_API)
    },
};

const ZONE_API: ZoneApi = ZoneApi {
    title: API.title,
    zones,
    read,
    write,
    model: RecordModel::RrSet,
    address_member: "",
    zone_ref: ZoneRef::Name,
    new_ttl: NEW_TTL,
    writes_together: API.writes_together,
    reads_together: true,
};

/// An error may come with status 200.
fn fix_status(status: u16, body: &Value) -> (u16, &'static str) {
    match (status, text(body, "/error")) {
        (200..=299 | 400, error) if error.contains("no such domain") => (404, ""),
        (200..=299, error) if !error.is_empty() => (400, ""),
        _ => (status, ""),
    }
}

fn zones(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<ZoneList> {
    probe_zones(talk, &|talk, name| all(talk, rest, name).map(drop))
}

/// All record sets of a zone.
fn all(talk: &mut Conversation<'_>, rest: &Rest, zone: &str) -> ApiResult<Vec<Value>> {
    rest.elements(talk, rest.get(&format!("/{zone}")), "")
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    _: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let mut records = Vec::new();
    for set in all(talk, rest, &zone.name)? {
        let name = zone.full(text(&set, "/name"));
        let content = &set["content"];
        // A single value is not in an array.
        let values = content.as_array().map_or(std::slice::from_ref(content), Vec::as_slice);
        records.append(&mut Record::set(&name, text(&set, "/type"), set.get("ttl"), values));
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
        let mut body =
            object(&mut [("type", goal.kind().into()), ("name", goal.host(zone, "").into())]);
        let mut method = Method::Delete;
        if !write.is_removal() {
            method = Method::Post;
            body["content"] = match write.values.as_slice() {
                [one] => one.clone(),
                _ => write.all_values(),
            };
            body["ttl"] = write.ttl.unwrap_or(NEW_TTL).into();
        }
        let answer = rest.ask(talk, rest.json(method, &format!("/{}", zone.name), &body))?;
        if text(&answer, "/message") != "ok" {
            return Err(rest.not_done(explanation(&answer)));
        }
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests;
