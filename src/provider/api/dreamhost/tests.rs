use crate::provider::testing::{account, change, outcomes, removal};

const LIST: &str = "GET https://api.dreamhost.com/?key=hunter2&format=json&cmd=dns-list_records";

fn record(zone: &str, name: &str, kind: &str, value: &str, editable: &str) -> String {
    format!(
        r#"{{"account_id":"1","zone":"{zone}","record":"{name}","type":"{kind}","value":"{value}",
            "comment":"","editable":"{editable}"}}"#
    )
}

fn list(records: &[String]) -> String {
    format!(r#"{{"result":"success","data":[{}]}}"#, records.join(","))
}

fn home(address: &str) -> String {
    record("example.com", "home.example.com", "A", address, "1")
}

fn other() -> [String; 2] {
    [
        record("example.com", "example.com", "NS", "ns1.dreamhost.com.", "0"),
        record("example.net", "example.net", "A", "192.0.2.1", "0"),
    ]
}

fn ask(command: &str, address: &str) -> String {
    let kind = if address.contains(':') { "AAAA" } else { "A" };
    format!(
        "GET https://api.dreamhost.com/?key=hunter2&format=json&cmd=dns-{command}_record\
         &record=home.example.com&type={kind}&value={address}"
    )
}

const ADDED: &str = r#"{"result":"success","data":"record_added"}"#;
const REMOVED: &str = r#"{"result":"success","data":"record_removed"}"#;

#[test]
fn the_new_address_is_added_before_the_old_one_is_removed() {
    let me = account("dreamhost");
    let [ns, net] = other();
    let there = list(&[ns, net, home("192.0.2.1")]);
    let (add, remove) = (ask("add", "192.0.2.9"), ask("remove", "192.0.2.1"));
    let script =
        [(LIST, 200, &*there), (LIST, 200, &there), (&add, 200, ADDED), (&remove, 200, REMOVED)];
    let new = [change("home.example.com", "192.0.2.9")];
    assert_eq!(outcomes(&me, &new, &[], &script), ["updated"]);
    let learned = [("zone example.com", "example.com")];
    assert_eq!(outcomes(&me, &new, &learned, &script[1..]), ["updated"]);
    let same = [change("home.example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me, &same, &learned, &[(LIST, 200, &there)]), ["unchanged"]);
    // The answer to an earlier removal was lost.
    let both = list(&[home("192.0.2.1"), home("192.0.2.9")]);
    let mut again = new[0].clone();
    again.previous = "192.0.2.1".parse().ok();
    let script = [(LIST, 200, &*both), (&*remove, 200, REMOVED)];
    assert_eq!(outcomes(&me, &[again], &learned, &script), ["updated"]);
}

#[test]
fn a_missing_record_is_added_and_ours_is_removed() {
    let me = account("dreamhost.com");
    let learned = [("zone example.com", "example.com")];
    let [ns, net] = other();
    let none = list(&[ns, net]);
    let new = [change("home.example.com", "2001:db8::9")];
    let script = [(LIST, 200, &*none), (&*ask("add", "2001:db8::9"), 200, ADDED)];
    assert_eq!(outcomes(&me, &new, &learned, &script), ["updated"]);
    let gone = [removal("home.example.com", "192.0.2.1")];
    let two = list(&[home("192.0.2.1"), home("192.0.2.7")]);
    let script = [(LIST, 200, &*two), (&*ask("remove", "192.0.2.1"), 200, REMOVED)];
    assert_eq!(outcomes(&me, &gone, &learned, &script), ["updated"]);
    assert_eq!(outcomes(&me, &gone, &learned, &[(LIST, 200, &none)]), ["unchanged"]);
    // The change was made before, and the list does not show it yet.
    let done = r#"{"result":"error","data":"no_such_record"}"#;
    let script = [(LIST, 200, &*two), (&*ask("remove", "192.0.2.1"), 200, done)];
    assert_eq!(outcomes(&me, &gone, &learned, &script), ["updated"]);
    let done = r#"{"result":"error","data":"record_already_exists_remove_first"}"#;
    let script = [(LIST, 200, &*none), (&*ask("add", "2001:db8::9"), 200, done)];
    assert_eq!(outcomes(&me, &new, &learned, &script), ["updated"]);
    // The list spells the same address differently.
    let long = record("example.com", "home.example.com", "AAAA", "2001:0DB8:0:0::9", "1");
    let old = record("example.com", "home.example.com", "AAAA", "2001:db8::1", "1");
    let mut again = new[0].clone();
    again.previous = "2001:db8::1".parse().ok();
    let both = list(&[long, old]);
    let script = [(LIST, 200, &*both), (&*ask("remove", "2001:db8::1"), 200, REMOVED)];
    assert_eq!(outcomes(&me, &[again], &learned, &script), ["updated"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("dreamhost");
    let new = [change("home@example.com", "192.0.2.9")];
    let own = list(&[record("example.com", "home.example.com", "A", "192.0.2.1", "0")]);
    assert_eq!(
        outcomes(&me, &new, &[], &[(LIST, 200, &own)]),
        [
            "no: home.example.com is a record of DreamHost's own; make it a simple record, or choose \
          another name"
        ]
    );
    let said = |data: &str| {
        let body = format!(r#"{{"result":"error","data":"{data}"}}"#);
        outcomes(&me, &new, &[], &[(LIST, 200, &body)]).remove(0)
    };
    for key in ["invalid_api_key", "this_key_cannot_access_this_cmd"] {
        let text = said(key);
        assert!(text.starts_with("all: no: DreamHost does not accept the credentials"), "{text}");
        assert!(text.contains("all dns- commands"), "{text}");
    }
    let text = said("slow_down_bucko\\t50 per hour");
    assert!(
        text.starts_with("all: again in 3600 s: DreamHost limits requests: slow_down"),
        "{text}"
    );
    assert!(said("internal_error_could_not_load_zone").starts_with("all: again: DreamHost has"));
    let add = ask("add", "192.0.2.9");
    let refused = |data: &str| {
        let body = format!(r#"{{"result":"error","data":"{data}"}}"#);
        outcomes(&me, &new, &[], &[(LIST, 200, &list(&[])), (&add, 200, &body)]).remove(0)
    };
    assert!(refused("no_such_zone").starts_with("no: DreamHost does not know the zone"));
    let text = refused("CNAME_already_on_record");
    assert!(
        text.starts_with("no: DreamHost refuses the request: CNAME_already_on_record"),
        "{text}"
    );
    let text = outcomes(&me, &new, &[], &[(LIST, 200, "<html>")]).remove(0);
    assert!(text.starts_with("again: DreamHost sends a web page"), "{text}");
}
