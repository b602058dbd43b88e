//! Providers whose unit is the set of all records of a name and type.

use serde_json::{Value, json};

use super::call::Call;
use super::server::{Reply, Service, created, http, http_400, no_content, ok, status_of};
use super::zone::{DOMAIN, Entry, Refusal, Zone, from, from_at, full, page, relative};
use crate::model::Url;
use crate::model::secret::Secret;

pub(super) const ALL: &[Service] = &[
    Service::new("hetzner", hetzner, hetzner_error),
    Service::new("godaddy", godaddy_1, godaddy_error),
    Service::new("desec", desec, desec_error),
    Service::new("ionos", ionos, ionos_error),
    Service::new("ns1", ns1, http_400),
    Service::new("azure", azure, azure_error).with(|account| {
        account.param_enc = Secret::new("tenant=t subscription=s group=g");
    }),
    Service::new("scaleway", scaleway, http_400),
    Service::new("hostinger", hostinger, http),
    Service::new("huaweicloud", huaweicloud, huaweicloud_error),
    Service::new("gandi", gandi, http_400),
    Service::new("gcore", gcore, gcore_error),
    Service::new("powerdns", powerdns, powerdns_error).with(|account| {
        account.base = Url::parse("http://192.0.2.53:8081").ok();
    }),
    Service::new("servercow", servercow, servercow_error),
];

/// The texts in a list.
fn texts(call: &Call, list: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_else(|| call.fail("no text")).to_owned();
    list.iter().map(text).collect()
}

/// The texts at `name` in the objects of a list.
fn texts_of(call: &Call, list: &[Value], name: &str) -> Vec<String> {
    list.iter().map(|one| call.text(one, name).to_owned()).collect()
}

fn hetzner(zone: &mut Zone, call: &Call) -> Reply {
    call.bearer();
    let sets = ["zones", DOMAIN, "rrsets"];
    // One action at a time: each takes a while, which a request for its status shows.
    zone.pending = zone.pending.saturating_sub(1);
    let is_busy = zone.pending > 0;
    match call.route("v1") {
        ("GET", path) if path == ["zones"] => {
            call.params(&["page", "per_page"], &["name"]);
            let (number, size) =
                (call.number(call.param("page")), call.number(call.param("per_page")));
            call.expect((1..=50).contains(&size), "per_page");
            let all = zone.zone_list(|id, name| json!({"id": id, "name": name, "mode": "primary"}));
            let (shown, pages) = page(all, number, size);
            let next = if number < pages { json!(number + 1) } else { Value::Null };
            ok(json!({"zones": shown, "meta": {"pagination": {"next_page": next}}}))
        }
        ("GET", path) if path == ["actions", "1"] => {
            let status = if is_busy { "running" } else { "success" };
            ok(json!({"action": {"id": 1, "status": status, "error": null}}))
        }
        ("GET", path) if path.starts_with(&sets) && path.len() == 5 => {
            let found = zone.find(Some(from_at(path[3])), path[4]);
            let Some(first) = found.first() else { return Err(Refusal::NotFound) };
            let records: Vec<Value> = found
                .iter()
                .map(|entry| json!({"value": entry.value, "comment": "mine"}))
                .collect();
            ok(json!({"rrset": {"name": path[3], "type": path[4], "ttl": first.ttl,
                "records": records, "zone": 5, "protection": {"change": false}}}))
        }
        ("POST" | "DELETE", _) if is_busy => Err(Refusal::Exists),
        ("POST" | "DELETE", path) if path.starts_with(&sets) => {
            hetzner_write(zone, call, &path[3..])?;
            zone.pending = 2;
            created(json!({"action": {"id": 1, "status": "running", "error": null}}))
        }
        _ => call.fail("no such request"),
    }
}

