use crate::provider::Outcome;
use crate::provider::testing::{account, apply, change, job, outcomes, play};

const ASK: &str = "GET https://api.servercow.de/dns/v1/domains/example.com
    X-Auth-Username: me
    X-Auth-Password: hunter2";
const FOUND: &str = r#"[{"type":"A","name":"home","ttl":120,"content":"192.0.2.1"},
    {"type":"MX","name":"","ttl":3600,"content":["10 mx.example.net"]},
    {"type":"A","name":"two","ttl":60,"content":["192.0.2.1","192.0.2.2"]}]"#;
const OK: &str = r#"{"message":"ok"}"#;

fn post(body: &str) -> String {
    format!("POST https://api.servercow.de/dns/v1/domains/example.com\n{body}")
}

#[test]
fn a_zone_is_learned() {
    let me = account("servercow.de");
    let write = post(r#"{"content":"192.0.2.9","name":"home","ttl":120,"type":"A"}"#);
    let script = [(ASK, 200, FOUND), (ASK, 200, FOUND), (&*write, 200, OK)];
    let home = change("home.example.com", "192.0.2.9");
    let (verdicts, learned) = play(&me, job(vec![home.clone()]), &script);
    assert_eq!(verdicts, [Outcome::Updated.into()]);
    let mut next = job(vec![home]);
    next.learned = apply(learned);
    assert_eq!(play(&me, next, &script[1..]).0, [Outcome::Updated.into()]);
    let same = [change("home@example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me, &same, &[], &[(ASK, 200, FOUND)]), ["unchanged"]);
}

#[test]
fn missing_records_are_added_and_of_several_only_ours_is_replaced() {
    let me = account("servercow");
    let mut changes =
        [change("@example.com", "2001:db8::9"), change("two@example.com", "192.0.2.9")];
    changes[0].record.ttl = Some(60);
    changes[1].previous = Some("192.0.2.2".parse().unwrap());
    let first = post(r#"{"content":"2001:db8::9","name":"","ttl":60,"type":"AAAA"}"#);
    let second = post(r#"{"content":["192.0.2.1","192.0.2.9"],"name":"two","ttl":60,"type":"A"}"#);
    let script = [(ASK, 200, FOUND), (&*first, 200, OK), (&*second, 200, OK)];
    assert_eq!(outcomes(&me, &changes, &[], &script), ["updated", "updated"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("servercow");
    let said = |status: u16, body: &str| {
        outcomes(&me, &[change("home@example.com", "192.0.2.9")], &[], &[(ASK, status, body)])
            .remove(0)
    };
    assert!(
        said(401, r#"{"error":"unauthorized"}"#)
            .starts_with("all: no: Servercow does not accept the credentials: unauthorized")
    );
    let nobody = r#"{"error":"no such domain in user context"}"#;
    assert!(
        said(400, nobody)
            .starts_with("no: Servercow does not know the zone or the record: no such domain")
    );
    assert!(
        said(200, nobody)
            .starts_with("no: Servercow does not know the zone or the record: no such domain")
    );
    assert!(said(200, "{}").starts_with("again: "));
    assert!(said(500, "").starts_with("all: again: "));
    let write = post(r#"{"content":"192.0.2.9","name":"home","ttl":120,"type":"A"}"#);
    let one = [change("home@example.com", "192.0.2.9")];
    for (answer, expected) in [
        (r#"{"error":"invalid ttl"}"#, "no: Servercow refuses the request: invalid ttl"),
        (
            r#"{"message":"maybe"}"#,
            "again: Servercow took the request, but has not changed the record: maybe",
        ),
    ] {
        let verdicts = outcomes(&me, &one, &[], &[(ASK, 200, FOUND), (&*write, 200, answer)]);
        assert!(verdicts[0].starts_with(expected), "{verdicts:?}");
    }
    let other = [change("home.example.org", "192.0.2.9")];
    let ask = |zone: &str| format!("GET https://api.servercow.de/dns/v1/domains/{zone}");
    let script = [(&*ask("example.org"), 400, nobody), (&*ask("home.example.org"), 400, nobody)];
    let verdicts = outcomes(&me, &other, &[], &script);
    assert!(
        verdicts[0].starts_with("no: Servercow has no zone for home.example.org"),
        "{verdicts:?}"
    );
}
