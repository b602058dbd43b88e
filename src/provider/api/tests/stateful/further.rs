//! Further providers of each kind: West.cn, 51DNS, GleSYS and Civo have ids, Leaseweb and Akamai have sets, Dynadot,
//! AutoDNS and REG.RU have values, and mijn.host replaces the whole zone.

use serde_json::{Value, json};

use super::call::Call;
use super::server::{Reply, Service, created, http, http_400, no_content, ok, status_of};
use super::zone::{DOMAIN, Entry, Refusal, Zone, from, from_at, page, relative};
use crate::model::Url;
use crate::model::secret::Secret;
use crate::provider::md5::md5;
use crate::provider::sign::hmac_sha256;
use crate::text::base64;
use crate::time::BUILD_TIME;

pub(super) const ALL: &[Service] = &[
    Service::new("westcn", westcn, westcn_error),
    Service::new("51dns", dns51, dns51_error),
    Service::new("dynadot", dynadot, dynadot_error),
    Service::new("autodns", autodns, autodns_error),
    Service::new("mijnhost", mijnhost, mijnhost_error),
    Service::new("glesys", glesys, glesys_error),
    Service::new("regru", regru, regru_error),
    Service::new("leaseweb", leaseweb, leaseweb_error),
    Service::new("civo", civo, civo_error),
    Service::new("akamai", akamai, akamai_error).with(|account| {
        account.base = Some(Url::https("akab-x.luna.akamaiapis.net"));
        account.param_enc = Secret::new("access");
    }),
];

/// Every request is a form with the command in `act`.
fn westcn(zone: &mut Zone, call: &Call) -> Reply {
    call.expect(call.route("API/v2/domain/dns") == ("POST", vec![""]), "another path");
    call.expect(call.field("username") == "me", "another user");
    call.expect(call.field("apikey") == md5("hunter2"), "another key");
    if call.field("domain") != DOMAIN {
        return Err(Refusal::NotFound);
    }
    let done = |body: Value| ok(json!({"code": 200, "msg": "success", "body": body}));
    let common = ["act", "username", "apikey", "domain"];
    let fields = |more: &[&str], optional: &[&str]| {
        call.fields(&[&common, more].concat(), optional);
    };
    let [kind, value, id] =
        ["record_type", "record_value", "record_id"].map(|name| call.field(name));
    let ttl = call.field("record_ttl").parse().unwrap_or_default();
    match call.field("act") {
        "dnsrec.list" => {
            fields(&[], &["limit", "pageno", "hostname", "record_type"]);
            let size = call.number(call.field("limit"));
            let number = call.number(call.field("pageno"));
            let show = |entry: &Entry| {
                json!({"record_id": entry.id, "hostname": entry.host("@"), "record_mx": 10,
                    "record_type": entry.kind, "record_value": entry.value,
                    "record_ttl": entry.ttl, "record_line": "", "pause": 0})
            };
            // The server has pages of its own size.
            let (shown, pages) =
                page(zone.entries.iter().map(show).collect(), number, size.min(60));
            done(json!({"pageno": number, "limit": size.min(60), "total": zone.entries.len(),
                "pagecount": pages, "items": shown}))
        }
        "dnsrec.add" => {
            fields(&["hostname", "record_type", "record_value"], &["record_ttl", "record_line"]);
            let id = zone.add(from_at(call.field("hostname")), kind, value, ttl)?;
            done(json!({ "record_id": id }))
        }
        "dnsrec.modify" => {
            fields(
                &["record_id", "record_type", "record_value", "record_line"],
                &["hostname", "record_ttl"],
            );
            zone.set_value(zone.number(id)?, value, ttl)?;
            done(json!({"success": [id], "fail": []}))
        }
        "dnsrec.remove" => {
            fields(&["record_id"], &[]);
            zone.remove(zone.number(id)?)?;
            done(json!({}))
        }
        _ => call.fail("no such command"),
    }
}

