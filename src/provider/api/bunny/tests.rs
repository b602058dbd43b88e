use crate::provider::testing::{account, change, first_request, job, outcomes, removal};

const PLACE: &str = "https://api.bunny.net/dnszone";
const LIST: &str = "GET https://api.bunny.net/dnszone/5\nAccessKey: hunter2";
const FOUND: &str = r#"{"Id":5,"Domain":"example.com","Records":[
    {"Id":11,"Type":0,"Ttl":600,"Value":"192.0.2.1","Name":"home","Weight":100},
    {"Id":12,"Type":1,"Ttl":300,"Value":"2001:db8::1","Name":""},
    {"Id":13,"Type":3,"Ttl":300,"Value":"v=spf1 -all","Name":""}]}"#;

#[test]
fn records_are_changed_by_their_ids_and_added() {
    let me = account("bunny");
    let zones = format!("GET {PLACE}?perPage=10&page=1");
    let all = r#"{"Items":[{"Id":4,"Domain":"example.net"},{"Id":5,"Domain":"example.com"}],"HasMoreItems":false}"#;
    let post = format!(
        "POST {PLACE}/5/records/11\n{}",
        r#"{"Id":11,"Name":"home","Ttl":600,"Type":0,"Value":"192.0.2.9"}"#
    );
    let put = format!(
        "PUT {PLACE}/5/records\n{}",
        r#"{"Name":"*","Ttl":300,"Type":1,"Value":"2001:db8::9"}"#
    );
    let script = [
        (&*zones, 200, all),
        (LIST, 200, FOUND),
        (&*post, 204, ""),
        (&*put, 201, r#"{"Id":14,"Type":1,"Name":"*","Value":"2001:db8::9"}"#),
    ];
    let changes = [
        change("home.example.com", "192.0.2.9"),
        change("example.com", "2001:db8::1"),
        change("*.example.com", "2001:db8::9"),
    ];
    assert_eq!(outcomes(&me, &changes, &[], &script), ["updated", "unchanged", "updated"]);
}

#[test]
fn only_our_record_is_removed() {
    let me = account("bunny.net");
    let learned = [("zone example.com", "5")];
    let delete = format!("DELETE {PLACE}/5/records/11");
    let gone = [removal("home.example.com", "192.0.2.1")];
    let script = [(LIST, 200, FOUND), (&*delete, 204, "")];
    assert_eq!(outcomes(&me, &gone, &learned, &script), ["updated"]);
    let other = [removal("home.example.com", "192.0.2.77")];
    assert_eq!(outcomes(&me, &other, &learned, &script[..1]), ["unchanged"]);
}

#[test]
fn lists_may_be_requested_again() {
    let request =
        first_request(&account("bunny"), &job(vec![change("a.example.com", "192.0.2.1")]));
    assert!(request.unwrap().idempotent);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("bunny");
    let mut new = [change("new@example.com", "192.0.2.9")];
    new[0].record.zone_id = Some("5".into());
    let said =
        |status: u16, body: &str| outcomes(&me, &new, &[], &[(LIST, status, body)]).remove(0);
    assert!(
        said(401, r#"{"ErrorKey":"unauthorized","Message":"The request authorization failed"}"#)
            .starts_with("all: no: bunny.net does not accept the credentials: The request")
    );
    assert!(said(403, "{}").starts_with("no: bunny.net does not allow the request"));
    assert!(said(429, "Retry-After: 90\n{}").starts_with("all: again in 90 s: bunny.net limits"));
    assert!(said(200, "{}").starts_with("again: bunny.net sends what is not understood"));
    assert!(said(500, "").starts_with("all: again: "));
    let put = format!("PUT {PLACE}/5/records");
    let no = r#"{"ErrorKey":"validation_error","Field":"Value","Message":"Invalid IP"}"#;
    let script = [(LIST, 200, FOUND), (&*put, 400, no)];
    let refused = outcomes(&me, &new, &[], &script);
    assert!(refused[0].starts_with("no: bunny.net refuses the request: Invalid IP"), "{refused:?}");
}
