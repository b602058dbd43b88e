//! GoDaddy (<https://developer.godaddy.com/doc/endpoint/domains>).

use serde_json::Value;

use super::records::{self, Call, Place, Record, Scheme, Unit, Write};
use super::rest::{self, Rest, member, object, text};
use super::zone::{Zone, ZoneList, by_name};
use super::{Api, Need};
use crate::model::secret::Secret;
use crate::provider::talk::{Talk, Talked};
use crate::provider::{Batch, Rate};

pub(super) const API: Api = Api {
    name: "godaddy",
    aliases: &["godaddy.com-v1"],
    title: "GoDaddy",
    base: "https://api.godaddy.com/v1/domains",
    needs: &[
        Need { option: "username", holds: "the key of a production API key" },
        Need { option: "password", holds: "its secret" },
    ],
    batch: Batch::Account(10),
    rate: Some(Rate { requests: 60, seconds: 60 }),
    remark: "open only to accounts with ten domains or more, or with a Discount Domain Club plan",
    publish: |talk| {
        let account = talk.account;
        let pair = Secret::new([&account.username, ":", account.password.expose()].concat());
        let rest = Rest::new(&API).token("sso-key", &pair).hiding(&account.password);
        records::publish(talk, &rest.judging(judge), &SCHEME)
    },
};

const SCHEME: Scheme = Scheme {
    title: API.title,
    zones,
    read,
    write,
    unit: Unit::Set,
    content: "data",
    call: Call::Name,
    new_ttl: 600,
    together: false,
};

/// Zones in a page. There can be more, but much is said of each.
const PAGE: usize = 100;

fn judge(status: u16, body: &Value) -> (u16, &'static str) {
    let closed = status == 403 && text(body, "/code") == "ACCESS_DENIED";
    let advice = if closed {
        "since May 2024 GoDaddy opens its interface only to accounts with ten domains or more, or \
         with a Discount Domain Club plan; move the zone to another DNS provider, or the domain"
    } else {
        ""
    };
    (status, advice)
}

fn zones(talk: &mut Talk<'_>, rest: &Rest) -> Talked<ZoneList> {
    let zones = rest::paged(PAGE, &mut |_, before| {
        let (marker, last) =
            before.last().map_or(("", ""), |zone| ("&marker=", text(zone, "/domain")));
        let path = ["?statuses=ACTIVE&limit=100", marker, last].concat();
        rest.elements(talk, rest.get(&path), "")
    })?;
    Ok(by_name(&zones, "/domain"))
}

/// Where the set is.
fn path(zone: &Zone, place: &Place<'_>) -> String {
    format!("/{}/records/{}/{}", zone.id, place.kind(), place.host(zone, "@"))
}

fn read(
    talk: &mut Talk<'_>,
    rest: &Rest,
    zone: &Zone,
    places: &[&Place<'_>],
) -> Talked<Vec<Record>> {
    let mut records = Vec::new();
    for place in places {
        let found = rest.elements(talk, rest.get(&path(zone, place)), "")?;
        let ttl = found.first().and_then(|record| record.get("ttl"));
        records.append(&mut Record::set(&place.fqdn, place.kind(), ttl, &found));
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
        let record = |raw: &Value| write.kept(object(&mut [("data", member(raw, "data"))]), "ttl");
        let body = write.values.iter().map(record).collect();
        rest.ask(talk, write.at(rest, &path(zone, write.place), &body))?;
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests;