fn westcn_error(refusal: Refusal) -> (u16, Value) {
    match refusal {
        Refusal::Server(status) => (status, json!({})),
        Refusal::Limited => (429, json!({})),
        Refusal::Credentials => (401, json!({})),
        other => (200, json!({"code": 500, "msg": format!("{other:?}"), "body": ""})),
    }
}

/// Checks the hash over the parameters.
fn check_dns51(call: &Call) {
    call.expect(call.method == "GET", "another method");
    let mut text = String::new();
    for (name, value) in call.query.iter().filter(|(name, _)| *name != "hash") {
        let separator = if text.is_empty() { "" } else { "&" };
        text = format!("{text}{separator}{name}={value}");
    }
    call.expect(call.param("hash") == md5(&format!("{text}hunter2")), "another hash");
    call.expect(call.param("timestamp") == BUILD_TIME.to_string(), "another time");
    call.expect(call.param("apiKey") == "me", "another key");
}

fn dns51_done(data: Value) -> Reply {
    ok(json!({"code": 0, "message": "", "data": data}))
}

/// Every request is a GET.
fn dns51(zone: &mut Zone, call: &Call) -> Reply {
    check_dns51(call);
    let params = |more: &[&str]| {
        call.params(&[&["apiKey", "timestamp", "hash"], more].concat(), &[]);
    };
    let done = dns51_done;
    let pages = |all: Vec<Value>| {
        let size = call.number(call.param("pageSize")).min(50);
        let (shown, pages) = page(all, call.number(call.param("page")), size);
        done(
            json!({"data": shown, "page": call.param("page"), "pageSize": size, "pageCount": pages}),
        )
    };
    let (_, path) = call.route("api");
    if path[..] == ["domain", "list", ""] {
        params(&["page", "pageSize"]);
        return pages(zone.zone_list(
            |id, name| json!({"domainsID": id.to_string(), "domainID": id, "domains": name}),
        ));
    }
    call.expect(call.param("domainID") == "5", "another zone");
    let id = call.param("recordID");
    match path[..] {
        ["record", "list", ""] => {
            params(&["domainID", "page", "pageSize"]);
            let show = |entry: &Entry| {
                json!({"recordID": entry.id, "record": entry.host("@"), "type": entry.kind,
                    "state": 0, "viewID": 0, "value": entry.value, "TTL": entry.ttl})
            };
            pages(zone.entries.iter().map(show).collect())
        }
        ["record", "create", ""] => {
            params(&["domainID", "host", "type", "value", "TTL", "viewID"]);
            let ttl = call.number(call.param("TTL")) as u64;
            call.expect((600..=86_400).contains(&ttl), "the TTL is not allowed");
            let host = from_at(call.param("host"));
            done(json!({"recordID": zone.add(host, call.param("type"), call.param("value"), ttl)?}))
        }
        ["record", "modify", ""] => {
            params(&[
                "domainID",
                "recordID",
                "newhost",
                "newtype",
                "newvalue",
                "newttl",
                "newviewID",
            ]);
            let [host, kind, value] =
                ["newhost", "newtype", "newvalue"].map(|name| call.param(name));
            let ttl = call.number(call.param("newttl")) as u64;
            zone.change(zone.number(id)?, (from_at(host), kind, value), ttl)?;
            done(json!({ "recordID": id }))
        }
        ["record", "remove", ""] => {
            params(&["domainID", "recordID"]);
            zone.remove(zone.number(id)?)?;
            done(json!({ "recordID": id }))
        }
        _ => call.fail("no such request"),
    }
}

fn dns51_error(refusal: Refusal) -> (u16, Value) {
    match refusal {
        Refusal::Server(status) => (status, json!({})),
        Refusal::Limited => (429, json!({})),
        Refusal::Credentials => (401, json!({})),
        other => (200, json!({"code": 3, "message": format!("{other:?}")})),
    }
}

