//! What the answer to an update URL means.
//!
//! The first rule that applies decides:
//!
//! 1. An answer from another host, to which a redirect led, confirms nothing.
//! 2. A refusal in the words that the table has for the provider is a refusal, and a failure code of
//!    dyndns2 is a failure, whatever the status and the definition say.
//! 3. An HTTP status outside 200 to 299 is never success.
//! 4. Then the expressions decide, if there are any, or else a success code.
//! 5. The rest depends on the [`UrlKind`]: an unknown answer of a provider whose answers are known is a
//!    failure. At the owner's own URL an answer that reports a failure is a failure; a web page, data
//!    that are not text and a long text leave it open whether the update was done; any other answer is
//!    success.

mod pattern;

use std::net::IpAddr;

use super::complaint::{asks_for_something, complains};
use super::verdict::{Scope, Verdict};
use super::{Answer, Outcome, dyndns2, mask, page, zoneedit};
use crate::model::Family;
use crate::model::json::Json;
use crate::model::secret::Secret;
use crate::text::parts;
use crate::time::Duration;
pub(super) use pattern::AnswerPattern;
use pattern::Match;

/// The shortest wait after HTTP 429 without `Retry-After`: as after the code `interval`.
const WAIT_AFTER_429: Duration = Duration::from_secs(300);

/// Longest answer to an update, in bytes, that is taken for a plain answer of the owner's own server.
const LONGEST_PLAIN_ANSWER: usize = 1000;

/// The advice for most refusals.
const CHECK_ACCOUNT: &str = "compare 'username', 'password' and 'domain' with what the account at the provider's web \
     site shows";

/// Which answers an update URL can be expected to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UrlKind {
    /// A dyndns2 URL of the table or of a definition: the answer is a code.
    Dyndns2,
    /// Another URL of a service definition: the answer is never empty and never a web page.
    Definition,
    /// The owner's own URL at an unknown host.
    Custom,
    /// The owner's own URL at the host of a provider in the table.
    CustomAtKnownHost,
}

/// The rules by which the answers to one request are judged.
#[derive(Clone, Debug)]
pub(super) struct AnswerRules {
    pub(super) kind: UrlKind,
    /// Matches success.
    pub(super) ok: Option<Box<AnswerPattern>>,
    /// Matches the answer to an update that changed nothing.
    pub(super) same: Option<Box<AnswerPattern>>,
    /// Matches a refusal.
    pub(super) no: Option<Box<AnswerPattern>>,
    /// What the owner can do about such a refusal.
    pub(super) advice: Option<&'static str>,
    /// The address that the record is to hold, also where the request does not name it.
    pub(super) sent: IpAddr,
    /// What must not be repeated from an answer.
    pub(super) secrets: Vec<Secret>,
}

impl AnswerRules {
    /// What `answer` means for the record and the account.
    pub(super) fn judge(&self, answer: &Answer) -> Box<Verdict> {
        match &answer.redirected_to {
            Some(host) => unconfirmed(format!(
                "a redirect led to {host}, and the answer from there does not confirm the update: {}",
                self.excerpt(&answer.body)
            )),
            None => {
                let mut verdict = self.judge_own(answer);
                if let Some(floor) = answer.retry_after {
                    not_before(&mut verdict, floor);
                }
                verdict
            }
        }
    }

    /// Judges an answer of the host that was asked.
    fn judge_own(&self, answer: &Answer) -> Box<Verdict> {
        let body = &answer.body;
        let same = matches(self.same.as_deref(), answer);
        // An answer may have words of both. Then the address was there already.
        if believes_refusal(answer.status) && matches(self.no.as_deref(), answer) && !same {
            return self.refusal(answer);
        }
        let code = dyndns2::verdict(body, self.sent).or_else(|| zoneedit::verdict(body));
        match code {
            // A failure code counts before the status, because providers send it with 200, 401, 403 and others.
            Some(failure) if !failure.is_success() => failure,
            _ if !(200..300).contains(&answer.status) => self.by_status(answer),
            _ if page::is_binary(body) => self.not_understood(body),
            _ if same => self.unless_echo_differs(Outcome::Unchanged, body),
            Some(success) => success,
            None => self.without_code(answer),
        }
    }

