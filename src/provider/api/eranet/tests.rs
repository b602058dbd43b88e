use crate::provider::testing::{
    account, change, job, outcome_text, removal, request_text, verdicts_of,
};
use crate::provider::{Answer, Change, Job};

const ASK: &str = "DescribeRecordIndex?Domain=example.com&Host=home&Type=A";
const FOUND: &str = r#"{"RequestId":"x","Data":[{"id":7,"Domain":"example.com","Host":"home","Type":"A",
    "Value":"192.0.2.1","State":1},{"id":8,"Domain":"example.com","Host":"home","Type":"A",
    "Value":"192.0.2.2","State":1}]}"#;
const DONE: &str = r#"{"RequestId":"x","Id":7}"#;

/// Plays a script at the provider `name`. Its requests have only the parameters that the signature does
/// not add.
fn outcomes_at(name: &str, base: &str, one: Change, script: &[(&str, u16, &str)]) -> Vec<String> {
    let mut script = script.iter();
    let verdicts = verdicts_of(&account(name), &job(vec![one]), |request| {
        let (expected, status, body) = script.next().expect("one request too many");
        let sent = request_text(request);
        let sent = sent.strip_prefix("GET ").and_then(|sent| sent.strip_prefix(base)).unwrap();
        let (action, query) = sent.split_once('?').unwrap();
        let common = ["AccessInstanceID=me", "Signature", "Timestamp="];
        let is_own = |pair: &&str| !common.iter().any(|name| pair.starts_with(name));
        let own: Vec<&str> = query.split('&').filter(is_own).collect();
        assert_eq!(query.split('&').count() - own.len(), 5);
        assert_eq!(format!("{action}?{}", own.join("&")), *expected);
        Ok(Answer { status: *status, body: (*body).into(), ..Answer::default() })
    });
    assert_eq!(script.next(), None, "a request did not come");
    verdicts.iter().map(outcome_text).collect()
}

fn outcomes_of(one: Change, script: &[(&str, u16, &str)]) -> Vec<String> {
    outcomes_at("eranet", "https://www.eranet.com/api/Dns/", one, script)
}

#[test]
fn records_are_changed_added_and_removed() {
    let mut ours = change("home.example.com", "192.0.2.9");
    ours.previous = Some("192.0.2.2".parse().unwrap());
    let update =
        "UpdateDomainRecord?Domain=example.com&Host=home&Id=8&Ttl=600&Type=A&Value=192.0.2.9";
    let script = [(ASK, 200, FOUND), (update, 200, DONE)];
    for (name, base) in [
        ("eranet", "https://www.eranet.com/api/Dns/"),
        ("nowcn", "https://api.now.cn/api/Dns/"),
        ("tnet", "https://www.tnet.hk/api/Dns/"),
    ] {
        assert_eq!(outcomes_at(name, base, ours.clone(), &script), ["updated"]);
    }
    let ask = "DescribeRecordIndex?Domain=example.com&Host=%40&Type=AAAA";
    let add =
        "AddDomainRecord?Domain=example.com&Host=%40&Ttl=600&Type=AAAA&Value=2001%3Adb8%3A%3A9";
    let script = [(ask, 200, r#"{"RequestId":"x","Data":null}"#), (add, 200, DONE)];
    assert_eq!(outcomes_of(change("@example.com", "2001:db8::9"), &script), ["updated"]);
    let script = [(ASK, 200, FOUND), ("DeleteDomainRecord?Id=7", 200, DONE)];
    assert_eq!(outcomes_of(removal("home.example.com", "192.0.2.1"), &script), ["updated"]);
}

#[test]
fn a_zone_that_was_assumed_for_another_name_does_not_count() {
    let mut sent = String::new();
    let learned = [("zone example.com".to_owned(), "example.com".to_owned())];
    let one = job(vec![change("a.sub.example.com", "192.0.2.9")]);
    let later = Job { learned: learned.into_iter().collect(), ..one };
    verdicts_of(&account("eranet"), &later, |request| {
        sent += &request_text(request);
        Ok(Answer { status: 500, ..Answer::default() })
    });
    assert!(sent.contains("Domain=sub.example.com&Host=a&"), "{sent}");
}

#[test]
fn provider_errors_map_to_verdicts() {
    let said = |status: u16, body: &str| {
        let one = change("home@example.com", "192.0.2.9");
        outcomes_of(one, &[(ASK, status, body)]).remove(0)
    };
    assert!(
        said(200, r#"{"error":"Signature is wrong"}"#)
            .starts_with("all: no: Eranet does not accept the credentials: Signature is wrong")
    );
    assert!(
        said(200, r#"{"error":"no domain"}"#).starts_with("no: Eranet refuses the request: no")
    );
    assert!(said(404, "").starts_with("no: Eranet does not know"));
    assert!(said(429, "").starts_with("all: again in "));
    assert!(said(500, "").starts_with("all: again: "));
    assert!(said(200, "{}").starts_with("again: "));
}
