//! Hetzner (<https://docs.hetzner.cloud/reference/cloud#tag/zones>).
//!
//! Hetzner carries changes out after its answer, which names an action. The action's status is then
//! requested until it is done.

use serde_json::Value;

use super::records::{self, Goal, NEW_TTL, Record, RecordModel, Write, ZoneApi, ZoneRef};
use super::rest::{Rest, id, list, member, object, text};
use super::zone::{Zone, ZoneList, zones_by_name};
use super::{Api, Base, Need};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Method, Rate, Request};

pub(super) const API: Api = Api {
    name: "hetzner",
    aliases: &["hetzner.cloud"],
    title: "Hetzner",
    base: Base::Https("api.hetzner.cloud/v1"),
    needs: &[Need::new(
        "password",
        "an API token with read and write access to the zone's project in the Hetzner Console",
    )],
    batch: Batch::Account(5),
    writes_together: false,
    rate: Some(Rate { requests: 3600, seconds: 3600 }),
    remark: "tokens of the DNS Console, which was shut down in May 2026, are no good any more",
    publish: |talk| {
        let token = &talk.account.password;
        let fix = match token.expose().len() {
            OLD_TOKEN => fix_status_of_old_token,
            _ => fix_status,
        };
        let rest = Rest::new(&API, talk.account).token("Bearer", token).with_status_fix(fix);
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
    reads_together: false,
};

/// Length of a token of the DNS Console.
const OLD_TOKEN: usize = 32;
/// How often the status of an action is requested.
const ACTION_REQUESTS: usize = 4;

fn fix_status(status: u16, _: &Value) -> (u16, &'static str) {
    match status {
        // Another action of the zone is running: locked.
        409 => (423, ""),
        _ => (status, ""),
    }
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

/// The path of the record set.
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
    for goal in goals {
        let set = member(&rest.get_or_null(talk, &path(zone, goal))?, "rrset");
        let (ttl, values) = (set.get("ttl"), list(&set, "/records"));
        records.append(&mut Record::set(&goal.fqdn, goal.kind(), ttl, values));
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

/// Sends `request`, and waits for the end of the action that it starts.
fn act(talk: &mut Conversation<'_>, rest: &Rest, request: Request) -> ApiResult<()> {
    let mut request = request;
    for _ in 0..=ACTION_REQUESTS {
        let answer = talk.send(request)?;
        let value = rest.value(&answer)?;
        match text(&value, "/action/status") {
            "success" => return Ok(()),
            "running" => {}
            "error" => return Err(rest.not_done(text(&value, "/action/error/message"))),
            _ => return Err(rest.not_understood(&answer)),
        }
        request = rest.get(&format!("/actions/{}", id(&value, "/action/id")));
    }
    Err(rest.not_done("it is still under way"))
}

#[cfg(test)]
mod tests;
