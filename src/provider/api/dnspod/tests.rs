use serde_json::{Value, json};

use crate::provider::testing::{account, change, job, outcome_text as verdict, outcomes, play};
use crate::provider::{FailureKind, Job, Outcome};

const DONE: &str = r#"{"Response":{"RecordId":162,"RequestId":"x"}}"#;
const NONE: &str = r#"{"Response":{"Error":{"Code":"ResourceNotFound.NoDataOfRecord",
    "Message":"no records"},"RequestId":"x"}}"#;

fn ask(action: &str, body: &str) -> String {
    format!("POST https://dnspod.tencentcloudapi.com/\nX-TC-Action: {action}\n{body}")
}

fn find(host: &str, kind: &str) -> String {
    let body =
        json!({"Domain": "example.com", "Subdomain": host, "RecordType": kind, "Limit": 100});
    ask("DescribeRecordList", &body.to_string())
}

fn record(id: u64, value: &str) -> Value {
    json!({"RecordId": id, "Value": value, "Status": "ENABLE", "Name": "home", "Line": "电信",
        "LineId": "10=0", "Type": "A", "TTL": 600})
}

fn found(records: &[Value]) -> String {
    json!({"Response": {"RecordList": records, "RequestId": "x"}}).to_string()
}

fn error(code: &str, message: &str) -> String {
    json!({"Response": {"Error": {"Code": code, "Message": message}, "RequestId": "x"}}).to_string()
}

