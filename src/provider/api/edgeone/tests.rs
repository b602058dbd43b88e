use serde_json::{Value, json};

use crate::provider::Change;
use crate::provider::testing::{account, change, outcomes, removal};

const DONE: &str = r#"{"Response":{"RequestId":"x"}}"#;
const LEARNED: [(&str, &str); 1] = [("zone example.com", "zone-1")];

fn ask(action: &str, body: &Value) -> String {
    format!("POST https://teo.tencentcloudapi.com/\nX-TC-Action: {action}\n{body}")
}

fn find(name: &str, kind: &str) -> String {
    let filters = json!([{"Name": "name", "Values": [name]}, {"Name": "type", "Values": [kind]}]);
    ask("DescribeDnsRecords", &json!({"ZoneId": "zone-1", "Limit": 1000, "Filters": filters}))
}

fn found(records: &[Value]) -> String {
    json!({"Response": {"TotalCount": records.len(), "DnsRecords": records, "RequestId": "x"}})
        .to_string()
}

fn record(id: &str, address: &str) -> Value {
    json!({"ZoneId": "zone-1", "RecordId": id, "Name": "home.example.com", "Type": "A",
        "Location": "Default", "Content": address, "TTL": 60, "Weight": -1, "Status": "enable"})
}

/// The options name the zone, so that it is not looked up again after a refusal.
fn in_known_zone() -> Change {
    let mut one = change("home@example.com", "192.0.2.9");
    one.record.zone_id = Some("zone-1".into());
    one
}

#[test]
fn an_update_keeps_the_other_properties_of_a_record() {
    let me = account("edgeone");
    let zones = format!(
        "{}\nX-TC-Version: 2022-09-01",
        ask("DescribeZones", &json!({"Limit": 100, "Offset": 0}))
    );
    let list = r#"{"Response":{"TotalCount":1,"Zones":[{"ZoneId":"zone-1","ZoneName":"example.com"}],
        "RequestId":"x"}}"#;
    let there = found(&[record("record-7", "192.0.2.1")]);
    let write = ask(
        "ModifyDnsRecords",
        &json!({"ZoneId": "zone-1", "DnsRecords": [{"ZoneId": "zone-1", "RecordId": "record-7",
            "Name": "home.example.com", "Type": "A", "Location": "Default", "Content": "192.0.2.9",
            "TTL": 60, "Weight": -1}]}),
    );
    let script = [
        (&*zones, 200, list),
        (&*find("home.example.com", "A"), 200, &*there),
        (&*write, 200, DONE),
    ];
    let one = [change("home.example.com", "192.0.2.9")];
    assert_eq!(outcomes(&me, &one, &[], &script), ["updated"]);
    let same = [change("home.example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me, &same, &LEARNED, &script[1..2]), ["unchanged"]);
}

#[test]
fn a_missing_record_is_added_and_only_ours_is_removed() {
    let me = account("edgeone");
    let create = ask(
        "CreateDnsRecord",
        &json!({"ZoneId": "zone-1", "Name": "example.com", "Type": "AAAA",
            "Content": "2001:db8::9", "TTL": 300}),
    );
    let none = found(&[]);
    let script = [(&*find("example.com", "AAAA"), 200, &*none), (&*create, 200, DONE)];
    let new = [change("example.com", "2001:db8::9")];
    assert_eq!(outcomes(&me, &new, &LEARNED, &script), ["updated"]);

    let there = found(&[record("record-7", "192.0.2.1"), record("record-8", "192.0.2.2")]);
    let delete = ask("DeleteDnsRecords", &json!({"ZoneId": "zone-1", "RecordIds": ["record-8"]}));
    let script = [(&*find("home.example.com", "A"), 200, &*there), (&*delete, 200, DONE)];
    let ours = [removal("home.example.com", "192.0.2.2")];
    assert_eq!(outcomes(&me, &ours, &LEARNED, &script), ["updated"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("edgeone");
    let one = [in_known_zone()];
    let said = |body: &str| {
        let script = [(&*find("home.example.com", "A"), 200, body)];
        outcomes(&me, &one, &[], &script).remove(0)
    };
    let error =
        |code: &str| json!({"Response": {"Error": {"Code": code, "Message": "x"}}}).to_string();
    assert!(
        said(&error("AuthFailure.SecretIdNotFound"))
            .starts_with("all: no: EdgeOne does not accept")
    );
    assert!(said(&error("UnauthorizedOperation.CamUnauthorized")).contains("QcloudTEOFullAccess"));
    assert!(said(&error("InvalidParameter.ZoneNotFound")).starts_with("no: EdgeOne does not know"));
    assert!(said(&error("RequestLimitExceeded")).starts_with("all: again in "));
    assert!(said("{}").starts_with("again: "));
}
