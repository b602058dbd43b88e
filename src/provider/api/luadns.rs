//! LuaDNS (<https://www.luadns.com/api.html>).
//!
//! A record is written as a whole, so it is read before.

use super::records::{
    self, Goal, NEW_TTL, Record, RecordEndpoint, RecordModel, Write, ZoneApi, ZoneRef,
};
use super::rest::{Rest, object};
use super::zone::{Zone, ZoneList, zones_by_id};
use super::{Api, Base, Need};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Method};

pub(super) const API: Api = Api {
    name: "luadns",
    aliases: &["luadns.com-v1"],
    title: "LuaDNS",
    base: Base::Https("api.luadns.com/v1/zones"),
    needs: &[
        Need::new("username", "the e-mail address of the account"),
        Need::new("password", "an API key, with access to the API enabled"),
    ],
    batch: Batch::Account(50),
    writes_together: false,
    rate: None,
    remark: "",
    publish: |talk| {
        let account = talk.account;
        let rest = Rest::new(&API, account).basic(&account.username, &account.password);
        records::publish(talk, &rest.plain_header("Accept", "application/json"), &ZONE_API)
    },
};

const ZONE_API: ZoneApi = ZoneApi {
    title: API.title,
    zones,
    read,
    write,
    model: RecordModel::ByIdReadFirst,
    address_member: "content",
    zone_ref: ZoneRef::Id,
    new_ttl: NEW_TTL,
    writes_together: API.writes_together,
    reads_together: true,
};

const ENDPOINT: RecordEndpoint = RecordEndpoint {
    update_method: Method::Put,
    pointer: "",
    address_member: ZONE_API.address_member,
    ttl_member: "ttl",
    apex: "",
};

fn zones(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<ZoneList> {
    Ok(zones_by_id(&rest.elements(talk, rest.get(""), "")?, "/name", "/id"))
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    _: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let path = format!("/{}/records", zone.id);
    Ok(Record::list(&rest.elements(talk, rest.get(&path), "")?, None))
}

fn write(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    let mut made = Vec::new();
    for write in writes {
        let goal = write.goal;
        let body = object(&mut [
            ("name", [&goal.fqdn, "."].concat().into()),
            ("type", goal.kind().into()),
            ("content", goal.address()),
            ("ttl", write.ttl.unwrap_or(NEW_TTL).into()),
        ]);
        made.push(write.send(talk, rest, zone, &ENDPOINT, &body)?);
    }
    Ok(made)
}

#[cfg(test)]
mod tests;
