//! DNSimple (<https://developer.dnsimple.com/v2/zones/records/>).
//!
//! Changes of any number of names of a zone are one request, which is carried out as a whole or not
//! at all.

use super::records::{
    self, Goal, NEW_TTL, Record, RecordEndpoint, RecordModel, Write, ZoneApi, ZoneRef,
};
use super::rest::{Rest, id, id_value, list, object};
use super::zone::{Zone, ZoneList, zones_by_name};
use super::{Api, Base, Need};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Method, Rate};

pub(super) const API: Api = Api {
    name: "dnsimple",
    aliases: &[],
    title: "DNSimple",
    base: Base::Https("api.dnsimple.com/v2"),
    needs: &[Need::new("password", "an API access token of the account")],
    batch: Batch::Account(50),
    writes_together: true,
    rate: Some(Rate { requests: 2400, seconds: 3600 }),
    remark: "'username' may hold the number of the account, where the token is good for several",
    publish,
};

const ZONE_API: ZoneApi = ZoneApi {
    title: API.title,
    zones,
    read,
    write,
    model: RecordModel::ById,
    address_member: "content",
    zone_ref: ZoneRef::Name,
    new_ttl: NEW_TTL,
    writes_together: API.writes_together,
    reads_together: true,
};

const ENDPOINT: RecordEndpoint = RecordEndpoint {
    update_method: Method::Post,
    pointer: "",
    address_member: ZONE_API.address_member,
    ttl_member: "ttl",
    apex: "",
};

/// The key under which the number of the account is learned.
const ACCOUNT: &str = "account";

fn publish(talk: &mut Conversation<'_>) -> ApiResult<()> {
    let rest = Rest::new(&API, talk.account).token("Bearer", &talk.account.password);
    let account = account(talk, &rest)?;
    let rest = rest.below(&format!("/{account}/zones"));
    records::publish(talk, &rest, &ZONE_API)
}

/// The number of the account: from `username`; else learned; else that of an account token; else the
/// first account of a user token's user.
fn account(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<String> {
    let username = &talk.account.username;
    if !username.is_empty() && username.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(username.clone());
    }
    if let Some(learned) = talk.learned(ACCOUNT) {
        return Ok(learned);
    }
    let mut found = id(&rest.ask(talk, rest.get("/whoami"))?, "/data/account/id");
    if found.is_empty() {
        let answer = talk.send(rest.get("/accounts"))?;
        found = id(&rest.value(&answer)?, "/data/0/id");
        if found.is_empty() {
            return Err(rest.not_understood(&answer));
        }
    }
    talk.learn(ACCOUNT.into(), &found);
    Ok(found)
}

fn zones(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<ZoneList> {
    Ok(zones_by_name(&rest.pages(talk, "?per_page=100&page=", "/data", 100)?, "/name"))
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let mut records = Vec::new();
    for goal in goals {
        let (kind, host) = (goal.kind(), goal.host(zone, ""));
        let path = format!("/{}/records?name={host}&type={kind}&per_page=100", zone.id);
        let found = rest.elements(talk, rest.get(&path), "/data")?;
        records.append(&mut Record::list(&found, Some(zone)));
    }
    Ok(records)
}

fn write(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    let (mut creates, mut updates, mut deletes) = (Vec::new(), Vec::new(), Vec::new());
    for write in writes {
        let mut body = write.body(zone, &ENDPOINT);
        match write.id.as_deref().map(id_value) {
            Some(id) if write.is_removal() => deletes.push(object(&mut [("id", id)])),
            Some(id) => {
                body["id"] = id;
                updates.push(body);
            }
            None => creates.push(body),
        }
    }
    let shown = creates.len() + updates.len();
    let body = object(&mut [
        ("creates", creates.into()),
        ("updates", updates.into()),
        ("deletes", deletes.into()),
    ]);
    let answer = talk.send(rest.json(Method::Post, &format!("/{}/batch", zone.id), &body))?;
    let value = rest.value(&answer)?;
    let mut made = Record::list(list(&value, "/data/creates"), Some(zone));
    made.append(&mut Record::list(list(&value, "/data/updates"), Some(zone)));
    if made.len() < shown { Err(rest.not_understood(&answer)) } else { Ok(made) }
}

#[cfg(test)]
mod tests;
