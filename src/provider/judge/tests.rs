//! Answers to every kind of update URL, and how each of them is judged.

use super::*;

const SENT: &str = "192.0.2.1";

fn pattern(text: &str) -> Box<AnswerPattern> {
    AnswerPattern::new(text, SENT.parse().unwrap()).unwrap()
}

fn rules(kind: UrlKind, expected: Option<&str>) -> AnswerRules {
    AnswerRules {
        kind,
        ok: expected.map(pattern),
        same: None,
        no: None,
        advice: None,
        sent: SENT.parse().unwrap(),
        secrets: vec![Secret::new("hunter2")],
    }
}

fn reply(status: u16, body: &str) -> Answer {
    Answer { status, body: body.into(), ..Answer::default() }
}

fn outcome_name(outcome: &Outcome) -> &'static str {
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
fn own_url_answering_with_page_data_or_long_text_is_unconfirmed() {
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
        let verdict = rules(UrlKind::Custom, None).judge(&reply(200, body));
        let Outcome::Unconfirmed { reason } = &verdict.outcome else {
            panic!("{body}: {verdict:?}")
        };
        assert!(reason.starts_with("the answer "), "{reason}");
    }
    for body in ["<html><body>ERROR: no such host</body></html>", "<html><h1>Error</h1></html>"] {
        let verdict = rules(UrlKind::Custom, None).judge(&reply(200, body));
        assert_eq!(outcome_name(&verdict.outcome), "retry", "{body}");
    }
}

#[test]
fn answer_of_other_host_is_unconfirmed() {
    for (status, body) in [(200, "good"), (200, ""), (200, PORTAL), (401, "badauth"), (503, "")] {
        for kind in [UrlKind::Custom, UrlKind::Dyndns2, UrlKind::Definition] {
            let redirected_to = Some("portal.example".into());
            let answer = Answer { redirected_to, ..reply(status, body) };
            let verdict = rules(kind, Some("good")).judge(&answer);
            let Outcome::Unconfirmed { reason } = verdict.outcome else { panic!("{body}") };
            assert!(reason.starts_with("a redirect led to portal.example, "), "{reason}");
        }
    }
}

#[test]
fn long_page_needs_specific_expression() {
    let page = "<html><title>Hotel network</title><p>Success! Please enjoy your stay with us.\n\
         <p>Your address is\n<p>192.0.2.1\n</html>";
    for (expected, outcome) in
        [("success", "unconfirmed"), ("[IP]", "unconfirmed"), ("OK|success", "retry")]
    {
        let verdict = rules(UrlKind::Definition, Some(expected)).judge(&reply(200, page));
        assert_eq!(outcome_name(&verdict.outcome), outcome, "{expected}");
    }
    let specific = rules(UrlKind::Definition, Some("your address is")).judge(&reply(200, page));
    assert_eq!(outcome_name(&specific.outcome), "updated");
}

#[test]
fn own_url_at_known_host_uses_expressions_of_table() {
    let mut rules = rules(UrlKind::CustomAtKnownHost, Some("^updated"));
    rules.same = Some(pattern("not changed"));
    rules.no = Some(pattern("ERROR: unable"));
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
        assert_eq!(outcome_name(&rules.judge(&reply(200, body)).outcome), expected, "{body}");
    }
}

#[test]
fn expression_decides_on_success() {
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
        ("Updated|No change", "<html><title>DDNS</title><p>Updated 1 hostname.</html>", "updated"),
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
        let verdict = rules(UrlKind::Definition, Some(expected)).judge(&reply(200, body));
        assert_eq!(outcome_name(&verdict.outcome), outcome, "{expected} {body}");
    }
}

#[test]
fn expression_of_definition_matches_tags_too() {
    let ok = r"^<body>accept|<result code=.0|[IP]\.2";
    for (body, expected) in [
        (PORTAL, "retry"),
        ("<html>\n<BODY>Accepted</body></html>\r\n", "updated"),
        ("<html><body><result code='0'/></body></html>", "updated"),
        ("<html><body>P.2</body></html>", "updated"),
        ("<html><body>badauth</body></html>", "refused"),
        ("<html><body>Sign in</body></html>", "retry"),
    ] {
        let mut rules = rules(UrlKind::Definition, None);
        rules.ok = Some(AnswerPattern::of_definition(ok).unwrap());
        assert_eq!(outcome_name(&rules.judge(&reply(200, body)).outcome), expected, "{body}");
    }
}

#[test]
fn without_an_expression_the_kind_decides() {
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
        for (kind, expected) in [
            (UrlKind::Dyndns2, dyndns2),
            (UrlKind::Definition, definition),
            (UrlKind::Custom, custom),
        ] {
            let verdict = rules(kind, None).judge(&reply(200, body));
            assert_eq!(outcome_name(&verdict.outcome), expected, "{kind:?} {body}");
        }
    }
}

