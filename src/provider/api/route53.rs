//! Amazon Route 53 (<https://docs.aws.amazon.com/Route53/latest/APIReference/>).
//!
//! Changes of any number of names of a zone are one batch of UPSERTs, which is carried out as a whole
//! or not at all. Requests carry a signature (Signature Version 4).

use super::interface::{
    INTERFACE, Interface, MOST_BY_NAME, NEW_TTL, Reading, RecordModel, RestClient, Writing,
    ZoneRef, ZoneSource,
};
use super::meaning::Meaning;
use super::record::{Goal, RECORD, Record, RecordForm, Write};
use super::records;
use super::rest::too_long;
use super::zone::{Zone, ZoneList};
use super::{Api, Base, Need, Publishing};
use crate::model::json::Json;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::sign::{Canonical, Key, short_timestamp};
use crate::provider::{Answer, Batch, Method, Rate, Request, Scope, Verdict};
use crate::text::has;
use crate::text::percent;
use crate::text::quoted::quoted;
use crate::text::xml;
use crate::time::Duration;

pub(super) const API: Api = Api {
    name: "route53",
    aliases: &["route53-v1"],
    title: "Route 53",
    base: Base::Https("route53.amazonaws.com"),
    needs: &[
        Need::new("username", "the id of an access key"),
        Need::new("password", "the secret access key"),
    ],
    // A batch may have 1000 records, and an UPSERT counts as two.
    batch: Batch::Account(200),
    rate: Some(Rate { requests: 5, seconds: 1 }),
    remark: "the user of the key needs route53:ChangeResourceRecordSets; with \
             route53:ListResourceRecordSets other records of a name are kept, and with \
             route53:ListHostedZones the zone is found",
    publish: Publishing::Interface(&ROUTE53),
};

const ROUTE53: Interface = Interface {
    sign: Some(sign),
    pause: PAUSE,
    zones: ZoneSource::Code(zones),
    zone_ref: ZoneRef::Id,
    model: RecordModel::RrSet,
    read: Reading::Code(read),
    form: RecordForm { address: "", ..RECORD },
    write: Writing::CodeTogether(write),
    new_ttl: NEW_TTL,
    ..INTERFACE
};

const ZONES: &str = "/2013-04-01/hostedzone";
const XMLNS: &str = "https://route53.amazonaws.com/doc/2013-04-01/";
/// Most pages of a list that are read.
const PAGES: usize = 100;
/// The limit is five requests per second.
const PAUSE: Duration = Duration::from_secs(10);
/// Advice for 403: the permissions of the key.
const RIGHTS: &str = "allow the key's user route53:ChangeResourceRecordSets for the zone, and \
                      route53:ListHostedZones or set 'zone_id'";

fn sign(talk: &Conversation<'_>, request: &mut Request) -> ApiResult<()> {
    let time = short_timestamp(talk.wall()?);
    let canonical = Canonical {
        algorithm: "AWS4-HMAC-SHA256",
        key: Key::Derived {
            prefix: "AWS4",
            // Route 53 belongs to no region, and takes signatures for this one.
            scope: &[time.get(..8).unwrap_or_default(), "us-east-1", "route53", "aws4_request"],
        },
        time_header: "X-Amz-Date",
        time: &time,
        signed: &["host", "x-amz-date"],
        path_end: "",
    };
    canonical.sign(talk.account, request);
    Ok(())
}

fn zones(talk: &mut Conversation<'_>, rest: &RestClient) -> ApiResult<ZoneList> {
    let path = format!("{ZONES}?maxitems=100");
    let Some(pages) = pages(talk, rest, &path, &[("marker", "NextMarker")])? else {
        let reason = "Route 53 does not let the key list hosted zones".into();
        return Err(Verdict::refused(Scope::Record, reason, RIGHTS));
    };
    let mut zones = ZoneList::new();
    for page in &pages {
        for zone in xml::all(page, "HostedZone") {
            // A private zone may have the same name as the public one, and answers only within the owner's networks.
            if xml::text(zone, "PrivateZone") != "true" {
                zones.push(Zone::new(&plain(xml::text(zone, "Name")), id(xml::text(zone, "Id"))));
            }
        }
    }
    Ok(zones)
}

