use serde_json::{Value, json};

use crate::provider::testing::{
    account, change, job, outcome_text, removal, request_text, verdicts_of,
};
use crate::provider::{Answer, Change};

const ASK: &str = "GET Action=ListRecords&PageSize=100&RecordMatchType=exact\
                   &RecordName=home.example.com&SiteId=123&Type=A%2FAAAA";
const DONE: &str = r#"{"RequestId":"x","RecordId":5}"#;

fn found(addresses: &str) -> String {
    json!({"RequestId": "x", "TotalCount": 1, "Records": [{"RecordId": 5, "Ttl": 30,
        "RecordName": "home.example.com", "RecordType": "A/AAAA", "Proxied": true, "BizName": "web",
        "Data": {"Value": addresses}}]})
    .to_string()
}

fn data(addresses: &str) -> String {
    json!({ "Value": addresses }).to_string()
}

/// The options name the zone.
fn known(mut one: Change) -> Change {
    one.record.zone_id = Some("123".into());
    one
}

/// Plays a script. Its requests have only the parameters that the signature does not add.
fn outcomes_of(changes: &[Change], script: &[(&str, u16, &str)]) -> Vec<String> {
    let mut script = script.iter();
    let verdicts = verdicts_of(&account("aliesa"), &job(changes.to_vec()), |request| {
        let (expected, status, body) = script.next().expect("one request too many");
        let sent = request_text(request);
        let (method, query) = sent.split_once(" https://esa.cn-hangzhou.aliyuncs.com/?").unwrap();
        assert!(query.contains("&Version=2024-09-10") && query.contains("&Signature="));
        let common = ["AccessKeyId=", "Format=", "Signature", "Timestamp=", "Version="];
        let is_own = |pair: &&str| !common.iter().any(|name| pair.starts_with(name));
        let own: Vec<&str> = query.split('&').filter(is_own).collect();
        assert_eq!(format!("{method} {}", own.join("&")), *expected);
        Ok(Answer { status: *status, body: (*body).into(), ..Answer::default() })
    });
    assert_eq!(script.next(), None, "a request did not come");
    verdicts.iter().map(outcome_text).collect()
}

fn write(action: &str, more: &str, value: &Value) -> String {
    let value = crate::text::percent::encode_upper(value.as_str().unwrap());
    format!("POST Action={action}&BizName=web&Data={value}&Proxied=true{more}")
}

#[test]
fn the_addresses_of_the_other_family_and_of_others_stay() {
    let there = found("192.0.2.1,192.0.2.2,2001:db8::1");
    let mut ours = known(change("home.example.com", "192.0.2.9"));
    ours.previous = Some("192.0.2.2".parse().unwrap());
    let update = write(
        "UpdateRecord",
        "&RecordId=5&Ttl=30&Type=A%2FAAAA",
        &data("192.0.2.1,192.0.2.9,2001:db8::1").into(),
    );
    let script = [(ASK, 200, &*there), (ASK, 200, &*there), (&*update, 200, DONE)];
    assert_eq!(outcomes_of(&[ours], &script), ["updated"]);
    let same = known(change("home.example.com", "2001:db8::1"));
    assert_eq!(outcomes_of(&[same], &script[..1]), ["unchanged"]);
    let ours = known(removal("home.example.com", "2001:db8::1"));
    let update = write(
        "UpdateRecord",
        "&RecordId=5&Ttl=30&Type=A%2FAAAA",
        &data("192.0.2.1,192.0.2.2").into(),
    );
    let script = [(ASK, 200, &*there), (ASK, 200, &*there), (&*update, 200, DONE)];
    assert_eq!(outcomes_of(&[ours], &script), ["updated"]);
}

#[test]
fn a_missing_record_is_added_and_the_last_address_removes_it() {
    let sites = "GET Action=ListSites&PageNumber=1&PageSize=100";
    let list = r#"{"RequestId":"x","Sites":[{"SiteId":123,"SiteName":"example.com"}]}"#;
    let none = r#"{"RequestId":"x","TotalCount":0,"Records":[]}"#;
    let create = format!(
        "POST Action=CreateRecord&Data={}&RecordName=home.example.com&SiteId=123&Ttl=300\
         &Type=A%2FAAAA",
        crate::text::percent::encode_upper(&data("192.0.2.9"))
    );
    let script = [(sites, 200, list), (ASK, 200, none), (ASK, 200, none), (&*create, 200, DONE)];
    assert_eq!(outcomes_of(&[change("home.example.com", "192.0.2.9")], &script), ["updated"]);
    let there = found("192.0.2.1");
    let script = [
        (ASK, 200, &*there),
        (ASK, 200, &*there),
        ("POST Action=DeleteRecord&RecordId=5", 200, DONE),
    ];
    let ours = known(removal("home.example.com", "192.0.2.1"));
    assert_eq!(outcomes_of(&[ours], &script), ["updated"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let said = |status: u16, code: &str| {
        let body = json!({"RequestId": "x", "Code": code, "Message": "because"}).to_string();
        let one = known(change("home.example.com", "192.0.2.9"));
        outcomes_of(&[one], &[(ASK, status, &body)]).remove(0)
    };
    assert!(
        said(404, "InvalidAccessKeyId.NotFound")
            .starts_with("all: no: Alibaba Cloud ESA does not accept the credentials: because")
    );
    assert!(said(403, "Forbidden.RAM").starts_with("no: Alibaba Cloud ESA does not allow"));
    assert!(said(400, "Throttling.User").starts_with("all: again in "));
    assert!(said(400, "SiteNotFound").starts_with("no: Alibaba Cloud ESA "));
    let one = known(change("home.example.com", "192.0.2.9"));
    assert!(outcomes_of(&[one], &[(ASK, 200, "{}")])[0].starts_with("again: "));
}
