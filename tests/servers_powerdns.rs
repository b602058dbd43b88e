//! The HTTP interface of a real PowerDNS, over plain HTTP on loopback. `make test-servers` runs
//! these tests.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "support/process.rs"]
mod process;
mod servers;
#[path = "support/skip.rs"]
mod skip;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use std::{env, fs, process as this};

use ddns_netlink::edge::http::Client;
use ddns_netlink::model::secret::Secret;
use ddns_netlink::model::{Family, Hostname, RecordOptions, Target, Url};
use ddns_netlink::provider::Provider;
use ddns_netlink::provider::{
    Answer, Change, Job, LearnedChanges, LearnedValues, Method, Outcome, Request, Verdict,
};

use process::Process;
use servers::{account, direct, free_port, program, publish};

const PATIENCE: Duration = Duration::from_secs(30);
const KEY: &str = "s3cret";

/// A running PowerDNS; killed when dropped.
struct Server {
    _process: Process,
    client: Client,
    url: String,
    directory: PathBuf,
}

impl Server {
    /// Starts PowerDNS with the zones `example.com` and `sub.example.com`; `None` if it is not
    /// installed.
    fn start(name: &str) -> Option<Self> {
        let root = program("pdns")?;
        let directory = env::temp_dir().join(format!("ddns-netlink-{name}-{}", this::id()));
        fs::create_dir_all(&directory).unwrap();
        let library = fs::read_dir(root.join("usr/lib")).unwrap();
        let library = library.map(|entry| entry.unwrap().path());
        let library = library.into_iter().find(|path| path.join("pdns").exists()).unwrap();
        let (port, web) = (free_port(), free_port());
        let mut command = Command::new(root.join("usr/sbin/pdns_server"));
        command.env("LD_LIBRARY_PATH", &library);
        for (option, value) in [
            ("config-dir", directory.display().to_string()),
            ("socket-dir", directory.display().to_string()),
            ("module-dir", library.join("pdns").display().to_string()),
            ("launch", "lmdb".into()),
            ("lmdb-filename", directory.join("zones").display().to_string()),
            ("local-address", "127.0.0.1".into()),
            ("local-port", port.to_string()),
            ("api", "yes".into()),
            ("api-key", KEY.into()),
            ("webserver", "yes".into()),
            ("webserver-address", "127.0.0.1".into()),
            ("webserver-port", web.to_string()),
            ("webserver-allow-from", "127.0.0.0/8".into()),
            ("daemon", "no".into()),
            ("guardian", "no".into()),
            ("disable-syslog", "yes".into()),
        ] {
            command.arg(format!("--{option}={value}"));
        }
        let process = Process::start(&mut command);
        process.lines.wait_line(PATIENCE, |line| line.contains("Done launching threads"));
        let url = format!("http://127.0.0.1:{web}");
        let server = Self { _process: process, client: direct(), url, directory };
        for zone in ["example.com.", "sub.example.com."] {
            let body = format!(
                r#"{{"name":"{zone}","kind":"Native","nameservers":["ns.{zone}"],"rrsets":[
                    {{"name":"alias.{zone}","type":"CNAME","ttl":60,"changetype":"REPLACE",
                      "records":[{{"content":"ns.{zone}"}}]}}]}}"#
            );
            assert_eq!(server.send(Method::Post, "", Some(&body)).status, 201);
        }
        Some(server)
    }

    /// Sends a request to the interface; `path` is below the list of zones.
    fn send(&self, method: Method, path: &str, body: Option<&str>) -> Answer {
        let url = format!("{}/api/v1/servers/localhost/zones{path}", self.url);
        let request = Request {
            method,
            headers: vec![("X-API-Key", Secret::new(KEY))],
            body: body.map(Secret::new),
            ..Request::get(Url::parse(&url).unwrap(), String::new(), vec![])
        };
        self.client.send(&request).unwrap()
    }

    /// The records of a type as `ttl address address …`, sorted.
    fn records(&self, zone: &str, name: &str, kind: &str) -> String {
        let answer = self.send(Method::Get, &format!("/{zone}"), None);
        let zone: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        let sets = zone["rrsets"].as_array().unwrap();
        let set = sets.iter().find(|set| set["name"] == name && set["type"] == kind);
        let Some(set) = set else { return "none".into() };
        let records = set["records"].as_array().unwrap().iter();
        let mut records: Vec<_> =
            records.map(|record| record["content"].as_str().unwrap()).collect();
        records.sort_unstable();
        format!("{} {}", set["ttl"], records.join(" "))
    }

    fn account(&self) -> Provider {
        let mut provider = account("powerdns", "", KEY);
        provider.account.base = Url::parse(&self.url).ok();
        provider
    }

    fn publish(
        &self,
        changes: &[Change],
        learned: &LearnedValues,
    ) -> (Vec<Verdict>, LearnedChanges, usize) {
        let job = Job { changes: changes.to_vec(), learned: learned.clone(), ..Job::default() };
        publish(&self.client, &self.account(), job)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn change(name: &str, address: &str) -> Change {
    Change {
        name: Hostname::parse(name).unwrap(),
        family: Family::of(address.parse().unwrap()),
        target: Target::Address(address.parse().unwrap()),
        previous: None,
        tried: Vec::new(),
        anew: false,
        record: RecordOptions::default(),
    }
}

/// The removal of the record of `name` that holds `previous`.
fn removal(name: &str, previous: &str) -> Change {
    let change = change(name, previous);
    Change { previous: change.address(), target: Target::Absent, ..change }
}

fn updated(count: usize) -> Vec<Verdict> {
    vec![Outcome::Updated.into(); count]
}

#[test]
#[ignore = "needs PowerDNS: make test-servers"]
fn records_of_two_zones_are_added_changed_and_found_unchanged() {
    let Some(server) = Server::start("names") else { return };
    let all = |v4: &str, v6: &str| {
        [
            change("home.example.com", v4),
            change("home.example.com", v6),
            change("@example.com", v6),
            change("*.example.com", v4),
            change("b.example.com", v6),
            change("a.sub.example.com", v4),
        ]
    };
    let first = all("192.0.2.1", "2001:db8::1");
    let (verdicts, learned, _) = server.publish(&first, &LearnedValues::new());
    assert_eq!(verdicts, updated(6));
    let records = |zone, name, kind| server.records(zone, name, kind);
    assert_eq!(records("example.com.", "home.example.com.", "A"), "300 192.0.2.1");
    assert_eq!(records("example.com.", "home.example.com.", "AAAA"), "300 2001:db8::1");
    assert_eq!(records("example.com.", "example.com.", "AAAA"), "300 2001:db8::1");
    assert_eq!(records("example.com.", "*.example.com.", "A"), "300 192.0.2.1");
    assert_eq!(records("sub.example.com.", "a.sub.example.com.", "A"), "300 192.0.2.1");
    assert_eq!(records("example.com.", "a.sub.example.com.", "A"), "none");

    let (verdicts, _, _) = server.publish(&first, &LearnedValues::new());
    assert_eq!(verdicts, vec![Outcome::Unchanged.into(); 6]);

    // With many names the whole zone is read, and its records are written in one request.
    let learned: LearnedValues =
        learned.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    let (verdicts, _, requests) = server.publish(&all("192.0.2.2", "2001:db8::2"), &learned);
    assert_eq!((verdicts, requests), (updated(6), 4));
    assert_eq!(records("example.com.", "home.example.com.", "AAAA"), "300 2001:db8::2");
}

#[test]
#[ignore = "needs PowerDNS: make test-servers"]
fn other_addresses_and_the_ttl_of_a_name_stay() {
    let Some(server) = Server::start("others") else { return };
    let set = r#"{"rrsets":[{"name":"home.example.com.","type":"A","ttl":77,"changetype":"REPLACE",
        "records":[{"content":"192.0.2.7"},{"content":"192.0.2.1"}]}]}"#;
    assert_eq!(server.send(Method::Patch, "/example.com.", Some(set)).status, 204);
    let mut home = change("home.example.com", "192.0.2.9");
    let (verdicts, _, _) = server.publish(std::slice::from_ref(&home), &LearnedValues::new());
    assert!(matches!(verdicts[0].outcome, Outcome::Refused { .. }), "{verdicts:?}");
    home.previous = Some("192.0.2.1".parse().unwrap());
    let (verdicts, learned, _) = server.publish(std::slice::from_ref(&home), &LearnedValues::new());
    assert_eq!(verdicts, updated(1));
    let records = || server.records("example.com.", "home.example.com.", "A");
    assert_eq!(records(), "77 192.0.2.7 192.0.2.9");
    assert!(learned.iter().all(|(key, _)| !key.starts_with("record")), "{learned:?}");
    home.record.ttl = Some(60);
    let (verdicts, _, _) = server.publish(&[home], &LearnedValues::new());
    assert_eq!(verdicts, updated(1));
    assert_eq!(records(), "60 192.0.2.7 192.0.2.9");
}

