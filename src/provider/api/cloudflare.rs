//! Cloudflare (<https://developers.cloudflare.com/api/resources/dns/subresources/records/>).
//!
//! Zones are listed once and records looked up once; later changes of any number of names are one
//! batch request, which Cloudflare carries out as a whole or not at all.

use serde_json::{Value, json};

use super::rest::{self, Rest, list, refused, text};
use super::zone::{Target, Zones};
use super::{Api, Need};
use crate::provider::talk::{Halt, Talk, Talked};
use crate::provider::{Answer, Batch, Change, Method, Outcome, Rate, Request, Verdict};
use crate::sorted::Map;

pub(super) const API: Api = Api {
    name: "cloudflare",
    aliases: &["cloudflare.com-v4"],
    title: "Cloudflare",
    base: "https://api.cloudflare.com/client/v4",
    needs: &[Need { option: "password", holds: "an API token that may edit the zone's DNS" }],
    // What the free plan allows in one batch.
    batch: Batch::Account(200),
    rate: Some(Rate { requests: 1200, seconds: 300 }),
    remark: "an API token needs the permissions Zone Read and DNS Write; with an e-mail address as \
             'username' the password is the global API key",
    publish,
};

/// More names than this are looked up by listing the zone.
const BY_NAME: usize = 4;
/// Zones in a page of a list, as many as there can be.
const ZONES: usize = 50;
/// Records in a page of a list: so many fit into [`crate::provider::LONG_ANSWER`].
const RECORDS: usize = 500;
/// Pages that are read of a list.
const PAGES: usize = 100;

/// A change in a zone.
struct Planned<'a> {
    index: usize,
    change: &'a Change,
    fqdn: String,
}

fn publish(talk: &mut Talk<'_>) -> Talked<Vec<Verdict>> {
    let rest = credentials(talk);
    let mut verdicts: Vec<Verdict> = Vec::new();
    let mut zones: Map<String, Vec<Planned<'_>>> = Map::new();
    let mut listed = Zones::default();
    let job = talk.job;
    for (index, change) in job.changes.iter().enumerate() {
        let target = Target::of(change);
        let zone = match &change.record.zone_id {
            Some(id) => Some(id.clone()),
            None => listed.find(talk, &target, |talk| list_zones(talk, &rest))?.map(|zone| zone.1),
        };
        verdicts.push(
            zone.as_ref().map_or_else(|| target.outside(API.title), |_| Outcome::Updated).into(),
        );
        if let Some(zone) = zone {
            let planned = Planned { index, change, fqdn: target.fqdn };
            zones.get_or_insert(zone, Vec::new()).push(planned);
        }
    }
    for (zone, plan) in zones.iter() {
        publish_zone(talk, &rest, zone, plan, &mut verdicts)?;
    }
    Ok(verdicts)
}

/// An e-mail address as user name means the global key; everything else (`Bearer`, nothing) a token.
fn credentials(talk: &Talk<'_>) -> Rest {
    let account = talk.account;
    if account.username.contains('@') {
        let rest = Rest::new(&API).header("X-Auth-Key", &account.password);
        return rest.plain_header("X-Auth-Email", &account.username);
    }
    Rest::new(&API).token("Bearer", &account.password)
}

fn list_zones(talk: &mut Talk<'_>, rest: &Rest) -> Talked<Vec<(String, String)>> {
    let zones = pages(talk, rest, "/zones?", ZONES)?;
    let zone = |zone: &Value| (text(zone, "/name").to_owned(), text(zone, "/id").to_owned());
    Ok(zones.iter().map(zone).collect())
}

