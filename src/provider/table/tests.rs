//! Properties of every row, and the requests and answers of each provider.

use std::collections::BTreeSet;

use super::super::ere::Ere;
use super::super::template::{self, Subject};
use super::super::{Answer, Job, Outcome, api};
use super::*;
use crate::config::fixture;
use crate::model::secret::Secret;
use crate::model::{Hostname, Url};
use crate::provider::testing::{change, first_request, job, removal, verdicts_of};
use crate::provider::{Author, Mechanism, Provider, Urls};

const V4: &str = "192.0.2.1";
const V6: &str = "2001:db8::1";
const KEYS: [&str; 26] = [
    "url",
    "ipv4",
    "ipv6",
    "ok",
    "same",
    "no",
    "advice",
    "zone",
    "every",
    "rate",
    "username",
    "password",
    "domain",
    "param_opt",
    "note",
    "dead",
    "differs",
    "remove",
    "remove4",
    "remove6",
    "removed",
    "method",
    "apex",
    "below",
    "alone6",
    "script",
];
/// Providers without TLS: other clients, too, use `http:` there.
const WITHOUT_TLS: [&str; 5] = ["3322.org", "dhis.org", "dnsever.com", "no-ip.pl", "oray.com"];

fn account(row: Row) -> Provider {
    Provider {
        mechanism: Mechanism::Url(row.urls()),
        author: Author::Table(row),
        ..fixture::provider()
    }
    .with(|account| {
        account.label = row.name().into();
        account.username = "me".into();
        account.password = Secret::new("hunter2");
        account.param_opt =
            Secret::new(if row.get("param_opt").is_some() { "dns.example.net" } else { "" });
    })
}

/// The URLs of a row, for IPv4, IPv6 and both.
fn urls(row: Row) -> [Option<String>; 3] {
    let Urls { v4, v6, both } = row.urls();
    [v4, v6, both].map(|template| template.map(|template| template.url))
}

/// The rows with a URL.
fn living() -> impl Iterator<Item = Row> {
    all().filter(|row| row.get("dead").is_none() && row.get("script").is_none())
}

#[test]
fn every_name_belongs_to_one_provider() {
    let of_apis =
        api::ALL.iter().flat_map(|api| [api.name].into_iter().chain(api.aliases.to_vec()));
    let mut seen: BTreeSet<&str> = of_apis.collect();
    for row in all() {
        for name in row.names() {
            assert!(seen.insert(name), "{name}");
            assert!(crate::model::name::is_file_name(name) && name == name.to_ascii_lowercase());
            let scripted = row.get("script").is_some();
            assert_eq!(find(name), if scripted { None } else { Some(row) });
            assert_eq!(why_scripted(name).is_some(), scripted, "{name}");
        }
        let title = row.title();
        assert!(title.contains('.') || title != row.name(), "{row:?}");
        assert!(!title.is_empty() || urls(row) == [None, None, None], "{row:?}");
    }
    assert_eq!(find(""), None);
}

#[test]
fn keys_are_known_and_occur_once() {
    for row in all() {
        let mut seen = BTreeSet::new();
        for key in ["apex", "below"] {
            let Some(texts) = row.get(key) else { continue };
            let (usual, _) = texts.split_once(' ').unwrap();
            for url in urls(row).into_iter().flatten() {
                assert!(url.contains(usual), "{key} in {row:?}");
            }
        }
        assert_eq!(row.0.lines().count(), row.lines().count() + 1, "{row:?}");
        for (key, value) in row.lines() {
            assert!(KEYS.contains(&key) && seen.insert(key), "{key} in {row:?}");
            assert!(!value.is_empty() && value.trim() == value, "{value:?} in {row:?}");
        }
        for key in ["ok", "same", "no", "removed"] {
            row.get(key).map(|text| Ere::new(text).unwrap());
        }
        assert_eq!(row.get("every").is_some(), row.every().is_some(), "{row:?}");
        assert_eq!(row.get("rate").is_some(), row.rate().is_some(), "{row:?}");
        assert!(row.get("advice").is_none() || row.get("no").is_some(), "{row:?}");
        for key in [
            "note",
            "dead",
            "script",
            "alone6",
            "differs",
            "advice",
            "username",
            "password",
            "domain",
            "param_opt",
        ] {
            assert!(!row.get(key).is_some_and(|text| text.ends_with('.')), "{row:?}");
        }
    }
}

#[test]
fn row_has_either_a_url_or_a_reason() {
    for row in all() {
        let has_none = row.get("dead").is_some() || row.get("script").is_some();
        assert_eq!(has_none, urls(row) == [None, None, None], "{row:?}");
        assert!(row.get("dead").is_none() || row.get("script").is_none(), "{row:?}");
    }
    let dead = find("google.com").unwrap().get("dead").unwrap();
    assert!(dead.contains("2023"), "{dead}");
    for name in ["tzo.com", "zzzz.io", "yandex-pdd"] {
        let row = find(name).unwrap();
        assert!(row.get("dead").unwrap().contains("desec.io"), "{row:?}");
        assert!([name, "TZO", "Yandex PDD"].contains(&row.title_or(name)), "{row:?}");
    }
}