/// Checks the key and the signature.
fn check_dynadot(call: &Call) {
    call.has("Authorization", "Bearer me");
    let body = if call.body.is_null() { String::new() } else { call.body.to_string() };
    let text = format!("me\n{}\n\n{body}", call.target);
    let signature = base64::encode(&hmac_sha256(b"hunter2", &text));
    call.has("X-Signature", &signature);
}

fn dynadot(zone: &mut Zone, call: &Call) -> Reply {
    check_dynadot(call);
    let done = |data: Value| ok(json!({"code": 200, "message": "Success", "data": data}));
    let records = |list: &'static str| {
        let mut records = Vec::new();
        for one in call.body.get(list).map_or(&[][..], |_| call.list(&call.body, list)) {
            let needed = ["record_type", "record_value1"];
            let more: &[&str] = if list == "dns_sub_list" { &["sub_host"] } else { &[] };
            call.members(one, &[&needed, more].concat(), &["record_value2"]);
            let host = if more.is_empty() { "" } else { call.text(one, "sub_host") };
            call.expect(more.is_empty() || !host.is_empty(), "sub_host is empty");
            let kind = call.text(one, "record_type").to_ascii_uppercase();
            records.push((host, kind, call.text(one, "record_value1")));
        }
        records
    };
    match call.route("restful/v2/domains") {
        ("GET", path) if path.is_empty() => {
            let size = call.number(call.param("page_size"));
            let all = zone.zone_list(|_, name| json!({"domain_name": name, "status": "active"}));
            let (shown, _) = page(all, call.number(call.param("page")), size);
            done(json!({ "domain_info_list": shown }))
        }
        ("GET", path) if path == [DOMAIN, "records"] => {
            let (mut main, mut sub) = (Vec::new(), Vec::new());
            for entry in &zone.entries {
                let kind = entry.kind.to_ascii_lowercase();
                let mut one = json!({"record_type": kind, "record_value1": entry.value});
                if entry.host.is_empty() {
                    main.push(one);
                } else {
                    one["sub_host"] = entry.host.as_str().into();
                    sub.push(one);
                }
            }
            done(json!({"glue_info": {"glue_type": "dns", "ttl": "3600", "dns_main_list": main,
                "dns_sub_list": sub}}))
        }
        ("POST", path) if path == [DOMAIN, "records"] => zone.together(|zone| {
            call.members(
                &call.body,
                &["add_dns_to_current_setting"],
                &["dns_main_list", "dns_sub_list"],
            );
            call.expect(call.body["add_dns_to_current_setting"] == true, "it would replace all");
            for (host, kind, value) in [records("dns_main_list"), records("dns_sub_list")].concat()
            {
                zone.add(host, &kind, value, 3600)?;
            }
            done(Value::Null)
        }),
        ("DELETE", path) if path == [DOMAIN, "records"] => zone.together(|zone| {
            call.members(&call.body, &[], &["dns_main_list", "dns_sub_list"]);
            for (host, kind, value) in [records("dns_main_list"), records("dns_sub_list")].concat()
            {
                zone.remove_value(host, &kind, value)?;
            }
            done(json!({"main_record_removed_count": 0, "sub_record_removed_count": 1}))
        }),
        _ => call.fail("no such request"),
    }
}

/// The status is in the body.
fn dynadot_error(refusal: Refusal) -> (u16, Value) {
    let code = http_400(refusal).0;
    let status = if matches!(refusal, Refusal::Server(_) | Refusal::Limited) { code } else { 200 };
    let description = format!("{refusal:?}");
    (status, json!({"code": code, "message": "No", "error": {"description": description}}))
}

