//! Providers whose records have ids, and that refuse by the HTTP status.

use serde_json::{Value, json};

use super::call::Call;
use super::server::{Reply, Service, created, http, http_400, no_content, ok, status_of};
use super::zone::{DOMAIN, Entry, Refusal, Zone, from, from_at, full, page, relative};
use crate::model::secret::Secret;

pub(super) const ALL: &[Service] = &[
    Service::new("cloudflare", cloudflare, cloudflare_error),
    Service::new("digitalocean", digitalocean, http),
    Service::new("linode", linode, http_400),
    Service::new("vultr", vultr, http_400),
    Service::new("namecom", namecom, http),
    Service::new("ovh", ovh, ovh_error).with(|account| account.param_enc = Secret::new("consumer")),
    Service::new("dnsimple", dnsimple, http_400),
    Service::new("bunny", bunny, http_400),
    Service::new("vercel", vercel, vercel_error),
    Service::new("luadns", luadns, http_400),
    Service::new("baidu", baidu, baidu_error),
    Service::new("exoscale", exoscale, http_400),
    Service::new("hosttech", hosttech, http),
    Service::new("blazingfast", blazingfast, blazingfast_error)
        .with(|account| account.param_opt = Secret::new("service_id=7")),
];

fn cloudflare(zone: &mut Zone, call: &Call) -> Reply {
    call.bearer();
    let show = |entry: &Entry| {
        json!({"id": entry.text_id(), "name": entry.fqdn(), "type": entry.kind, "ttl": entry.ttl,
            "content": entry.value, "proxied": false, "proxiable": true, "tags": []})
    };
    let result = |result: Value| {
        ok(json!({"success": true, "errors": [], "messages": [], "result": result}))
    };
    let pages = |all: Vec<Value>, most: usize| {
        let size = call.number(call.param("per_page"));
        call.expect((5..=most).contains(&size), "per_page");
        let (shown, pages) = page(all, call.number(call.param("page")), size);
        ok(json!({"success": true, "errors": [], "messages": [], "result": shown,
            "result_info": {"page": call.number(call.param("page")), "per_page": size,
                "total_pages": pages}}))
    };
    match call.route("client/v4/zones") {
        ("GET", path) if path.is_empty() => {
            call.params(&["page", "per_page"], &["name"]);
            pages(zone.zone_list(|id, name| json!({"id": format!("z{id}"), "name": name})), 50)
        }
        ("GET", path) if path == ["z5", "dns_records"] => {
            call.params(&["page", "per_page"], &["type", "name"]);
            let name = call.query.get("name").map(|name| relative(name));
            let found = zone.find(name.as_deref(), call.param("type"));
            pages(found.into_iter().map(show).collect(), 5000)
        }
        ("POST", path) if path == ["z5", "dns_records"] => {
            let id = cloudflare_post(zone, call, &call.body)?;
            result(show(zone.get(id)?))
        }
        ("PATCH", path) if path.starts_with(&["z5", "dns_records"]) && path.len() == 3 => {
            let id = cloudflare_patch(zone, call, path[2], &call.body)?;
            result(show(zone.get(id)?))
        }
        ("POST", path) if path == ["z5", "dns_records", "batch"] => zone.together(|zone| {
            call.members(&call.body, &[], &["deletes", "patches", "puts", "posts"]);
            let part = |name: &str| call.body[name].as_array().cloned().unwrap_or_default();
            let (mut deletes, mut patches, mut posts) = (vec![], vec![], vec![]);
            for one in part("deletes") {
                let id = zone.id(call.text(&one, "id"))?;
                deletes.push(show(zone.get(id)?));
                zone.remove(id)?;
            }
            for one in part("patches") {
                let id = cloudflare_patch(zone, call, call.text(&one, "id"), &one)?;
                patches.push(show(zone.get(id)?));
            }
            for one in part("posts") {
                let id = cloudflare_post(zone, call, &one)?;
                posts.push(show(zone.get(id)?));
            }
            call.expect(deletes.len() + patches.len() + posts.len() <= 200, "too many");
            result(json!({"deletes": deletes, "patches": patches, "puts": [], "posts": posts}))
        }),
        _ => call.fail("no such request"),
    }
}

fn cloudflare_post(zone: &mut Zone, call: &Call, one: &Value) -> Result<u64, Refusal> {
    call.members(one, &["type", "name", "content", "ttl"], &["proxied", "comment", "tags"]);
    let ttl = call.ttl(one, "ttl", 1..=86_400);
    call.expect(ttl == 1 || ttl >= 60, "ttl");
    let name = relative(call.text(one, "name"));
    zone.add(&name, call.text(one, "type"), call.text(one, "content"), ttl)
}

