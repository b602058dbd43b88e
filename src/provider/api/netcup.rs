//! netcup's CCP API (<https://helpcenter.netcup.com/en/wiki/domain/our-api>): JSON-RPC in a session.
//! Every conversation begins with a login and ends with a logout. All changes of a zone are one
//! request.

use super::call::{Together, Values};
use super::interface::{
    INTERFACE, Interface, NEW_TTL, Reading, RecordModel, RestClient, Writing, ZoneRef, ZoneSource,
};
use super::meaning::{Codes, Meaning, Success};
use super::record::{Effect, Goal, RECORD, Record, RecordForm, Write};
use super::records;
use super::rest::text;
use super::zone::Zone;
use super::{Api, Base, Need, Publishing};
use crate::model::secret::Secret;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Answer, Batch, Rate};
use crate::time::Duration;

pub(super) const API: Api = Api {
    name: "netcup",
    aliases: &["netcup.com"],
    title: "netcup",
    base: Base::Https("ccp.netcup.net/run/webservice/servers/endpoint.php"),
    needs: &[
        Need::new("username", "the customer number"),
        Need::new("password", "the API password"),
        Need::new("param_enc", "the API key"),
    ],
    batch: Batch::Account(100),
    rate: Some(Rate { requests: 180, seconds: 60 }),
    remark: "the time to live belongs to the zone, so 'ttl' has no effect; it takes minutes until a \
             change can be seen",
    publish: Publishing::Code(publish, &NETCUP),
};

const NETCUP: Interface = Interface {
    codes: CODES,
    pause: Duration::from_secs(60),
    zones: ZoneSource::ProbeCode(probe),
    zone_ref: ZoneRef::Name,
    model: RecordModel::ByIdReadFirst,
    read: Reading::Code(read),
    form: RecordForm { name: "/hostname", apex: "@", address: "/destination", ..RECORD },
    write: Writing::CodeTogether(write),
    new_ttl: NEW_TTL,
    ..INTERFACE
};

const CODES: Codes = Codes {
    // The HTTP status is always 200.
    success: Success::Is("/status", "success"),
    code: &["/statuscode", "/longmessage"],
    meanings: &[
        // A reached limit has the code of an invalid request.
        ("*per minute", Meaning::Limited, ""),
        ("5028", Meaning::NotFound, NO_ZONE),
        ("5029", Meaning::NotFound, NO_ZONE),
        // "The session id is not in a valid format". Sometimes netcup says so of a valid one.
        ("4001", Meaning::Problem, ""),
        ("4", Meaning::Refused, ""),
        ("*", Meaning::Problem, ""),
    ],
};

fn publish(talk: &mut Conversation<'_>) -> ApiResult<()> {
    let account = talk.account;
    let mut rest = records::rest_of(&API, &NETCUP, account);
    let mut login = rest.clone();
    login.secret_answers = true;
    login.codes = &LOGIN_CODES;
    let call = r#"POST ?JSON {"action":"login","param":{"customernumber":<username>,"apikey":<param_enc>,"apipassword":<password>}}"#;
    let answer = talk.send(&Values::of(account, &login).request(call))?;
    let body = login.value(&answer)?;
    let session = text(&body, "/responsedata/apisessionid");
    if session.is_empty() {
        return Err(login.not_understood(&answer));
    }
    rest.set_session(Secret::new(session));
    let published = records::publish_with(talk, &rest);
    // If the provider cannot be reached, a logout would only fail, too.
    if talk.status() != 0 {
        // A failed logout does not matter: the session expires.
        let call = r#"POST ?JSON {"action":"logout","param":{"customernumber":<username>,"apikey":<param_enc>,"apisessionid":<session>}}"#;
        let _ = Values::of(account, &rest).ask(talk, call);
    }
    published
}

/// Advice if the provider does not have the zone.
const NO_ZONE: &str = "correct 'domain', or set 'zone'; for a zone in netcup's CloudDNS, set \
    'service_name' to 'netcup.com-rest' or 'netcup.com-dyndns'";

