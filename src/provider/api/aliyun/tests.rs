use crate::model::Url;
use crate::model::secret::Secret;
use crate::provider::sign::add_signature;
use crate::provider::testing::{
    account, change, job, outcome_text as verdict, play, removal, request_text, verdicts_of,
};
use crate::provider::{Answer, Change, Job, Request};

const ZONES: &str = r#"{"RequestId":"x","TotalCount":2,"PageNumber":1,"Domains":{"Domain":[
    {"DomainName":"example.com","DomainId":"a"},{"DomainName":"example.net"}]}}"#;
const DONE: &str = r#"{"RequestId":"x","RecordId":"9999985"}"#;

fn found(records: &str) -> String {
    format!(r#"{{"RequestId":"x","TotalCount":1,"DomainRecords":{{"Record":[{records}]}}}}"#)
}

fn record(id: &str, address: &str) -> String {
    format!(
        r#"{{"RR":"home","Status":"ENABLE","Value":"{address}","RecordId":"{id}","Type":"A",
            "DomainName":"example.com","Locked":false,"Line":"telecom","TTL":600}}"#
    )
}

fn error(code: &str, message: &str) -> String {
    format!(
        r#"{{"RequestId":"x","HostId":"alidns.aliyuncs.com","Code":"{code}","Message":"{message}"}}"#
    )
}

/// Plays a script. Its requests have only the parameters that differ from request to request.
fn outcomes_of(changes: &[Change], script: &[(&str, u16, &str)]) -> Vec<String> {
    let mut nonces = Vec::new();
    let mut script = script.iter();
    let verdicts = verdicts_of(&account("aliyun.com"), &job(changes.to_vec()), |request| {
        let (expected, status, body) = script.next().expect("one request too many");
        let sent = request_text(request);
        let query = sent.strip_prefix("GET https://alidns.aliyuncs.com/?").unwrap();
        let common = [
            "AccessKeyId",
            "Format",
            "SignatureMethod",
            "SignatureVersion",
            "Timestamp",
            "Version",
        ];
        let (mut own, mut seen) = (Vec::new(), 0);
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap();
            match name {
                "SignatureNonce" => nonces.push(value.to_owned()),
                "Signature" => assert!(value.len() > 20 && query.ends_with(pair)),
                _ if common.contains(&name) => seen += 1,
                _ => own.push(pair),
            }
        }
        assert_eq!(seen, common.len());
        assert_eq!(own.join("&"), *expected);
        assert!(!request.shown.contains("Signature"));
        Ok(Answer { status: *status, body: (*body).into(), ..Answer::default() })
    });
    assert_eq!(script.next(), None, "a request did not come");
    let count = nonces.len();
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), count, "a nonce was used twice");
    verdicts.iter().map(verdict).collect()
}

const ASK: &str = "Action=DescribeSubDomainRecords&DomainName=example.com&PageNumber=1&PageSize=100\
    &SubDomain=home.example.com&Type=A";

#[test]
fn an_internationalised_zone_is_named_as_the_provider_lists_it() {
    let zones = ZONES.replace("example.net", "例子.cn");
    let ask = ASK
        .replace("SubDomain=home.example.com", "SubDomain=home.%E4%BE%8B%E5%AD%90.cn")
        .replace("example.com", "%E4%BE%8B%E5%AD%90.cn");
    let there = found(&record("9999985", "192.0.2.1"));
    let script =
        [("Action=DescribeDomains&PageNumber=1&PageSize=100", 200, &*zones), (&*ask, 200, &*there)];
    let one = [change("home.xn--fsqu00a.cn", "192.0.2.1")];
    assert_eq!(outcomes_of(&one, &script), ["unchanged"]);
}

