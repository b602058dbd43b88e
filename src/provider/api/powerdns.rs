//! `PowerDNS` Authoritative Server (<https://doc.powerdns.com/authoritative/http-api/zone.html>).
//!
//! Changes of any number of names of a zone are one request, which is carried out as a whole or not
//! at all.

use serde_json::Value;

use super::records::{self, Call, NEW_TTL, Place, Record, Scheme, Unit, Write};
use super::rest::{Rest, member, object};
use super::zone::{Zone, ZoneList, by_name};
use super::{Api, Need};
use crate::provider::talk::{Talk, Talked};
use crate::provider::{Batch, Method};

pub(super) const API: Api = Api {
    name: "powerdns",
    aliases: &["pdns"],
    title: "PowerDNS",
    base: "",
    needs: &[
        Need { option: "password", holds: "the server's api-key" },
        Need { option: "param_opt", holds: "the server's URL, such as http://192.0.2.1:8081" },
    ],
    batch: Batch::Account(50),
    rate: None,
    remark: "the server needs webserver=yes, api=yes, and the router in webserver-allow-from",
    publish: |talk| {
        let account = talk.account;
        let rest = Rest::new(&API).header("X-API-Key", &account.password);
        records::publish(talk, &rest.at(&place(account.param_opt.expose())), &SCHEME)
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

/// The zones of the server at `url`, unless that says all of it.
fn place(url: &str) -> String {
    let url = url.trim_end_matches('/');
    if url.contains("/api/v1/") {
        return format!("{url}/zones");
    }
    format!("{url}/api/v1/servers/localhost/zones")
}

fn zones(talk: &mut Talk<'_>, rest: &Rest) -> Talked<ZoneList> {
    // It need not find out about DNSSEC for that.
    Ok(by_name(&rest.elements(talk, rest.get("?dnssec=false"), "")?, "/name"))
}

fn read(
    talk: &mut Talk<'_>,
    rest: &Rest,
    zone: &Zone,
    places: &[&Place<'_>],
) -> Talked<Vec<Record>> {
    let path = format!("/{}.", zone.name);
    let at = "/rrsets";
    let mut sets = records::listed(talk, rest, places, rest.get(&path), at)?.unwrap_or_default();
    if sets.is_empty() {
        for name in records::names(places) {
            // Old servers give the whole zone.
            let path = format!("{path}?rrset_name={name}.");
            sets.append(&mut rest.elements(talk, rest.get(&path), at)?);
        }
    }
    Ok(Record::sets(&sets, None))
}

fn write(
    talk: &mut Talk<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
) -> Talked<Vec<Record>> {
    let mut sets = Vec::new();
    for write in writes {
        let record = |raw: &Value| {
            object(&mut [
                ("content", member(raw, "content")),
                ("disabled", (raw["disabled"] == true).into()),
            ])
        };
        let values: Vec<_> = write.values.iter().map(record).collect();
        sets.push(object(&mut [
            ("name", format!("{}.", write.place.fqdn).into()),
            ("type", write.place.kind().into()),
            ("ttl", write.ttl.unwrap_or(NEW_TTL).into()),
            ("changetype", "REPLACE".into()),
            ("records", values.into()),
        ]));
    }
    let body = object(&mut [("rrsets", sets.into())]);
    rest.ask(talk, rest.json(Method::Patch, &format!("/{}.", zone.name), &body))?;
    Ok(Vec::new())
}

#[cfg(test)]
mod tests;
