//! What the answer to an update URL means.
//!
//! In this order: an answer that a redirect to another host brought confirms nothing. What the table
//! calls a refusal is one, and so is a dyndns2 code that is a failure, whatever the status and the
//! definition say. Then an HTTP status of 300 and above is never success. Then the expressions decide,
//! if there are any; else a code. What is left depends on the [`Protocol`]: of a provider with known
//! answers an unknown one is a failure. At the owner's own URL an answer that reports a failure is
//! one; a web page, data that are no text and a long text leave it open whether the update was done;
//! any other 2xx is success.

use std::net::IpAddr;
use std::time::Duration;

use serde_json::Value;

use super::complaint::{asks_for_something, complains};
use super::ere::Ere;
use super::verdict::{Scope, Verdict};
use super::{Answer, FailureKind, Outcome, dyndns2, mask, page, zoneedit};
use crate::model::secret::Secret;

/// The least time until the next request after HTTP 429, which asks for peace and often does not say
/// for how long: as with the code `interval`.
const THROTTLED: Duration = Duration::from_secs(300);

/// Longest answer, in bytes of visible text, that an own server is believed to give to an update.
const LONGEST_ANSWER: usize = 1000;

/// What to do about most refusals.
const ACCOUNT: &str = "compare 'username', 'password' and 'domain' with what the account at the provider's web \
     site shows";

/// What is known about the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// The URL is that of dyndns2: the answer is a code.
    Dyndns2,
    /// A service definition: some answer is always sent, and it is no web page.
    Definition,
    /// The owner's own URL at a host that nothing is known of.
    Custom,
    /// The owner's own URL at the host of a provider in the table.
    AtKnownHost,
}

/// Judges the answers to one request.
#[derive(Clone, Debug)]
pub(super) struct Judge {
    pub(super) protocol: Protocol,
    /// What success looks like.
    pub(super) ok: Option<Pattern>,
    /// What it looks like that nothing has changed.
    pub(super) same: Option<Pattern>,
    /// What a refusal looks like.
    pub(super) no: Option<Pattern>,
    /// What the owner can do about such a refusal.
    pub(super) advice: Option<&'static str>,
    /// The address that the record is to hold, also where the request does not name it.
    pub(super) sent: Option<IpAddr>,
    /// What must not be repeated from an answer.
    pub(super) secrets: Vec<Secret>,
}

impl Judge {
    /// What `answer` means for the record and the account.
    pub(super) fn judge(&self, answer: &Answer) -> Verdict {
        if let Some(host) = &answer.redirected_to {
            let reason = format!(
                "a redirect led to {host}, and its answer says nothing about the update: {}",
                self.excerpt(&answer.body)
            );
            return Verdict::record(Outcome::Unconfirmed { reason });
        }
        let body = &answer.body;
        let is = |pattern: &Option<Pattern>| {
            pattern.as_ref().is_some_and(|it| it.find(answer) == Found::Yes)
        };
        let code = dyndns2::verdict(body, self.sent).or_else(|| zoneedit::verdict(body));
        let verdict = match code {
            _ if refuses(answer.status) && is(&self.no) && !is(&self.same) => self.refusal(answer),
            Some(failure) if !failure.is_success() => failure,
            success if (200..300).contains(&answer.status) => {
                if page::is_binary(body) {
                    self.not_understood(body)
                } else if is(&self.same) {
                    self.unless_echo_differs(Outcome::Unchanged, body)
                } else {
                    self.transferred(success, answer)
                }
            }
            _ => self.by_status(answer),
        };
        not_before(verdict, answer.retry_after)
    }

    /// A 2xx whose body is not a known failure.
    fn transferred(&self, code: Option<Verdict>, answer: &Answer) -> Verdict {
        let body = &answer.body;
        if let Some(code) = code {
            return code;
        }
        match self.ok.as_ref().map(|it| it.find(answer)) {
            Some(Found::Yes) => return self.unless_echo_differs(Outcome::Updated, body),
            // The provider may answer so, and so may a captive portal.
            Some(Found::InPage) => return unconfirmed(self.why_not(body)),
            Some(Found::No) if self.protocol != Protocol::AtKnownHost => {
                return retry(self.why_not(body));
            }
            Some(Found::No) | None => {}
        }
        let nothing = body.trim().is_empty() || page::is_page(body);
        match self.protocol {
            Protocol::Dyndns2 => self.not_understood(body),
            Protocol::Definition if nothing => self.not_understood(body),
            _ if reports_failure(body) => {
                retry(format!("the answer speaks of a failure: {}", self.excerpt(body)))
            }
            Protocol::AtKnownHost => self.not_understood(body),
            Protocol::Custom if !is_plain(body) => self.not_understood(body),
            Protocol::Definition | Protocol::Custom => Verdict::record(Outcome::Updated),
        }
    }