/// The example of Alibaba's documentation.
#[test]
fn a_signature_is_that_of_alibabas_documentation() {
    let parameters = [
        ("AccessKeyId", "testid"),
        ("Action", "DescribeRegions"),
        ("Format", "XML"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"),
        ("SignatureVersion", "1.0"),
        ("Timestamp", "2016-02-23T12:46:24Z"),
        ("Version", "2014-05-26"),
    ];
    let url = Url::https("ecs.aliyuncs.com/?");
    let mut request = Request::get(url, String::new(), Vec::new());
    add_signature(&mut request, &Secret::new("testsecret"), &parameters);
    let target = request.url.target();
    assert!(target.ends_with("&Signature=OLeaidS1JvxuMvnyHOwuJ%2BuX5qY%3D"), "{target}");
}

#[test]
fn an_update_keeps_the_other_properties_of_a_record() {
    let there = found(&record("9999985", "192.0.2.1"));
    let update = "Action=UpdateDomainRecord&Line=telecom&RR=home&RecordId=9999985&TTL=600&Type=A\
        &Value=192.0.2.9";
    let zones = "Action=DescribeDomains&PageNumber=1&PageSize=100";
    let script = [(zones, 200, ZONES), (ASK, 200, &there), (update, 200, DONE)];
    assert_eq!(outcomes_of(&[change("home.example.com", "192.0.2.9")], &script), ["updated"]);
    let same = [change("home@example.com", "192.0.2.1")];
    assert_eq!(outcomes_of(&same, &[(ASK, 200, &there)]), ["unchanged"]);
    // The record already has the address.
    let no = error("DomainRecordDuplicate", "The DNS record already exists.");
    let script = [(ASK, 200, &*there), (update, 400, &no)];
    assert_eq!(outcomes_of(&[change("home@example.com", "192.0.2.9")], &script), ["updated"]);
}

#[test]
fn a_missing_record_is_added() {
    let mut new = change("*@example.com", "2001:db8::9");
    new.record.ttl = Some(600);
    let ask = "Action=DescribeSubDomainRecords&DomainName=example.com&PageNumber=1&PageSize=100\
        &SubDomain=%2A.example.com&Type=AAAA";
    let add = "Action=AddDomainRecord&DomainName=example.com&RR=%2A&TTL=600&Type=AAAA\
        &Value=2001%3Adb8%3A%3A9";
    assert_eq!(outcomes_of(&[new], &[(ask, 200, &found("")), (add, 200, DONE)]), ["updated"]);
}

#[test]
fn of_several_records_only_ours_is_replaced() {
    let several = found(&[record("1", "192.0.2.1"), record("2", "192.0.2.2")].join(","));
    let mut ours = change("home@example.com", "192.0.2.9");
    ours.previous = Some("192.0.2.2".parse().unwrap());
    let update = "Action=UpdateDomainRecord&Line=telecom&RR=home&RecordId=2&TTL=600&Type=A\
        &Value=192.0.2.9";
    let script = [(ASK, 200, &*several), (update, 200, DONE)];
    assert_eq!(outcomes_of(&[ours.clone()], &script), ["updated"]);
    ours.previous = None;
    assert!(outcomes_of(&[ours], &[(ASK, 200, &several)])[0].contains("has 2 A records"));
}

#[test]
fn provider_errors_map_to_verdicts() {
    let said = |status: u16, body: &str| {
        outcomes_of(&[change("home@example.com", "192.0.2.9")], &[(ASK, status, body)]).remove(0)
    };
    for code in ["InvalidAccessKeyId.NotFound", "SignatureDoesNotMatch"] {
        let text = said(404, &error(code, "Specified access key is not found."));
        assert!(
            text.starts_with("all: no: Alibaba Cloud DNS does not accept the credentials: Spec")
        );
    }
    assert!(said(403, &error("Forbidden.RAM", "x")).contains("AliyunDNSFullAccess"));
    assert!(
        said(400, &error("InvalidDomainName.NoExist", "The domain name does not exist."))
            .starts_with("no: Alibaba Cloud DNS does not know the zone or the record: The domain")
    );
    assert!(
        said(400, &error("Throttling.User", "Request was denied")).starts_with("all: again in ")
    );
    assert!(said(503, &error("ServiceUnavailable", "x")).starts_with("all: again: "));
    assert!(said(200, "<html>").starts_with("again: "));
    assert!(said(200, "{}").starts_with("again: "));
}

#[test]
fn without_a_set_clock_no_request_is_made() {
    let one = || job(vec![change("home@example.com", "192.0.2.9")]);
    let me = account("aliyun");
    let (verdicts, _) = play(&me, Job { wall: None, ..one() }, &[]);
    assert_eq!(
        verdict(&verdicts[0]),
        "all: again: requests are signed with the time, and the clock is not set yet"
    );
    let no = error("InvalidTimeStamp.Expired", "Specified time stamp is expired.");
    let (verdicts, _) = play(&me, one(), &[("", 400, &no)]);
    assert!(matches!(
        verdicts[0].outcome,
        crate::provider::Outcome::Retry { kind: crate::provider::FailureKind::ClockBehind, .. }
    ));
}

#[test]
fn only_our_record_is_removed() {
    let there = found(&[record("1", "192.0.2.1"), record("2", "192.0.2.2")].join(","));
    let ours = [removal("home@example.com", "192.0.2.2")];
    let done = r#"{"RequestId":"x","RecordId":"2"}"#;
    let script = [(ASK, 200, &*there), ("Action=DeleteDomainRecord&RecordId=2", 200, done)];
    assert_eq!(outcomes_of(&ours, &script), ["updated"]);
    let other = found(&record("1", "192.0.2.1"));
    assert_eq!(outcomes_of(&ours, &[(ASK, 200, &other)]), ["unchanged"]);
}