/// Writes the set at `path`, or a new one.
fn hetzner_write(zone: &mut Zone, call: &Call, path: &[&str]) -> Result<(), Refusal> {
    let body = &call.body;
    let ttl = || call.ttl(body, "ttl", 60..=2_147_483_647);
    if path.is_empty() {
        call.members(body, &["name", "type", "records"], &["ttl", "labels"]);
        let (host, kind) = (from_at(call.text(body, "name")), call.text(body, "type"));
        if !zone.values(host, kind).is_empty() {
            return Err(Refusal::Exists);
        }
        let values = texts_of(call, call.list(body, "records"), "value");
        return zone.replace(host, kind, &values, ttl());
    }
    let (host, kind) = (from_at(path[0]), path[1]);
    let present = zone.values(host, kind);
    match (call.method, &path[2..]) {
        _ if present.is_empty() => Err(Refusal::NotFound),
        ("POST", ["actions", "set_records"]) => {
            call.members(body, &["records"], &[]);
            let records = call.list(body, "records");
            for record in records.iter().filter(|record| record["value"] == "192.0.2.77") {
                call.expect(record["comment"] == "mine", "a comment is lost");
            }
            zone.replace(host, kind, &texts_of(call, records, "value"), 0)
        }
        ("POST", ["actions", "change_ttl"]) => {
            call.members(body, &["ttl"], &[]);
            zone.replace(host, kind, &present, ttl())
        }
        ("DELETE", []) => zone.remove_set(host, kind),
        _ => call.fail("no such request"),
    }
}

fn hetzner_error(refusal: Refusal) -> (u16, Value) {
    let error = json!({"code": "code", "message": format!("{refusal:?}"), "details": null});
    (status_of(refusal), json!({ "error": error }))
}

fn godaddy_1(zone: &mut Zone, call: &Call) -> Reply {
    call.has("Authorization", "sso-key me:hunter2");
    let (method, path) = call.route("v1/domains");
    match (method, &path[..]) {
        ("GET", []) => {
            call.params(&[], &["statuses", "limit", "marker"]);
            let size = call.query.get("limit").map_or(1000, |size| call.number(size));
            call.expect((1..=1000).contains(&size), "limit");
            let names: Vec<String> = zone.zones().into_iter().map(|(_, name)| name).collect();
            let before = names.iter().position(|name| name == call.param("marker"));
            let all =
                names.iter().map(|name| json!({"domain": name, "status": "ACTIVE"})).collect();
            ok(from(all, before.map_or(0, |place| place + 1), size).into())
        }
        (method, [DOMAIN, "records", kind, host]) => {
            let host = from_at(host);
            match method {
                "GET" => {
                    let found = zone.find(Some(host), kind);
                    let show = |entry: &&Entry| {
                        json!({"name": entry.host("@"), "type": entry.kind, "data": entry.value,
                            "ttl": entry.ttl})
                    };
                    ok(found.iter().map(show).collect())
                }
                "PUT" => {
                    let list = call.body.as_array().unwrap_or_else(|| call.fail("no list"));
                    let mut ttl = 0;
                    for one in list {
                        call.members(one, &["data", "ttl"], &[]);
                        ttl = call.ttl(one, "ttl", 600..=604_800);
                    }
                    zone.replace(host, kind, &texts_of(call, list, "data"), ttl)?;
                    Ok((200, String::new()))
                }
                "DELETE" => {
                    zone.remove_set(host, kind)?;
                    no_content()
                }
                _ => call.fail("no such request"),
            }
        }
        _ => call.fail("no such request"),
    }
}

pub(super) fn godaddy_error(refusal: Refusal) -> (u16, Value) {
    let code = match refusal {
        Refusal::Bad => "INVALID_BODY",
        Refusal::Alias => "DUPLICATE_RECORD",
        Refusal::Credentials => "UNABLE_TO_AUTHENTICATE",
        Refusal::Limited => "TOO_MANY_REQUESTS",
        _ => "OTHER",
    };
    (status_of(refusal), json!({"code": code, "message": format!("{refusal:?}")}))
}

/// A page has at most 500 elements. A longer list is refused unless a request names a page.
fn desec_list(all: Vec<Value>) -> Reply {
    if all.len() <= 500 {
        return ok(all.into());
    }
    Ok((400, json!({"detail": "Pagination required."}).to_string()))
}

