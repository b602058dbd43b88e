//! Route 53, played by moto under the real host name and over TLS; moto checks the signatures.
//! `make test-servers` runs these tests.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "support/process.rs"]
mod process;
mod servers;
#[path = "support/skip.rs"]
mod skip;
#[path = "support/tls.rs"]
mod tls;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use std::{env, fs, process as this};

use ddns_netlink::edge::clock;
use ddns_netlink::edge::http::Client;
use ddns_netlink::model::secret::Secret;
use ddns_netlink::model::{Family, Hostname, RecordOptions, Target, Url};
use ddns_netlink::provider::Provider;
use ddns_netlink::provider::sign::{Canonical, Key, timestamp};
use ddns_netlink::provider::{
    self, Answer, Change, FailureKind, Job, LearnedValues, Method, Outcome, Request, Verdict,
};

use process::Process;
use servers::{Tunnel, account, installed, publish};

/// How long a test waits; on a busy machine a Python program takes that long to start.
const PATIENCE: Duration = Duration::from_secs(60);
const HOST: &str = "route53.amazonaws.com";

/// A running moto; killed when dropped.
struct Moto {
    _process: Process,
    client: Client,
    directory: PathBuf,
}

impl Moto {
    fn start(name: &str) -> Self {
        let directory = env::temp_dir().join(format!("ddns-netlink-{name}-{}", this::id()));
        fs::create_dir_all(&directory).unwrap();
        let file = |name: &str| directory.join(name);
        let authority = tls::Authority::new();
        authority.write_pem(&file("ca.pem"));
        let (certificate, key) = authority.server_pem(&[HOST, "iam.amazonaws.com"], (2020, 2090));
        fs::write(file("server.pem"), certificate).unwrap();
        fs::write(file("server.key"), key).unwrap();
        let mut command = Command::new(installed().join("venv/bin/moto_server"));
        command.args(["-H", "127.0.0.1", "-p", "0", "-s", "-c"]).arg(file("server.pem"));
        let process = Process::start(command.arg("-k").arg(file("server.key")));
        let running = "Running on https://";
        let line = process.lines.wait_line(PATIENCE, |line| line.contains(running));
        let (_, address) = line.split_once(running).unwrap();
        let address: SocketAddr = address.trim().parse().unwrap();
        let client = Tunnel::to(address).client(file("ca.pem"));
        Self { _process: process, client, directory }
    }

    fn send(&self, key: &Provider, host: &str, path: &str, kind: &str, body: &str) -> Answer {
        let service = host.split('.').next().unwrap();
        let time = timestamp(clock::now().wall).replace(['-', ':'], "");
        let mut request = Request {
            method: Method::Post,
            headers: vec![("Content-Type", Secret::new(kind))],
            body: Some(Secret::new(body)),
            ..Request::get(Url::https(&format!("{host}{path}")), String::new(), vec![])
        };
        let canonical = Canonical {
            algorithm: "AWS4-HMAC-SHA256",
            key: Key::Derived {
                prefix: "AWS4",
                scope: &[&time[..8], "us-east-1", service, "aws4_request"],
            },
            time_header: "X-Amz-Date",
            time: &time,
            signed: &["host", "x-amz-date"],
            path_end: "",
        };
        canonical.sign(&key.account, &mut request);
        let answer = self.client.send(&request).unwrap();
        assert!(answer.status < 300, "{} {path}: {}", answer.status, answer.body);
        answer
    }

    fn iam(&self, action: &str) -> Answer {
        let form = "application/x-www-form-urlencoded";
        let body = format!("Version=2010-05-08&UserName=ddns&{action}");
        self.send(&anybody(), "iam.amazonaws.com", "/", form, &body)
    }

    /// Creates a zone `example.com`; returns its id.
    fn zone(&self, key: &Provider) -> String {
        let body = "<CreateHostedZoneRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">\
                    <Name>example.com.</Name><CallerReference>1</CallerReference>\
                    </CreateHostedZoneRequest>";
        let answer = self.send(key, HOST, "/2013-04-01/hostedzone", "application/xml", body);
        element(&answer.body, "Id").rsplit('/').next().unwrap().to_owned()
    }

