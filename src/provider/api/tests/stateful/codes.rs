//! Providers whose records have ids, and whose answers have codes beside the HTTP status.

use serde_json::{Value, json};

use super::call::Call;
use super::server::{Reply, Service, ok, status_of};
use super::zone::{DOMAIN, Entry, Refusal, Zone, from, from_at, page, relative};
use crate::model::secret::Secret;

pub(super) const ALL: &[Service] = &[
    Service::new("porkbun", porkbun, porkbun_error),
    Service::new("inwx", inwx, inwx_error),
    Service::new("cloudns", cloudns, cloudns_error),
    Service::new("dnspod-token", dnspod_token, dnspod_token_error),
    Service::new("namesilo", namesilo, namesilo_error),
    Service::new("dnsla", dnsla, dnsla_error),
    Service::new("rainyun", rainyun, rainyun_error),
    Service::new("netcup", netcup, netcup_error)
        .with(|account| account.param_enc = Secret::new("k3y")),
];

/// A TTL in a text.
fn text_ttl(call: &Call, text: &str, least: usize) -> u64 {
    let ttl = call.number(text);
    call.expect(ttl >= least, "the TTL is too low");
    ttl as u64
}

/// All requests are POSTs with the credentials in their bodies.
fn porkbun(zone: &mut Zone, call: &Call) -> Reply {
    let body = &call.body;
    call.expect(body["apikey"] == "me" && body["secretapikey"] == "hunter2", "other credentials");
    let members = |required: &[&str], optional: &[&str]| {
        call.members(body, &[&["apikey", "secretapikey"], required].concat(), optional);
    };
    let whole = || {
        members(&["name", "type", "content"], &["ttl", "prio", "notes"]);
        let [host, kind, content] = ["name", "type", "content"].map(|name| call.text(body, name));
        (host, kind, content, text_ttl(call, body["ttl"].as_str().unwrap_or("600"), 600))
    };
    let (method, path) = call.route("api/json/v3");
    call.expect(method == "POST", "another method");
    match path[..] {
        // A list has at most 1000 domains, from the one with the number `start` on.
        ["domain", "listAll"] => {
            members(&[], &["start", "includeLabels"]);
            let first = call.number(body["start"].as_str().unwrap_or("0"));
            let all = zone.zone_list(|_, name| json!({"domain": name, "status": "ACTIVE"}));
            ok(json!({"status": "SUCCESS", "domains": from(all, first, 1000)}))
        }
        ["dns", "retrieveByNameType", DOMAIN, kind, ref host @ ..] => {
            members(&[], &[]);
            let found = zone.find(Some(host.first().unwrap_or(&"")), kind);
            let show = |entry: &&Entry| {
                json!({"id": entry.id.to_string(), "name": entry.fqdn(), "type": entry.kind,
                    "content": entry.value, "ttl": entry.ttl.to_string(), "prio": "0",
                    "notes": ""})
            };
            let records: Vec<Value> = found.iter().map(show).collect();
            ok(json!({"status": "SUCCESS", "cloudflare": "enabled", "records": records}))
        }
        ["dns", "create", DOMAIN] => {
            let (host, kind, content, ttl) = whole();
            let id = zone.add(host, kind, content, ttl)?;
            ok(json!({"status": "SUCCESS", "id": id}))
        }
        ["dns", "edit", DOMAIN, id] => {
            let (host, kind, content, ttl) = whole();
            let id = zone.number(id)?;
            let same =
                Entry { host: host.into(), kind: kind.into(), value: content.into(), ttl, id };
            // An edit that changes nothing is an error.
            if *zone.get(id)? == same {
                return Err(Refusal::Bad);
            }
            zone.change(id, (host, kind, content), ttl)?;
            ok(json!({"status": "SUCCESS"}))
        }
        ["dns", "delete", DOMAIN, id] => {
            members(&[], &[]);
            zone.remove(zone.number(id)?)?;
            ok(json!({"status": "SUCCESS"}))
        }
        _ => call.fail("no such request"),
    }
}

fn porkbun_error(refusal: Refusal) -> (u16, Value) {
    let (status, message) = match refusal {
        Refusal::Bad | Refusal::Exists | Refusal::Alias => {
            (400, "Create error: We were unable to create the DNS record.")
        }
        Refusal::NotFound => (400, "Invalid record ID."),
        Refusal::Credentials => (400, "Invalid API key. (002)"),
        Refusal::Limited => (503, "Rate limit reached."),
        Refusal::Server(status) => (status, "Something went wrong."),
    };
    (status, json!({"status": "ERROR", "message": message}))
}

