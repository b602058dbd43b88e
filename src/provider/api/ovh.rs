//! The OVHcloud API (<https://api.ovh.com/console/#/domain/zone>; how requests are signed:
//! <https://help.ovhcloud.com/csm/en-api-getting-started-ovhcloud-api>).
//!
//! Records are changed in a draft of the zone, which a further request (`refresh`) publishes. That a
//! refresh is due is learned, so that it is also made after an interruption.

use serde_json::Value;

use super::records::{
    self, Goal, NEW_TTL, Record, RecordModel, Write, ZoneApi, ZoneRef, send_write,
};
use super::rest::{Rest, object, text};
use super::zone::{Zone, ZoneList, zones_by_id};
use super::{Api, Base, Need};
use crate::model::secret::Secret;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::sign::sha1;
use crate::provider::{Batch, Method, Request};

pub(super) const API: Api = Api {
    name: "ovh",
    aliases: &[],
    title: "OVHcloud",
    base: Base::Chosen(base),
    needs: &[
        Need::new("username", "the application key"),
        Need::new("password", "the application secret"),
        Need::new("param_enc", "the consumer key, after it has been validated"),
    ],
    // Each record takes up to three requests.
    batch: Batch::Account(20),
    writes_together: false,
    rate: None,
    remark: "the consumer key needs GET, PUT, POST and DELETE on /domain/zone/*; 'param_opt' is 'ca' or \
             'us' for accounts there; ovh.com is the other way, by DynHost",
    publish,
};

const ZONE_API: ZoneApi = ZoneApi {
    title: API.title,
    zones,
    read,
    write,
    model: RecordModel::ById,
    address_member: "target",
    zone_ref: ZoneRef::Name,
    new_ttl: NEW_TTL,
    writes_together: API.writes_together,
    reads_together: false,
};

/// Most records of one name and type that are read.
const RECORDS: usize = 10;
/// Before the zone's name in the key under which it is learned that a refresh is due. Keys are stored,
/// so this must stay.
const REFRESH_DUE: &str = "refresh ";
const TIME: &str = "X-Ovh-Timestamp";

/// The URL of the account's region. `param_opt` is `eu`, `ca` or `us`, or, as in OVHcloud's own tools,
/// `ovh-eu` and so on.
fn base(param_opt: &str) -> &'static str {
    match param_opt {
        "ca" | "ovh-ca" => "ca.api.ovh.com/1.0",
        "us" | "ovh-us" => "api.us.ovhcloud.com/1.0",
        _ => "eu.api.ovh.com/1.0",
    }
}

fn publish(talk: &mut Conversation<'_>) -> ApiResult<()> {
    let account = talk.account;
    let rest = Rest::new(&API, account).with_status_fix(fix_status);
    let rest = rest.hiding(&account.password).hiding(&account.param_enc);
    let time = time(talk, &rest)?;
    let rest = rest
        .header("X-Ovh-Consumer", &account.param_enc)
        .plain_header("X-Ovh-Application", &account.username)
        .plain_header(TIME, &time);
    let published = records::publish(talk, &rest, &ZONE_API);
    let ended = published.and_then(|verdicts| refresh(talk, &rest).map(|()| verdicts));
    if let Err(verdict) = &ended {
        // The written records are not published.
        for (change, settled) in talk.verdicts(verdict).iter().enumerate() {
            if settled.is_success() {
                talk.settle(change, verdict.clone());
            }
        }
    }
    ended
}

