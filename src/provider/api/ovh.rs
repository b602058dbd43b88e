//! The OVHcloud API (<https://api.ovh.com/console/#/domain/zone>; how requests are signed:
//! <https://help.ovhcloud.com/csm/en-api-getting-started-ovhcloud-api>).
//!
//! Records are changed in a draft of the zone, which a further request (`refresh`) publishes. That a
//! refresh is due is learned, so that it is also made after an interruption.

use super::call::Values;
use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, RestClient, Shows, Writing, ZoneSource,
};
use super::meaning::{Codes, Meaning};
use super::record::{Goal, RECORD, Record, RecordForm, Write};
use super::records;
use super::zone::Zone;
use super::{Api, Base, Need, Publishing};
use crate::provider::conversation::{ApiResult, Conversation, Phase};
use crate::provider::sign::sha1;
use crate::provider::{Batch, Method, Request};

pub(super) const API: Api = Api {
    name: "ovh",
    aliases: &[],
    title: "OVHcloud",
    base: Base::Chosen(base),
    needs: &[
        Need::new("username", "the application key"),
        Need::new("password", "the application secret"),
        Need::new("param_enc", "the consumer key, after it has been validated"),
    ],
    // Each record takes up to three requests.
    batch: Batch::Account(20),
    rate: None,
    remark: "the consumer key needs GET, PUT, POST and DELETE on /domain/zone/*; 'param_opt' is 'ca' or \
             'us' for accounts there; 'ovh.com' updates by DynHost instead",
    publish: Publishing::Code(publish, &OVH),
};

const OVH: Interface = Interface {
    headers: &[("X-Ovh-Consumer", "<param_enc>"), ("X-Ovh-Application", "<username>")],
    sign: Some(sign),
    codes: CODES,
    zones: ZoneSource::List { list: List::whole("GET /domain/zone", ""), name: "", id: "" },
    read: Reading::CodeForName(read),
    form: RecordForm { name: "/subDomain", kind: "/fieldType", address: "/target", ..RECORD },
    write: Writing::Code(write),
    ..INTERFACE
};

const CODES: Codes = Codes {
    code: &["/errorCode"],
    meanings: &[
        ("INVALID_KEY", Meaning::Credentials, ""),
        ("INVALID_CREDENTIAL", Meaning::Credentials, ""),
        ("NOT_CREDENTIAL", Meaning::Credentials, ""),
        ("INVALID_SIGNATURE", Meaning::Credentials, ""),
        ("NOT_GRANTED_CALL", Meaning::Forbidden, RIGHTS),
        // The signature is too old.
        ("QUERY_TIME_OUT", Meaning::Problem, ""),
    ],
    ..Codes::HTTP
};

const RIGHTS: &str = "make a consumer key that may GET, PUT, POST and DELETE /domain/zone/*";
/// Most records of one name and type that are read.
const RECORDS: usize = 10;
/// Before the zone's name in the key under which it is learned that a refresh is due. Keys are stored,
/// so this must stay.
const REFRESH_DUE: &str = "refresh ";
const TIME: &str = "X-Ovh-Timestamp";

/// The URL of the account's region. `param_opt` is `eu`, `ca` or `us`, or, as in OVHcloud's own tools,
/// `ovh-eu` and so on.
fn base(param_opt: &str) -> &'static str {
    match param_opt.strip_prefix("ovh-").unwrap_or(param_opt) {
        "ca" => "ca.api.ovh.com/1.0",
        "us" => "api.us.ovhcloud.com/1.0",
        _ => "eu.api.ovh.com/1.0",
    }
}

fn publish(talk: &mut Conversation<'_>) -> ApiResult<()> {
    let mut rest = records::rest_of(&API, &OVH, talk.account);
    let time = time(talk, &rest)?;
    rest.plain_header(TIME, &time);
    // An earlier job may have been interrupted after its writes. If this fails, it is tried again below.
    let _ = refresh(talk, &rest);
    let mut ended = records::publish_with(talk, &rest);
    if ended.is_ok() {
        ended = refresh(talk, &rest);
    }
    if let Err(verdict) = &ended {
        // Records that were written are still in the draft, so they did not succeed.
        for change in 0..talk.job.changes.len() {
            if talk.has_succeeded(change) {
                talk.settle(change, verdict.clone());
            }
        }
    }
    ended
}

/// The provider's time, which signatures need. So our clock may be wrong.
fn time(talk: &mut Conversation<'_>, rest: &RestClient) -> ApiResult<String> {
    let answer = talk.send(&rest.get("/auth/time"))?;
    let time = rest.value(&answer)?.as_u64();
    time.map(|time| time.to_string()).ok_or_else(|| rest.not_understood(&answer))
}

/// Publishes all zones whose refresh is due.
fn refresh(talk: &mut Conversation<'_>, rest: &RestClient) -> ApiResult<()> {
    for zone in talk.learned_keys(REFRESH_DUE) {
        let path = ["/domain/zone/", &zone, "/refresh"].concat();
        talk.enter(Phase::Write);
        let answer = rest.ask(talk, rest.request(Method::Post, &path));
        talk.enter(Phase::Read);
        answer?;
        talk.forget([REFRESH_DUE, &zone].concat());
    }
    Ok(())
}

/// Adds the signature to `request`.
fn sign(talk: &Conversation<'_>, request: &mut Request) -> ApiResult<()> {
    let account = talk.account;
    let time = request.headers.iter().find(|(name, _)| *name == TIME);
    let parts = [
        account.password.expose(),
        account.param_enc.expose(),
        request.method.name(),
        &request.url.expose(),
        request.body_text(),
        time.map_or("", |(_, time)| time.expose()),
    ];
    let signature = ["$1$", &sha1(&parts.join("+"))].concat();
    request.add_header("X-Ovh-Signature", signature);
    Ok(())
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let mut values = Values::in_zone(talk.account, rest, zone);
    let mut records = Vec::new();
    for goal in goals {
        values.goal = Some(goal);
        let list = "GET /domain/zone/<domain>/record?fieldType=<type>&subDomain=<host>";
        let ids = rest.elements(talk, values.request(list), "")?;
        // The list has only the ids of the records. Each one costs a request.
        for id in ids.iter().filter(|id| id.as_u64().is_some()).take(RECORDS) {
            let record = "GET /domain/zone/<domain>/record/<value>";
            let raw = Values { value: id, ..values }.ask(talk, record)?;
            records.push(Record::of(&rest.interface.form, zone, None, &raw));
        }
    }
    // A record that we read may have been written, and not published, before a power cut.
    talk.learn([REFRESH_DUE, &zone.name].concat(), "1");
    Ok(records)
}

const CALLS: Calls = Calls {
    create: r#"POST /domain/zone/<domain>/record {"fieldType":<type>,"subDomain":<host>,"target":<address>,"ttl":<ttl>}"#,
    update: r#"PUT /domain/zone/<domain>/record/<id> {"target":<address>,"ttl":<set_ttl>}"#,
    remove: "DELETE /domain/zone/<domain>/record/<id>",
    shows: Shows::Records(&[""]),
};

fn write(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    let made = records::write_each(talk, rest, zone, writes, &CALLS)?;
    talk.learn([REFRESH_DUE, &zone.name].concat(), "1");
    Ok(made)
}

#[cfg(test)]
mod tests;