fn autodns(zone: &mut Zone, call: &Call) -> Reply {
    call.basic();
    call.has("X-Domainrobot-Context", "4");
    let done = |data: Vec<Value>| {
        ok(json!({"stid": "1", "status": {"code": "S0", "type": "SUCCESS"}, "data": data}))
    };
    match call.route("v1/zone") {
        ("POST", path) if path == ["_search"] => {
            call.members(&call.body, &["view"], &["filters"]);
            let view = &call.body["view"];
            call.members(view, &["limit", "offset"], &["children"]);
            let [size, first] =
                ["limit", "offset"].map(|name| call.number(&view[name].to_string()));
            done(from(zone.zone_list(|_, name| json!({"origin": name})), first, size))
        }
        ("GET", path) if path == [DOMAIN] => {
            let show = |entry: &Entry| {
                json!({"name": entry.host, "type": entry.kind, "value": entry.value,
                    "ttl": entry.ttl})
            };
            let records: Vec<Value> = zone.entries.iter().map(show).collect();
            done(vec![json!({"origin": DOMAIN, "main": {}, "wwwInclude": false,
                "resourceRecords": records})])
        }
        ("POST", path) if path == [DOMAIN, "_stream"] => zone.together(|zone| {
            call.members(&call.body, &[], &["adds", "rems"]);
            for list in ["rems", "adds"] {
                for one in call.body.get(list).map_or(&[][..], |_| call.list(&call.body, list)) {
                    call.members(one, &["name", "type", "value"], &["ttl"]);
                    let [host, kind, value] =
                        ["name", "type", "value"].map(|name| call.text(one, name));
                    if list == "adds" {
                        zone.add(host, kind, value, call.ttl(one, "ttl", 60..=604_800))?;
                    } else {
                        zone.remove_value(host, kind, value)?;
                    }
                }
            }
            done(vec![])
        }),
        _ => call.fail("no such request"),
    }
}

fn autodns_error(refusal: Refusal) -> (u16, Value) {
    let text = format!("{refusal:?}");
    let status = json!({"code": "E0", "text": "No", "type": "ERROR"});
    let messages = json!([{"text": text, "code": "EF1", "status": "ERROR"}]);
    (status_of(refusal), json!({"stid": "1", "messages": messages, "status": status}))
}

/// A PUT replaces all records of the zone.
fn mijnhost(zone: &mut Zone, call: &Call) -> Reply {
    call.has("API-Key", "hunter2");
    let done =
        |data: Value| ok(json!({"status": 200, "status_description": "successful", "data": data}));
    match call.route("api/v2/domains") {
        ("GET", path) if path.is_empty() => {
            let domains = zone.zone_list(|id, name| json!({"id": id, "domain": name}));
            done(json!({ "domains": domains }))
        }
        ("GET", path) if path == [DOMAIN, "dns"] => {
            let show = |entry: &Entry| {
                json!({"name": format!("{}.", entry.fqdn()), "type": entry.kind,
                    "value": entry.value, "ttl": entry.ttl})
            };
            let records: Vec<Value> = zone.entries.iter().map(show).collect();
            done(json!({"domain": DOMAIN, "records": records}))
        }
        ("PUT", path) if path == [DOMAIN, "dns"] => zone.together(|zone| {
            call.members(&call.body, &["records"], &[]);
            let mut left = zone.entries.clone();
            for one in call.list(&call.body, "records") {
                call.members(one, &["name", "type", "value", "ttl"], &[]);
                let [name, kind, value] =
                    ["name", "type", "value"].map(|name| call.text(one, name));
                let host = relative(name.strip_suffix('.').expect("a dot at the end"));
                let ttl = call.ttl(one, "ttl", 60..=86_400);
                let is_it = |entry: &Entry| {
                    entry.host == host && entry.kind == kind && entry.value == value
                };
                match left.iter().position(is_it) {
                    Some(index) => {
                        let entry = left.remove(index);
                        if entry.ttl != ttl {
                            zone.set_value(entry.id, value, ttl)?;
                        }
                    }
                    None => drop(zone.add(&host, kind, value, ttl)?),
                }
            }
            left.iter().try_for_each(|entry| zone.remove(entry.id))?;
            ok(json!({"status": 200, "status_description": "DNS successfully updated"}))
        }),
        _ => call.fail("no such request"),
    }
}