/// Brings the records of one zone up to date.
fn publish_zone(
    talk: &mut Talk<'_>,
    rest: &Rest,
    zone: &str,
    plan: &[Planned<'_>],
    verdicts: &mut [Verdict],
) -> Talked<()> {
    let records = look_up(talk, rest, zone, plan)?;
    let mut writes = Vec::new();
    for planned in plan {
        match write(talk, planned, &records) {
            Ok(Some(write)) => writes.push((planned, write)),
            Ok(None) => set(verdicts, planned, Outcome::Unchanged.into()),
            Err(outcome) => set(verdicts, planned, outcome.into()),
        }
    }
    if let [(planned, write)] = writes.as_slice() {
        return settle(talk, rest, write.alone(rest, zone), planned, verdicts);
    }
    if writes.is_empty() {
        return Ok(());
    }
    let of = |patch: bool| -> Vec<&Value> {
        let those = writes.iter().filter(|(_, write)| write.id.is_some() == patch);
        those.map(|(_, write)| &write.body).collect()
    };
    let batch = json!({"patches": of(true), "posts": of(false)});
    let path = format!("/zones/{zone}/dns_records/batch");
    let answer = talk.send(rest.json(Method::Post, &path, &batch))?;
    match result(rest, answer) {
        Ok(result) => {
            let made = list(&result, "/patches").iter().chain(list(&result, "/posts"));
            made.for_each(|record| remember(talk, record));
        }
        // One of them is at fault, and all share its fate: each by itself.
        Err(Halt::End(verdict)) if answer.status == 400 && !verdict.concerns_all() => {
            for (planned, write) in &writes {
                settle(talk, rest, write.alone(rest, zone), planned, verdicts)?;
            }
        }
        Err(halt) => return Err(halt),
    }
    Ok(())
}

/// One record by itself.
fn settle(
    talk: &mut Talk<'_>,
    rest: &Rest,
    request: Request,
    planned: &Planned<'_>,
    verdicts: &mut [Verdict],
) -> Talked<()> {
    let answer = talk.send(request)?;
    match result(rest, answer) {
        Ok(record) => remember(talk, &record),
        Err(Halt::End(verdict)) if !verdict.concerns_all() => set(verdicts, planned, verdict),
        Err(halt) => return Err(halt),
    }
    Ok(())
}

fn set(verdicts: &mut [Verdict], planned: &Planned<'_>, verdict: Verdict) {
    if let Some(place) = verdicts.get_mut(planned.index) {
        *place = verdict;
    }
}

/// The records of the names in `plan` whose id is not known: by name if they are few, else out of
/// the list of the whole zone.
fn look_up(
    talk: &mut Talk<'_>,
    rest: &Rest,
    zone: &str,
    plan: &[Planned<'_>],
) -> Talked<Vec<Value>> {
    let unknown: Vec<_> = plan.iter().filter(|planned| id(talk, planned).is_none()).collect();
    let mut records = Vec::new();
    let path = format!("/zones/{zone}/dns_records?type=");
    if unknown.len() <= BY_NAME {
        for planned in unknown {
            let (kind, name) = (planned.change.family().record_type(), &planned.fqdn);
            records.extend(pages(talk, rest, &format!("{path}{kind}&name={name}&"), RECORDS)?);
        }
        return Ok(records);
    }
    for kind in ["A", "AAAA"] {
        if unknown.iter().any(|planned| planned.change.family().record_type() == kind) {
            records.extend(pages(talk, rest, &format!("{path}{kind}&"), RECORDS)?);
        }
    }
    Ok(records)
}

/// The id of the record: as the user has said it, or from before.
fn id(talk: &mut Talk<'_>, planned: &Planned<'_>) -> Option<String> {
    let said = planned.change.record.id.clone();
    said.or_else(|| talk.known(&key(&planned.fqdn, planned.change.family().record_type())))
}

/// What is to be written for one record.
struct Write {
    id: Option<String>,
    body: Value,
}

impl Write {
    fn alone(&self, rest: &Rest, zone: &str) -> Request {
        let path = format!("/zones/{zone}/dns_records");
        match &self.id {
            Some(id) => rest.json(Method::Patch, &format!("{path}/{id}"), &self.body),
            None => rest.json(Method::Post, &path, &self.body),
        }
    }
}

/// What is to be written for `planned`; nothing if `records` have it already.
fn write(
    talk: &mut Talk<'_>,
    planned: &Planned<'_>,
    records: &[Value],
) -> Result<Option<Write>, Outcome> {
    let change = planned.change;
    let (kind, address) = (change.family().record_type(), change.address.to_string());
    let mut body = json!({"content": address});
    if let Some(ttl) = change.record.ttl {
        body["ttl"] = ttl.into();
    }
    if let Some(proxied) = change.record.proxied {
        body["proxied"] = proxied.into();
    }
    if let Some(id) = id(talk, planned) {
        body["id"] = id.as_str().into();
        return Ok(Some(Write { id: Some(id), body }));
    }
    let same = |record: &&Value| {
        text(record, "/type") == kind && text(record, "/name").eq_ignore_ascii_case(&planned.fqdn)
    };
    let candidates: Vec<_> = records.iter().filter(same).collect();
    let with =
        |content: &str| candidates.iter().find(|it| text(it, "/content") == content).copied();
    let previous = change.previous.and_then(|previous| with(&previous.to_string()));
    let record = match (with(&address), previous, candidates.as_slice()) {
        (Some(record), ..) => {
            remember(talk, record);
            return Ok(None);
        }
        (_, Some(record), _) | (_, _, &[record]) => record,
        (_, None, []) => {
            body["type"] = kind.into();
            body["name"] = planned.fqdn.as_str().into();
            body["ttl"] = change.record.ttl.unwrap_or(1).into();
            body["proxied"] = change.record.proxied.unwrap_or(false).into();
            return Ok(Some(Write { id: None, body }));
        }
        (_, None, several) => return Err(ambiguous(planned, several.len())),
    };
    let id = text(record, "/id").to_owned();
    body["id"] = id.as_str().into();
    Ok(Some(Write { id: Some(id), body }))
}

fn ambiguous(planned: &Planned<'_>, count: usize) -> Outcome {
    let (name, kind) = (&planned.fqdn, planned.change.family().record_type());
    refused(
        format!("{name} has {count} {kind} records, and none holds what was published last"),
        "delete all but one of them, or name it with option 'record_id'",
    )
}

fn key(fqdn: &str, kind: &str) -> String {
    format!("record {fqdn} {kind}")
}

fn remember(talk: &mut Talk<'_>, record: &Value) {
    let key = key(text(record, "/name"), text(record, "/type"));
    talk.learn(key, text(record, "/id"));
}

/// All entries of a list, with `size` in a page.
fn pages(talk: &mut Talk<'_>, rest: &Rest, path: &str, size: usize) -> Talked<Vec<Value>> {
    let mut entries = Vec::new();
    for page in 1..=PAGES {
        let answer = talk.send(rest.get(&format!("{path}per_page={size}&page={page}")))?;
        let result = result(rest, answer)?;
        let here = result.as_array().map_or(&[][..], Vec::as_slice);
        entries.extend_from_slice(here);
        if here.len() < size {
            break;
        }
    }
    Ok(entries)
}

/// The `result` of an answer that says that it is a success.
fn result(rest: &Rest, answer: &Answer) -> Talked<Value> {
    let mut body = rest::body(answer);
    if answer.status == 200 && body["success"] == true {
        return Ok(body["result"].take());
    }
    let code = body.pointer("/errors/0/code").and_then(Value::as_u64).unwrap_or_default();
    let said = text(&body, "/errors/0/error_chain/0/message");
    let said = if said.is_empty() { text(&body, "/errors/0/message") } else { said };
    match code {
        // Errors of authentication come with several statuses.
        10_000 | 6003 | 9109 => {
            Err(rest.refuse(&Answer { status: 401, ..answer.clone() }, &format!("{said} ({code})")))
        }
        0 if answer.status == 200 => Err(rest.confused(answer)),
        _ => Err(rest.refuse(answer, said)),
    }
}

#[cfg(test)]
mod tests;
