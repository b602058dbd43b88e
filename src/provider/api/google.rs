//! Google Cloud DNS (<https://cloud.google.com/dns/docs/reference/rest/v1>).
//!
//! A token is bought with a signed claim of who we are (RFC 7523) and lives no longer than the
//! conversation. Any number of names of a zone is one change, carried out as a whole or not at all.

use serde_json::{Value, json};

use super::rest::{self, Rest, list, refused, text};
use super::rrset::{self, Host, Listed, Rrset, Write};
use super::{Api, Need, pair};
use crate::base64;
use crate::clock::UnixSeconds;
use crate::config::Provider;
use crate::percent;
use crate::provider::sign::rs256;
use crate::provider::talk::{Halt, Talk, Talked};
use crate::provider::{Answer, Batch, FailureKind, Method, Outcome, Request, Scope, Verdict};
use crate::secret::Secret;

pub(super) const API: Api = Api {
    name: "google",
    aliases: &["cloud.google.com-v1"],
    title: "Google Cloud DNS",
    base: "https://dns.googleapis.com/dns/v1",
    needs: &[Need {
        option: "password",
        holds: "the key of a service account, or the file with it",
    }],
    batch: Batch::Account(200),
    rate: None,
    remark: "the service account needs the role DNS Administrator; its key is a JSON file, named by \
             'password_file'",
    publish,
};

const TOKENS: &str = "https://oauth2.googleapis.com";
const SCOPE: &str = "https://www.googleapis.com/auth/ndev.clouddns.readwrite";
/// The longest there is: a clock that is some minutes off does no harm.
const LIFETIME: UnixSeconds = 3600;
/// Pages that are read of a list.
const PAGES: usize = 100;

fn publish(talk: &mut Talk<'_>) -> Talked<Vec<Verdict>> {
    let key = Key::of(talk.account).map_err(unusable)?;
    let token = token(talk, &key)?;
    let path = format!("/projects/{}/managedZones", percent::encode(&key.project));
    rrset::publish(talk, &Google { rest: Rest::new(&API).token("Bearer", &token), path })
}

/// A service account and its key.
struct Key {
    email: String,
    pem: Secret,
    project: String,
}

impl Key {
    /// The key is the JSON file that Google hands out, or the PEM text in it.
    fn of(account: &Provider) -> Result<Self, &'static str> {
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
        let head = json!({"alg": "RS256", "typ": "JWT"});
        let claims = json!({
            "iss": self.email,
            "scope": SCOPE,
            "aud": format!("{TOKENS}/token"),
            "iat": at,
            "exp": at + LIFETIME,
        });
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
fn token(talk: &mut Talk<'_>, key: &Key) -> Talked<Secret> {
    let at = talk.wall()?;
    let rest = Rest::new(&API).at(TOKENS);
    let answer = talk.ask(|| {
        let claim = key.claim(at).ok_or_else(|| unusable("it is no RSA key in PEM"))?;
        Ok(ask(&rest, &claim))
    })?;
    let body = rest::body(answer);
    let token = text(&body, "/access_token");
    if answer.status == 200 && !token.is_empty() {
        return Ok(Secret::new(token));
    }
    let said = rest::said(text(&body, "/error_description"), text(&body, "/error"));
    Err(match answer.status {
        200 => rest.confused(&Answer { body: String::new(), ..answer.clone() }),
        // "Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
        400 if said.contains("timeframe") => {
            let reason = format!("{} says that the clock is wrong: {said}", API.title);
            Halt::End(Verdict::clock_behind(reason))
        }
        400..=403 => rest.refuse(&Answer { status: 401, ..answer.clone() }, &said),
        _ => rest.refuse(answer, &said),
    })
}

fn ask(rest: &Rest, claim: &str) -> Request {
    let grant = percent::encode("urn:ietf:params:oauth:grant-type:jwt-bearer");
    let form = "application/x-www-form-urlencoded";
    rest.body(Method::Post, "/token", form, format!("grant_type={grant}&assertion={claim}"))
}

struct Google {
    rest: Rest,
    /// Of the project's zones.
    path: String,
}

impl Google {
    /// All that is at `pointer` in the pages of a list.
    fn pages(&self, talk: &mut Talk<'_>, path: &str, pointer: &str) -> Talked<Vec<Value>> {
        let mut all = Vec::new();
        let mut from = String::new();
        for _ in 0..PAGES {
            let answer = talk.send(self.rest.get(&format!("{}{path}{from}", self.path)))?;
            let page = self.success(answer, pointer)?;
            all.extend_from_slice(list(&page, pointer));
            match text(&page, "/nextPageToken") {
                "" => break,
                token => from = format!("&pageToken={}", percent::encode(token)),
            }
        }
        Ok(all)
    }