fn cloudflare_patch(zone: &mut Zone, call: &Call, id: &str, one: &Value) -> Result<u64, Refusal> {
    call.members(one, &["content"], &["id", "ttl", "proxied"]);
    let id = zone.id(id)?;
    zone.set_value(id, call.text(one, "content"), call.ttl(one, "ttl", 1..=86_400))?;
    Ok(id)
}

fn cloudflare_error(refusal: Refusal) -> (u16, Value) {
    let (status, code) = match refusal {
        Refusal::Bad => (400, 9000),
        Refusal::Exists => (400, 81_058),
        Refusal::Alias => (400, 81_054),
        Refusal::NotFound => (404, 81_044),
        Refusal::Credentials => (403, 10_000),
        other => (status_of(other), 0),
    };
    let errors = [json!({"code": code, "message": format!("{refusal:?}")})];
    (status, json!({"success": false, "errors": errors, "messages": [], "result": null}))
}

fn digitalocean(zone: &mut Zone, call: &Call) -> Reply {
    call.bearer();
    let show = |entry: &Entry| {
        json!({"id": entry.id, "name": entry.host("@"), "type": entry.kind, "ttl": entry.ttl,
            "data": entry.value, "priority": null})
    };
    let pages = |all: Vec<Value>, name: &str| {
        let number = call.query.get("page").map_or(1, |page| call.number(page));
        let size = call.query.get("per_page").map_or(20, |size| call.number(size));
        call.expect((1..=200).contains(&size), "per_page");
        let (shown, pages) = page(all, number, size);
        let mut links = json!({});
        if number < pages {
            links = json!({"pages": {"next": "https://api.digitalocean.com/next"}});
        }
        ok(json!({name: shown, "links": links}))
    };
    let records = [DOMAIN, "records"];
    match call.route("v2/domains") {
        ("GET", path) if path.is_empty() => {
            call.params(&[], &["page", "per_page"]);
            pages(zone.zone_list(|_, name| json!({"name": name, "ttl": 1800})), "domains")
        }
        ("GET", path) if path == records => {
            call.params(&[], &["page", "per_page", "type", "name"]);
            let name = call.query.get("name").map(|name| relative(name));
            let found = zone.find(name.as_deref(), call.param("type"));
            pages(found.into_iter().map(show).collect(), "domain_records")
        }
        ("POST", path) if path == records => {
            let body = &call.body;
            call.members(body, &["type", "name", "data", "ttl"], &[]);
            let (host, kind) = (from_at(call.text(body, "name")), call.text(body, "type"));
            let ttl = call.ttl(body, "ttl", 30..=u64::MAX);
            let id = zone.add(host, kind, call.text(body, "data"), ttl)?;
            created(json!({"domain_record": show(zone.get(id)?)}))
        }
        ("PATCH", path) if path.starts_with(&records) && path.len() == 3 => {
            let body = &call.body;
            call.members(body, &["type"], &["data", "ttl"]);
            let id = zone.number(path[2])?;
            call.expect(call.text(body, "type") == zone.get(id)?.kind, "another type");
            zone.set_value(id, call.text(body, "data"), call.ttl(body, "ttl", 30..=u64::MAX))?;
            ok(json!({"domain_record": show(zone.get(id)?)}))
        }
        ("DELETE", path) if path.starts_with(&records) && path.len() == 3 => {
            zone.remove(zone.number(path[2])?)?;
            no_content()
        }
        _ => call.fail("no such request"),
    }
}

fn linode(zone: &mut Zone, call: &Call) -> Reply {
    call.bearer();
    let show = |entry: &Entry| {
        json!({"id": entry.id, "name": entry.host, "type": entry.kind, "target": entry.value,
            "ttl_sec": entry.ttl, "priority": 0})
    };
    let pages = |all: Vec<Value>| {
        call.params(&["page", "page_size"], &[]);
        let size = call.number(call.param("page_size"));
        call.expect((25..=500).contains(&size), "page_size");
        let number = call.number(call.param("page"));
        let count = all.len();
        let (shown, pages) = page(all, number, size);
        ok(json!({"data": shown, "page": number, "pages": pages, "results": count}))
    };
    match call.route("v4/domains") {
        ("GET", path) if path.is_empty() => {
            pages(zone.zone_list(|id, name| json!({"id": id, "domain": name, "type": "master"})))
        }
        ("GET", path) if path == ["5", "records"] => pages(zone.entries.iter().map(show).collect()),
        ("POST", path) if path == ["5", "records"] => {
            let body = &call.body;
            call.members(body, &["type"], &["name", "target", "ttl_sec"]);
            let (host, kind) = (call.text(body, "name"), call.text(body, "type"));
            let ttl = call.ttl(body, "ttl_sec", 0..=2_419_200);
            let id = zone.add(host, kind, call.text(body, "target"), ttl)?;
            ok(show(zone.get(id)?))
        }
        ("PUT", path) if path.starts_with(&["5", "records"]) && path.len() == 3 => {
            let body = &call.body;
            call.members(body, &[], &["target", "ttl_sec"]);
            let id = zone.number(path[2])?;
            zone.set_value(
                id,
                call.text(body, "target"),
                call.ttl(body, "ttl_sec", 0..=2_419_200),
            )?;
            ok(show(zone.get(id)?))
        }
        ("DELETE", path) if path.starts_with(&["5", "records"]) && path.len() == 3 => {
            zone.remove(zone.number(path[2])?)?;
            ok(json!({}))
        }
        _ => call.fail("no such request"),
    }
}

