//! Google Cloud DNS (<https://cloud.google.com/dns/docs/reference/rest/v1>).
//!
//! A token is bought with a signed claim of who we are (RFC 7523) and lives no longer than the
//! conversation. Any number of names of a zone is one change, carried out as a whole or not at all.

use serde_json::Value;

use super::records::{self, BY_NAME, Goal, NEW_TTL, Record, RecordModel, Write, ZoneApi, ZoneRef};
use super::rest::{self, Rest, list, object, refused, text};
use super::zone::{Zone, ZoneList};
use super::{Api, Need, pair};
use crate::model::name::canonical;
use crate::model::secret::Secret;
use crate::provider::Account;
use crate::provider::conversation::{ApiResult, Conversation, Halt};
use crate::provider::sign::rs256;
use crate::provider::{Answer, Batch, Method, Request, Scope, Verdict};
use crate::text::base64;
use crate::text::percent;
use crate::time::UnixSeconds;

pub(super) const API: Api = Api {
    name: "google",
    aliases: &["cloud.google.com-v1"],
    title: "Google Cloud DNS",
    base: "https://dns.googleapis.com/dns/v1/projects",
    needs: &[Need {
        option: "password",
        holds: "the key of a service account, or the file with it",
    }],
    batch: Batch::Account(200),
    writes_together: true,
    rate: None,
    remark: "the service account needs the role DNS Administrator; its key is a JSON file, named by \
             'password_file'",
    publish: |talk| {
        let key = Key::of(talk.account).map_err(unusable)?;
        let token = token(talk, &key)?;
        let base = format!("{}/{}/managedZones", API.base, percent::encode(&key.project));
        let rest =
            Rest::new(&API).with_base(&base).token("Bearer", &token).with_status_fix(fix_status);
        records::publish(talk, &rest, &ZONE_API)
    },
};

const ZONE_API: ZoneApi = ZoneApi {
    title: API.title,
    zones,
    read,
    write,
    model: RecordModel::RrSet,
    address_member: "",
    zone_ref: ZoneRef::Id,
    new_ttl: NEW_TTL,
    writes_together: API.writes_together,
};

const TOKENS: &str = "https://oauth2.googleapis.com";
const SCOPE: &str = "https://www.googleapis.com/auth/ndev.clouddns.readwrite";
/// The longest there is: a clock that is some minutes off does no harm.
const LIFETIME: UnixSeconds = 3600;
/// Pages that are read of a list.
const PAGES: usize = 100;

/// A service account and its key.
struct Key {
    email: String,
    pem: Secret,
    project: String,
}

impl Key {
    /// The key is the JSON file that Google hands out, or the PEM text in it.
    fn of(account: &Account) -> Result<Self, &'static str> {
        let secret = account.password.expose();
        let json: Value = serde_json::from_str(secret).unwrap_or_default();
        let or = |said: &str, pointer| match said {
            "" => text(&json, pointer).to_owned(),
            said => said.to_owned(),
        };
        let project = pair(account.param_enc.expose(), "project").unwrap_or_default();
        let pem = if json.is_object() { text(&json, "/private_key") } else { secret };
        let key = Self {
            email: or(&account.username, "/client_email"),
            pem: Secret::new(pem),
            project: or(project, "/project_id"),
        };
        match &key {
            Self { email, .. } if email.is_empty() => {
                Err("option 'username' lacks its e-mail address")
            }
            Self { project, .. } if project.is_empty() => Err("option 'param_enc' lacks project=…"),
            Self { .. } => Ok(key),
        }
    }

    /// The claim of RFC 7523 section 3 as a signed token (RFC 7519).
    fn claim(&self, at: UnixSeconds) -> Option<String> {
        let head = object(&mut [("alg", "RS256".into()), ("typ", "JWT".into())]);
        let claims = object(&mut [
            ("iss", self.email.as_str().into()),
            ("scope", SCOPE.into()),
            ("aud", [TOKENS, "/token"].concat().into()),
            ("iat", at.into()),
            ("exp", at.saturating_add(LIFETIME).into()),
        ]);
        let part = |value: Value| base64::encode_url(value.to_string().as_bytes());
        let text = format!("{}.{}", part(head), part(claims));
        let signature = rs256(self.pem.expose(), &text)?;
        Some(format!("{text}.{}", base64::encode_url(&signature)))
    }
}

fn unusable(why: &str) -> Halt {
    let reason = format!("the key of the service account cannot be used: {why}");
    let advice = "name the JSON file of the key with 'password_file'";
    Halt::End(Verdict { outcome: refused(reason, advice), scope: Scope::Account })
}