#[test]
fn own_url_answering_with_failure_text_is_retried() {
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
        let verdict = rules(UrlKind::Custom, None).judge(&reply(200, body));
        let Outcome::Retry { reason, .. } = &verdict.outcome else { panic!("{body}") };
        assert!(reason.contains("failure: \"") && !reason.contains("hunter2"), "{reason}");
        assert_eq!(
            outcome_name(&rules(UrlKind::Custom, Some(".*")).judge(&reply(200, body)).outcome),
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
        let verdict = rules(UrlKind::Custom, None).judge(&reply(200, body));
        assert_eq!(verdict.outcome, Outcome::Updated, "{body}");
    }
}

#[test]
fn attributes_are_shown_if_there_is_no_other_text() {
    let body = "<ERROR CODE=\"799\" TEXT=\"no such name, hunter2\"/>";
    let verdict = rules(UrlKind::Custom, None).judge(&reply(200, body));
    let Outcome::Retry { reason, .. } = &verdict.outcome else { panic!("{verdict:?}") };
    assert!(reason.contains("no such name, ***"), "{reason}");
    let page = "<html><script>x</script></html>";
    let verdict = rules(UrlKind::Custom, None).judge(&reply(200, page));
    let Outcome::Unconfirmed { reason } = &verdict.outcome else { panic!("{verdict:?}") };
    assert!(reason.ends_with(": \"\""), "{reason}");
}

#[test]
fn failure_code_decides_before_status() {
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
            let verdict = rules(UrlKind::Custom, expression).judge(&reply(status, body));
            // An expression is not satisfied by a body that has no line.
            let expected =
                if (status, expression) == (204, Some(".*")) { "retry" } else { expected };
            assert_eq!(outcome_name(&verdict.outcome), expected, "{status} {body} {expression:?}");
        }
    }
}

#[test]
fn status_403_with_page_is_retried() {
    for (body, expected) in [
        ("<html><head><title>403 Forbidden</title></head><h1>Attention</h1></html>", "retry"),
        ("<html><body>badauth</body></html>", "refused"),
        ("<error>denied</error>", "refused"),
    ] {
        let verdict = rules(UrlKind::Dyndns2, None).judge(&reply(403, body));
        assert_eq!(outcome_name(&verdict.outcome), expected, "{body}");
    }
}

#[test]
fn expressions_of_table_tell_success_no_change_and_refusal() {
    let mut rules = rules(UrlKind::Definition, Some("^OK|^HTTP 204|\\([IP]\\)"));
    rules.same = Some(pattern("not changed|^HTTP 200 empty"));
    rules.no = Some(pattern("ERROR|^HTTP 410"));
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
            outcome_name(&rules.judge(&reply(status, body)).outcome),
            outcome,
            "{status} {body}"
        );
    }
}

#[test]
fn retry_after_raises_wait_of_whole_account() {
    let minute = Duration::from_secs(60);
    for (body, floor, expected) in
        [("", minute, minute), ("911", minute, minute * 30), ("911", minute * 60, minute * 60)]
    {
        let answer = Answer { retry_after: Some(floor), ..reply(503, body) };
        let verdict = rules(UrlKind::Dyndns2, None).judge(&answer);
        assert!(matches!(verdict.outcome, Outcome::Retry { after, .. } if after == Some(expected)));
        assert_eq!(verdict.scope, Scope::Account);
    }
}

#[test]
fn status_429_pauses_account() {
    let floor = Duration::from_secs(20);
    for (retry_after, expected) in [(None, WAIT_AFTER_429), (Some(floor), floor)] {
        let answer = Answer { retry_after, ..reply(429, "slow down") };
        let verdict = rules(UrlKind::Custom, None).judge(&answer);
        assert!(
            matches!(verdict.outcome, Outcome::Retry { after, .. } if after == Some(expected)),
            "{verdict:?}"
        );
        assert_eq!(verdict.scope, Scope::Account);
    }
}

#[test]
fn reasons_quote_answer_without_secrets() {
    let verdict = rules(UrlKind::Dyndns2, None).judge(&reply(200, "no such user hunter2\n"));
    let Outcome::Retry { reason, .. } = verdict.outcome else { panic!("{verdict:?}") };
    assert_eq!(reason, "the answer is not understood: \"no such user ***\"");
    let mut tagged = rules(UrlKind::Dyndns2, None);
    tagged.secrets.push(Secret::new("pa<b>ss"));
    let verdict = tagged.judge(&reply(200, "no pa<b>ss here"));
    assert!(format!("{verdict:?}").contains("no *** here"), "{verdict:?}");
    let verdict = rules(UrlKind::Custom, None).judge(&reply(500, "<b>hunter2</b> failed"));
    assert!(format!("{verdict:?}").contains("(HTTP 500): \\\"*** failed\\\""), "{verdict:?}");
}