/// Reads record sets. If the key may write but not read, there are none: then a write replaces the
/// whole set.
fn read(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let (lists, next) = lists(&path(zone)?, goals);
    let mut records = Vec::new();
    for list in lists {
        let Some(pages) = pages(talk, rest, &list, next)? else {
            refuse_removals(talk, goals);
            break;
        };
        for page in &pages {
            add_sets(talk, goals, page, &mut records);
        }
    }
    Ok(records)
}

/// Parameters of a request, each with the element of the page before that holds its value.
type NextParameters = &'static [(&'static str, &'static str)];

/// The lists of record sets that have those of `goals`: one for each, or that of the whole zone at `path`. Only the
/// latter has further pages.
fn lists(path: &str, goals: &[&Goal<'_>]) -> (Vec<String>, NextParameters) {
    if goals.len() > MOST_BY_NAME {
        let next = &[("name", "NextRecordName"), ("type", "NextRecordType")];
        return (vec![format!("{path}?maxitems=300")], next);
    }
    let mut lists = Vec::new();
    for goal in goals {
        let (name, kind) = (percent::encode_upper(&goal.fqdn), goal.kind());
        // A list begins at a name and type and extends to the end of the zone.
        lists.push(format!("{path}?maxitems=1&name={name}.&type={kind}"));
    }
    (lists, &[])
}

/// Adds the records of all sets in a page.
fn add_sets(
    talk: &mut Conversation<'_>,
    goals: &[&Goal<'_>],
    page: &str,
    records: &mut Vec<Record>,
) {
    for set in xml::all(page, "ResourceRecordSet") {
        add_set(talk, goals, set, records);
    }
}

/// Adds the records of a set. Refuses to write it if it is more than addresses.
fn add_set(talk: &mut Conversation<'_>, goals: &[&Goal<'_>], set: &str, records: &mut Vec<Record>) {
    let (name, kind) = (plain(xml::text(set, "Name")), xml::text(set, "Type"));
    if set.contains("<AliasTarget>") || set.contains("<SetIdentifier>") {
        let what = "is no simple record in Route 53 but an alias or has a routing policy";
        records::refuse_special(talk, goals, (&name, kind), what);
    }
    let ttl = Json::from(xml::text(set, "TTL"));
    let mut values = Vec::new();
    for value in xml::all(set, "Value") {
        values.push(value.into());
    }
    records.append(&mut Record::set(&name, kind, Some(&ttl), &values));
}

/// Refuses all removals, because the key may not read the sets from which records are removed.
fn refuse_removals(talk: &mut Conversation<'_>, goals: &[&Goal<'_>]) {
    for goal in goals.iter().filter(|goal| goal.change.removes()) {
        let reason = "Route 53 does not let the key list records, and so none is removed".into();
        goal.refuse(talk, reason, "allow the key's user route53:ListResourceRecordSets");
    }
}

fn write(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    let mut changes = String::new();
    for write in writes {
        changes.push_str(&change(write));
    }
    let body = format!(
        "<ChangeResourceRecordSetsRequest xmlns=\"{XMLNS}\"><ChangeBatch><Changes>{changes}\
         </Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
    );
    let path = format!("{}/", path(zone)?);
    let answer = rest.send(talk, rest.with_body(Method::Post, &path, "application/xml", body))?;
    success(rest, &answer, "ChangeInfo")?;
    Ok(Vec::new())
}

