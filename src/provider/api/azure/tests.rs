use crate::model::secret::Secret;
use crate::provider::Provider;
use crate::provider::testing::{account, change, outcomes, removal};

const LOGIN: &str = "POST https://login.microsoftonline.com/t/oauth2/v2.0/token
    grant_type=client_credentials&scope=https%3a%2f%2fmanagement.azure.com%2f.default&client_id=me\
    &client_secret=hunter2";
const TOKEN: &str = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"t0k3n"}"#;
const GRANTED: (&str, u16, &str) = (LOGIN, 200, TOKEN);
const BASE: &str = "https://management.azure.com/subscriptions/s/resourceGroups/g/providers/\
                    Microsoft.Network/dnsZones";
const NONE: &str =
    r#"{"error":{"code":"NotFound","message":"The resource record does not exist."}}"#;

fn me() -> Provider {
    account("azure").with(|account| {
        account.param_enc = Secret::new("tenant=t subscription=s group=g");
    })
}

fn set(method: &str, place: &str) -> String {
    format!(
        "{method} {BASE}/example.com/{place}?api-version=2018-05-01\nAuthorization: Bearer t0k3n"
    )
}

#[test]
fn of_several_addresses_only_ours_is_replaced() {
    let zones = format!("GET {BASE}?api-version=2018-05-01");
    let list = r#"{"value":[{"id":"x","name":"example.com","type":"Microsoft.Network/dnszones"}]}"#;
    let there = r#"{"id":"x","name":"home","type":"Microsoft.Network/dnszones/A","properties":
        {"TTL":60,"ARecords":[{"ipv4Address":"192.0.2.1"},{"ipv4Address":"192.0.2.2"}]}}"#;
    let write = set("PATCH", "A/home")
        + "\n"
        + r#"{"properties":{"ARecords":[{"ipv4Address":"192.0.2.1"},{"ipv4Address":"192.0.2.9"}],"TTL":60}}"#;
    let done = there.replace("192.0.2.2", "192.0.2.9");
    let mut ours = change("home.example.com", "192.0.2.9");
    ours.previous = Some("192.0.2.2".parse().unwrap());
    let script = [
        GRANTED,
        (&*zones, 200, list),
        (&*set("GET", "A/home"), 200, there),
        (&*write, 200, &*done),
    ];
    assert_eq!(outcomes(&me(), &[ours], &[], &script), ["updated"]);
    let same = [change("home@example.com", "192.0.2.1")];
    let one = there.replace(r#",{"ipv4Address":"192.0.2.2"}"#, "");
    let script = [GRANTED, (&*set("GET", "A/home"), 200, &*one)];
    assert_eq!(outcomes(&me(), &same, &[], &script), ["unchanged"]);
}

#[test]
fn a_missing_set_is_added_and_one_with_only_our_address_is_deleted() {
    for (name, host) in [("@example.com", "@"), ("*@example.com", "*")] {
        let place = format!("AAAA/{host}");
        let body = r#"{"properties":{"AAAARecords":[{"ipv6Address":"2001:db8::9"}],"TTL":300}}"#;
        let write = set("PUT", &place) + "\n" + body;
        let script = [GRANTED, (&*set("GET", &place), 404, NONE), (&*write, 201, body)];
        assert_eq!(outcomes(&me(), &[change(name, "2001:db8::9")], &[], &script), ["updated"]);
    }
    let there = r#"{"properties":{"TTL":60,"ARecords":[{"ipv4Address":"192.0.2.1"}]}}"#;
    let script =
        [GRANTED, (&*set("GET", "A/home"), 200, there), (&*set("DELETE", "A/home"), 200, "")];
    let ours = [removal("home@example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me(), &ours, &[], &script), ["updated"]);
    let other = [removal("home@example.com", "192.0.2.2")];
    assert_eq!(outcomes(&me(), &other, &[], &script[..2]), ["unchanged"]);
}

#[test]
fn an_alias_is_not_written() {
    let there = r#"{"properties":{"TTL":60,"targetResource":{"id":"/subscriptions/x"}}}"#;
    let script = [GRANTED, (&*set("GET", "A/home"), 200, there)];
    let verdicts = outcomes(&me(), &[change("home@example.com", "192.0.2.9")], &[], &script);
    assert!(verdicts[0].starts_with("no: home.example.com is an alias"), "{verdicts:?}");
}

#[test]
fn provider_errors_map_to_verdicts() {
    let one = [change("home@example.com", "192.0.2.9")];
    let wrong =
        r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret"}"#;
    let verdicts = outcomes(&me(), &one, &[], &[(LOGIN, 401, wrong)]);
    assert!(
        verdicts[0].starts_with(
            "all: no: Azure DNS does not accept the credentials: AADSTS7000215: Invalid client secret"
        ),
        "{verdicts:?}"
    );
    let verdicts = outcomes(&me(), &one, &[], &[(LOGIN, 200, "{}")]);
    assert!(verdicts[0].starts_with("again: "), "{verdicts:?}");
    let said = |status: u16, body: &str| {
        outcomes(&me(), &one, &[], &[GRANTED, (&set("GET", "A/home"), status, body)]).remove(0)
    };
    let denied =
        r#"{"error":{"code":"AuthorizationFailed","message":"The client has no authorization"}}"#;
    assert!(said(403, denied).contains("no: Azure DNS does not allow the request: The client"));
    assert!(said(403, denied).contains("DNS Zone Contributor"));
    assert!(said(429, "Retry-After: 60\n{}").starts_with("all: again in 60 s: "));
    assert!(said(500, "").starts_with("all: again: "));
    assert!(said(412, "{}").starts_with("all: again: "));
    let verdicts = outcomes(&account("azure"), &one, &[], &[]);
    assert!(verdicts[0].starts_with("all: no: option 'param_enc' is not complete; write tenant="));
}