    /// The body of an answer that is a success: it has something at `pointer`, or says what it is.
    fn success(&self, answer: &Answer, pointer: &str) -> Talked<Value> {
        let body = rest::body(answer);
        let known = body.pointer(pointer).is_some() || text(&body, "/kind").starts_with("dns#");
        if answer.status == 200 && known {
            return Ok(body);
        }
        let (said, reason) = (text(&body, "/error/message"), text(&body, "/error/errors/0/reason"));
        Err(match (answer.status, reason) {
            (200..=299, _) => self.rest.confused(answer),
            (403, "rateLimitExceeded" | "userRateLimitExceeded" | "quotaExceeded") => {
                self.rest.refuse(&Answer { status: 429, ..answer.clone() }, said)
            }
            (403, _) => not_allowed(said),
            // Somebody else has changed it just now.
            (409 | 412, _) => {
                let reason = format!("{}: {said}", API.title);
                let kind = FailureKind::Other;
                Halt::End(Outcome::Retry { reason, after: None, kind }.into())
            }
            _ => self.rest.refuse(answer, said),
        })
    }
}

fn not_allowed(said: &str) -> Halt {
    let outcome = refused(
        format!("{} does not allow it: {said}", API.title),
        "enable the Cloud DNS API in the project and give the service account the role DNS \
         Administrator",
    );
    Halt::End(Verdict { outcome, scope: Scope::Account })
}

impl Host for Google {
    fn title(&self) -> &'static str {
        API.title
    }

    fn ttl(&self) -> u32 {
        300
    }

    fn zones(&self, talk: &mut Talk<'_>) -> Talked<Vec<(String, String)>> {
        let zones = self.pages(talk, "?maxResults=500", "/managedZones")?;
        let public = zones.iter().filter(|zone| text(zone, "/visibility") != "private");
        let zone = |zone: &Value| (plain(text(zone, "/dnsName")), text(zone, "/name").to_owned());
        Ok(public.map(zone).collect())
    }

    fn read(
        &self,
        talk: &mut Talk<'_>,
        zone: &str,
        only: Option<(&str, &str)>,
    ) -> Talked<Vec<Listed>> {
        let which = match only {
            Some((name, kind)) => format!("name={}.&type={kind}", percent::encode(name)),
            None => "maxResults=1000".into(),
        };
        let path = format!("/{}/rrsets?{which}", percent::encode(zone));
        Ok(self.pages(talk, &path, "/rrsets")?.iter().map(listed).collect())
    }

    fn write(&self, talk: &mut Talk<'_>, zone: &str, writes: &[Write<'_>]) -> Talked<()> {
        let as_json = |write: &Write<'_>, set: &Rrset| {
            let name = format!("{}.", write.fqdn);
            json!({"name": name, "type": write.kind, "ttl": set.ttl, "rrdatas": set.values})
        };
        let new: Vec<_> = writes.iter().map(|write| as_json(write, &write.new)).collect();
        let old = writes.iter().filter_map(|write| Some(as_json(write, write.old.as_ref()?)));
        let body = json!({"additions": new, "deletions": old.collect::<Vec<_>>()});
        let path = format!("{}/{}/changes", self.path, percent::encode(zone));
        let answer = talk.send(self.rest.json(Method::Post, &path, &body))?;
        self.success(answer, "/status").map(drop)
    }
}

fn listed(set: &Value) -> Listed {
    let (name, kind) = (plain(text(set, "/name")), text(set, "/type").to_owned());
    let values: Vec<_> =
        list(set, "/rrdatas").iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let ttl = set["ttl"].as_u64().and_then(|ttl| u32::try_from(ttl).ok());
    let found = match ttl {
        Some(ttl) if !values.is_empty() => Ok(Rrset { ttl, values }),
        _ => Err(refused(
            format!("{name} has a routing policy in {}", API.title),
            "make it a simple record, or choose another name",
        )),
    };
    (name, kind, found)
}

/// A name as we write it, without the dot at its end.
fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests;
