//! Providers with changes of several sets in one document, and Beget, where a name is the unit.

use serde_json::{Value, json};

use super::call::Call;
use super::server::{Reply, Service, http_400, ok, status_of};
use super::values::PEM;
use super::zone::{DOMAIN, Refusal, Zone, from, full, relative};
use crate::model::secret::Secret;

pub(super) const ALL: &[Service] = &[
    Service::new("google", google, google_error).with(|account| {
        account.username = "me@p.example".into();
        account.password = Secret::new(PEM);
        account.param_enc = Secret::new("project=p");
    }),
    Service::new("route53", route53, route53_error),
    Service::new("beget", beget, beget_error),
];

fn google(zone: &mut Zone, call: &Call) -> Reply {
    if call.host == "oauth2.googleapis.com" {
        call.expect(call.method == "POST" && call.path == ["token"], "another path");
        call.fields(&["grant_type", "assertion"], &[]);
        call.expect(call.field("assertion").split('.').count() == 3, "no signed claim");
        return ok(json!({"access_token": "t0k3n", "expires_in": 3599, "token_type": "Bearer"}));
    }
    call.has("Authorization", "Bearer t0k3n");
    let pages = |all: Vec<Value>, name: &str, most: usize| {
        let size = call.query.get("maxResults").map_or(100, |size| call.number(size).min(most));
        let first = call.param("pageToken").strip_prefix("t/+").map_or(0, |text| call.number(text));
        let mut body = json!({"kind": format!("dns#{name}ListResponse")});
        if first + size < all.len() {
            body["nextPageToken"] = format!("t/+{}", first + size).into();
        }
        let shown = from(all, first, size);
        // An empty list may be left out.
        if !shown.is_empty() {
            body[name] = shown.into();
        }
        ok(body)
    };
    match call.route("dns/v1/projects/p/managedZones") {
        ("GET", path) if path.is_empty() => {
            call.params(&[], &["maxResults", "pageToken", "dnsName"]);
            let show = |name: &str, id: String, visibility: &str| {
                json!({"kind": "dns#managedZone", "name": id, "dnsName": format!("{name}."),
                    "visibility": visibility})
            };
            let mut all = zone.zone_list(|id, name| show(&name, format!("z{id}"), "public"));
            all.insert(0, show(DOMAIN, "inside".into(), "private"));
            pages(all, "managedZones", 500)
        }
        ("GET", path) if path == ["z5", "rrsets"] => {
            call.params(&[], &["maxResults", "pageToken", "name", "type"]);
            let mut sets = Vec::new();
            for (host, kind, ttl, values) in zone.sets() {
                let name = full(&host) + ".";
                let fits = |parameter: &str, own: &str| {
                    call.query.get(parameter).is_none_or(|wanted| wanted == own)
                };
                if fits("name", &name) && fits("type", &kind) {
                    sets.push(json!({"kind": "dns#resourceRecordSet", "name": name, "type": kind,
                        "ttl": ttl, "rrdatas": values}));
                }
            }
            pages(sets, "rrsets", 1000)
        }
        ("POST", path) if path == ["z5", "changes"] => {
            zone.together(|zone| google_changes(zone, call))?;
            ok(json!({"kind": "dns#change", "id": "7", "status": "pending", "startTime": "x"}))
        }
        _ => call.fail("no such request"),
    }
}

