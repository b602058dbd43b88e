//! Google Cloud DNS (<https://cloud.google.com/dns/docs/reference/rest/v1>).
//!
//! Every conversation gets an access token for a signed claim of the service account (RFC 7523).
//! Changes of any number of names of a zone are one request, which is carried out as a whole or not
//! at all.

use super::call::{Together, Values};
use super::interface::{
    INTERFACE, Interface, List, MOST_BY_NAME, NEW_TTL, Pages, Reading, RecordModel, RestClient,
    Writing, ZoneRef, ZoneSource,
};
use super::meaning::{Codes, Meaning};
use super::record::{NameForm, RECORD, Record, RecordForm, Special, Write};
use super::records::each_element;
use super::rest::{refuse_account, text};
use super::zone::{Zone, ZoneList};
use super::{Api, Base, Need, Publishing, oauth, pair};
use crate::model::Url;
use crate::model::json::Json;
use crate::model::name::canonical;
use crate::model::secret::Secret;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::sign::rs256;
use crate::provider::{Account, Batch, Verdict};
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
    // Every answer has a kind. A list that is empty is left out.
    mark: "/kind",
    zones: ZoneSource::Code(zones),
    zone_ref: ZoneRef::Id,
    model: RecordModel::RrSet,
    read: Reading::NameOrZone {
        name: List {
            call: "GET /<zone>/rrsets?name=<%fqdn>.&type=<type>",
            at: "/rrsets",
            pages: PAGES,
        },
        zone: List { call: "GET /<zone>/rrsets?maxResults=1000", at: "/rrsets", pages: PAGES },
        most_names: MOST_BY_NAME,
    },
    form: RecordForm {
        names: NameForm::Complete,
        values: "/rrdatas",
        address: "",
        special: Special {
            places: &["/routingPolicy"],
            usual: "",
            is: "has a routing policy in Google Cloud DNS",
        },
        ..RECORD
    },
    write: Writing::CodeTogether(write),
    new_ttl: NEW_TTL,
    ..INTERFACE
};

const PAGES: Pages = Pages::Cursor { parameter: "&pageToken=", next: "/nextPageToken" };

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
fn prepare(talk: &mut Conversation<'_>, rest: &mut RestClient) -> ApiResult<()> {
    let service = ServiceAccount::of(talk.account).map_err(unusable)?;
    let token = token(talk, rest, &service)?;
    let zones = format!("/{}/managedZones", percent::encode(&service.project));
    rest.below(&zones);
    rest.token("Bearer", &token);
    Ok(())
}

const TOKENS: &str = "oauth2.googleapis.com";
const SCOPE: &str = "https://www.googleapis.com/auth/ndev.clouddns.readwrite";
/// `{"alg":"RS256","typ":"JWT"}` in base64: the beginning of a claim.
const HEAD: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9";
/// The lifetime of a claim. The maximum is used, so that a clock that is some minutes off works.
const LIFETIME: UnixSeconds = 3600;

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
        let claims = format!(
            r#"{{"aud":"https://{TOKENS}/token","exp":{},"iat":{at},"iss":{},"scope":"{SCOPE}"}}"#,
            at.saturating_add(LIFETIME),
            Json::from(self.email.as_str()),
        );
        let text = [HEAD, ".", &base64::encode_url(claims.as_bytes())].concat();
        let signature = rs256(self.pem.expose(), &text)?;
        Some([&text, ".", &base64::encode_url(&signature)].concat())
    }
}

fn unusable(why: &str) -> Box<Verdict> {
    let reason = format!("the key of the service account cannot be used: {why}");
    refuse_account(reason, "name the JSON file of the key with 'password_file'")
}

/// Requests an access token for this conversation.
fn token(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    service: &ServiceAccount,
) -> ApiResult<Secret> {
    let claim = service.claim(talk.wall()?);
    let claim = claim.ok_or_else(|| unusable("it is not an RSA key in PEM"))?;
    let mut rest = rest.clone();
    rest.base = Url::https(TOKENS);
    let call =
        "POST /token grant_type=urn%3aietf%3aparams%3aoauth%3agrant-type%3ajwt-bearer&assertion=";
    oauth::token(talk, rest, &[call, &claim].concat())
}

fn zones(talk: &mut Conversation<'_>, rest: &RestClient) -> ApiResult<ZoneList> {
    let list = List { call: "GET ?maxResults=500", at: "/managedZones", pages: PAGES };
    let mut zones = ZoneList::new();
    each_element(talk, rest, &list, &mut |zone| {
        // A private zone may have the same name as the public one, and answers only within the owner's networks.
        if text(zone, "/visibility") != "private" {
            zones.push(Zone::new(&canonical(text(zone, "/dnsName")), text(zone, "/name")));
        }
    })?;
    Ok(zones)
}

const SET: &str = r#"{"name":"<fqdn>.","type":<type>,"ttl":<ttl|300>,"rrdatas":<values>}"#;

fn write(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    let mut together = Together::new();
    for write in writes {
        if !write.is_removal() {
            together.creates.push(set(talk, rest, zone, write));
        }
        if let Some(present) = present(write) {
            together.removals.push(set(talk, rest, zone, &present));
        }
    }
    let call = r#"POST /<zone>/changes {"additions":<creates>,"deletions":<removals>}"#;
    let values = Values { together: &together, ..Values::in_zone(talk.account, rest, zone) };
    let answer = values.send(talk, call)?;
    if text(&rest.value(&answer)?, "/status").is_empty() {
        return Err(rest.not_understood(&answer));
    }
    Ok(Vec::new())
}

/// The JSON of the set that `write` writes.
fn set(talk: &Conversation<'_>, rest: &RestClient, zone: &Zone, write: &Write<'_>) -> Json {
    let mut values = Values::in_zone(talk.account, rest, zone);
    values.set_write(write);
    values.json(SET)
}

/// The present set of `write` as it would be written; `None` if there is none. A deletion must repeat it exactly,
/// TTL included.
fn present<'a>(write: &Write<'a>) -> Option<Write<'a>> {
    let mut present = Write::new(write.goal);
    present.ttl = write.before.first()?.ttl;
    for record in &write.before {
        present.values.push(record.raw.clone());
    }
    Some(present)
}

#[cfg(test)]
mod tests;
