//! AutoDNS of InternetX (<https://github.com/InterNetX/domainrobot-api>, `domainrobot.json`).
//!
//! A zone has a main address, which is the A record of its own name, and of `www` if the zone says so. It is in
//! no list of records, and only writing the whole zone changes it.

use super::interface::{
    CALLS, Calls, INTERFACE, Interface, List, Pages, Reading, RecordModel, RestClient, Writing,
    ZoneSource,
};
use super::meaning::{Codes, Meaning, Success};
use super::record::{Goal, RECORD, Record, RecordForm};
use super::rest::{list, text};
use super::zone::Zone;
use super::{Api, Base, Need, Publishing};
use crate::model::json::Json;
use crate::provider::Batch;
use crate::provider::conversation::{ApiResult, Conversation};

pub(super) const API: Api = Api {
    name: "autodns",
    aliases: &["autodns.com"],
    title: "AutoDNS",
    base: Base::Https("api.autodns.com/v1/zone"),
    needs: &[Need::new("username", "an API user"), Need::new("password", "its password")],
    batch: Batch::Account(20),
    rate: None,
    remark: "'param_opt' holds the user's context if that is not 4",
    publish: Publishing::Interface(&Interface {
        prepare: Some(|talk, rest| {
            let context = talk.account.param_opt.expose();
            // 4 is the context of the live system.
            let context = if context.is_empty() { "4" } else { context };
            rest.plain_header("X-Domainrobot-Context", context);
            RestClient::basic(talk, rest)
        }),
        codes: Codes {
            success: Success::Is("/status/type", "SUCCESS"),
            code: &["/status/type"],
            // A task that has begun: NOTIFY or NOTICE.
            meanings: &[("NOTI", Meaning::Success, "")],
        },
        zones: ZoneSource::List {
            list: List {
                call: r#"POST /_search {"view":{"limit":100,"offset":<page>,"children":true}}"#,
                at: "/data",
                pages: Pages::Offset(100),
            },
            name: "/origin",
            id: "/origin",
        },
        model: RecordModel::RrSet,
        read: Reading::Code(read),
        form: RecordForm { address: "/value", ..RECORD },
        write: Writing::Values(Calls {
            create: r#"POST /<zone>/_stream {"adds":[{"name":<host>,"type":<type>,"value":<address>,"ttl":<ttl>}]}"#,
            remove: r#"POST /<zone>/_stream {"rems":[{"name":<host>,"type":<type>,"value":</value>,"ttl":</ttl>}]}"#,
            ..CALLS
        }),
        ..INTERFACE
    }),
};

/// Reads a zone. Refuses to write where its main address is.
fn read(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let body = rest.ask(talk, rest.get(&["/", &zone.id].concat()))?;
    let has_main = !text(&body, "/data/0/main/address").is_empty();
    let has_www = body.pointer("/data/0/wwwInclude") == Some(&Json::Bool(true));
    for goal in goals {
        let host = goal.host(zone, "");
        if has_main && goal.kind() == "A" && (host.is_empty() || (host == "www" && has_www)) {
            let reason = format!("{} has the zone's main address at AutoDNS", goal.fqdn);
            let advice = "remove the main IP address there, or choose another name";
            goal.refuse(talk, reason, advice);
        }
    }
    let mut records = Vec::new();
    for raw in list(&body, "/data/0/resourceRecords") {
        records.push(Record::of(&rest.interface.form, zone, None, raw));
    }
    Ok(records)
}

#[cfg(test)]
mod tests;
