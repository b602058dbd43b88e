//! deSEC (<https://desec.readthedocs.io/en/latest/dns/rrsets.html>).
//!
//! Changes of any number of names of a zone are one request, which is carried out as a whole or not
//! at all.

use super::call::{Together, Values};
use super::interface::{
    INTERFACE, Interface, List, NEW_TTL, Reading, RecordModel, RestClient, Writing, ZoneRef,
    ZoneSource,
};
use super::record::{NameForm, RECORD, Record, RecordForm, Write};
use super::rest::{self, list};
use super::zone::Zone;
use super::{Api, Base, Need, Publishing};
use crate::provider::conversation::{ApiResult, Conversation, Phase};
use crate::provider::{Answer, Batch, Rate};

pub(super) const API: Api = Api {
    name: "desec",
    aliases: &[],
    title: "deSEC",
    base: Base::Https("desec.io/api/v1/domains"),
    needs: &[Need::new("password", "a token that may write the domain's records")],
    batch: Batch::Account(50),
    // The daily limit for changes of one domain. There are also limits of 2 per second (kept below), 15
    // per minute and 100 per hour.
    rate: Some(Rate { requests: 300, seconds: 86_400 }),
    remark: "the service_name desec.io is its dynDNS interface, which takes one name",
    publish: Publishing::Interface(&DESEC),
};

const DESEC: Interface = Interface {
    headers: &[("Authorization", "Token <password>")],
    write_rate: Some(Rate { requests: 2, seconds: 1 }),
    zones: ZoneSource::List { list: List::whole("GET /", ""), name: "/name", id: "/name" },
    zone_ref: ZoneRef::Name,
    model: RecordModel::RrSet,
    // A list of more than 500 elements is refused.
    read: Reading::NameOrZone {
        name: List::whole("GET /<zone>/rrsets/?subname=<host>", ""),
        zone: List::whole("GET /<zone>/rrsets/?type=<type>", ""),
        most_names: 3,
    },
    // The apex is an empty `subname`. `@` stands for it only in paths, and no path here has a name.
    form: RecordForm { names: NameForm::Complete, values: "/records", address: "", ..RECORD },
    write: Writing::CodeTogether(write),
    new_ttl: NEW_TTL,
    ..INTERFACE
};

/// A set. deSEC's dynDNS makes sets with a TTL below the minimum. deSEC refuses a change that repeats such a
/// TTL, so the present TTL is not sent.
const SET: &str = r#"{"subname":<host>,"type":<type>,"records":<values>,"ttl":<set_ttl>}"#;

fn write(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    let mut values = Values::in_zone(talk.account, rest, zone);
    let mut together = Together::new();
    let mut lowest = None;
    for write in writes {
        values.set_write(write);
        let mut set = values.json(SET);
        // deSEC refuses a new set without a TTL, or with one below the domain's minimum.
        if !write.exists && write.goal.change.record.ttl.is_none() {
            if lowest.is_none() {
                lowest = Some(lowest_ttl(talk, rest, zone)?.max(NEW_TTL.into()));
            }
            set.set("ttl", lowest.into());
        }
        together.updates.push(set);
    }
    values.together = &together;
    let answer = values.send(talk, "PATCH /<zone>/rrsets/ <changes>")?;
    // deSEC names the sets that it rejects. Sending halves would soon reach its limit of 15 changes in a minute.
    if answer.status == 400 && writes.len() > 1 {
        settle_rejected(talk, rest, writes, &answer);
    }
    // The answer does not show removed sets.
    let shown = writes.iter().filter(|write| !write.is_removal()).count();
    if list(&rest.value(&answer)?, "").len() < shown {
        return Err(rest.not_understood(&answer));
    }
    Ok(Vec::new())
}

/// Settles the writes that deSEC rejects. A rejected request is answered with a list that has an object
/// for each set: an empty one, or the errors of the set.
fn settle_rejected(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    writes: &[Write<'_>],
    answer: &Answer,
) {
    let body = rest::parsed(answer);
    for (write, errors) in writes.iter().zip(list(&body, "")) {
        let explanation = rest::explanation(errors);
        if !explanation.is_empty() {
            talk.settle(write.goal.index, rest.verdict(answer, explanation));
        }
    }
}

/// The lowest TTL that the domain allows.
fn lowest_ttl(talk: &mut Conversation<'_>, rest: &RestClient, zone: &Zone) -> ApiResult<u64> {
    // A lost answer to this read leaves nothing in doubt. One to the write that follows does.
    talk.enter(Phase::Read);
    let domain = rest.ask(talk, rest.get(&format!("/{}/", zone.id)))?;
    talk.enter(Phase::Write);
    // 3600 is the minimum of most domains. Those below dedyn.io have 60.
    Ok(domain["minimum_ttl"].as_u64().unwrap_or(3600))
}

#[cfg(test)]
mod tests;
