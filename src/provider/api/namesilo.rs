//! NameSilo (<https://www.namesilo.com/api-reference>).
//!
//! Every request is a GET with the key in the URL. A record gets another id with each change, so it is
//! read before it is written.

use serde_json::Value;

use super::records::{self, Goal, Record, RecordModel, Write, ZoneApi, ZoneRef};
use super::rest::{self, Rest, id, text};
use super::zone::{Zone, ZoneList, probe_zones};
use super::{Api, Base, Need};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Request};
use crate::text::percent;

pub(super) const API: Api = Api {
    name: "namesilo",
    aliases: &["namesilo.com-v1"],
    title: "NameSilo",
    base: Base::Https("www.namesilo.com/api"),
    needs: &[Need::new("password", "an API key that any address may use")],
    batch: Batch::Account(20),
    writes_together: false,
    rate: None,
    remark: "",
    publish: |talk| {
        let rest = Rest::new(&API, talk.account)
            .hiding(&talk.account.password)
            .with_status_fix(fix_status);
        records::publish(talk, &rest, &ZONE_API)
    },
};

const ZONE_API: ZoneApi = ZoneApi {
    title: API.title,
    zones,
    read,
    write,
    model: RecordModel::ByIdReadFirst,
    address_member: "value",
    zone_ref: ZoneRef::Name,
    new_ttl: 3600,
    writes_together: API.writes_together,
    reads_together: true,
};

/// NameSilo's HTTP status is always 200. The reply code has the meaning.
fn fix_status(status: u16, body: &Value) -> (u16, &'static str) {
    let code = id(body, "/reply/code");
    let fixed = match code.as_str() {
        _ if status != 200 => status,
        "300" => 200,
        "110" | "112" => 401,
        "113" => return (403, "let the API key be used from any address, at NameSilo"),
        "200" => 404,
        // Internal errors, which do not depend on the record.
        "201" | "210" | "280" => 503,
        "" => 0,
        _ => 400,
    };
    (fixed, "")
}

/// Requests `operation` on `zone`, and returns the body of the answer.
fn call(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    operation: &str,
    zone: &str,
    query: &str,
) -> ApiResult<Value> {
    let key = percent::encode(talk.account.password.expose());
    let path = format!("/{operation}?version=1&type=json&key={key}&domain={zone}{query}");
    // A change gives the record a new id, so the second request would not find it.
    let idempotent = operation == "dnsListRecords";
    rest.ask(talk, Request { idempotent, ..rest.get(&path) })
}

fn zones(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<ZoneList> {
    probe_zones(talk, &|talk, name| call(talk, rest, "dnsListRecords", name, "").map(drop))
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    _: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let body = call(talk, rest, "dnsListRecords", &zone.name, "")?;
    let found = match body.pointer("/reply/resource_record") {
        Some(Value::Array(several)) => several.as_slice(),
        // A single record is not in an array.
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let mut records = Vec::new();
    for raw in found {
        let record = Record::of(text(raw, "/host").to_owned(), raw);
        records.push(Record { id: id(raw, "/record_id"), ..record });
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
        if let Some(id) = &write.id
            && write.is_removal()
        {
            let which = format!("&rrid={}", percent::encode(id));
            call(talk, rest, "dnsDeleteRecord", &zone.name, &which)?;
            continue;
        }
        let (operation, which) = match &write.id {
            Some(id) => ("dnsUpdateRecord", format!("rrid={}", percent::encode(id))),
            None => ("dnsAddRecord", format!("rrtype={}", goal.kind())),
        };
        let (host, ttl) =
            (percent::encode(goal.host(zone, "")), write.ttl.unwrap_or(ZONE_API.new_ttl));
        let address = goal.address();
        let value = address.as_str().unwrap_or_default();
        let query = format!("&{which}&rrhost={host}&rrvalue={value}&rrttl={ttl}");
        let answer = call(talk, rest, operation, &zone.name, &query)?;
        if id(&answer, "/reply/record_id").is_empty() {
            return Err(rest.not_done(rest::explanation(&answer)));
        }
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests;