    /// Lets moto check signatures from now on, or not.
    fn check_signatures(&self, check: bool) {
        let body = if check { "0" } else { "inf" };
        self.send(&anybody(), HOST, "/moto-api/reset-auth", "text/plain", body);
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn anybody() -> Provider {
    account("route53", "testing", "testing")
}

fn element<'x>(xml: &'x str, tag: &str) -> &'x str {
    let (_, rest) = xml.split_once(&format!("<{tag}>")).unwrap_or_else(|| panic!("{tag}: {xml}"));
    rest.split_once("</").unwrap().0
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

/// Publishes `job` as with a key that may only write: every GET is answered with status 403.
/// Returns the verdicts and the number of requests.
fn publish_unread(client: &Client, account: &Provider, job: Job) -> (Vec<Verdict>, usize) {
    let mut count = 0;
    let mut carrier = servers::Sending(|request: &Request| {
        count += 1;
        if request.method == Method::Get {
            let body = "<Code>AccessDenied</Code>".into();
            return Ok(Answer { status: 403, body, ..Answer::default() });
        }
        client.send(request)
    });
    let verdicts = provider::publish(account, &job, &mut carrier).verdicts;
    (verdicts, count)
}

fn job(changes: Vec<Change>, learned: &LearnedValues) -> Job {
    Job { changes, learned: learned.clone(), wall: Some(clock::now().wall), ..Job::default() }
}

#[test]
#[ignore = "needs moto: make test-servers"]
fn records_of_both_families_are_added_changed_and_found_unchanged() {
    let moto = Moto::start("records");
    moto.zone(&anybody());
    let me = anybody();
    let both = |v4: &str, v6: &str| {
        vec![
            change("home.example.com", v4),
            change("home.example.com", v6),
            change("*@example.com", v4),
            change("@example.com", v4),
        ]
    };
    let updated = vec![Outcome::Updated.into(); 4];
    let first = both("192.0.2.1", "2001:db8::1");
    let (verdicts, learned, _) =
        publish(&moto.client, &me, job(first.clone(), &LearnedValues::new()));
    assert_eq!(verdicts, updated);

    // The records are read first and are the same already.
    let (verdicts, _, _) = publish(&moto.client, &me, job(first, &LearnedValues::new()));
    assert_eq!(verdicts, vec![Outcome::Unchanged.into(); 4]);

    // All records are written in one request.
    let learned: LearnedValues =
        learned.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    let second = both("192.0.2.2", "2001:db8::2");
    let (verdicts, _, requests) = publish(&moto.client, &me, job(second.clone(), &learned));
    assert_eq!((verdicts, requests), (updated, 5));
    let (verdicts, _, _) = publish(&moto.client, &me, job(second, &LearnedValues::new()));
    assert_eq!(verdicts, vec![Outcome::Unchanged.into(); 4]);

    // One record is removed and another one changed; a second time there is nothing to remove.
    let gone = |address: &str| {
        let home = change("home.example.com", "192.0.2.2");
        let home = Change { previous: home.address(), target: Target::Absent, ..home };
        job(vec![home, change("*@example.com", address)], &learned)
    };
    let (verdicts, _, _) = publish(&moto.client, &me, gone("192.0.2.3"));
    assert_eq!(verdicts, vec![Outcome::Updated.into(); 2]);
    let (verdicts, _, _) = publish(&moto.client, &me, gone("192.0.2.3"));
    assert_eq!(verdicts, vec![Outcome::Unchanged.into(); 2]);
    let home = vec![change("home.example.com", "2001:db8::2")];
    let (verdicts, _, _) = publish(&moto.client, &me, job(home, &learned));
    assert_eq!(verdicts, [Outcome::Unchanged.into()], "the other type is still there");

    // A name outside of every zone.
    let (verdicts, _, _) = publish(
        &moto.client,
        &me,
        job(vec![change("other.example.org", "192.0.2.1")], &LearnedValues::new()),
    );
    assert!(matches!(verdicts[0].outcome, Outcome::Refused { .. }), "{verdicts:?}");
}

#[test]
#[ignore = "needs moto: make test-servers"]
fn moto_accepts_the_signatures_of_the_right_key_only() {
    let moto = Moto::start("signatures");
    moto.iam("Action=CreateUser");
    let key = moto.iam("Action=CreateAccessKey").body;
    let policy = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A\
                  %22Allow%22%2C%22Action%22%3A%22route53%3A%2A%22%2C%22Resource%22%3A%22%2A%22%7D\
                  %5D%7D";
    moto.iam(&format!("Action=PutUserPolicy&PolicyName=dns&PolicyDocument={policy}"));
    let (id, secret) = (element(&key, "AccessKeyId"), element(&key, "SecretAccessKey"));
    let me = account("route53", id, secret);
    moto.check_signatures(true);
    let zone = moto.zone(&me);
    // While moto checks signatures it refuses to read, even for boto3.
    let learned = LearnedValues::from_iter([("zone example.com".to_owned(), zone)]);
    let two = || {
        let changes =
            vec![change("home.example.com", "192.0.2.9"), change("*@example.com", "2001:db8::9")];
        job(changes, &learned)
    };
    let (verdicts, requests) = publish_unread(&moto.client, &me, two());
    assert_eq!((verdicts, requests), (vec![Outcome::Updated.into(); 2], 2));

    for wrong in [account("route53", id, "wrong"), account("route53", "AKIANOBODY", secret)] {
        let (verdicts, _) = publish_unread(&moto.client, &wrong, two());
        let Outcome::Refused { reason, .. } = &verdicts[0].outcome else {
            panic!("{verdicts:?}");
        };
        assert!(reason.starts_with("Route 53 does not accept the credentials"), "{reason}");
    }
    let no_clock = Job { wall: None, ..two() };
    let (verdicts, requests) = publish_unread(&moto.client, &me, no_clock);
    assert!(matches!(verdicts[0].outcome, Outcome::Retry { kind: FailureKind::ClockBehind, .. }));
    assert_eq!(requests, 0);

    // Both records were written.
    moto.check_signatures(false);
    let (verdicts, _, _) =
        publish(&moto.client, &me, Job { learned: LearnedValues::new(), ..two() });
    assert_eq!(verdicts, vec![Outcome::Unchanged.into(); 2]);
}
