use serde_json::{Value, json};

use crate::provider::testing::{account, change, job, outcomes, play, removal};
use crate::provider::{Change, Outcome};

const BASE: &str = "https://open.volcengineapi.com/";
const DONE: &str = r#"{"ResponseMetadata":{"RequestId":"x"},"Result":{"RecordID":"162"}}"#;

fn find(host: &str, kind: &str) -> String {
    format!(
        "GET {BASE}?Action=ListRecords&Host={host}&PageNumber=1&PageSize=100&SearchMode=exact\
         &Type={kind}&Version=2018-08-01&ZID=7"
    )
}

fn write(action: &str, body: &Value) -> String {
    format!("POST {BASE}?Action={action}&Version=2018-08-01\n{body}")
}

fn found(records: &[Value]) -> String {
    json!({"ResponseMetadata": {"RequestId": "x"}, "Result": {"TotalCount": 1, "Records": records}})
        .to_string()
}

fn record(id: &str, value: &str) -> Value {
    json!({"RecordID": id, "Host": "home", "Type": "A", "Value": value, "TTL": 600, "Line": "Mobile",
        "Weight": 1, "Enable": true})
}

/// The options name the zone.
fn known(name: &str, address: &str) -> Change {
    in_zone(change(name, address))
}

fn in_zone(mut one: Change) -> Change {
    one.record.zone_id = Some("7".into());
    one
}

/// The signature is that of Volcengine's algorithm, as Python's hmac and hashlib compute it.
#[test]
fn requests_are_signed() {
    let mut one = job(vec![change("home.example.com", "192.0.2.1")]);
    one.wall = Some(1_440_938_160);
    let zones = format!(
        "GET {BASE}?Action=ListZones&PageNumber=1&PageSize=100&Version=2018-08-01
         Content-Type: application/json
         X-Date: 20150830T123600Z
         Authorization: HMAC-SHA256 Credential=me/20150830/cn-north-1/DNS/request, \
         SignedHeaders=content-type;host;x-content-sha256;x-date, \
         Signature=a64aabd5bb34a2c3aacb0b805c4f7320fa0db9a5785d1fdd552db4ebdd97dc2d"
    );
    let list = r#"{"ResponseMetadata":{"RequestId":"x"},"Result":{"Total":1,"Zones":[
        {"ZID":7,"ZoneName":"example.com"}]}}"#;
    let there = found(&[record("162", "192.0.2.1")]);
    let script = [(&*zones, 200, list), (&*find("home", "A"), 200, &*there)];
    let (verdicts, _) = play(&account("volcengine"), one, &script);
    assert_eq!(verdicts, [Outcome::Unchanged.into()]);
}

#[test]
fn an_update_keeps_the_other_properties_of_a_record() {
    let there = found(&[record("162", "192.0.2.1")]);
    let update = write(
        "UpdateRecord",
        &json!({"RecordID": "162", "Host": "home", "Type": "A", "Value": "192.0.2.9", "TTL": 600,
            "Line": "Mobile", "Weight": 1}),
    );
    let script = [(&*find("home", "A"), 200, &*there), (&*update, 200, DONE)];
    let me = account("volcengine");
    assert_eq!(outcomes(&me, &[known("home@example.com", "192.0.2.9")], &[], &script), ["updated"]);
}

#[test]
fn a_missing_record_is_added_and_only_ours_is_removed() {
    let me = account("volcengine");
    let create = write(
        "CreateRecord",
        &json!({"ZID": 7, "Host": "@", "Type": "AAAA", "Value": "2001:db8::9", "TTL": 600,
            "Line": "default"}),
    );
    let none = found(&[]);
    let script = [(&*find("%40", "AAAA"), 200, &*none), (&*create, 200, DONE)];
    assert_eq!(outcomes(&me, &[known("@example.com", "2001:db8::9")], &[], &script), ["updated"]);
    let there = found(&[record("162", "192.0.2.1"), record("163", "192.0.2.2")]);
    let delete = write("DeleteRecord", &json!({"RecordID": "163"}));
    let gone = r#"{"ResponseMetadata":{"RequestId":"x"}}"#;
    let script = [(&*find("home", "A"), 200, &*there), (&*delete, 200, gone)];
    let ours = [in_zone(removal("home@example.com", "192.0.2.2"))];
    assert_eq!(outcomes(&me, &ours, &[], &script), ["updated"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("volcengine");
    let one = [known("home@example.com", "192.0.2.9")];
    let said = |status: u16, code: &str| {
        let body = json!({"ResponseMetadata": {"RequestId": "x", "Action": "ListRecords",
            "Error": {"Code": code, "Message": "because"}}});
        outcomes(&me, &one, &[], &[(&find("home", "A"), status, &body.to_string())]).remove(0)
    };
    assert!(
        said(401, "SignatureDoesNotMatch")
            .starts_with("all: no: Volcengine does not accept the credentials: because")
    );
    assert!(said(400, "InvalidTimestamp").contains("finds the clock wrong: because"));
    assert!(said(403, "AccessDenied").starts_with("no: Volcengine does not allow"));
    assert!(said(400, "ErrZoneNotFound").starts_with("no: Volcengine does not know"));
    assert!(
        said(400, "ErrParamInvalid").starts_with("no: Volcengine refuses the request: because")
    );
    assert!(said(429, "FlowLimitExceeded").starts_with("all: again in "));
    assert!(said(500, "InternalError").starts_with("all: again: "));
    let strange = outcomes(&me, &one, &[], &[(&find("home", "A"), 200, "{}")]);
    assert!(strange[0].starts_with("again: "), "{strange:?}");
}
