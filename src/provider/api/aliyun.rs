//! Alibaba Cloud DNS (<https://www.alibabacloud.com/help/en/dns/api-alidns-2015-01-09-overview>).
//!
//! Requests are URLs with a signature (version 1.0). An update resets every property that the request
//! lacks, so each record is read before it is written.

use serde_json::Value;

use super::records::{self, Goal, Record, RecordModel, Write, ZoneApi, ZoneRef};
use super::rest::{self, Rest, list, text};
use super::zone::{Zone, ZoneList, zones_by_id};
use super::{Api, Base, Need};
use crate::model::sorted::Map;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::sign::{hmac_sha1, sha1, timestamp};
use crate::provider::{Batch, Request};
use crate::text::base64;
use crate::text::percent::encode_upper;

const HOST: &str = "alidns.aliyuncs.com";

pub(super) const API: Api = Api {
    name: "aliyun",
    aliases: &["aliyun.com"],
    title: "Alibaba Cloud DNS",
    base: Base::Https(HOST),
    needs: &[
        Need::new("username", "an AccessKey id"),
        Need::new("password", "the AccessKey secret"),
    ],
    batch: Batch::Account(20),
    writes_together: false,
    rate: None,
    remark: "the RAM user of the key needs AliyunDNSFullAccess",
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
    address_member: "Value",
    zone_ref: ZoneRef::Name,
    new_ttl: 600,
    writes_together: API.writes_together,
    reads_together: false,
};

/// Zones and records per page: the maximum.
const PAGE: usize = 100;
/// Error code of an update that would change nothing.
const DUPLICATE: &str = "DomainRecordDuplicate";
/// Advice for 403.
const POLICY: &str = "give the key's RAM user the policy AliyunDNSFullAccess";

fn fix_status(status: u16, body: &Value) -> (u16, &'static str) {
    let code = text(body, "/Code");
    match code {
        DUPLICATE => (200, ""),
        "InvalidDomainName.NoExist" | "IncorrectDomainUser" => (404, ""),
        "SignatureDoesNotMatch" | "IncompleteSignature" => (401, ""),
        "SignatureNonceUsed" => (503, ""),
        _ if code.starts_with("InvalidAccessKeyId") => (401, ""),
        _ if code.starts_with("Forbidden") || code.starts_with("NoPermission") => (403, POLICY),
        _ if code.starts_with("Throttling") => (429, ""),
        _ if status == 403 => (403, POLICY),
        _ => (status, ""),
    }
}

/// A signed request. `parameters` are those beside the common ones.
fn request(
    talk: &Conversation<'_>,
    rest: &Rest,
    action: &str,
    parameters: &[(&str, &str)],
) -> ApiResult<Request> {
    let time = timestamp(talk.wall()?);
    // Alibaba accepts a nonce only once.
    let nonce = sha1(&format!("{time} {} {}", talk.job.seed, talk.requests()));
    let common = [
        ("AccessKeyId", talk.account.username.as_str()),
        ("Action", action),
        ("Format", "JSON"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", &nonce),
        ("SignatureVersion", "1.0"),
        ("Timestamp", &time),
        ("Version", "2015-01-09"),
    ];
    let sorted: Map<&str, &str> = common.iter().chain(parameters).copied().collect();
    let query = sign(&sorted, talk.account.password.expose());
    let mut request = rest.get(&format!("/?{query}"));
    request.shown = format!("GET https://{HOST}/?Action={action}");
    request.idempotent = false;
    Ok(request)
}

/// The query with its signature
/// (<https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism>).
fn sign(sorted: &Map<&str, &str>, secret: &str) -> String {
    let pairs = sorted.iter().map(|(name, value)| format!("{name}={}", encode_upper(value)));
    let query = pairs.collect::<Vec<_>>().join("&");
    let text = format!("GET&%2F&{}", encode_upper(&query));
    let signature = base64::encode(&hmac_sha1(format!("{secret}&").as_bytes(), &text));
    format!("{query}&Signature={}", encode_upper(&signature))
}

fn ask(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    action: &str,
    parameters: &[(&str, &str)],
) -> ApiResult<Value> {
    let answer = talk.send(request(talk, rest, action, parameters)?)?;
    let body = rest::body(&answer);
    if text(&body, "/Code").starts_with("InvalidTimeStamp") {
        return Err(rest.clock_wrong(text(&body, "/Message")));
    }
    let value = rest.value(&answer)?;
    // Every answer of Alibaba has a RequestId. An answer without one comes from another server.
    if text(&value, "/RequestId").is_empty() {
        Err(rest.not_understood(&answer))
    } else {
        Ok(value)
    }
}

/// The elements of the arrays at `pointer` in all pages of a list.
fn pages(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    action: &str,
    more: &[(&str, &str)],
    pointer: &str,
) -> ApiResult<Vec<Value>> {
    rest::paged(PAGE, &mut |page, _| {
        let (number, size) = (page.to_string(), PAGE.to_string());
        let paged = [more, &[("PageNumber", &number), ("PageSize", &size)]].concat();
        Ok(list(&ask(talk, rest, action, &paged)?, pointer).to_vec())
    })
}

fn zones(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<ZoneList> {
    let zones = pages(talk, rest, "DescribeDomains", &[], "/Domains/Domain")?;
    Ok(zones_by_id(&zones, "/DomainName", "/DomainName"))
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let mut records = Vec::new();
    for goal in goals {
        // The id is the name as Alibaba lists it. Unlike our name it is not in Punycode.
        let name = Zone { name: zone.id.clone(), ..zone.clone() }.full(goal.host(zone, ""));
        let which = [("SubDomain", &*name), ("DomainName", &zone.id), ("Type", goal.kind())];
        let found = pages(talk, rest, "DescribeSubDomainRecords", &which, "/DomainRecords/Record")?;
        records.extend(found.iter().map(|raw| Record::capitalised(zone, text(raw, "/RR"), raw)));
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
        let (address, ttl) = (goal.address(), write.ttl.map(|ttl| ttl.to_string()));
        let value = address.as_str().unwrap_or_default();
        let mut parameters =
            vec![("RR", goal.host(zone, "@")), ("Type", goal.kind()), ("Value", value)];
        parameters.extend(ttl.as_deref().map(|ttl| ("TTL", ttl)));
        let line = write.values.first().map_or("", |raw| text(raw, "/Line"));
        if !line.is_empty() {
            parameters.push(("Line", line));
        }
        let action = match &write.id {
            Some(id) if write.is_removal() => {
                parameters = vec![("RecordId", id)];
                "DeleteDomainRecord"
            }
            Some(id) => {
                parameters.push(("RecordId", id));
                "UpdateDomainRecord"
            }
            None => {
                parameters.push(("DomainName", &zone.id));
                "AddDomainRecord"
            }
        };
        let answer = ask(talk, rest, action, &parameters)?;
        if text(&answer, "/RecordId").is_empty() && text(&answer, "/Code") != DUPLICATE {
            return Err(rest.not_done(rest::explanation(&answer)));
        }
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests;
