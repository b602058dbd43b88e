//! Removals at every provider: the present records are read, ours is removed, and those of others are
//! kept.

use crate::provider::Provider;
use serde_json::json;

use super::*;
use crate::provider::Change;
use crate::provider::testing::{outcomes, removal};

const HOME: &str = "home.example.com";

/// The verdict for the removal of `home.example.com`, which was published as 192.0.2.1. The id of the
/// zone is learned.
fn remove(me: &Provider, zone: &str, script: &[(&str, u16, &str)]) -> Vec<String> {
    outcomes(me, &[removal(HOME, "192.0.2.1")], &[("zone example.com", zone)], script)
}

/// Asserts that the removal succeeds, and that a record with another address is not removed. The first
/// request of the script reads the record.
fn removes(me: &Provider, zone: &str, script: &[(&str, u16, &str)]) {
    assert_eq!(remove(me, zone, script), ["updated"], "{}", me.account.label);
    let (look, status, found) = script[0];
    let other = found.replace("192.0.2.1", "192.0.2.77");
    assert_ne!(found, other, "{}", me.account.label);
    assert_eq!(remove(me, zone, &[(look, status, &other)]), ["unchanged"], "{}", me.account.label);
}

#[test]
fn records_with_an_id_are_deleted_by_their_id() {
    let base = "https://api.digitalocean.com/v2/domains/example.com/records";
    let find = format!("GET {base}?type=A&name={HOME}&per_page=200");
    let found = r#"{"domain_records":[{"id":7,"type":"A","name":"home","data":"192.0.2.1"}]}"#;
    let delete = format!("DELETE {base}/7");
    removes(&account("digitalocean"), "example.com", &[(&find, 200, found), (&delete, 204, "")]);

    let base = "https://api.linode.com/v4/domains/1234/records";
    let find = format!("GET {base}?page_size=500&page=1");
    let found = r#"{"data":[{"id":7,"type":"A","name":"home","target":"192.0.2.1"}]}"#;
    let delete = format!("DELETE {base}/7");
    removes(&account("linode"), "1234", &[(&find, 200, found), (&delete, 200, "{}")]);

    let base = "https://api.vultr.com/v2/domains/example.com/records";
    let find = format!("GET {base}?per_page=500");
    let found = r#"{"records":[{"id":"cb67","type":"A","name":"home","data":"192.0.2.1"}]}"#;
    let delete = format!("DELETE {base}/cb67");
    removes(&account("vultr"), "example.com", &[(&find, 200, found), (&delete, 204, "")]);

    let base = "https://api.luadns.com/v1/zones/5/records";
    let find = format!("GET {base}");
    let found = r#"[{"id":7,"type":"A","name":"home.example.com.","content":"192.0.2.1"}]"#;
    let delete = format!("DELETE {base}/7");
    removes(&account("luadns"), "5", &[(&find, 200, found), (&delete, 200, r#"{"id":7}"#)]);

    let base = "https://api.cloudflare.com/client/v4/zones/z/dns_records";
    let find = format!("GET {base}?type=A&name={HOME}&per_page=500&page=1");
    let found = r#"{"success":true,"result":[
        {"id":"r","type":"A","name":"home.example.com","content":"192.0.2.1"}]}"#;
    let delete =
        format!("POST {base}/batch\n{}", r#"{"deletes":[{"id":"r"}],"patches":[],"posts":[]}"#);
    let done = r#"{"success":true,"result":{"deletes":[{"id":"r"}]}}"#;
    removes(&account("cloudflare"), "z", &[(&find, 200, found), (&delete, 200, done)]);
}

#[test]
fn records_with_an_id_are_deleted_by_interfaces_without_rest() {
    let look = r#"POST https://api.porkbun.com/api/json/v3/dns/retrieveByNameType/example.com/A/home
        {"apikey":"me","secretapikey":"hunter2"}"#;
    let found = r#"{"status":"SUCCESS","records":[{"id":"7","name":"home.example.com","type":"A",
        "content":"192.0.2.1","ttl":"600"}]}"#;
    let delete = r#"POST https://api.porkbun.com/api/json/v3/dns/delete/example.com/7
        {"apikey":"me","secretapikey":"hunter2"}"#;
    let script = [(look, 200, found), (delete, 200, r#"{"status":"SUCCESS"}"#)];
    removes(&account("porkbun"), "example.com", &script);

    let call = |operation, more| {
        format!(
            "GET https://www.namesilo.com/api/{operation}?version=1&type=json&key=hunter2\
             &domain=example.com{more}"
        )
    };
    let look = call("dnsListRecords", "");
    let found = r#"{"reply":{"code":300,"resource_record":[{"record_id":"7","type":"A",
        "host":"home.example.com","value":"192.0.2.1","ttl":"7200"}]}}"#;
    let delete = call("dnsDeleteRecord", "&rrid=7");
    let done = r#"{"reply":{"code":300,"detail":"success"}}"#;
    removes(&account("namesilo"), "example.com", &[(&look, 200, found), (&delete, 200, done)]);

    let ask = |action: &str, body: Value| {
        format!("POST https://dnspod.tencentcloudapi.com/\nX-TC-Action: {action}\n{body}")
    };
    let find =
        json!({"Domain": "example.com", "Subdomain": "home", "RecordType": "A", "Limit": 100});
    let find = ask("DescribeRecordList", find);
    let found = json!({"Response": {"RequestId": "x", "RecordList": [
        {"RecordId": 7, "Type": "A", "Name": "home", "Value": "192.0.2.1", "TTL": 600}]}});
    let delete = ask("DeleteRecord", json!({"Domain": "example.com", "RecordId": 7}));
    let done = r#"{"Response":{"RequestId":"x"}}"#;
    let script = [(&*find, 200, &*found.to_string()), (&*delete, 200, done)];
    removes(&account("dnspod"), "example.com", &script);
}

