//! Hostinger (<https://developers.hostinger.com/#tag/dns-zone>).
//!
//! Changes of any number of names of a zone are one request.

use serde_json::Value;

use super::records::{self, Call, NEW_TTL, Place, Record, Scheme, Unit, Write};
use super::rest::{Rest, member, object, refused, said, text};
use super::zone::{Zone, ZoneList, listed};
use super::{Api, Need};
use crate::provider::talk::{Talk, Talked};
use crate::provider::{Batch, Method, Request};

pub(super) const API: Api = Api {
    name: "hostinger",
    aliases: &[],
    title: "Hostinger",
    base: "https://developers.hostinger.com/api",
    needs: &[Need { option: "password", holds: "an API token" }],
    batch: Batch::Account(50),
    rate: None,
    remark: "a zone whose domain is registered elsewhere must be named with 'zone'",
    publish: |talk| {
        let rest = Rest::new(&API).token("Bearer", &talk.account.password);
        records::publish(talk, &rest, &SCHEME)
    },
};

const SCHEME: Scheme = Scheme {
    title: API.title,
    zones,
    read,
    write,
    unit: Unit::Set,
    content: "content",
    call: Call::Name,
    new_ttl: NEW_TTL,
    together: true,
};

fn zones(talk: &mut Talk<'_>, rest: &Rest) -> Talked<ZoneList> {
    let domains = rest.elements(talk, rest.get("/domains/v1/portfolio"), "")?;
    Ok(listed(&domains, "/domain", "/domain"))
}

fn path(zone: &Zone) -> String {
    format!("/dns/v1/zones/{}", zone.name)
}

fn read(
    talk: &mut Talk<'_>,
    rest: &Rest,
    zone: &Zone,
    places: &[&Place<'_>],
) -> Talked<Vec<Record>> {
    let records = Record::sets(&rest.elements(talk, rest.get(&path(zone)), "")?, Some(zone));
    for place in places {
        let here = || records.iter().filter(|record| record.is_at(place));
        let ours = |record: &&Record| {
            let address = record.address(SCHEME.content);
            address.is_some_and(|it| place.change.wants(it) || place.change.owns(it))
        };
        // What is written is switched on.
        if here().count() > 1 && here().any(|it| it.raw["is_disabled"] == true && !ours(&it)) {
            let reason = format!(
                "{} has another address, which is off at Hostinger and would be switched on",
                place.fqdn
            );
            place.settle(talk, refused(reason, "delete that, or switch it on"));
        }
    }
    Ok(records)
}

fn write(
    talk: &mut Talk<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
) -> Talked<Vec<Record>> {
    let content = |raw: &Value| object(&mut [("content", member(raw, "content"))]);
    let name = |write: &Write<'_>| {
        object(&mut [
            ("name", write.place.host(zone, "@").into()),
            ("type", write.place.kind().into()),
        ])
    };
    let set = |write: &Write<'_>| {
        let mut set = name(write);
        set["ttl"] = write.ttl.unwrap_or(NEW_TTL).into();
        set["records"] = write.values.iter().map(content).collect();
        set
    };
    let (gone, left): (Vec<_>, Vec<_>) = writes.iter().partition(|write| write.is_removal());
    // Only of sets with these names and types.
    if !left.is_empty() {
        let sets = left.into_iter().map(set).collect();
        let body = object(&mut [("overwrite", true.into()), ("zone", sets)]);
        done(talk, rest, rest.json(Method::Put, &path(zone), &body))?;
    }
    if !gone.is_empty() {
        let body = object(&mut [("filters", gone.into_iter().map(name).collect())]);
        done(talk, rest, rest.json(Method::Delete, &path(zone), &body))?;
    }
    Ok(Vec::new())
}

fn done(talk: &mut Talk<'_>, rest: &Rest, request: Request) -> Talked<()> {
    let done = rest.ask(talk, request)?;
    match text(&done, "/message") {
        "" => Err(rest.undone(said(&done))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
