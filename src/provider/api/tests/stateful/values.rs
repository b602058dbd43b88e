//! Providers whose records cannot be changed, but added and removed.

use serde_json::{Value, json};

use super::call::Call;
use super::server::{Reply, Service, created, http, http_400, no_content, ok, status_of};
use super::sets::godaddy_error;
use super::zone::{DOMAIN, Entry, Refusal, Zone, from, from_at, full, page, relative};
use crate::model::secret::Secret;

/// The private key of RFC 7515, appendix A.2.
pub(super) const PEM: &str = include_str!("../../../../../tests/data/rfc7515.pem");

pub(super) const ALL: &[Service] = &[
    Service::new("godaddy", godaddy_3, godaddy_error)
        .with(|account| account.username = String::new()),
    Service::new("transip", transip, transip_error)
        .with(|account| account.password = Secret::new(PEM)),
    Service::new("spaceship", spaceship, spaceship_error),
    Service::new("dreamhost", dreamhost, dreamhost_error),
    Service::new("nearlyfreespeech", nearlyfreespeech, nearlyfreespeech_error),
    Service::new("netlify", netlify, http),
    Service::new("netcup.com-rest", netcup_rest, netcup_rest_error),
];

fn godaddy_3(zone: &mut Zone, call: &Call) -> Reply {
    call.bearer();
    let (method, path) = call.route("v3/domains/zones");
    if path.first() != Some(&DOMAIN) {
        return Err(Refusal::NotFound);
    }
    let show = |entry: &Entry| {
        json!({"recordId": entry.text_id(), "name": entry.host("@"), "type": entry.kind,
            "data": entry.value, "ttl": entry.ttl})
    };
    match (method, &path[1..]) {
        ("GET", ["dns-records"]) => {
            call.params(&[], &["page", "pageSize", "totalRequired"]);
            let number = call.number(call.param("page"));
            let size = call.number(call.param("pageSize"));
            call.expect((1..=100).contains(&size), "pageSize");
            let (shown, pages) = page(zone.entries.iter().map(show).collect(), number, size);
            ok(json!({"items": shown, "totalPages": pages, "totalItems": zone.entries.len()}))
        }
        ("POST", ["dns-records"]) => {
            let body = &call.body;
            call.members(body, &["name", "type", "data"], &["ttl"]);
            let (host, kind) = (from_at(call.text(body, "name")), call.text(body, "type"));
            let ttl = call.ttl(body, "ttl", 600..=604_800);
            let id = zone.add(host, kind, call.text(body, "data"), ttl)?;
            created(show(zone.get(id)?))
        }
        ("DELETE", ["dns-records", id]) => {
            zone.remove(zone.id(id)?)?;
            no_content()
        }
        _ => call.fail("no such request"),
    }
}

fn transip(zone: &mut Zone, call: &Call) -> Reply {
    if call.path == ["v6", "auth"] {
        call.expect(call.header("Signature").len() > 300, "no signature");
        let needed = ["login", "nonce"];
        let more = ["read_only", "expiration_time", "label", "global_key"];
        call.members(&call.body, &needed, &more);
        call.expect(call.text(&call.body, "nonce").len() >= 6, "a short nonce");
        return created(json!({"token": "t0k3n"}));
    }
    call.has("Authorization", "Bearer t0k3n");
    let entry = || {
        call.members(&call.body, &["dnsEntry"], &[]);
        let entry = &call.body["dnsEntry"];
        call.members(entry, &["name", "expire", "type", "content"], &[]);
        let [name, kind, content] = ["name", "type", "content"].map(|name| call.text(entry, name));
        (from_at(name), kind, content, call.ttl(entry, "expire", 60..=u64::MAX))
    };
    match call.route("v6/domains") {
        ("GET", path) if path.is_empty() => {
            ok(json!({"domains": zone.zone_list(|_, name| json!({"name": name}))}))
        }
        ("GET", path) if path == [DOMAIN, "dns"] => {
            let show = |entry: &Entry| {
                json!({"name": entry.host("@"), "expire": entry.ttl, "type": entry.kind,
                    "content": entry.value})
            };
            let entries: Vec<Value> = zone.entries.iter().map(show).collect();
            ok(json!({"dnsEntries": entries}))
        }
        ("POST", path) if path == [DOMAIN, "dns"] => {
            let (host, kind, content, ttl) = entry();
            zone.add(host, kind, content, ttl)?;
            created(json!([]))
        }
        ("DELETE", path) if path == [DOMAIN, "dns"] => {
            let (host, kind, content, ttl) = entry();
            let found = zone.find(Some(host), kind);
            let is_it = |entry: &&Entry| entry.value == content && entry.ttl == ttl;
            let id = found.into_iter().find(is_it).ok_or(Refusal::NotFound)?.id;
            zone.remove(id)?;
            no_content()
        }
        _ => call.fail("no such request"),
    }
}

