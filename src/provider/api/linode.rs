//! Linode, Akamai's cloud (<https://techdocs.akamai.com/linode-api/reference/get-domain-records>).

use super::records::{self, Call, Form, NEW_TTL, Place, Record, Scheme, Unit, write_each};
use super::rest::Rest;
use super::zone::{Zone, ZoneList, listed};
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
    write: |talk, rest, zone, writes| write_each(talk, rest, zone, writes, &FORM),
    unit: Unit::Id,
    content: "target",
    call: Call::Id,
    new_ttl: NEW_TTL,
    together: false,
};

const FORM: Form =
    Form { change: Method::Put, at: "", content: SCHEME.content, ttl: "ttl_sec", apex: "" };

fn zones(talk: &mut Talk<'_>, rest: &Rest) -> Talked<ZoneList> {
    let zones = rest.pages(talk, "?page_size=500&page=", "/data", 500)?;
    Ok(listed(&zones, "/domain", "/id"))
}

fn read(talk: &mut Talk<'_>, rest: &Rest, zone: &Zone, _: &[&Place<'_>]) -> Talked<Vec<Record>> {
    let path = format!("/{}/records?page_size=500&page=", zone.id);
    Ok(Record::list(&rest.pages(talk, &path, "/data", 500)?, Some(zone)))
}

#[cfg(test)]
mod tests;