    /// Judges an answer with a status of success and no code.
    fn without_code(&self, answer: &Answer) -> Box<Verdict> {
        let body = &answer.body;
        match self.ok.as_ref().map(|pattern| pattern.find(answer)) {
            Some(Match::Yes) => self.unless_echo_differs(Outcome::Updated, body),
            // The provider may answer with such a page, and so may a captive portal.
            Some(Match::InAnyPage) => unconfirmed(self.why_not_success(body)),
            Some(Match::No) if self.kind != UrlKind::CustomAtKnownHost => {
                retry(self.why_not_success(body))
            }
            Some(Match::No) | None => self.by_kind(body),
        }
    }

    /// Judges a body that neither a code nor an expression decides.
    fn by_kind(&self, body: &str) -> Box<Verdict> {
        let is_empty_or_page = body.trim().is_empty() || page::is_page(body);
        match self.kind {
            UrlKind::Dyndns2 => self.not_understood(body),
            UrlKind::Definition if is_empty_or_page => self.not_understood(body),
            _ if reports_failure(body) => {
                retry(format!("the answer reports a failure: {}", self.excerpt(body)))
            }
            UrlKind::CustomAtKnownHost => self.not_understood(body),
            UrlKind::Custom if !is_plain(body) => self.not_understood(body),
            UrlKind::Definition | UrlKind::Custom => Outcome::Updated.into(),
        }
    }

    /// `success`, unless the answer names another address as the stored one. An expression such as `OK`
    /// matches without comparing addresses.
    fn unless_echo_differs(&self, success: Outcome, body: &str) -> Box<Verdict> {
        let mut echoed = echoed_addresses(&page::text(body));
        Family::of(self.sent).keep_own(&mut echoed);
        match (echoed.as_slice(), dyndns2::differs(&echoed, self.sent)) {
            // Of several addresses, one may be the former one or that of another record.
            ([_], Some(reason)) => retry(reason),
            _ => success.into(),
        }
    }

    /// A refusal in the words of the table. They do not tell whether the name or the account is wrong.
    fn refusal(&self, answer: &Answer) -> Box<Verdict> {
        let shown = match self.visible(&answer.body) {
            text if text.is_empty() => format!("HTTP {}", answer.status),
            text => format!("\"{text}\""),
        };
        // 401 is about the credentials (RFC 9110 section 15.5.2), which all names of the account share.
        let scope = if answer.status == 401 { Scope::Account } else { Scope::Record };
        let reason = format!("the answer is {shown}");
        Verdict::refused(scope, reason, self.advice.unwrap_or(CHECK_ACCOUNT))
    }

    /// An unknown answer. A known provider would have confirmed an update. An own server may have done it.
    fn not_understood(&self, body: &str) -> Box<Verdict> {
        let why = self.why_not_success(body);
        match self.kind {
            UrlKind::Custom | UrlKind::CustomAtKnownHost => unconfirmed(why),
            UrlKind::Dyndns2 | UrlKind::Definition => retry(why),
        }
    }

    /// Why `body` does not confirm the update.
    fn why_not_success(&self, body: &str) -> String {
        if body.trim().is_empty() {
            return "the answer is empty".into();
        }
        if page::is_binary(body) {
            return "the answer is not text".into();
        }
        let why = if page::is_page(body) {
            "the answer looks like a web page, perhaps of a captive portal"
        } else if self.kind == UrlKind::Custom {
            "the answer exceeds 1000 bytes"
        } else {
            "the answer is not understood"
        };
        format!("{why}: {}", self.excerpt(body))
    }

    /// Judges an answer whose status is not one of success.
    fn by_status(&self, answer: &Answer) -> Box<Verdict> {
        match answer.status {
            401 => Verdict::refused(
                Scope::Account,
                self.explain("the user name or password is not accepted", answer),
                "correct 'username' and 'password' of this section",
            ),
            403 => self.forbidden(answer),
            429 => {
                let reason = self.explain("too many requests", answer);
                let after = answer.retry_after.or(Some(WAIT_AFTER_429));
                Verdict::retry(Scope::Account, reason, after)
            }
            status => retry(self.explain(failed_because(status), answer)),
        }
    }

