//! Hostinger (<https://developers.hostinger.com/#tag/dns-zone>).
//!
//! Changes of any number of names of a zone are one request.

use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, RecordModel, Removal, Shows, Writing, ZoneSource,
};
use super::record::{Goal, RECORD, Record, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::Batch;
use crate::provider::conversation::Conversation;

pub(super) const API: Api = Api {
    name: "hostinger",
    aliases: &[],
    title: "Hostinger",
    base: Base::Https("developers.hostinger.com/api"),
    needs: &[Need::new("password", "an API token")],
    batch: Batch::Account(50),
    rate: None,
    remark: "a zone whose domain is registered elsewhere must be named with 'zone'",
    publish: Publishing::Interface(&HOSTINGER),
};

const HOSTINGER: Interface = Interface {
    headers: &[("Authorization", "Bearer <password>")],
    zones: ZoneSource::List {
        list: List::whole("GET /domains/v1/portfolio", ""),
        name: "/domain",
        id: "/domain",
    },
    model: RecordModel::RrSet,
    read: Reading::Zone(List::whole("GET /dns/v1/zones/<domain>", "")),
    inspect: Some(refuse_disabled),
    form: RecordForm {
        apex: "@",
        values: "/records",
        value: r#"{"content":</content>}"#,
        ..RECORD
    },
    write: Writing::Together {
        // `overwrite` replaces only the sets with these names and types.
        update: r#"PUT /dns/v1/zones/<domain> {"overwrite":true,"zone":<changes>}"#,
        remove: Removal::OneRequest(r#"DELETE /dns/v1/zones/<domain> {"filters":<removals>}"#),
        one: Calls {
            create: SET,
            update: SET,
            remove: r#"{"name":<host>,"type":<type>}"#,
            shows: Shows::Something("/message"),
        },
        alone: None,
    },
    ..INTERFACE
};

const SET: &str = r#"{"name":<host>,"type":<type>,"ttl":<ttl|300>,"records":<values>}"#;

/// Refuses to write a set with an address that its owner has disabled: the write would enable it.
fn refuse_disabled(talk: &mut Conversation<'_>, goals: &[&Goal<'_>], records: &[Record]) {
    for goal in goals {
        let mut present = records.iter().filter(|record| record.is_for(goal));
        if present.clone().count() > 1 && present.any(|record| is_disabled_by_owner(record, goal)) {
            let reason = format!(
                "{} has another address, which is off at Hostinger and would be switched on",
                goal.fqdn
            );
            goal.refuse(talk, reason, "delete that, or switch it on");
        }
    }
}

/// Whether the record is disabled, and neither ours nor what we want.
fn is_disabled_by_owner(record: &Record, goal: &Goal<'_>) -> bool {
    let is_ours = match record.address {
        Some(address) => goal.change.wants(address) || goal.change.owns(address),
        None => false,
    };
    record.raw["is_disabled"].is_true() && !is_ours
}

#[cfg(test)]
mod tests;