fn desec(zone: &mut Zone, call: &Call) -> Reply {
    call.has("Authorization", "Token hunter2");
    let show_zone = |name: &str| json!({"name": name, "minimum_ttl": 3600});
    match call.route("api/v1/domains") {
        ("GET", path) if path == [""] => desec_list(zone.zone_list(|_, name| show_zone(&name))),
        ("GET", path) if path == [DOMAIN, ""] => ok(show_zone(DOMAIN)),
        ("GET", path) if path == [DOMAIN, "rrsets", ""] => {
            call.params(&[], &["subname", "type"]);
            let mut sets = Vec::new();
            for (host, kind, ttl, values) in zone.sets() {
                let fits =
                    |name: &str, own: &str| call.query.get(name).is_none_or(|wanted| wanted == own);
                if fits("subname", &host) && fits("type", &kind) {
                    let name = format!("{}.", full(&host));
                    sets.push(json!({"domain": DOMAIN, "subname": host, "name": name,
                        "type": kind, "ttl": ttl, "records": values}));
                }
            }
            desec_list(sets)
        }
        ("PATCH", path) if path == [DOMAIN, "rrsets", ""] => {
            let list = call.body.as_array().unwrap_or_else(|| call.fail("no list"));
            let before = zone.clone();
            let mut errors = Vec::new();
            let mut refusal = None;
            for set in list {
                call.members(set, &["subname", "type", "records"], &["ttl"]);
                let (host, kind) = (call.text(set, "subname"), call.text(set, "type"));
                let values = texts(call, call.list(set, "records"));
                let is_new = zone.values(host, kind).is_empty();
                call.expect(!is_new || values.is_empty() || set["ttl"].is_u64(), "no TTL");
                let ttl = call.ttl(set, "ttl", 3600..=86_400);
                let done = if values.is_empty() && host != "bad" {
                    let _ = zone.remove_set(host, kind);
                    Ok(())
                } else {
                    zone.replace(host, kind, &values, ttl)
                };
                let is_done = done.is_ok();
                errors.push(if is_done { json!({}) } else { json!({"subname": ["is bad"]}) });
                refusal = refusal.or(done.err());
            }
            match refusal {
                None => ok(call.body.clone()),
                Some(Refusal::Server(status)) => {
                    *zone = before;
                    Err(Refusal::Server(status))
                }
                Some(_) => {
                    *zone = before;
                    let one = errors.len() == 1;
                    Ok((400, if one { errors.remove(0) } else { errors.into() }.to_string()))
                }
            }
        }
        _ => call.fail("no such request"),
    }
}

fn desec_error(refusal: Refusal) -> (u16, Value) {
    (http_400(refusal).0, json!({"detail": format!("{refusal:?}")}))
}

fn ionos(zone: &mut Zone, call: &Call) -> Reply {
    call.has("X-API-Key", "hunter2");
    match call.route("dns/v1/zones") {
        ("GET", path) if path.is_empty() => {
            let show = |id, name| json!({"id": format!("z{id}"), "name": name, "type": "NATIVE"});
            ok(zone.zone_list(show).into())
        }
        ("GET", path) if path == ["z5"] => {
            call.params(&[], &["suffix", "recordName", "recordType"]);
            let name = call.query.get("recordName").map(|name| relative(name));
            let kinds: Vec<&str> = call.param("recordType").split(',').collect();
            let mut records = Vec::new();
            for entry in zone.find(name.as_deref(), "") {
                if kinds == [""] || kinds.contains(&entry.kind.as_str()) {
                    records.push(json!({"id": entry.text_id(), "name": entry.fqdn(),
                        "rootName": DOMAIN, "type": entry.kind, "content": entry.value,
                        "ttl": entry.ttl, "disabled": false}));
                }
            }
            ok(json!({"id": "z5", "name": DOMAIN, "type": "NATIVE", "records": records}))
        }
        // Replaces all records of the same names and types.
        ("PATCH", path) if path == ["z5"] => zone.together(|zone| {
            let list = call.body.as_array().unwrap_or_else(|| call.fail("no list"));
            let mut sets: Vec<(String, &str, u64, Vec<String>)> = Vec::new();
            for one in list {
                call.members(one, &["name", "type", "content"], &["ttl", "prio", "disabled"]);
                let (host, kind) = (relative(call.text(one, "name")), call.text(one, "type"));
                let value = call.text(one, "content").to_owned();
                match sets.iter_mut().find(|set| set.0 == host && set.1 == kind) {
                    Some(set) => set.3.push(value),
                    None => {
                        sets.push((host, kind, call.ttl(one, "ttl", 60..=u64::MAX), vec![value]))
                    }
                }
            }
            for (host, kind, ttl, values) in sets {
                zone.replace(&host, kind, &values, ttl)?;
            }
            ok(json!({}))
        }),
        ("DELETE", path) if path.starts_with(&["z5", "records"]) && path.len() == 3 => {
            zone.remove(zone.id(path[2])?)?;
            Ok((200, String::new()))
        }
        _ => call.fail("no such request"),
    }
}