    /// Judges status 403.
    fn forbidden(&self, answer: &Answer) -> Box<Verdict> {
        // Providers refuse an update with a short text or a code. A web page usually comes from a firewall or a CDN
        // in front of the provider, which lets the client pass again later.
        if page::is_page(&answer.body) {
            let why =
                "the answer is a web page that forbids access, perhaps of the provider's firewall";
            return Verdict::retry(Scope::Account, self.explain(why, answer), None);
        }
        Verdict::refused(
            Scope::Record,
            self.explain("access is forbidden", answer),
            "check 'username', 'password' and 'domain' of this section, and at the provider's web \
             site whether the account or the name is blocked",
        )
    }

    /// `why` with the status and the text of `answer`.
    fn explain(&self, why: &str, answer: &Answer) -> String {
        let text = self.visible(&answer.body);
        match text.is_empty() {
            true => format!("{why} (HTTP {})", answer.status),
            false => format!("{why} (HTTP {}): \"{text}\"", answer.status),
        }
    }

    fn excerpt(&self, body: &str) -> String {
        format!("\"{}\"", self.visible(body))
    }

    /// The beginning of the visible text of `body`, without secrets.
    fn visible(&self, body: &str) -> String {
        // Masked before tags are removed, which may be part of a secret, and again after it, because
        // tags may have stood between the letters of a secret.
        let body = mask::hide(body, &self.secrets);
        let text = page::text(&body);
        // ZoneEdit and others send one empty element with the message in an attribute.
        let shown = if text.trim().is_empty() && !page::is_page(&body) { body } else { text };
        mask::mask(&shown, &self.secrets)
    }
}

fn matches(pattern: Option<&AnswerPattern>, answer: &Answer) -> bool {
    pattern.is_some_and(|pattern| pattern.find(answer) == Match::Yes)
}

/// Whether a text of refusal is believed with this HTTP status: not if the status reports a temporary
/// failure.
fn believes_refusal(status: u16) -> bool {
    status < 500 && !matches!(status, 408 | 425 | 429)
}

/// Why an update with this HTTP status failed.
fn failed_because(status: u16) -> &'static str {
    match status {
        300..=399 => "the provider redirects without a usable target",
        404 => "the provider does not know the URL or the name",
        407 => "the proxy wants a user name and password ('proxy')",
        408 | 425 | 500..=599 => "the provider's server reports a temporary failure",
        _ => "the provider did not accept the request",
    }
}

/// The addresses in an answer that can only be the stored one: every address of a single line, or the
/// addresses that have a line of their own. Any other may be the old address, that of a name server or a
/// version number.
fn echoed_addresses(text: &str) -> Vec<IpAddr> {
    let mut lines = Vec::new();
    for line in text.lines().map(str::trim) {
        if !line.is_empty() {
            lines.push(line);
        }
    }
    let words = match lines.as_slice() {
        [line] => parts(line, ends_address),
        _ => lines,
    };
    let mut addresses = Vec::new();
    for word in words {
        addresses.extend(word.trim_matches(['.', ':']).parse::<IpAddr>());
    }
    addresses
}

/// Whether `c` cannot be part of an address.
fn ends_address(c: char) -> bool {
    !c.is_ascii_hexdigit() && c != '.' && c != ':'
}

/// Whether the text of an answer, or of a page with little text, reports a failure. A page that asks for
/// a log-in may be that of a captive portal.
fn reports_failure(body: &str) -> bool {
    if !page::is_page(body) {
        return complains(body);
    }
    let text = page::text(body);
    page::is_short(&text) && complains(&text) && !asks_for_something(&text)
}

/// Whether `body` is what the script of an own server answers: JSON, or some lines of text.
fn is_plain(body: &str) -> bool {
    let is_short = body.len() <= LONGEST_PLAIN_ANSWER && !page::is_page(body);
    is_short || Json::parse(body.trim()).is_ok()
}

fn retry(reason: String) -> Box<Verdict> {
    Verdict::retry(Scope::Record, reason, None)
}

fn unconfirmed(reason: String) -> Box<Verdict> {
    Outcome::Unconfirmed { reason }.into()
}

/// Raises the wait of a failure to the answer's `Retry-After`.
fn not_before(verdict: &mut Verdict, floor: Duration) {
    if let Outcome::Retry { after, .. } = &mut verdict.outcome {
        *after = (*after).max(Some(floor));
        // A server that sends that header wants no other request of the account either.
        verdict.scope = Scope::Account;
    }
}

#[cfg(test)]
mod tests;
