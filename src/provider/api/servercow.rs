//! Servercow (<https://cp.servercow.de/en/plugin/support_manager/knowledgebase/view/34/dns-api-v1/7/>).

use serde_json::Value;

use super::records::{self, Call, NEW_TTL, Place, Record, Scheme, Unit, Write};
use super::rest::{Rest, object, said, text};
use super::zone::{Zone, ZoneList, tried};
use super::{Api, Need};
use crate::provider::talk::{Talk, Talked};
use crate::provider::{Batch, Method};

pub(super) const API: Api = Api {
    name: "servercow",
    aliases: &["servercow.de"],
    title: "Servercow",
    base: "https://api.servercow.de/dns/v1/domains",
    needs: &[
        Need { option: "username", holds: "the user name of an API user" },
        Need { option: "password", holds: "its password" },
    ],
    batch: Batch::Account(20),
    rate: None,
    remark: "the domain must be given to the API user",
    publish: |talk| {
        let account = talk.account;
        let rest = Rest::new(&API)
            .plain_header("X-Auth-Username", &account.username)
            .header("X-Auth-Password", &account.password)
            .judging(judge);
        records::publish(talk, &rest, &SCHEME)
    },
};

const SCHEME: Scheme = Scheme {
    title: API.title,
    zones,
    read,
    write,
    unit: Unit::Set,
    content: "",
    call: Call::Name,
    new_ttl: NEW_TTL,
    together: false,
};

/// What is wrong may come with any status.
fn judge(status: u16, body: &Value) -> (u16, &'static str) {
    match (status, text(body, "/error")) {
        (200..=299 | 400, error) if error.contains("no such domain") => (404, ""),
        (200..=299, error) if !error.is_empty() => (400, ""),
        _ => (status, ""),
    }
}

fn zones(talk: &mut Talk<'_>, rest: &Rest) -> Talked<ZoneList> {
    tried(talk, &|talk, name| all(talk, rest, name).map(drop))
}

fn all(talk: &mut Talk<'_>, rest: &Rest, zone: &str) -> Talked<Vec<Value>> {
    rest.elements(talk, rest.get(&format!("/{zone}")), "")
}

fn read(talk: &mut Talk<'_>, rest: &Rest, zone: &Zone, _: &[&Place<'_>]) -> Talked<Vec<Record>> {
    let mut records = Vec::new();
    for set in all(talk, rest, &zone.name)? {
        let name = zone.full(text(&set, "/name"));
        let content = &set["content"];
        // One alone is no array.
        let values = content.as_array().map_or(std::slice::from_ref(content), Vec::as_slice);
        records.append(&mut Record::set(&name, text(&set, "/type"), set.get("ttl"), values));
    }
    Ok(records)
}

fn write(
    talk: &mut Talk<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
) -> Talked<Vec<Record>> {
    for write in writes {
        let place = write.place;
        let mut body =
            object(&mut [("type", place.kind().into()), ("name", place.host(zone, "").into())]);
        let content = match write.values.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            _ => Some(write.all()),
        };
        let mut method = Method::Delete;
        if let Some(content) = content {
            method = Method::Post;
            body["content"] = content;
            body["ttl"] = write.ttl.unwrap_or(NEW_TTL).into();
        }
        let done = rest.ask(talk, rest.json(method, &format!("/{}", zone.name), &body))?;
        if text(&done, "/message") != "ok" {
            return Err(rest.undone(said(&done)));
        }
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests;