fn ionos_error(refusal: Refusal) -> (u16, Value) {
    (http_400(refusal).0, json!([{"code": "CODE", "message": format!("{refusal:?}")}]))
}

fn ns1(zone: &mut Zone, call: &Call) -> Reply {
    call.has("X-NSONE-Key", "hunter2");
    let show = |zone: &Zone, host: &str, kind: &str| {
        let found = zone.find(Some(host), kind);
        let ttl = found.first().ok_or(Refusal::NotFound)?.ttl;
        let answer = |entry: &&Entry| json!({"answer": [entry.value], "id": entry.text_id(), "meta": {"note": "mine"}});
        let answers: Vec<Value> = found.iter().map(answer).collect();
        ok(json!({"zone": DOMAIN, "domain": full(host), "type": kind, "ttl": ttl,
            "answers": answers, "id": "x"}))
    };
    let (method, path) = call.route("v1/zones");
    if (method, path.len()) == ("GET", 0) {
        return ok(zone.zone_list(|_, name| json!({"zone": name, "id": "x"})).into());
    }
    call.expect(path.len() == 3 && path[0] == DOMAIN, "another path");
    let (host, kind, body) = (relative(path[1]), path[2], &call.body);
    let values = || {
        let mut values = Vec::new();
        for answer in call.list(body, "answers") {
            let value = texts(call, call.list(answer, "answer")).remove(0);
            let is_other = value == "192.0.2.77";
            call.expect(!is_other || answer["meta"]["note"] == "mine", "a note is lost");
            values.push(value);
        }
        call.expect(!values.is_empty(), "no answers");
        values
    };
    let is_there = !zone.values(&host, kind).is_empty();
    match method {
        "GET" => show(zone, &host, kind),
        "PUT" => {
            call.members(body, &["zone", "domain", "type", "answers"], &["ttl"]);
            call.expect(body["zone"] == DOMAIN && body["domain"] == path[1], "other names");
            if is_there {
                return Err(Refusal::Exists);
            }
            let ttl = call.ttl(body, "ttl", 1..=u64::MAX);
            zone.replace(&host, kind, &values(), ttl)?;
            show(zone, &host, kind)
        }
        "POST" if is_there => {
            call.members(body, &["answers"], &["ttl"]);
            zone.replace(&host, kind, &values(), call.ttl(body, "ttl", 1..=u64::MAX))?;
            show(zone, &host, kind)
        }
        "DELETE" => {
            zone.remove_set(&host, kind)?;
            ok(json!({}))
        }
        _ => Err(Refusal::NotFound),
    }
}

fn azure(zone: &mut Zone, call: &Call) -> Reply {
    if call.host == "login.microsoftonline.com" {
        call.expect(call.path == ["t", "oauth2", "v2.0", "token"], "another path");
        call.fields(&["grant_type", "client_id", "client_secret", "scope"], &[]);
        call.expect(call.field("client_secret") == "hunter2", "another secret");
        return ok(json!({"access_token": "t0k3n", "expires_in": 3599, "token_type": "Bearer"}));
    }
    call.has("Authorization", "Bearer t0k3n");
    call.params(&["api-version"], &["$top", "$skipToken"]);
    let (method, path) =
        call.route("subscriptions/s/resourceGroups/g/providers/Microsoft.Network/dnsZones");
    if (method, path.len()) == ("GET", 0) {
        let all = zone.zone_list(|_, name| json!({"name": name, "id": "/subscriptions/s"}));
        let is_long = all.len() > 100;
        let mut body = json!({"value": from(all, 0, 100)});
        if is_long {
            body["nextLink"] = "https://management.azure.com/next".into();
        }
        return ok(body);
    }
    call.expect(path.len() == 3 && path[0] == DOMAIN, "another path");
    let (kind, host) = (path[1], from_at(path[2]));
    let (list, member) =
        if kind == "A" { ("ARecords", "ipv4Address") } else { ("AAAARecords", "ipv6Address") };
    let show = |zone: &Zone| {
        let found = zone.find(Some(host), kind);
        let ttl = found.first().ok_or(Refusal::NotFound)?.ttl;
        let values: Vec<Value> = found.iter().map(|entry| json!({member: entry.value})).collect();
        ok(json!({"name": path[2], "type": format!("Microsoft.Network/dnszones/{kind}"),
            "etag": "e", "properties": {"TTL": ttl, list: values, "targetResource": {}}}))
    };
    match method {
        "GET" => show(zone),
        "PUT" | "PATCH" => {
            call.members(&call.body, &["properties"], &[]);
            let properties = &call.body["properties"];
            call.members(properties, &["TTL", list], &[]);
            let values = texts_of(call, call.list(properties, list), member);
            let ttl = call.ttl(properties, "TTL", 1..=2_147_483_647);
            if zone.values(host, kind).is_empty() {
                call.expect(method == "PUT", "PATCH needs a set");
                zone.replace(host, kind, &values, ttl)?;
            } else {
                zone.replace(host, kind, &values, ttl)?;
            }
            show(zone)
        }
        "DELETE" => {
            zone.remove_set(host, kind)?;
            Ok((200, String::new()))
        }
        _ => call.fail("no such request"),
    }
}

