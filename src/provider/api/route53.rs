//! Amazon Route 53 (<https://docs.aws.amazon.com/Route53/latest/APIReference/>).
//!
//! Any number of names of a zone is one batch of UPSERTs, carried out as a whole or not at all.
//! Requests carry Signature Version 4.

use super::rest::{self, Rest, refused};
use super::rrset::{self, Host, Listed, Rrset, Write};
use super::{Api, Need, xml};
use crate::clock::UnixSeconds;
use crate::percent;
use crate::provider::sign::{Canonical, timestamp};
use crate::provider::talk::{Halt, Talk, Talked};
use crate::provider::{Answer, Batch, Method, Request, Scope, Verdict, template};
use crate::secret::Secret;

pub(super) const API: Api = Api {
    name: "route53",
    aliases: &["route53-v1"],
    title: "Route 53",
    base: "https://route53.amazonaws.com",
    needs: &[
        Need { option: "username", holds: "the id of an access key" },
        Need { option: "password", holds: "the secret access key" },
    ],
    // A batch may have 1000 records, and an UPSERT counts twice.
    batch: Batch::Account(200),
    rate: None,
    remark: "the user of the key needs route53:ChangeResourceRecordSets; with \
             route53:ListResourceRecordSets other records of a name are kept, and with \
             route53:ListHostedZones the zone is found",
    publish,
};

const PATH: &str = "/2013-04-01/hostedzone";
/// Sets in a page of a list, as many as there can be.
const SETS: &str = "300";
/// Pages that are read of a list.
const PAGES: usize = 100;
/// Limits are refilled within seconds.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(10);

fn publish(talk: &mut Talk<'_>) -> Talked<Vec<Verdict>> {
    let account = talk.account;
    let rest = Rest::new(&API).hiding(&account.password);
    let host = Route53 { rest, key: (&account.username, &account.password), at: talk.wall()? };
    rrset::publish(talk, &host)
}

struct Route53<'a> {
    rest: Rest,
    key: (&'a str, &'a Secret),
    at: UnixSeconds,
}

impl Route53<'_> {
    /// A signed request. The parameters of `query` are in the order of their names.
    fn request(&self, method: Method, path: &str, query: &[(&str, &str)], body: &str) -> Request {
        let time = timestamp(self.at).replace(['-', ':'], "");
        let date = time.get(..8).unwrap_or_default();
        let host = template::host(API.base).unwrap_or_default();
        let pairs =
            query.iter().map(|(name, value)| format!("{name}={}", percent::encode_upper(value)));
        let query = pairs.collect::<Vec<_>>().join("&");
        let canonical = Canonical {
            algorithm: "AWS4-HMAC-SHA256",
            prefix: "AWS4",
            scope: &[date, "us-east-1", "route53", "aws4_request"],
            time: &time,
            headers: &[("host", &host), ("x-amz-date", &time)],
        };
        let signature = canonical.authorization(self.key, method.name(), (path, &query), body);
        let mut request = match query.is_empty() {
            true => self.rest.body(method, path, "application/xml", body.to_owned()),
            false => self.rest.request(method, &format!("{path}?{query}")),
        };
        request.headers.push(("X-Amz-Date", Secret::new(time)));
        request.headers.push(("Authorization", signature));
        request
    }

    /// The pages of a list, one if there is no `next`, of which `next` says in which elements a page has what the query of the
    /// one after it holds. `None` if the key may not see it.
    fn pages<'t>(
        &self,
        talk: &mut Talk<'t>,
        path: &str,
        first: &[(&'static str, &str)],
        next: &[(&'static str, &str)],
    ) -> Talked<Option<Vec<&'t str>>> {
        let mut pages = Vec::new();
        let mut query = first.to_vec();
        for _ in 0..if next.is_empty() { 1 } else { PAGES } {
            query.sort_unstable();
            let answer = talk.send(self.request(Method::Get, path, &query, ""))?;
            if is_denied(answer) {
                return Ok(None);
            }
            let page = self.success(answer, "IsTruncated")?;
            pages.push(page);
            if xml::text(page, "IsTruncated") != "true" {
                break;
            }
            query.retain(|(name, _)| *name == "maxitems");
            query.extend(next.iter().map(|(name, tag)| (*name, xml::text(page, tag))));
        }
        Ok(Some(pages))
    }

    /// The body of an answer that is a success and has an element `tag`.
    fn success<'t>(&self, answer: &'t Answer, tag: &str) -> Talked<&'t str> {
        if answer.status == 200 && !xml::text(&answer.body, tag).is_empty() {
            return Ok(&answer.body);
        }
        Err(self.error(answer))
    }

    fn error(&self, answer: &Answer) -> Halt {
        let code = xml::text(&answer.body, "Code");
        let message = xml::all(&answer.body, "Message").collect::<Vec<_>>().join("; ");
        let said = rest::said(&message, code);
        let as_status = |status| self.rest.refuse(&Answer { status, ..answer.clone() }, &said);
        match code {
            "" if answer.status < 400 => self.rest.confused(answer),
            "RequestExpired" | "RequestInTheFuture" => clock(said),
            "SignatureDoesNotMatch" if is_about_time(&message) => clock(said),
            "SignatureDoesNotMatch"
            | "InvalidClientTokenId"
            | "UnrecognizedClientException"
            | "IncompleteSignature"
            | "MissingAuthenticationToken" => as_status(401),
            "AccessDenied" | "AccessDeniedException" => not_allowed(&said),
            "Throttling" | "ThrottlingException" | "PriorRequestNotComplete" => {
                let retry_after = answer.retry_after.or(Some(PAUSE));
                self.rest.refuse(&Answer { status: 429, retry_after, ..answer.clone() }, &said)
            }
            _ => self.rest.refuse(answer, &said),
        }
    }
}

