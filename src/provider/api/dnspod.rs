//! DNSPod at Tencent Cloud (<https://www.tencentcloud.com/document/api/1157>), version 2021-03-23.
//!
//! Requests carry a signature much like that of AWS. A record is written as a whole, so it is read
//! before.

use serde_json::Value;

use super::interface::{
    Calls, INTERFACE, Interface, List, Pages, Reading, RecordModel, Shows, Writing, ZoneSource,
};
use super::meaning::{Codes, Meaning};
use super::record::{RECORD, RecordForm};
use super::rest::Rest;
use super::{Api, Base, Need, Publishing};
use crate::model::secret::Secret;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::sign::{Canonical, timestamp};
use crate::provider::{Batch, Rate, Request};

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
    rate: Some(Rate { requests: 20, seconds: 1 }),
    remark: "the user of the key needs QcloudDNSPodFullAccess",
    publish: Publishing::Interface(&Interface {
        prepare: Some(|_, rest| Ok(rest.with_sign(sign))),
        codes: CODES,
        zones: ZoneSource::List {
            list: List {
                // More would be allowed, but the entry of each zone is long.
                call: r#"POST / {"Action":"DescribeDomainList","Limit":500,"Offset":<page>}"#,
                at: "/Response/DomainList",
                pages: Pages::Offset(500),
            },
            name: "/Name",
            id: "/Name",
        },
        model: RecordModel::ByIdReadFirst,
        read: Reading::Name(List::whole(
            r#"POST / {"Action":"DescribeRecordList","Domain":<zone>,"Subdomain":<host>,"RecordType":<type>,"Limit":100}"#,
            "/Response/RecordList",
        )),
        form: RecordForm {
            name: "/Name",
            apex: "@",
            kind: "/Type",
            id: "/RecordId",
            ttl: "/TTL",
            address: "/Value",
            ..RECORD
        },
        write: Writing::Each(Calls {
            create: r#"POST / {"Action":"CreateRecord","Domain":<zone>,"SubDomain":<host>,"RecordType":<type>,"RecordLine":"默认","Value":<address>,"TTL":<ttl>}"#,
            update: r#"POST / {"Action":"ModifyRecord","Domain":<zone>,"RecordId":<id>,"SubDomain":<host>,"RecordType":<type>,"RecordLine":</Line|"默认">,"Value":<address>,"TTL":<ttl>}"#,
            remove: r#"POST / {"Action":"DeleteRecord","Domain":<zone>,"RecordId":<id>}"#,
            shows: Shows::Something("/Response/RecordId"),
        }),
        new_ttl: 600,
        ..INTERFACE
    }),
};

const CODES: Codes = Codes {
    // The HTTP status is always 200.
    success: ("/Response/RequestId", ""),
    code: &["/Response/Error/Code"],
    meanings: &[
        // The answer to a list without records.
        ("ResourceNotFound.NoDataOfRecord", Meaning::Success, ""),
        ("InvalidParameterValue.DomainNotExists", Meaning::NotFound, ""),
        ("InvalidParameter.DomainIdInvalid", Meaning::NotFound, ""),
        ("FailedOperation.FrequencyLimit", Meaning::Limited, ""),
        // The account is blocked after logins with wrong credentials.
        ("LimitExceeded.FailedLoginLimitExceeded", Meaning::Credentials, ""),
        ("UnauthorizedOperation", Meaning::Forbidden, RIGHTS),
        ("AuthFailure.UnauthorizedOperation", Meaning::Forbidden, RIGHTS),
        ("AuthFailure.SignatureExpire", Meaning::ClockWrong, ""),
        ("AuthFailure", Meaning::Credentials, ""),
        ("RequestLimitExceeded", Meaning::Limited, ""),
        ("InternalError", Meaning::Problem, ""),
        ("FailedOperation", Meaning::Problem, ""),
        ("ResourceNotFound", Meaning::NotFound, ""),
    ],
};

const RIGHTS: &str = "give the key's user the policy QcloudDNSPodFullAccess";
const JSON: &str = "application/json";

/// Signs a request. The member `Action` of its body becomes a header.
fn sign(talk: &Conversation<'_>, _: &Rest, mut request: Request) -> ApiResult<Request> {
    let wall = talk.wall()?;
    let (time, date) = (wall.to_string(), timestamp(wall));
    let body = request.body.take().unwrap_or_default();
    let mut body: Value = serde_json::from_str(body.expose()).unwrap_or_default();
    let action = body["Action"].take();
    let action = action.as_str().unwrap_or_default();
    if let Some(members) = body.as_object_mut() {
        members.remove("Action");
    }
    let canonical = Canonical {
        algorithm: "TC3-HMAC-SHA256",
        prefix: "TC3",
        scope: &[date.get(..10).unwrap_or_default(), "dnspod", "tc3_request"],
        time: &time,
        headers: &[("content-type", JSON), ("host", HOST)],
    };
    let key = (talk.account.username.as_str(), &talk.account.password);
    let body = body.to_string();
    let signature = canonical.authorization(key, request.method.name(), ("/", ""), &body);
    request.body = Some(Secret::new(body));
    request.shown = format!("POST https://{HOST} ({action})");
    request.headers.extend([
        ("X-TC-Action", Secret::new(action)),
        ("X-TC-Version", Secret::new("2021-03-23")),
        ("X-TC-Timestamp", Secret::new(time)),
        ("Authorization", signature),
    ]);
    Ok(request)
}

#[cfg(test)]
mod tests;