    fn is_own(&self) -> bool {
        matches!(self.protocol, Protocol::Custom | Protocol::AtKnownHost)
    }

    /// `success`, unless the answer names another address. An expression such as `OK` says nothing
    /// about that. If the answer is a single line with a single address of the family that was sent,
    /// or has one such address on a line of its own, that is the address that was stored; any other
    /// may be an old address, a name server or a version number.
    fn unless_echo_differs(&self, success: Outcome, body: &str) -> Verdict {
        let text = page::text(body);
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|it| !it.is_empty()).collect();
        let parsed = |word: &str| word.trim_matches(['.', ':']).parse().ok();
        let mut addresses: Vec<IpAddr> = match lines.as_slice() {
            [line] => line.split(no_address).filter_map(parsed).collect(),
            lines => lines.iter().copied().filter_map(parsed).collect(),
        };
        addresses.retain(|it| self.sent.is_some_and(|sent| sent.is_ipv4() == it.is_ipv4()));
        match (addresses.as_slice(), dyndns2::differs(&addresses, self.sent)) {
            ([_], Some(reason)) => retry(reason),
            _ => Verdict::record(success),
        }
    }

    /// What the table knows as one. Whether the name or the account is the matter is not told.
    fn refusal(&self, answer: &Answer) -> Verdict {
        let said = match self.excerpt(&answer.body).as_str() {
            "\"\"" => format!("HTTP {}", answer.status),
            excerpt => excerpt.to_owned(),
        };
        let outcome = Outcome::Refused {
            reason: format!("the answer is {said}"),
            advice: self.advice.unwrap_or(ACCOUNT).into(),
        };
        let scope = if answer.status == 401 { Scope::Account } else { Scope::Record };
        Verdict { outcome, scope }
    }

    /// An answer that says nothing: of a known provider a failure; at an own URL nobody knows.
    fn not_understood(&self, body: &str) -> Verdict {
        let why = self.why_not(body);
        if self.is_own() { unconfirmed(why) } else { retry(why) }
    }

    /// Why `body` does not say that the update was done.
    fn why_not(&self, body: &str) -> String {
        if body.trim().is_empty() {
            return "the answer is empty".into();
        }
        if page::is_binary(body) {
            return "the answer is no text".into();
        }
        let what = if page::is_page(body) {
            "the answer looks like a web page, perhaps of a captive portal"
        } else if self.protocol == Protocol::Custom {
            "the answer exceeds 1000 bytes"
        } else {
            "the answer is not understood"
        };
        format!("{what}: {}", self.excerpt(body))
    }

    fn by_status(&self, answer: &Answer) -> Verdict {
        let status = answer.status;
        let said = |why: &str| match self.excerpt(&answer.body).as_str() {
            "\"\"" => format!("{why} (HTTP {status})"),
            excerpt => format!("{why} (HTTP {status}): {excerpt}"),
        };
        match status {
            300..=399 => retry(said("the provider redirects without a usable target")),
            401 => Verdict {
                outcome: Outcome::Refused {
                    reason: said("the user name or password is not accepted"),
                    advice: "correct 'username' and 'password' of this section".into(),
                },
                scope: Scope::Account,
            },
            // Providers refuse in a word or a number; pages come from what stands before them.
            403 if page::is_page(&answer.body) => Verdict {
                scope: Scope::Account,
                ..retry(said("a web page forbids access, perhaps of a firewall of the provider"))
            },
            403 => Verdict::record(Outcome::Refused {
                reason: said("access is forbidden"),
                advice: "check 'username', 'password' and 'domain' of this section, and at the provider's \
                     web site whether the account or the name is blocked"
                    .into(),
            }),
            404 => retry(said("the provider does not know the URL or the name")),
            407 => retry(said("the proxy wants a user name and password ('proxy')")),
            429 => Verdict {
                outcome: Outcome::Retry {
                    reason: said("too many requests"),
                    after: answer.retry_after.or(Some(THROTTLED)),
                    kind: FailureKind::Other,
                },
                scope: Scope::Account,
            },
            408 | 425 | 500..=599 => retry(said("the provider's server has trouble")),
            _ => retry(said("the provider did not accept the request")),
        }
    }

    /// The visible text of `body`, in quotes, without secrets: neither those that look like tags nor
    /// those that tags divide.
    fn excerpt(&self, body: &str) -> String {
        let body = mask::hide(body, &self.secrets);
        let text = page::text(&body);
        // Some answers are one element, which says all in its attributes.
        let shown = if text.trim().is_empty() && !page::is_page(&body) { body } else { text };
        format!("\"{}\"", mask::mask(&shown, &self.secrets))
    }
}