fn mijnhost_error(refusal: Refusal) -> (u16, Value) {
    let status = http_400(refusal).0;
    (status, json!({"status": status, "status_description": format!("{refusal:?}")}))
}

fn glesys(zone: &mut Zone, call: &Call) -> Reply {
    call.basic();
    call.has("Accept", "application/json");
    let done = |name: &str, value: Value| {
        ok(json!({"response": {"status": {"code": 200, "text": "OK"}, name: value}}))
    };
    let show = |entry: &Entry| {
        json!({"recordid": entry.id, "domainname": DOMAIN, "host": entry.host("@"),
            "type": entry.kind, "data": entry.value, "ttl": entry.ttl})
    };
    let body = &call.body;
    let ttl = call.ttl(body, "ttl", 60..=u64::MAX);
    match call.route("domain") {
        ("GET", path) if path == ["list"] => {
            done("domains", zone.zone_list(|_, name| json!({"domainname": name})).into())
        }
        ("POST", path) if path == ["listrecords"] => {
            call.members(body, &["domainname"], &[]);
            call.expect(call.text(body, "domainname") == DOMAIN, "another zone");
            done("records", zone.entries.iter().map(show).collect())
        }
        ("POST", path) if path == ["addrecord"] => {
            call.members(body, &["domainname", "host", "type", "data"], &["ttl"]);
            let [host, kind, data] = ["host", "type", "data"].map(|name| call.text(body, name));
            let id = zone.add(from_at(host), kind, data, ttl)?;
            done("record", show(zone.get(id)?))
        }
        ("POST", path) if path == ["updaterecord"] => {
            call.members(body, &["recordid"], &["data", "host", "type", "ttl"]);
            let id = zone.number(&body["recordid"].to_string())?;
            zone.set_value(id, call.text(body, "data"), ttl)?;
            done("record", show(zone.get(id)?))
        }
        ("POST", path) if path == ["deleterecord"] => {
            call.members(body, &["recordid"], &[]);
            zone.remove(zone.number(&body["recordid"].to_string())?)?;
            done("debug", Value::Null)
        }
        _ => call.fail("no such request"),
    }
}

fn glesys_error(refusal: Refusal) -> (u16, Value) {
    let status = http_400(refusal).0;
    let text = format!("{refusal:?}");
    (status, json!({"response": {"status": {"code": status, "text": text}}}))
}

/// Every request is a form. The answer has a result for each domain.
fn regru(zone: &mut Zone, call: &Call) -> Reply {
    call.expect(call.field("username") == "me", "another user");
    call.expect(call.field("password") == "hunter2", "another password");
    call.expect(call.field("output_format") == "json", "another format");
    if call.field("domain_name") != DOMAIN {
        return Err(Refusal::NotFound);
    }
    let fields = |more: &[&str]| {
        let common = ["username", "password", "output_format", "domain_name"];
        call.fields(&[&common, more].concat(), &[]);
    };
    let done = |name: &str, value: Value| {
        let domain = json!({"dname": DOMAIN, "result": "success", name: value});
        ok(json!({"answer": {"domains": [domain]}, "charset": "utf-8", "result": "success"}))
    };
    match call.route("api/regru2/zone") {
        ("POST", path) if path == ["get_resource_records"] => {
            fields(&[]);
            let show = |entry: &Entry| {
                json!({"subname": entry.host("@"), "rectype": entry.kind, "content": entry.value,
                    "prio": 0, "state": "A"})
            };
            done("rrs", zone.entries.iter().map(show).collect())
        }
        ("POST", path) if path == ["add_alias"] || path == ["add_aaaa"] => {
            fields(&["subdomain", "ipaddr"]);
            let kind = if path == ["add_alias"] { "A" } else { "AAAA" };
            zone.add(from_at(call.field("subdomain")), kind, call.field("ipaddr"), 3600)?;
            done("service_id", 1.into())
        }
        ("POST", path) if path == ["remove_record"] => {
            fields(&["subdomain", "record_type", "content"]);
            let host = from_at(call.field("subdomain"));
            zone.remove_value(host, call.field("record_type"), call.field("content"))?;
            done("service_id", 1.into())
        }
        _ => call.fail("no such request"),
    }
}

