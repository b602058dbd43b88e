use crate::provider::testing::{account, apply, change, job, outcomes, play, verdicts_of};
use crate::provider::{Answer, Method, Outcome};

const ZONES: (&str, u16, &str) = (
    "GET https://api.digitalocean.com/v2/domains?per_page=10&page=1
     Authorization: Bearer hunter2",
    200,
    r#"{"domains":[{"name":"example.com","ttl":1800},{"name":"sub.example.com","ttl":1800}],
        "links":{},"meta":{"total":2}}"#,
);
const FIND: &str = "GET https://api.digitalocean.com/v2/domains/example.com/records\
    ?type=A&name=home.example.com&per_page=200";
const FOUND: &str = r#"{"domain_records":[{"id":28448432,"type":"A","name":"home",
    "data":"192.0.2.1","priority":null,"port":null,"ttl":1800,"weight":null,"flags":null,
    "tag":null}],"links":{},"meta":{"total":1}}"#;
const NONE: &str = r#"{"domain_records":[],"links":{},"meta":{"total":0}}"#;
const DONE: &str = r#"{"domain_record":{"id":28448432,"type":"A","name":"home",
    "data":"192.0.2.9","ttl":1800}}"#;
const NO: &str = r#"{"id":"unauthorized","message":"Unable to authenticate you"}"#;
const HOME: [(&str, &str); 2] =
    [("zone example.com", "example.com"), ("record home.example.com A", "28448432")];

#[test]
fn after_its_id_is_learned_a_record_is_changed_in_one_request() {
    let me = account("digitalocean");
    let patch = r#"PATCH https://api.digitalocean.com/v2/domains/example.com/records/28448432
        Content-Type: application/json
        {"data":"192.0.2.9","type":"A"}"#;
    let script = [ZONES, (FIND, 200, FOUND), (patch, 200, DONE)];
    let home = change("home.example.com", "192.0.2.9");
    let (verdicts, learned) = play(&me, job(vec![home.clone()]), &script);
    assert_eq!(verdicts, [Outcome::Updated.into()]);
    let mut next = job(vec![home]);
    next.learned = apply(learned);
    assert_eq!(play(&me, next, &[(patch, 200, DONE)]).0, [Outcome::Updated.into()]);
}

