//! Hetzner (<https://docs.hetzner.cloud/reference/cloud#tag/zones>).
//!
//! Changes are carried out later; the answer names an action that can be asked.

use serde_json::Value;

use super::records::{self, Call, NEW_TTL, Place, Record, Scheme, Unit, Write};
use super::rest::{Rest, id, list, member, object, text};
use super::zone::{Zone, ZoneList, by_name};
use super::{Api, Need};
use crate::provider::talk::{Talk, Talked};
use crate::provider::{Batch, Method, Rate, Request};

pub(super) const API: Api = Api {
    name: "hetzner",
    aliases: &["hetzner.cloud"],
    title: "Hetzner",
    base: "https://api.hetzner.cloud/v1",
    needs: &[Need {
        option: "password",
        holds: "an API token with read and write access to the zone's project in the Hetzner Console",
    }],
    batch: Batch::Account(5),
    rate: Some(Rate { requests: 3600, seconds: 3600 }),
    remark: "tokens of the DNS Console, which was shut down in May 2026, are no good any more",
    publish: |talk| {
        let token = &talk.account.password;
        let old = token.expose().len() == OLD_TOKEN;
        let rest = Rest::new(&API).token("Bearer", token);
        let rest = rest.judging(if old { judge_old } else { judge });
        records::publish(talk, &rest, &SCHEME)
    },
};

const SCHEME: Scheme = Scheme {
    title: API.title,
    zones,
    read,
    write,
    unit: Unit::Set,
    content: "value",
    call: Call::Name,
    new_ttl: NEW_TTL,
    together: false,
};

/// Length of a token of the DNS Console.
const OLD_TOKEN: usize = 32;
/// How often an action is asked whether it is done.
const ASKED: usize = 4;

fn judge(status: u16, _: &Value) -> (u16, &'static str) {
    // Another change is under way.
    (if status == 409 { 423 } else { status }, "")
}

fn judge_old(status: u16, body: &Value) -> (u16, &'static str) {
    match status {
        401 => (
            401,
            "this looks like a token of the DNS Console, which was shut down in May 2026: make one \
             in the Hetzner Console, with read and write access to the zone's project",
        ),
        _ => judge(status, body),
    }
}

fn zones(talk: &mut Talk<'_>, rest: &Rest) -> Talked<ZoneList> {
    Ok(by_name(&rest.pages(talk, "/zones?per_page=50&page=", "/zones", 50)?, "/name"))
}

/// Where the set is.
fn path(zone: &Zone, place: &Place<'_>) -> String {
    format!("/zones/{}/rrsets/{}/{}", zone.id, place.host(zone, "@"), place.kind())
}

fn read(
    talk: &mut Talk<'_>,
    rest: &Rest,
    zone: &Zone,
    places: &[&Place<'_>],
) -> Talked<Vec<Record>> {
    let mut records = Vec::new();
    for (kind, place) in records::asked(places) {
        let sets = match place {
            Some(place) => vec![member(&rest.look(talk, &path(zone, place))?, "rrset")],
            None => {
                let path = format!("/zones/{}/rrsets?type={kind}&per_page=50&page=", zone.id);
                rest.pages(talk, &path, "/rrsets", 50)?
            }
        };
        for set in &sets {
            let name = place.map_or_else(|| zone.full(text(set, "/name")), |it| it.fqdn.clone());
            records.append(&mut Record::set(&name, kind, set.get("ttl"), list(set, "/records")));
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
    for write in writes {
        let place = write.place;
        let mut members = [
            ("records", write.all()),
            ("name", place.host(zone, "@").into()),
            ("type", place.kind().into()),
        ];
        if !write.exists {
            let path = format!("/zones/{}/rrsets", zone.id);
            let body = write.timed(object(&mut members), "ttl");
            act(talk, rest, rest.json(Method::Post, &path, &body))?;
            continue;
        }
        if write.is_removal() {
            act(talk, rest, rest.request(Method::Delete, &path(zone, place)))?;
            continue;
        }
        let actions = format!("{}/actions/", path(zone, place));
        let (records, _) = members.split_at_mut(1);
        let set = rest.json(Method::Post, &format!("{actions}set_records"), &object(records));
        act(talk, rest, set)?;
        if write.retimed {
            let body = write.timed(object(&mut []), "ttl");
            act(talk, rest, rest.json(Method::Post, &format!("{actions}change_ttl"), &body))?;
        }
    }
    Ok(Vec::new())
}

/// Sends `request` and asks the action that it starts until it is done.
fn act(talk: &mut Talk<'_>, rest: &Rest, request: Request) -> Talked<()> {
    let mut request = request;
    for _ in 0..=ASKED {
        let answer = talk.send(request)?;
        let value = rest.value(answer)?;
        match text(&value, "/action/status") {
            "success" => return Ok(()),
            "running" => {}
            "error" => return Err(rest.undone(text(&value, "/action/error/message"))),
            _ => return Err(rest.confused(answer)),
        }
        request = rest.get(&format!("/actions/{}", id(&value, "/action/id")));
    }
    Err(rest.undone("it is still under way"))
}

#[cfg(test)]
mod tests;
