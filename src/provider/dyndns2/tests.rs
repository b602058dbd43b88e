//! Answers with and without codes, and what each of them means.

use proptest::prelude::*;

use super::*;

use crate::time::Duration;

const V4: &str = "192.0.2.1";
const V6: &str = "2001:db8::1";

fn outcome_of(body: &str, sent: &str) -> String {
    match classify(body, sent.parse().unwrap()) {
        None => "none".into(),
        Some(Outcome::Updated) => "updated".into(),
        Some(Outcome::Unchanged) => "unchanged".into(),
        Some(Outcome::Retry { after, .. }) => {
            format!("retry {}", after.map_or(0, |wait: Duration| wait.as_secs()))
        }
        Some(Outcome::Refused { advice, .. }) => {
            assert!(!advice.is_empty());
            "refused".into()
        }
        Some(other) => format!("{other:?}"),
    }
}

#[test]
fn every_code_has_its_outcome() {
    for (codes, expected) in [
        ("good GOOD Good:", "updated"),
        ("nochg", "unchanged"),
        ("badauth !donator notfqdn nohost !yours !active numhost numip abuse", "refused"),
        ("badagent badsys badrequest badparam badop badip noaccess", "refused"),
        ("dnserr 911", "retry 1800"),
        ("servererror fatal interror", "retry 0"),
        ("interval", "retry 300"),
        ("TOOSOON TOO_FREQ", "retry 600"),
        ("w60s w60", "retry 60"),
        ("w10m", "retry 600"),
        ("w1h", "retry 3600"),
        ("w99h w99999999999999999999h", "retry 86400"),
        ("w1d wh w", "none"),
        ("goodness -good ok 0 1", "none"),
        ("good! \"good\" [good] 'good'", "updated"),
        ("nochg! nochg. [nochg]", "unchanged"),
        ("badauth! \"badauth\" badauth, !yours!", "refused"),
        ("911! dnserr!", "retry 1800"),
        ("good-bye good.example.com good@example.com good/bad goodé nochg-x", "none"),
    ] {
        for code in codes.split(' ') {
            assert_eq!(outcome_of(code, V4), expected, "{code}");
        }
    }
}

#[test]
fn code_is_found_in_quotes_pages_and_json() {
    for (body, expected) in [
        ("\u{feff}good 192.0.2.1\r\n", "updated"),
        ("  nochg\t192.0.2.1", "unchanged"),
        ("<html><body><b>good</b> 192.0.2.1</body></html>", "updated"),
        ("<html><title>Update</title><body>badauth</body></html>", "refused"),
        ("<html><title>Hotel</title><body><h1>Good</h1></body></html>", "none"),
        ("badauth: wrong password", "refused"),
        ("nochg 192.0.2.1 home.example.com", "unchanged"),
        ("Thank you\ngood 192.0.2.1", "updated"),
        ("wait 10m", "retry 600"),
        ("wait 10 m", "retry 600"),
        ("wait 10 minutes", "retry 600"),
        ("WAIT 1 Minute.", "retry 60"),
        ("wait 2 h", "retry 7200"),
        ("wait 30 s", "retry 30"),
        ("wait 30 secs", "retry 30"),
        ("wait 30 times", "none"),
        ("wait 30 5", "none"),
        ("wait 30", "retry 30"),
        ("wait for it", "none"),
        ("good [192.0.2.1]", "updated"),
        ("good - updated", "updated"),
        ("good updated", "updated"),
        ("good, thank you", "updated"),
        ("good \"192.0.2.1\"", "updated"),
        ("good 192.0.2.1/32", "updated"),
        ("good:192.0.2.1", "updated"),
        ("good ip=192.0.2.1", "updated"),
        ("good ip:192.0.2.1.", "updated"),
        ("good home.example.com 192.0.2.1", "updated"),
        ("nochg (ip: 192.0.2.1)", "unchanged"),
        ("{\"code\":\"good\",\"ip\":\"192.0.2.1\"}", "updated"),
        ("[{\"status\": \"nochg 192.0.2.1\"}]", "unchanged"),
        ("{\"code\":\"badauth\"}", "refused"),
        ("{\"result\":{\"status\":\"nohost\"}}", "refused"),
        ("{\"code\":\"good\",\"error\":\"no such host\"}", "none"),
        ("{\"hostname\":\"good\"}", "none"),
        ("error: badauth", "refused"),
        ("result=nohost", "refused"),
        ("status dnserr", "retry 1800"),
        ("nohost.example.com updated", "none"),
        ("not good", "none"),
        ("good - but the update failed", "none"),
        ("good 192.0.2.1\nERROR: no AAAA", "none"),
        ("Good evening! Your address is 192.0.2.1", "none"),
        ("good.example.com updated", "none"),
        ("good morning", "none"),
        ("911 calls", "none"),
        ("abuse is reported to abuse@example.com", "none"),
        ("result: good", "none"),
        ("", "none"),
    ] {
        assert_eq!(outcome_of(body, V4), expected, "{body}");
    }
}