/// A deletion must repeat the set exactly, and an addition must be of a set that is not there.
fn google_changes(zone: &mut Zone, call: &Call) -> Result<(), Refusal> {
    call.members(&call.body, &[], &["additions", "deletions"]);
    for list in ["deletions", "additions"] {
        for set in call.list(&call.body, list) {
            call.members(set, &["name", "type", "ttl", "rrdatas"], &["kind"]);
            let name = call.text(set, "name").strip_suffix('.');
            let host = relative(name.unwrap_or_else(|| call.fail("a name without a dot")));
            let (kind, ttl) = (call.text(set, "type"), call.ttl(set, "ttl", 0..=2_147_483_647));
            let mut values: Vec<String> = serde_json::from_value(set["rrdatas"].clone()).unwrap();
            let mut present = zone.values(&host, kind);
            if list == "additions" {
                if !present.is_empty() {
                    return Err(Refusal::Exists);
                }
                zone.replace(&host, kind, &values, ttl)?;
                continue;
            }
            values.sort();
            present.sort();
            let is_same = zone.find(Some(&host), kind).iter().all(|entry| entry.ttl == ttl);
            if values != present || !is_same {
                return Err(Refusal::NotFound);
            }
            zone.remove_set(&host, kind)?;
        }
    }
    Ok(())
}

fn google_error(refusal: Refusal) -> (u16, Value) {
    let (status, reason) = match refusal {
        Refusal::Bad => (400, "invalid"),
        Refusal::Alias => (400, "cnameResourceRecordSetConflict"),
        Refusal::Exists => (409, "alreadyExists"),
        Refusal::NotFound => (412, "conditionNotMet"),
        Refusal::Credentials => (401, "authError"),
        Refusal::Limited => (429, "rateLimitExceeded"),
        Refusal::Server(status) => (status, "backendError"),
    };
    let errors = [json!({"domain": "global", "reason": reason, "message": "text"})];
    (status, json!({"error": {"code": status, "message": "text", "errors": errors}}))
}

/// The contents of all elements `tag` in an XML document.
fn all<'x>(xml: &'x str, tag: &str) -> Vec<&'x str> {
    let ends = format!("</{tag}>");
    let parts = xml.split(&format!("<{tag}>")).skip(1).collect::<Vec<_>>();
    parts.into_iter().map(|part| part.split_once(&ends).expect("an end tag").0).collect()
}

/// The content of the only element `tag`.
fn one<'x>(xml: &'x str, tag: &str) -> &'x str {
    let found = all(xml, tag);
    assert_eq!(found.len(), 1, "{tag} in {xml}");
    found[0]
}

/// Names are sorted by their labels from the last to the first.
fn order(host: &str) -> Vec<String> {
    full(host).split('.').rev().map(str::to_owned).collect()
}

fn route53(zone: &mut Zone, call: &Call) -> Reply {
    let signature = call.header("Authorization");
    call.expect(signature.starts_with("AWS4-HMAC-SHA256 Credential=me/"), "no signature");
    call.expect(signature.contains("/us-east-1/route53/aws4_request"), "another region");
    call.header("X-Amz-Date");
    let size = |most: usize| {
        let size = call.query.get("maxitems").map_or(most, |size| call.number(size));
        call.expect((1..=most).contains(&size), "maxitems");
        size
    };
    match call.route("2013-04-01/hostedzone") {
        ("GET", path) if path.is_empty() => {
            call.params(&[], &["maxitems", "marker"]);
            let mut zones: Vec<(String, String, bool)> = zone
                .zones()
                .into_iter()
                .map(|(id, name)| (format!("Z{id}"), name, false))
                .collect();
            zones.insert(0, ("Z1".into(), DOMAIN.into(), true));
            let first = zones.iter().position(|(id, ..)| id == call.param("marker")).unwrap_or(0);
            let end = (first + size(100)).min(zones.len());
            let mut xml = String::new();
            for (id, name, is_private) in &zones[first..end] {
                xml += &format!(
                    "<HostedZone><Id>/hostedzone/{id}</Id><Name>{name}.</Name><Config>\
                     <PrivateZone>{is_private}</PrivateZone></Config></HostedZone>"
                );
            }
            let next = zones
                .get(end)
                .map_or(String::new(), |(id, ..)| format!("<NextMarker>{id}</NextMarker>"));
            let is_cut = end < zones.len();
            Ok((
                200,
                format!(
                    "<?xml version=\"1.0\"?>\n<ListHostedZonesResponse xmlns=\"x\"><HostedZones>{xml}\
                 </HostedZones><IsTruncated>{is_cut}</IsTruncated>{next}<MaxItems>100</MaxItems>\
                 </ListHostedZonesResponse>"
                ),
            ))
        }
        ("GET", path) if path == ["Z5", "rrset"] => route53_list(zone, call, size(300)),
        ("POST", path) if path == ["Z5", "rrset", ""] => {
            call.has("Content-Type", "application/xml");
            zone.together(|zone| {
                let changes = all(one(&call.plain, "Changes"), "Change");
                call.expect(!changes.is_empty(), "no changes");
                changes.iter().try_for_each(|change| route53_change(zone, call, change))
            })?;
            Ok((
                200,
                "<?xml version=\"1.0\"?>\n<ChangeResourceRecordSetsResponse xmlns=\"x\">\
                <ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status></ChangeInfo>\
                </ChangeResourceRecordSetsResponse>"
                    .into(),
            ))
        }
        _ => call.fail("no such request"),
    }
}