impl Host for Route53<'_> {
    fn title(&self) -> &'static str {
        API.title
    }

    fn ttl(&self) -> u32 {
        300
    }

    fn zones(&self, talk: &mut Talk<'_>) -> Talked<Vec<(String, String)>> {
        let next = [("marker", "NextMarker")];
        let Some(pages) = self.pages(talk, PATH, &[("maxitems", "100")], &next)? else {
            return Err(not_allowed("the hosted zones must not be listed"));
        };
        let zones = pages.iter().flat_map(|page| xml::all(page, "HostedZone"));
        let public = zones.filter(|zone| xml::text(zone, "PrivateZone") != "true");
        let zone = |zone| (plain(xml::text(zone, "Name")), id(xml::text(zone, "Id")).to_owned());
        Ok(public.map(zone).collect())
    }

    fn read(
        &self,
        talk: &mut Talk<'_>,
        zone: &str,
        only: Option<(&str, &str)>,
    ) -> Talked<Vec<Listed>> {
        let path = path(zone)?;
        let name = only.map(|(fqdn, _)| format!("{fqdn}."));
        let (first, next): (&[_], &[_]) = match (&name, only) {
            // A list begins at a name and goes on to the end of the zone.
            (Some(name), Some((_, kind))) => {
                (&[("maxitems", "1"), ("name", name), ("type", kind)], &[])
            }
            _ => (&[("maxitems", SETS)], &[("name", "NextRecordName"), ("type", "NextRecordType")]),
        };
        // A key may be allowed to write and nothing else: what it writes is all there is then.
        let pages = self.pages(talk, &path, first, next)?.unwrap_or_default();
        let sets = pages.iter().flat_map(|page| xml::all(page, "ResourceRecordSet"));
        Ok(sets.map(listed).collect())
    }

    fn write(&self, talk: &mut Talk<'_>, zone: &str, writes: &[Write<'_>]) -> Talked<()> {
        let changes: String = writes.iter().map(change).collect();
        let body = format!(
            "<ChangeResourceRecordSetsRequest xmlns=\"{XMLNS}\"><ChangeBatch><Changes>{changes}\
             </Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
        );
        let path = format!("{}/", path(zone)?);
        let answer = talk.send(self.request(Method::Post, &path, &[], &body))?;
        self.success(answer, "ChangeInfo").map(drop)
    }
}

const XMLNS: &str = "https://route53.amazonaws.com/doc/2013-04-01/";

fn change(write: &Write<'_>) -> String {
    let record =
        |value: &String| format!("<ResourceRecord><Value>{value}</Value></ResourceRecord>");
    let records: String = write.new.values.iter().map(record).collect();
    let (name, kind, ttl) = (write.fqdn, write.kind, write.new.ttl);
    format!(
        "<Change><Action>UPSERT</Action><ResourceRecordSet><Name>{name}.</Name><Type>{kind}</Type>\
         <TTL>{ttl}</TTL><ResourceRecords>{records}</ResourceRecords></ResourceRecordSet></Change>"
    )
}

fn listed(set: &str) -> Listed {
    let (name, kind) = (plain(xml::text(set, "Name")), xml::text(set, "Type").to_owned());
    let values: Vec<_> = xml::all(set, "Value").map(str::to_owned).collect();
    let ttl = xml::text(set, "TTL").parse();
    let found = match ttl {
        Ok(ttl) if !set.contains("<SetIdentifier>") => Ok(Rrset { ttl, values }),
        _ => Err(refused(
            format!("{name} is no simple record in Route 53 but an alias or has a routing policy"),
            "make it a simple record, or choose another name",
        )),
    };
    (name, kind, found)
}

/// The path of a zone's sets. What could not be an id is none, and no part of a path.
fn path(zone: &str) -> Talked<String> {
    let id = id(zone);
    if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(format!("{PATH}/{id}/rrset"));
    }
    let reason = format!("{zone:?} cannot be the id of a hosted zone");
    Err(Halt::End(refused(reason, "correct 'zone_id', or leave it out").into()))
}

/// `/hostedzone/Z1` is an id, too.
fn id(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or_default()
}

/// A name as we write it: AWS ends it with a dot and writes `*` as `\052`.
fn plain(name: &str) -> String {
    name.trim_end_matches('.').replace("\\052", "*")
}

fn is_denied(answer: &Answer) -> bool {
    xml::text(&answer.body, "Code").starts_with("AccessDenied")
}

fn not_allowed(said: &str) -> Halt {
    let outcome = refused(
        format!("{} does not allow it: {said}", API.title),
        "allow the key's user route53:ChangeResourceRecordSets for the zone, and \
         route53:ListHostedZones or set 'zone_id'",
    );
    Halt::End(Verdict { outcome, scope: Scope::Account })
}

/// Both ways of a clock that is wrong end as a signature that does not match.
fn is_about_time(message: &str) -> bool {
    ["expired", "not yet current"].iter().any(|word| message.contains(word))
}

fn clock(said: String) -> Halt {
    let reason = format!("{} says that the clock is wrong: {said}", API.title);
    Halt::End(Verdict::clock_behind(reason))
}

#[cfg(test)]
mod tests;