fn vultr(zone: &mut Zone, call: &Call) -> Reply {
    call.bearer();
    let show = |entry: &Entry| {
        json!({"id": entry.text_id(), "name": entry.host, "type": entry.kind, "data": entry.value,
            "ttl": entry.ttl, "priority": -1})
    };
    let pages = |all: Vec<Value>, name: &str| {
        call.params(&[], &["per_page", "cursor"]);
        let size = call.query.get("per_page").map_or(100, |size| call.number(size));
        call.expect((1..=500).contains(&size), "per_page");
        let first = call.param("cursor").strip_prefix("n+/=").map_or(0, |first| call.number(first));
        let count = all.len();
        let next = if first + size < count { format!("n+/={}", first + size) } else { "".into() };
        let meta = json!({"total": count, "links": {"next": next, "prev": ""}});
        ok(json!({name: from(all, first, size), "meta": meta}))
    };
    let records = [DOMAIN, "records"];
    match call.route("v2/domains") {
        ("GET", path) if path.is_empty() => {
            pages(zone.zone_list(|_, name| json!({"domain": name})), "domains")
        }
        ("GET", path) if path == records => {
            pages(zone.entries.iter().map(show).collect(), "records")
        }
        ("POST", path) if path == records => {
            let body = &call.body;
            call.members(body, &["name", "type", "data"], &["ttl"]);
            let (host, kind) = (call.text(body, "name"), call.text(body, "type"));
            let ttl = call.ttl(body, "ttl", 120..=u64::MAX);
            let id = zone.add(host, kind, call.text(body, "data"), ttl)?;
            created(json!({"record": show(zone.get(id)?)}))
        }
        ("PATCH", path) if path.starts_with(&records) && path.len() == 3 => {
            let body = &call.body;
            call.members(body, &[], &["data", "ttl"]);
            let id = zone.id(path[2])?;
            zone.set_value(id, call.text(body, "data"), call.ttl(body, "ttl", 120..=u64::MAX))?;
            no_content()
        }
        ("DELETE", path) if path.starts_with(&records) && path.len() == 3 => {
            zone.remove(zone.id(path[2])?)?;
            no_content()
        }
        _ => call.fail("no such request"),
    }
}

fn namecom(zone: &mut Zone, call: &Call) -> Reply {
    call.basic();
    let show = |entry: &Entry| {
        let mut record = json!({"id": entry.id, "domainName": DOMAIN, "type": entry.kind,
            "fqdn": entry.fqdn() + ".", "answer": entry.value, "ttl": entry.ttl});
        // The name of the zone itself has no host.
        if !entry.host.is_empty() {
            record["host"] = entry.host.as_str().into();
        }
        record
    };
    let pages = |all: Vec<Value>, name: &str| {
        call.params(&["page", "perPage"], &[]);
        let number = call.number(call.param("page"));
        let size = call.number(call.param("perPage"));
        call.expect((1..=1000).contains(&size), "perPage");
        let count = all.len();
        let (shown, pages) = page(all, number, size);
        let mut body = json!({name: shown, "totalCount": count, "lastPage": pages});
        if number < pages {
            body["nextPage"] = (number + 1).into();
        }
        ok(body)
    };
    let whole = || {
        let body = &call.body;
        call.members(body, &["host", "type", "answer", "ttl"], &[]);
        let [host, kind, answer] = ["host", "type", "answer"].map(|name| call.text(body, name));
        (host, kind, answer, call.ttl(body, "ttl", 300..=u64::MAX))
    };
    let records = [DOMAIN, "records"];
    match call.route("core/v1/domains") {
        ("GET", path) if path.is_empty() => {
            pages(zone.zone_list(|_, name| json!({"domainName": name})), "domains")
        }
        ("GET", path) if path == records => {
            pages(zone.entries.iter().map(show).collect(), "records")
        }
        ("POST", path) if path == records => {
            let (host, kind, answer, ttl) = whole();
            let id = zone.add(host, kind, answer, ttl)?;
            ok(show(zone.get(id)?))
        }
        ("PUT", path) if path.starts_with(&records) && path.len() == 3 => {
            let (host, kind, answer, ttl) = whole();
            let id = zone.number(path[2])?;
            zone.change(id, (host, kind, answer), ttl)?;
            ok(show(zone.get(id)?))
        }
        ("DELETE", path) if path.starts_with(&records) && path.len() == 3 => {
            zone.remove(zone.number(path[2])?)?;
            no_content()
        }
        _ => call.fail("no such request"),
    }
}

