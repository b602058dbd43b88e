//! Cloudflare (<https://developers.cloudflare.com/api/resources/dns/subresources/records/>).
//!
//! The ids of zones and records are learned. With them, changes of any number of names are one batch
//! request, which Cloudflare carries out as a whole or not at all.

use serde_json::Value;

use super::records::{self, Goal, Record, RecordModel, Write, ZoneApi, ZoneRef};
use super::rest::{Rest, list, object};
use super::zone::{Zone, ZoneList, zones_by_id};
use super::{Api, Base, Need};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Method, Rate};

pub(super) const API: Api = Api {
    name: "cloudflare",
    aliases: &["cloudflare.com-v4"],
    title: "Cloudflare",
    base: Base::Https("api.cloudflare.com/client/v4/zones"),
    needs: &[Need::new("password", "an API token with Zone Read and DNS Write for the zone")],
    // The limit of the free plan for one batch.
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
    // 1 means automatic.
    new_ttl: 1,
    writes_together: API.writes_together,
    reads_together: true,
};

/// With an e-mail address as user name the password is the global key; with anything else (`Bearer`,
/// nothing) it is a token.
fn credentials(talk: &Conversation<'_>) -> Rest {
    let account = talk.account;
    let rest = Rest::new(&API, account).with_status_fix(fix_status);
    if account.username.contains('@') {
        let rest = rest.header("X-Auth-Key", &account.password);
        return rest.plain_header("X-Auth-Email", &account.username);
    }
    rest.token("Bearer", &account.password)
}

/// Cloudflare reports wrong credentials with several statuses, but always with one of these codes.
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
        // 500 records fit into [`LONG_ANSWER`](crate::provider::LONG_ANSWER).
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
            path.push_str("/batch");
            let mut batch = BATCH_MEMBERS.map(|member| {
                let writes = several.iter().filter(|write| batch_member(write) == member);
                (member, writes.map(body).collect())
            });
            rest.json(Method::Post, &path, &object(&mut batch))
        }
    };
    let answer = talk.send(request)?;
    let value = rest.value(&answer)?;
    let made = match writes {
        [one] if !one.is_removal() => {
            Record::list(value.get("result").map_or(&[], std::slice::from_ref), None)
        }
        _ => {
            let made = BATCH_MEMBERS.iter().flat_map(|member| list(&value["result"][member], ""));
            Record::list(&made.cloned().collect::<Vec<_>>(), None)
        }
    };
    if made.len() < writes.len() || made.iter().any(|record| record.id.is_empty()) {
        return Err(rest.not_understood(&answer));
    }
    Ok(made)
}

/// The members of a batch request, and of the result in its answer.
const BATCH_MEMBERS: [&str; 3] = ["deletes", "patches", "posts"];

/// The member of a batch request that `write` belongs to.
fn batch_member(write: &Write<'_>) -> &'static str {
    match write.id {
        _ if write.is_removal() => "deletes",
        Some(_) => "patches",
        None => "posts",
    }
}

fn body(write: &Write<'_>) -> Value {
    if let Some(id) = &write.id
        && write.is_removal()
    {
        return object(&mut [("id", id.as_str().into())]);
    }
    let goal = write.goal;
    let mut body = write.with_set_ttl(object(&mut [("content", goal.address())]), "ttl");
    if let Some(proxied) = goal.change.record.proxied {
        body["proxied"] = proxied.into();
    }
    match &write.id {
        Some(id) => body["id"] = id.as_str().into(),
        None => {
            body["type"] = goal.kind().into();
            body["name"] = goal.fqdn.as_str().into();
            if body["proxied"].is_null() {
                body["proxied"] = false.into();
            }
        }
    }
    body
}

#[cfg(test)]
mod tests;