/// A rejected login means wrong credentials, whatever the code.
const LOGIN_CODES: Codes = Codes {
    meanings: &[
        ("*per minute", Meaning::Limited, ""),
        ("4001", Meaning::Problem, ""),
        ("4", Meaning::Credentials, ""),
        ("5028", Meaning::Credentials, ""),
        ("5029", Meaning::Credentials, ""),
        ("*", Meaning::Problem, ""),
    ],
    ..CODES
};

/// In the answer to `infoDnsZone`, some unspecific codes mean that there is no such zone.
const ZONE_CODES: Codes = Codes {
    meanings: &[
        ("*per minute", Meaning::Limited, ""),
        ("2029", Meaning::NotFound, NO_ZONE),
        ("2057", Meaning::NotFound, NO_ZONE),
        ("5", Meaning::NotFound, NO_ZONE),
        ("4001", Meaning::Problem, ""),
        ("4", Meaning::Refused, ""),
        ("*", Meaning::Problem, ""),
    ],
    ..CODES
};

fn probe(talk: &mut Conversation<'_>, rest: &RestClient, name: &str) -> ApiResult<Zone> {
    let mut rest = rest.clone();
    rest.codes = &ZONE_CODES;
    let call = r#"POST ?JSON {"action":"infoDnsZone","param":{"customernumber":<username>,"apikey":<param_enc>,"apisessionid":<session>,"domainname":<domain>}}"#;
    let zone = Zone::new(name, name);
    Values::in_zone(talk.account, &rest, &zone).ask(talk, call)?;
    Ok(zone)
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    _: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let call = r#"POST ?JSON {"action":"infoDnsRecords","param":{"customernumber":<username>,"apikey":<param_enc>,"apisessionid":<session>,"domainname":<domain>}}"#;
    let answer = Values::in_zone(talk.account, rest, zone).send(talk, call)?;
    shown(rest, zone, &answer)
}

/// All records of the zone, which are in the answers to reads and to writes.
fn shown(rest: &RestClient, zone: &Zone, answer: &Answer) -> ApiResult<Vec<Record>> {
    let mut records = Vec::new();
    for raw in rest.elements_of(answer, "/responsedata/dnsrecords")? {
        records.push(Record::of(&rest.interface.form, zone, None, &raw));
    }
    Ok(records)
}

fn write(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    let mut values = Values::in_zone(talk.account, rest, zone);
    let mut together = Together::new();
    for write in writes {
        values.set_write(write);
        together.updates.push(match write.effect() {
            Effect::Add => values.json(NEW),
            Effect::Change => write.value().clone(),
            Effect::Remove => {
                let mut record = write.value().clone();
                record.set("deleterecord", true.into());
                record
            }
        });
    }
    let call = r#"POST ?JSON {"action":"updateDnsRecords","param":{"customernumber":<username>,"apikey":<param_enc>,"apisessionid":<session>,"domainname":<domain>,"dnsrecordset":{"dnsrecords":<changes>}}}"#;
    values.together = &together;
    let answer = values.send(talk, call)?;
    let present = shown(rest, zone, &answer)?;
    if writes.iter().all(|write| is_done(write, &present)) {
        return Ok(Vec::new());
    }
    Err(rest.not_understood(&answer))
}

const NEW: &str = r#"{"hostname":<host>,"type":<type>,"priority":"0","destination":<address>,"deleterecord":false,"state":"yes"}"#;

/// Whether the records that are present now show that `write` was carried out.
fn is_done(write: &Write<'_>, present: &[Record]) -> bool {
    let goal = write.goal;
    match write.before.first() {
        Some(removed) => present.iter().all(|record| record.id != removed.id),
        None => {
            let mut ours = present.iter().filter(|record| record.is_for(goal));
            ours.any(|record| record.holds_target(goal.change))
        }
    }
}

#[cfg(test)]
mod tests;