fn ovh(zone: &mut Zone, call: &Call) -> Reply {
    call.has("X-Ovh-Application", "me");
    call.has("X-Ovh-Consumer", "consumer");
    if call.path == ["1.0", "auth", "time"] {
        return ok(1_790_000_000.into());
    }
    call.has("X-Ovh-Timestamp", "1790000000");
    let signature = call.header("X-Ovh-Signature").strip_prefix("$1$");
    call.expect(signature.is_some_and(|hash| hash.len() == 40), "no signature");
    let show = |entry: &Entry| {
        json!({"id": entry.id, "zone": DOMAIN, "subDomain": entry.host, "fieldType": entry.kind,
            "target": entry.value, "ttl": entry.ttl})
    };
    if zone.published.is_none() {
        zone.published = Some(zone.entries.clone());
    }
    let (records, body) = ([DOMAIN, "record"], &call.body);
    match call.route("1.0/domain/zone") {
        ("GET", path) if path.is_empty() => ok(zone.zone_list(|_, name| name.into()).into()),
        ("GET", path) if path == records => {
            call.params(&[], &["fieldType", "subDomain"]);
            let host = call.query.get("subDomain").map(String::as_str);
            let found = zone.find(host, call.param("fieldType"));
            ok(found.iter().map(|entry| entry.id).collect())
        }
        ("GET", path) if path.starts_with(&records) && path.len() == 3 => {
            ok(show(zone.get(zone.number(path[2])?)?))
        }
        ("POST", path) if path == records => {
            call.members(body, &["fieldType", "target"], &["subDomain", "ttl"]);
            let (host, kind) = (call.text(body, "subDomain"), call.text(body, "fieldType"));
            let ttl = call.ttl(body, "ttl", 60..=u64::MAX);
            let id = zone.add(host, kind, call.text(body, "target"), ttl)?;
            ok(show(zone.get(id)?))
        }
        ("PUT", path) if path.starts_with(&records) && path.len() == 3 => {
            call.members(body, &[], &["target", "ttl"]);
            let id = zone.number(path[2])?;
            zone.set_value(id, call.text(body, "target"), call.ttl(body, "ttl", 60..=u64::MAX))?;
            ok(Value::Null)
        }
        ("DELETE", path) if path.starts_with(&records) && path.len() == 3 => {
            zone.remove(zone.number(path[2])?)?;
            ok(Value::Null)
        }
        ("POST", path) if path == [DOMAIN, "refresh"] => {
            zone.published = Some(zone.entries.clone());
            ok(Value::Null)
        }
        _ => call.fail("no such request"),
    }
}

fn ovh_error(refusal: Refusal) -> (u16, Value) {
    let (status, code) = match refusal {
        Refusal::Credentials => (403, "INVALID_CREDENTIAL"),
        Refusal::Bad | Refusal::Alias | Refusal::Exists => (400, "BAD"),
        other => (status_of(other), "OTHER"),
    };
    (status, json!({"errorCode": code, "message": format!("{refusal:?}")}))
}

