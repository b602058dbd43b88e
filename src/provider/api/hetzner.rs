//! Hetzner (<https://docs.hetzner.cloud/reference/cloud#tag/zones>).
//!
//! Changes are carried out later; the answer names an action that can be asked.

use serde_json::Value;

use super::records::{self, Goal, NEW_TTL, Record, RecordModel, Write, ZoneApi, ZoneRef};
use super::rest::{Rest, id, list, member, object, text};
use super::zone::{Zone, ZoneList, zones_by_name};
use super::{Api, Need};
use crate::provider::conversation::{ApiResult, Conversation};
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
    writes_together: false,
    rate: Some(Rate { requests: 3600, seconds: 3600 }),
    remark: "tokens of the DNS Console, which was shut down in May 2026, are no good any more",
    publish: |talk| {
        let token = &talk.account.password;
        let old = token.expose().len() == OLD_TOKEN;
        let rest = Rest::new(&API).token("Bearer", token);
        let rest = rest.with_status_fix(if old { fix_status_of_old_token } else { fix_status });
        records::publish(talk, &rest, &ZONE_API)
    },
};

const ZONE_API: ZoneApi = ZoneApi {
    title: API.title,
    zones,
    read,
    write,
    model: RecordModel::RrSet,
    address_member: "value",
    zone_ref: ZoneRef::Name,
    new_ttl: NEW_TTL,
    writes_together: API.writes_together,
};

/// Length of a token of the DNS Console.
const OLD_TOKEN: usize = 32;
/// How often an action is asked whether it is done.
const ASKED: usize = 4;

fn fix_status(status: u16, _: &Value) -> (u16, &'static str) {
    // Another change is under way.
    (if status == 409 { 423 } else { status }, "")
}

fn fix_status_of_old_token(status: u16, body: &Value) -> (u16, &'static str) {
    match status {
        401 => (
            401,
            "this looks like a token of the DNS Console, which was shut down in May 2026: make one \
             in the Hetzner Console, with read and write access to the zone's project",
        ),
        _ => fix_status(status, body),
    }
}

fn zones(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<ZoneList> {
    Ok(zones_by_name(&rest.pages(talk, "/zones?per_page=50&page=", "/zones", 50)?, "/name"))
}

/// Where the set is.
fn path(zone: &Zone, goal: &Goal<'_>) -> String {
    format!("/zones/{}/rrsets/{}/{}", zone.id, goal.host(zone, "@"), goal.kind())
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let mut records = Vec::new();
    for (kind, goal) in records::reads(goals) {
        let sets = match goal {
            Some(goal) => vec![member(&rest.get_or_null(talk, &path(zone, goal))?, "rrset")],
            None => {
                let path = format!("/zones/{}/rrsets?type={kind}&per_page=50&page=", zone.id);
                rest.pages(talk, &path, "/rrsets", 50)?
            }
        };
        for set in &sets {
            let name = goal.map_or_else(|| zone.full(text(set, "/name")), |it| it.fqdn.clone());
            records.append(&mut Record::set(&name, kind, set.get("ttl"), list(set, "/records")));
        }
    }
    Ok(records)
}

fn write(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    for write in writes {
        let goal = write.goal;
        let mut members = [
            ("records", write.all_values()),
            ("name", goal.host(zone, "@").into()),
            ("type", goal.kind().into()),
        ];
        if !write.exists {
            let path = format!("/zones/{}/rrsets", zone.id);
            let body = write.with_set_ttl(object(&mut members), "ttl");
            act(talk, rest, rest.json(Method::Post, &path, &body))?;
            continue;
        }
        if write.is_removal() {
            act(talk, rest, rest.request(Method::Delete, &path(zone, goal)))?;
            continue;
        }
        let actions = format!("{}/actions/", path(zone, goal));
        let (records, _) = members.split_at_mut(1);
        let set = rest.json(Method::Post, &format!("{actions}set_records"), &object(records));
        act(talk, rest, set)?;
        if write.changes_ttl() {
            let body = write.with_set_ttl(object(&mut []), "ttl");
            act(talk, rest, rest.json(Method::Post, &format!("{actions}change_ttl"), &body))?;
        }
    }
    Ok(Vec::new())
}

/// Sends `request` and asks the action that it starts until it is done.
fn act(talk: &mut Conversation<'_>, rest: &Rest, request: Request) -> ApiResult<()> {
    let mut request = request;
    for _ in 0..=ASKED {
        let answer = talk.send(request)?;
        let value = rest.value(answer)?;
        match text(&value, "/action/status") {
            "success" => return Ok(()),
            "running" => {}
            "error" => return Err(rest.not_done(text(&value, "/action/error/message"))),
            _ => return Err(rest.not_understood(answer)),
        }
        request = rest.get(&format!("/actions/{}", id(&value, "/action/id")));
    }
    Err(rest.not_done("it is still under way"))
}

#[cfg(test)]
mod tests;