/// JSON-RPC, with the credentials in each request.
fn inwx(zone: &mut Zone, call: &Call) -> Reply {
    call.expect(call.method == "POST" && call.path == ["jsonrpc", ""], "another path");
    call.members(&call.body, &["method", "params"], &[]);
    let params = &call.body["params"];
    call.expect(params["user"] == "me" && params["pass"] == "hunter2", "other credentials");
    let members = |required: &[&str], optional: &[&str]| {
        call.members(params, &[&["user", "pass"], required].concat(), optional);
    };
    let done = |data: Value| {
        ok(json!({"code": 1000, "msg": "Command completed successfully", "resData": data}))
    };
    match call.text(&call.body, "method") {
        "nameserver.list" => {
            members(&[], &["page", "pagelimit", "domain"]);
            let [number, size] = ["page", "pagelimit"].map(|name| params[name].as_u64().unwrap());
            let all = zone.zone_list(|id, name| json!({"roId": id, "domain": name}));
            let count = all.len();
            let domains = page(all, number as usize, size as usize).0;
            done(json!({"count": count, "domains": domains}))
        }
        "nameserver.info" => {
            members(&["domain"], &["name", "type"]);
            call.expect(params["domain"] == DOMAIN, "another zone");
            let show = |entry: &Entry| {
                json!({"id": entry.id.to_string(), "name": entry.fqdn(), "type": entry.kind,
                    "content": entry.value, "ttl": entry.ttl, "prio": 0})
            };
            let records: Vec<Value> = zone.entries.iter().map(show).collect();
            done(json!({"roId": 5, "domain": DOMAIN, "record": records}))
        }
        "nameserver.createRecord" => {
            members(&["domain", "type", "content"], &["name", "ttl", "prio"]);
            call.expect(params["domain"] == DOMAIN, "another zone");
            let [name, kind, value] =
                ["name", "type", "content"].map(|name| call.text(params, name));
            let ttl = call.ttl(params, "ttl", 300..=u64::MAX);
            let id = zone.add(&relative(name), kind, value, ttl)?;
            done(json!({"id": id.to_string()}))
        }
        "nameserver.updateRecord" => {
            members(&["id"], &["name", "type", "content", "ttl", "prio"]);
            let id = zone.number(call.text(params, "id"))?;
            let ttl = call.ttl(params, "ttl", 300..=u64::MAX);
            zone.set_value(id, call.text(params, "content"), ttl)?;
            done(json!({}))
        }
        "nameserver.deleteRecord" => {
            members(&["id"], &[]);
            zone.remove(zone.number(call.text(params, "id"))?)?;
            done(json!({}))
        }
        _ => call.fail("no such method"),
    }
}

fn inwx_error(refusal: Refusal) -> (u16, Value) {
    let (status, code) = match refusal {
        Refusal::Bad | Refusal::Alias => (200, 2005),
        Refusal::Exists => (200, 2302),
        Refusal::NotFound => (200, 2303),
        Refusal::Credentials => (200, 2200),
        other => (status_of(other), 2400),
    };
    (status, json!({"code": code, "msg": format!("{refusal:?}")}))
}