fn dnsimple(zone: &mut Zone, call: &Call) -> Reply {
    call.bearer();
    if call.path == ["v2", "whoami"] {
        return ok(json!({"data": {"user": null, "account": {"id": 1010, "email": "a@b"}}}));
    }
    let show = |entry: &Entry| {
        json!({"id": entry.id, "zone_id": DOMAIN, "name": entry.host, "type": entry.kind,
            "content": entry.value, "ttl": entry.ttl})
    };
    let pages = |all: Vec<Value>| {
        let number = call.query.get("page").map_or(1, |page| call.number(page));
        let size = call.query.get("per_page").map_or(30, |size| call.number(size));
        call.expect((1..=100).contains(&size), "per_page");
        let (shown, pages) = page(all, number, size);
        ok(json!({"data": shown, "pagination": {"current_page": number, "total_pages": pages}}))
    };
    match call.route("v2/1010/zones") {
        ("GET", path) if path.is_empty() => {
            call.params(&[], &["page", "per_page"]);
            pages(zone.zone_list(|id, name| json!({"id": id, "name": name})))
        }
        ("GET", path) if path == [DOMAIN, "records"] => {
            call.params(&[], &["page", "per_page", "name", "type"]);
            let host = call.query.get("name").map(String::as_str);
            pages(zone.find(host, call.param("type")).into_iter().map(show).collect())
        }
        ("POST", path) if path == [DOMAIN, "batch"] => zone.together(|zone| {
            call.members(&call.body, &[], &["creates", "updates", "deletes"]);
            let (mut creates, mut updates, mut deletes) = (vec![], vec![], vec![]);
            for one in call.list(&call.body, "creates") {
                call.members(one, &["name", "type", "content"], &["ttl"]);
                let [host, kind, value] =
                    ["name", "type", "content"].map(|name| call.text(one, name));
                let id = zone.add(host, kind, value, call.ttl(one, "ttl", 1..=u64::MAX))?;
                creates.push(show(zone.get(id)?));
            }
            for one in call.list(&call.body, "updates") {
                call.members(one, &["id"], &["content", "ttl"]);
                let id = zone.number(&one["id"].to_string())?;
                zone.set_value(id, call.text(one, "content"), call.ttl(one, "ttl", 1..=u64::MAX))?;
                updates.push(show(zone.get(id)?));
            }
            for one in call.list(&call.body, "deletes") {
                call.members(one, &["id"], &[]);
                let id = zone.number(&one["id"].to_string())?;
                zone.remove(id)?;
                deletes.push(json!({"id": id}));
            }
            ok(json!({"data": {"creates": creates, "updates": updates, "deletes": deletes}}))
        }),
        _ => call.fail("no such request"),
    }
}

/// The number of a record type at bunny.net.
fn bunny_kind(kind: &str) -> u64 {
    let kinds = ["A", "AAAA", "CNAME", "TXT", "MX"];
    kinds.iter().position(|other| *other == kind).map_or(12, |place| place as u64)
}

fn bunny(zone: &mut Zone, call: &Call) -> Reply {
    call.has("AccessKey", "hunter2");
    let show = |entry: &Entry| {
        json!({"Id": entry.id, "Type": bunny_kind(&entry.kind), "Name": entry.host,
            "Value": entry.value, "Ttl": entry.ttl})
    };
    let whole = |id: u64| {
        let body = &call.body;
        let own: &[&str] = if id == 0 { &[] } else { &["Id"] };
        call.members(body, &["Type", "Name", "Value", "Ttl"], own);
        call.expect(id == 0 || body["Id"] == id, "another id");
        let kind = if body["Type"] == 0 { "A" } else { "AAAA" };
        call.expect(body["Type"] == bunny_kind(kind), "the type");
        let (host, value) = (call.text(body, "Name"), call.text(body, "Value"));
        (host, kind, value, call.ttl(body, "Ttl", 15..=u64::MAX))
    };
    match call.route("dnszone") {
        ("GET", path) if path.is_empty() => {
            call.params(&[], &["page", "perPage", "search"]);
            let (number, size) =
                (call.number(call.param("page")), call.number(call.param("perPage")));
            call.expect((5..=1000).contains(&size), "perPage");
            let all = zone.zone_list(|id, name| json!({"Id": id, "Domain": name, "Records": []}));
            let (shown, pages) = page(all, number, size);
            ok(json!({"Items": shown, "CurrentPage": number, "HasMoreItems": number < pages}))
        }
        ("GET", path) if path == ["5"] => {
            let records: Vec<Value> = zone.entries.iter().map(show).collect();
            ok(json!({"Id": 5, "Domain": DOMAIN, "Records": records}))
        }
        ("PUT", path) if path == ["5", "records"] => {
            let (host, kind, value, ttl) = whole(0);
            let id = zone.add(host, kind, value, ttl)?;
            created(show(zone.get(id)?))
        }
        ("POST", path) if path.starts_with(&["5", "records"]) && path.len() == 3 => {
            let id = zone.number(path[2])?;
            let (host, kind, value, ttl) = whole(id);
            zone.change(id, (host, kind, value), ttl)?;
            no_content()
        }
        ("DELETE", path) if path.starts_with(&["5", "records"]) && path.len() == 3 => {
            zone.remove(zone.number(path[2])?)?;
            no_content()
        }
        _ => call.fail("no such request"),
    }
}

