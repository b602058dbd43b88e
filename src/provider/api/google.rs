//! Google Cloud DNS (<https://cloud.google.com/dns/docs/reference/rest/v1>).
//!
//! Every conversation gets an access token for a signed claim of the service account (RFC 7523).
//! Changes of any number of names of a zone are one request, which is carried out as a whole or not
//! at all.

use super::interface::{
    BY_NAME, INTERFACE, Interface, NEW_TTL, Reading, RecordModel, Writing, ZoneRef, ZoneSource,
};
use super::meaning::{Codes, Meaning};
use super::record::{Goal, RECORD, Record, RecordForm, Write};
use super::records;
use super::rest::{self, Rest, list, refuse_account, text};
use super::zone::{Zone, ZoneList};
use super::{Api, Base, Need, Publishing, oauth, pair};
use crate::model::Url;
use crate::model::json::Json;
use crate::model::name::canonical;
use crate::model::secret::Secret;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::sign::rs256;
use crate::provider::{Account, Answer, Batch, Method, Verdict};
use crate::text::{base64, percent};
use crate::time::UnixSeconds;

pub(super) const API: Api = Api {
    name: "google",
    aliases: &["cloud.google.com-v1"],
    title: "Google Cloud DNS",
    base: Base::Https("dns.googleapis.com/dns/v1/projects"),
    needs: &[Need::key("password", "the key of a service account, or the file with it")],
    batch: Batch::Account(200),
    rate: None,
    remark: "the service account needs the role DNS Administrator; its key is a JSON file, named by \
             'password_file'",
    publish: Publishing::Interface(&GOOGLE),
};

const GOOGLE: Interface = Interface {
    prepare: Some(prepare),
    codes: CODES,
    zones: ZoneSource::Code(zones),
    zone_ref: ZoneRef::Id,
    model: RecordModel::RrSet,
    read: Reading::Code(read),
    form: RecordForm { address: "", ..RECORD },
    write: Writing::CodeTogether(write),
    new_ttl: NEW_TTL,
    ..INTERFACE
};

const CODES: Codes = Codes {
    code: &["/error/errors/0/reason"],
    meanings: &[
        ("rateLimitExceeded", Meaning::Limited, ""),
        ("userRateLimitExceeded", Meaning::Limited, ""),
        ("quotaExceeded", Meaning::Limited, ""),
        (
            "#403",
            Meaning::Forbidden,
            "enable the Cloud DNS API in the project and give the service account the role DNS Administrator",
        ),
        // Another change was made at the same time.
        ("#409", Meaning::Problem, ""),
        ("#412", Meaning::Problem, ""),
    ],
    ..Codes::HTTP
};

/// Requests an access token.
fn prepare(talk: &mut Conversation<'_>, rest: &mut Rest) -> ApiResult<()> {
    let service = ServiceAccount::of(talk.account).map_err(unusable)?;
    let token = token(talk, &service)?;
    let zones = format!("/{}/managedZones", percent::encode(&service.project));
    rest.below(&zones);
    rest.token("Bearer", &token);
    Ok(())
}

const TOKENS: &str = "oauth2.googleapis.com";
const SCOPE: &str = "https://www.googleapis.com/auth/ndev.clouddns.readwrite";
/// The lifetime of a claim. The maximum is used, so that a clock that is some minutes off works.
const LIFETIME: UnixSeconds = 3600;
/// Most pages of a list that are read.
const PAGES: usize = 100;

/// A service account of Google Cloud.
struct ServiceAccount {
    email: String,
    /// Its private key in PEM.
    pem: Secret,
    project: String,
}