#[test]
#[ignore = "needs PowerDNS: make test-servers"]
fn a_removal_takes_only_the_published_address() {
    let Some(server) = Server::start("removal") else { return };
    let set = r#"{"rrsets":[{"name":"home.example.com.","type":"A","ttl":77,"changetype":"REPLACE",
        "records":[{"content":"192.0.2.7"},{"content":"192.0.2.1"}]}]}"#;
    assert_eq!(server.send(Method::Patch, "/example.com.", Some(set)).status, 204);
    let made = [change("home.example.com", "2001:db8::1"), change("b.example.com", "192.0.2.1")];
    assert_eq!(server.publish(&made, &LearnedValues::new()).0, updated(2));
    let gone = [
        removal("home.example.com", "192.0.2.1"),
        removal("home.example.com", "2001:db8::1"),
        change("b.example.com", "192.0.2.2"),
    ];
    assert_eq!(server.publish(&gone, &LearnedValues::new()).0, updated(3));
    let records = |name, kind| server.records("example.com.", name, kind);
    assert_eq!(records("home.example.com.", "A"), "77 192.0.2.7");
    assert_eq!(records("home.example.com.", "AAAA"), "none");
    assert_eq!(records("b.example.com.", "A"), "300 192.0.2.2");
    let (verdicts, _, _) = server.publish(&gone, &LearnedValues::new());
    assert_eq!(verdicts, vec![Outcome::Unchanged.into(); 3]);
    assert_eq!(records("home.example.com.", "A"), "77 192.0.2.7");
}

