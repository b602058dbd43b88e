//! Edge Security Acceleration of Alibaba Cloud
//! (<https://www.alibabacloud.com/help/en/edge-security-acceleration/esa/api-esa-2024-09-10-listrecords>),
//! version 2024-09-10.
//!
//! One record has all IPv4 and IPv6 addresses of a name. It is read again before it is written, so that
//! the addresses of the other family stay.

use std::net::IpAddr;

use super::aliyun::{CODES, sign};
use super::call::Values;
use super::interface::{
    INTERFACE, Interface, List, Reading, RecordModel, RestClient, Writing, ZoneRef, ZoneSource,
};
use super::meaning::shown;
use super::record::{Goal, RECORD, Record, RecordForm, Write};
use super::rest::text;
use super::zone::Zone;
use super::{Api, Base, Need, Publishing};
use crate::model::json::Json;
use crate::model::name::canonical;
use crate::provider::Batch;
use crate::provider::conversation::{ApiResult, Conversation, Phase};

pub(super) const API: Api = Api {
    name: "aliesa",
    aliases: &[],
    title: "Alibaba Cloud ESA",
    base: Base::Https("esa.cn-hangzhou.aliyuncs.com"),
    needs: &[
        Need::new("username", "an AccessKey id"),
        Need::new("password", "the AccessKey secret"),
    ],
    batch: Batch::Account(20),
    rate: None,
    remark: "the RAM user of the key needs AliyunESAFullAccess",
    publish: Publishing::Interface(&ESA),
};

const ESA: Interface = Interface {
    sign: Some(|talk, request| sign(talk, request, "2024-09-10")),
    codes: CODES,
    zones: ZoneSource::List {
        list: List::numbered(
            "GET /?Action=ListSites&PageNumber=<page>&PageSize=100",
            "/Sites",
            100,
        ),
        name: "/SiteName",
        id: "/SiteId",
    },
    zone_ref: ZoneRef::Id,
    model: RecordModel::RrSet,
    read: Reading::CodeForName(read),
    form: RecordForm { address: "", ..RECORD },
    write: Writing::Code(write),
    ..INTERFACE
};

/// The record with the addresses of a name; `null` if there is none.
fn present(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    goal: &Goal<'_>,
) -> ApiResult<Json> {
    let mut values = Values::in_zone(talk.account, rest, zone);
    values.goal = Some(goal);
    let list = "GET /?Action=ListRecords&SiteId=<zone>&RecordName=<fqdn>&RecordMatchType=exact\
                &Type=A/AAAA&PageSize=100";
    let records = rest.elements(talk, values.request(list), "/Records")?;
    let mut records = records.iter();
    let found = records.find(|record| canonical(text(record, "/RecordName")) == goal.fqdn);
    Ok(found.cloned().unwrap_or_default())
}

/// The addresses of a record.
fn addresses(record: &Json) -> Vec<IpAddr> {
    let value = text(record, "/Data/Value");
    let mut addresses = Vec::new();
    for address in value.split(',') {
        addresses.extend(address.trim().parse::<IpAddr>());
    }
    addresses
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let mut records = Vec::new();
    for goal in goals {
        let record = present(talk, rest, zone, goal)?;
        let mut values = Vec::new();
        for address in addresses(&record) {
            if address.is_ipv4() == (goal.kind() == "A") {
                values.push(address.to_string().into());
            }
        }
        records.append(&mut Record::set(&goal.fqdn, goal.kind(), record.pointer("/Ttl"), &values));
    }
    Ok(records)
}

const CREATE: &str = "POST /?Action=CreateRecord&SiteId=<zone>&RecordName=<fqdn>&Type=A/AAAA\
                      &Ttl=<ttl|300>&Data={\"Value\":\"</Addresses>\"}";
/// What an update lacks would be reset.
const UPDATE: &str = "POST /?Action=UpdateRecord&RecordId=</RecordId>&Type=A/AAAA&Ttl=</Ttl|300>\
                      &Data={\"Value\":\"</Addresses>\"}&Proxied=</Proxied>&BizName=</BizName>\
                      &Comment=</Comment>";
// A record has both families, so it is deleted only when neither has an address left.
const DELETE: &str = "POST /?Action=DeleteRecord&RecordId=</RecordId>";

fn write(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    for write in writes {
        // The addresses of the other family may have changed since the record was read. A lost answer to this read
        // leaves nothing in doubt.
        talk.enter(Phase::Read);
        let mut record = present(talk, rest, zone, write.goal)?;
        talk.enter(Phase::Write);
        let call = change(&mut record, write);
        let mut values = Values::in_zone(talk.account, rest, zone);
        values.set_write(write);
        values.value = &record;
        values.ask(talk, call)?;
    }
    Ok(Vec::new())
}

/// Makes the `record` what it should be after `write`, and returns the call for that.
fn change(record: &mut Json, write: &Write<'_>) -> &'static str {
    let mut all = Vec::new();
    for value in &write.values {
        all.push(shown(value, ""));
    }
    for address in addresses(record) {
        if address.is_ipv4() != (write.goal.kind() == "A") {
            all.push(address.to_string());
        }
    }
    let call = match (record.is_null(), all.is_empty()) {
        (_, true) => DELETE,
        (true, false) => CREATE,
        (false, false) => UPDATE,
    };
    record.set("Addresses", all.join(",").into());
    // The TTL of a record is also that of the other family's addresses.
    if let Some(ttl) = write.goal.change.record.ttl {
        record.set("Ttl", ttl.into());
    }
    call
}

#[cfg(test)]
mod tests;
