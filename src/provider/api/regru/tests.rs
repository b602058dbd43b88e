use serde_json::{Value, json};

use crate::provider::testing::{account, change, outcomes, removal};

const DONE: &str =
    r#"{"answer":{"domains":[{"dname":"example.com","result":"success"}]},"result":"success"}"#;

fn post(path: &str, zone: &str, more: &str) -> String {
    format!(
        "POST https://api.reg.ru/api/regru2/zone/{path}
         Content-Type: application/x-www-form-urlencoded
         username=me&password=hunter2&output_format=json&domain_name={zone}{more}"
    )
}

fn list(zone: &str) -> String {
    post("get_resource_records", zone, "")
}

fn of_domain(domain: &Value) -> String {
    json!({"answer": {"domains": [domain]}, "charset": "utf-8", "result": "success"}).to_string()
}

fn present() -> String {
    let record = |host: &str, kind: &str, content: &str| json!({"subname": host, "rectype": kind, "content": content, "prio": 0, "state": "A"});
    of_domain(&json!({"dname": "example.com", "result": "success", "rrs": [
        record("home", "A", "192.0.2.1"),
        record("home", "A", "192.0.2.77"),
        record("@", "AAAA", "2001:db8::1"),
        record("www", "CNAME", "example.com.")]}))
}

fn failure(code: &str) -> String {
    of_domain(&json!({"dname": "example.com", "result": "error", "error_code": code,
        "error_text": "sorry"}))
}

#[test]
fn an_address_is_added_before_ours_is_removed() {
    let me = account("reg.ru");
    let add = post("add_alias", "example.com", "&subdomain=home&ipaddr=192.0.2.9");
    let remove =
        post("remove_record", "example.com", "&subdomain=home&record_type=A&content=192.0.2.1");
    let add6 = post("add_aaaa", "example.com", "&subdomain=%40&ipaddr=2001%3adb8%3a%3a9");
    let remove6 = post(
        "remove_record",
        "example.com",
        "&subdomain=%40&record_type=AAAA&content=2001%3adb8%3a%3a1",
    );
    let script = [
        (&*list("example.com"), 200, &*present()),
        (&*list("example.com"), 200, &*present()),
        (&*add, 200, DONE),
        (&*remove, 200, DONE),
        (&*add6, 200, DONE),
        (&*remove6, 200, DONE),
    ];
    let mut home = change("home.example.com", "192.0.2.9");
    home.previous = Some("192.0.2.1".parse().unwrap());
    let changes =
        [home, change("example.com", "2001:db8::9"), change("www.example.com", "192.0.2.9")];
    let said = outcomes(&me, &changes, &[], &script);
    assert_eq!(said[..2], ["updated", "updated"]);
    assert!(said[2].starts_with("no: www.example.com is an alias (CNAME) at REG.RU"), "{said:?}");
}

#[test]
fn the_zone_of_a_name_is_looked_for() {
    let me = account("regru");
    let add = post("add_alias", "example.com", "&subdomain=a.b&ipaddr=192.0.2.9");
    let script = [
        (&*list("b.example.com"), 200, &*failure("DOMAIN_NOT_FOUND")),
        (&*list("example.com"), 200, &*present()),
        (&*list("example.com"), 200, &*present()),
        (&*add, 200, DONE),
    ];
    let new = [change("a.b.example.com", "192.0.2.9")];
    assert_eq!(outcomes(&me, &new, &[], &script), ["updated"]);
}

#[test]
fn our_record_is_removed() {
    let me = account("regru");
    let remove =
        post("remove_record", "example.com", "&subdomain=home&record_type=A&content=192.0.2.1");
    let script = [(&*list("example.com"), 200, &*present()), (&*remove, 200, DONE)];
    let ours = [removal("home@example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me, &ours, &[], &script), ["updated"]);
    let others = [removal("home@example.com", "192.0.2.5")];
    assert_eq!(outcomes(&me, &others, &[], &script[..1]), ["unchanged"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("regru");
    let new = [change("new@example.com", "192.0.2.9")];
    let list = list("example.com");
    let said = |body: &str| outcomes(&me, &new, &[], &[(&list, 200, body)]).remove(0);
    let error = |code: &str| {
        json!({"result": "error", "error_code": code, "error_text": "sorry", "charset": "utf-8"})
            .to_string()
    };
    for code in ["NO_AUTH", "PASSWORD_AUTH_FAILED", "NO_USERNAME"] {
        assert!(
            said(&error(code))
                .starts_with("all: no: REG.RU does not accept the credentials: sorry (HTTP 200)")
        );
    }
    let address = said(&error("ACCESS_DENIED_FROM_IP"));
    assert!(
        address.ends_with("allow the API for any address (0.0.0.0/0), in its settings at REG.RU")
    );
    assert!(
        said(&error("IP_EXCEEDED_ALLOWED_CONNECTION_RATE")).starts_with("all: again in 300 s: ")
    );
    assert!(
        said(&failure("DOMAIN_NOT_FOUND"))
            .starts_with("no: REG.RU does not know the zone or the record: sorry")
    );
    assert!(said(&failure("NO_DOMAIN")).starts_with("no: REG.RU refuses the request: sorry"));
    assert!(said("{}").starts_with("again: REG.RU sends what is not understood"));
}