fn transip_error(refusal: Refusal) -> (u16, Value) {
    let status = match refusal {
        Refusal::Bad | Refusal::Alias | Refusal::Exists => 406,
        other => status_of(other),
    };
    (status, json!({"error": format!("{refusal:?}")}))
}

fn spaceship(zone: &mut Zone, call: &Call) -> Reply {
    call.has("X-API-Key", "me");
    call.has("X-API-Secret", "hunter2");
    let pages = |all: Vec<Value>, most: usize| {
        call.params(&["take", "skip"], &["orderBy"]);
        let [size, first] = ["take", "skip"].map(|name| call.number(call.param(name)));
        call.expect((1..=most).contains(&size), "take");
        let total = all.len();
        ok(json!({"items": from(all, first, size), "total": total}))
    };
    match call.route("api/v1") {
        ("GET", path) if path == ["domains"] => {
            pages(zone.zone_list(|_, name| json!({"name": name})), 100)
        }
        ("GET", path) if path == ["dns", "records", DOMAIN] => {
            let show = |entry: &Entry| {
                let member = if entry.kind.starts_with('A') { "address" } else { "value" };
                json!({"name": entry.host("@"), "type": entry.kind, member: entry.value,
                    "ttl": entry.ttl, "group": {"type": "custom"}})
            };
            pages(zone.entries.iter().map(show).collect(), 500)
        }
        ("PUT", path) if path == ["dns", "records", DOMAIN] => zone.together(|zone| {
            call.members(&call.body, &["items"], &["force"]);
            for item in call.list(&call.body, "items") {
                call.members(item, &["type", "name", "address"], &["ttl"]);
                let [name, kind, address] =
                    ["name", "type", "address"].map(|name| call.text(item, name));
                let (host, ttl) = (from_at(name), call.ttl(item, "ttl", 60..=3600));
                let mut values = zone.values(host, kind);
                if values.iter().all(|value| value != address) {
                    values.push(address.to_owned());
                    zone.add(host, kind, address, ttl)?;
                }
            }
            no_content()
        }),
        ("DELETE", path) if path == ["dns", "records", DOMAIN] => zone.together(|zone| {
            let list = call.body.as_array().unwrap_or_else(|| call.fail("no list"));
            for item in list {
                call.members(item, &["type", "name", "address"], &[]);
                let [name, kind, address] =
                    ["name", "type", "address"].map(|name| call.text(item, name));
                zone.remove_value(from_at(name), kind, address)?;
            }
            no_content()
        }),
        _ => call.fail("no such request"),
    }
}

fn spaceship_error(refusal: Refusal) -> (u16, Value) {
    (status_of(refusal), json!({"detail": format!("{refusal:?}"), "data": []}))
}