fn vercel(zone: &mut Zone, call: &Call) -> Reply {
    call.bearer();
    let time = |id: u64| 1_700_000_000_000 + id;
    let show = |entry: &Entry| {
        json!({"id": entry.text_id(), "name": entry.host, "type": entry.kind, "value": entry.value,
            "ttl": entry.ttl, "created": time(entry.id)})
    };
    // The newest first. `next` is the time of the last element.
    let pages = |mut all: Vec<(u64, Value)>, name: &str| {
        call.params(&[], &["limit", "until"]);
        let size = call.query.get("limit").map_or(20, |size| call.number(size));
        call.expect((1..=100).contains(&size), "limit");
        all.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
        let until = call.query.get("until").map_or(u64::MAX, |until| until.parse().unwrap());
        all.retain(|(time, _)| *time < until);
        let is_last = all.len() <= size;
        all.truncate(size);
        let next = all.last().filter(|_| !is_last).map(|(time, _)| *time);
        let shown: Vec<Value> = all.into_iter().map(|(_, element)| element).collect();
        ok(json!({name: shown, "pagination": {"count": size, "next": next, "prev": null}}))
    };
    match call.route("") {
        ("GET", path) if path == ["v5", "domains"] => {
            let zones = zone.zones().into_iter();
            pages(zones.map(|(id, name)| (time(id), json!({"name": name}))).collect(), "domains")
        }
        ("GET", path) if path == ["v5", "domains", DOMAIN, "records"] => {
            let records = zone.entries.iter();
            pages(records.map(|entry| (time(entry.id), show(entry))).collect(), "records")
        }
        ("POST", path) if path == ["v2", "domains", DOMAIN, "records"] => {
            let body = &call.body;
            call.members(body, &["name", "type", "value"], &["ttl"]);
            let [host, kind, value] = ["name", "type", "value"].map(|name| call.text(body, name));
            let id = zone.add(host, kind, value, call.ttl(body, "ttl", 60..=u64::MAX))?;
            ok(json!({"uid": format!("r{id}"), "updated": 1}))
        }
        ("PATCH", path) if path.starts_with(&["v1", "domains", "records"]) && path.len() == 4 => {
            let body = &call.body;
            call.members(body, &[], &["value", "ttl"]);
            let id = zone.id(path[3])?;
            zone.set_value(id, call.text(body, "value"), call.ttl(body, "ttl", 60..=u64::MAX))?;
            ok(show(zone.get(id)?))
        }
        ("DELETE", path)
            if path.starts_with(&["v2", "domains", DOMAIN, "records"]) && path.len() == 5 =>
        {
            zone.remove(zone.id(path[4])?)?;
            ok(json!({}))
        }
        _ => call.fail("no such request"),
    }
}

fn vercel_error(refusal: Refusal) -> (u16, Value) {
    let (status, _) = http_400(refusal);
    (status, json!({"error": {"code": "code", "message": format!("{refusal:?}")}}))
}

fn luadns(zone: &mut Zone, call: &Call) -> Reply {
    call.basic();
    call.has("Accept", "application/json");
    let show = |entry: &Entry| {
        json!({"id": entry.id, "name": entry.fqdn() + ".", "type": entry.kind,
            "content": entry.value, "ttl": entry.ttl, "zone_id": 5})
    };
    let whole = || {
        let body = &call.body;
        call.members(body, &["name", "type", "content", "ttl"], &[]);
        let name = call.text(body, "name").strip_suffix('.');
        let name = name.unwrap_or_else(|| call.fail("a name without a dot"));
        let [kind, content] = ["type", "content"].map(|name| call.text(body, name));
        (relative(name), kind, content, call.ttl(body, "ttl", 300..=u64::MAX))
    };
    match call.route("v1/zones") {
        ("GET", path) if path.is_empty() => {
            ok(zone.zone_list(|id, name| json!({"id": id, "name": name})).into())
        }
        ("GET", path) if path == ["5", "records"] => ok(zone.entries.iter().map(show).collect()),
        ("POST", path) if path == ["5", "records"] => {
            let (host, kind, content, ttl) = whole();
            let id = zone.add(&host, kind, content, ttl)?;
            ok(show(zone.get(id)?))
        }
        ("PUT", path) if path.starts_with(&["5", "records"]) && path.len() == 3 => {
            let (host, kind, content, ttl) = whole();
            let id = zone.number(path[2])?;
            zone.change(id, (&host, kind, content), ttl)?;
            ok(show(zone.get(id)?))
        }
        ("DELETE", path) if path.starts_with(&["5", "records"]) && path.len() == 3 => {
            let id = zone.number(path[2])?;
            let shown = show(zone.get(id)?);
            zone.remove(id)?;
            ok(shown)
        }
        _ => call.fail("no such request"),
    }
}