#[test]
fn a_set_that_becomes_empty_is_deleted() {
    let set = "https://api.gandi.net/v5/livedns/domains/example.com/records/home/A";
    let (look, delete) = (format!("GET {set}"), format!("DELETE {set}"));
    let found = r#"{"rrset_ttl":300,"rrset_values":["192.0.2.1"]}"#;
    removes(&account("gandi"), "example.com", &[(&look, 200, found), (&delete, 204, "")]);

    let set = "https://api.godaddy.com/v1/domains/example.com/records/A/home";
    let (look, delete) = (format!("GET {set}"), format!("DELETE {set}"));
    let found = r#"[{"data":"192.0.2.1","name":"home","ttl":600,"type":"A"}]"#;
    removes(&account("godaddy"), "example.com", &[(&look, 200, found), (&delete, 204, "")]);

    let set = "https://api.hetzner.cloud/v1/zones/example.com/rrsets/home/A";
    let (look, delete) = (format!("GET {set}"), format!("DELETE {set}"));
    let found = r#"{"rrset":{"name":"home","type":"A","records":[{"value":"192.0.2.1"}]}}"#;
    let done = r#"{"action":{"id":1,"status":"success"}}"#;
    removes(&account("hetzner"), "example.com", &[(&look, 200, found), (&delete, 201, done)]);

    let set = "https://api.nsone.net/v1/zones/example.com/home.example.com/A";
    let (look, delete) = (format!("GET {set}"), format!("DELETE {set}"));
    let found = r#"{"domain":"home.example.com","type":"A","answers":[{"answer":["192.0.2.1"]}]}"#;
    removes(&account("ns1"), "example.com", &[(&look, 200, found), (&delete, 200, "{}")]);

    let zone = "https://api.servercow.de/dns/v1/domains/example.com";
    let look = format!("GET {zone}");
    let delete = format!("DELETE {zone}\n{}", r#"{"name":"home","type":"A"}"#);
    let found = r#"[{"name":"home","type":"A","ttl":60,"content":"192.0.2.1"}]"#;
    let done = r#"{"message":"ok"}"#;
    removes(&account("servercow"), "example.com", &[(&look, 200, found), (&delete, 200, done)]);

    let zone = "https://developers.hostinger.com/api/dns/v1/zones/example.com";
    let look = format!("GET {zone}");
    let delete = format!("DELETE {zone}\n{}", r#"{"filters":[{"name":"home","type":"A"}]}"#);
    let found = r#"[{"name":"home","type":"A","ttl":60,"records":[{"content":"192.0.2.1"}]}]"#;
    let done = r#"{"message":"Request accepted"}"#;
    removes(&account("hostinger"), "example.com", &[(&look, 200, found), (&delete, 200, done)]);

    let zone = "https://api.hosting.ionos.com/dns/v1/zones/z";
    let look = format!("GET {zone}?recordType=A,AAAA&recordName={HOME}");
    let delete = format!("DELETE {zone}/records/r");
    let found = r#"{"records":[{"id":"r","name":"home.example.com","type":"A",
        "content":"192.0.2.1","ttl":60}]}"#;
    removes(&account("ionos"), "z", &[(&look, 200, found), (&delete, 200, "")]);
}

