//! 51DNS, formerly DNS.COM (<https://www.51dns.com/document/api/index.html>; only the code of other programs
//! could be read: GoEdge, lego, NewFuture/DDNS).

use super::interface::{
    CALLS, Calls, INTERFACE, Interface, List, Reading, RecordModel, Writing, ZoneRef, ZoneSource,
};
use super::meaning::{Codes, Success};
use super::record::{RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::md5::md5;
use crate::provider::sign::sort_query;
use crate::provider::{Batch, Rate, Request};
use crate::text::percent;

pub(super) const API: Api = Api {
    name: "51dns",
    aliases: &["51dns.com"],
    title: "51DNS",
    base: Base::Https("www.51dns.com/api"),
    needs: &[Need::new("username", "the API key"), Need::new("password", "its secret")],
    batch: Batch::Account(20),
    rate: Some(Rate { requests: 100, seconds: 60 }),
    remark: "",
    publish: Publishing::Interface(&Interface {
        sign: Some(sign),
        codes: Codes { success: Success::Is("/code", "0"), code: &["/code"], meanings: &[] },
        zones: ZoneSource::List {
            list: List::numbered("GET /domain/list/?page=<page>&pageSize=100", "/data/data", 100),
            name: "/domains",
            id: "/domainID",
        },
        zone_ref: ZoneRef::IdAndName,
        model: RecordModel::ByIdReadFirst,
        read: Reading::Zone(List::numbered(
            "GET /record/list/?domainID=<zone>&page=<page>&pageSize=100",
            "/data/data",
            100,
        )),
        form: RecordForm {
            name: "/record",
            apex: "@",
            id: "/recordID",
            ttl: "/TTL",
            address: "/value",
            ..RECORD
        },
        write: Writing::Each(Calls {
            create: "GET /record/create/?domainID=<zone>&host=<%host>&type=<type>&value=<address>&TTL=<ttl>\
                     &viewID=0",
            update: "GET /record/modify/?domainID=<zone>&recordID=<id>&newhost=<%host>&newtype=<type>\
                     &newvalue=<address>&newttl=<ttl|600>&newviewID=</viewID|0>",
            remove: "GET /record/remove/?domainID=<zone>&recordID=<id>",
            ..CALLS
        }),
        new_ttl: 600,
        ..INTERFACE
    }),
};

/// Adds the MD5 sum of all parameters, sorted and not encoded, and of the secret.
fn sign(talk: &Conversation<'_>, request: &mut Request) -> ApiResult<()> {
    let (account, time) = (talk.account, talk.wall()?.to_string());
    let query = sort_query(request, &[("apiKey", &account.username), ("timestamp", &time)]);
    // 51DNS signs the values, and not their encoding.
    let text = percent::decode(&query).unwrap_or_default();
    let hash = md5(&[&text, account.password.expose()].concat());
    request.url = request.url.below(&["&hash=", &hash].concat());
    Ok(())
}

#[cfg(test)]
mod tests;