/// Forms with the credentials in them. A name that is no number is that of a sub-user.
fn cloudns(zone: &mut Zone, call: &Call) -> Reply {
    call.expect(call.field("sub-auth-user") == "me", "another user");
    call.expect(call.field("auth-password") == "hunter2", "another password");
    let fields = |required: &[&str], optional: &[&str]| {
        call.fields(&[&["sub-auth-user", "auth-password"], required].concat(), optional);
    };
    let own = |required: &[&str]| {
        fields(&[&["domain-name"], required].concat(), &[]);
        call.expect(call.field("domain-name") == DOMAIN, "another zone");
        let host = call.field("host");
        (if host == "@" { "" } else { host }, call.field("record"))
    };
    let ttl = || {
        let allowed = ["60", "300", "900", "1800", "3600", "21600", "43200", "86400"];
        call.expect(allowed.contains(&call.field("ttl")), "the TTL is not allowed");
        text_ttl(call, call.field("ttl"), 60)
    };
    let done = || ok(json!({"status": "Success", "statusDescription": "Done.", "data": {"id": 1}}));
    let (method, path) = call.route("dns");
    call.expect(method == "POST" && path.len() == 1, "another path");
    match path[0] {
        "list-zones.json" => {
            fields(&["page", "rows-per-page"], &["search"]);
            let [number, size] =
                ["page", "rows-per-page"].map(|name| call.number(call.field(name)));
            call.expect([10, 20, 30, 50, 100].contains(&size), "rows-per-page");
            let all = zone.zone_list(|_, name| json!({"name": name, "type": "master"}));
            ok(page(all, number, size).0.into())
        }
        "records.json" => {
            own(&[]);
            let mut records = json!({});
            for entry in &zone.entries {
                let id = entry.id.to_string();
                records[&id] = json!({"id": id, "type": entry.kind, "host": entry.host,
                    "record": entry.value, "ttl": entry.ttl.to_string(), "status": 1});
            }
            ok(records)
        }
        "add-record.json" => {
            let (host, value) = own(&["record-type", "host", "record", "ttl"]);
            zone.add(host, call.field("record-type"), value, ttl())?;
            done()
        }
        "mod-record.json" => {
            let (host, value) = own(&["record-id", "host", "record", "ttl"]);
            let id = zone.number(call.field("record-id"))?;
            let kind = zone.get(id)?.kind.clone();
            zone.change(id, (host, &kind, value), ttl())?;
            done()
        }
        "delete-record.json" => {
            own(&["record-id"]);
            zone.remove(zone.number(call.field("record-id"))?)?;
            done()
        }
        _ => call.fail("no such request"),
    }
}

fn cloudns_error(refusal: Refusal) -> (u16, Value) {
    let (status, text) = match refusal {
        Refusal::Bad | Refusal::Exists | Refusal::Alias => (200, "You can't have such a record."),
        Refusal::NotFound => (200, "Invalid record-id param."),
        Refusal::Credentials => {
            (200, "Invalid authentication, incorrect auth-id or auth-password.")
        }
        other => (status_of(other), "Try again."),
    };
    (status, json!({"status": "Failed", "statusDescription": text}))
}

fn dnspod_token(zone: &mut Zone, call: &Call) -> Reply {
    call.expect(call.field("login_token") == "me,hunter2", "another token");
    call.expect(call.field("format") == "json", "another format");
    let fields = |required: &[&str], optional: &[&str]| {
        call.fields(&[&["login_token", "format"], required].concat(), optional);
    };
    let status = |code: &str| json!({"code": code, "message": "text", "created_at": "x"});
    let whole = |more: &[&str]| {
        let needed = ["domain", "record_type", "value", "record_line_id", "sub_domain", "ttl"];
        fields(&[&needed, more].concat(), &[]);
        call.expect(call.field("domain") == DOMAIN, "another zone");
        let [kind, value, line] =
            ["record_type", "value", "record_line_id"].map(|name| call.field(name));
        call.expect(line == "0", "another line");
        (from_at(call.field("sub_domain")), kind, value, text_ttl(call, call.field("ttl"), 600))
    };
    let done = |id: u64| ok(json!({"status": status("1"), "record": {"id": id.to_string()}}));
    let (method, path) = call.route("");
    call.expect(method == "POST" && path.len() == 1, "another path");
    match path[0] {
        "Domain.List" => {
            fields(&[], &["offset", "length", "keyword"]);
            let [first, size] = ["offset", "length"].map(|name| call.number(call.field(name)));
            call.expect((1..=3000).contains(&size), "length");
            let all = zone.zone_list(|id, name| json!({"id": id, "name": name}));
            ok(json!({"status": status("1"), "domains": from(all, first, size)}))
        }
        "Record.List" => {
            fields(&["domain"], &["sub_domain", "record_type", "offset", "length"]);
            call.expect(call.field("domain") == DOMAIN, "another zone");
            let host = call.form.get("sub_domain").map(|host| from_at(host));
            let show = |entry: &&Entry| {
                json!({"id": entry.id.to_string(), "name": entry.host("@"), "type": entry.kind,
                    "value": entry.value, "ttl": entry.ttl.to_string(), "line": "默认",
                    "line_id": "0", "enabled": "1"})
            };
            let found: Vec<Value> =
                zone.find(host, call.field("record_type")).iter().map(show).collect();
            if found.is_empty() {
                return ok(json!({"status": status("10")}));
            }
            ok(json!({"status": status("1"), "records": found}))
        }
        "Record.Create" => {
            let (host, kind, value, ttl) = whole(&[]);
            done(zone.add(host, kind, value, ttl)?)
        }
        "Record.Modify" => {
            let (host, kind, value, ttl) = whole(&["record_id"]);
            let id = zone.number(call.field("record_id"))?;
            zone.change(id, (host, kind, value), ttl)?;
            done(id)
        }
        "Record.Remove" => {
            fields(&["domain", "record_id"], &[]);
            zone.remove(zone.number(call.field("record_id"))?)?;
            ok(json!({"status": status("1")}))
        }
        _ => call.fail("no such request"),
    }
}