#[test]
#[ignore = "needs PowerDNS: make test-servers"]
fn of_a_batch_only_the_refused_change_fails() {
    let Some(server) = Server::start("refused") else { return };
    let names = ["a", "b", "alias", "c", "d"];
    let changes = names.map(|name| change(&format!("{name}.example.com"), "192.0.2.1"));
    let (verdicts, _, _) = server.publish(&changes, &LearnedValues::new());
    for (name, verdict) in names.iter().zip(&verdicts) {
        assert_eq!(verdict.is_success(), *name != "alias", "{verdicts:?}");
    }
    let Outcome::Refused { reason, .. } = &verdicts[2].outcome else { panic!("{verdicts:?}") };
    assert_eq!(reason, "alias.example.com is an alias (CNAME) at PowerDNS");
    assert_eq!(server.records("example.com.", "d.example.com.", "A"), "300 192.0.2.1");
}

#[test]
#[ignore = "needs PowerDNS: make test-servers"]
fn a_wrong_key_and_a_missing_zone_are_reported() {
    let Some(server) = Server::start("wrong") else { return };
    let home = Job { changes: vec![change("home.example.com", "192.0.2.1")], ..Job::default() };
    let mut wrong = server.account();
    wrong.account.password = Secret::new("wrong");
    let (verdicts, _, _) = publish(&server.client, &wrong, home);
    let reason = |verdicts: &[Verdict]| {
        let Outcome::Refused { reason, .. } = &verdicts[0].outcome else { panic!("{verdicts:?}") };
        reason.clone()
    };
    assert_eq!(reason(&verdicts), "PowerDNS does not accept the credentials: HTTP 401");
    let (verdicts, _, _) =
        server.publish(&[change("a.example.org", "192.0.2.1")], &LearnedValues::new());
    assert_eq!(reason(&verdicts), "PowerDNS has no zone for a.example.org in this account");
    let (verdicts, _, _) =
        server.publish(&[change("a@example.org", "192.0.2.1")], &LearnedValues::new());
    assert_eq!(reason(&verdicts), "PowerDNS does not know the zone or the record: HTTP 404");
    // A learned zone that does not exist any more is looked up again.
    let learned = [("zone example.com", "example.com"), ("record home.example.com A", "60")];
    let learned: LearnedValues =
        learned.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
    assert_eq!(server.send(Method::Delete, "/sub.example.com.", None).status, 204);
    let stale = [("zone sub.example.com", "sub.example.com"), ("record a.sub.example.com A", "60")];
    let stale: LearnedValues =
        stale.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
    let (verdicts, _, _) = server.publish(&[change("a.sub.example.com", "192.0.2.1")], &stale);
    assert_eq!(verdicts, updated(1));
    assert_eq!(server.records("example.com.", "a.sub.example.com.", "A"), "300 192.0.2.1");
    let (verdicts, _, requests) =
        server.publish(&[change("home.example.com", "192.0.2.3")], &learned);
    assert_eq!((verdicts, requests), (updated(1), 2));
}