/// The provider's time, which signatures need. So our clock may be wrong.
fn time(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<String> {
    let answer = talk.send(rest.get("/auth/time"))?;
    let time = rest.value(&answer)?.as_u64();
    time.map(|time| time.to_string()).ok_or_else(|| rest.not_understood(&answer))
}

/// Publishes all zones whose refresh is due.
fn refresh(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<()> {
    for zone in talk.learned_keys(REFRESH_DUE) {
        let path = format!("/domain/zone/{zone}/refresh");
        send(talk, rest, rest.request(Method::Post, &path))?;
        talk.forget(format!("{REFRESH_DUE}{zone}"));
    }
    Ok(())
}

fn fix_status(status: u16, body: &Value) -> (u16, &'static str) {
    match text(body, "/errorCode") {
        "INVALID_KEY" | "INVALID_CREDENTIAL" | "NOT_CREDENTIAL" | "INVALID_SIGNATURE" => (401, ""),
        "NOT_GRANTED_CALL" => {
            (403, "make a consumer key that may GET, PUT, POST and DELETE /domain/zone/*")
        }
        // The signature is too old.
        "QUERY_TIME_OUT" => (408, ""),
        _ => (status, ""),
    }
}

/// Adds the signature to `request`.
fn sign(talk: &Conversation<'_>, mut request: Request) -> Request {
    let account = talk.account;
    let body = request.body.clone().unwrap_or_default();
    let time = request.headers.iter().find(|(name, _)| *name == TIME);
    let parts = [
        account.password.expose(),
        account.param_enc.expose(),
        request.method.name(),
        &request.url.expose(),
        body.expose(),
        time.map_or("", |(_, time)| time.expose()),
    ];
    let signature = format!("$1${}", sha1(&parts.join("+")));
    request.headers.push(("X-Ovh-Signature", Secret::new(signature)));
    request
}

fn ask(talk: &mut Conversation<'_>, rest: &Rest, path: &str) -> ApiResult<Value> {
    let request = sign(talk, rest.get(path));
    rest.ask(talk, request)
}

/// Sends a request without a result. OVHcloud answers `null`.
fn send(talk: &mut Conversation<'_>, rest: &Rest, request: Request) -> ApiResult<()> {
    let answer = talk.send(sign(talk, request))?;
    if answer.status == 200 && answer.body.trim() == "null" {
        return Ok(());
    }
    rest.value(&answer).map(drop)
}

fn zones(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<ZoneList> {
    let request = sign(talk, rest.get("/domain/zone"));
    Ok(zones_by_id(&rest.elements(talk, request, "")?, "", ""))
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let path = format!("/domain/zone/{}/record", zone.name);
    let mut records = Vec::new();
    for goal in goals {
        let filter = format!("?fieldType={}&subDomain={}", goal.kind(), goal.host(zone, ""));
        let request = sign(talk, rest.get(&format!("{path}{filter}")));
        let ids = rest.elements(talk, request, "")?;
        for number in ids.iter().filter_map(Value::as_u64).take(RECORDS) {
            let raw = ask(talk, rest, &format!("{path}/{number}"))?;
            records.push(record(zone, &raw));
        }
    }
    // A record that we read may have been written, and not published, before a power cut.
    talk.learn(format!("{REFRESH_DUE}{}", zone.name), "1");
    Ok(records)
}

fn record(zone: &Zone, raw: &Value) -> Record {
    let kind = text(raw, "/fieldType").to_owned();
    Record { kind, ..Record::of(zone.full(text(raw, "/subDomain")), raw) }
}

fn write(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    let path = format!("/domain/zone/{}/record", zone.name);
    let mut made = Vec::new();
    for write in writes {
        let goal = write.goal;
        let mut body = write.with_set_ttl(object(&mut [("target", goal.address())]), "ttl");
        if let Some(id) = &write.id {
            send(talk, rest, write.put_or_delete(rest, &format!("{path}/{id}"), &body))?;
        } else {
            body["fieldType"] = goal.kind().into();
            body["subDomain"] = goal.host(zone, "").into();
            let request = sign(talk, rest.json(Method::Post, &path, &body));
            made.push(send_write(talk, rest, zone, write, request, ("", ZONE_API.address_member))?);
        }
        talk.learn(format!("{REFRESH_DUE}{}", zone.name), "1");
    }
    Ok(made)
}

#[cfg(test)]
mod tests;