#[test]
fn a_set_that_becomes_empty_is_deleted_within_a_batch() {
    let sets = "https://desec.io/api/v1/domains/example.com/rrsets/";
    let look = format!("GET {sets}?subname=home");
    let patch = format!("PATCH {sets}\n{}", r#"[{"records":[],"subname":"home","type":"A"}]"#);
    let found = r#"[{"name":"home.example.com.","type":"A","ttl":60,"records":["192.0.2.1"]}]"#;
    removes(&account("desec"), "example.com", &[(&look, 200, found), (&patch, 200, "[]")]);

    let base = "https://api.scaleway.com/domain/v2beta1/dns-zones/example.com/records";
    let look = format!("GET {base}?name=home&type=A&page_size=100&page=1");
    let patch = format!(
        "PATCH {base}\n{}",
        r#"{"changes":[{"delete":{"id_fields":{"name":"home","type":"A"}}}],"disallow_new_zone_creation":true,"return_all_records":false}"#
    );
    let found = r#"{"records":[{"name":"home","type":"A","ttl":60,"data":"192.0.2.1"}]}"#;
    let done = r#"{"records":[]}"#;
    removes(&account("scaleway"), "example.com", &[(&look, 200, found), (&patch, 200, done)]);

    let me = account("powerdns").with(|account| {
        account.base = Url::parse("http://192.0.2.53:8081").ok();
    });
    let base = "http://192.0.2.53:8081/api/v1/servers/localhost/zones/example.com.";
    let look = format!("GET {base}?rrset_name=home.example.com.");
    let patch = format!(
        "PATCH {base}\n{}",
        r#"{"rrsets":[{"changetype":"REPLACE","name":"home.example.com.","records":[],"ttl":60,"type":"A"}]}"#
    );
    let found = r#"{"rrsets":[{"name":"home.example.com.","type":"A","ttl":60,
        "records":[{"content":"192.0.2.1","disabled":false}]}]}"#;
    removes(&me, "example.com", &[(&look, 200, found), (&patch, 204, "")]);

    let me = account("dnsimple").with(|account| {
        account.username = "99".into();
    });
    let base = "https://api.dnsimple.com/v2/99/zones/example.com";
    let look = format!("GET {base}/records?name=home&type=A&per_page=100");
    let batch =
        format!("POST {base}/batch\n{}", r#"{"creates":[],"deletes":[{"id":7}],"updates":[]}"#);
    let found = r#"{"data":[{"id":7,"name":"home","type":"A","content":"192.0.2.1"}]}"#;
    let done = r#"{"data":{"deletes":[{"id":7}]}}"#;
    removes(&me, "example.com", &[(&look, 200, found), (&batch, 200, done)]);
}