/// Whether words of refusal count with this status of HTTP: not where it says that something passes.
fn refuses(status: u16) -> bool {
    status < 500 && !matches!(status, 408 | 425 | 429)
}

/// Whether an address ends at `c`.
fn no_address(c: char) -> bool {
    !c.is_ascii_hexdigit() && c != '.' && c != ':'
}

fn retry(reason: String) -> Verdict {
    Verdict::record(Outcome::Retry { reason, after: None, kind: FailureKind::Other })
}

/// Whether the words of an answer, or of a page with little text, report a failure. A page that asks for
/// a log-in may be that of a captive portal.
fn reports_failure(body: &str) -> bool {
    if !page::is_page(body) {
        return complains(body);
    }
    let text = page::text(body);
    page::is_short(&text) && complains(&text) && !asks_for_something(&text)
}

/// Whether `body` is such as a script answers: JSON, or no more than some lines of text.
fn is_plain(body: &str) -> bool {
    let short = body.len() <= LONGEST_ANSWER && !page::is_page(body);
    short || serde_json::from_str::<Value>(body.trim()).is_ok()
}

fn unconfirmed(reason: String) -> Verdict {
    Verdict::record(Outcome::Unconfirmed { reason })
}

/// Whether an answer is what an expression means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// It is.
    Yes,
    /// It is a web page of some length that holds it, as any page might.
    InPage,
    /// It is not.
    No,
}

/// An expression for answers.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    ere: Ere,
    /// The address of the request, if pages are searched for it.
    address: String,
    /// Whether it means the line of the status, too.
    status: bool,
    /// Whether it means the tags of a page, too, whatever the page is.
    raw: bool,
}

impl Pattern {
    /// Compiles `text`, for the request that sent `address`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub(super) fn new(text: &str, address: IpAddr) -> Result<Self, String> {
        let address = address.to_string();
        let ere = Ere::new(&text.replace("[IP]", &address.replace('.', "\\.")))?;
        Ok(Self { ere, address, status: text.contains("HTTP "), raw: false })
    }

    /// Compiles the `answer` of a definition, which means what it means to ddns-scripts: a line of the
    /// body, as it is sent.
    ///
    /// # Errors
    /// As [`Pattern::new`].
    pub(super) fn of_definition(text: &str) -> Result<Self, String> {
        Ok(Self { ere: Ere::new(text)?, address: String::new(), status: false, raw: true })
    }

    /// Whether `answer` is such an answer. Unless a definition says so itself, only visible text
    /// counts in a web page; and a page of some length must match more than an expression that any OK
    /// button, number or notice of the client's address would satisfy: captive portals answer 200 to
    /// everything.
    fn find(&self, answer: &Answer) -> Found {
        let body = &answer.body;
        let is_page = page::is_page(body);
        let text = if is_page && !self.raw { page::text(body) } else { body.clone() };
        let status = self.status && !is_page && self.ere.is_match(&line(answer));
        if !status && !self.ere.is_match(&text) {
            return Found::No;
        }
        if !is_page || page::is_short(&page::text(body)) {
            return Found::Yes;
        }
        if self.ere.is_match("OK 0 100 200") {
            return Found::No;
        }
        let any = format!("success {}", self.address);
        if self.ere.is_match(&any) { Found::InPage } else { Found::Yes }
    }
}

/// The status as a line that expressions may mean.
fn line(answer: &Answer) -> String {
    let empty = if answer.body.trim().is_empty() { " empty" } else { "" };
    format!("HTTP {}{empty}", answer.status)
}