fn dnspod_token_error(refusal: Refusal) -> (u16, Value) {
    let (status, code) = match refusal {
        Refusal::Bad | Refusal::Alias => (200, "22"),
        Refusal::Exists => (200, "104"),
        Refusal::NotFound => (200, "8"),
        Refusal::Credentials => (200, "-1"),
        Refusal::Limited => (200, "-2"),
        Refusal::Server(status) => (status, "-99"),
    };
    (status, json!({"status": {"code": code, "message": format!("{refusal:?}")}}))
}

/// A record gets another id with each change. All requests are GETs.
fn namesilo(zone: &mut Zone, call: &Call) -> Reply {
    call.expect(call.method == "GET" && call.param("key") == "hunter2", "another key");
    let params = |required: &[&str]| {
        call.params(&[&["version", "type", "key", "domain"], required].concat(), &[]);
    };
    if call.param("domain") != DOMAIN {
        return Err(Refusal::NotFound);
    }
    let reply = |more: Value| {
        let mut reply = json!({"code": 300, "detail": "success"});
        reply.as_object_mut().unwrap().append(&mut more.as_object().unwrap().clone());
        ok(json!({"request": {"operation": "x"}, "reply": reply}))
    };
    let value = call.param("rrvalue");
    let ttl = || text_ttl(call, call.param("rrttl"), 3600);
    match call.route("api").1[..] {
        ["dnsListRecords"] => {
            params(&[]);
            let show = |entry: &Entry| {
                json!({"record_id": entry.text_id(), "host": entry.host("@"), "type": entry.kind,
                    "value": entry.value, "ttl": entry.ttl.to_string(), "distance": "0"})
            };
            let all: Vec<Value> = zone.entries.iter().map(show).collect();
            reply(json!({"resource_record": all}))
        }
        ["dnsAddRecord"] => {
            params(&["rrtype", "rrhost", "rrvalue", "rrttl"]);
            let id = zone.add(from_at(call.param("rrhost")), call.param("rrtype"), value, ttl())?;
            reply(json!({"record_id": format!("r{id}")}))
        }
        ["dnsUpdateRecord"] => zone.together(|zone| {
            params(&["rrid", "rrhost", "rrvalue", "rrttl"]);
            let id = zone.id(call.param("rrid"))?;
            let kind = zone.get(id)?.kind.clone();
            zone.remove(id)?;
            let id = zone.add(from_at(call.param("rrhost")), &kind, value, ttl())?;
            reply(json!({"record_id": format!("r{id}")}))
        }),
        ["dnsDeleteRecord"] => {
            params(&["rrid"]);
            zone.remove(zone.id(call.param("rrid"))?)?;
            reply(json!({}))
        }
        _ => call.fail("no such request"),
    }
}

fn namesilo_error(refusal: Refusal) -> (u16, Value) {
    let (status, code) = match refusal {
        Refusal::Bad | Refusal::Exists | Refusal::Alias => (200, 280),
        Refusal::NotFound => (200, 200),
        Refusal::Credentials => (200, 110),
        Refusal::Limited => (429, 0),
        Refusal::Server(status) => (status, 201),
    };
    (status, json!({"reply": {"code": code, "detail": format!("{refusal:?}")}}))
}