/// One record is removed, one added, one changed. A key that may not delete can do the latter two.
#[test]
fn updates_are_sent_before_removals() {
    let base = "https://api.cloudflare.com/client/v4/zones/z/dns_records";
    let mut changes = [
        removal(HOME, "192.0.2.1"),
        change(HOME, "2001:db8::9"),
        change("example.com", "192.0.2.9"),
    ];
    let find =
        |kind: &str, name: &str| format!("GET {base}?type={kind}&name={name}&per_page=500&page=1");
    let found = |id: &str, kind: &str, name: &str, address: &str| {
        let record = json!({"id": id, "type": kind, "name": name, "content": address});
        json!({"success": true, "result": [record]}).to_string()
    };
    let write = format!(
        "POST {base}/batch\n{}",
        r#"{"deletes":[],"patches":[{"content":"192.0.2.9","id":"a"}],"posts":[{"content":"2001:db8::9","name":"home.example.com","proxied":false,"ttl":1,"type":"AAAA"}]}"#
    );
    let written = r#"{"success":true,"result":{
        "patches":[{"id":"a","type":"A","name":"example.com","content":"192.0.2.9"}],
        "posts":[{"id":"n","type":"AAAA","name":"home.example.com","content":"2001:db8::9"}]}}"#;
    let delete =
        format!("POST {base}/batch\n{}", r#"{"deletes":[{"id":"r"}],"patches":[],"posts":[]}"#);
    let no = r#"{"success":false,"errors":[{"code":1,"message":"not allowed"}]}"#;
    let script = [
        (&*find("A", HOME), 200, &*found("r", "A", HOME, "192.0.2.1")),
        (&find("AAAA", HOME), 200, r#"{"success":true,"result":[]}"#),
        (&find("A", "example.com"), 200, &found("a", "A", "example.com", "192.0.2.1")),
        (&write, 200, written),
        (&delete, 403, no),
    ];
    changes.iter_mut().for_each(|change| change.record.zone_id = Some("z".into()));
    let verdicts = outcomes(&account("cloudflare"), &changes, &[], &script);
    assert!(
        verdicts[0].starts_with("no: Cloudflare does not allow the request: not allowed"),
        "{verdicts:?}"
    );
    assert_eq!(verdicts[1..], ["updated", "updated"]);
}

/// The id of a removed record is forgotten: the next address could not be written to it.
#[test]
fn a_removed_record_is_added_with_a_new_id() {
    let me = account("digitalocean");
    let base = "https://api.digitalocean.com/v2/domains/example.com/records";
    let find = format!("GET {base}?type=A&name={HOME}&per_page=200");
    let found = r#"{"domain_records":[{"id":7,"type":"A","name":"home","data":"192.0.2.1"}]}"#;
    let delete = format!("DELETE {base}/7");
    let mut job = job(vec![removal(HOME, "192.0.2.1")]);
    for (key, value) in [("zone example.com", "example.com"), ("record home.example.com A", "7")] {
        job.learned.insert(key.into(), value.into());
    }
    let before = job.learned.clone();
    let (_, learned) = play(&me, job, &[(&find, 200, found), (&delete, 204, "")]);
    assert!(learned.contains(&("record home.example.com A".into(), None)), "{learned:?}");
    assert!(before.get("record home.example.com A").is_some());
}

/// The owner has given the record another address, so it is no longer ours.
#[test]
fn the_id_of_a_record_that_is_no_longer_ours_is_forgotten() {
    let me = account("digitalocean");
    let base = "https://api.digitalocean.com/v2/domains/example.com/records";
    let find = format!("GET {base}?type=A&name={HOME}&per_page=200");
    let found = r#"{"domain_records":[{"id":7,"type":"A","name":"home","data":"192.0.2.77"}]}"#;
    let mut first = job(vec![removal(HOME, "192.0.2.1")]);
    for (key, value) in [("zone example.com", "example.com"), ("record home.example.com A", "7")] {
        first.learned.insert(key.into(), value.into());
    }
    let mut next = Job { learned: first.learned.clone(), ..job(vec![change(HOME, "192.0.2.9")]) };
    let (verdicts, learned) = play(&me, first, &[(&find, 200, found)]);
    assert_eq!(verdicts, [Outcome::Unchanged.into()]);
    assert!(learned.contains(&("record home.example.com A".into(), None)), "{learned:?}");
    // Nor would a learned id be used.
    next.changes[0].anew = true;
    let post = format!("POST {base}");
    let done = r#"{"domain_record":{"id":8,"type":"A","name":"home","data":"192.0.2.9"}}"#;
    let (verdicts, _) = play(&me, next, &[(&find, 200, found), (&post, 201, done)]);
    assert_eq!(verdicts, [Outcome::Updated.into()]);
}

#[test]
fn a_removal_keeps_addresses_of_others_in_the_set() {
    let set = "https://api.gandi.net/v5/livedns/domains/example.com/records/home/A";
    let (look, put) = (
        format!("GET {set}"),
        format!("PUT {set}\n{}", r#"{"rrset_ttl":300,"rrset_values":["192.0.2.2"]}"#),
    );
    let found = r#"{"rrset_ttl":300,"rrset_values":["192.0.2.1","192.0.2.2"]}"#;
    let script = [(&*look, 200, found), (&put, 201, r#"{"message":"DNS Record Created"}"#)];
    removes(&account("gandi"), "example.com", &script);

    // NS1 answers with the remaining set.
    let set = "https://api.nsone.net/v1/zones/example.com/home.example.com/A";
    let look = format!("GET {set}");
    let post = format!("POST {set}\n{}", r#"{"answers":[{"answer":["192.0.2.2"]}]}"#);
    let found = r#"{"type":"A","answers":[{"answer":["192.0.2.1"]},{"answer":["192.0.2.2"]}]}"#;
    let left = r#"{"type":"A","answers":[{"answer":["192.0.2.2"]}]}"#;
    removes(&account("ns1"), "example.com", &[(&look, 200, found), (&post, 200, left)]);
}

/// A record that is present after ours was removed is somebody else's, and stays beside the next one.
#[test]
fn after_a_removal_a_present_record_is_not_taken_over() {
    let mut next = change(HOME, "192.0.2.9");
    next.anew = true;
    let set = "https://api.gandi.net/v5/livedns/domains/example.com/records/home/A";
    let look = format!("GET {set}");
    let put = |values: &str| format!("PUT {set}\n{{\"rrset_ttl\":77,\"rrset_values\":[{values}]}}");
    let learned = [("zone example.com", "example.com")];
    for others in [r#""192.0.2.2""#, r#""192.0.2.2","192.0.2.3""#] {
        let found = format!(r#"{{"rrset_ttl":77,"rrset_values":[{others}]}}"#);
        let put = put(&format!("{others},\"192.0.2.9\""));
        let script = [(&*look, 200, &*found), (&put, 201, "{}")];
        assert_eq!(outcomes(&account("gandi"), &[next.clone()], &learned, &script), ["updated"]);
    }
    let base = "https://api.digitalocean.com/v2/domains/example.com/records";
    let find = format!("GET {base}?type=A&name={HOME}&per_page=200");
    let found = r#"{"domain_records":[{"id":7,"type":"A","name":"home","data":"192.0.2.2"}]}"#;
    let post = format!("POST {base}");
    let done = r#"{"domain_record":{"id":8,"type":"A","name":"home","data":"192.0.2.9"}}"#;
    let script = [(&*find, 200, found), (&post, 201, done)];
    assert_eq!(outcomes(&account("digitalocean"), &[next.clone()], &learned, &script), ["updated"]);
    // Without `anew`, a single record is taken for ours.
    next.anew = false;
    let patch = format!("PATCH {base}/7");
    let script = [(&*find, 200, found), (&patch, 200, &*done.replace('8', "7"))];
    assert_eq!(outcomes(&account("digitalocean"), &[next], &learned, &script), ["updated"]);
}

/// The answer to a request for 192.0.2.5 was lost, so the record may hold that address.
#[test]
fn a_record_with_an_address_we_attempted_to_publish_is_ours() {
    let set = "https://api.gandi.net/v5/livedns/domains/example.com/records/home/A";
    let (look, delete) = (format!("GET {set}"), format!("DELETE {set}"));
    let found = r#"{"rrset_values":["192.0.2.5"]}"#;
    let mut change = removal(HOME, "192.0.2.1");
    let learned = [("zone example.com", "example.com")];
    let script = [(&*look, 200, found), (&delete, 204, "")];
    assert_eq!(
        outcomes(&account("gandi"), &[change.clone()], &learned, &script[..1]),
        ["unchanged"]
    );
    change.tried.push("192.0.2.5".parse().unwrap());
    assert_eq!(outcomes(&account("gandi"), &[change], &learned, &script), ["updated"]);
    // Of several addresses it is the one to replace.
    let several = r#"{"rrset_ttl":300,"rrset_values":["192.0.2.5","192.0.2.6"]}"#;
    let put =
        format!("PUT {set}\n{}", r#"{"rrset_ttl":300,"rrset_values":["192.0.2.9","192.0.2.6"]}"#);
    let mut next = super::change(HOME, "192.0.2.9");
    next.tried.push("192.0.2.5".parse().unwrap());
    let script = [(&*look, 200, several), (&put, 201, "{}")];
    assert_eq!(outcomes(&account("gandi"), &[next], &learned, &script), ["updated"]);
}

#[test]
fn a_refused_removal_is_a_refusal() {
    let set = "https://api.gandi.net/v5/livedns/domains/example.com/records/home/A";
    let (look, delete) = (format!("GET {set}"), format!("DELETE {set}"));
    let found = r#"{"rrset_values":["192.0.2.1"]}"#;
    let no = r#"{"message":"Access was denied to this resource."}"#;
    let one = [removal("home@example.com", "192.0.2.1")];
    let verdicts =
        outcomes(&account("gandi"), &one, &[], &[(&look, 200, found), (&delete, 403, no)]);
    assert!(
        verdicts[0].starts_with("no: Gandi does not allow the request: Access was denied"),
        "{verdicts:?}"
    );
}

/// Interfaces without removals in a batch get further requests for them.
#[test]
fn a_job_may_have_updates_and_removals() {
    let changes: [Change; 2] = [removal(HOME, "192.0.2.1"), change("example.com", "192.0.2.9")];
    let zone = "https://developers.hostinger.com/api/dns/v1/zones/example.com";
    let look = format!("GET {zone}");
    let found = r#"[{"name":"home","type":"A","ttl":60,"records":[{"content":"192.0.2.1"}]}]"#;
    let put = format!(
        "PUT {zone}\n{}",
        r#"{"overwrite":true,"zone":[{"name":"@","records":[{"content":"192.0.2.9"}],"ttl":300,"type":"A"}]}"#
    );
    let delete = format!("DELETE {zone}\n{}", r#"{"filters":[{"name":"home","type":"A"}]}"#);
    let done = r#"{"message":"Request accepted"}"#;
    let script = [(&*look, 200, found), (&put, 200, done), (&delete, 200, done)];
    let learned = [("zone example.com", "example.com")];
    let verdicts = outcomes(&account("hostinger"), &changes, &learned, &script);
    assert_eq!(verdicts, ["updated", "updated"]);
}