impl ServiceAccount {
    /// The service account of the options. The password is the JSON file that Google hands out, or
    /// only the PEM text in it; `username` and `param_enc` come before the file.
    ///
    /// # Errors
    /// The option that is missing.
    fn of(account: &Account) -> Result<Self, &'static str> {
        let secret = account.password.expose();
        let json = Json::parse(secret).unwrap_or_default();
        let mut email = account.username.as_str();
        if email.is_empty() {
            email = text(&json, "/client_email");
        }
        if email.is_empty() {
            return Err("option 'username' lacks its e-mail address");
        }
        let project = pair(account.param_enc.expose(), "project");
        let project = project.unwrap_or(text(&json, "/project_id"));
        if project.is_empty() {
            return Err("option 'param_enc' lacks project=…");
        }
        let pem = if json.is_object() { text(&json, "/private_key") } else { secret };
        Ok(Self { email: email.into(), pem: Secret::new(pem), project: project.into() })
    }

    /// A claim for an access token (RFC 7523 section 3) as a signed JSON Web Token (RFC 7519).
    /// `None` if the key is not an RSA key.
    fn claim(&self, at: UnixSeconds) -> Option<String> {
        let head = Json::object(&mut [("alg", "RS256".into()), ("typ", "JWT".into())]);
        let claims = Json::object(&mut [
            ("iss", self.email.as_str().into()),
            ("scope", SCOPE.into()),
            ("aud", format!("https://{TOKENS}/token").into()),
            ("iat", at.into()),
            ("exp", at.saturating_add(LIFETIME).into()),
        ]);
        let [head, claims] =
            [head, claims].map(|part| base64::encode_url(part.to_string().as_bytes()));
        let text = format!("{head}.{claims}");
        let signature = rs256(self.pem.expose(), &text)?;
        Some(format!("{text}.{}", base64::encode_url(&signature)))
    }
}

fn unusable(why: &str) -> Box<Verdict> {
    let reason = format!("the key of the service account cannot be used: {why}");
    refuse_account(reason, "name the JSON file of the key with 'password_file'")
}

/// Requests an access token for this conversation.
fn token(talk: &mut Conversation<'_>, service: &ServiceAccount) -> ApiResult<Secret> {
    let claim = service.claim(talk.wall()?);
    let claim = claim.ok_or_else(|| unusable("it is not an RSA key in PEM"))?;
    let mut rest = Rest::new(&API, talk.account);
    rest.base = Url::https(TOKENS);
    let grant = percent::encode("urn:ietf:params:oauth:grant-type:jwt-bearer");
    oauth::token(talk, rest, "/token", format!("grant_type={grant}&assertion={claim}"))
}

/// The elements of the arrays at `pointer` in all pages of a list.
fn pages(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    path: &str,
    pointer: &str,
) -> ApiResult<Vec<Json>> {
    let mut all = Vec::new();
    let mut from = String::new();
    for _ in 0..PAGES {
        let answer = talk.send(rest.get(&format!("{path}{from}")))?;
        let page = success(rest, &answer, pointer)?;
        all.extend_from_slice(list(&page, pointer));
        match text(&page, "/nextPageToken") {
            "" => return Ok(all),
            token => from = format!("&pageToken={}", percent::encode(token)),
        }
    }
    Err(rest::too_long())
}

/// The body of a successful answer. It must have a member at `pointer`, or, if a list is empty and so
/// lacks it, a `kind` of Cloud DNS.
fn success(rest: &Rest, answer: &Answer, pointer: &str) -> ApiResult<Json> {
    let body = rest.value(answer)?;
    if body.pointer(pointer).is_some() || text(&body, "/kind").starts_with("dns#") {
        return Ok(body);
    }
    Err(rest.not_understood(answer))
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
    // A deletion must repeat the present set exactly, TTL included.
    let (mut additions, mut deletions) = (Vec::new(), Vec::new());
    for write in writes {
        if !write.is_removal() {
            additions.push(set(write, write.ttl, write.all_values()));
        }
        if let Some(first) = write.before.first() {
            let values = write.before.iter().map(|record| record.raw.clone()).collect();
            deletions.push(set(write, first.ttl, values));
        }
    }
    let body =
        Json::object(&mut [("additions", additions.into()), ("deletions", deletions.into())]);
    let path = format!("/{}/changes", percent::encode(&zone.id));
    let answer = talk.send(rest.json(Method::Post, &path, &body))?;
    success(rest, &answer, "/status")?;
    Ok(Vec::new())
}

fn set(write: &Write<'_>, ttl: Option<u32>, values: Json) -> Json {
    Json::object(&mut [
        ("name", [&write.goal.fqdn, "."].concat().into()),
        ("type", write.goal.kind().into()),
        ("ttl", ttl.unwrap_or(NEW_TTL).into()),
        ("rrdatas", values),
    ])
}

#[cfg(test)]
mod tests;
