//! DigitalOcean (<https://docs.digitalocean.com/reference/api/reference/domain-records/>).

use super::records::{self, Call, Form, NEW_TTL, Place, Record, Scheme, Unit, Write};
use super::rest::Rest;
use super::zone::{Zone, ZoneList, by_name};
use super::{Api, Need};
use crate::provider::talk::{Talk, Talked};
use crate::provider::{Batch, Method, Rate};

pub(super) const API: Api = Api {
    name: "digitalocean",
    aliases: &["digitalocean.com-v2"],
    title: "DigitalOcean",
    base: "https://api.digitalocean.com/v2/domains",
    needs: &[Need {
        option: "password",
        holds: "an API token with domain:read, domain:create, domain:update, and domain:delete for \
                'remove_after'",
    }],
    batch: Batch::Account(20),
    rate: Some(Rate { requests: 250, seconds: 60 }),
    remark: "",
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
    content: "data",
    call: Call::Name,
    new_ttl: NEW_TTL,
    together: false,
};

const FORM: Form = Form {
    change: Method::Patch,
    at: "/domain_record",
    content: SCHEME.content,
    ttl: "ttl",
    apex: "@",
};

fn zones(talk: &mut Talk<'_>, rest: &Rest) -> Talked<ZoneList> {
    // Each comes with all of its records.
    let zones = rest.pages(talk, "?per_page=20&page=", "/domains", 20)?;
    Ok(by_name(&zones, "/name"))
}

fn read(
    talk: &mut Talk<'_>,
    rest: &Rest,
    zone: &Zone,
    places: &[&Place<'_>],
) -> Talked<Vec<Record>> {
    let mut records = Vec::new();
    for place in places {
        let (kind, name) = (place.kind(), &place.fqdn);
        let path = format!("/{}/records?type={kind}&name={name}&per_page=200", zone.id);
        let found = rest.elements(talk, rest.get(&path), "/domain_records")?;
        records.append(&mut Record::list(&found, Some(zone)));
    }
    Ok(records)
}

fn write(
    talk: &mut Talk<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
) -> Talked<Vec<Record>> {
    let mut made = Vec::new();
    for write in writes {
        let mut body = write.body(zone, &FORM);
        // It must be there even if it does not change.
        body["type"] = write.place.kind().into();
        made.push(write.send(talk, rest, zone, &FORM, &body)?);
    }
    Ok(made)
}

#[cfg(test)]
mod tests;