#[test]
fn a_request_has_the_signature_of_the_reference_implementation() {
    let mut me = account("dnspod.cn-v3");
    me.account.username = "AKIDEXAMPLE".into();
    let mut one = job(vec![change("home.example.com", "192.0.2.1")]);
    one.wall = Some(1_551_113_065);
    // The signature of Tencent's library for Python.
    let zones = "POST https://dnspod.tencentcloudapi.com/
        Content-Type: application/json
        X-TC-Action: DescribeDomainList
        X-TC-Version: 2021-03-23
        X-TC-Timestamp: 1551113065
        Authorization: TC3-HMAC-SHA256 Credential=AKIDEXAMPLE/2019-02-25/dnspod/tc3_request, \
        SignedHeaders=content-type;host, \
        Signature=e634c7c7f54c444bc1cf7becc694eff2294e825b5bae92d1593e822ebb971a56
        {\"Limit\":500,\"Offset\":0}";
    let list =
        r#"{"Response":{"DomainList":[{"DomainId":1,"Name":"example.com"}],"RequestId":"x"}}"#;
    let there = found(&[record(162, "192.0.2.1")]);
    let script = [(zones, 200, list), (&*find("home", "A"), 200, &*there)];
    let (verdicts, _) = play(&me, one, &script);
    assert_eq!(verdicts, [Outcome::Unchanged.into()]);
}

#[test]
fn an_update_keeps_the_other_properties_of_a_record() {
    let me = account("dnspod");
    let there = found(&[record(162, "192.0.2.1"), record(163, "192.0.2.2")]);
    let modify = ask(
        "ModifyRecord",
        r#"{"Domain":"example.com","RecordId":163,"RecordLine":"电信","RecordType":"A","SubDomain":"home","TTL":600,"Value":"192.0.2.9"}"#,
    );
    let mut ours = change("home@example.com", "192.0.2.9");
    ours.previous = Some("192.0.2.2".parse().unwrap());
    let script = [(&*find("home", "A"), 200, &*there), (&*modify, 200, DONE)];
    assert_eq!(outcomes(&me, &[ours.clone()], &[], &script), ["updated"]);
    ours.previous = None;
    let verdicts = outcomes(&me, &[ours], &[], &[(&find("home", "A"), 200, &there)]);
    assert!(verdicts[0].contains("has 2 A records"), "{verdicts:?}");
}

#[test]
fn a_missing_record_is_added() {
    let me = account("dnspod");
    let create = ask(
        "CreateRecord",
        r#"{"Domain":"example.com","RecordLine":"默认","RecordType":"AAAA","SubDomain":"@","TTL":600,"Value":"2001:db8::9"}"#,
    );
    let new = [change("@example.com", "2001:db8::9")];
    let script = [(&*find("@", "AAAA"), 200, NONE), (&*create, 200, DONE)];
    assert_eq!(outcomes(&me, &new, &[], &script), ["updated"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("dnspod");
    let said = |status: u16, body: &str| {
        let one = [change("home@example.com", "192.0.2.9")];
        outcomes(&me, &one, &[], &[(&find("home", "A"), status, body)]).remove(0)
    };
    let wrong = said(200, &error("AuthFailure.SecretIdNotFound", "The SecretId is not found."));
    assert!(wrong.starts_with("all: no: DNSPod does not accept the credentials: The SecretId"));
    let denied = said(200, &error("AuthFailure.UnauthorizedOperation", "You are not authorized."));
    assert!(denied.contains("QcloudDNSPodFullAccess"), "{denied}");
    let missing = said(200, &error("InvalidParameterValue.DomainNotExists", "No such domain."));
    assert!(
        missing.starts_with("no: DNSPod does not know the zone or the record: No such domain."),
        "{missing}"
    );
    assert!(said(200, &error("RequestLimitExceeded", "x")).starts_with("all: again in "));
    assert!(said(200, &error("FailedOperation.FrequencyLimit", "x")).starts_with("all: again in "));
    for code in ["InternalError", "FailedOperation", "FailedOperation.UnknowError"] {
        assert!(said(200, &error(code, "x")).starts_with("all: again: "), "{code}");
    }
    let blocked = said(200, &error("LimitExceeded.FailedLoginLimitExceeded", "x"));
    assert!(blocked.starts_with("all: no: DNSPod does not accept the credentials"), "{blocked}");
    let ttl = said(200, &error("LimitExceeded.RecordTtlLimit", "TTL is below 600."));
    assert!(ttl.starts_with("no: DNSPod refuses the request: TTL is below 600."), "{ttl}");
    assert!(said(200, "<html>").starts_with("again: "));
    assert!(said(200, r#"{"Response":{}}"#).starts_with("again: "));
    // An answer to a change must show a record.
    let one = [change("home@example.com", "192.0.2.9")];
    let script = [(&*find("home", "A"), 200, NONE), ("", 200, NONE)];
    assert!(outcomes(&me, &one, &[], &script)[0].starts_with("again: "));
}

#[test]
fn an_internationalised_zone_is_named_as_the_provider_lists_it() {
    let list = r#"{"Response":{"DomainList":[{"DomainId":1,"Name":"例子.cn"}],"RequestId":"x"}}"#;
    let there = found(&[record(162, "192.0.2.1")]);
    let find = find("home", "A").replace("example.com", "例子.cn");
    let script = [("", 200, list), (&*find, 200, &*there)];
    let one = [change("home.xn--fsqu00a.cn", "192.0.2.1")];
    assert_eq!(outcomes(&account("dnspod"), &one, &[], &script), ["unchanged"]);
}

#[test]
fn all_pages_of_a_list_are_read() {
    let list = |from: usize, to: usize| {
        let zones: Vec<_> = (from..to).map(|i| json!({"Name": format!("z{i}.example")})).collect();
        json!({"Response": {"DomainList": zones, "RequestId": "x"}}).to_string()
    };
    let page =
        |from: usize| ask("DescribeDomainList", &format!(r#"{{"Limit":500,"Offset":{from}}}"#));
    let there = found(&[record(162, "192.0.2.1")]);
    let find = find("home", "A").replace("example.com", "z501.example");
    let script = [
        (&*page(0), 200, &*list(0, 500)),
        (&*page(500), 200, &*list(500, 502)),
        (&*find, 200, &*there),
    ];
    let one = [change("home.z501.example", "192.0.2.1")];
    assert_eq!(outcomes(&account("dnspod"), &one, &[], &script), ["unchanged"]);
}

#[test]
fn without_a_set_clock_no_request_is_made() {
    let me = account("dnspod");
    let one = || job(vec![change("home@example.com", "192.0.2.9")]);
    let (verdicts, _) = play(&me, Job { wall: None, ..one() }, &[]);
    assert!(verdict(&verdicts[0]).contains("the clock is not set yet"), "{verdicts:?}");
    let no = error("AuthFailure.SignatureExpire", "The signature has expired.");
    let (verdicts, _) = play(&me, one(), &[("", 200, &no)]);
    let behind = Outcome::Retry {
        reason: "DNSPod finds the clock wrong: The signature has expired.".into(),
        after: None,
        kind: FailureKind::ClockBehind,
    };
    assert_eq!(verdicts[0].outcome, behind);
}
