use crate::provider::testing::{account, change, outcomes};

const ASK: &str = "GET https://www.namesilo.com/api/dnsListRecords?version=1&type=json&key=hunter2\
    &domain=example.com";
const FOUND: &str = r#"{"request":{"operation":"dnsListRecords","ip":"192.0.2.1"},"reply":{
    "code":300,"detail":"success","resource_record":[
    {"record_id":"1a2b3","type":"A","host":"home.example.com","value":"192.0.2.1","ttl":"7200",
     "distance":0},
    {"record_id":"4c5d6","type":"MX","host":"example.com","value":"mx.example.net","ttl":"7207"}]}}"#;
const DONE: &str = r#"{"reply":{"code":"300","detail":"success","record_id":"8a7b6"}}"#;

fn reply(code: u16, detail: &str) -> String {
    format!(r#"{{"reply":{{"code":{code},"detail":"{detail}"}}}}"#)
}

#[test]
fn the_zone_is_found_by_probing() {
    let me = account("namesilo");
    let longer = ASK.replace("=example.com", "=b.example.com");
    let there = FOUND.replace("home.example.com", "a.b.example.com");
    let update = "GET https://www.namesilo.com/api/dnsUpdateRecord?version=1&type=json&key=hunter2\
        &domain=example.com&rrid=1a2b3&rrhost=a.b&rrvalue=192.0.2.9&rrttl=7200";
    let script = [
        (&*longer, 200, &*reply(200, "Domain is not active, or does not belong to this user")),
        (ASK, 200, &there),
        (ASK, 200, &there),
        (update, 200, DONE),
    ];
    assert_eq!(outcomes(&me, &[change("a.b.example.com", "192.0.2.9")], &[], &script), ["updated"]);
    let same = [change("home@example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me, &same, &[], &[(ASK, 200, FOUND)]), ["unchanged"]);
}

#[test]
fn the_host_of_a_record_may_be_relative_or_complete() {
    let me = account("namesilo");
    for (name, complete, host) in
        [("home@example.com", "home.example.com", "home"), ("@example.com", "example.com", "@")]
    {
        let update = format!(
            "GET https://www.namesilo.com/api/dnsUpdateRecord?version=1&type=json&key=hunter2\
             &domain=example.com&rrid=1a2b3&rrhost={host}&rrvalue=192.0.2.9&rrttl=7200"
        );
        for shown in [host, complete] {
            let list = FOUND.replace("\"home.example.com\"", &format!("\"{shown}\""));
            let script = [(ASK, 200, &*list), (&*update, 200, DONE)];
            let change = [change(name, "192.0.2.9")];
            assert_eq!(outcomes(&me, &change, &[], &script), ["updated"], "{shown}");
        }
    }
}

#[test]
fn a_missing_record_is_added() {
    let me = account("namesilo.com-v1");
    // A single record is not in an array.
    let one = r#"{"reply":{"code":300,"resource_record":
        {"record_id":"x","type":"MX","host":"example.com","value":"mx.example.net","ttl":"7207"}}}"#;
    let add = "GET https://www.namesilo.com/api/dnsAddRecord?version=1&type=json&key=hunter2\
        &domain=example.com&rrtype=AAAA&rrhost=@&rrvalue=2001:db8::9&rrttl=3600";
    let new = [change("@example.com", "2001:db8::9")];
    assert_eq!(outcomes(&me, &new, &[], &[(ASK, 200, one), (add, 200, DONE)]), ["updated"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("namesilo");
    let said = |status: u16, body: &str| {
        outcomes(&me, &[change("home@example.com", "192.0.2.9")], &[], &[(ASK, status, body)])
            .remove(0)
    };
    assert!(
        said(200, &reply(110, "Invalid API Key"))
            .starts_with("all: no: NameSilo does not accept the credentials: Invalid API Key")
    );
    assert!(
        said(200, &reply(113, "API account cannot be accessed from your IP"))
            .contains("any address")
    );
    assert!(
        said(200, &reply(200, "Domain is not active"))
            .starts_with("no: NameSilo does not know the zone or the record")
    );
    for (code, detail) in [(201, "Internal error"), (210, "General error")] {
        assert!(said(200, &reply(code, detail)).starts_with("all: again: "));
    }
    assert!(said(200, "<html>").starts_with("again: "));
    assert!(said(200, "{}").starts_with("again: "));
    assert!(said(429, "").starts_with("all: again in "));
    let update = "GET https://www.namesilo.com/api/dnsUpdateRecord?version=1&type=json&key=hunter2\
        &domain=example.com&rrid=1a2b3&rrhost=home&rrvalue=192.0.2.9&rrttl=7200";
    let one = [change("home@example.com", "192.0.2.9")];
    let verdict =
        |no: &str| outcomes(&me, &one, &[], &[(ASK, 200, FOUND), (update, 200, no)]).remove(0);
    let busy = verdict(&reply(280, "DNS modification error"));
    assert!(busy.starts_with("all: again: NameSilo has a problem: DNS modi"), "{busy}");
    let no = verdict(&reply(108, "Missing required parameters"));
    assert!(no.starts_with("no: NameSilo refuses the request: Missing"), "{no}");
}