/// Every request is a GET, and every answer has the status 200.
fn dreamhost(zone: &mut Zone, call: &Call) -> Reply {
    call.expect(call.method == "GET" && call.path == [""], "another path");
    call.expect(call.param("key") == "hunter2", "another key");
    call.expect(call.param("format") == "json", "another format");
    let done = |data: Value| ok(json!({"result": "success", "data": data}));
    let record = |more: &[&str]| {
        let needed = ["key", "format", "cmd", "record", "type", "value"];
        call.params(&needed, more);
        (relative(call.param("record")), call.param("type"), call.param("value"))
    };
    match call.param("cmd") {
        "dns-list_records" => {
            call.params(&["key", "format", "cmd"], &["unique_id"]);
            let mut all = Vec::new();
            for (_, name) in zone.zones() {
                if name != DOMAIN {
                    all.push(json!({"account_id": "1", "zone": name, "record": name, "type": "A",
                        "value": "192.0.2.99", "comment": "", "editable": "0"}));
                }
            }
            for entry in &zone.entries {
                all.push(json!({"account_id": "1", "zone": DOMAIN, "record": entry.fqdn(),
                    "type": entry.kind, "value": entry.value, "comment": "", "editable": "1"}));
            }
            done(all.into())
        }
        "dns-add_record" => {
            let (host, kind, value) = record(&["unique_id", "comment"]);
            zone.add(&host, kind, value, 14_400)?;
            done("record_added".into())
        }
        "dns-remove_record" => {
            let (host, kind, value) = record(&["unique_id"]);
            zone.remove_value(&host, kind, value)?;
            done("record_removed".into())
        }
        _ => call.fail("no such command"),
    }
}

fn dreamhost_error(refusal: Refusal) -> (u16, Value) {
    let (status, data) = match refusal {
        Refusal::Bad => (200, "invalid_record"),
        Refusal::Exists => (200, "record_already_exists_remove_first"),
        Refusal::Alias => (200, "CNAME_already_on_record"),
        Refusal::NotFound => (200, "no_such_value"),
        Refusal::Credentials => (200, "invalid_api_key"),
        Refusal::Limited => (200, "slow_down_bucko"),
        Refusal::Server(status) => (status, "internal_error"),
    };
    (status, json!({"result": "error", "data": data}))
}

fn nearlyfreespeech(zone: &mut Zone, call: &Call) -> Reply {
    let parts = call.header("X-NFSN-Authentication").split(';').map(str::len);
    call.expect(parts.collect::<Vec<_>>() == [2, 10, 16, 40], "no signature");
    let (method, path) = call.route("dns");
    if path.first() != Some(&DOMAIN) {
        return Err(Refusal::NotFound);
    }
    let [host, kind, data] = ["name", "type", "data"].map(|name| call.field(name));
    match (method, &path[1..]) {
        ("POST", ["listRRs"]) => {
            call.fields(&[], &["name", "type", "data"]);
            let show = |entry: &Entry| {
                json!({"name": entry.host, "type": entry.kind, "data": entry.value,
                    "ttl": entry.ttl, "scope": "member"})
            };
            ok(zone.entries.iter().map(show).collect())
        }
        ("POST", ["addRR"]) => {
            call.fields(&["name", "type", "data"], &["ttl"]);
            zone.add(host, kind, data, call.number(call.field("ttl")) as u64)?;
            Ok((200, String::new()))
        }
        ("POST", ["removeRR"]) => {
            call.fields(&["name", "type", "data"], &[]);
            zone.remove_value(host, kind, data)?;
            Ok((200, String::new()))
        }
        _ => call.fail("no such request"),
    }
}

fn nearlyfreespeech_error(refusal: Refusal) -> (u16, Value) {
    let debug = match refusal {
        Refusal::Credentials => "The API request could not be authenticated.".into(),
        other => format!("{other:?}"),
    };
    (http_400(refusal).0, json!({"error": "An error has occurred.", "debug": debug}))
}