fn azure_error(refusal: Refusal) -> (u16, Value) {
    let error = json!({"code": "Code", "message": format!("{refusal:?}")});
    (http_400(refusal).0, json!({"error": error}))
}

fn scaleway(zone: &mut Zone, call: &Call) -> Reply {
    call.has("X-Auth-Token", "hunter2");
    let pages = |all: Vec<Value>, name: &str| {
        let (number, size) =
            (call.number(call.param("page")), call.number(call.param("page_size")));
        call.expect((1..=100).contains(&size), "page_size");
        let count = all.len();
        ok(json!({"total_count": count, name: page(all, number, size).0}))
    };
    match call.route("domain/v2beta1/dns-zones") {
        ("GET", path) if path.is_empty() => {
            call.params(&[], &["page", "page_size"]);
            let show =
                |_, name: String| json!({"domain": name, "subdomain": "", "status": "active"});
            pages(zone.zone_list(show), "dns_zones")
        }
        ("GET", path) if path == [DOMAIN, "records"] => {
            call.params(&[], &["page", "page_size", "name", "type"]);
            // An empty name is no filter.
            let host = Some(call.param("name")).filter(|name| !name.is_empty());
            let found = zone.find(host, call.param("type"));
            let show = |entry: &Entry| {
                json!({"id": entry.text_id(), "name": entry.host, "type": entry.kind,
                    "data": entry.value, "ttl": entry.ttl, "priority": 0, "comment": "mine"})
            };
            pages(found.into_iter().map(show).collect(), "records")
        }
        ("PATCH", path) if path == [DOMAIN, "records"] => zone.together(|zone| {
            let body = &call.body;
            call.members(
                body,
                &["changes", "return_all_records", "disallow_new_zone_creation"],
                &[],
            );
            for change in call.list(body, "changes") {
                call.members(change, &[], &["set", "delete"]);
                let (part, is_set) = match change.get("set") {
                    Some(set) => (set, true),
                    None => (&change["delete"], false),
                };
                call.members(&part["id_fields"], &["name", "type"], &[]);
                let [host, kind] = ["name", "type"].map(|name| call.text(&part["id_fields"], name));
                if !is_set {
                    zone.remove_set(host, kind)?;
                    continue;
                }
                let records = call.list(part, "records");
                let mut ttl = 0;
                for record in records {
                    call.members(record, &["name", "type", "data", "ttl"], &["comment"]);
                    let is_other = record["data"] == "192.0.2.77";
                    call.expect(!is_other || record["comment"] == "mine", "a comment is lost");
                    ttl = call.ttl(record, "ttl", 60..=u64::MAX);
                    call.expect(record["name"] == host && record["type"] == kind, "another name");
                }
                zone.replace(host, kind, &texts_of(call, records, "data"), ttl)?;
            }
            ok(json!({"records": []}))
        }),
        _ => call.fail("no such request"),
    }
}

