//! The OVHcloud API (<https://api.ovh.com/console/#/domain/zone>; how requests are signed:
//! <https://help.ovhcloud.com/csm/en-api-getting-started-ovhcloud-api>).
//!
//! Records change in a copy of the zone, which is published by a request of its own. That it is owed
//! is remembered until it has been done.

use serde_json::Value;

use super::records::{self, Call, NEW_TTL, Place, Record, Scheme, Unit, Write, written};
use super::rest::{Rest, object, text};
use super::zone::{Zone, ZoneList, listed};
use super::{Api, Need};
use crate::model::secret::Secret;
use crate::provider::sign::sha1;
use crate::provider::talk::{Halt, Talk, Talked};
use crate::provider::{Batch, Method, Request, Verdict};

pub(super) const API: Api = Api {
    name: "ovh",
    aliases: &[],
    title: "OVHcloud",
    base: "https://eu.api.ovh.com/1.0",
    needs: &[
        Need { option: "username", holds: "the application key" },
        Need { option: "password", holds: "the application secret" },
        Need { option: "param_enc", holds: "the consumer key, after it has been validated" },
    ],
    // A record takes up to three requests.
    batch: Batch::Account(20),
    rate: None,
    remark: "the consumer key needs GET, PUT, POST and DELETE on /domain/zone/*; 'param_opt' is 'ca' or \
             'us' for accounts there; ovh.com is the other way, by DynHost",
    publish,
};

const SCHEME: Scheme = Scheme {
    title: API.title,
    zones,
    read,
    write,
    unit: Unit::Id,
    content: "target",
    call: Call::Name,
    new_ttl: NEW_TTL,
    together: false,
};

/// Records of one name and type that are looked at.
const RECORDS: usize = 10;
/// What is remembered of a zone that is not published yet.
const OWED: &str = "refresh ";
const TIME: &str = "X-Ovh-Timestamp";

/// Where the account's interface is: `param_opt` is `eu`, `ca` or `us`, as OVHcloud's own tools also
/// write it with `ovh-` before.
pub(super) fn base(param_opt: &str) -> &'static str {
    match param_opt {
        "ca" | "ovh-ca" => "https://ca.api.ovh.com/1.0",
        "us" | "ovh-us" => "https://api.us.ovhcloud.com/1.0",
        _ => API.base,
    }
}

fn publish(talk: &mut Talk<'_>) -> Talked<Vec<Verdict>> {
    let account = talk.account;
    let rest = Rest::new(&API).at(base(account.param_opt.expose())).judging(judge);
    let rest = rest.hiding(&account.password).hiding(&account.param_enc);
    let time = time(talk, &rest)?;
    let rest = rest
        .header("X-Ovh-Consumer", &account.param_enc)
        .plain_header("X-Ovh-Application", &account.username)
        .plain_header(TIME, &time);
    let published = records::publish(talk, &rest, &SCHEME);
    let ended = published.and_then(|verdicts| refresh(talk, &rest).map(|()| verdicts));
    if let Err(Halt::End(verdict)) = &ended {
        // What is written is not published.
        for (change, settled) in talk.verdicts(verdict).iter().enumerate() {
            if settled.is_success() {
                talk.settle(change, verdict.clone());
            }
        }
    }
    ended
}

/// What requests are signed with is the provider's time: ours need not be right.
fn time(talk: &mut Talk<'_>, rest: &Rest) -> Talked<String> {
    let answer = talk.send(rest.get("/auth/time"))?;
    let time = rest.value(answer)?.as_u64();
    time.map(|time| time.to_string()).ok_or_else(|| rest.confused(answer))
}

/// Publishes the zones in which something was written, now or before.
fn refresh(talk: &mut Talk<'_>, rest: &Rest) -> Talked<()> {
    for zone in talk.known_under(OWED) {
        let path = format!("/domain/zone/{zone}/refresh");
        done(talk, rest, rest.request(Method::Post, &path))?;
        talk.forget(format!("{OWED}{zone}"));
    }
    Ok(())
}

