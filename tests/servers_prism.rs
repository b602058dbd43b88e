//! Prism checks the requests for some providers against the vendors' OpenAPI descriptions. The
//! project may not distribute these; `make test-servers OPENAPI=directory` runs the tests whose
//! description is in that directory.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "helpers of tests"
)]

#[path = "support/process.rs"]
mod process;
mod servers;
#[path = "support/skip.rs"]
mod skip;

use std::process::Command;
use std::time::Duration;

use ddns_netlink::model::secret::Secret;
use ddns_netlink::model::{Family, Hostname, RecordOptions, Target, Url};
use ddns_netlink::provider::Provider;
use ddns_netlink::provider::{self, Answer, Change, Job, Outcome, Request};

use process::Process;
use servers::{account, description, direct, free_port, program};

/// How long a test waits for Prism, which takes half a minute to read a description on a slow
/// machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// A provider, its description, and how it answers.
struct Case {
    service: &'static str,
    description: &'static str,
    /// The beginning of each URL that the description's paths lack.
    base: &'static str,
    /// Beginning of the request line, status, body: the first entry whose beginning fits is the
    /// answer.
    answers: &'static [(&'static str, u16, &'static str)],
}

/// Starts Prism with the description; returns its port. `None` if one of the two is missing.
fn start(case: &Case) -> Option<(Process, u16)> {
    let description = description(case.description)?;
    let prism = program("node_modules/.bin/prism")?;
    let port = free_port();
    let mut command = Command::new(prism);
    command.args(["mock", "-h", "127.0.0.1", "-p", &port.to_string()]).arg(description);
    let process = Process::start(&mut command);
    process.lines.wait_line(PATIENCE, |line| line.contains("Prism is listening"));
    Some((process, port))
}

/// Changes one record and adds another, then removes the first one; Prism checks every request.
/// Every answer of the case must have been used.
fn check(case: &Case, account: Provider) {
    let Some((_process, port)) = start(case) else { return };
    let change = |name: &str, address: &str| Change {
        name: Hostname::parse(name).unwrap(),
        family: Family::of(address.parse().unwrap()),
        target: Target::Address(address.parse().unwrap()),
        previous: None,
        tried: Vec::new(),
        anew: false,
        record: RecordOptions { ttl: Some(300), ..RecordOptions::default() },
    };
    let made = vec![change("home.example.com", "192.0.2.9"), change("example.com", "2001:db8::9")];
    let mut sent = Vec::new();
    publish(case, &account, port, made, &mut sent);
    let home = change("home.example.com", "192.0.2.1");
    let gone = Change { previous: home.address(), target: Target::Absent, ..home };
    publish(case, &account, port, vec![gone], &mut sent);
    for (beginning, ..) in case.answers {
        assert!(sent.iter().any(|line| line.starts_with(beginning)), "{beginning} was not sent");
    }
}

/// Publishes the changes; adds the line of each request to `sent`.
fn publish(
    case: &Case,
    account: &Provider,
    port: u16,
    changes: Vec<Change>,
    sent: &mut Vec<String>,
) {
    let client = direct();
    let count = changes.len();
    let job = Job { changes, ..Job::default() };
    let mut carrier = servers::Sending(|request: &Request| {
        let path = request.url.expose().strip_prefix(case.base).unwrap().to_owned();
        let line = format!("{} {path}", request.method.name());
        let checked = Request {
            url: Url::parse(&format!("http://127.0.0.1:{port}{path}")).unwrap(),
            ..request.clone()
        };
        let verdict = client.send(&checked).unwrap();
        let body = request.body.as_ref().map_or("", Secret::expose);
        assert!(
            (200..300).contains(&verdict.status),
            "{line}\n{body}\nis not a request of {}: {}",
            case.description,
            verdict.body
        );
        let answer = case.answers.iter().find(|(beginning, ..)| line.starts_with(beginning));
        let (_, status, body) = answer.unwrap_or_else(|| panic!("no answer to {line}\n{body}"));
        sent.push(line);
        Ok(Answer { status: *status, body: (*body).into(), ..Answer::default() })
    });
    let verdicts = provider::publish(account, &job, &mut carrier).verdicts;
    assert_eq!(verdicts, vec![Outcome::Updated.into(); count], "{sent:#?}");
}

