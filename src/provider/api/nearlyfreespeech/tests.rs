use crate::provider::testing::{account, change, job, outcomes, play, removal};
use crate::provider::{Job, Outcome};

const LIST: &str = "POST https://api.nearlyfreespeech.net/dns/example.com/listRRs";
const FOUND: &str = r#"[{"name":"home","type":"A","data":"192.0.2.1","ttl":"3600","scope":"member"},
    {"name":"home","type":"A","data":"192.0.2.2","ttl":"180","scope":"member"},
    {"name":"","type":"NS","data":"ns.phx2.nearlyfreespeech.net.","ttl":"3600","scope":"system"}]"#;
const ADD: &str = "POST https://api.nearlyfreespeech.net/dns/example.com/addRR";
const REMOVE: &str = "POST https://api.nearlyfreespeech.net/dns/example.com/removeRR";

/// The hash is that of the documentation's algorithm, as Python's hashlib computes it.
#[test]
fn requests_are_signed() {
    let one = vec![change("home.example.com", "192.0.2.1")];
    let signed = format!(
        "{LIST}\nX-NFSN-Authentication: me;1440938160;6a4807ba42c5986c;b54bc643329a7bb72b201eb84a88b8e1711e10f8"
    );
    let one = Job { wall: Some(1_440_938_160), seed: 7, ..job(one) };
    let script = [(&*signed, 200, FOUND), (LIST, 200, FOUND)];
    let (verdicts, _) = play(&account("nearlyfreespeech"), one, &script);
    assert_eq!(verdicts, [Outcome::Unchanged.into()]);
}

#[test]
fn the_new_address_is_added_before_ours_is_removed() {
    let me = account("nearlyfreespeech");
    let mut ours = change("home@example.com", "192.0.2.9");
    ours.previous = Some("192.0.2.2".parse().unwrap());
    let add = format!("{ADD}\nname=home&type=A&data=192.0.2.9&ttl=180");
    let remove = format!("{REMOVE}\nname=home&type=A&data=192.0.2.2");
    let script = [(LIST, 200, FOUND), (&*add, 200, ""), (&*remove, 200, "")];
    assert_eq!(outcomes(&me, &[ours], &[], &script), ["updated"]);
    let add = format!("{ADD}\nname=&type=AAAA&data=2001%3adb8%3a%3a9&ttl=300");
    let new = [change("@example.com", "2001:db8::9")];
    assert_eq!(outcomes(&me, &new, &[], &[(LIST, 200, FOUND), (&add, 200, "")]), ["updated"]);
    let ours = [removal("home@example.com", "192.0.2.2")];
    assert_eq!(outcomes(&me, &ours, &[], &[(LIST, 200, FOUND), (&remove, 200, "")]), ["updated"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("nearlyfreespeech");
    let one = [change("home@example.com", "192.0.2.9")];
    let said =
        |status: u16, body: &str| outcomes(&me, &one, &[], &[(LIST, status, body)]).remove(0);
    let error = |debug: &str| {
        format!(r#"{{"error":"The API request could not be authenticated.","debug":"{debug}"}}"#)
    };
    assert!(said(401, &error("The authentication hash was incorrect.")).starts_with(
        "all: no: NearlyFreeSpeech.NET does not accept the credentials: The API request"
    ));
    assert!(
        said(401, &error("The authentication timestamp was too old.")).contains("the clock wrong")
    );
    assert!(said(404, "{}").starts_with("no: NearlyFreeSpeech.NET does not know"));
    assert!(said(400, r#"{"error":"bad"}"#).starts_with("no: NearlyFreeSpeech.NET refuses"));
    assert!(said(429, "").starts_with("all: again in "));
    assert!(said(500, "").starts_with("all: again: "));
    assert!(said(200, "7").starts_with("again: "));
}
