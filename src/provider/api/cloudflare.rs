//! Cloudflare (<https://developers.cloudflare.com/api/resources/dns/subresources/records/>).
//!
//! Zones are zones_by_id once and records looked up once; later changes of any number of names are one
//! batch request, which Cloudflare carries out as a whole or not at all.

use serde_json::Value;

use super::records::{self, Goal, Record, RecordModel, Write, ZoneApi, ZoneRef};
use super::rest::{Rest, list, object};
use super::zone::{Zone, ZoneList, zones_by_id};
use super::{Api, Need};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Method, Rate};

pub(super) const API: Api = Api {
    name: "cloudflare",
    aliases: &["cloudflare.com-v4"],
    title: "Cloudflare",
    base: "https://api.cloudflare.com/client/v4/zones",
    needs: &[Need {
        option: "password",
        holds: "an API token with Zone Read and DNS Write for the zone",
    }],
    // What the free plan allows in one batch.
    batch: Batch::Account(200),
    writes_together: true,
    rate: Some(Rate { requests: 1200, seconds: 300 }),
    remark: "an API token needs the permissions Zone Read and DNS Write; with an e-mail address as \
             'username' the password is the global API key",
    publish: |talk| records::publish(talk, &credentials(talk), &ZONE_API),
};

const ZONE_API: ZoneApi = ZoneApi {
    title: API.title,
    zones,
    read,
    write,
    model: RecordModel::ById,
    address_member: "content",
    zone_ref: ZoneRef::Id,
    // Automatic.
    new_ttl: 1,
    writes_together: API.writes_together,
};

/// An e-mail address as user name means the global key; everything else (`Bearer`, nothing) a token.
fn credentials(talk: &Conversation<'_>) -> Rest {
    let account = talk.account;
    let rest = Rest::new(&API).with_status_fix(fix_status);
    if account.username.contains('@') {
        let rest = rest.header("X-Auth-Key", &account.password);
        return rest.plain_header("X-Auth-Email", &account.username);
    }
    rest.token("Bearer", &account.password)
}

/// Errors of authentication come with several statuses.
fn fix_status(status: u16, body: &Value) -> (u16, &'static str) {
    let code = body.pointer("/errors/0/code").and_then(Value::as_u64);
    let status = match (code, status) {
        (Some(10_000 | 6003 | 9109), _) => 401,
        (Some(_), 200..=299) => 400,
        (None, 200..=299) if body["success"] != true => 0,
        _ => status,
    };
    (status, "")
}

fn zones(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<ZoneList> {
    let zones = rest.pages(talk, "?per_page=50&page=", "/result", 50)?;
    Ok(zones_by_id(&zones, "/name", "/id"))
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let mut records = Vec::new();
    for (kind, goal) in records::reads(goals) {
        let (and, name) = goal.map_or(("", ""), |goal| ("&name=", &goal.fqdn));
        // So many fit into an answer.
        let path = format!("/{}/dns_records?type={kind}{and}{name}&per_page=500&page=", zone.id);
        records.append(&mut Record::list(&rest.pages(talk, &path, "/result", 500)?, None));
    }
    Ok(records)
}

fn write(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    let mut path = ["/", &zone.id, "/dns_records"].concat();
    let request = match writes {
        [one] if !one.is_removal() => {
            let (method, slash, id) =
                one.id.as_ref().map_or((Method::Post, "", ""), |id| (Method::Patch, "/", id));
            path.extend([slash, id]);
            rest.json(method, &path, &body(one))
        }
        several => {
            let of = |kind| {
                let writes = several.iter().filter(|it| kind_of(it) == kind);
                (kind, writes.map(body).collect())
            };
            path.push_str("/batch");
            rest.json(Method::Post, &path, &object(&mut KINDS.map(of)))
        }
    };
    let answer = talk.send(request)?;
    let value = rest.value(answer)?;
    let made = match writes {
        [one] if !one.is_removal() => {
            Record::list(value.get("result").map_or(&[], std::slice::from_ref), None)
        }
        _ => {
            let made = KINDS.iter().flat_map(|kind| list(&value["result"][kind], ""));
            Record::list(&made.cloned().collect::<Vec<_>>(), None)
        }
    };
    if made.len() < writes.len() || made.iter().any(|record| record.id.is_empty()) {
        return Err(rest.not_understood(answer));
    }
    Ok(made)
}

/// What a batch is made of.
const KINDS: [&str; 3] = ["deletes", "patches", "posts"];

fn kind_of(write: &Write<'_>) -> &'static str {
    match write.id {
        _ if write.is_removal() => "deletes",
        Some(_) => "patches",
        None => "posts",
    }
}

fn body(write: &Write<'_>) -> Value {
    if let (true, Some(id)) = (write.is_removal(), &write.id) {
        return object(&mut [("id", id.as_str().into())]);
    }
    let (goal, said) = (write.goal, &write.goal.change.record);
    let mut body = write.with_set_ttl(object(&mut [("content", goal.address())]), "ttl");
    let new = write.id.is_none();
    if let Some(proxied) = said.proxied.or_else(|| new.then_some(false)) {
        body["proxied"] = proxied.into();
    }
    let members = match &write.id {
        Some(id) => [("id", id.as_str()), ("id", id)],
        None => [("type", goal.kind()), ("name", &goal.fqdn)],
    };
    for (name, value) in members {
        body[name] = value.into();
    }
    body
}

#[cfg(test)]
mod tests;