fn netlify(zone: &mut Zone, call: &Call) -> Reply {
    call.bearer();
    let show = |entry: &Entry| {
        json!({"id": entry.text_id(), "hostname": full(&entry.host), "type": entry.kind,
            "value": entry.value, "ttl": entry.ttl, "dns_zone_id": "z5", "managed": false})
    };
    match call.route("api/v1/dns_zones") {
        ("GET", path) if path.is_empty() => {
            ok(zone.zone_list(|id, name| json!({"id": format!("z{id}"), "name": name})).into())
        }
        ("GET", path) if path == ["z5", "dns_records"] => {
            ok(zone.entries.iter().map(show).collect())
        }
        ("POST", path) if path == ["z5", "dns_records"] => {
            let body = &call.body;
            call.members(body, &["type", "hostname", "value"], &["ttl"]);
            let (name, kind) = (relative(call.text(body, "hostname")), call.text(body, "type"));
            let ttl = call.ttl(body, "ttl", 1..=u64::MAX);
            let id = zone.add(&name, kind, call.text(body, "value"), ttl)?;
            created(show(zone.get(id)?))
        }
        ("DELETE", path) if path.starts_with(&["z5", "dns_records"]) && path.len() == 3 => {
            zone.remove(zone.id(path[2])?)?;
            no_content()
        }
        _ => call.fail("no such request"),
    }
}

fn netcup_rest(zone: &mut Zone, call: &Call) -> Reply {
    call.bearer();
    let done = |result: Value| ok(json!({"success": true, "errors": [], "result": result}));
    let pages = |all: Vec<Value>| {
        call.params(&[], &["page", "perPage"]);
        let [number, size] = ["page", "perPage"].map(|name| call.number(call.param(name)));
        call.expect((1..=100).contains(&size), "perPage");
        let count = all.len();
        let (shown, pages) = page(all, number, size);
        let meta = json!({"page": number, "perPage": size, "totalEntries": count,
            "lastPage": pages});
        ok(json!({"success": true, "errors": [], "result": shown, "meta": {"pagination": meta}}))
    };
    match call.route("v1/domain") {
        ("GET", path) if path.is_empty() => {
            call.params(&[], &["fqdn"]);
            let zones = zone.zones().into_iter();
            let found = zones.filter(|(_, name)| name.ends_with(call.param("fqdn")));
            done(found.map(|(id, name)| json!({"id": id, "fqdn": name})).collect())
        }
        ("GET", path) if path == ["5", "dns", "revision"] => pages(vec![
            json!({"identifier": "r1", "createdAt": "2026-10-01T00:00:00Z", "state": "committed"}),
            json!({"identifier": "r2", "createdAt": "2026-10-02T00:00:00Z", "state": "committed"}),
        ]),
        ("GET", path) if path == ["5", "dns", "revision", "r2", "record"] => {
            let show = |entry: &Entry| {
                json!({"identifier": entry.text_id(), "name": entry.host("@"), "type": entry.kind,
                    "rdata": entry.value, "ttl": entry.ttl})
            };
            pages(zone.entries.iter().map(show).collect())
        }
        ("POST", path) if path == ["5", "changeset"] => zone.together(|zone| {
            call.members(&call.body, &["create", "delete", "autoCommit"], &["strict"]);
            for (list, is_new) in [("delete", false), ("create", true)] {
                for one in call.list(&call.body, list) {
                    call.members(one, &["name", "type", "rdata", "ttl"], &[]);
                    let [name, kind, rdata] =
                        ["name", "type", "rdata"].map(|name| call.text(one, name));
                    let (host, ttl) = (from_at(name), call.ttl(one, "ttl", 1..=u64::MAX));
                    if is_new {
                        zone.add(host, kind, rdata, ttl)?;
                        continue;
                    }
                    let found = zone.find(Some(host), kind);
                    let is_it = |entry: &&Entry| entry.value == rdata && entry.ttl == ttl;
                    let id = found.into_iter().find(is_it).ok_or(Refusal::NotFound)?.id;
                    zone.remove(id)?;
                }
            }
            done(json!({"identifier": "r3", "state": "committed"}))
        }),
        _ => call.fail("no such request"),
    }
}

fn netcup_rest_error(refusal: Refusal) -> (u16, Value) {
    let code = match refusal {
        Refusal::Credentials => "authenticationError",
        Refusal::NotFound => "resourceDoesNotExist",
        _ => "validationError",
    };
    let errors = [json!({"code": code, "message": format!("{refusal:?}")})];
    (status_of(refusal), json!({"success": false, "errors": errors, "result": null}))
}