#[test]
#[ignore = "needs Prism and descriptions: make test-servers OPENAPI=directory"]
fn requests_to_digitalocean_fit_the_description() {
    let case = Case {
        service: "digitalocean",
        description: "digitalocean.yaml",
        base: "https://api.digitalocean.com",
        answers: &[
            ("GET /v2/domains?", 200, r#"{"domains":[{"name":"example.com"}]}"#),
            (
                "GET /v2/domains/example.com/records?type=A&name=home",
                200,
                r#"{"domain_records":[{"id":7,"type":"A","name":"home","data":"192.0.2.1"}]}"#,
            ),
            ("GET /v2/domains/example.com/records?type=AAAA", 200, r#"{"domain_records":[]}"#),
            (
                "PATCH /v2/domains/example.com/records/7",
                200,
                r#"{"domain_record":{"id":7,"data":"192.0.2.9"}}"#,
            ),
            (
                "POST /v2/domains/example.com/records",
                201,
                r#"{"domain_record":{"id":8,"data":"2001:db8::9"}}"#,
            ),
            ("DELETE /v2/domains/example.com/records/7", 204, ""),
        ],
    };
    check(&case, account(case.service, "", "token"));
}

#[test]
#[ignore = "needs Prism and descriptions: make test-servers OPENAPI=directory"]
fn requests_to_cloudflare_fit_the_description() {
    const RECORD: &str = r#"{"success":true,"result":[{"id":"372e67954025e0ba6aaa6d586b9e0b59",
        "type":"A","name":"home.example.com","content":"192.0.2.1"}]}"#;
    let case = Case {
        service: "cloudflare",
        description: "cloudflare.yaml",
        base: "https://api.cloudflare.com/client/v4",
        answers: &[
            (
                "GET /zones?",
                200,
                r#"{"success":true,"result":[{"id":"023e105f4ecef8ad9ca31a8372d0c353","name":"example.com"}]}"#,
            ),
            ("GET /zones/023e105f4ecef8ad9ca31a8372d0c353/dns_records?type=A&", 200, RECORD),
            (
                "GET /zones/023e105f4ecef8ad9ca31a8372d0c353/dns_records?type=AAAA&",
                200,
                r#"{"success":true,"result":[]}"#,
            ),
            (
                "POST /zones/023e105f4ecef8ad9ca31a8372d0c353/dns_records/batch",
                200,
                r#"{"success":true,"result":{"deletes":[{"id":"372e67954025e0ba6aaa6d586b9e0b59"}],
                    "patches":[{"id":"1","type":"A","name":"home.example.com"}],
                    "posts":[{"id":"2","type":"AAAA","name":"example.com"}]}}"#,
            ),
        ],
    };
    // The description has no API tokens, so this uses the older global key.
    let key = "144c9defac04969c7bfad8efaa8ea194";
    check(&case, account(case.service, "me@example.net", key));
}

