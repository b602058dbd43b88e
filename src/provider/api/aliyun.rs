//! Alibaba Cloud DNS (<https://www.alibabacloud.com/help/en/dns/api-alidns-2015-01-09-overview>).
//!
//! Requests are URLs with a signature (version 1.0). An update resets every property that the request
//! lacks, so each record is read before it is written.

use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, RecordModel, Shows, Writing, ZoneSource,
};
use super::meaning::{Codes, Meaning, Success};
use super::record::{RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::sign::sign_query;
use crate::provider::{Batch, Request};

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
    rate: None,
    remark: "the RAM user of the key needs AliyunDNSFullAccess",
    publish: Publishing::Interface(&Interface {
        sign: Some(|talk, request| sign(talk, request, "2015-01-09")),
        codes: CODES,
        zones: ZoneSource::List {
            list: List::numbered(
                "GET /?Action=DescribeDomains&PageNumber=<page>&PageSize=100",
                "/Domains/Domain",
                100,
            ),
            name: "/DomainName",
            id: "/DomainName",
        },
        model: RecordModel::ByIdReadFirst,
        // The zone's id is its name as Alibaba lists it. Unlike our name it is not in Punycode.
        read: Reading::Name(List::numbered(
            "GET /?Action=DescribeSubDomainRecords&SubDomain=<host>.<zone>&DomainName=<zone>\
             &Type=<type>&PageNumber=<page>&PageSize=100",
            "/DomainRecords/Record",
            100,
        )),
        form: RecordForm {
            name: "/RR",
            apex: "@",
            kind: "/Type",
            id: "/RecordId",
            ttl: "/TTL",
            address: "/Value",
            ..RECORD
        },
        write: Writing::Each(Calls {
            create: "GET /?Action=AddDomainRecord&DomainName=<zone>&RR=<host>&Type=<type>\
                     &Value=<address>&TTL=<ttl>",
            update: "GET /?Action=UpdateDomainRecord&RecordId=<id>&RR=<host>&Type=<type>\
                     &Value=<address>&TTL=<ttl>&Line=</Line>",
            remove: "GET /?Action=DeleteDomainRecord&RecordId=<id>",
            shows: Shows::Nothing,
        }),
        // This is the least TTL without a paid plan.
        new_ttl: 600,
        ..INTERFACE
    }),
};

/// What answers of Alibaba Cloud mean.
pub(super) const CODES: Codes = Codes {
    // Every answer of Alibaba has a RequestId. An answer without one comes from another server.
    success: Success::Has("/RequestId"),
    code: &["/Code"],
    meanings: &[
        // The answer to an update that would change nothing.
        ("DomainRecordDuplicate", Meaning::Success, ""),
        ("InvalidDomainName.NoExist", Meaning::NotFound, ""),
        ("IncorrectDomainUser", Meaning::NotFound, ""),
        ("SignatureDoesNotMatch", Meaning::Credentials, ""),
        ("IncompleteSignature", Meaning::Credentials, ""),
        // Alibaba takes a nonce once. The next request has another one.
        ("SignatureNonceUsed", Meaning::Problem, ""),
        ("InvalidTimeStamp", Meaning::ClockWrong, ""),
        ("InvalidAccessKeyId", Meaning::Credentials, ""),
        ("Throttling", Meaning::Limited, ""),
        ("Forbidden", Meaning::Forbidden, RIGHTS),
        ("NoPermission", Meaning::Forbidden, RIGHTS),
        ("#403", Meaning::Forbidden, RIGHTS),
    ],
};

/// Advice for 403.
const RIGHTS: &str = "give the key's RAM user the policy AliyunDNSFullAccess";

/// Signs a request for version `version` of an interface of Alibaba Cloud.
pub(super) fn sign(talk: &Conversation<'_>, request: &mut Request, version: &str) -> ApiResult<()> {
    let own = [
        ("AccessKeyId", talk.account.username.as_str()),
        ("Format", "JSON"),
        ("SignatureVersion", "1.0"),
        ("Version", version),
    ];
    sign_query(talk, request, &own)
}

#[cfg(test)]
mod tests;
