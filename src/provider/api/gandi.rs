//! Gandi LiveDNS (<https://api.gandi.net/docs/livedns/>).

use super::records::{self, Goal, NEW_TTL, Record, RecordModel, Write, ZoneApi, ZoneRef};
use super::rest::{Rest, list, object};
use super::zone::{Zone, ZoneList, zones_by_name};
use super::{Api, Base, Need};
use crate::provider::Batch;
use crate::provider::conversation::{ApiResult, Conversation};

pub(super) const API: Api = Api {
    name: "gandi",
    aliases: &["gandi.net"],
    title: "Gandi",
    base: Base::Https("api.gandi.net/v5/livedns/domains"),
    needs: &[Need::new(
        "password",
        "a personal access token that may manage the domain's DNS (it expires after a year \
                at the latest), or an API key of old",
    )],
    batch: Batch::Account(20),
    writes_together: false,
    rate: None,
    remark: "the password is a personal access token, or an API key, which has 24 characters",
    publish: |talk| {
        let password = &talk.account.password;
        let scheme = if password.expose().len() == API_KEY { "Apikey" } else { "Bearer" };
        records::publish(talk, &Rest::new(&API, talk.account).token(scheme, password), &ZONE_API)
    },
};

const ZONE_API: ZoneApi = ZoneApi {
    title: API.title,
    zones,
    read,
    write,
    model: RecordModel::RrSet,
    address_member: "",
    zone_ref: ZoneRef::Name,
    new_ttl: NEW_TTL,
    writes_together: API.writes_together,
    reads_together: false,
};

/// Length of an API key, the former kind of credentials. A personal access token is longer.
const API_KEY: usize = 24;

fn zones(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<ZoneList> {
    Ok(zones_by_name(&rest.pages(talk, "?per_page=100&page=", "", 100)?, "/fqdn"))
}

/// The path of the record set.
fn path(zone: &Zone, goal: &Goal<'_>) -> String {
    format!("/{}/records/{}/{}", zone.id, goal.host(zone, "@"), goal.kind())
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let mut records = Vec::new();
    for goal in goals {
        let found = rest.get_or_null(talk, &path(zone, goal))?;
        let (ttl, values) = (found.get("rrset_ttl"), list(&found, "/rrset_values"));
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
        let body = write.with_ttl(object(&mut [("rrset_values", write.all_values())]), "rrset_ttl");
        rest.ask(talk, write.put_or_delete(rest, &path(zone, write.goal), &body))?;
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests;