fn judge(status: u16, body: &Value) -> (u16, &'static str) {
    match text(body, "/errorCode") {
        "INVALID_KEY" | "INVALID_CREDENTIAL" | "NOT_CREDENTIAL" | "INVALID_SIGNATURE" => (401, ""),
        "NOT_GRANTED_CALL" => {
            (403, "make a consumer key that may GET, PUT, POST and DELETE /domain/zone/*")
        }
        // It took too long after the time was asked for.
        "QUERY_TIME_OUT" => (408, ""),
        _ => (status, ""),
    }
}

/// `request` with its signature.
fn sign(talk: &Talk<'_>, mut request: Request) -> Request {
    let account = talk.account;
    let body = request.body.clone().unwrap_or_default();
    let time = request.headers.iter().find(|(name, _)| *name == TIME);
    let parts = [
        account.password.expose(),
        account.param_enc.expose(),
        request.method.name(),
        request.url.expose(),
        body.expose(),
        time.map_or("", |(_, time)| time.expose()),
    ];
    let signature = format!("$1${}", sha1(&parts.join("+")));
    request.headers.push(("X-Ovh-Signature", Secret::new(signature)));
    request
}

fn ask(talk: &mut Talk<'_>, rest: &Rest, path: &str) -> Talked<Value> {
    let request = sign(talk, rest.get(path));
    rest.ask(talk, request)
}

/// Sends what is answered by nothing, which is written `null`.
fn done(talk: &mut Talk<'_>, rest: &Rest, request: Request) -> Talked<()> {
    let answer = talk.send(sign(talk, request))?;
    if answer.status == 200 && answer.body.trim() == "null" {
        return Ok(());
    }
    rest.value(answer).map(drop)
}

fn zones(talk: &mut Talk<'_>, rest: &Rest) -> Talked<ZoneList> {
    let request = sign(talk, rest.get("/domain/zone"));
    Ok(listed(&rest.elements(talk, request, "")?, "", ""))
}

fn read(
    talk: &mut Talk<'_>,
    rest: &Rest,
    zone: &Zone,
    places: &[&Place<'_>],
) -> Talked<Vec<Record>> {
    let path = format!("/domain/zone/{}/record", zone.name);
    let mut records = Vec::new();
    for place in places {
        let filter = format!("?fieldType={}&subDomain={}", place.kind(), place.host(zone, ""));
        let request = sign(talk, rest.get(&format!("{path}{filter}")));
        let ids = rest.elements(talk, request, "")?;
        for number in ids.iter().filter_map(Value::as_u64).take(RECORDS) {
            let raw = ask(talk, rest, &format!("{path}/{number}"))?;
            records.push(record(zone, &raw));
        }
    }
    // What is there may have been written just before the power failed.
    talk.learn(format!("{OWED}{}", zone.name), "1");
    Ok(records)
}

fn record(zone: &Zone, raw: &Value) -> Record {
    let kind = text(raw, "/fieldType").to_owned();
    Record { kind, ..Record::of(zone.full(text(raw, "/subDomain")), raw) }
}

fn write(
    talk: &mut Talk<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
) -> Talked<Vec<Record>> {
    let path = format!("/domain/zone/{}/record", zone.name);
    let mut made = Vec::new();
    for write in writes {
        let place = write.place;
        let mut body = write.timed(object(&mut [("target", place.address())]), "ttl");
        if let Some(id) = &write.id {
            done(talk, rest, write.at(rest, &format!("{path}/{id}"), &body))?;
        } else {
            body["fieldType"] = place.kind().into();
            body["subDomain"] = place.host(zone, "").into();
            let request = sign(talk, rest.json(Method::Post, &path, &body));
            made.push(written(talk, rest, zone, write, request, ("", SCHEME.content))?);
        }
        talk.learn(format!("{OWED}{}", zone.name), "1");
    }
    Ok(made)
}

#[cfg(test)]
mod tests;
