//! Alibaba Cloud DNS (<https://www.alibabacloud.com/help/en/dns/api-alidns-2015-01-09-overview>).
//!
//! Requests are URLs with a signature (version 1.0). An update resets every property that the request
//! lacks, so each record is read before it is written.

use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, RecordModel, Shows, Writing, ZoneSource,
};
use super::meaning::{Codes, Meaning};
use super::record::{RECORD, RecordForm};
use super::rest::Rest;
use super::{Api, Base, Need, Publishing};
use crate::model::Url;
use crate::model::sorted::Map;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::sign::{hmac_sha1, sha1, timestamp};
use crate::provider::{Batch, Request};
use crate::text::base64;
use crate::text::percent::{decode, encode_upper};

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
        prepare: Some(|_, rest| Ok(rest.with_sign(sign))),
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
        new_ttl: 600,
        ..INTERFACE
    }),
};

const CODES: Codes = Codes {
    // Every answer of Alibaba has a RequestId. An answer without one comes from another server.
    success: ("/RequestId", ""),
    code: &["/Code"],
    meanings: &[
        // The answer to an update that would change nothing.
        ("DomainRecordDuplicate", Meaning::Success, ""),
        ("InvalidDomainName.NoExist", Meaning::NotFound, ""),
        ("IncorrectDomainUser", Meaning::NotFound, ""),
        ("SignatureDoesNotMatch", Meaning::Credentials, ""),
        ("IncompleteSignature", Meaning::Credentials, ""),
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

/// Signs a request. Parameters without a value are left out.
fn sign(talk: &Conversation<'_>, _: &Rest, mut request: Request) -> ApiResult<Request> {
    let time = timestamp(talk.wall()?);
    // Alibaba accepts a nonce only once.
    let nonce = sha1(&format!("{time} {} {}", talk.job.seed, talk.requests()));
    let common = [
        ("AccessKeyId", talk.account.username.as_str()),
        ("Format", "JSON"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", &nonce),
        ("SignatureVersion", "1.0"),
        ("Timestamp", &time),
        ("Version", "2015-01-09"),
    ];
    let mut sorted: Map<&str, String> = Map::new();
    for (name, value) in common {
        sorted.insert(name, value.to_owned());
    }
    let (_, query) = request.url.target().split_once('?').unwrap_or_default();
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        if !value.is_empty() {
            sorted.insert(name, decode(value).unwrap_or_default());
        }
    }
    let query = signed(&sorted, talk.account.password.expose());
    request.url = Url::https(&format!("{HOST}/?{query}"));
    Ok(request)
}

/// The query with its signature
/// (<https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism>).
fn signed(sorted: &Map<&str, String>, secret: &str) -> String {
    let pairs = sorted.iter().map(|(name, value)| format!("{name}={}", encode_upper(value)));
    let query = pairs.collect::<Vec<_>>().join("&");
    let text = format!("GET&%2F&{}", encode_upper(&query));
    let signature = base64::encode(&hmac_sha1(format!("{secret}&").as_bytes(), &text));
    format!("{query}&Signature={}", encode_upper(&signature))
}

#[cfg(test)]
mod tests;
