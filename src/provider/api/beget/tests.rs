use serde_json::{Value, json};

use crate::provider::testing::{account, change, outcomes, removal};
use crate::text::percent::encode;

const DONE: &str = r#"{"status":"success","answer":{"status":"success","result":true}}"#;

fn ask(action: &str, input: &Value) -> String {
    format!(
        "POST https://api.beget.com/api/dns/{action}
         login=me&passwd=hunter2&input_format=json&output_format=json&input_data={}",
        encode(&input.to_string())
    )
}

fn look(name: &str) -> String {
    ask("getData", &json!({ "fqdn": name }))
}

fn found(records: &Value) -> String {
    json!({"status": "success", "answer": {"status": "success", "result": {"is_under_control": true,
        "is_beget_dns": true, "fqdn": "home.example.com", "set_type": 1, "records": records}}})
    .to_string()
}

#[test]
fn a_change_sends_the_other_records_of_the_name_back() {
    let me = account("beget.com");
    let mx = json!([{"ttl": 300, "exchange": "mx2.beget.com.", "preference": 20}]);
    let there = found(&json!({
        "A": [{"ttl": 300, "address": "192.0.2.1"}, {"ttl": 300, "address": "192.0.2.2"}],
        "MX": mx, "TXT": [{"ttl": 300, "txtdata": "v=spf1"}],
        "DNS": [{"value": "ns1.beget.com"}], "DNS_IP": [{"value": ""}],
    }));
    let mut ours = change("home.example.com", "192.0.2.9");
    ours.previous = Some("192.0.2.2".parse().unwrap());
    let write = ask(
        "changeRecords",
        &json!({"fqdn": "home.example.com", "records": {
            "A": [{"value": "192.0.2.1", "priority": 10, "ttl": 300},
                {"value": "192.0.2.9", "priority": 10, "ttl": 300}],
            "MX": mx, "TXT": [{"ttl": 300, "txtdata": "v=spf1"}]}}),
    );
    let look = look("home.example.com");
    let script = [(&*look, 200, &*there), (&*look, 200, &*there), (&*write, 200, DONE)];
    assert_eq!(outcomes(&me, &[ours], &[], &script), ["updated"]);
    let documented = found(&json!({"A": [{"value": "192.0.2.1", "priority": "0"}]}));
    let same = [change("home.example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me, &same, &[], &[(&look, 200, &documented)]), ["unchanged"]);
}

#[test]
fn addresses_are_added_and_removed() {
    let me = account("beget");
    let none = found(&Value::Null);
    let write = ask(
        "changeRecords",
        &json!({"fqdn": "example.com", "records": {
            "AAAA": [{"value": "2001:db8::9", "priority": 10, "ttl": 600}]}}),
    );
    let apex = look("example.com");
    let script = [(&*apex, 200, &*none), (&*apex, 200, &*none), (&*write, 200, DONE)];
    let new = [change("example.com", "2001:db8::9")];
    assert_eq!(outcomes(&me, &new, &[], &script), ["updated"]);

    let look = look("home.example.com");
    let there =
        found(&json!({"A": [{"ttl": 300, "address": "192.0.2.1"}], "TXT": [{"txtdata": "x"}]}));
    let write = ask(
        "changeRecords",
        &json!({"fqdn": "home.example.com", "records": {"A": [], "TXT": [{"txtdata": "x"}]}}),
    );
    let script = [(&*look, 200, &*there), (&*look, 200, &*there), (&*write, 200, DONE)];
    let ours = [removal("home.example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me, &ours, &[], &script), ["updated"]);
}

#[test]
fn a_name_with_a_cname_record_is_not_written() {
    let there = found(&json!({"CNAME": [{"cname": "example.net."}]}));
    let one = [change("home.example.com", "192.0.2.9")];
    let script = [(&*look("home.example.com"), 200, &*there)];
    let verdicts = outcomes(&account("beget"), &one, &[], &script);
    assert!(verdicts[0].starts_with("no: home.example.com has a CNAME record"), "{verdicts:?}");
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("beget");
    let one = [change("home.example.com", "192.0.2.9")];
    let said =
        |body: &str| outcomes(&me, &one, &[], &[(&look("home.example.com"), 200, body)]).remove(0);
    let wrong = r#"{"status":"error","error_text":"Incorrect login or password","error_code":"AUTH_ERROR"}"#;
    assert!(
        said(wrong).starts_with("all: no: Beget does not accept the credentials: "),
        "{}",
        said(wrong)
    );
    assert!(said(wrong).contains("Incorrect login or password"), "{}", said(wrong));
    let method = |code: &str| {
        json!({"status": "success", "answer": {"status": "error", "errors": [
            {"error_code": code, "error_text": "because"}]}})
        .to_string()
    };
    assert!(said(&method("LIMIT_ERROR")).starts_with("all: again in "));
    assert!(said(&method("METHOD_FAILED")).starts_with("all: again: "));
    let invalid = said(&method("INVALID_DATA"));
    assert!(invalid.starts_with("no: Beget refuses the request: because"), "{invalid}");
    assert!(said("{}").starts_with("again: "));
}
