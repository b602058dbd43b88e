//! LuaDNS (<https://www.luadns.com/api.html>).
//!
//! A record is written as a whole, so it is read before that.

use serde_json::{Value, json};

use super::records::{self, Call, NEW_TTL, Place, Record, Scheme, Unit, Write, written};
use super::rest::{Rest, id, text};
use super::zone::{Zone, ZoneList};
use super::{Api, Need};
use crate::provider::talk::{Talk, Talked};
use crate::provider::{Batch, Method};

pub(super) const API: Api = Api {
    name: "luadns",
    aliases: &["luadns.com-v1"],
    title: "LuaDNS",
    base: "https://api.luadns.com/v1/zones",
    needs: &[
        Need { option: "username", holds: "the e-mail address of the account" },
        Need { option: "password", holds: "an API key, with access to the API enabled" },
    ],
    batch: Batch::Account(50),
    rate: None,
    remark: "",
    publish: |talk| {
        let account = talk.account;
        let rest = Rest::new(&API).basic(&account.username, &account.password);
        records::publish(talk, &rest.plain_header("Accept", "application/json"), &SCHEME)
    },
};

const SCHEME: Scheme = Scheme {
    title: API.title,
    zones,
    read,
    write,
    unit: Unit::ReadId,
    content: "content",
    call: Call::IdAlone,
    together: false,
};

fn zones(talk: &mut Talk<'_>, rest: &Rest) -> Talked<ZoneList> {
    let zones = rest.elements(talk, rest.get(""), "")?;
    Ok(zones.iter().map(|zone| (text(zone, "/name").to_owned(), id(zone, "/id"))).collect())
}

fn read(talk: &mut Talk<'_>, rest: &Rest, zone: &Zone, _: &[&Place<'_>]) -> Talked<Vec<Record>> {
    let records = rest.elements(talk, rest.get(&format!("/{}/records", zone.id)), "")?;
    let record = |raw| Record::of(text(raw, "/name").trim_end_matches('.').to_owned(), raw);
    Ok(records.iter().map(record).collect())
}

fn write(
    talk: &mut Talk<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
) -> Talked<Vec<Record>> {
    let mut made = Vec::new();
    for write in writes {
        let place = write.place;
        let body: Value = json!({
            "name": format!("{}.", place.fqdn),
            "type": place.kind(),
            "content": place.address(),
            "ttl": write.ttl.unwrap_or(NEW_TTL),
        });
        let path = format!("/{}/records", zone.id);
        let request = match &write.id {
            Some(id) => rest.json(Method::Put, &format!("{path}/{id}"), &body),
            None => rest.json(Method::Post, &path, &body),
        };
        made.push(written(talk, rest, write, request, "", SCHEME.content)?);
    }
    Ok(made)
}

#[cfg(test)]
mod tests;
