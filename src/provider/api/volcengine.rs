//! Volcengine's TrafficRoute DNS (<https://www.volcengine.com/docs/6758/155086>), version 2018-08-01.
//!
//! Requests carry a signature much like that of AWS (<https://www.volcengine.com/docs/6369/67269>). A
//! record is written as a whole, so it is read before.

use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, RecordModel, Shows, Writing, ZoneRef, ZoneSource,
};
use super::meaning::{Codes, Meaning, Success};
use super::record::{RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::sign::{Canonical, Key, sha256, short_timestamp};
use crate::provider::{Batch, Request};

pub(super) const API: Api = Api {
    name: "volcengine",
    aliases: &[],
    title: "Volcengine",
    base: Base::Https("open.volcengineapi.com"),
    needs: &[
        Need::new("username", "an access key id"),
        Need::new("password", "the secret access key"),
    ],
    batch: Batch::Account(20),
    rate: None,
    remark: "the user of the key needs DNSFullAccess",
    publish: Publishing::Interface(&Interface {
        sign: Some(sign),
        codes: Codes {
            success: Success::Has("/ResponseMetadata/RequestId"),
            code: &["/ResponseMetadata/Error/Code"],
            meanings: &[
                ("InvalidTimestamp", Meaning::ClockWrong, ""),
                ("InvalidAccessKey", Meaning::Credentials, ""),
                ("InvalidCredential", Meaning::Credentials, ""),
                ("InvalidAuthorization", Meaning::Credentials, ""),
                ("SignatureDoesNotMatch", Meaning::Credentials, ""),
                ("AccessDenied", Meaning::Forbidden, ""),
                ("FlowLimitExceeded", Meaning::Limited, ""),
                ("ErrZoneNotFound", Meaning::NotFound, ""),
                ("ErrDBNotFound", Meaning::NotFound, ""),
                ("Internal", Meaning::Problem, ""),
            ],
        },
        zones: ZoneSource::List {
            list: List::numbered(
                "GET /?Action=ListZones&Version=2018-08-01&PageNumber=<page>&PageSize=100",
                "/Result/Zones",
                100,
            ),
            name: "/ZoneName",
            id: "/ZID",
        },
        zone_ref: ZoneRef::IdAndName,
        model: RecordModel::ByIdReadFirst,
        read: Reading::Name(List::numbered(
            "GET /?Action=ListRecords&Version=2018-08-01&ZID=<zone>&Host=<host>&Type=<type>\
             &SearchMode=exact&PageNumber=<page>&PageSize=100",
            "/Result/Records",
            100,
        )),
        form: RecordForm {
            name: "/Host",
            apex: "@",
            kind: "/Type",
            id: "/RecordID",
            ttl: "/TTL",
            address: "/Value",
            ..RECORD
        },
        write: Writing::Each(Calls {
            create: r#"POST /?Action=CreateRecord&Version=2018-08-01 {"ZID":<zone>,"Host":<host>,"Type":<type>,"Value":<address>,"TTL":<ttl>,"Line":"default"}"#,
            update: r#"POST /?Action=UpdateRecord&Version=2018-08-01 {"RecordID":"<id>","Host":<host>,"Type":<type>,"Value":<address>,"TTL":<ttl>,"Line":</Line|"default">,"Weight":</Weight>}"#,
            remove: r#"POST /?Action=DeleteRecord&Version=2018-08-01 {"RecordID":"<id>"}"#,
            shows: Shows::Something("/Result/RecordID"),
        }),
        new_ttl: 600,
        ..INTERFACE
    }),
};

/// Signs a request.
fn sign(talk: &Conversation<'_>, request: &mut Request) -> ApiResult<()> {
    let time = short_timestamp(talk.wall()?);
    let hash = sha256(request.body_text());
    request.add_header("X-Content-Sha256", hash);
    // The signature covers Content-Type, so a GET needs it, too.
    if request.body.is_none() {
        request.add_header("Content-Type", "application/json".into());
    }
    let canonical = Canonical {
        algorithm: "HMAC-SHA256",
        key: Key::Derived {
            prefix: "",
            scope: &[time.get(..8).unwrap_or_default(), "cn-north-1", "DNS", "request"],
        },
        time_header: "X-Date",
        time: &time,
        signed: &["content-type", "host", "x-content-sha256", "x-date"],
        path_end: "",
    };
    canonical.sign(talk.account, request);
    Ok(())
}

#[cfg(test)]
mod tests;