fn dnsla(zone: &mut Zone, call: &Call) -> Reply {
    call.basic();
    let number = |kind: &str| match kind {
        "A" => 1,
        "AAAA" => 28,
        _ => 16,
    };
    let done = |data: Value| ok(json!({"code": 200, "msg": "", "data": data}));
    let pages = |all: Vec<Value>| {
        let (number, size) =
            (call.number(call.param("pageIndex")), call.number(call.param("pageSize")));
        let total = all.len();
        done(json!({"total": total, "results": page(all, number, size).0}))
    };
    let body = &call.body;
    let whole = |own: &str| {
        call.members(body, &[own, "host", "type", "data", "ttl"], &[]);
        let kind = if body["type"] == 1 { "A" } else { "AAAA" };
        call.expect(body["type"] == number(kind), "another type");
        let (host, data) = (from_at(call.text(body, "host")), call.text(body, "data"));
        (host, kind, data, call.ttl(body, "ttl", 1..=u64::MAX))
    };
    match (call.method, &call.route("api").1[..]) {
        ("GET", ["domainList"]) => {
            call.params(&["pageIndex", "pageSize"], &[]);
            let show = |id, name| json!({"id": format!("z{id}"), "domain": format!("{name}.")});
            pages(zone.zone_list(show))
        }
        ("GET", ["recordList"]) => {
            call.params(&["domain", "pageIndex", "pageSize"], &["host", "type"]);
            call.expect(call.param("domain") == DOMAIN, "another zone");
            let kind = if call.param("type") == "1" { "A" } else { "AAAA" };
            let show = |entry: &Entry| {
                json!({"id": entry.text_id(), "host": entry.host("@"), "type": number(&entry.kind),
                    "data": entry.value, "ttl": entry.ttl})
            };
            let found = zone.find(Some(from_at(call.param("host"))), kind);
            pages(found.into_iter().map(show).collect())
        }
        ("POST", ["record"]) => {
            let (host, kind, data, ttl) = whole("domainId");
            call.expect(body["domainId"] == "z5", "another zone");
            let id = zone.add(host, kind, data, ttl)?;
            done(json!({"id": format!("r{id}")}))
        }
        ("PUT", ["record"]) => {
            let (host, kind, data, ttl) = whole("id");
            zone.change(zone.id(call.text(body, "id"))?, (host, kind, data), ttl)?;
            done(Value::Null)
        }
        ("DELETE", ["record"]) => {
            call.params(&["id"], &[]);
            zone.remove(zone.id(call.param("id"))?)?;
            done(Value::Null)
        }
        _ => call.fail("no such request"),
    }
}

fn dnsla_error(refusal: Refusal) -> (u16, Value) {
    let code = match refusal {
        Refusal::Bad | Refusal::Alias | Refusal::Exists => 400,
        other => status_of(other),
    };
    (200, json!({"code": code, "msg": format!("{refusal:?}")}))
}

fn rainyun(zone: &mut Zone, call: &Call) -> Reply {
    call.has("x-api-key", "hunter2");
    let done = |data: Value| ok(json!({"code": 200, "data": data}));
    let pages = |all: Vec<Value>, number: usize, size: usize| {
        let total = all.len();
        done(json!({"TotalRecords": total, "Records": page(all, number, size).0}))
    };
    let body = &call.body;
    let whole = || {
        call.members(body, &["host", "line", "level", "ttl", "type", "value", "record_id"], &[]);
        call.expect(body["line"] == "DEFAULT" && body["level"] == 10, "another line");
        let [host, kind, value] = ["host", "type", "value"].map(|name| call.text(body, name));
        (from_at(host), kind, value, call.ttl(body, "ttl", 1..=u64::MAX))
    };
    match (call.method, &call.route("product/domain").1[..]) {
        ("GET", []) => {
            call.params(&["options"], &[]);
            let options: Value = serde_json::from_str(call.param("options")).unwrap();
            let [number, size] = ["page", "perPage"].map(|name| options[name].as_u64().unwrap());
            let all = zone.zone_list(|id, name| json!({"id": id, "domain": name}));
            pages(all, number as usize, size as usize)
        }
        ("GET", ["5", "dns", ""]) => {
            call.params(&["limit", "page_no"], &[]);
            let [size, number] = ["limit", "page_no"].map(|name| call.number(call.param(name)));
            let show = |entry: &Entry| {
                json!({"record_id": entry.id, "host": entry.host("@"), "type": entry.kind,
                    "value": entry.value, "ttl": entry.ttl, "line": "DEFAULT", "level": 10})
            };
            pages(zone.entries.iter().map(show).collect(), number, size)
        }
        ("POST", ["5", "dns"]) => {
            let (host, kind, value, ttl) = whole();
            call.expect(body["record_id"] == 0, "the id of a new record");
            zone.add(host, kind, value, ttl)?;
            done("ok".into())
        }
        ("PATCH", ["5", "dns"]) => {
            let (host, kind, value, ttl) = whole();
            let id = zone.number(&body["record_id"].to_string())?;
            zone.change(id, (host, kind, value), ttl)?;
            done("ok".into())
        }
        ("DELETE", ["5", "dns"]) => {
            call.params(&["record_id"], &[]);
            zone.remove(zone.number(call.param("record_id"))?)?;
            done("ok".into())
        }
        _ => call.fail("no such request"),
    }
}

