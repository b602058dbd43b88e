//! Linode, Akamai's cloud (<https://techdocs.akamai.com/linode-api/reference/get-domain-records>).

use serde_json::json;

use super::records::{self, Call, Place, Record, Scheme, Unit, Write, written};
use super::rest::{Rest, id, text};
use super::zone::{Zone, ZoneList};
use super::{Api, Need};
use crate::provider::talk::{Talk, Talked};
use crate::provider::{Batch, Method, Rate};

pub(super) const API: Api = Api {
    name: "linode",
    aliases: &[],
    title: "Linode",
    base: "https://api.linode.com/v4/domains",
    needs: &[Need {
        option: "password",
        holds: "a personal access token that may read and write domains",
    }],
    batch: Batch::Account(20),
    // Of lists; anything else may be asked more often.
    rate: Some(Rate { requests: 200, seconds: 60 }),
    remark: "a time to live becomes the next one that Linode has",
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
    unit: Unit::Id,
    content: "target",
    call: Call::Id,
    together: false,
};

fn zones(talk: &mut Talk<'_>, rest: &Rest) -> Talked<ZoneList> {
    let zones = rest.pages(talk, "?page_size=500&page=", "/data", 500)?;
    Ok(zones.iter().map(|zone| (text(zone, "/domain").to_owned(), id(zone, "/id"))).collect())
}

fn read(talk: &mut Talk<'_>, rest: &Rest, zone: &Zone, _: &[&Place<'_>]) -> Talked<Vec<Record>> {
    let path = format!("/{}/records?page_size=500&page=", zone.id);
    let found = rest.pages(talk, &path, "/data", 500)?;
    Ok(found.iter().map(|raw| Record::of(zone.full(text(raw, "/name")), raw)).collect())
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
        let mut body = write.timed(json!({"target": place.address()}), "ttl_sec");
        let path = format!("/{}/records", zone.id);
        let request = match &write.id {
            Some(id) => rest.json(Method::Put, &format!("{path}/{id}"), &body),
            None => {
                body["type"] = place.kind().into();
                body["name"] = place.host(zone, "").into();
                rest.json(Method::Post, &path, &body)
            }
        };
        made.push(written(talk, rest, write, request, "", SCHEME.content)?);
    }
    Ok(made)
}

#[cfg(test)]
mod tests;