#[test]
fn a_server_that_sends_far_more_than_a_page_is_not_asked_for_further_pages() {
    let me = account("digitalocean");
    let zones = r#"{"name":"example.net"},"#.repeat(1000);
    let body = format!(r#"{{"domains":[{zones}{{"name":"example.com"}}],"links":{{}}}}"#);
    let home = change("home.example.com", "192.0.2.9");
    let (verdicts, _) = play(&me, job(vec![home]), &[(ZONES.0, 200, &body)]);
    assert!(matches!(verdicts[0].outcome, Outcome::Retry { .. }), "{verdicts:?}");
}

/// DigitalOcean lists each zone with its zone file.
#[test]
fn a_list_of_twenty_zones_with_long_zone_files_is_read() {
    let zone = |number: usize| {
        let name = if number == 19 { "example.com" } else { "example.net" };
        format!(r#"{{"name":"{name}","ttl":1800,"zone_file":"{}"}}"#, "x".repeat(30_000))
    };
    let query = |url: &str, name: &str| -> usize {
        let (_, behind) = url.split_once(name).unwrap();
        behind.split('&').next().unwrap().parse().unwrap()
    };
    let home = job(vec![change("home.example.com", "192.0.2.9")]);
    let verdicts = verdicts_of(&account("digitalocean"), &home, |request| {
        let url = request.url.expose();
        let mut body = if request.method != Method::Get {
            DONE.to_owned()
        } else if url.contains("/records") {
            NONE.to_owned()
        } else {
            let (size, page) = (query(&url, "per_page="), query(&url, "&page="));
            let zones: Vec<String> = (0..20).skip((page - 1) * size).take(size).map(zone).collect();
            format!(r#"{{"domains":[{}],"links":{{}}}}"#, zones.join(","))
        };
        let cut = body.len() as u64 > request.answer_limit;
        body.truncate(request.answer_limit as usize);
        Ok(Answer { status: 200, body, cut, ..Answer::default() })
    });
    assert!(verdicts[0].is_success(), "{verdicts:?}");
}

#[test]
fn a_new_record_is_added_to_the_longest_zone() {
    let me = account("digitalocean");
    let find = "GET https://api.digitalocean.com/v2/domains/sub.example.com/records\
        ?type=AAAA&name=sub.example.com&per_page=200";
    let post = r#"POST https://api.digitalocean.com/v2/domains/sub.example.com/records
        {"data":"2001:db8::1","name":"@","ttl":60,"type":"AAAA"}"#;
    let done = r#"{"domain_record":{"id":7,"type":"AAAA","name":"@","data":"2001:db8::1"}}"#;
    let mut new = change("sub.example.com", "2001:db8::1");
    new.record.ttl = Some(60);
    let script = [ZONES, (find, 200, NONE), (post, 201, done)];
    assert_eq!(outcomes(&me, &[new], &[], &script), ["updated"]);
    // A zone from the options is not looked up.
    let post = r#"POST https://api.digitalocean.com/v2/domains/example.com/records
        {"data":"192.0.2.9","name":"home","ttl":300,"type":"A"}"#;
    let script = [(FIND, 200, NONE), (post, 201, DONE)];
    let named = change("home@example.com", "192.0.2.9");
    assert_eq!(outcomes(&me, &[named], &[], &script), ["updated"]);
}

#[test]
fn of_several_records_only_ours_is_replaced() {
    let me = account("digitalocean");
    let several = r#"{"domain_records":[{"id":1,"type":"A","name":"home","data":"192.0.2.1"},
        {"id":2,"type":"A","name":"home","data":"192.0.2.2"}]}"#;
    let mut ours = change("home@example.com", "192.0.2.9");
    assert_eq!(
        outcomes(&me, &[ours.clone()], &[], &[(FIND, 200, several)]),
        [
            "no: home.example.com has 2 A records, and none holds what was published last; delete all \
          but one of them, or name it with option 'record_id'"
        ]
    );
    ours.previous = Some("192.0.2.2".parse().unwrap());
    let patch = "PATCH https://api.digitalocean.com/v2/domains/example.com/records/2";
    let script = [(FIND, 200, several), (patch, 200, DONE)];
    assert_eq!(outcomes(&me, &[ours.clone()], &[], &script), ["updated"]);
    ours.record.id = Some("1".into());
    let patch = "PATCH https://api.digitalocean.com/v2/domains/example.com/records/1";
    let done = DONE.replace("28448432", "1");
    let script = [(FIND, 200, several), (patch, 200, &*done)];
    assert_eq!(outcomes(&me, &[ours.clone()], &[], &script), ["updated"]);
    let learned = [HOME[0], ("record home.example.com A", "1")];
    assert_eq!(outcomes(&me, &[ours.clone()], &learned, &script[1..]), ["updated"]);
    // The id of another record is not written to.
    ours.record.id = Some("3".into());
    assert_eq!(
        outcomes(&me, &[ours], &[], &script[..1]),
        [
            "no: home.example.com has no A record with the id 3; correct option 'record_id', or remove it"
        ]
    );
    let same = change("home@example.com", "192.0.2.1");
    assert_eq!(outcomes(&me, &[same], &[], &[(FIND, 200, FOUND)]), ["unchanged"]);
}

#[test]
fn a_missing_learned_id_is_learned_again() {
    let patch = "PATCH https://api.digitalocean.com/v2/domains/example.com/records/28448432";
    let gone = r#"{"id":"not_found","message":"The resource you requested could not be found."}"#;
    let again = "POST https://api.digitalocean.com/v2/domains/example.com/records";
    let script = [(patch, 404, gone), ZONES, (FIND, 200, NONE), (again, 201, DONE)];
    let home = change("home.example.com", "192.0.2.9");
    assert_eq!(outcomes(&account("digitalocean"), &[home], &HOME, &script), ["updated"]);
}

#[test]
fn a_renamed_record_is_not_written_again() {
    let patch = "PATCH https://api.digitalocean.com/v2/domains/example.com/records/28448432";
    let again = "POST https://api.digitalocean.com/v2/domains/example.com/records";
    let renamed = DONE.replace("home", "old");
    let script = [(patch, 200, &*renamed), ZONES, (FIND, 200, NONE), (again, 201, DONE)];
    let home = [change("home.example.com", "192.0.2.9")];
    assert_eq!(outcomes(&account("digitalocean"), &home, &HOME, &script), ["updated"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let of =
        |changes: &[_], script: &[_]| outcomes(&account("digitalocean"), changes, &HOME, script);
    let home = [change("home.example.com", "192.0.2.9")];
    let patch = "PATCH https://api.digitalocean.com/v2/domains/example.com/records/28448432";
    assert_eq!(
        of(&home, &[(patch, 401, NO)]),
        [
            "all: no: DigitalOcean does not accept the credentials: Unable to authenticate you (HTTP \
          401); 'password' must hold an API token with domain:read, domain:create, domain:update, and domain:delete for 'remove_after'"
        ]
    );
    let limited = r#"{"id":"too_many_requests","message":"API Rate limit exceeded."}"#;
    let limited = format!("Retry-After: 17\n{limited}");
    assert_eq!(
        of(&home, &[(patch, 429, &limited)]),
        ["all: again in 17 s: DigitalOcean limits requests: API Rate limit exceeded. (HTTP 429)"]
    );
    assert_eq!(
        of(&home, &[(patch, 200, "<html>hello</html>")]),
        ["again: DigitalOcean sends a web page, perhaps of a captive portal: hello"]
    );
    let other = r#"{"domain_record":{"id":28448432,"data":"192.0.2.1"}}"#;
    assert_eq!(
        of(&home, &[(patch, 200, other)]),
        [format!("again: DigitalOcean sends what is not understood: {other}")]
    );
    let foreign = change("home.example.org", "192.0.2.9");
    assert_eq!(
        outcomes(&account("digitalocean"), &[foreign], &[], &[ZONES]),
        ["no: DigitalOcean has no zone for home.example.org in this account; correct 'domain' or \
          'zone', or let the token see the zone"]
    );
    // A token that may only read.
    let no = r#"{"id":"forbidden","message":"You are not authorized to perform this operation"}"#;
    let post = "POST https://api.digitalocean.com/v2/domains/example.com/records";
    let script = [(FIND, 200, NONE), (post, 403, no)];
    assert_eq!(
        outcomes(
            &account("digitalocean"),
            &[change("home@example.com", "192.0.2.9")],
            &[],
            &script
        ),
        [
            "no: DigitalOcean does not allow the request: You are not authorized to perform this operation \
          (HTTP 403); 'password' must hold an API token with domain:read, domain:create, domain:update, and domain:delete for 'remove_after'"
        ]
    );
}

#[test]
fn a_refused_change_does_not_affect_the_others() {
    let me = account("digitalocean");
    let both = [change("home@example.com", "192.0.2.9"), change("b@example.com", "192.0.2.9")];
    let find = "GET https://api.digitalocean.com/v2/domains/example.com/records\
        ?type=A&name=b.example.com&per_page=200";
    let post = "POST https://api.digitalocean.com/v2/domains/example.com/records";
    let no = r#"{"id":"unprocessable_entity","message":"Ttl is too low"}"#;
    let script = [(FIND, 200, NONE), (post, 422, no), (find, 200, NONE), (post, 201, DONE)];
    assert_eq!(
        outcomes(&me, &both, &[], &script),
        [
            "no: DigitalOcean refuses the request: Ttl is too low (HTTP 422); correct the options",
            "updated"
        ]
    );
    // A limit ends the conversation for all remaining changes.
    let script = [(FIND, 200, NONE), (post, 201, DONE), (find, 200, NONE), (post, 429, "{}")];
    let verdicts = outcomes(&me, &both, &[], &script);
    assert_eq!(verdicts[0], "updated");
    assert!(verdicts[1].starts_with("all: again in 300 s: DigitalOcean limits"), "{verdicts:?}");
}
