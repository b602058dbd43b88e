//! Alibaba Cloud DNS (<https://www.alibabacloud.com/help/en/dns/api-alidns-2015-01-09-overview>).
//!
//! Requests are URLs with a signature of Alibaba's first version. An update resets what it does not
//! say, so each record is read before it is written.

use serde_json::Value;

use super::records::{self, Call, Place, Record, Scheme, Unit, Write};
use super::rest::{self, Rest, list, text};
use super::zone::{Zone, ZoneList, listed};
use super::{Api, Need};
use crate::model::sorted::Map;
use crate::provider::sign::{hmac_sha1, sha1, timestamp};
use crate::provider::talk::{Talk, Talked};
use crate::provider::{Batch, Request};
use crate::text::base64;
use crate::text::percent;

pub(super) const API: Api = Api {
    name: "aliyun",
    aliases: &["aliyun.com"],
    title: "Alibaba Cloud DNS",
    base: "https://alidns.aliyuncs.com",
    needs: &[
        Need { option: "username", holds: "an AccessKey id" },
        Need { option: "password", holds: "the AccessKey secret" },
    ],
    batch: Batch::Account(20),
    rate: None,
    remark: "the RAM user of the key needs AliyunDNSFullAccess",
    publish: |talk| {
        let rest = Rest::new(&API).hiding(&talk.account.password).judging(judge);
        records::publish(talk, &rest, &SCHEME)
    },
};

const SCHEME: Scheme = Scheme {
    title: API.title,
    zones,
    read,
    write,
    unit: Unit::ReadId,
    content: "Value",
    call: Call::Name,
    new_ttl: 600,
    together: false,
};

/// Zones and records in a page, as many as there can be.
const PAGE: usize = 100;
/// The record is as it should be.
const DUPLICATE: &str = "DomainRecordDuplicate";

fn judge(status: u16, body: &Value) -> (u16, &'static str) {
    let code = text(body, "/Code");
    let is = |prefix| code.starts_with(prefix);
    let meant = match code {
        DUPLICATE => 200,
        "InvalidDomainName.NoExist" | "IncorrectDomainUser" => 404,
        "SignatureDoesNotMatch" | "IncompleteSignature" => 401,
        "SignatureNonceUsed" => 503,
        _ if is("InvalidAccessKeyId") => 401,
        _ if is("Forbidden") || is("NoPermission") => 403,
        _ if is("Throttling") => 429,
        _ => status,
    };
    (
        meant,
        if meant == 403 { "give the key's RAM user the policy AliyunDNSFullAccess" } else { "" },
    )
}

/// A signed request. `more` are parameters beside the common ones.
fn request(talk: &Talk<'_>, rest: &Rest, action: &str, more: &[(&str, &str)]) -> Talked<Request> {
    let at = timestamp(talk.wall()?);
    // Used once.
    let nonce = sha1(&format!("{at} {} {}", talk.job.seed, talk.heard().count()));
    let common = [
        ("AccessKeyId", talk.account.username.as_str()),
        ("Action", action),
        ("Format", "JSON"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", &nonce),
        ("SignatureVersion", "1.0"),
        ("Timestamp", &at),
        ("Version", "2015-01-09"),
    ];
    let sorted: Map<&str, &str> = common.iter().chain(more).copied().collect();
    let query = sign(&sorted, talk.account.password.expose());
    let mut request = rest.get(&format!("/?{query}"));
    request.shown = format!("GET {}/?Action={action}", API.base);
    Ok(request)
}

/// The query with its signature
/// (<https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism>).
fn sign(sorted: &Map<&str, &str>, secret: &str) -> String {
    let encode = percent::encode_upper;
    let pairs = sorted.iter().map(|(name, value)| format!("{name}={}", encode(value)));
    let query = pairs.collect::<Vec<_>>().join("&");
    let text = format!("GET&%2F&{}", encode(&query));
    let signature = base64::encode(&hmac_sha1(format!("{secret}&").as_bytes(), &text));
    format!("{query}&Signature={}", encode(&signature))
}

fn ask(talk: &mut Talk<'_>, rest: &Rest, action: &str, more: &[(&str, &str)]) -> Talked<Value> {
    let answer = talk.send(request(talk, rest, action, more)?)?;
    let body = rest::body(answer);
    if text(&body, "/Code").starts_with("InvalidTimeStamp") {
        return Err(rest.clock(text(&body, "/Message")));
    }
    let value = rest.value(answer)?;
    // Every answer has it.
    if text(&value, "/RequestId").is_empty() { Err(rest.confused(answer)) } else { Ok(value) }
}

/// All that is at `pointer` in the pages of a list.
fn pages(
    talk: &mut Talk<'_>,
    rest: &Rest,
    action: &str,
    more: &[(&str, &str)],
    pointer: &str,
) -> Talked<Vec<Value>> {
    rest::paged(PAGE, &mut |page, _| {
        let (number, size) = (page.to_string(), PAGE.to_string());
        let paged = [more, &[("PageNumber", &number), ("PageSize", &size)]].concat();
        Ok(list(&ask(talk, rest, action, &paged)?, pointer).to_vec())
    })
}

fn zones(talk: &mut Talk<'_>, rest: &Rest) -> Talked<ZoneList> {
    let zones = pages(talk, rest, "DescribeDomains", &[], "/Domains/Domain")?;
    Ok(listed(&zones, "/DomainName", "/DomainName"))
}

fn read(
    talk: &mut Talk<'_>,
    rest: &Rest,
    zone: &Zone,
    places: &[&Place<'_>],
) -> Talked<Vec<Record>> {
    let mut records = Vec::new();
    for place in places {
        // As it is written in the list: not in Punycode.
        let name = Zone { name: zone.id.clone(), ..zone.clone() }.full(place.host(zone, ""));
        let which = [("SubDomain", &*name), ("DomainName", &zone.id), ("Type", place.kind())];
        let found = pages(talk, rest, "DescribeSubDomainRecords", &which, "/DomainRecords/Record")?;
        records.extend(found.iter().map(|raw| Record::capital(zone, text(raw, "/RR"), raw)));
    }
    Ok(records)
}

fn write(
    talk: &mut Talk<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
) -> Talked<Vec<Record>> {
    for write in writes {
        let place = write.place;
        let (address, ttl) = (place.address(), write.ttl.map(|ttl| ttl.to_string()));
        let value = address.as_str().unwrap_or_default();
        let mut more =
            vec![("RR", place.host(zone, "@")), ("Type", place.kind()), ("Value", value)];
        more.extend(ttl.as_deref().map(|ttl| ("TTL", ttl)));
        let line = write.values.first().map_or("", |raw| text(raw, "/Line"));
        more.extend((!line.is_empty()).then_some(("Line", line)));
        let action = match &write.id {
            Some(id) if write.is_removal() => {
                more = vec![("RecordId", id)];
                "DeleteDomainRecord"
            }
            Some(id) => {
                more.push(("RecordId", id));
                "UpdateDomainRecord"
            }
            None => {
                more.push(("DomainName", &zone.id));
                "AddDomainRecord"
            }
        };
        let done = ask(talk, rest, action, &more)?;
        if text(&done, "/RecordId").is_empty() && text(&done, "/Code") != DUPLICATE {
            return Err(rest.undone(rest::said(&done)));
        }
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests;
