//! Vultr (<https://www.vultr.com/api/#tag/dns>).

use serde_json::Value;

use super::records::{self, Call, Form, NEW_TTL, Place, Record, Scheme, Unit, write_each};
use super::rest::{Rest, list, text};
use super::zone::{Zone, ZoneList, by_name};
use super::{Api, Need};
use crate::provider::talk::{Talk, Talked};
use crate::provider::{Batch, Method, Rate};
use crate::text::percent;

pub(super) const API: Api = Api {
    name: "vultr",
    aliases: &[],
    title: "Vultr",
    base: "https://api.vultr.com/v2/domains",
    needs: &[Need {
        option: "password",
        holds: "an API key, which Vultr must accept from any address (Account, API, Access Control)",
    }],
    batch: Batch::Account(20),
    rate: Some(Rate { requests: 30, seconds: 1 }),
    remark: "the API key must be allowed from any address, or a new one locks it out",
    publish: |talk| {
        let rest = Rest::new(&API).token("Bearer", &talk.account.password);
        records::publish(talk, &rest, &SCHEME)
    },
};

const SCHEME: Scheme = Scheme {
    title: API.title,
    zones,
    read,
    write: |talk, rest, zone, writes| write_each(talk, rest, zone, writes, &FORM),
    unit: Unit::Id,
    content: "data",
    call: Call::Name,
    new_ttl: NEW_TTL,
    together: false,
};

const FORM: Form =
    Form { change: Method::Patch, at: "/record", content: SCHEME.content, ttl: "ttl", apex: "" };

/// Pages that are read of a list.
const PAGES: usize = 10;

/// All elements of a list, whose pages name the next one.
fn pages(talk: &mut Talk<'_>, rest: &Rest, path: &str, at: &str) -> Talked<Vec<Value>> {
    let mut all = Vec::new();
    let mut path = format!("{path}?per_page=500");
    let first = path.len();
    for _ in 0..PAGES {
        let answer = talk.send(rest.get(&path))?;
        let value = rest.value(answer)?;
        if !value[at].is_array() {
            return Err(rest.confused(answer));
        }
        all.extend_from_slice(list(&value[at], ""));
        let next = text(&value, "/meta/links/next");
        if next.is_empty() {
            break;
        }
        path.truncate(first);
        path.push_str("&cursor=");
        path.push_str(&percent::encode(next));
    }
    Ok(all)
}

fn zones(talk: &mut Talk<'_>, rest: &Rest) -> Talked<ZoneList> {
    Ok(by_name(&pages(talk, rest, "", "domains")?, "/domain"))
}

fn read(talk: &mut Talk<'_>, rest: &Rest, zone: &Zone, _: &[&Place<'_>]) -> Talked<Vec<Record>> {
    let found = pages(talk, rest, &format!("/{}/records", zone.id), "records")?;
    Ok(Record::list(&found, Some(zone)))
}

#[cfg(test)]
mod tests;