#[test]
fn urls_render_and_use_tls() {
    for row in living() {
        for url in urls(row).into_iter().flatten() {
            assert_eq!(url.starts_with("http://"), WITHOUT_TLS.contains(&row.name()), "{url}");
            let name = Hostname::parse("home.example.com").unwrap();
            for (address, other) in [(V4, V6), (V6, V4)] {
                let subject = Subject {
                    other: Some(other.parse().unwrap()),
                    ..Subject::new(&name, address.parse().unwrap())
                };
                let rendered = template::render(&url, &account(row), subject).unwrap();
                let sent = rendered.url.expose();
                assert!(!sent.contains("%5b") || row.name() == "dnsever.com", "{sent}");
                assert!(!rendered.shown.contains("hunter2"), "{}", rendered.shown);
            }
        }
    }
}

/// The URLs for both families of a provider that takes both at once have the same host.
#[test]
fn urls_contain_the_addresses_of_their_families() {
    let source_only =
        ["cloudns.net", "dy.fi", "ipnodns.ru", "mailinabox", "mythic-beasts.com-v2", "no-ip.pl"];
    for row in living() {
        let [v4, v6, both] = urls(row);
        if let Some(both) = &both {
            assert!(both.contains("[IP4]") && both.contains("[IP6]"), "{both}");
            let host = families::host(both);
            let hosts = [&v4, &v6].map(|url| families::host(url.as_deref().unwrap()));
            assert_eq!(hosts, [host.clone(), host], "{row:?}");
        }
        for (url, other) in [(&v4, "[IP6]"), (&v6, "[IP4]")] {
            let Some(url) = url else { continue };
            assert!(!url.contains(other), "{url}");
            let named = template::names_address(url);
            assert_eq!(named, !source_only.contains(&row.name()), "{url}");
        }
    }
}