fn change(write: &Write<'_>) -> String {
    let mut values = Vec::new();
    let action = if write.is_removal() {
        // A DELETE must repeat the current values exactly.
        for record in &write.before {
            values.push(&record.raw);
        }
        "DELETE"
    } else {
        for value in &write.values {
            values.push(value);
        }
        "UPSERT"
    };
    let mut records = String::new();
    for value in values.into_iter().filter_map(Json::as_str) {
        records += &format!("<ResourceRecord><Value>{value}</Value></ResourceRecord>");
    }
    let (name, kind, ttl) = (&write.goal.fqdn, write.goal.kind(), write.ttl.unwrap_or(NEW_TTL));
    format!(
        "<Change><Action>{action}</Action><ResourceRecordSet><Name>{name}.</Name><Type>{kind}</Type>\
         <TTL>{ttl}</TTL><ResourceRecords>{records}</ResourceRecords></ResourceRecordSet></Change>"
    )
}

/// The pages of the list at `path`; `None` if the key may not read it. `next` has the parameters of the request
/// for the next page. If it is empty, only the first page is read.
fn pages(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    path: &str,
    next: NextParameters,
) -> ApiResult<Option<Vec<String>>> {
    let mut pages: Vec<String> = Vec::new();
    let mut from = path.to_owned();
    for _ in 0..PAGES {
        let answer = rest.send(talk, rest.get(&from))?;
        if xml::text(&answer.body, "Code").starts_with("AccessDenied") {
            return Ok(None);
        }
        let page = success(rest, &answer, "IsTruncated")?;
        let is_last = xml::text(page, "IsTruncated") != "true";
        from = path.to_owned();
        for (parameter, tag) in next {
            from = format!("{from}&{parameter}={}", percent::encode_upper(xml::text(page, tag)));
        }
        pages.push(answer.body);
        if is_last || next.is_empty() {
            return Ok(Some(pages));
        }
    }
    Err(too_long())
}

/// The codes for credentials that are not accepted.
const WRONG_CREDENTIALS: &str = "SignatureDoesNotMatch InvalidClientTokenId UnrecognizedClientException \
    IncompleteSignature MissingAuthenticationToken";
/// The codes for too many requests.
const LIMITED: &str = "Throttling ThrottlingException PriorRequestNotComplete";

/// The body of a successful answer, which must have an element `tag`.
fn success<'t>(rest: &RestClient, answer: &'t Answer, tag: &str) -> ApiResult<&'t str> {
    if answer.status == 200 && !xml::text(&answer.body, tag).is_empty() {
        return Ok(&answer.body);
    }
    let code = xml::text(&answer.body, "Code");
    let message = xml::all(&answer.body, "Message").join("; ");
    let (meaning, advice) = match code {
        "" if answer.status < 400 => return Err(rest.not_understood(answer)),
        "RequestExpired" | "RequestInTheFuture" => return Err(rest.clock_wrong(&message)),
        // "Signature expired" if our clock is behind, "Signature not yet current" if it is ahead.
        "SignatureDoesNotMatch"
            if message.contains("expired") || message.contains("not yet current") =>
        {
            return Err(rest.clock_wrong(&message));
        }
        _ if has(WRONG_CREDENTIALS, code) => (Meaning::Credentials, ""),
        // AWS answers these with status 400, by which they would be refusals.
        _ if has(LIMITED, code) => (Meaning::Limited, ""),
        _ if answer.status == 403 => (Meaning::Forbidden, RIGHTS),
        _ => (Meaning::of_status(answer.status), ""),
    };
    Err(rest.verdict_with(answer, meaning, &message, advice))
}

/// The path of a zone's record sets. An id from the options is checked, because it becomes a part of
/// the path.
fn path(zone: &Zone) -> ApiResult<String> {
    let id = id(&zone.id);
    if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(format!("{ZONES}/{id}/rrset"));
    }
    let reason = format!("{} cannot be the id of a hosted zone", quoted(&zone.id));
    Err(Verdict::refused(Scope::Record, reason, "correct 'zone_id', or leave it out"))
}

/// The id of a hosted zone, which AWS writes as `Z1` or as `/hostedzone/Z1`.
fn id(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or_default()
}

/// A name in our form. AWS ends names with a dot, and writes `*` as `\052`.
fn plain(name: &str) -> String {
    name.trim_end_matches('.').replace("\\052", "*")
}

#[cfg(test)]
mod tests;
