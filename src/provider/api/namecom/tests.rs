use crate::provider::testing::{account, change, outcomes, removal};

const PLACE: &str = "https://api.name.com/core/v1/domains";
const FOUND: &str = r#"{"records":[
    {"id":7,"domainName":"example.com","host":"home","fqdn":"home.example.com.","type":"A",
     "answer":"192.0.2.1","ttl":600},
    {"id":8,"domainName":"example.com","fqdn":"example.com.","type":"AAAA","answer":"2001:db8::1","ttl":300},
    {"id":9,"domainName":"example.com","fqdn":"example.com.","type":"MX","answer":"mail.example.com","ttl":300,
     "priority":10}],"totalCount":3,"from":1,"to":3}"#;

fn list() -> String {
    format!("GET {PLACE}/example.com/records?perPage=1000&page=1")
}

fn record(id: u8, host: &str, kind: &str, answer: &str) -> String {
    let dot = if host.is_empty() { "" } else { "." };
    format!(
        r#"{{"id":{id},"host":"{host}","fqdn":"{host}{dot}example.com.","type":"{kind}","answer":"{answer}","ttl":300}}"#
    )
}

#[test]
fn a_record_is_read_before_it_is_written_as_a_whole() {
    let me = account("name.com");
    let zones = format!("GET {PLACE}?perPage=100&page=1\nBasic me:hunter2");
    let all = r#"{"domains":[{"domainName":"example.com"}],"totalCount":1,"from":1,"to":1}"#;
    let put = format!(
        "PUT {PLACE}/example.com/records/7\n{}",
        r#"{"answer":"192.0.2.9","host":"home","ttl":600,"type":"A"}"#
    );
    let post = format!(
        "POST {PLACE}/example.com/records\n{}",
        r#"{"answer":"2001:db8::9","host":"*","ttl":300,"type":"AAAA"}"#
    );
    let script = [
        (&*zones, 200, all),
        (&*list(), 200, FOUND),
        (&*put, 200, &*record(7, "home", "A", "192.0.2.9")),
        (&*post, 200, &*record(10, "*", "AAAA", "2001:db8::9")),
    ];
    let changes = [
        change("home.example.com", "192.0.2.9"),
        change("example.com", "2001:db8::1"),
        change("*.example.com", "2001:db8::9"),
    ];
    assert_eq!(outcomes(&me, &changes, &[], &script), ["updated", "unchanged", "updated"]);
}

#[test]
fn the_zone_itself_is_a_host_without_a_name_and_only_our_record_is_removed() {
    let me = account("namecom");
    let post = format!(
        "POST {PLACE}/example.com/records\n{}",
        r#"{"answer":"192.0.2.9","host":"","ttl":300,"type":"A"}"#
    );
    let script = [(&*list(), 200, FOUND), (&*post, 200, &*record(11, "", "A", "192.0.2.9"))];
    let apex = [change("@example.com", "192.0.2.9")];
    assert_eq!(outcomes(&me, &apex, &[], &script), ["updated"]);
    let delete = format!("DELETE {PLACE}/example.com/records/7");
    let script = [(&*list(), 200, FOUND), (&*delete, 204, "")];
    let gone = [removal("home@example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me, &gone, &[], &script), ["updated"]);
    let other = [removal("home@example.com", "192.0.2.77")];
    assert_eq!(outcomes(&me, &other, &[], &script[..1]), ["unchanged"]);
}

#[test]
fn all_pages_of_a_list_are_read() {
    let page = |number: u8, last: &str, body: &str| {
        (
            format!("GET {PLACE}/example.com/records?perPage=1000&page={number}"),
            format!(r#"{{"records":[{body}],"totalCount":2,"from":1,"to":1{last}}}"#),
        )
    };
    let (first, one) = page(1, r#","nextPage":2,"lastPage":2"#, &record(1, "a", "A", "192.0.2.1"));
    let (second, two) = page(2, "", &record(2, "home", "A", "192.0.2.9"));
    let home = [change("home@example.com", "192.0.2.9")];
    let script = [(&*first, 200, &*one), (&*second, 200, &*two)];
    assert_eq!(outcomes(&account("namecom"), &home, &[], &script), ["unchanged"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let home = [change("new@example.com", "192.0.2.9")];
    let said = |status: u16, body: &str| {
        outcomes(&account("namecom"), &home, &[], &[(&list(), status, body)]).remove(0)
    };
    assert_eq!(
        said(401, r#"{"message":"Unauthorized"}"#),
        "all: no: Name.com does not accept the credentials: Unauthorized (HTTP 401); 'username' must hold \
         the user name of the account, and 'password' must hold an API token"
    );
    // The header of the request, from "me:hunter2".
    let echo = said(403, r#"{"message":"Basic bWU6aHVudGVyMg== is not allowed"}"#);
    assert!(echo.contains("the request: Basic *** is not allowed (HTTP 403)"), "{echo}");
    assert!(
        said(403, r#"{"message":"Permission Denied"}"#).starts_with("no: Name.com does not allow")
    );
    assert!(
        said(404, r#"{"message":"Not Found"}"#).starts_with("no: Name.com does not know the zone")
    );
    assert!(
        said(429, r#"{"message":"Too many"}"#).starts_with("all: again in 300 s: Name.com limits")
    );
    assert!(said(200, "{}").starts_with("again: Name.com sends what is not understood"));
    assert!(said(500, "").starts_with("all: again: "));
    let post = format!("POST {PLACE}/example.com/records");
    let script = [(&*list(), 200, FOUND), (&*post, 200, "{}")];
    let verdicts = outcomes(&account("namecom"), &home, &[], &script);
    assert!(
        verdicts[0].starts_with("again: Name.com sends what is not understood"),
        "{verdicts:?}"
    );
}