fn baidu(zone: &mut Zone, call: &Call) -> Reply {
    let signature = call.header("Authorization");
    call.expect(signature.starts_with("bce-auth-v1/me/"), "no signature");
    let show = |entry: &Entry| {
        json!({"id": entry.text_id(), "rr": entry.host("@"), "type": entry.kind,
            "value": entry.value, "ttl": entry.ttl, "line": "default", "description": "mine",
            "status": "running"})
    };
    let pages = |all: Vec<Value>, name: &str| {
        let size = call.query.get("maxKeys").map_or(1000, |size| call.number(size));
        call.expect((1..=1000).contains(&size), "maxKeys");
        let first = call.param("marker").strip_prefix("m").map_or(0, |first| call.number(first));
        let mut body = json!({"marker": call.param("marker"), "maxKeys": size});
        body["isTruncated"] = (first + size < all.len()).into();
        if first + size < all.len() {
            body["nextMarker"] = format!("m{}", first + size).into();
        }
        body[name] = from(all, first, size).into();
        ok(body)
    };
    let whole = |optional: &[&str]| {
        let body = &call.body;
        call.members(body, &["rr", "type", "value", "ttl"], optional);
        let [host, kind, value] = ["rr", "type", "value"].map(|name| call.text(body, name));
        (from_at(host), kind, value, call.ttl(body, "ttl", 1..=u64::MAX))
    };
    let records = [DOMAIN, "record"];
    match call.route("v1/dns/zone") {
        ("GET", path) if path.is_empty() => {
            call.params(&[], &["maxKeys", "marker"]);
            pages(zone.zone_list(|_, name| json!({"name": name})), "zones")
        }
        ("GET", path) if path == records => {
            call.params(&[], &["maxKeys", "marker", "rr"]);
            let host = call.query.get("rr").map(|host| from_at(host));
            pages(zone.find(host, "").into_iter().map(show).collect(), "records")
        }
        ("POST", path) if path == records => {
            let (host, kind, value, ttl) = whole(&[]);
            zone.add(host, kind, value, ttl)?;
            Ok((200, String::new()))
        }
        ("PUT", path) if path.starts_with(&records) && path.len() == 3 => {
            let (host, kind, value, ttl) = whole(&["description"]);
            call.expect(call.body["description"] == "mine", "the description is lost");
            zone.change(zone.id(path[2])?, (host, kind, value), ttl)?;
            Ok((200, String::new()))
        }
        ("DELETE", path) if path.starts_with(&records) && path.len() == 3 => {
            zone.remove(zone.id(path[2])?)?;
            Ok((200, String::new()))
        }
        _ => call.fail("no such request"),
    }
}

fn baidu_error(refusal: Refusal) -> (u16, Value) {
    let (status, code) = match refusal {
        Refusal::Credentials => (403, "InvalidAccessKeyId"),
        other => (http_400(other).0, "Other"),
    };
    (status, json!({"code": code, "message": format!("{refusal:?}"), "requestId": "x"}))
}

fn exoscale(zone: &mut Zone, call: &Call) -> Reply {
    let signature = call.header("Authorization");
    call.expect(signature.starts_with("EXO2-HMAC-SHA256 credential=me,expires="), "no signature");
    let show = |entry: &Entry| {
        json!({"id": entry.text_id(), "name": entry.host, "type": entry.kind,
            "content": entry.value, "ttl": entry.ttl})
    };
    let operation = || ok(json!({"id": "o1", "state": "success", "reference": {"id": "x"}}));
    let body = &call.body;
    match call.route("v2/dns-domain") {
        ("GET", path) if path.is_empty() => {
            let zones =
                zone.zone_list(|id, name| json!({"id": format!("z{id}"), "unicode-name": name}));
            ok(json!({"dns-domains": zones}))
        }
        ("GET", path) if path == ["z5", "record"] => {
            let records: Vec<Value> = zone.entries.iter().map(show).collect();
            ok(json!({"dns-domain-records": records}))
        }
        ("POST", path) if path == ["z5", "record"] => {
            call.members(body, &["name", "type", "content"], &["ttl"]);
            let [host, kind, value] = ["name", "type", "content"].map(|name| call.text(body, name));
            zone.add(host, kind, value, call.ttl(body, "ttl", 1..=u64::MAX))?;
            operation()
        }
        ("PUT", path) if path.starts_with(&["z5", "record"]) && path.len() == 3 => {
            call.members(body, &[], &["content", "ttl"]);
            let id = zone.id(path[2])?;
            zone.set_value(id, call.text(body, "content"), call.ttl(body, "ttl", 1..=u64::MAX))?;
            operation()
        }
        ("DELETE", path) if path.starts_with(&["z5", "record"]) && path.len() == 3 => {
            zone.remove(zone.id(path[2])?)?;
            operation()
        }
        _ => call.fail("no such request"),
    }
}

