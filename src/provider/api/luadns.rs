//! LuaDNS (<https://www.luadns.com/api.html>).
//!
//! A record is written as a whole, so it is read before that.

use super::records::{self, Call, Form, NEW_TTL, Place, Record, Scheme, Unit, Write};
use super::rest::{Rest, object};
use super::zone::{Zone, ZoneList, listed};
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
    new_ttl: NEW_TTL,
    together: false,
};

const FORM: Form =
    Form { change: Method::Put, at: "", content: SCHEME.content, ttl: "ttl", apex: "" };

fn zones(talk: &mut Talk<'_>, rest: &Rest) -> Talked<ZoneList> {
    Ok(listed(&rest.elements(talk, rest.get(""), "")?, "/name", "/id"))
}

fn read(talk: &mut Talk<'_>, rest: &Rest, zone: &Zone, _: &[&Place<'_>]) -> Talked<Vec<Record>> {
    let path = format!("/{}/records", zone.id);
    Ok(Record::list(&rest.elements(talk, rest.get(&path), "")?, None))
}

fn write(
    talk: &mut Talk<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
) -> Talked<Vec<Record>> {
    let one = |write: &Write<'_>| {
        let place = write.place;
        let body = object(&mut [
            ("name", [&place.fqdn, "."].concat().into()),
            ("type", place.kind().into()),
            ("content", place.address()),
            ("ttl", write.ttl.unwrap_or(NEW_TTL).into()),
        ]);
        write.send(talk, rest, zone, &FORM, &body)
    };
    writes.iter().map(one).collect()
}

#[cfg(test)]
mod tests;