fn hostinger(zone: &mut Zone, call: &Call) -> Reply {
    call.bearer();
    match call.route("api") {
        ("GET", path) if path == ["domains", "v1", "portfolio"] => {
            let show = |id, name| json!({"id": id, "domain": name, "type": "domain"});
            ok(zone.zone_list(show).into())
        }
        ("GET", path) if path == ["dns", "v1", "zones", DOMAIN] => {
            let mut sets = Vec::new();
            for (host, kind, ttl, values) in zone.sets() {
                let record = |value: &String| json!({"content": value, "is_disabled": false});
                let records: Vec<Value> = values.iter().map(record).collect();
                let name = if host.is_empty() { "@" } else { &host };
                sets.push(json!({"name": name, "type": kind, "ttl": ttl, "records": records}));
            }
            ok(sets.into())
        }
        ("PUT", path) if path == ["dns", "v1", "zones", DOMAIN] => zone.together(|zone| {
            call.members(&call.body, &["overwrite", "zone"], &[]);
            call.expect(call.body["overwrite"] == true, "values are added");
            for set in call.list(&call.body, "zone") {
                call.members(set, &["name", "type", "ttl", "records"], &[]);
                let (host, kind) = (from_at(call.text(set, "name")), call.text(set, "type"));
                let records = call.list(set, "records");
                records.iter().for_each(|record| call.members(record, &["content"], &[]));
                let ttl = call.ttl(set, "ttl", 1..=u64::MAX);
                zone.replace(host, kind, &texts_of(call, records, "content"), ttl)?;
            }
            ok(json!({"message": "Request accepted"}))
        }),
        ("DELETE", path) if path == ["dns", "v1", "zones", DOMAIN] => zone.together(|zone| {
            call.members(&call.body, &["filters"], &[]);
            for set in call.list(&call.body, "filters") {
                call.members(set, &["name", "type"], &[]);
                zone.remove_set(from_at(call.text(set, "name")), call.text(set, "type"))?;
            }
            ok(json!({"message": "Request accepted"}))
        }),
        _ => call.fail("no such request"),
    }
}

fn huaweicloud(zone: &mut Zone, call: &Call) -> Reply {
    let signature = call.header("Authorization");
    call.expect(signature.starts_with("SDK-HMAC-SHA256 Access=me, "), "no signature");
    call.expect(call.header("X-Sdk-Date").ends_with('Z'), "no time");
    let body = &call.body;
    let whole = || {
        call.members(body, &["name", "type", "records"], &["ttl"]);
        let name = call.text(body, "name").strip_suffix('.');
        let host = relative(name.unwrap_or_else(|| call.fail("a name without a dot")));
        let values = texts(call, call.list(body, "records"));
        call.expect(!values.is_empty(), "no records");
        (host, call.text(body, "type"), values, call.ttl(body, "ttl", 1..=2_147_483_647))
    };
    let sets = ["v2.1", "zones", "z5", "recordsets"];
    let done = || Ok((202, json!({"id": "x", "status": "PENDING_CREATE"}).to_string()));
    match call.route("") {
        ("GET", path) if path == ["v2", "zones"] => {
            call.params(&[], &["limit", "offset", "type", "name"]);
            let [size, first] = ["limit", "offset"].map(|name| call.number(call.param(name)));
            call.expect((1..=500).contains(&size), "limit");
            let all = zone.zone_list(|id, name| {
                json!({"id": format!("z{id}"), "name": format!("{name}."), "zone_type": "public"})
            });
            ok(json!({"links": {}, "zones": from(all, first, size)}))
        }
        ("GET", path) if path == sets => {
            call.params(&[], &["limit", "name", "search_mode", "type"]);
            call.expect(call.param("search_mode") == "equal", "like is the default");
            let name = call.param("name").strip_suffix('.');
            let host = relative(name.unwrap_or_else(|| call.fail("a name without a dot")));
            let kind = call.param("type");
            let mut found = Vec::new();
            // The id of the set is that of its first record.
            if let Some(first) = zone.find(Some(&host), kind).first() {
                found.push(json!({"id": first.text_id(), "name": full(&host) + ".", "type": kind,
                    "ttl": first.ttl, "records": zone.values(&host, kind), "zone_id": "z5",
                    "line": "default_view", "status": "ACTIVE"}));
            }
            ok(json!({"recordsets": found, "metadata": {"total_count": found.len()}}))
        }
        ("POST", path) if path == sets => {
            let (host, kind, values, ttl) = whole();
            if !zone.values(&host, kind).is_empty() {
                return Err(Refusal::Exists);
            }
            zone.replace(&host, kind, &values, ttl)?;
            done()
        }
        ("PUT", path) if path.starts_with(&sets) && path.len() == 5 => {
            let (host, kind, values, ttl) = whole();
            let entry = zone.get(zone.id(path[4])?)?;
            call.expect(entry.host == host && entry.kind == kind, "another set");
            zone.replace(&host, kind, &values, ttl)?;
            done()
        }
        ("DELETE", path) if path.starts_with(&sets) && path.len() == 5 => {
            let entry = zone.get(zone.id(path[4])?)?.clone();
            zone.remove_set(&entry.host, &entry.kind)?;
            done()
        }
        _ => call.fail("no such request"),
    }
}

