//! Interfaces against imitations of their servers that keep state: under any failures, each good name is
//! published within a few jobs, and records of others stay.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::model::Url;
use crate::model::secret::Secret;
use crate::provider::testing::{account, apply, change, job};
use crate::provider::{
    Answer, Carrier, Change, Failure, FailureKind, Job, Method, Outcome, Query, Request, publish,
};

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// The server answers with this status and changes nothing.
    Status(u16),
    /// The request does not arrive.
    LostBefore,
    /// The request is carried out, and its answer is lost.
    LostAfter,
}

#[derive(Clone, Debug, PartialEq)]
struct Stored {
    id: u64,
    host: String,
    kind: String,
    value: String,
}

/// A server with the zone example.com. It refuses everything about the host `bad`.
struct Server {
    service: &'static str,
    stored: Vec<Stored>,
    next_id: u64,
    bad_status: u16,
    faults: Vec<Fault>,
    requests: usize,
}

type Reply = Result<Value, (u16, &'static str)>;

impl Server {
    fn new(service: &'static str, bad_status: u16, faults: Vec<Fault>) -> Self {
        let mut server =
            Self { service, stored: vec![], next_id: 1, bad_status, faults, requests: 0 };
        // Records of others, and an old one of ours.
        for (host, kind, value) in
            [("home", "TXT", "x"), ("other", "A", "192.0.2.77"), ("www", "A", "192.0.2.1")]
        {
            server.add(host, kind, value);
        }
        server
    }

    fn add(&mut self, host: &str, kind: &str, value: &str) -> u64 {
        let (id, host, kind) = (self.next_id, host.to_owned(), kind.to_owned());
        self.stored.push(Stored { id, host, kind, value: value.to_owned() });
        self.next_id += 1;
        id
    }

    fn set(&self, host: &str, kind: &str) -> Vec<&str> {
        let of_set = self.stored.iter().filter(|stored| stored.host == host && stored.kind == kind);
        of_set.map(|stored| stored.value.as_str()).collect()
    }

    fn replace(&mut self, host: &str, kind: &str, values: &[String]) {
        self.stored.retain(|stored| stored.host != host || stored.kind != kind);
        for value in values {
            self.add(host, kind, value);
        }
    }

    /// Carries a request out: its method, the path behind the base URL, and its body.
    fn carry_out(&mut self, method: Method, path: &str, body: &Value) -> Reply {
        match self.service {
            "linode" => self.linode(method, path, body),
            "gandi" => self.gandi(method, path, body),
            _ => self.powerdns(method, path, body),
        }
    }

    fn check_host(&self, host: &str) -> Result<(), (u16, &'static str)> {
        if host == "bad" { Err((self.bad_status, r#"{"error":"bad name"}"#)) } else { Ok(()) }
    }

    /// Records with ids, and pages of two records.
    fn linode(&mut self, method: Method, path: &str, body: &Value) -> Reply {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parts: Vec<&str> = path.split('/').collect();
        match (method, parts.as_slice()) {
            (Method::Get, [""]) => {
                Ok(json!({"data": [{"id": 5, "domain": "example.com"}], "pages": 1}))
            }
            (Method::Get, ["", "5", "records"]) => {
                let page: usize = query.rsplit_once('=').unwrap().1.parse().unwrap();
                let all: Vec<Value> = self.stored.iter().map(as_linode).collect();
                let shown: Vec<&Value> = all.iter().skip((page - 1) * 2).take(2).collect();
                Ok(json!({"data": shown, "pages": all.len().div_ceil(2)}))
            }
            (Method::Post, ["", "5", "records"]) => {
                let text = |name: &str| body[name].as_str().expect("a required member").to_owned();
                let (host, kind, value) = (text("name"), text("type"), text("target"));
                assert!(body["ttl_sec"].is_u64(), "{body}");
                self.check_host(&host)?;
                if self.set(&host, &kind).contains(&value.as_str()) {
                    return Err((400, r#"{"errors":[{"reason":"exists"}]}"#));
                }
                self.add(&host, &kind, &value);
                Ok(as_linode(self.stored.last().unwrap()))
            }
            (Method::Put, ["", "5", "records", id]) => {
                let target = body["target"].as_str().expect("a required member").to_owned();
                let bad_status = self.bad_status;
                let stored = self.stored.iter_mut().find(|stored| stored.id.to_string() == *id);
                let stored = stored.ok_or((404, "{}"))?;
                if stored.host == "bad" {
                    return Err((bad_status, "{}"));
                }
                stored.value = target;
                Ok(as_linode(stored))
            }
            other => panic!("{other:?}"),
        }
    }

    /// Record sets with a path each.
    fn gandi(&mut self, method: Method, path: &str, body: &Value) -> Reply {
        if path.starts_with('?') {
            return Ok(json!([{"fqdn": "example.com"}]));
        }
        let parts: Vec<&str> = path.split('/').collect();
        let ["", "example.com", "records", host, kind] = parts.as_slice() else {
            panic!("{path}");
        };
        if method == Method::Get {
            return match self.set(host, kind) {
                values if values.is_empty() => Err((404, "{}")),
                values => Ok(json!({"rrset_values": values, "rrset_ttl": 300})),
            };
        }
        assert_eq!(method, Method::Put);
        self.check_host(host)?;
        let values: Vec<String> = serde_json::from_value(body["rrset_values"].clone()).unwrap();
        assert!(body["rrset_ttl"].is_u64() && !values.is_empty(), "{body}");
        self.replace(host, kind, &values);
        Ok(json!({"message": "DNS Record Created"}))
    }

    /// Record sets that are written together, all or none.
    fn powerdns(&mut self, method: Method, path: &str, body: &Value) -> Reply {
        if path == "?dnssec=false" {
            return Ok(json!([{"name": "example.com."}]));
        }
        if method == Method::Get {
            let mut sets = Vec::new();
            for stored in &self.stored {
                let values = self.set(&stored.host, &stored.kind);
                let records: Vec<Value> = values
                    .iter()
                    .map(|value| json!({"content": value, "disabled": false}))
                    .collect();
                let name = full(&stored.host) + ".";
                sets.push(
                    json!({"name": name, "type": stored.kind, "ttl": 60, "records": records}),
                );
            }
            return Ok(json!({ "rrsets": sets }));
        }
        assert_eq!(method, Method::Patch);
        let sets = body["rrsets"].as_array().unwrap();
        for set in sets {
            assert_eq!(set["changetype"], "REPLACE");
            self.check_host(&host_of(&set["name"]))?;
        }
        for set in sets {
            let records = set["records"].as_array().unwrap();
            let values =
                records.iter().map(|record| record["content"].as_str().unwrap().to_owned());
            let values: Vec<String> = values.collect();
            self.replace(&host_of(&set["name"]), set["type"].as_str().unwrap(), &values);
        }
        Ok(Value::Null)
    }
}

fn as_linode(stored: &Stored) -> Value {
    let Stored { id, host, kind, value } = stored;
    json!({"id": id, "name": host, "type": kind, "target": value, "ttl_sec": 300})
}

fn full(host: &str) -> String {
    if host.is_empty() { "example.com".into() } else { format!("{host}.example.com") }
}

fn host_of(name: &Value) -> String {
    let name = name.as_str().unwrap().strip_suffix("example.com.").expect("a complete name");
    name.trim_end_matches('.').to_owned()
}

impl Carrier for Server {
    fn send(&mut self, request: &Request) -> Result<Answer, Failure> {
        let fault = self.faults.get(self.requests).copied().unwrap_or(Fault::None);
        self.requests += 1;
        let lost = |sent| Failure { kind: FailureKind::Other, sent, text: "lost".into() };
        match fault {
            Fault::Status(status) => return Ok(Answer { status, ..Answer::default() }),
            Fault::LostBefore => return Err(lost(false)),
            Fault::LostAfter | Fault::None => {}
        }
        let url = request.url.expose();
        let bases = ["/v4/domains", "/livedns/domains", "/localhost/zones"];
        let path = bases.iter().find_map(|base| url.split_once(base)).unwrap().1;
        let path = path.strip_prefix("/example.com.").unwrap_or(path);
        let body = request.body.as_ref().map_or("null", Secret::expose);
        let body = serde_json::from_str(body).unwrap();
        let reply = self.carry_out(request.method, path, &body);
        if fault == Fault::LostAfter {
            return Err(lost(true));
        }
        let (status, body) = match reply {
            Ok(Value::Null) => (204, String::new()),
            Ok(value) => (200, value.to_string()),
            Err((status, body)) => (status, body.to_owned()),
        };
        Ok(Answer { status, body, ..Answer::default() })
    }

    fn ask(&mut self, query: &Query) -> Result<Answer, Failure> {
        panic!("{query:?}");
    }

    fn wait(&mut self, _: std::time::Duration) {}
}

/// The names to publish, the bad one first.
fn wanted() -> Vec<Change> {
    let names = ["bad", "home", "www", "*", "a", "b", "c"].map(full);
    let mut changes: Vec<Change> = names.iter().map(|name| change(name, "192.0.2.9")).collect();
    changes.push(change("home.example.com", "2001:db8::9"));
    changes.push(change("example.com", "192.0.2.9"));
    for change in &mut changes {
        change.previous = Some("192.0.2.1".parse().unwrap());
    }
    changes
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        3 => Just(Fault::None),
        1 => prop::sample::select(vec![429, 500, 502, 503]).prop_map(Fault::Status),
        1 => Just(Fault::LostBefore),
        1 => Just(Fault::LostAfter),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_good_name_is_published_whatever_fails(
        service in prop::sample::select(vec!["linode", "gandi", "powerdns"]),
        bad_status in prop::sample::select(vec![400, 422, 500]),
        faults in prop::collection::vec(fault(), 0..12),
    ) {
        let me = account(service).with(|account| {
            account.base = Url::parse("http://192.0.2.53:8081").ok();
        });
        let rounds = faults.len() + 4;
        let mut server = Server::new(service, bad_status, faults);
        let (mut left, mut learned) = (wanted(), Vec::new());
        for round in 0..rounds {
            let known = apply(learned.clone());
            let next = Job { learned: known, seed: round as u32, ..job(left.clone()) };
            let published = publish(&me, &next, &mut server);
            learned.extend(published.learned);
            let mut verdicts = published.verdicts.into_iter();
            left.retain(|change| {
                let verdict = verdicts.next().unwrap();
                let is_bad = change.name.as_str() == "bad.example.com";
                assert!(is_bad || !matches!(verdict.outcome, Outcome::Refused { .. }), "{verdict:?}");
                !verdict.is_success()
            });
        }
        let left: Vec<&str> = left.iter().map(|change| change.name.as_str()).collect();
        prop_assert_eq!(left, ["bad.example.com"], "{} requests", server.requests);
        for host in ["home", "www", "*", "a", "b", "c"] {
            prop_assert_eq!(server.set(host, "A"), ["192.0.2.9"], "{}", host);
        }
        prop_assert_eq!(server.set("home", "AAAA"), ["2001:db8::9"]);
        prop_assert_eq!(server.set("home", "TXT"), ["x"]);
        prop_assert_eq!(server.set("other", "A"), ["192.0.2.77"]);
        // An upper bound on requests: the list, and a read and a write for each name, in each job.
        prop_assert!(server.requests <= rounds * (5 + 2 * wanted().len()));
    }
}
