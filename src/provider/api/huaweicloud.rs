//! Huawei Cloud DNS (<https://support.huaweicloud.com/intl/en-us/api-dns/dns_api_60000.html>).
//!
//! Requests carry a signature (<https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm.html>).
//! A record set belongs to a line, and a name can have sets for several lines.

use super::interface::{
    Calls, INTERFACE, Interface, List, Pages, Reading, RecordModel, Shows, Writing, ZoneRef,
    ZoneSource,
};
use super::meaning::{Codes, Meaning};
use super::record::{Goal, NameForm, RECORD, Record, RecordForm};
use super::records::refuse_special;
use super::{Api, Base, Need, Publishing};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::sign::{Canonical, Key, short_timestamp};
use crate::provider::{Batch, Request};

pub(super) const API: Api = Api {
    name: "huaweicloud",
    aliases: &["huaweicloud.com"],
    title: "Huawei Cloud DNS",
    base: Base::Https("dns.myhuaweicloud.com"),
    needs: &[
        Need::new("username", "an access key id (AK)"),
        Need::new("password", "the secret access key (SK)"),
    ],
    batch: Batch::Account(20),
    rate: None,
    remark: "the IAM user of the key needs DNS FullAccess",
    publish: Publishing::Interface(&Interface {
        sign: Some(sign),
        codes: Codes {
            code: &["/code", "/error_code", "/error_msg"],
            meanings: &[
                ("*signature expired", Meaning::ClockWrong, ""),
                ("*APIGW.0308", Meaning::Limited, ""),
                ("*APIGW.0302", Meaning::Forbidden, ""),
                ("*APIGW.030", Meaning::Credentials, ""),
            ],
            ..Codes::HTTP
        },
        zones: ZoneSource::List {
            list: List {
                call: "GET /v2/zones?limit=500&offset=<page>&type=public",
                at: "/zones",
                pages: Pages::Offset(500),
            },
            name: "/name",
            id: "/id",
        },
        zone_ref: ZoneRef::Id,
        model: RecordModel::RrSet,
        // Without `search_mode`, the list also has names that only contain this one.
        read: Reading::Name(List::whole(
            "GET /v2.1/zones/<zone>/recordsets?limit=500&name=<fqdn>.&search_mode=equal&type=<type>",
            "/recordsets",
        )),
        inspect: Some(refuse_several_lines),
        form: RecordForm { names: NameForm::Complete, values: "/records", address: "", ..RECORD },
        write: Writing::Each(Calls {
            create: r#"POST /v2.1/zones/<zone>/recordsets {"name":"<fqdn>.","type":<type>,"ttl":<ttl>,"records":<values>}"#,
            update: r#"PUT /v2.1/zones/<zone>/recordsets/<id> {"name":"<fqdn>.","type":<type>,"ttl":<ttl>,"records":<values>}"#,
            remove: "DELETE /v2.1/zones/<zone>/recordsets/<id>",
            shows: Shows::Something("/id"),
        }),
        ..INTERFACE
    }),
};

/// Refuses to write under a name that has several sets of a type, because an address could get into another
/// line's set.
fn refuse_several_lines(talk: &mut Conversation<'_>, goals: &[&Goal<'_>], records: &[Record]) {
    for record in records {
        if records.iter().any(|other| is_for_another_line(other, record)) {
            let name = (record.name.as_str(), record.kind.as_str());
            refuse_special(talk, goals, name, "has records for several lines at Huawei Cloud");
        }
    }
}

/// Whether `other` is in another set of the same name and type as `record`.
fn is_for_another_line(other: &Record, record: &Record) -> bool {
    other.name == record.name && other.kind == record.kind && other.id != record.id
}

fn sign(talk: &Conversation<'_>, request: &mut Request) -> ApiResult<()> {
    let canonical = Canonical {
        algorithm: "SDK-HMAC-SHA256",
        key: Key::Secret,
        time_header: "X-Sdk-Date",
        time: &short_timestamp(talk.wall()?),
        signed: &["host", "x-sdk-date"],
        // Huawei signs the path with a slash at its end, also where the request has none.
        path_end: "/",
    };
    canonical.sign(talk.account, request);
    Ok(())
}

#[cfg(test)]
mod tests;
