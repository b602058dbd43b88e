//! Gandi LiveDNS (<https://api.gandi.net/docs/livedns/>).

use super::records::{self, Call, NEW_TTL, Place, Record, Scheme, Unit, Write};
use super::rest::{Rest, list, object};
use super::zone::{Zone, ZoneList, by_name};
use super::{Api, Need};
use crate::provider::Batch;
use crate::provider::talk::{Talk, Talked};

pub(super) const API: Api = Api {
    name: "gandi",
    aliases: &["gandi.net"],
    title: "Gandi",
    base: "https://api.gandi.net/v5/livedns/domains",
    needs: &[Need {
        option: "password",
        holds: "a personal access token that may manage the domain's DNS (it expires after a year \
                at the latest), or an API key of old",
    }],
    batch: Batch::Account(20),
    rate: None,
    remark: "the password is a personal access token, or an API key, which has 24 characters",
    publish: |talk| {
        let password = &talk.account.password;
        let scheme = if password.expose().len() == API_KEY { "Apikey" } else { "Bearer" };
        records::publish(talk, &Rest::new(&API).token(scheme, password), &SCHEME)
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

/// Length of an API key. A personal access token is longer.
const API_KEY: usize = 24;

fn zones(talk: &mut Talk<'_>, rest: &Rest) -> Talked<ZoneList> {
    Ok(by_name(&rest.pages(talk, "?per_page=100&page=", "", 100)?, "/fqdn"))
}

/// Where the set is.
fn path(zone: &Zone, place: &Place<'_>) -> String {
    format!("/{}/records/{}/{}", zone.id, place.host(zone, "@"), place.kind())
}

fn read(
    talk: &mut Talk<'_>,
    rest: &Rest,
    zone: &Zone,
    places: &[&Place<'_>],
) -> Talked<Vec<Record>> {
    let mut records = Vec::new();
    for place in places {
        let found = rest.look(talk, &path(zone, place))?;
        let (ttl, values) = (found.get("rrset_ttl"), list(&found, "/rrset_values"));
        records.append(&mut Record::set(&place.fqdn, place.kind(), ttl, values));
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
        let body = write.kept(object(&mut [("rrset_values", write.all())]), "rrset_ttl");
        rest.ask(talk, write.at(rest, &path(zone, write.place), &body))?;
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests;