fn huaweicloud_error(refusal: Refusal) -> (u16, Value) {
    let body = json!({"code": "DNS.0302", "message": format!("{refusal:?}")});
    (http_400(refusal).0, body)
}

fn gandi(zone: &mut Zone, call: &Call) -> Reply {
    call.bearer();
    let (method, path) = call.route("v5/livedns/domains");
    if (method, path.len()) == ("GET", 0) {
        call.params(&[], &["page", "per_page"]);
        let (number, size) = (call.number(call.param("page")), call.number(call.param("per_page")));
        let all = zone.zone_list(|_, name| json!({"fqdn": name}));
        return ok(page(all, number, size).0.into());
    }
    let [DOMAIN, "records", host, kind] = path[..] else { call.fail("another path") };
    let host = from_at(host);
    match method {
        "GET" => {
            let found = zone.find(Some(host), kind);
            let ttl = found.first().ok_or(Refusal::NotFound)?.ttl;
            let values = zone.values(host, kind);
            ok(json!({"rrset_name": host, "rrset_type": kind, "rrset_ttl": ttl,
                "rrset_values": values}))
        }
        "PUT" => {
            call.members(&call.body, &["rrset_values"], &["rrset_ttl"]);
            let values = texts(call, call.list(&call.body, "rrset_values"));
            call.expect(!values.is_empty(), "no values");
            zone.replace(host, kind, &values, call.ttl(&call.body, "rrset_ttl", 300..=2_592_000))?;
            created(json!({"message": "DNS Record Created"}))
        }
        "DELETE" => {
            zone.remove_set(host, kind)?;
            no_content()
        }
        _ => call.fail("no such request"),
    }
}

fn gcore(zone: &mut Zone, call: &Call) -> Reply {
    call.has("Authorization", "APIKey hunter2");
    let (method, path) = call.route("dns/v2/zones");
    if (method, path.len()) == ("GET", 0) {
        call.params(&[], &["limit", "offset"]);
        let [size, first] = ["limit", "offset"].map(|name| call.number(call.param(name)));
        let all = zone.zone_list(|id, name| json!({"id": id, "name": name}));
        let count = all.len();
        return ok(json!({"zones": from(all, first, size), "total_amount": count}));
    }
    let [DOMAIN, name, kind] = path[..] else { call.fail("another path") };
    let host = relative(name);
    let is_there = !zone.values(&host, kind).is_empty();
    let whole = || {
        call.members(&call.body, &["resource_records"], &["ttl"]);
        let mut values = Vec::new();
        for record in call.list(&call.body, "resource_records") {
            call.members(record, &["content"], &["enabled", "meta"]);
            values.push(texts(call, call.list(record, "content")).remove(0));
        }
        (values, call.ttl(&call.body, "ttl", 1..=u64::MAX))
    };
    match method {
        "GET" => {
            let found = zone.find(Some(&host), kind);
            let ttl = found.first().ok_or(Refusal::NotFound)?.ttl;
            let record = |entry: &&Entry| json!({"content": [entry.value], "enabled": true, "id": entry.id, "meta": {}});
            let records: Vec<Value> = found.iter().map(record).collect();
            ok(json!({"name": name, "type": kind, "ttl": ttl, "resource_records": records}))
        }
        "POST" if is_there => Err(Refusal::Exists),
        "POST" => {
            let (values, ttl) = whole();
            zone.replace(&host, kind, &values, ttl)?;
            ok(json!({"warnings": []}))
        }
        "PUT" if is_there => {
            let (values, ttl) = whole();
            zone.replace(&host, kind, &values, ttl)?;
            ok(json!({"warnings": []}))
        }
        "DELETE" if is_there => {
            zone.remove_set(&host, kind)?;
            ok(json!({}))
        }
        _ => Err(Refusal::NotFound),
    }
}

