//! DNSPod at Tencent Cloud (<https://www.tencentcloud.com/document/api/1157>), version 2021-03-23.
//!
//! Requests carry a signature much like that of AWS. A record is written as a whole, so it is read
//! before.

use serde_json::Value;

use super::records::{self, Goal, Record, RecordModel, Write, ZoneApi, ZoneRef};
use super::rest::{self, Rest, id, list, member, object, text};
use super::zone::{Zone, ZoneList, zones_by_id};
use super::{Api, Base, Need};
use crate::model::secret::Secret;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::sign::{Canonical, timestamp};
use crate::provider::{Batch, Method, Rate, Request};

const HOST: &str = "dnspod.tencentcloudapi.com";

pub(super) const API: Api = Api {
    name: "dnspod",
    aliases: &["dnspod.cn-v3"],
    title: "DNSPod",
    base: Base::Https(HOST),
    needs: &[
        Need::new("username", "the SecretId of an API key"),
        Need::new("password", "its SecretKey"),
    ],
    batch: Batch::Account(20),
    writes_together: false,
    rate: Some(Rate { requests: 20, seconds: 1 }),
    remark: "the user of the key needs QcloudDNSPodFullAccess",
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

/// Zones per page. More would be allowed, but the entry of each zone is long.
const PAGE: usize = 500;
const JSON: &str = "application/json";
/// The internet providers that a new record is for: all ("default").
const LINE: &str = "默认";

/// DNSPod's HTTP status is always 200. The error code has the meaning.
fn fix_status(status: u16, body: &Value) -> (u16, &'static str) {
    let code = text(body, "/Response/Error/Code");
    let fixed = match code {
        _ if status != 200 => status,
        "" if text(body, "/Response/RequestId").is_empty() => 0,
        // The answer to a list without records.
        "" | "ResourceNotFound.NoDataOfRecord" => 200,
        "InvalidParameterValue.DomainNotExists" | "InvalidParameter.DomainIdInvalid" => 404,
        "FailedOperation.FrequencyLimit" => 429,
        // The account is blocked after logins with wrong credentials.
        "LimitExceeded.FailedLoginLimitExceeded" => 401,
        _ if code.starts_with("UnauthorizedOperation") => 403,
        _ if code.starts_with("AuthFailure.UnauthorizedOperation") => 403,
        _ if code.starts_with("AuthFailure") => 401,
        _ if code.starts_with("RequestLimitExceeded") => 429,
        _ if code.starts_with("InternalError") || code.starts_with("FailedOperation") => 503,
        _ if code.starts_with("ResourceNotFound") => 404,
        _ => 400,
    };
    let advice = match fixed {
        403 => "give the key's user the policy QcloudDNSPodFullAccess",
        _ => "",
    };
    (fixed, advice)
}

/// A signed request.
fn request(talk: &Conversation<'_>, rest: &Rest, action: &str, body: &Value) -> ApiResult<Request> {
    let wall = talk.wall()?;
    let (time, date) = (wall.to_string(), timestamp(wall));
    let canonical = Canonical {
        algorithm: "TC3-HMAC-SHA256",
        prefix: "TC3",
        scope: &[date.get(..10).unwrap_or_default(), "dnspod", "tc3_request"],
        time: &time,
        headers: &[("content-type", JSON), ("host", HOST)],
    };
    let key = (talk.account.username.as_str(), &talk.account.password);
    let body = body.to_string();
    let signature = canonical.authorization(key, Method::Post.name(), ("/", ""), &body);
    let mut request = rest.body(Method::Post, "/", JSON, body);
    request.shown = format!("POST https://{HOST} ({action})");
    request.headers.extend([
        ("X-TC-Action", Secret::new(action)),
        ("X-TC-Version", Secret::new("2021-03-23")),
        ("X-TC-Timestamp", Secret::new(time)),
        ("Authorization", signature),
    ]);
    Ok(request)
}

fn ask(talk: &mut Conversation<'_>, rest: &Rest, action: &str, body: &Value) -> ApiResult<Value> {
    let answer = talk.send(request(talk, rest, action, body)?)?;
    let body = rest::body(&answer);
    if text(&body, "/Response/Error/Code") == "AuthFailure.SignatureExpire" {
        return Err(rest.clock_wrong(text(&body, "/Response/Error/Message")));
    }
    rest.value(&answer)
}

fn zones(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<ZoneList> {
    let zones = rest::paged(PAGE, &mut |_, before| {
        let body = object(&mut [("Limit", PAGE.into()), ("Offset", before.len().into())]);
        let answer = ask(talk, rest, "DescribeDomainList", &body)?;
        Ok(list(&answer, "/Response/DomainList").to_vec())
    })?;
    Ok(zones_by_id(&zones, "/Name", "/Name"))
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let mut records = Vec::new();
    for goal in goals {
        let body = object(&mut [
            ("Domain", zone.id.as_str().into()),
            ("Subdomain", goal.host(zone, "@").into()),
            ("RecordType", goal.kind().into()),
            ("Limit", 100.into()),
        ]);
        let answer = ask(talk, rest, "DescribeRecordList", &body)?;
        let found = list(&answer, "/Response/RecordList");
        records.extend(found.iter().map(|raw| Record::capitalised(zone, text(raw, "/Name"), raw)));
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
        let line = write.values.first().map_or(Value::Null, |raw| member(raw, "Line"));
        if let Some(id) = &write.id
            && write.is_removal()
        {
            let mut body = [("Domain", zone.id.as_str().into()), ("RecordId", rest::id_value(id))];
            ask(talk, rest, "DeleteRecord", &object(&mut body))?;
            continue;
        }
        let body = object(&mut [
            ("Domain", zone.id.as_str().into()),
            ("SubDomain", goal.host(zone, "@").into()),
            ("RecordType", goal.kind().into()),
            ("RecordLine", if line.is_null() { LINE.into() } else { line }),
            ("Value", goal.address()),
        ]);
        let mut body = write.with_ttl(body, "TTL");
        let action = match &write.id {
            Some(id) => {
                body["RecordId"] = rest::id_value(id);
                "ModifyRecord"
            }
            None => "CreateRecord",
        };
        let answer = ask(talk, rest, action, &body)?;
        if id(&answer, "/Response/RecordId").is_empty() {
            return Err(rest.not_done(rest::explanation(&answer)));
        }
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests;
