use serde_json::{Value, json};

use crate::model::secret::Secret;
use crate::provider::testing::{account, change, outcomes, removal};

const ZONE: &str = "https://api.autodns.com/v1/zone";
const DONE: &str = r#"{"stid":"1","status":{"code":"S0202002","text":"Zone was updated.","type":"SUCCESS"},
    "data":[{"origin":"example.com"}]}"#;

fn search(offset: usize) -> String {
    let body = format!(r#"{{"view":{{"children":true,"limit":100,"offset":{offset}}}}}"#);
    format!("POST {ZONE}/_search\nX-Domainrobot-Context: 4\nBasic me:hunter2\n{body}")
}

fn zones(names: &[String]) -> String {
    let data: Vec<_> = names.iter().map(|name| json!({"origin": name})).collect();
    json!({"stid": "1", "status": {"code": "S0205", "type": "SUCCESS"}, "data": data}).to_string()
}

fn get() -> String {
    format!("GET {ZONE}/example.com")
}

fn stream(body: &Value) -> String {
    format!("POST {ZONE}/example.com/_stream\n{body}")
}

fn found(main: &Value) -> String {
    json!({"stid": "1", "status": {"code": "S0205", "type": "SUCCESS"}, "data": [{
        "origin": "example.com", "main": main, "wwwInclude": true, "resourceRecords": [
            {"name": "home", "type": "A", "value": "192.0.2.1", "ttl": 60},
            {"name": "home", "type": "A", "value": "192.0.2.77", "ttl": 60},
            {"name": "", "type": "AAAA", "value": "2001:db8::1"},
            {"name": "alias", "type": "CNAME", "value": "example.net."}]}]})
    .to_string()
}

#[test]
fn an_address_is_added_before_ours_is_removed() {
    let me = account("autodns.com");
    let mut many: Vec<_> = (0..100).map(|i| format!("example{i}.net")).collect();
    many.push("example.com".into());
    let add =
        stream(&json!({"adds": [{"name": "home", "type": "A", "value": "192.0.2.9", "ttl": 60}]}));
    let remove =
        stream(&json!({"rems": [{"name": "home", "type": "A", "value": "192.0.2.1", "ttl": 60}]}));
    let present = found(&json!({}));
    let script = [
        (&*search(0), 200, &*zones(&many[..100])),
        (&*search(100), 200, &*zones(&many[100..])),
        (&*get(), 200, &*present),
        (&*add, 200, DONE),
        (&*remove, 200, DONE),
    ];
    let mut home = change("home.example.com", "192.0.2.9");
    home.previous = Some("192.0.2.1".parse().unwrap());
    assert_eq!(outcomes(&me, &[home], &[], &script), ["updated"]);
}

#[test]
fn the_main_address_of_a_zone_is_not_written() {
    let me = account("autodns").with(|account| account.param_opt = Secret::new("10"));
    let main = found(&json!({"address": "192.0.2.5"}));
    let get = get() + "\nX-Domainrobot-Context: 10";
    let add = stream(
        &json!({"adds": [{"name": "", "type": "AAAA", "value": "2001:db8::9", "ttl": 300}]}),
    );
    let remove = stream(&json!({"rems": [{"name": "", "type": "AAAA", "value": "2001:db8::1"}]}));
    let script = [(&*get, 200, &*main), (&*add, 200, DONE), (&*remove, 200, DONE)];
    let mut apex = change("@example.com", "2001:db8::9");
    apex.previous = Some("2001:db8::1".parse().unwrap());
    apex.record.ttl = Some(300);
    let changes =
        [change("@example.com", "192.0.2.9"), change("www@example.com", "192.0.2.9"), apex];
    let said = outcomes(&me, &changes, &[], &script);
    assert_eq!(
        said[0],
        "no: example.com has the zone's main address at AutoDNS; remove the main IP address there, or \
         choose another name"
    );
    assert!(said[1].starts_with("no: www.example.com has the zone's main address"), "{said:?}");
    assert_eq!(said[2], "updated");
    // Without a main address these are usual names.
    let add =
        stream(&json!({"adds": [{"name": "www", "type": "A", "value": "192.0.2.9", "ttl": 300}]}));
    let none = found(&json!({}));
    let script = [(&*get, 200, &*none), (&*add, 200, DONE)];
    assert_eq!(outcomes(&me, &changes[1..2], &[], &script), ["updated"]);
}

#[test]
fn our_record_is_removed() {
    let me = account("autodns");
    let present = found(&json!({}));
    let remove =
        stream(&json!({"rems": [{"name": "home", "type": "A", "value": "192.0.2.1", "ttl": 60}]}));
    let script = [(&*get(), 200, &*present), (&*remove, 200, DONE)];
    assert_eq!(
        outcomes(&me, &[removal("home@example.com", "192.0.2.1")], &[], &script),
        ["updated"]
    );
    let others =
        [removal("home@example.com", "192.0.2.5"), removal("new@example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me, &others, &[], &script[..1]), ["unchanged", "unchanged"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("autodns");
    let new = [change("new@example.com", "192.0.2.9")];
    let said =
        |status: u16, body: &str| outcomes(&me, &new, &[], &[(&get(), status, body)]).remove(0);
    let refused = r#"{"stid":"1","messages":[{"text":"Zone gesperrt.","code":"EF02022","status":"ERROR",
        "objects":[{"type":"x","value":"y"}]}],"status":{"code":"E0202","text":"Nein.","type":"ERROR"}}"#;
    assert!(
        said(422, refused)
            .starts_with("no: AutoDNS refuses the request: Zone gesperrt. (HTTP 422)")
    );
    assert!(said(200, refused).starts_with("no: AutoDNS refuses the request: Zone gesperrt."));
    let login =
        r#"{"stid":"1","status":{"code":"EF00014","text":"Wrong password","type":"ERROR"}}"#;
    assert!(
        said(401, login)
            .starts_with("all: no: AutoDNS does not accept the credentials: Wrong password")
    );
    assert!(said(404, "{}").starts_with("no: AutoDNS does not know the zone"));
    assert!(said(429, "").starts_with("all: again in 300 s: AutoDNS limits requests"));
    assert!(said(200, "{}").starts_with("again: AutoDNS sends what is not understood"));
    let alias = [change("alias@example.com", "192.0.2.9")];
    let said = outcomes(&me, &alias, &[], &[(&get(), 200, &found(&json!({})))]).remove(0);
    assert!(said.starts_with("no: alias.example.com is an alias (CNAME) at AutoDNS"), "{said}");
}