fn hosttech(zone: &mut Zone, call: &Call) -> Reply {
    call.bearer();
    call.has("Accept", "application/json");
    let address = |kind: &str| match kind {
        "A" => "ipv4",
        "AAAA" => "ipv6",
        _ => "text",
    };
    let show = |entry: &Entry| {
        json!({"id": entry.id, "type": entry.kind, "name": entry.host, "ttl": entry.ttl,
            address(&entry.kind): entry.value, "comment": "mine"})
    };
    let body = &call.body;
    match call.route("api/user/v1/zones") {
        ("GET", path) if path.is_empty() => {
            call.params(&[], &["limit", "offset", "query"]);
            let [size, first] = ["limit", "offset"].map(|name| call.number(call.param(name)));
            let all = zone.zone_list(|id, name| json!({"id": id, "name": name}));
            ok(json!({"data": from(all, first, size)}))
        }
        ("GET", path) if path == ["5", "records"] => {
            let records: Vec<Value> = zone.entries.iter().map(show).collect();
            ok(json!({"data": records}))
        }
        ("POST", path) if path == ["5", "records"] => {
            let kind = call.text(body, "type");
            call.members(body, &["type", "name", address(kind)], &["ttl", "comment"]);
            let [host, value] = ["name", address(kind)].map(|name| call.text(body, name));
            let id = zone.add(host, kind, value, call.ttl(body, "ttl", 1..=u64::MAX))?;
            created(json!({"data": show(zone.get(id)?)}))
        }
        ("PUT", path) if path.starts_with(&["5", "records"]) && path.len() == 3 => {
            let id = zone.number(path[2])?;
            let kind = zone.get(id)?.kind.clone();
            call.members(body, &["name", address(&kind), "ttl", "comment"], &[]);
            call.expect(body["comment"] == "mine", "the comment is lost");
            let [host, value] = ["name", address(&kind)].map(|name| call.text(body, name));
            zone.change(id, (host, &kind, value), call.ttl(body, "ttl", 1..=u64::MAX))?;
            ok(json!({"data": show(zone.get(id)?)}))
        }
        ("DELETE", path) if path.starts_with(&["5", "records"]) && path.len() == 3 => {
            zone.remove(zone.number(path[2])?)?;
            no_content()
        }
        _ => call.fail("no such request"),
    }
}

fn blazingfast(zone: &mut Zone, call: &Call) -> Reply {
    if call.path == ["api", "login"] {
        call.fields(&["username", "password"], &[]);
        call.expect(call.field("username") == "me", "another user");
        call.expect(call.field("password") == "hunter2", "another password");
        return ok(json!({"token": "t0k3n", "refresh": "r"}));
    }
    call.has("Authorization", "Bearer t0k3n");
    let show = |entry: &Entry| {
        json!({"id": entry.id.to_string(), "name": full(&entry.host), "ttl": entry.ttl,
            "priority": 0, "content": entry.value, "type": entry.kind})
    };
    let whole = || {
        let body = &call.body;
        call.members(body, &["name", "ttl", "priority", "type", "content"], &[]);
        let [name, kind, value] = ["name", "type", "content"].map(|name| call.text(body, name));
        (relative(name), kind, value, call.ttl(body, "ttl", 1..=u64::MAX))
    };
    match call.route("api/service/7/dns") {
        ("GET", path) if path.is_empty() => {
            let zones =
                zone.zone_list(|id, name| json!({"domain_id": id.to_string(), "name": name}));
            ok(json!({"service_ids": ["7"], "zones": zones}))
        }
        ("GET", path) if path == ["5"] => {
            let records: Vec<Value> = zone.entries.iter().map(show).collect();
            ok(json!({"service_id": 7, "name": DOMAIN, "records": records}))
        }
        ("POST", path) if path == ["5", "records"] => {
            let (host, kind, value, ttl) = whole();
            zone.add(&host, kind, value, ttl)?;
            ok(json!({"record": {}, "info": [["dnsrecordadded"]]}))
        }
        ("PUT", path) if path.starts_with(&["5", "records"]) && path.len() == 3 => {
            let (host, kind, value, ttl) = whole();
            zone.change(zone.number(path[2])?, (&host, kind, value), ttl)?;
            ok(json!({"record": {}, "info": [["dnsrecordupdated"]]}))
        }
        ("DELETE", path) if path.starts_with(&["5", "records"]) && path.len() == 3 => {
            zone.remove(zone.number(path[2])?)?;
            ok(json!({"info": [["dnsrecorddeleted"]]}))
        }
        _ => call.fail("no such request"),
    }
}

fn blazingfast_error(refusal: Refusal) -> (u16, Value) {
    let status = match refusal {
        Refusal::Limited | Refusal::Server(_) => status_of(refusal),
        _ => 200,
    };
    let code = if refusal == Refusal::Credentials { "unauthorized" } else { "bad" };
    (status, json!({"error": [code]}))
}