fn gcore_error(refusal: Refusal) -> (u16, Value) {
    (status_of(refusal), json!({"error": format!("{refusal:?}")}))
}

fn powerdns(zone: &mut Zone, call: &Call) -> Reply {
    call.has("X-API-Key", "hunter2");
    let own = format!("{DOMAIN}.");
    match call.route("api/v1/servers/localhost/zones") {
        ("GET", path) if path.is_empty() => {
            call.params(&[], &["zone", "dnssec"]);
            ok(zone.zone_list(|_, name| json!({"name": format!("{name}.")})).into())
        }
        ("GET", path) if path == [own.as_str()] => {
            call.params(&[], &["rrsets", "rrset_name", "rrset_type"]);
            let mut sets = Vec::new();
            for (host, kind, ttl, values) in zone.sets() {
                let name = full(&host) + ".";
                if call.query.get("rrset_name").is_none_or(|wanted| *wanted == name) {
                    let record = |value: &String| json!({"content": value, "disabled": false});
                    let records: Vec<Value> = values.iter().map(record).collect();
                    sets.push(json!({"name": name, "type": kind, "ttl": ttl, "records": records,
                        "comments": []}));
                }
            }
            ok(json!({"name": own, "kind": "Native", "rrsets": sets}))
        }
        ("PATCH", path) if path == [own.as_str()] => zone.together(|zone| {
            call.members(&call.body, &["rrsets"], &[]);
            for set in call.list(&call.body, "rrsets") {
                call.members(set, &["name", "type", "changetype", "ttl", "records"], &[]);
                call.expect(set["changetype"] == "REPLACE", "changetype");
                let name = call.text(set, "name").strip_suffix('.');
                let host = relative(name.unwrap_or_else(|| call.fail("a name without a dot")));
                let (kind, records) = (call.text(set, "type"), call.list(set, "records"));
                for record in records {
                    call.members(record, &["content", "disabled"], &[]);
                }
                let ttl = call.ttl(set, "ttl", 0..=2_147_483_647);
                zone.replace(&host, kind, &texts_of(call, records, "content"), ttl)?;
            }
            no_content()
        }),
        _ => call.fail("no such request"),
    }
}

fn powerdns_error(refusal: Refusal) -> (u16, Value) {
    match refusal {
        Refusal::Credentials => (401, "Unauthorized".into()),
        Refusal::NotFound => (404, "Not Found".into()),
        Refusal::Bad | Refusal::Alias | Refusal::Exists => {
            (422, json!({"error": format!("{refusal:?}")}))
        }
        other => http(other),
    }
}

fn servercow(zone: &mut Zone, call: &Call) -> Reply {
    call.has("X-Auth-Username", "me");
    call.has("X-Auth-Password", "hunter2");
    let (method, path) = call.route("dns/v1/domains");
    if path != [DOMAIN] {
        return Err(Refusal::NotFound);
    }
    let body = &call.body;
    let done = || ok(json!({"message": "ok"}));
    match method {
        "GET" => {
            let mut sets = Vec::new();
            for (host, kind, ttl, values) in zone.sets() {
                let content = if values.len() == 1 { json!(values[0]) } else { json!(values) };
                sets.push(json!({"name": host, "type": kind, "ttl": ttl, "content": content}));
            }
            ok(sets.into())
        }
        "POST" => {
            call.members(body, &["type", "name", "content"], &["ttl"]);
            let values = match &body["content"] {
                Value::Array(several) => texts(call, several),
                one => texts(call, std::slice::from_ref(one)),
            };
            let (host, kind) = (call.text(body, "name"), call.text(body, "type"));
            zone.replace(host, kind, &values, call.ttl(body, "ttl", 1..=u64::MAX))?;
            done()
        }
        "DELETE" => {
            call.members(body, &["type", "name"], &[]);
            zone.remove_set(call.text(body, "name"), call.text(body, "type"))?;
            done()
        }
        _ => call.fail("no such request"),
    }
}

fn servercow_error(refusal: Refusal) -> (u16, Value) {
    let error = match refusal {
        Refusal::NotFound => "no such domain in user context".into(),
        other => format!("{other:?}"),
    };
    (if refusal == Refusal::NotFound { 400 } else { http_400(refusal).0 }, json!({"error": error}))
}