fn rainyun_error(refusal: Refusal) -> (u16, Value) {
    let status = match refusal {
        Refusal::Bad | Refusal::Alias | Refusal::Exists => 200,
        other => status_of(other),
    };
    (status, json!({"code": 10_013, "message": format!("{refusal:?}")}))
}

/// JSON-RPC in a session. All records that a request has are written together. TTLs belong to the zone.
fn netcup(zone: &mut Zone, call: &Call) -> Reply {
    let path = ["run", "webservice", "servers", "endpoint.php"];
    call.expect(call.method == "POST" && call.path == path, "another path");
    call.params(&["JSON"], &[]);
    call.members(&call.body, &["action", "param"], &[]);
    let (action, param) = (call.text(&call.body, "action"), &call.body["param"]);
    call.expect(param["customernumber"] == "me" && param["apikey"] == "k3y", "other credentials");
    let done = |data: Value| {
        ok(json!({"status": "success", "statuscode": 2000, "action": action, "shortmessage": "",
            "longmessage": "", "responsedata": data}))
    };
    let members = |required: &[&str]| {
        call.members(param, &[&["customernumber", "apikey"], required].concat(), &[]);
    };
    if action == "login" {
        members(&["apipassword"]);
        call.expect(param["apipassword"] == "hunter2", "another password");
        return done(json!({"apisessionid": "s3ss10n"}));
    }
    call.expect(param["apisessionid"] == "s3ss10n", "no session");
    if action == "logout" {
        members(&["apisessionid"]);
        return done("".into());
    }
    if param["domainname"] != DOMAIN {
        return Err(Refusal::NotFound);
    }
    match action {
        "infoDnsZone" => {
            members(&["apisessionid", "domainname"]);
            return done(json!({"name": DOMAIN, "ttl": "3600", "serial": "1"}));
        }
        "infoDnsRecords" => members(&["apisessionid", "domainname"]),
        "updateDnsRecords" => {
            members(&["apisessionid", "domainname", "dnsrecordset"]);
            let records = call.list(&param["dnsrecordset"], "dnsrecords");
            zone.together(|zone| records.iter().try_for_each(|one| netcup_write(zone, call, one)))?;
        }
        _ => call.fail("no such action"),
    }
    let show = |entry: &Entry| {
        json!({"id": entry.id.to_string(), "hostname": entry.host("@"), "type": entry.kind,
            "priority": "0", "destination": entry.value, "deleterecord": false, "state": "yes"})
    };
    let records: Vec<Value> = zone.entries.iter().map(show).collect();
    done(json!({"dnsrecords": records}))
}

fn netcup_write(zone: &mut Zone, call: &Call, one: &Value) -> Result<(), Refusal> {
    let needed = ["hostname", "type", "destination"];
    call.members(one, &needed, &["id", "priority", "deleterecord", "state"]);
    let [host, kind, value] = needed.map(|name| call.text(one, name));
    let host = from_at(host);
    if one.get("id").is_none() {
        call.expect(one["deleterecord"] == false, "a removal without an id");
        return zone.add(host, kind, value, 3600).map(drop);
    }
    let id = zone.number(call.text(one, "id"))?;
    if one["deleterecord"] == true {
        return zone.remove(id);
    }
    zone.change(id, (host, kind, value), 0)
}

fn netcup_error(refusal: Refusal) -> (u16, Value) {
    let (status, code, text) = match refusal {
        Refusal::Bad | Refusal::Exists | Refusal::Alias => (200, 4013, "Validation Error."),
        Refusal::NotFound => (200, 5029, "Domain not found."),
        Refusal::Credentials => (200, 4013, "Validation Error. The login failed."),
        Refusal::Limited => (200, 4013, "More than 180 requests per minute. Please wait."),
        Refusal::Server(status) => (status, 5000, "Internal error."),
    };
    (status, json!({"status": "error", "statuscode": code, "longmessage": text}))
}
