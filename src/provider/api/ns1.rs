//! NS1, now IBM NS1 Connect (<https://developer.ibm.com/apis/catalog/ns1--ibm-ns1-connect-api>).
//!
//! An answer may hold more than an address, so each set is read before it is written.

use serde_json::Value;

use super::records::{self, Call, NEW_TTL, Place, Record, Scheme, Unit, Write};
use super::rest::{Rest, list, object, text};
use super::zone::{Zone, ZoneList, listed};
use super::{Api, Need};
use crate::provider::talk::{Talk, Talked};
use crate::provider::{Batch, Method};

pub(super) const API: Api = Api {
    name: "ns1",
    aliases: &["ns1.com"],
    title: "NS1",
    base: "https://api.nsone.net/v1/zones",
    needs: &[Need { option: "password", holds: "an API key that may manage the zone's records" }],
    batch: Batch::Account(20),
    rate: None,
    remark: "",
    publish: |talk| {
        let rest = Rest::new(&API).header("X-NSONE-Key", &talk.account.password);
        records::publish(talk, &rest, &SCHEME)
    },
};

const SCHEME: Scheme = Scheme {
    title: API.title,
    zones,
    read,
    write,
    unit: Unit::Set,
    content: ADDRESS,
    call: Call::Name,
    new_ttl: NEW_TTL,
    together: false,
};

/// Our name for the only element of an answer, which is an array.
const ADDRESS: &str = "address";

fn zones(talk: &mut Talk<'_>, rest: &Rest) -> Talked<ZoneList> {
    Ok(listed(&rest.elements(talk, rest.get(""), "")?, "/zone", "/zone"))
}

fn path(zone: &Zone, place: &Place<'_>) -> String {
    format!("/{}/{}/{}", zone.id, place.fqdn, place.kind())
}

fn read(
    talk: &mut Talk<'_>,
    rest: &Rest,
    zone: &Zone,
    places: &[&Place<'_>],
) -> Talked<Vec<Record>> {
    let mut records = Vec::new();
    for place in places {
        let answer = talk.send(rest.get(&path(zone, place)))?;
        if answer.status == 404 {
            continue;
        }
        let set = rest.value(answer)?;
        if set.get("answers").is_none() {
            return Err(rest.confused(answer));
        }
        let values = named(&set);
        records.append(&mut Record::set(&place.fqdn, place.kind(), set.get("ttl"), &values));
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
        let place = write.place;
        if write.is_removal() {
            rest.ask(talk, rest.request(Method::Delete, &path(zone, place)))?;
            continue;
        }
        let answers: Vec<_> = write.values.iter().map(answer).collect();
        let mut body = write.timed(object(&mut [("answers", answers.into())]), "ttl");
        let mut method = Method::Post;
        if !write.exists {
            method = Method::Put;
            body["zone"] = zone.name.as_str().into();
            body["domain"] = place.fqdn.as_str().into();
            body["type"] = place.kind().into();
        }
        let answer = talk.send(rest.json(method, &path(zone, place), &body))?;
        let made = Record::set("", "", None, &named(&rest.value(answer)?));
        let is_there = made.iter().any(|record| record.is_as(place.change, ADDRESS));
        if !place.change.removes() && !is_there {
            return Err(rest.confused(answer));
        }
    }
    Ok(Vec::new())
}

/// The answers of a set, with our name.
fn named(set: &Value) -> Vec<Value> {
    let mut answers = list(set, "/answers").to_vec();
    answers.retain(Value::is_object);
    for answer in &mut answers {
        answer[ADDRESS] = text(answer, "/answer/0").into();
    }
    answers
}

/// An answer as NS1 has it.
fn answer(named: &Value) -> Value {
    let mut answer = named.clone();
    if let Some(members) = answer.as_object_mut()
        && let Some(address) = members.remove(ADDRESS)
    {
        members.insert("answer".into(), vec![address].into());
    }
    answer
}

#[cfg(test)]
mod tests;
