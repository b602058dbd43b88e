//! Beget (<https://beget.com/en/kb/api/dns-administration-functions>).
//!
//! A change replaces all records of a name, so they are read again before it, and are sent back as they
//! were. The answers have them in another form than the documentation; Beget takes both.

use super::call::Values;
use super::interface::{
    INTERFACE, Interface, Reading, RecordModel, RestClient, Writing, ZoneSource,
};
use super::meaning::{Codes, Meaning, Success};
use super::record::{Goal, RECORD, Record, RecordForm, Write};
use super::records::refuse_special;
use super::rest::{list, text};
use super::zone::{RecordName, Zone, ZoneList};
use super::{Api, Base, Need, Publishing};
use crate::model::json::Json;
use crate::provider::Batch;
use crate::provider::conversation::{ApiResult, Conversation, Phase};

pub(super) const API: Api = Api {
    name: "beget",
    aliases: &["beget.com"],
    title: "Beget",
    base: Base::Https("api.beget.com/api/dns"),
    needs: &[
        Need::new("username", "the login of the account"),
        Need::new("password", "its password for the API, which must have access to DNS"),
    ],
    batch: Batch::Account(20),
    rate: None,
    remark: "the name must be there as a domain or subdomain in the control panel",
    publish: Publishing::Interface(&Interface {
        codes: Codes {
            // The HTTP status is always 200.
            success: Success::Is("/answer/status", "success"),
            code: &["/error_code", "/answer/error_code", "/answer/errors/0/error_code"],
            meanings: &[
                ("*AUTH_ERROR", Meaning::Credentials, ""),
                ("*LIMIT_ERROR", Meaning::Limited, ""),
                ("*METHOD_FAILED", Meaning::Problem, ""),
            ],
        },
        zones: ZoneSource::Code(zones),
        model: RecordModel::RrSet,
        read: Reading::CodeForName(read),
        form: RecordForm {
            address: "",
            // Beget has a priority for each record, also where it means nothing.
            value: r#"{"priority":10,"ttl":<ttl>,"value":<value>}"#,
            ..RECORD
        },
        write: Writing::Code(write),
        new_ttl: 600,
        ..INTERFACE
    }),
};

/// Requests name no zone, so each name counts as one.
fn zones(talk: &mut Conversation<'_>, _: &RestClient) -> ApiResult<ZoneList> {
    let mut zones = ZoneList::new();
    for change in &talk.job.changes {
        let name = RecordName::of(change).fqdn;
        zones.push(Zone::new(&name, &name));
    }
    Ok(zones)
}

/// The records of a name, by their types.
fn records_of(talk: &mut Conversation<'_>, rest: &RestClient, goal: &Goal<'_>) -> ApiResult<Json> {
    // The input is JSON: {"fqdn":"<fqdn>"}.
    let call = "POST /getData login=<username>&passwd=<password>&input_format=json&output_format=json\
                &input_data=%7b%22fqdn%22%3a%22<fqdn>%22%7d";
    let mut values = Values::of(talk.account, rest);
    values.goal = Some(goal);
    let body = values.ask(talk, call)?;
    Ok(body.pointer("/answer/result/records").cloned().unwrap_or_default())
}

/// The address of a record, in one of both forms.
fn address(record: &Json) -> &str {
    match text(record, "/address") {
        "" => text(record, "/value"),
        address => address,
    }
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    _: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let mut records = Vec::new();
    for goal in goals {
        let (name, kind) = (goal.fqdn.as_str(), goal.kind());
        let all = records_of(talk, rest, goal)?;
        if ["CNAME", "NS"].iter().any(|kind| all.get(kind).is_some_and(|value| !value.is_null())) {
            refuse_special(
                talk,
                &[*goal],
                (name, kind),
                "has a CNAME record or name servers at Beget",
            );
        }
        let of_kind = list(&all, &["/", kind].concat());
        let mut addresses = Vec::new();
        for record in of_kind {
            addresses.push(address(record).into());
        }
        let ttl = of_kind.first().and_then(|record| record.get("ttl"));
        records.append(&mut Record::set(name, kind, ttl, &addresses));
    }
    Ok(records)
}

fn write(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    _: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    for write in writes {
        // A lost answer to this read leaves nothing in doubt. One to the write below does.
        talk.enter(Phase::Read);
        let mut all = records_of(talk, rest, write.goal)?;
        talk.enter(Phase::Write);
        if !all.is_object() {
            all = Json::object(&mut []);
        }
        if let Some(members) = all.members_mut() {
            // The name servers of the domain cannot be changed.
            members.retain(|kind, _| !["DNS", "DNS_IP"].contains(&&**kind));
        }
        let mut values = Values::of(talk.account, rest);
        values.set_write(write);
        all.set(write.goal.kind(), values.json("<values>"));
        let input = Json::object(&mut [("records", all)]);
        // The input is JSON: {"fqdn":"<fqdn>","records":</records>}.
        let call = "POST /changeRecords login=<username>&passwd=<password>&input_format=json\
                    &output_format=json\
                    &input_data=%7b%22fqdn%22%3a%22<fqdn>%22%2c%22records%22%3a</records>%7d";
        values.value = &input;
        values.ask(talk, call)?;
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests;
