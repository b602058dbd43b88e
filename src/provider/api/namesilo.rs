//! NameSilo (<https://www.namesilo.com/api-reference>).
//!
//! Everything is a GET with the key in the URL, and a record gets another id with each change.

use serde_json::Value;

use super::records::{self, Goal, Record, RecordModel, Write, ZoneApi, ZoneRef};
use super::rest::{self, Rest, id, list, text};
use super::zone::{Zone, ZoneList, probe_zones};
use super::{Api, Need};
use crate::provider::Batch;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::text::percent;

pub(super) const API: Api = Api {
    name: "namesilo",
    aliases: &["namesilo.com-v1"],
    title: "NameSilo",
    base: "https://www.namesilo.com/api",
    needs: &[Need { option: "password", holds: "an API key that any address may use" }],
    batch: Batch::Account(20),
    writes_together: false,
    rate: None,
    remark: "",
    publish: |talk| {
        let rest = Rest::new(&API).hiding(&talk.account.password).with_status_fix(fix_status);
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
};

/// The status of HTTP is always 200.
fn fix_status(status: u16, body: &Value) -> (u16, &'static str) {
    let code = id(body, "/reply/code");
    let meant = match code.as_str() {
        _ if status != 200 => status,
        "300" => 200,
        "110" | "112" => 401,
        "113" => return (403, "let the API key be used from any address, at NameSilo"),
        "200" => 404,
        // Nothing about this very record.
        "201" | "210" | "280" => 503,
        "" => 0,
        _ => 400,
    };
    (meant, "")
}

/// The body of the answer to `operation`.
fn call(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    operation: &str,
    zone: &str,
    query: &str,
) -> ApiResult<Value> {
    let key = percent::encode(talk.account.password.expose());
    let path = format!("/{operation}?version=1&type=json&key={key}&domain={zone}{query}");
    rest.ask(talk, rest.get(&path))
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
    let records = match list(&body, "/reply/resource_record") {
        // One alone is no array.
        [] => body.pointer("/reply/resource_record").into_iter().collect(),
        several => several.iter().collect::<Vec<_>>(),
    };
    let record = |raw: &&Value| Record {
        id: id(raw, "/record_id"),
        ..Record::of(text(raw, "/host").to_owned(), raw)
    };
    Ok(records.iter().map(record).collect())
}

fn write(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    for write in writes {
        let goal = write.goal;
        if let (true, Some(id)) = (write.is_removal(), &write.id) {
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
        let done = call(talk, rest, operation, &zone.name, &query)?;
        if id(&done, "/reply/record_id").is_empty() {
            return Err(rest.not_done(rest::explanation(&done)));
        }
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests;
