//! NS1, now IBM NS1 Connect (<https://developer.ibm.com/apis/catalog/ns1--ibm-ns1-connect-api>).
//!
//! A record set has answers, which may have metadata beside the address. So each set is read before it
//! is written.

use serde_json::Value;

use super::records::{self, Goal, NEW_TTL, Record, RecordModel, Write, ZoneApi, ZoneRef};
use super::rest::{Rest, list, object, text};
use super::zone::{Zone, ZoneList, zones_by_id};
use super::{Api, Base, Need};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Method};

pub(super) const API: Api = Api {
    name: "ns1",
    aliases: &["ns1.com"],
    title: "NS1",
    base: Base::Https("api.nsone.net/v1/zones"),
    needs: &[Need::new("password", "an API key that may manage the zone's records")],
    batch: Batch::Account(20),
    writes_together: false,
    rate: None,
    remark: "",
    publish: |talk| {
        let rest = Rest::new(&API, talk.account).header("X-NSONE-Key", &talk.account.password);
        records::publish(talk, &rest, &ZONE_API)
    },
};

const ZONE_API: ZoneApi = ZoneApi {
    title: API.title,
    zones,
    read,
    write,
    model: RecordModel::RrSet,
    address_member: ADDRESS,
    zone_ref: ZoneRef::Name,
    new_ttl: NEW_TTL,
    writes_together: API.writes_together,
    reads_together: false,
};

/// The member that we add to an answer for its address. NS1 has it in an array of one element.
const ADDRESS: &str = "address";

fn zones(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<ZoneList> {
    Ok(zones_by_id(&rest.elements(talk, rest.get(""), "")?, "/zone", "/zone"))
}

fn path(zone: &Zone, goal: &Goal<'_>) -> String {
    format!("/{}/{}/{}", zone.id, goal.fqdn, goal.kind())
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let mut records = Vec::new();
    for goal in goals {
        let answer = talk.send(rest.get(&path(zone, goal)))?;
        if answer.status == 404 {
            continue;
        }
        let set = rest.value(&answer)?;
        if set.get("answers").is_none() {
            return Err(rest.not_understood(&answer));
        }
        let values = with_address_member(&set);
        records.append(&mut Record::set(&goal.fqdn, goal.kind(), set.get("ttl"), &values));
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
        if write.is_removal() {
            rest.ask(talk, rest.request(Method::Delete, &path(zone, goal)))?;
            continue;
        }
        let answers: Vec<_> = write.values.iter().map(without_address_member).collect();
        let mut body = write.with_set_ttl(object(&mut [("answers", answers.into())]), "ttl");
        let mut method = Method::Post;
        if !write.exists {
            method = Method::Put;
            body["zone"] = zone.name.as_str().into();
            body["domain"] = goal.fqdn.as_str().into();
            body["type"] = goal.kind().into();
        }
        let answer = talk.send(rest.json(method, &path(zone, goal), &body))?;
        let made = Record::set("", "", None, &with_address_member(&rest.value(&answer)?));
        let is_shown = made.iter().any(|record| record.holds_target(goal.change, ADDRESS));
        if !goal.change.removes() && !is_shown {
            return Err(rest.not_understood(&answer));
        }
    }
    Ok(Vec::new())
}

/// The answers of a set, each with [`ADDRESS`].
fn with_address_member(set: &Value) -> Vec<Value> {
    let mut answers = list(set, "/answers").to_vec();
    answers.retain(Value::is_object);
    for answer in &mut answers {
        answer[ADDRESS] = text(answer, "/answer/0").into();
    }
    answers
}

/// An answer in NS1's form.
fn without_address_member(answer: &Value) -> Value {
    let mut answer = answer.clone();
    if let Some(members) = answer.as_object_mut()
        && let Some(address) = members.remove(ADDRESS)
    {
        members.insert("answer".into(), vec![address].into());
    }
    answer
}

#[cfg(test)]
mod tests;