fn regru_error(refusal: Refusal) -> (u16, Value) {
    let code = match refusal {
        Refusal::Server(status) => return (status, json!({})),
        Refusal::Credentials => "PASSWORD_AUTH_FAILED",
        Refusal::Limited => "IP_EXCEEDED_ALLOWED_CONNECTION_RATE",
        Refusal::NotFound => "DOMAIN_NOT_FOUND",
        Refusal::Bad | Refusal::Exists | Refusal::Alias => "INVALID_DATA",
    };
    let text = format!("{refusal:?}");
    let error = json!({"result": "error", "error_code": code, "error_text": text});
    if matches!(refusal, Refusal::Credentials | Refusal::Limited) {
        return (200, error);
    }
    (200, json!({"answer": {"domains": [error]}, "result": "success"}))
}

fn leaseweb(zone: &mut Zone, call: &Call) -> Reply {
    call.has("X-LSW-Auth", "hunter2");
    let (method, path) = call.route("hosting/v2/domains");
    if path.first() != Some(&DOMAIN) {
        return Err(Refusal::NotFound);
    }
    let show = |(host, kind, ttl, values): (String, String, u64, Vec<String>)| {
        let name = format!("{}.", super::zone::full(&host));
        let editable = kind != "NS";
        json!({"name": name, "type": kind, "ttl": ttl, "content": values, "editable": editable})
    };
    let set = |zone: &Zone, host: &str, kind: &str| {
        let mut sets = zone.sets().into_iter();
        sets.find(|set| set.0 == host && set.1 == kind).map(show)
    };
    let content = || {
        let list = call.list(&call.body, "content").iter();
        list.map(|value| value.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let name = |name: &str| relative(name.strip_suffix('.').expect("a dot at the end"));
    let allowed = [0, 60, 300, 1800, 3600, 14_400, 28_800, 43_200, 86_400];
    let ttl = call.ttl(&call.body, "ttl", 0..=u64::MAX);
    call.expect(allowed.contains(&ttl), "the TTL is not allowed");
    match (method, &path[1..]) {
        ("GET", ["resourceRecordSets"]) => {
            let sets: Vec<Value> = zone.sets().into_iter().map(show).collect();
            ok(json!({ "resourceRecordSets": sets }))
        }
        ("POST", ["resourceRecordSets"]) => {
            call.members(&call.body, &["name", "type", "content", "ttl"], &[]);
            let (host, kind) = (name(call.text(&call.body, "name")), call.text(&call.body, "type"));
            if !zone.values(&host, kind).is_empty() {
                return Err(Refusal::Exists);
            }
            zone.replace(&host, kind, &content(), ttl)?;
            zone.replace(&host, kind, &content(), ttl)?;
            created(set(zone, &host, kind).unwrap())
        }
        ("PUT", ["resourceRecordSets", host, kind]) => {
            call.members(&call.body, &["content", "ttl"], &[]);
            let host = name(host);
            if zone.values(&host, kind).is_empty() {
                return Err(Refusal::NotFound);
            }
            zone.replace(&host, kind, &content(), ttl)?;
            ok(set(zone, &host, kind).unwrap())
        }
        ("DELETE", ["resourceRecordSets", host, kind]) => {
            zone.remove_set(&name(host), kind)?;
            no_content()
        }
        _ => call.fail("no such request"),
    }
}

fn leaseweb_error(refusal: Refusal) -> (u16, Value) {
    let (status, _) = http(refusal);
    let code = status.to_string();
    (
        status,
        json!({"correlationId": "1", "errorCode": code, "errorMessage": format!("{refusal:?}")}),
    )
}

/// Records have ids, and the name of the zone itself is `@`.
fn civo(zone: &mut Zone, call: &Call) -> Reply {
    call.has("Authorization", "bearer hunter2");
    let show = |entry: &Entry| {
        json!({"id": entry.text_id(), "domain_id": "z5", "name": entry.host("@"),
            "type": entry.kind, "value": entry.value, "ttl": entry.ttl})
    };
    let body = &call.body;
    match call.route("v2/dns") {
        ("GET", path) if path.is_empty() => {
            let zones = zone.zone_list(|id, name| json!({"id": format!("z{id}"), "name": name}));
            ok(Value::Array(zones))
        }
        ("GET", path) if path == ["z5", "records"] => {
            ok(zone.entries.iter().map(show).collect::<Vec<Value>>().into())
        }
        ("POST", path) if path == ["z5", "records"] => {
            call.members(body, &["name", "type", "value", "ttl"], &[]);
            let [host, kind, value] = ["name", "type", "value"].map(|name| call.text(body, name));
            let ttl = call.ttl(body, "ttl", 600..=u64::MAX);
            let id = zone.add(from_at(host), kind, value, ttl)?;
            ok(show(zone.get(id)?))
        }
        ("PUT", path) if path.starts_with(&["z5", "records"]) && path.len() == 3 => {
            call.members(body, &["name", "type", "value"], &["ttl"]);
            let id = zone.id(path[2])?;
            zone.set_value(id, call.text(body, "value"), call.ttl(body, "ttl", 600..=u64::MAX))?;
            ok(show(zone.get(id)?))
        }
        ("DELETE", path) if path.starts_with(&["z5", "records"]) && path.len() == 3 => {
            zone.remove(zone.id(path[2])?)?;
            ok(json!({"result": "success"}))
        }
        _ => call.fail("no such request"),
    }
}

fn civo_error(refusal: Refusal) -> (u16, Value) {
    let (status, _) = http(refusal);
    (status, json!({"code": "error", "reason": format!("{refusal:?}")}))
}

/// Changes are signed, sets have whole names, and a set that exists cannot be created.
fn akamai(zone: &mut Zone, call: &Call) -> Reply {
    let (method, path) = call.route("config-dns/v2/zones");
    if method == "GET" && path.is_empty() {
        call.expect(call.target.contains("showAll=true"), "the list is cut");
        let zones = [json!({"zone": DOMAIN, "type": "PRIMARY"})];
        return ok(json!({"metadata": {"totalElements": 1}, "zones": zones}));
    }
    let &[domain, "names", name, "types", kind] = &*path else {
        call.fail("no such request");
    };
    if domain != DOMAIN {
        return Err(Refusal::NotFound);
    }
    let host = relative(name);
    let exists = !zone.values(&host, kind).is_empty();
    match (method, exists) {
        ("GET" | "PUT" | "DELETE", false) => return Err(Refusal::NotFound),
        ("POST", true) => return Err(Refusal::Exists),
        ("DELETE", true) => {
            zone.remove_set(&host, kind)?;
            return no_content();
        }
        ("PUT", true) | ("POST", false) => {
            call.members(&call.body, &["name", "type", "ttl", "rdata"], &[]);
            call.expect(call.text(&call.body, "name") == name, "another name");
            call.expect(call.text(&call.body, "type") == kind, "another type");
            let values = call.list(&call.body, "rdata").iter();
            let values: Vec<_> = values.map(|value| value.as_str().unwrap().to_owned()).collect();
            zone.replace(&host, kind, &values, call.ttl(&call.body, "ttl", 1..=u64::MAX))?;
        }
        _ => {}
    }
    let mut sets = zone.sets().into_iter().filter(|set| set.0 == host && set.1 == kind);
    let (_, _, ttl, values) = sets.next().unwrap();
    ok(json!({"name": name, "type": kind, "ttl": ttl, "rdata": values}))
}

fn akamai_error(refusal: Refusal) -> (u16, Value) {
    let status = http(refusal).0;
    (status, json!({"title": "No", "detail": format!("{refusal:?}"), "status": status}))
}