/// The provider's `Retry-After` is a floor, and concerns whatever else would be sent now.
fn not_before(verdict: Verdict, retry_after: Option<Duration>) -> Verdict {
    match (verdict, retry_after) {
        (Verdict { outcome: Outcome::Retry { reason, after, kind }, .. }, Some(floor)) => Verdict {
            outcome: Outcome::Retry { reason, after: after.max(Some(floor)), kind },
            scope: Scope::Account,
        },
        (verdict, _) => verdict,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: &str = "192.0.2.1";

    fn pattern(text: &str) -> Pattern {
        Pattern::new(text, SENT.parse().unwrap()).unwrap()
    }

    fn judge(protocol: Protocol, expected: Option<&str>) -> Judge {
        Judge {
            protocol,
            ok: expected.map(pattern),
            same: None,
            no: None,
            advice: None,
            sent: Some(SENT.parse().unwrap()),
            secrets: vec![Secret::new("hunter2")],
        }
    }

    fn reply(status: u16, body: &str) -> Answer {
        Answer { status, body: body.into(), ..Answer::default() }
    }

    fn word(outcome: &Outcome) -> &'static str {
        match outcome {
            Outcome::Updated => "updated",
            Outcome::Unchanged => "unchanged",
            Outcome::Retry { .. } => "retry",
            Outcome::Unconfirmed { .. } => "unconfirmed",
            Outcome::Refused { .. } => "refused",
        }
    }

    const PORTAL: &str = "<!DOCTYPE html><html><head><title>Welcome to the hotel</title></head>\
        <body>Accept cookies and 100 conditions. Your login is updated, press OK</body></html>";

    const GZIP: &str = "\u{1f}\u{fffd}\u{8}\0\0\0\0\0\u{2}\u{fffd}K\u{fffd}\u{fffd}O\u{1}\0";

    #[test]
    fn at_an_own_url_a_page_confirms_nothing() {
        let long = "word ".repeat(300);
        for body in [
            PORTAL,
            "<meta http-equiv=\"refresh\" content=\"0;url=http://portal.example/login\">",
            "\u{feff}<?xml version=\"1.0\"?><!DOCTYPE html PUBLIC \"x\"><html xmlns=\"y\"><body>OK</body></html>",
            "<!-- comment -->\n\n<html><body>Welcome</body></html>",
            "<html><body>OK</body></html>",
            "<script>location.href='/login'</script>",
            GZIP,
            &long,
        ] {
            let verdict = judge(Protocol::Custom, None).judge(&reply(200, body));
            let Outcome::Unconfirmed { reason } = &verdict.outcome else {
                panic!("{body}: {verdict:?}")
            };
            assert!(reason.starts_with("the answer "), "{reason}");
        }
        for body in ["<html><body>ERROR: no such host</body></html>", "<html><h1>Error</h1></html>"]
        {
            let verdict = judge(Protocol::Custom, None).judge(&reply(200, body));
            assert_eq!(word(&verdict.outcome), "retry", "{body}");
        }
    }

    #[test]
    fn an_answer_of_another_host_confirms_nothing() {
        for (status, body) in [(200, "good"), (200, ""), (200, PORTAL), (401, "badauth"), (503, "")]
        {
            for protocol in [Protocol::Custom, Protocol::Dyndns2, Protocol::Definition] {
                let redirected_to = Some("portal.example".into());
                let answer = Answer { redirected_to, ..reply(status, body) };
                let verdict = judge(protocol, Some("good")).judge(&answer);
                let Outcome::Unconfirmed { reason } = verdict.outcome else { panic!("{body}") };
                assert!(reason.starts_with("a redirect led to portal.example, "), "{reason}");
            }
        }
    }

    #[test]
    fn a_long_page_is_not_believed_for_words_of_any_page() {
        let page = "<html><title>Hotel network</title><p>Success! Please enjoy your stay with us.\n\
             <p>Your address is\n<p>192.0.2.1\n</html>";
        for (expected, outcome) in
            [("success", "unconfirmed"), ("[IP]", "unconfirmed"), ("OK|success", "retry")]
        {
            let verdict = judge(Protocol::Definition, Some(expected)).judge(&reply(200, page));
            assert_eq!(word(&verdict.outcome), outcome, "{expected}");
        }
        let specific =
            judge(Protocol::Definition, Some("your address is")).judge(&reply(200, page));
        assert_eq!(word(&specific.outcome), "updated");
    }

    #[test]
    fn at_the_host_of_a_known_provider_its_answers_count() {
        let mut judge = judge(Protocol::AtKnownHost, Some("^updated"));
        judge.same = Some(pattern("not changed"));
        judge.no = Some(pattern("ERROR: unable"));
        for (body, expected) in [
            ("Updated 1 host", "updated"),
            ("ERROR: Address 192.0.2.1 has not changed.", "unchanged"),
            ("ERROR: Unable to locate this record", "refused"),
            ("ERROR: x", "retry"),
            ("good 192.0.2.1", "updated"),
            ("badauth", "refused"),
            ("Thank you", "unconfirmed"),
            (PORTAL, "unconfirmed"),
        ] {
            assert_eq!(word(&judge.judge(&reply(200, body)).outcome), expected, "{body}");
        }
    }

    #[test]
    fn an_expression_decides_on_success() {
        for (expected, body, outcome) in [
            ("good|nochg", "good 192.0.2.1", "updated"),
            ("good|nochg", "nochg 192.0.2.1", "unchanged"),
            ("good|nochg", "good 192.0.2.2", "retry"),
            ("good|nochg", "badauth", "refused"),
            ("good|nochg", "{\"info\":\"good\"}", "updated"),
            ("good|nochg", "nonsense", "retry"),
            ("good|nochg", "", "retry"),
            ("good|nochg", PORTAL, "retry"),
            ("OK", "OK", "updated"),
            ("OK", "KO", "retry"),
            ("OK", "good", "updated"),
            ("OK", PORTAL, "retry"),
            ("success|100|101", PORTAL, "retry"),
            ("0", PORTAL, "retry"),
            ("OK|NOERROR", "<HTML><FONT>OK<br></FONT></HTML>", "updated"),
            (
                "Updated|No change",
                "<html><title>DDNS</title><p>Updated 1 hostname.</html>",
                "updated",
            ),
            ("Updated", "<html><script>updated</script><p>Sign in</html>", "retry"),
            ("success", "success 192.0.2.1", "updated"),
            ("success", "success: 192.0.2.2.", "retry"),
            ("success", "success 192.0.2.2 -> 192.0.2.1", "updated"),
            ("success", "success\nserver 192.0.2.2", "updated"),
            ("success", "success\n192.0.2.2\n", "retry"),
            ("success", "success\n192.0.2.2\n192.0.2.1", "updated"),
            ("success", "success\n2001:db8::1", "updated"),
            ("success", "success:192.0.2.2", "retry"),
            ("success", "success 2001:db8::1", "updated"),
        ] {
            let verdict = judge(Protocol::Definition, Some(expected)).judge(&reply(200, body));
            assert_eq!(word(&verdict.outcome), outcome, "{expected} {body}");
        }
    }

    #[test]
    fn a_definition_means_the_whole_body() {
        let ok = r"^<body>accept|<result code=.0|[IP]\.2";
        for (body, expected) in [
            (PORTAL, "retry"),
            ("<html>\n<BODY>Accepted</body></html>\r\n", "updated"),
            ("<html><body><result code='0'/></body></html>", "updated"),
            ("<html><body>P.2</body></html>", "updated"),
            ("<html><body>badauth</body></html>", "refused"),
            ("<html><body>Sign in</body></html>", "retry"),
        ] {
            let mut judge = judge(Protocol::Definition, None);
            judge.ok = Some(Pattern::of_definition(ok).unwrap());
            assert_eq!(word(&judge.judge(&reply(200, body)).outcome), expected, "{body}");
        }
    }

    #[test]
    fn without_an_expression_the_protocol_decides() {
        for (body, dyndns2, definition, custom) in [
            ("good", "updated", "updated", "updated"),
            ("nochg", "unchanged", "unchanged", "unchanged"),
            ("badauth", "refused", "refused", "refused"),
            ("good 192.0.2.2", "retry", "retry", "retry"),
            ("Thank you", "retry", "updated", "updated"),
            ("Error: no such host", "retry", "retry", "retry"),
            ("good morning", "retry", "updated", "updated"),
            ("", "retry", "retry", "updated"),
            (" \r\n", "retry", "retry", "updated"),
            (PORTAL, "retry", "retry", "unconfirmed"),
            (GZIP, "retry", "retry", "unconfirmed"),
            ("{\"status\":\"success\"}", "retry", "updated", "updated"),
            ("{\"code\":\"good\"}", "updated", "updated", "updated"),
            ("{\"code\":\"badauth\"}", "refused", "refused", "refused"),
            ("good [192.0.2.1]", "updated", "updated", "updated"),
        ] {
            for (protocol, expected) in [
                (Protocol::Dyndns2, dyndns2),
                (Protocol::Definition, definition),
                (Protocol::Custom, custom),
            ] {
                let verdict = judge(protocol, None).judge(&reply(200, body));
                assert_eq!(word(&verdict.outcome), expected, "{protocol:?} {body}");
            }
        }
    }

    #[test]
    fn a_word_for_failure_at_the_start_is_no_success_of_a_custom_url() {
        for body in [
            "ERROR",
            "  err 5",
            "\u{feff}fail.",
            "Failed: hunter2",
            "failure; 192.0.2.1",
            "'invalid' token",
            "[denied] 192.0.2.1",
            "unauthorized",
            "KO",
            "nok\nagain",
            "Bad request. Again",
            "badpass",
            "{\"error\": \"no such host\"}",
            "{\n  \"error\": {\"code\": 5}}",
            "{\"id\":1,\"success\": false}",
            "{\"status\":\"failed\"}",
            "\"success\": false",
        ] {
            let verdict = judge(Protocol::Custom, None).judge(&reply(200, body));
            let Outcome::Retry { reason, .. } = &verdict.outcome else { panic!("{body}") };
            assert!(reason.contains("failure: \"") && !reason.contains("hunter2"), "{reason}");
            assert_eq!(
                word(&judge(Protocol::Custom, Some(".*")).judge(&reply(200, body)).outcome),
                "updated"
            );
        }
        let long_json = format!("{{\"log\":\"{}\"}}", "word ".repeat(300));
        for body in [
            "{\"error_code\":0,\"error_msg\":\"success\"}",
            "{\"err_no\":0}",
            "{\"error\":\"0\"}",
            "{\"error\":\"none\"}",
            "{\"error\":\nfalse}",
            "{\"ok\":true,\"other\":{\"success\":false}}",
            "bad-homburg.example.com updated",
            "error_count=0",
            "<error>0</error>",
            "errors: none",
            "no error",
            "ok: failed 0",
            "badger.example.com 192.0.2.1",
            "fail.example.com updated",
            "error=0",
            "Error: none",
            "failed: 0, updated: 1",
            "{\"error\":false,\"ip\":\"192.0.2.1\"}",
            "{\"error\": \"\"}",
            "{\"error\":[],\"success\":true}",
            "{\"error\":null}",
            "{\"success\":true}",
            &long_json,
            "kobold",
        ] {
            let verdict = judge(Protocol::Custom, None).judge(&reply(200, body));
            assert_eq!(verdict.outcome, Outcome::Updated, "{body}");
        }
    }

    #[test]
    fn an_answer_of_attributes_alone_is_shown() {
        let body = "<ERROR CODE=\"799\" TEXT=\"no such name, hunter2\"/>";
        let verdict = judge(Protocol::Custom, None).judge(&reply(200, body));
        let Outcome::Retry { reason, .. } = &verdict.outcome else { panic!("{verdict:?}") };
        assert!(reason.contains("no such name, ***"), "{reason}");
        let page = "<html><script>x</script></html>";
        let verdict = judge(Protocol::Custom, None).judge(&reply(200, page));
        let Outcome::Unconfirmed { reason } = &verdict.outcome else { panic!("{verdict:?}") };
        assert!(reason.ends_with(": \"\""), "{reason}");
    }

    #[test]
    fn statuses_are_read_after_the_body() {
        for (status, body, expected) in [
            (401, "", "refused"),
            (401, "911", "retry"),
            (403, "abuse", "refused"),
            (403, "no", "refused"),
            (400, "nohost", "refused"),
            (400, "", "retry"),
            (404, "", "retry"),
            (429, "", "retry"),
            (302, "good", "retry"),
            (500, "good", "retry"),
            (599, "", "retry"),
            (101, "", "retry"),
            (204, "", "updated"),
        ] {
            for expression in [None, Some(".*")] {
                let verdict = judge(Protocol::Custom, expression).judge(&reply(status, body));
                // An expression is not satisfied by a body that has no line.
                let expected =
                    if (status, expression) == (204, Some(".*")) { "retry" } else { expected };
                assert_eq!(word(&verdict.outcome), expected, "{status} {body} {expression:?}");
            }
        }
    }

    #[test]
    fn pages_that_forbid_access_are_not_the_provider_s_word() {
        for (body, expected) in [
            ("<html><head><title>403 Forbidden</title></head><h1>Attention</h1></html>", "retry"),
            ("<html><body>badauth</body></html>", "refused"),
            ("<error>denied</error>", "refused"),
        ] {
            let verdict = judge(Protocol::Dyndns2, None).judge(&reply(403, body));
            assert_eq!(word(&verdict.outcome), expected, "{body}");
        }
    }

    #[test]
    fn the_table_tells_success_from_no_change_and_refusal() {
        let mut judge = judge(Protocol::Definition, Some("^OK|^HTTP 204|\\([IP]\\)"));
        judge.same = Some(pattern("not changed|^HTTP 200 empty"));
        judge.no = Some(pattern("ERROR|^HTTP 410"));
        for (status, body, outcome) in [
            (200, "OK", "updated"),
            (200, "ERROR: Address 192.0.2.1 has not changed.", "unchanged"),
            (200, "ERROR: no such name", "refused"),
            (404, "ERROR: no such name", "refused"),
            (502, "Error", "retry"),
            (410, "", "refused"),
            (204, "", "updated"),
            (200, "", "unchanged"),
            (200, "HTTP 204", "updated"),
            (200, "a.example (192.0.2.1)", "updated"),
            (200, "a.example (192.0.2.11)", "retry"),
            (200, "a.example (192-0-2-1)", "retry"),
            (200, "<html><title>x</title></html>", "retry"),
            (401, "OK", "refused"),
            (500, "OK", "retry"),
            (200, "badauth", "refused"),
        ] {
            assert_eq!(
                word(&judge.judge(&reply(status, body)).outcome),
                outcome,
                "{status} {body}"
            );
        }
    }

    #[test]
    fn retry_after_is_a_floor_for_the_account() {
        let minute = Duration::from_secs(60);
        for (body, floor, expected) in
            [("", minute, minute), ("911", minute, minute * 30), ("911", minute * 60, minute * 60)]
        {
            let answer = Answer { retry_after: Some(floor), ..reply(503, body) };
            let verdict = judge(Protocol::Dyndns2, None).judge(&answer);
            assert!(
                matches!(verdict.outcome, Outcome::Retry { after, .. } if after == Some(expected))
            );
            assert_eq!(verdict.scope, Scope::Account);
        }
    }

    #[test]
    fn too_many_requests_end_in_a_pause() {
        let seconds = |secs| Some(Duration::from_secs(secs));
        for (floor, expected) in [(None, seconds(300)), (seconds(20), seconds(20))] {
            let answer = Answer { retry_after: floor, ..reply(429, "slow down") };
            let verdict = judge(Protocol::Custom, None).judge(&answer);
            assert!(
                matches!(verdict.outcome, Outcome::Retry { after, .. } if after == expected),
                "{verdict:?}"
            );
            assert_eq!(verdict.scope, Scope::Account);
        }
    }

    #[test]
    fn reasons_quote_the_answer_without_secrets() {
        let verdict = judge(Protocol::Dyndns2, None).judge(&reply(200, "no such user hunter2\n"));
        let Outcome::Retry { reason, .. } = verdict.outcome else { panic!("{verdict:?}") };
        assert_eq!(reason, "the answer is not understood: \"no such user ***\"");
        let mut tagged = judge(Protocol::Dyndns2, None);
        tagged.secrets.push(Secret::new("pa<b>ss"));
        let verdict = tagged.judge(&reply(200, "no pa<b>ss here"));
        assert!(format!("{verdict:?}").contains("no *** here"), "{verdict:?}");
        let verdict = judge(Protocol::Custom, None).judge(&reply(500, "<b>hunter2</b> failed"));
        assert!(format!("{verdict:?}").contains("(HTTP 500): \\\"*** failed\\\""), "{verdict:?}");
    }
}
