use crate::provider::sign::hmac_sha256;
use crate::provider::testing::{account, change, outcomes, removal};
use crate::text::base64;

const PATH: &str = "/restful/v2/domains";
const DONE: &str = r#"{"code":200,"message":"Success"}"#;
const FOUND: &str = r#"{"code":200,"message":"Success","data":{"glue_info":{"glue_type":"dns","ttl":"300",
    "dns_main_list":[{"record_type":"aaaa","record_value1":"2001:db8::1"},
        {"record_type":"mx","record_value1":"mail.example.com","record_value2":"10"}],
    "dns_sub_list":[{"sub_host":"home","record_type":"a","record_value1":"192.0.2.1"},
        {"sub_host":"home","record_type":"A","record_value1":"192.0.2.77"},
        {"sub_host":"www","record_type":"cname","record_value1":"example.net"}]}}}"#;

/// A request, and the signature over it.
fn signed(method: &str, target: &str, body: &str) -> String {
    let target = format!("{PATH}{target}");
    let signature = hmac_sha256(b"hunter2", &format!("me\n{target}\n\n{body}"));
    let signature = base64::encode(&signature);
    format!(
        "{method} https://api.dynadot.com{target}
         Authorization: Bearer me
         X-Signature: {signature}
         {body}"
    )
}

fn list() -> String {
    signed("GET", "/example.com/records", "")
}

fn add(lists: &str) -> String {
    let body = format!(r#"{{"add_dns_to_current_setting":true,{lists}}}"#);
    signed("POST", "/example.com/records", &body)
}

/// The example of <https://github.com/go-acme/lego>, which has been tried.
#[test]
fn the_signature_has_no_request_id() {
    let me = account("dynadot").with(|account| {
        account.username = "key".into();
        account.password = crate::model::secret::Secret::new("secret");
    });
    let list = "X-Signature: bmpyYo9wpBlZBrcjmZOGrHdp1nQcsesmr8fxibvpefA=";
    let home = [removal("home@example.com", "192.0.2.9")];
    assert_eq!(outcomes(&me, &home, &[], &[(list, 200, FOUND)]), ["unchanged"]);
}

#[test]
fn an_address_is_added_before_ours_is_removed() {
    let me = account("dynadot");
    let zones = signed("GET", "?page=1&page_size=100", "");
    let listed = r#"{"code":200,"data":{"domain_info_list":[{"domain_name":"example.com"}]}}"#;
    let new = add(
        r#""dns_sub_list":[{"record_type":"a","record_value1":"192.0.2.9","sub_host":"home"}]"#,
    );
    let old = signed(
        "DELETE",
        "/example.com/records",
        r#"{"dns_sub_list":[{"record_type":"a","record_value1":"192.0.2.1","sub_host":"home"}]}"#,
    );
    let script =
        [(&*zones, 200, listed), (&*list(), 200, FOUND), (&*new, 200, DONE), (&*old, 200, DONE)];
    let mut home = change("home.example.com", "192.0.2.9");
    home.previous = Some("192.0.2.1".parse().unwrap());
    assert_eq!(outcomes(&me, &[home], &[], &script), ["updated"]);
}

#[test]
fn the_zones_own_name_is_in_another_list() {
    let me = account("dynadot");
    let new = add(r#""dns_main_list":[{"record_type":"a","record_value1":"192.0.2.9"}]"#);
    let old = signed(
        "DELETE",
        "/example.com/records",
        r#"{"dns_main_list":[{"record_type":"aaaa","record_value1":"2001:db8::1"}]}"#,
    );
    let changes = [change("@example.com", "192.0.2.9"), removal("@example.com", "2001:db8::1")];
    let script = [(&*list(), 200, FOUND), (&*new, 200, DONE), (&*old, 200, DONE)];
    assert_eq!(outcomes(&me, &changes, &[], &script), ["updated", "updated"]);
    let same = [change("@example.com", "2001:db8::1"), change("www@example.com", "192.0.2.9")];
    let said = outcomes(&me, &same, &[], &script[..1]);
    assert_eq!(said[0], "unchanged");
    assert!(said[1].starts_with("no: www.example.com is an alias (CNAME) at Dynadot"), "{said:?}");
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("dynadot");
    let new = [change("new@example.com", "192.0.2.9")];
    let said =
        |status: u16, body: &str| outcomes(&me, &new, &[], &[(&list(), status, body)]).remove(0);
    for status in [200, 401] {
        let body =
            r#"{"code":401,"message":"Unauthorized","error":{"description":"Invalid API key"}}"#;
        assert!(said(status, body).starts_with("all: no: Dynadot does not accept the credentials"));
    }
    let body = r#"{"code":400,"message":"Bad Request","error":{"description":"X-Signature"}}"#;
    assert!(said(200, body).starts_with("no: Dynadot refuses the request: "));
    let elsewhere = r#"{"code":200,"message":"Success","data":{"glue_info":{"glue_type":"name_servers",
        "name_servers":["ns1.example.net"]}}}"#;
    assert!(said(200, elsewhere).starts_with("no: example.com has no records at Dynadot"));
    assert!(
        said(200, r#"{"code":429}"#).starts_with("all: again in 300 s: Dynadot limits requests")
    );
    assert!(said(200, r#"{"code":503}"#).starts_with("all: again: Dynadot has a problem"));
    assert!(said(200, "{}").starts_with("again: Dynadot sends what is not understood"));
}