fn route53_list(zone: &Zone, call: &Call, size: usize) -> Reply {
    call.params(&[], &["maxitems", "name", "type"]);
    let mut sets = zone.sets();
    sets.sort_by_key(|(host, kind, ..)| (order(host), kind.clone()));
    if let Some(name) = call.query.get("name") {
        let name = name.replace("\\052", "*");
        let start = (order(&relative(name.trim_end_matches('.'))), call.param("type").to_owned());
        sets.retain(|(host, kind, ..)| (order(host), kind.clone()) >= start);
    }
    let escaped = |host: &str| full(host).replace('*', "\\052");
    let mut xml = String::new();
    for (host, kind, ttl, values) in sets.iter().take(size) {
        let values: String = values
            .iter()
            .map(|value| format!("<ResourceRecord><Value>{value}</Value></ResourceRecord>"))
            .collect();
        let name = escaped(host);
        xml += &format!(
            "<ResourceRecordSet><Name>{name}.</Name><Type>{kind}</Type><TTL>{ttl}</TTL>\
             <ResourceRecords>{values}</ResourceRecords></ResourceRecordSet>"
        );
    }
    let next = sets.get(size).map_or(String::new(), |(host, kind, ..)| {
        let name = escaped(host);
        format!("<NextRecordName>{name}.</NextRecordName><NextRecordType>{kind}</NextRecordType>")
    });
    let is_cut = sets.len() > size;
    Ok((
        200,
        format!(
            "<?xml version=\"1.0\"?>\n<ListResourceRecordSetsResponse xmlns=\"x\"><ResourceRecordSets>\
         {xml}</ResourceRecordSets><IsTruncated>{is_cut}</IsTruncated>{next}<MaxItems>{size}\
         </MaxItems></ListResourceRecordSetsResponse>"
        ),
    ))
}

fn route53_change(zone: &mut Zone, call: &Call, change: &str) -> Result<(), Refusal> {
    let set = one(change, "ResourceRecordSet");
    let name = one(set, "Name").strip_suffix('.');
    let host = relative(name.unwrap_or_else(|| call.fail("a name without a dot")));
    let (kind, ttl) = (one(set, "Type"), call.number(one(set, "TTL")) as u64);
    let values: Vec<String> = all(set, "Value").into_iter().map(str::to_owned).collect();
    call.expect(!values.is_empty(), "no values");
    match one(change, "Action") {
        "UPSERT" => zone.replace(&host, kind, &values, ttl),
        // It must repeat the set exactly.
        "DELETE" => {
            let is_same = zone.find(Some(&host), kind).iter().all(|entry| entry.ttl == ttl);
            if zone.values(&host, kind) != values || !is_same {
                return Err(Refusal::Bad);
            }
            zone.remove_set(&host, kind)
        }
        _ => call.fail("another action"),
    }
}