#[test]
#[ignore = "needs Prism and descriptions: make test-servers OPENAPI=directory"]
fn requests_to_dnsimple_fit_the_description() {
    let case = Case {
        service: "dnsimple",
        description: "dnsimple.yaml",
        base: "https://api.dnsimple.com/v2",
        answers: &[
            ("GET /whoami", 200, r#"{"data":{"account":null}}"#),
            ("GET /accounts", 200, r#"{"data":[{"id":1010}]}"#),
            ("GET /1010/zones?", 200, r#"{"data":[{"name":"example.com"}]}"#),
            (
                "GET /1010/zones/example.com/records?name=home&type=A",
                200,
                r#"{"data":[{"id":7,"type":"A","name":"home","content":"192.0.2.1"}]}"#,
            ),
            ("GET /1010/zones/example.com/records?name=&type=AAAA", 200, r#"{"data":[]}"#),
            (
                "POST /1010/zones/example.com/batch",
                200,
                r#"{"data":{"creates":[{"id":8,"type":"AAAA","name":""}],
                    "updates":[{"id":7,"type":"A","name":"home"}]}}"#,
            ),
        ],
    };
    check(&case, account(case.service, "", "token"));
}

#[test]
#[ignore = "needs Prism and descriptions: make test-servers OPENAPI=directory"]
fn requests_to_hetzner_fit_the_description() {
    let case = Case {
        service: "hetzner",
        description: "hetzner-cloud.json",
        base: "https://api.hetzner.cloud/v1",
        answers: &[
            ("GET /zones?", 200, r#"{"zones":[{"id":42,"name":"example.com"}]}"#),
            (
                "GET /zones/example.com/rrsets/home/A",
                200,
                r#"{"rrset":{"ttl":3600,"records":[{"value":"192.0.2.1","comment":""}]}}"#,
            ),
            ("GET /zones/example.com/rrsets/@/AAAA", 404, "{}"),
            (
                "POST /zones/example.com/rrsets/home/A/actions/set_records",
                201,
                r#"{"action":{"id":1,"status":"running"}}"#,
            ),
            (
                "POST /zones/example.com/rrsets/home/A/actions/change_ttl",
                201,
                r#"{"action":{"id":2,"status":"success"}}"#,
            ),
            ("GET /actions/1", 200, r#"{"action":{"id":1,"status":"success"}}"#),
            ("POST /zones/example.com/rrsets", 201, r#"{"action":{"id":3,"status":"success"}}"#),
            (
                "DELETE /zones/example.com/rrsets/home/A",
                201,
                r#"{"action":{"id":4,"status":"success"}}"#,
            ),
        ],
    };
    check(&case, account(case.service, "", "token"));
}

#[test]
#[ignore = "needs Prism and descriptions: make test-servers OPENAPI=directory"]
fn requests_to_ionos_fit_the_description() {
    let case = Case {
        service: "ionos",
        description: "ionos-hosting-dns.yaml",
        base: "https://api.hosting.ionos.com/dns",
        answers: &[
            (
                "GET /v1/zones/11af",
                200,
                r#"{"records":[{"id":"22af3414","name":"home.example.com","type":"A",
                "content":"192.0.2.1","ttl":3600,"prio":0,"disabled":false}]}"#,
            ),
            ("GET /v1/zones", 200, r#"[{"id":"11af3414","name":"example.com"}]"#),
            ("PATCH /v1/zones/11af3414", 200, ""),
            ("DELETE /v1/zones/11af3414/records/22af3414", 200, ""),
        ],
    };
    check(&case, account(case.service, "", "prefix.secret"));
}

#[test]
#[ignore = "needs Prism and descriptions: make test-servers OPENAPI=directory"]
fn requests_to_powerdns_fit_the_description() {
    let case = Case {
        service: "powerdns",
        description: "powerdns.yaml",
        base: "http://192.0.2.53:8081/api/v1",
        answers: &[
            ("GET /servers/localhost/zones?", 200, r#"[{"name":"example.com."}]"#),
            (
                "GET /servers/localhost/zones/example.com.?rrset_name=home",
                200,
                r#"{"rrsets":[{"name":"home.example.com.","type":"A","ttl":60,
                    "records":[{"content":"192.0.2.1","disabled":false}]}]}"#,
            ),
            ("GET /servers/localhost/zones/example.com.?rrset_name=ex", 200, r#"{"rrsets":[]}"#),
            ("PATCH /servers/localhost/zones/example.com.", 204, ""),
        ],
    };
    let mut provider = account(case.service, "", "s3cret");
    provider.account.base = Url::parse("http://192.0.2.53:8081").ok();
    check(&case, provider);
}