/// A token for this conversation.
fn token(talk: &mut Conversation<'_>, key: &Key) -> ApiResult<Secret> {
    let at = talk.wall()?;
    let rest = Rest::new(&API).with_base(TOKENS).with_secret_answers();
    let answer = talk.send_with(|| {
        let claim = key.claim(at).ok_or_else(|| unusable("it is no RSA key in PEM"))?;
        Ok(ask(&rest, &claim))
    })?;
    let body = rest::body(answer);
    let token = text(&body, "/access_token");
    if answer.status == 200 && !token.is_empty() {
        return Ok(Secret::new(token));
    }
    let said = format!("{} ({})", text(&body, "/error_description"), text(&body, "/error"));
    Err(match answer.status {
        200 => rest.not_understood(answer),
        // "Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
        400 if said.contains("timeframe") => rest.clock_wrong(&said),
        400..=403 => Halt::End(rest.verdict_with(answer, 401, &said, "")),
        _ => rest.refuse(answer, &said),
    })
}

fn ask(rest: &Rest, claim: &str) -> Request {
    let grant = percent::encode("urn:ietf:params:oauth:grant-type:jwt-bearer");
    let form = "application/x-www-form-urlencoded";
    rest.body(Method::Post, "/token", form, format!("grant_type={grant}&assertion={claim}"))
}

/// All that is at `pointer` in the pages of a list.
fn pages(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    path: &str,
    pointer: &str,
) -> ApiResult<Vec<Value>> {
    let mut all = Vec::new();
    let mut from = String::new();
    for _ in 0..PAGES {
        let answer = talk.send(rest.get(&format!("{path}{from}")))?;
        let page = success(rest, answer, pointer)?;
        all.extend_from_slice(list(&page, pointer));
        match text(&page, "/nextPageToken") {
            "" => break,
            token => from = format!("&pageToken={}", percent::encode(token)),
        }
    }
    Ok(all)
}

/// The body of an answer that is a success: it has something at `pointer`, or says what it is.
fn success(rest: &Rest, answer: &Answer, pointer: &str) -> ApiResult<Value> {
    let body = rest.value(answer)?;
    let known = body.pointer(pointer).is_some() || text(&body, "/kind").starts_with("dns#");
    if known { Ok(body) } else { Err(rest.not_understood(answer)) }
}

fn fix_status(status: u16, body: &Value) -> (u16, &'static str) {
    let reason = text(body, "/error/errors/0/reason");
    match (status, reason) {
        (403, "rateLimitExceeded" | "userRateLimitExceeded" | "quotaExceeded") => (429, ""),
        (403, _) => (
            403,
            "enable the Cloud DNS API in the project and give the service account the role DNS \
             Administrator",
        ),
        // Somebody else has changed it just now.
        (409 | 412, _) => (500, ""),
        _ => (status, ""),
    }
}

fn zones(talk: &mut Conversation<'_>, rest: &Rest) -> ApiResult<ZoneList> {
    let zones = pages(talk, rest, "?maxResults=500", "/managedZones")?;
    let public = zones.iter().filter(|zone| text(zone, "/visibility") != "private");
    Ok(public
        .map(|zone| Zone::new(&canonical(text(zone, "/dnsName")), text(zone, "/name")))
        .collect())
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let path = format!("/{}/rrsets?", percent::encode(&zone.id));
    let mut all = Vec::new();
    if goals.len() > BY_NAME {
        all = pages(talk, rest, &format!("{path}maxResults=1000"), "/rrsets")?;
    } else {
        for goal in goals {
            let name = percent::encode(&goal.fqdn);
            let path = format!("{path}name={name}.&type={}", goal.kind());
            all.extend(pages(talk, rest, &path, "/rrsets")?);
        }
    }
    let mut records = Vec::new();
    for set in &all {
        let (name, kind) = (canonical(text(set, "/name")), text(set, "/type"));
        if !set["routingPolicy"].is_null() {
            let what = "has a routing policy in Google Cloud DNS";
            records::refuse_special(talk, goals, (&name, kind), what);
        }
        records.extend(Record::set(&name, kind, set.get("ttl"), list(set, "/rrdatas")));
    }
    Ok(records)
}

fn write(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    let set = |write: &Write<'_>, ttl: Option<u32>, values: Value| {
        object(&mut [
            ("name", [&write.goal.fqdn, "."].concat().into()),
            ("type", write.goal.kind().into()),
            ("ttl", ttl.unwrap_or(NEW_TTL).into()),
            ("rrdatas", values),
        ])
    };
    let left = writes.iter().filter(|write| !write.is_removal());
    let new = left.map(|write| set(write, write.ttl, write.all_values())).collect();
    let old = writes.iter().filter_map(|write| {
        let values = write.before.iter().map(|record| record.raw.clone()).collect();
        Some(set(write, write.before.first()?.ttl, values))
    });
    let body = object(&mut [("additions", new), ("deletions", old.collect())]);
    let path = format!("/{}/changes", percent::encode(&zone.id));
    let answer = talk.send(rest.json(Method::Post, &path, &body))?;
    success(rest, answer, "/status")?;
    Ok(Vec::new())
}

#[cfg(test)]
mod tests;