fn route53_error(refusal: Refusal) -> (u16, Value) {
    let (status, code) = match refusal {
        Refusal::Bad | Refusal::Exists | Refusal::Alias => (400, "InvalidChangeBatch"),
        Refusal::NotFound => (404, "NoSuchHostedZone"),
        Refusal::Credentials => (403, "InvalidClientTokenId"),
        Refusal::Limited => (400, "Throttling"),
        Refusal::Server(status) => (status, "InternalFailure"),
    };
    let xml = format!(
        "<?xml version=\"1.0\"?>\n<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type>\
         <Code>{code}</Code><Message>text</Message></Error></ErrorResponse>"
    );
    (status, xml.into())
}

/// A request replaces all records of a name. Only names are known to it, not zones.
fn beget(zone: &mut Zone, call: &Call) -> Reply {
    let formats = ["input_format", "output_format"];
    call.fields(&[&["login", "passwd", "input_data"][..], &formats].concat(), &[]);
    call.expect(call.field("login") == "me" && call.field("passwd") == "hunter2", "another user");
    call.expect(formats.iter().all(|name| call.field(name) == "json"), "another format");
    let input: Value = serde_json::from_str(call.field("input_data")).unwrap();
    let host = relative(call.text(&input, "fqdn"));
    let done = |result: Value| {
        ok(json!({"status": "success", "answer": {"status": "success", "result": result}}))
    };
    // How a record of a type names its value when it is read.
    let member = |kind: &str| match kind {
        "A" | "AAAA" => "address",
        "CNAME" => "cname",
        "TXT" => "txtdata",
        _ => "value",
    };
    let shown = |zone: &Zone| {
        let mut records = json!({"DNS": [{"value": "ns1.beget.com"}], "DNS_IP": [{"value": ""}]});
        for (set_host, kind, ttl, values) in zone.sets() {
            // The name servers of the zone are among the records only as `DNS`.
            if set_host == host && kind != "NS" {
                let record = |value: &String| json!({"ttl": ttl, member(&kind): value});
                records[&kind] = values.iter().map(record).collect();
            }
        }
        records
    };
    match call.route("api/dns") {
        ("POST", path) if path == ["getData"] => {
            call.members(&input, &["fqdn"], &[]);
            done(json!({"is_under_control": true, "is_beget_dns": true, "set_type": 1,
                "fqdn": full(&host), "records": shown(zone)}))
        }
        ("POST", path) if path == ["changeRecords"] => zone.together(|zone| {
            call.members(&input, &["fqdn", "records"], &[]);
            let records = &input["records"];
            call.members(records, &[], &["A", "AAAA", "MX", "TXT", "NS", "CNAME"]);
            let before = shown(zone);
            for kind in ["MX", "TXT", "NS", "CNAME"] {
                call.expect(records[kind] == before[kind], "other records are lost");
            }
            for kind in ["A", "AAAA"] {
                let mut values = Vec::new();
                let mut ttl = 0;
                for record in records[kind].as_array().unwrap_or(&Vec::new()) {
                    // A record is taken in the form of the documentation and in that of answers.
                    call.members(record, &[], &["value", "address", "priority", "ttl"]);
                    let value = record.get("address").or(record.get("value"));
                    values.push(value.unwrap().as_str().unwrap().to_owned());
                    ttl = call.ttl(record, "ttl", 1..=u64::MAX);
                }
                zone.replace(&host, kind, &values, ttl)?;
            }
            done(true.into())
        }),
        _ => call.fail("no such request"),
    }
}

fn beget_error(refusal: Refusal) -> (u16, Value) {
    if let Refusal::Credentials = refusal {
        let text = "Incorrect login or password";
        return (200, json!({"status": "error", "error_text": text, "error_code": "AUTH_ERROR"}));
    }
    let (status, code) = match refusal {
        Refusal::Limited => (200, "LIMIT_ERROR"),
        Refusal::Server(_) => (status_of(refusal), "METHOD_FAILED"),
        other => (http_400(other).0.min(200), "INVALID_DATA"),
    };
    let errors = [json!({"error_code": code, "error_text": format!("{refusal:?}")})];
    (status, json!({"status": "success", "answer": {"status": "error", "errors": errors}}))
}