/// Answers of the providers that do not use dyndns2: name, success, no change, refusal.
#[rustfmt::skip]
const ANSWERS: &[(&str, &str, &str, &str)] = &[
    ("1984.is", r#"{"ok":true,"msg":"set"}"#, r#"{"ok":true,"msg":"unaltered"}"#, r#"{"ok": false}"#),
    ("afraid.org-basicauth", "Updated home.example.com to ADDRESS in 0.1 s", "ERROR: Address ADDRESS has not changed.", "ERROR: Unable to locate this record"),
    ("afraid.org-keyauth", "Updated 1 host(s) to ADDRESS", "ERROR: Address ADDRESS has not changed.", "ERROR: Invalid update URL (2)"),
    ("afraid.org-v2-basic", "Updated home.example.com from 192.0.2.9 to ADDRESS", "No IP change detected for home.example.com", "invalid login"),
    ("afraid.org-v2-token", "Updated home.example.com from 192.0.2.9 to ADDRESS", "No IP change detected for home.example.com", "token not found"),
    ("changeip.com", "200 Successful Update", "", "badauth"),
    ("cloudns.net", "OK", "", "The record's key is wrong!"),
    ("ddns.fm", "updated", "", ""),
    ("ddnss.de", "<html><head><title>DDNSS</title></head><body>Updated 1 hostname.</body></html>", "No change", "badysys"),
    ("ddo.jp", "SUCCESS: update successful!", "", ""),
    ("dhis.org", "home.example.com ADDRESS online", "", ""),
    ("dinahosting.com", r#"{"trId":"dh5f","responseCode":1000,"message":"Success.","data":true,"command":"Domain_Zone_UpdateTypeA"}"#, "", r#"{"trId":"dh5f","responseCode":2303,"errors":[{"message":"Param \"hostname\" value doesn't exist.","code":2303,"parameter":"hostname"}],"command":"Domain_Zone_UpdateTypeA"}"#),
    ("directnic.com", r#"{"result":"success","message":"ADDRESS"}"#, "", r#"{"result":"error"}"#),
    ("dnsever.com", r#"<dnsever><result type="ddns_update" code="750" msg="ok"/></dnsever>"#, "", ""),
    ("dnsexit.com", r#"{"code" : 0, "message" : "Success"}"#, "", r#"{"code":2,"message":"bad key"}"#),
    ("dnsmadeeasy.com", "success", "error-record-ip-same", "error-auth"),
    ("dnsmax.com", "ADDRESS", "", ""),
    ("domeneshop.no", "204", "", "404"),
    ("dondominio.com", "OK", "", ""),
    ("duckdns.org", "OK\nADDRESS\n\nUPDATED", "OK\nADDRESS\n\nNOCHANGE", "KO"),
    ("duiadns.net", "<html><body>Hostname home.example.com updated with ADDRESS</body></html>", "", ""),
    ("dynadot.com", r#"{"status":"success","error_code":0,"content":["ok"]}"#, "", ""),
    ("dynv6.com", "addresses updated", "addresses unchanged", "invalid authentication token"),
    ("easydns.com", "<HTML><FONT>NOERROR</FONT></HTML>", "no update required", "NO_ACCESS"),
    ("enom.com", "ErrCount=0\nDone=true", "", "ErrCount=1\nErr1=bad password\nDone=false"),
    ("freemyip.com", "OK", "", "ERROR"),
    ("giradns.com", "OK", "", ""),
    ("goip.de", "home.goip.de (ADDRESS)", "", "Zugriff verweigert"),
    ("infomaniak.com", "successfully_changed ADDRESS", "no_change ADDRESS", "nohost"),
    ("ionos.com-dyndns", "", "", "403"),
    ("ipnodns.ru", "ok", "", ""),
    ("ipv64.net", r#"{"info":"good","status":"success"}"#, "nochg", r#"{"info":"unauthorized"}"#),
    ("mailinabox", "updated DNS: example.com", "OK", "400"),
    ("moniker.com", "code = 200", "", "Authorization failed"),
    ("myaddr.tools", "OK", "", "404"),
    ("mydns.jp", "<html><head><title>x</title></head><body>Login and IP address notify OK.</body></html>", "", ""),
    ("mythic-beasts.com", "REPLACE home.example.com 60 A ADDRESS", "", "NREPLACE home.example.com 60 A ADDRESS; no such domain"),
    ("mythic-beasts.com-v2", r#"{"message":"1 record updated"}"#, "", ""),
    ("namecheap.com", "<interface-response><ErrCount>0</ErrCount><Done>true</Done></interface-response>", "", "<interface-response><ErrCount>1</ErrCount><errors><Err1>Passwords do not match</Err1></errors></interface-response>"),
    ("netcup.com-dyndns", r#"{"status":"success","message":"DNS records updated"}"#, "", "404"),
    ("njal.la", r#"{"status":200,"message":"record updated"}"#, "", r#"{"status":401,"message":"invalid host or key"}"#),
    ("no-ip.pl", "whatever", "", ""),
    ("regfish.de", "success|100|update succeeded!|ADDRESS", "success|101|no update needed at this time|ADDRESS", "failure|402|update failed|"),
    ("sitelutions.com", "success", "", "failure (noauth)"),
    ("system-ns.com", r#"{"code":0,"msg":"ok"}"#, "", r#"{"code":3,"msg":"bad token"}"#),
    ("technitium", r#"{"response":{"zone":{"name":"example.com"},"addedRecord":{"name":"home.example.com","type":"A","ttl":60,"rData":{"ipAddress":"ADDRESS"}}},"status":"ok"}"#, "", r#"{"status":"invalid-token","errorMessage":"Invalid token or session expired."}"#),
    ("thatip.com", "ADDRESS", "", ""),
    ("twodns.de", "OK", "nochg", ""),
    ("ydns.io", "ok", "nochg", "badauth"),
    ("zoneedit.com", "<SUCCESS CODE=\"200\" TEXT=\"Update succeeded.\">", "<SUCCESS CODE=\"201\" TEXT=\"No records need updating.\">", "<ERROR CODE=\"708\" TEXT=\"Failed Login\">"),
    ("zonomi.com", "<?xml version=\"1.0\"?><dnsapi_result><is_ok>OK:</is_ok></dnsapi_result>", "<is_ok>UNCHANGED</is_ok>", "<error>no such zone</error>"),
];

fn answers(row: Row) -> (&'static str, &'static str, &'static str) {
    let own = ANSWERS.iter().find(|(name, ..)| *name == row.name());
    assert_eq!(own.is_some(), row.get("ok").is_some(), "{row:?}");
    match own {
        Some(&(_, ok, same, no)) => (ok, same, no),
        None => ("good ADDRESS", "nochg ADDRESS", "badauth"),
    }
}

/// An answer with this body. A number is the status of an answer without a body.
fn answer(text: &str, address: &str) -> Answer {
    let body = text.replace("ADDRESS", address);
    match text.parse() {
        Ok(status) => Answer { status, ..Answer::default() },
        Err(_) => Answer { status: 200, body, ..Answer::default() },
    }
}

/// Publishes `job` with the same answer to every request. Returns the number of requests.
fn play(row: Row, job: Job, answer: &Answer) -> (usize, Vec<Outcome>) {
    play_at(&account(row), job, answer)
}

fn play_at(account: &Provider, job: Job, answer: &Answer) -> (usize, Vec<Outcome>) {
    let mut requests = 0;
    let verdicts = verdicts_of(account, &job, |_| {
        requests += 1;
        Ok(answer.clone())
    });
    (requests, verdicts.into_iter().map(|verdict| verdict.outcome).collect())
}

fn is_success(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Updated | Outcome::Unchanged)
}

/// The outcome of the only request for one name with `address`.
fn outcome_of(row: Row, address: &str, text: &str) -> Outcome {
    let one = job(vec![change("home.example.com", address)]);
    let (requests, mut outcomes) = play(row, one, &answer(text, address));
    assert_eq!((requests, outcomes.len()), (1, 1), "{row:?}");
    outcomes.remove(0)
}

/// The addresses of the families that `row` has.
fn addresses(row: Row) -> Vec<&'static str> {
    let mut addresses = vec![V4, V6];
    addresses.retain(|address| row.has(Family::of(address.parse().unwrap())));
    addresses
}

#[test]
fn answers_of_each_provider_map_to_outcomes() {
    for row in living() {
        let (ok, same, no) = answers(row);
        for address in addresses(row) {
            assert_eq!(outcome_of(row, address, ok), Outcome::Updated, "{row:?} {ok}");
            assert!(row.get("same").is_none() || !same.is_empty(), "{row:?}");
            if !same.is_empty() {
                let outcome = outcome_of(row, address, same);
                assert_eq!(outcome, Outcome::Unchanged, "{row:?} {same}");
            }
            if !no.is_empty() {
                let refused = outcome_of(row, address, no);
                assert!(matches!(refused, Outcome::Refused { .. }), "{row:?} {no} {refused:?}");
            }
        }
    }
}

/// The row is found by the host of the owner's own `update_url`.
#[test]
fn own_url_at_host_of_provider_is_judged_like_its_row() {
    for row in living().filter(|row| row.get("param_opt").is_none()) {
        let (ok, same, no) = answers(row);
        let own = Provider { author: Author::Owner, ..account(row) }.with(|account| {
            account.label = "custom".into();
        });
        for address in addresses(row) {
            for text in [ok, same, no, "<html><body>Sign in to the network, please</body></html>"] {
                let one = job(vec![change("home.example.com", address)]);
                let answer = answer(text, address);
                let (_, by_name) = play(row, one.clone(), &answer);
                let (_, by_url) = play_at(&own, one, &answer);
                if matches!(by_name[0], Outcome::Retry { .. }) {
                    assert!(!is_success(&by_url[0]), "{row:?} {text}");
                } else {
                    assert_eq!(by_url, by_name, "{row:?} {text}");
                }
            }
        }
    }
}

fn row_of(url: &str) -> Option<Row> {
    let url = Url::parse(url).unwrap();
    at_host(url.host(), url.path())
}

#[test]
fn row_is_found_by_host_of_url() {
    for (url, expected) in [
        ("http://www.duckdns.org/update?domains=a", "duckdns.org"),
        ("https://duckdns.org/update?domains=a", "duckdns.org"),
        ("http://freedns.afraid.org/dynamic/update.php?key", "afraid.org-keyauth"),
        ("http://freedns.afraid.org/nic/update?hostname=a", "afraid.org-basicauth"),
        ("https://v6.sync.afraid.org/u/token/", "afraid.org-v2-basic"),
        ("http://ipv4.dynv6.com/api/update?hostname=a", "dynv6.com"),
        ("http://dynamicdns.park-your-domain.com:8080/update?host=a", "namecheap.com"),
    ] {
        assert_eq!(row_of(url).map(Row::name), Some(expected), "{url}");
    }
    for url in [
        "http://home.dynv6.com/nic/update",
        "http://my.duckdns.org/update",
        "http://duckdns.org.example.com/update",
        "http://example.com/www.duckdns.org",
        "http://192.0.2.1/nic/update",
        "http://org/",
    ] {
        assert_eq!(row_of(url), None, "{url}");
    }
}

#[test]
fn limits_of_provider_apply_to_own_urls_at_its_host() {
    for (url, rate) in [
        ("https://[USERNAME]:[PASSWORD]@dynupdate.no-ip.com/nic/update?myip=[IP]", Some((10, 10))),
        ("https://ipv64.net/update.php?key=[PASSWORD]&ip=[IP]", Some((3, 10))),
        ("https://update.dedyn.io/?hostname=[DOMAIN]&myipv4=[IP4]&myipv6=[IP6]", Some((2, 120))),
        ("https://www.duckdns.org/update?domains=[SUB]&ip=[IP]", None),
        ("https://ipv64.net.example.net/update.php?ip=[IP]", None),
        ("https://[DOMAIN]/update.php?ip=[IP]", None),
    ] {
        for label in ["custom", "definition"] {
            let own = Provider {
                mechanism: Mechanism::Url(families::urls(url).unwrap()),
                ..fixture::provider()
            }
            .with(|account| {
                account.label = label.into();
            });
            let found = crate::provider::rate(&own).map(|rate| (rate.requests, rate.seconds));
            assert_eq!(found, rate, "{url}");
        }
    }
}

#[test]
fn request_without_address_to_known_host_uses_family_of_record() {
    for (url, uses_family) in [
        ("https://www.dy.fi/nic/update?hostname=[DOMAIN]", true),
        ("https://dynv6.com/api/update?hostname=[DOMAIN]&token=[PASSWORD]&ipv4=auto", true),
        ("https://www.dy.fi/nic/update?hostname=[DOMAIN]&myip=[IP]", false),
        ("https://example.net/nic/update?hostname=[DOMAIN]", false),
    ] {
        let mechanism = Mechanism::Url(families::urls(url).unwrap());
        let own = Provider { mechanism, ..fixture::provider() }.with(|account| {
            account.password = Secret::new("hunter2");
        });
        for address in [V4, V6] {
            let change = change("home.example.com", address);
            let expected = if uses_family { Some(change.family) } else { None };
            let request = first_request(&own, &job(vec![change])).unwrap();
            assert_eq!(request.family, expected, "{url}");
        }
    }
}

#[test]
fn other_answers_are_no_success() {
    const PORTAL: &str = "<!DOCTYPE html><html><head><title>Welcome to the hotel</title></head><body>Accept \
        cookies and 100 conditions. Your login is updated, press OK to go on</body></html>";
    for row in living() {
        let ok = row.get("ok").unwrap_or_default();
        let needs_status_only = ok.contains("HTTP 2") && !ok.contains("empty");
        let may_be_empty = ok.contains("HTTP 200 empty");
        for (status, body) in [
            (200, PORTAL),
            (200, ""),
            (200, "an internal fault"),
            (200, "good morning"),
            (200, "911"),
            (302, "good"),
            (401, ""),
            (404, "<html><title>404</title></html>"),
            (500, "OK good updated success 192.0.2.1"),
            (503, ""),
        ] {
            let address = if row.has(Family::V4) { V4 } else { V6 };
            let one = job(vec![change("home.example.com", address)]);
            let answer = Answer { status, body: body.into(), ..Answer::default() };
            let (_, outcomes) = play(row, one, &answer);
            let may_succeed = status == 200 && ![PORTAL, "911"].contains(&body);
            let expected = may_succeed && (needs_status_only || may_be_empty && body.is_empty());
            assert_eq!(is_success(&outcomes[0]), expected, "{row:?} {status} {body} {outcomes:?}");
        }
    }
}

/// Answers that name another address than the sent one, and so are no success.
#[rustfmt::skip]
const OTHER_ADDRESS: &[(&str, &str)] = &[
    ("afraid.org-basicauth", "ERROR: Address 192.0.2.99 has not changed."),
    ("dondominio.com", "IP:192.0.2.99"),
    ("duckdns.org", "OK\n192.0.2.99\n\nUPDATED"),
    ("duckdns.org", "OK\n192.0.2.99\n2001:db8::1\nNOCHANGE"),
    ("infomaniak.com", "no_change 192.0.2.99"),
    ("infomaniak.com", "successfully_changed 192.0.2.99"),
    ("regfish.de", "success|101|no update needed at this time|192.0.2.99"),
];

/// Further refusals: name, status, answer, and text in the advice.
#[rustfmt::skip]
const REFUSALS: &[(&str, u16, &str, &str)] = &[
    ("changeip.com", 200, "denied", "compare"),
    ("dynu.com", 200, "unknown\r\n", "compare"),
    ("dynv6.com", 404, "zone not found", "compare"),
    ("afraid.org-v2-token", 200, "Couldn't find any matching DNS records for that token.", "compare"),
    ("dinahosting.com", 200, r#"{"responseCode":2200,"errors":[{"message":"Authentication error.","code":2200}]}"#, "compare"),
    ("dinahosting.com", 200, r#"{"responseCode":2001,"errors":[{"message":"Param \"ip\" value syntax is not valid.","code":2005}]}"#, "compare"),
    ("easydns.com", 200, "<HTML><FONT>ILLEGAL INPUT</FONT></HTML>", "compare"),
    ("easydns.com", 200, "<HTML><FONT>NO_SERVICE</FONT></HTML>", "order it"),
    ("gigahost.no", 400, "badagent", "ip_source"),
    ("he.net", 200, "noipv4", "A or AAAA"),
    ("he.net", 200, "noipv6", "A or AAAA"),
    ("hosting.de", 200, "badagent", "user_agent"),
    ("netcup.com-dyndns", 401, r#"{"status":"error","message":"Invalid token"}"#, "legacy"),
    ("netcup.com-dyndns", 400, r#"{"status":"error","message":"Invalid fqdn"}"#, "CloudDNS"),
    ("febas.de", 200, "badauth", "correct"),
    ("itsdns.de", 401, "Zugangsdaten falsch", "correct"),
    ("freedyn.de", 200, "nohost", "compare"),
    ("technitium", 200, r#"{"status":"error","errorMessage":"No such authoritative zone was found: example.com"}"#, "compare"),
    ("selfhost.de", 410, "", "compare"),
    ("spdyn.de", 200, "fatal", "compare"),
];

#[test]
fn refusals_of_row_are_tried_before_codes_and_have_advice() {
    for (name, status, text, word) in REFUSALS {
        let one = job(vec![change("home.example.com", V4)]);
        let answer = Answer { status: *status, ..answer(text, V4) };
        let outcome = play(find(name).unwrap(), one, &answer).1.remove(0);
        let Outcome::Refused { advice, .. } = &outcome else { panic!("{name} {outcome:?}") };
        assert!(advice.contains(word), "{name} {advice}");
    }
    let hosting = find("hosting.de").unwrap();
    assert!(matches!(outcome_of(hosting, V4, "fatal"), Outcome::Retry { .. }));
    let dondominio = find("dondominio.com").unwrap();
    for text in ["OK", "IP:ADDRESS"] {
        assert_eq!(outcome_of(dondominio, V4, text), Outcome::Updated);
    }
}

#[test]
fn other_address_than_the_sent_one_is_no_success() {
    for (name, text) in OTHER_ADDRESS {
        let outcome = outcome_of(find(name).unwrap(), V4, text);
        let Outcome::Retry { reason, .. } = &outcome else { panic!("{name} {text} {outcome:?}") };
        assert!(reason.contains("192.0.2.99") && reason.contains(V4), "{reason}");
    }
}

/// Each record of the request has its own verdict.
#[test]
fn both_families_of_a_name_share_one_request() {
    for row in living().filter(|row| urls(*row)[2].is_some()) {
        let two = job(vec![change("home.example.com", V4), change("home.example.com", V6)]);
        let (ok, same, no) = answers(row);
        let both = format!("{V4} {V6}");
        let (requests, outcomes) = play(row, two.clone(), &answer(ok, &both));
        assert_eq!((requests, outcomes), (1, vec![Outcome::Updated; 2]), "{row:?}");
        if !same.is_empty() {
            let (_, outcomes) = play(row, two.clone(), &answer(same, &both));
            assert_eq!(outcomes, vec![Outcome::Unchanged; 2], "{row:?}");
        }
        let (_, outcomes) = play(row, two, &answer(no, &both));
        for outcome in outcomes {
            assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?}");
        }
        // The published address of the other family is repeated.
        let mut kept = job(vec![change("home.example.com", V6)]);
        let name = Hostname::parse("home.example.com").unwrap();
        kept.kept = vec![(name, V4.parse().unwrap())];
        let request = first_request(&account(row), &kept).unwrap();
        let url = request.url.expose();
        assert!(url.contains(V4) && url.contains(V6) && request.family.is_none(), "{url}");
    }
}

/// The request of a removal, and its outcome for each answer.
#[test]
fn rows_with_removal_url_remove_records() {
    let desec = "https://[USERNAME]:[PASSWORD]@update.dedyn.io/?hostname=[DOMAIN]";
    assert_eq!(
        find("desec.io").unwrap().removal(Family::V6).unwrap().url.split('&').next(),
        Some(desec)
    );
    for (name, previous, path, answer) in [
        (
            "desec.io",
            V4,
            "update.dedyn.io/?hostname=home.example.com&myipv4=&myipv6=preserve",
            "good",
        ),
        (
            "desec.io",
            V6,
            "update.dedyn.io/?hostname=home.example.com&myipv4=preserve&myipv6=",
            "good",
        ),
        (
            "dynv6.com",
            V4,
            "dynv6.com/api/update?hostname=home.example.com&token=hunter2&ipv4=-",
            "addresses updated",
        ),
        (
            "technitium",
            V6,
            "dns.example.net/api/zones/records/delete?token=hunter2&domain=home.example.com&type=AAAA&ipAddress=2001:db8::1",
            r#"{"response":{},"status":"ok"}"#,
        ),
        (
            "nsupdate.info",
            V4,
            "nsupdate.info/nic/delete?hostname=home.example.com&myip=192.0.2.1",
            "deleted A",
        ),
        (
            "nsupdate.info",
            V6,
            "nsupdate.info/nic/delete?hostname=home.example.com&myip=2001:db8::1",
            "deleted AAAA",
        ),
    ] {
        let row = find(name).unwrap();
        let gone = job(vec![removal("home.example.com", previous)]);
        let request = first_request(&account(row), &gone).unwrap();
        assert_eq!(request.url.expose(), format!("https://{path}"));
        assert_eq!(request.family, None, "the router has no address of that family any more");
        let (_, outcomes) = play(row, gone.clone(), &self::answer(answer, V4));
        assert_eq!(outcomes, [Outcome::Updated], "{name}");
        for no in ["nohost", "911"] {
            let (_, outcomes) = play(row, gone.clone(), &self::answer(no, V4));
            assert!(!is_success(&outcomes[0]), "{name}: {no}");
        }
    }
}

#[test]
fn each_removal_is_a_request_with_the_published_or_tried_address() {
    // The answer to the first publication of all was lost.
    let mut tried = removal("home.example.com", V4);
    tried.tried.extend(tried.previous.take());
    assert_eq!(
        play(find("nsupdate.info").unwrap(), job(vec![tried]), &answer("deleted A", V4)).1,
        [Outcome::Updated]
    );
    // A removal and an update of the same name are two requests.
    let both = job(vec![removal("home.example.com", V4), change("home.example.com", V6)]);
    let row = find("desec.io").unwrap();
    assert_eq!(play(row, both, &answer("good", V4)), (2, vec![Outcome::Updated; 2]));
}

#[test]
fn rows_without_removal_url_refuse_with_advice() {
    for row in living().filter(|row| row.removal(Family::V4).is_none()) {
        let gone = job(vec![removal("home.example.com", V4)]);
        let verdicts = verdicts_of(&account(row), &gone, |_| panic!("{row:?}"));
        let Outcome::Refused { reason, advice } = &verdicts[0].outcome else {
            panic!("{verdicts:?}")
        };
        assert!(reason.ends_with("cannot remove a record") && advice.contains("remove_after"));
    }
}

#[test]
fn request_without_address_uses_family_of_record() {
    for row in living() {
        for address in addresses(row) {
            let change = change("home.example.com", address);
            let family = change.family;
            let request = first_request(&account(row), &job(vec![change])).unwrap();
            let has_address = request.url.expose().contains(address);
            assert_eq!(request.family, if has_address { None } else { Some(family) }, "{row:?}");
        }
    }
}

/// Requests to some providers: name, domain, addresses, user and URL.
#[rustfmt::skip]
const REQUESTS: &[(&str, &str, &[&str], &str)] = &[
    ("dyndns.org", "a.example", &[V4], "me members.dyndns.org/v3/update?hostname=a.example&myip=192.0.2.1"),
    ("no-ip.com", "a.example", &[V4, V6], "me dynupdate.no-ip.com/nic/update?hostname=a.example&myip=192.0.2.1,2001:db8::1"),
    ("no-ip.com", "a.example", &[V6], "me dynupdate.no-ip.com/nic/update?hostname=a.example&myip=2001:db8::1"),
    ("desec.io", "a.dedyn.io", &[V4], "me update.dedyn.io/?hostname=a.dedyn.io&myipv4=192.0.2.1&myipv6=preserve"),
    ("desec.io", "a.dedyn.io", &[V6, V4], "me update.dedyn.io/?hostname=a.dedyn.io&myipv4=192.0.2.1&myipv6=2001:db8::1"),
    ("dynu.com", "a.example", &[V6], "me api.dynu.com/nic/update?hostname=a.example&myip=no&myipv6=2001:db8::1"),
    ("he.net", "a.example", &[V6], "a.example dyn.dns.he.net/nic/update?hostname=a.example&myip=2001:db8::1"),
    ("duckdns.org", "a.duckdns.org", &[V4], "www.duckdns.org/update?domains=a&token=hunter2&ip=192.0.2.1&verbose=true"),
    ("duckdns.org", "a", &[V6], "www.duckdns.org/update?domains=a&token=hunter2&ipv6=2001:db8::1&verbose=true"),
    ("namecheap.com", "example.com", &[V4], "dynamicdns.park-your-domain.com/update?host=me&domain=example.com&password=hunter2&ip=192.0.2.1"),
    ("enom.com", "www.example.com", &[V4], "dynamic.name-services.com/interface.asp?Command=SetDNSHost&HostName=www&Zone=example.com&DomainPassword=hunter2&Address=192.0.2.1"),
    ("enom.com", "@example.co.uk", &[V4], "dynamic.name-services.com/interface.asp?Command=SetDNSHost&HostName=@&Zone=example.co.uk&DomainPassword=hunter2&Address=192.0.2.1"),
    ("inwx.de", "a.example", &[V4, V6], "me dyndns.inwx.com/nic/update?myip=192.0.2.1&myipv6=2001:db8::1"),
    ("he.net", "a.example.", &[V4], "a.example dyn.dns.he.net/nic/update?hostname=a.example&myip=192.0.2.1"),
    ("duckdns.org", "a.duckdns.org.", &[V4], "www.duckdns.org/update?domains=a&token=hunter2&ip=192.0.2.1&verbose=true"),
    ("dynu.com", "a.dynu.net", &[V4], "me api.dynu.com/nic/update?hostname=a.dynu.net&myip=192.0.2.1&myipv6=no"),
    ("dynu.com", "a.b@example.com", &[V4, V6], "me api.dynu.com/nic/update?hostname=example.com&alias=a.b&myip=192.0.2.1&myipv6=2001:db8::1"),
    ("dynu.com", "a@example.com", &[V6], "me api.dynu.com/nic/update?hostname=example.com&alias=a&myip=no&myipv6=2001:db8::1"),
    ("dynu.com", "@example.com", &[V4], "me api.dynu.com/nic/update?hostname=example.com&myip=192.0.2.1&myipv6=no"),
    ("dynadot.com", "a.example.com", &[V6], "www.dynadot.com/set_ddns?domain=example.com&subDomain=a&containRoot=false&type=AAAA&ip=2001:db8::1&pwd=hunter2&ttl=300"),
    ("dynadot.com", "example.com", &[V4], "www.dynadot.com/set_ddns?domain=example.com&containRoot=true&type=A&ip=192.0.2.1&pwd=hunter2&ttl=300"),
    ("dynadot.com", "a.b@example.com", &[V4], "www.dynadot.com/set_ddns?domain=example.com&subDomain=a.b&containRoot=false&type=A&ip=192.0.2.1&pwd=hunter2&ttl=300"),
    ("dinahosting.com", "a.example.com", &[V4], "me dinahosting.com/special/api.php?command=Domain_Zone_UpdateTypeA&domain=example.com&hostname=a&ip=192.0.2.1&responseType=Json"),
    ("dinahosting.com", "@example.com", &[V6], "me dinahosting.com/special/api.php?command=Domain_Zone_UpdateTypeAAAA&domain=example.com&hostname=@&ip=2001:db8::1&responseType=Json"),
    ("itsdns.de", "a.example.com", &[V6], "me www.itsdns.de/update.php?hostname=a.example.com&myip=2001:db8::1"),
    ("freedyn.de", "a.freedyn.de", &[V6], "me ipv6.api.freedyn.de/nic/update?hostname=a.freedyn.de&myip=2001:db8::1"),
    ("febas.de", "a.example.com", &[V4, V6], "www.febas.de/api/dyndns.php?kundenid=me&token=hunter2&type=dyndns&domain=a.example.com&myip=192.0.2.1&myip6=2001:db8::1"),
    ("netcup.com-dyndns", "a.example.com", &[V4, V6], "customercontrolpanel.de/wsDynDns.php?action=update&token=hunter2&fqdn=a.example.com&ipv4Address=192.0.2.1&ipv6Address=2001:db8::1"),
    ("netcup.com-dyndns", "a.example.com", &[V6], "customercontrolpanel.de/wsDynDns.php?action=update&token=hunter2&fqdn=a.example.com&ipv6Address=2001:db8::1"),
    ("technitium", "a.example.com", &[V6], "dns.example.net/api/zones/records/add?token=hunter2&domain=a.example.com&type=AAAA&ipAddress=2001:db8::1&overwrite=true&ttl=60"),
    ("mailinabox", "a.example.com", &[V4], "me dns.example.net/admin/dns/custom/a.example.com/A"),
    ("ipv64.net", "a.ipv64.net", &[V4, V6], "ipv64.net/nic/update?key=hunter2&domain=a.ipv64.net&ip=192.0.2.1&ip6=2001:db8::1"),
    ("spdyn.de", "a.spdns.de", &[V4, V6], "me update.spdyn.de/nic/update?hostname=a.spdns.de&myip=192.0.2.1,2001:db8::1"),
    ("variomedia.de", "a.example.com", &[V6], "me dyndns.variomedia.de/nic/update?hostname=a.example.com&myip=2001:db8::1"),
    ("dondominio.com", "a.example.com", &[V4], "dondns.dondominio.com/plain/?user=me&apikey=hunter2&host=a.example.com&ip=192.0.2.1"),
    ("powerdns-admin", "a.example", &[V6], "me dns.example.net/nic/update?hostname=a.example&myip=2001:db8::1"),
    ("apertodns.com-token", "a.example", &[V4], "hunter2 api.apertodns.com/nic/update?hostname=a.example&myip=192.0.2.1"),
];

#[test]
fn requests_have_the_form_that_each_provider_documents() {
    for (name, domain, addresses, expected) in REQUESTS {
        let changes = addresses.iter().map(|address| change(domain, address)).collect();
        let account = account(find(name).unwrap());
        let request = first_request(&account, &job(changes)).unwrap();
        let user = match &request.url.credentials {
            Some(credentials) => format!("{} ", credentials.user),
            None => String::new(),
        };
        let url = request.url.expose().replace("https://", "");
        assert_eq!(format!("{user}{url}"), *expected);
    }
}