#[test]
fn echoed_address_must_be_the_sent_one() {
    for (body, sent, expected) in [
        ("good 192.0.2.1", V4, "updated"),
        ("good 192.0.2.2", V4, "retry 0"),
        ("good [192.0.2.2]", V4, "retry 0"),
        ("good 192.0.2.2/32", V4, "retry 0"),
        ("good - stored \"192.0.2.2\"", V4, "retry 0"),
        ("{\"code\":\"good\",\"ip\":\"192.0.2.2\"}", V4, "retry 0"),
        ("good [2001:db8::2]", V6, "retry 0"),
        ("good 2001:db8::/64", "2001:db8::", "updated"),
        ("nochg 192.0.2.2", V4, "retry 0"),
        ("good 192.0.2.2, 192.0.2.1", V4, "updated"),
        ("good 2001:DB8:0::1", V6, "updated"),
        ("good 2001:db8::2", V6, "retry 0"),
        ("good 2001:db8::2", V4, "updated"),
        ("good 127.0.0.1", V4, "refused"),
        ("good 127.0.0.1", V6, "refused"),
        ("good 127.0.0.1", "127.0.0.1", "updated"),
        ("nochg 127.0.0.1", V4, "retry 0"),
    ] {
        assert_eq!(outcome_of(body, sent), expected, "{body}");
    }
}

#[test]
fn worst_line_about_the_family_counts() {
    for (body, sent, expected) in [
        ("good 192.0.2.1\nnochg 2001:db8::1", V4, "updated"),
        ("good 192.0.2.1\nnochg 2001:db8::1", V6, "unchanged"),
        ("good 192.0.2.9\nnochg 2001:db8::1", V6, "unchanged"),
        ("nochg 192.0.2.1\r\nnohost", V4, "refused"),
        ("nochg\n911", V4, "retry 1800"),
        ("nochg\ngood", V4, "updated"),
    ] {
        assert_eq!(outcome_of(body, sent), expected, "{body}");
    }
}

#[test]
fn scope_is_account_or_record() {
    let sent = V4.parse().unwrap();
    for body in ["badauth", "badagent", "abuse", "!donator", "good 127.0.0.1", "911", "wait 1m"] {
        assert_eq!(verdict(body, sent).unwrap().scope, Scope::Account, "{body}");
    }
    for body in ["good", "nohost", "!yours", "notfqdn", "interval", "fatal"] {
        assert_eq!(verdict(body, sent).unwrap().scope, Scope::Record, "{body}");
    }
}

proptest! {
    #[test]
    fn classifying_never_panics(body in "(?s)(good|nochg|w|wait|911|<b>|<|>|\n|.){0,30}") {
        classify(&body, V4.parse().unwrap());
    }
}
