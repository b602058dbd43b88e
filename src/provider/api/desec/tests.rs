use crate::model::Target;
use crate::provider::Outcome;
use crate::provider::testing::{account, apply, change, job, outcomes, play};

const ZONES: (&str, u16, &str) = (
    "GET https://desec.io/api/v1/domains/
     Authorization: Token hunter2",
    200,
    r#"[{"created":"2018-09-18T16:36:16.510368Z","name":"example.com","minimum_ttl":3600},
        {"created":"2018-09-18T16:36:16.510368Z","name":"me.dedyn.io","minimum_ttl":60}]"#,
);
const LOOK: &str = "GET https://desec.io/api/v1/domains/example.com/rrsets/?subname=home";
const FOUND: &str = r#"[{"domain":"example.com","subname":"home","name":"home.example.com.",
    "type":"A","records":["192.0.2.1"],"ttl":3600},{"domain":"example.com","subname":"home",
    "name":"home.example.com.","type":"TXT","records":["\"x\""],"ttl":3600}]"#;
const PATCH: &str = "PATCH https://desec.io/api/v1/domains/example.com/rrsets/";

#[test]
fn both_families_are_one_request_and_values_added_by_others_are_kept() {
    let me = account("desec");
    let both = [change("home.example.com", "192.0.2.9"), change("home.example.com", "2001:db8::9")];
    let domain = "GET https://desec.io/api/v1/domains/example.com/";
    let first = format!(
        "{PATCH}\n[{},{}]",
        r#"{"records":["192.0.2.9"],"subname":"home","type":"A"}"#,
        r#"{"records":["2001:db8::9"],"subname":"home","ttl":3600,"type":"AAAA"}"#
    );
    let script = [
        ZONES,
        (LOOK, 200, FOUND),
        (domain, 200, r#"{"name":"example.com","minimum_ttl":3600}"#),
        (&*first, 200, r#"[{"type":"A"},{"type":"AAAA"}]"#),
    ];
    let (verdicts, learned) = play(&me, job(both.to_vec()), &script);
    assert_eq!(verdicts, [Outcome::Updated.into(), Outcome::Updated.into()]);
    let mut next = job(both.to_vec());
    next.learned = apply(learned);
    for change in &mut next.changes {
        change.previous = change.address();
    }
    next.changes[0].target = Target::Address("192.0.2.10".parse().unwrap());
    next.changes[1].target = Target::Address("2001:db8::10".parse().unwrap());
    let now = FOUND.replace(r#""192.0.2.1""#, r#""192.0.2.9","192.0.2.77""#).replace(
        r#""type":"TXT","records":["\"x\""]"#,
        r#""type":"AAAA","records":["2001:db8::9"]"#,
    );
    let second = format!(
        "{PATCH}\n[{},{}]",
        r#"{"records":["192.0.2.10","192.0.2.77"],"subname":"home","type":"A"}"#,
        r#"{"records":["2001:db8::10"],"subname":"home","type":"AAAA"}"#
    );
    let script = [(LOOK, 200, &*now), (&*second, 200, r#"[{},{}]"#)];
    let (verdicts, _) = play(&me, next, &script);
    assert_eq!(verdicts, [Outcome::Updated.into(), Outcome::Updated.into()]);
}

#[test]
fn the_apex_has_an_empty_name_and_other_values_are_kept() {
    let me = account("desec");
    let look = "GET https://desec.io/api/v1/domains/me.dedyn.io/rrsets/?subname=";
    let two = r#"[{"subname":"","name":"me.dedyn.io.","type":"A","records":["192.0.2.7",
        "192.0.2.1"],"ttl":60}]"#;
    let patch = r#"PATCH https://desec.io/api/v1/domains/me.dedyn.io/rrsets/
        [{"records":["192.0.2.7","192.0.2.9"],"subname":"","ttl":60,"type":"A"}]"#;
    let mut apex = change("@me.dedyn.io", "192.0.2.9");
    apex.previous = Some("192.0.2.1".parse().unwrap());
    apex.record.ttl = Some(60);
    assert_eq!(outcomes(&me, &[apex], &[], &[(look, 200, two), (patch, 200, "[{}]")]), ["updated"]);
    let mut same = change("me.dedyn.io", "192.0.2.7");
    assert_eq!(outcomes(&me, &[same.clone()], &[], &[ZONES, (look, 200, two)]), ["unchanged"]);
    same.target = Target::Address("192.0.2.9".parse().unwrap());
    let verdicts = outcomes(&me, &[same], &[], &[ZONES, (look, 200, two)]);
    assert!(verdicts[0].ends_with("; delete all but one of them"), "{verdicts:?}");
}

#[test]
fn many_names_are_read_by_listing_their_types_unless_the_list_is_too_long() {
    let names = ["a", "b", "c", "d", "e"];
    let changes = names.map(|name| change(&format!("{name}@example.com"), "192.0.2.9"));
    let set = |name: &str| {
        format!(
            r#"{{"name":"{name}.example.com.","type":"A","records":["192.0.2.1","192.0.2.9"],"ttl":60}}"#
        )
    };
    let list = format!("[{}]", names.map(set).join(","));
    let by_type = "GET https://desec.io/api/v1/domains/example.com/rrsets/?type=A";
    let me = account("desec");
    assert_eq!(outcomes(&me, &changes, &[], &[(by_type, 200, &list)]), ["unchanged"; 5]);
    let long =
        r#"{"detail":"Pagination required. You can query up to 500 items at a time (951 total)."}"#;
    let looks = names.map(|name| by_type.replace("type=A", &format!("subname={name}")));
    let found = names.map(|name| format!("[{}]", set(name)));
    let mut script = vec![(by_type, 400, long)];
    script.extend(looks.iter().zip(&found).map(|(look, found)| (&**look, 200, &**found)));
    assert_eq!(outcomes(&me, &changes, &[], &script), ["unchanged"; 5]);
}

#[test]
fn a_new_set_gets_the_lowest_ttl_of_the_domain() {
    let domain = "GET https://desec.io/api/v1/domains/example.com/";
    for (least, ttl) in [(60, 300), (3600, 3600)] {
        let made = format!(
            r#"{PATCH}
            [{{"records":["192.0.2.9"],"subname":"home","ttl":{ttl},"type":"A"}}]"#
        );
        let least = format!(r#"{{"minimum_ttl":{least}}}"#);
        let script = [(LOOK, 200, "[]"), (domain, 200, &*least), (&*made, 200, "[{}]")];
        let home = [change("home@example.com", "192.0.2.9")];
        assert_eq!(outcomes(&account("desec"), &home, &[], &script), ["updated"]);
    }
}

#[test]
fn a_refused_change_does_not_affect_the_others() {
    let mut two = [change("home@example.com", "192.0.2.9"), change("b@example.com", "192.0.2.9")];
    two[0].record.ttl = Some(60);
    two[1].record.ttl = Some(3600);
    let no = r#"[{"ttl":["Ensure this value is greater than or equal to 3600."]},{}]"#;
    let look_b = "GET https://desec.io/api/v1/domains/example.com/rrsets/?subname=b";
    let (a, b) = (
        r#"{"records":["192.0.2.9"],"subname":"home","ttl":60,"type":"A"}"#,
        r#"{"records":["192.0.2.9"],"subname":"b","ttl":3600,"type":"A"}"#,
    );
    let (both, second) = (format!("{PATCH}\n[{a},{b}]"), format!("{PATCH}\n[{b}]"));
    let script =
        [(LOOK, 200, "[]"), (look_b, 200, "[]"), (&*both, 400, no), (&*second, 200, "[{}]")];
    assert_eq!(
        outcomes(&account("desec"), &two, &[], &script),
        [
            "no: deSEC refuses the request: Ensure this value is greater than or equal to 3600. \
             (HTTP 400); correct the options",
            "updated"
        ]
    );
}

#[test]
fn provider_errors_map_to_verdicts() {
    let home = [change("home@example.com", "192.0.2.9")];
    let verdicts_for =
        |status, body| outcomes(&account("desec"), &home, &[], &[(LOOK, status, body)]);
    assert_eq!(
        verdicts_for(401, r#"{"detail":"Invalid token."}"#),
        ["all: no: deSEC does not accept the credentials: Invalid token. (HTTP 401); 'password' \
          must hold a token that may write the domain's records"]
    );
    let limited = "Retry-After: 823\n{\"detail\":\"Request was throttled. Expected available in 823 seconds.\"}";
    assert_eq!(
        verdicts_for(429, limited),
        [
            "all: again in 823 s: deSEC limits requests: Request was throttled. Expected available in \
          823 seconds. (HTTP 429)"
        ]
    );
    assert_eq!(
        verdicts_for(404, r#"{"detail":"Not found."}"#),
        [
            "no: deSEC does not know the zone or the record: Not found. (HTTP 404); correct 'domain' or 'zone', or let \
          the token see the zone"
        ]
    );
    assert_eq!(verdicts_for(200, "{}"), ["again: deSEC sends what is not understood: {}"]);
    let no = r#"{"detail":"Insufficient token permissions."}"#;
    let script = [(LOOK, 200, FOUND), (PATCH, 403, no)];
    let verdicts = outcomes(&account("desec"), &home, &[], &script);
    assert!(
        verdicts[0].starts_with("no: deSEC does not allow the request: Insufficient"),
        "{verdicts:?}"
    );
    let script = [(LOOK, 200, FOUND), (PATCH, 200, "[]")];
    let verdicts = outcomes(&account("desec"), &home, &[], &script);
    assert_eq!(verdicts, ["again: deSEC sends what is not understood: []"]);
}

/// deSEC's dynDNS makes sets with a TTL of 60, and the domain's minimum may be higher.
#[test]
fn a_ttl_that_nobody_has_set_is_not_repeated() {
    let found = r#"[{"subname":"home","name":"home.example.com.","type":"A","records":["192.0.2.1"],"ttl":60}]"#;
    let patch =
        format!("{PATCH}\n[{}]", r#"{"records":["192.0.2.9"],"subname":"home","type":"A"}"#);
    let home = [change("home@example.com", "192.0.2.9")];
    let script = [(LOOK, 200, found), (&*patch, 200, "[{}]")];
    assert_eq!(outcomes(&account("desec"), &home, &[], &script), ["updated"]);
}
