//! Providers with signed requests whose records have ids. That a signature is right is tested by transcripts; here
//! it must only be there.

use serde_json::{Value, json};

use super::call::Call;
use super::server::{Reply, Service, http_400, ok, status_of};
use super::zone::{DOMAIN, Entry, Refusal, Zone, from, from_at, full, page, relative};

pub(super) const ALL: &[Service] = &[
    Service::new("dnspod", dnspod, tencent_error),
    Service::new("edgeone", edgeone, tencent_error),
    Service::new("aliyun", aliyun, aliyun_error),
    Service::new("aliesa", aliesa, aliyun_error),
    Service::new("volcengine", volcengine, volcengine_error),
    Service::new("eranet", eranet, eranet_error),
    Service::new("nowcn", eranet, eranet_error),
    Service::new("tnet", eranet, eranet_error),
];

/// Checks what each request to Tencent Cloud has, and returns its action.
fn tencent<'c>(call: &'c Call, service: &str, version: &str) -> &'c str {
    call.expect(call.method == "POST" && call.path == [""], "another path");
    call.has("X-TC-Version", version);
    call.expect(call.header("X-TC-Timestamp").len() == 10, "no time");
    let signature = call.header("Authorization");
    call.expect(signature.starts_with("TC3-HMAC-SHA256 Credential=me/"), "no signature");
    call.expect(signature.contains(&format!("/{service}/tc3_request, ")), "another service");
    call.header("X-TC-Action")
}

fn tencent_done(more: &Value) -> Reply {
    let mut response = json!({"RequestId": "x"});
    response.as_object_mut().unwrap().append(&mut more.as_object().unwrap().clone());
    ok(json!({"Response": response}))
}

fn tencent_error(refusal: Refusal) -> (u16, Value) {
    let code = match refusal {
        Refusal::Bad => "InvalidParameter.SubdomainInvalid",
        Refusal::Exists => "InvalidParameter.DomainRecordExist",
        Refusal::Alias => "InvalidParameter.RecordConflict",
        Refusal::NotFound => "InvalidParameter.RecordIdInvalid",
        Refusal::Credentials => "AuthFailure.SecretIdNotFound",
        Refusal::Limited => "RequestLimitExceeded",
        Refusal::Server(_) => "InternalError",
    };
    let error = json!({"Code": code, "Message": format!("{refusal:?}")});
    let status = if let Refusal::Server(status) = refusal { status } else { 200 };
    (status, json!({"Response": {"RequestId": "x", "Error": error}}))
}

fn dnspod(zone: &mut Zone, call: &Call) -> Reply {
    let action = tencent(call, "dnspod", "2021-03-23");
    let body = &call.body;
    let whole = |more: &[&str]| {
        let needed = ["Domain", "SubDomain", "RecordType", "RecordLine", "Value", "TTL"];
        call.members(body, &[&needed, more].concat(), &[]);
        call.expect(body["Domain"] == DOMAIN && body["RecordLine"] == "默认", "another line");
        let [host, kind, value] =
            ["SubDomain", "RecordType", "Value"].map(|name| call.text(body, name));
        (from_at(host), kind, value, call.ttl(body, "TTL", 600..=604_800))
    };
    let id = |zone: &Zone| zone.number(&body["RecordId"].to_string());
    match action {
        "DescribeDomainList" => {
            call.members(body, &[], &["Limit", "Offset", "Type", "Keyword"]);
            let [size, first] =
                ["Limit", "Offset"].map(|name| call.number(&body[name].to_string()));
            call.expect((1..=3000).contains(&size), "Limit");
            let all = zone.zone_list(|id, name| json!({"DomainId": id, "Name": name}));
            tencent_done(&json!({"DomainList": from(all, first, size)}))
        }
        "DescribeRecordList" => {
            let optional = ["Subdomain", "RecordType", "Limit", "Offset"];
            call.members(body, &["Domain"], &optional);
            call.expect(body["Domain"] == DOMAIN, "another zone");
            let (host, kind) = (call.text(body, "Subdomain"), call.text(body, "RecordType"));
            let show = |entry: &&Entry| {
                json!({"RecordId": entry.id, "Name": entry.host("@"), "Type": entry.kind,
                    "Value": entry.value, "TTL": entry.ttl, "Line": "默认", "Status": "ENABLE"})
            };
            let found: Vec<Value> = zone.find(Some(from_at(host)), kind).iter().map(show).collect();
            if found.is_empty() {
                // A list without records is an error.
                let error = json!({"Code": "ResourceNotFound.NoDataOfRecord", "Message": "none"});
                return tencent_done(&json!({"Error": error}));
            }
            tencent_done(&json!({"RecordCountInfo": {}, "RecordList": found}))
        }
        "CreateRecord" => {
            let (host, kind, value, ttl) = whole(&[]);
            tencent_done(&json!({"RecordId": zone.add(host, kind, value, ttl)?}))
        }
        "ModifyRecord" => {
            let (host, kind, value, ttl) = whole(&["RecordId"]);
            let id = id(zone)?;
            zone.change(id, (host, kind, value), ttl)?;
            tencent_done(&json!({"RecordId": id}))
        }
        "DeleteRecord" => {
            call.members(body, &["Domain", "RecordId"], &[]);
            zone.remove(id(zone)?)?;
            tencent_done(&json!({}))
        }
        _ => call.fail("no such action"),
    }
}

fn edgeone(zone: &mut Zone, call: &Call) -> Reply {
    let action = tencent(call, "teo", "2022-09-01");
    let body = &call.body;
    call.expect(action == "DescribeZones" || body["ZoneId"] == "z5", "another zone");
    match action {
        "DescribeZones" => {
            call.members(body, &[], &["Limit", "Offset", "Filters"]);
            let [size, first] =
                ["Limit", "Offset"].map(|name| call.number(&body[name].to_string()));
            call.expect((1..=100).contains(&size), "Limit");
            let show = |id, name| json!({"ZoneId": format!("z{id}"), "ZoneName": name});
            tencent_done(&json!({"Zones": from(zone.zone_list(show), first, size)}))
        }
        "DescribeDnsRecords" => {
            call.members(body, &["ZoneId"], &["Filters", "Limit", "Offset"]);
            let filter = |name: &str| {
                let is_it = |filter: &&Value| filter["Name"] == name;
                let found = call.list(body, "Filters").iter().find(is_it);
                found.map_or("", |filter| filter["Values"][0].as_str().unwrap())
            };
            let host = relative(filter("name"));
            let show = |entry: &&Entry| {
                json!({"ZoneId": "z5", "RecordId": entry.text_id(), "Name": entry.fqdn(),
                    "Type": entry.kind, "Content": entry.value, "TTL": entry.ttl,
                    "Location": "Default", "Weight": -1, "Status": "enable"})
            };
            let found: Vec<Value> =
                zone.find(Some(&host), filter("type")).iter().map(show).collect();
            tencent_done(&json!({"TotalCount": found.len(), "DnsRecords": found}))
        }
        "CreateDnsRecord" => {
            let needed = ["ZoneId", "Name", "Type", "Content"];
            call.members(body, &needed, &["TTL", "Location", "Weight", "Priority"]);
            let [name, kind, value] = ["Name", "Type", "Content"].map(|name| call.text(body, name));
            let id = zone.add(&relative(name), kind, value, call.ttl(body, "TTL", 60..=86_400))?;
            tencent_done(&json!({"RecordId": format!("r{id}")}))
        }
        "ModifyDnsRecords" => zone.together(|zone| {
            call.members(body, &["ZoneId", "DnsRecords"], &[]);
            for one in call.list(body, "DnsRecords") {
                let needed = ["ZoneId", "RecordId", "Name", "Type", "Content", "TTL"];
                call.members(one, &needed, &["Location", "Weight"]);
                call.expect(one["Weight"] == -1, "the weight is lost");
                let [name, kind, value] =
                    ["Name", "Type", "Content"].map(|name| call.text(one, name));
                let id = zone.id(call.text(one, "RecordId"))?;
                let ttl = call.ttl(one, "TTL", 60..=86_400);
                zone.change(id, (&relative(name), kind, value), ttl)?;
            }
            tencent_done(&json!({}))
        }),
        "DeleteDnsRecords" => {
            call.members(body, &["ZoneId", "RecordIds"], &[]);
            for id in call.list(body, "RecordIds") {
                zone.remove(zone.id(id.as_str().unwrap())?)?;
            }
            tencent_done(&json!({}))
        }
        _ => call.fail("no such action"),
    }
}

/// The parameters that each request to Alibaba Cloud has.
const ALIYUN: [&str; 9] = [
    "Action",
    "AccessKeyId",
    "Format",
    "Signature",
    "SignatureMethod",
    "SignatureNonce",
    "SignatureVersion",
    "Timestamp",
    "Version",
];

/// Checks the parameters of a request to Alibaba Cloud.
fn aliyun_params(call: &Call, version: &str, required: &[&str], optional: &[&str]) {
    call.params(&[&ALIYUN, required].concat(), optional);
    call.expect(call.param("AccessKeyId") == "me", "another key");
    call.expect(call.param("Version") == version, "another version");
    call.expect(call.param("Format") == "JSON", "another format");
}

/// An answer of Alibaba Cloud.
fn aliyun_done(more: &Value) -> Reply {
    let mut body = json!({"RequestId": "x"});
    body.as_object_mut().unwrap().append(&mut more.as_object().unwrap().clone());
    ok(body)
}

fn aliyun_error(refusal: Refusal) -> (u16, Value) {
    let (status, code) = match refusal {
        Refusal::Bad => (400, "InvalidRR.Format"),
        Refusal::Exists => (400, "DomainRecordDuplicate"),
        Refusal::Alias => (400, "DomainRecordConflict"),
        Refusal::NotFound => (400, "InvalidRecordId.NotFound"),
        Refusal::Credentials => (404, "InvalidAccessKeyId.NotFound"),
        Refusal::Limited => (400, "Throttling.User"),
        Refusal::Server(status) => (status, "InternalError"),
    };
    let message = format!("{refusal:?}");
    (status, json!({"RequestId": "x", "Code": code, "Message": message, "HostId": "h"}))
}

fn aliyun(zone: &mut Zone, call: &Call) -> Reply {
    call.expect(call.method == "GET" && call.path == [""], "another path");
    let params = |required: &[&str], optional: &[&str]| {
        aliyun_params(call, "2015-01-09", required, optional);
    };
    let pages = || {
        let [number, size] = ["PageNumber", "PageSize"].map(|name| call.number(call.param(name)));
        call.expect((1..=100).contains(&size), "PageSize");
        (number, size)
    };
    let [kind, value] = ["Type", "Value"].map(|name| call.param(name));
    let whole = || {
        let ttl = call.number(call.param("TTL")) as u64;
        call.expect((600..=86_400).contains(&ttl), "TTL");
        (from_at(call.param("RR")), ttl)
    };
    match call.param("Action") {
        "DescribeDomains" => {
            params(&[], &["PageNumber", "PageSize", "KeyWord"]);
            let all = zone.zone_list(|_, name| json!({"DomainName": name}));
            let (number, size) = pages();
            aliyun_done(&json!({"Domains": {"Domain": page(all, number, size).0}}))
        }
        "DescribeSubDomainRecords" => {
            params(&["SubDomain"], &["DomainName", "Type", "PageNumber", "PageSize"]);
            call.expect(call.param("DomainName") == DOMAIN, "another zone");
            let host = relative(call.param("SubDomain"));
            let show = |entry: &Entry| {
                json!({"RecordId": entry.id.to_string(), "RR": entry.host("@"), "Type": entry.kind,
                    "Value": entry.value, "TTL": entry.ttl, "Line": "default", "Status": "ENABLE"})
            };
            let found = zone.find(Some(from_at(&host)), kind);
            let all = found.into_iter().map(show).collect();
            let (number, size) = pages();
            aliyun_done(&json!({"DomainRecords": {"Record": page(all, number, size).0}}))
        }
        "AddDomainRecord" => {
            params(&["DomainName", "RR", "Type", "Value"], &["TTL", "Line"]);
            call.expect(call.param("DomainName") == DOMAIN, "another zone");
            let (host, ttl) = whole();
            aliyun_done(&json!({"RecordId": zone.add(host, kind, value, ttl)?.to_string()}))
        }
        "UpdateDomainRecord" => {
            params(&["RecordId", "RR", "Type", "Value"], &["TTL", "Line"]);
            call.expect(call.param("Line") == "default", "the line is lost");
            let (host, ttl) = whole();
            let id = zone.number(call.param("RecordId"))?;
            let before = zone.get(id)?.clone();
            zone.change(id, (host, kind, value), ttl)?;
            // An update that changes nothing is refused as a duplicate.
            if *zone.get(id)? == before {
                return Err(Refusal::Exists);
            }
            aliyun_done(&json!({"RecordId": id.to_string()}))
        }
        "DeleteDomainRecord" => {
            params(&["RecordId"], &[]);
            zone.remove(zone.number(call.param("RecordId"))?)?;
            aliyun_done(&json!({}))
        }
        _ => call.fail("no such action"),
    }
}

/// The addresses of a name. Their record has the id of the first.
fn esa_addresses(zone: &Zone, host: &str) -> Vec<Entry> {
    let found = zone.find(Some(host), "").into_iter();
    found.filter(|entry| ["A", "AAAA"].contains(&entry.kind.as_str())).cloned().collect()
}

/// Writes the record of a name.
fn esa_write(zone: &mut Zone, call: &Call, host: &str) -> Reply {
    let ttl = call.number(call.param("Ttl")) as u64;
    let data: Value = serde_json::from_str(call.param("Data")).unwrap();
    call.expect(call.param("Type") == "A/AAAA", "another type");
    for (kind, mark) in [("A", '.'), ("AAAA", ':')] {
        let all = call.text(&data, "Value").split(',');
        let of_kind: Vec<String> =
            all.filter(|address| address.contains(mark)).map(str::to_owned).collect();
        zone.replace(host, kind, &of_kind, ttl)?;
    }
    aliyun_done(&json!({"RecordId": 1}))
}

/// One record has the addresses of both families.
fn aliesa(zone: &mut Zone, call: &Call) -> Reply {
    call.expect(call.path == [""], "another path");
    let params = |required: &[&str], optional: &[&str]| {
        aliyun_params(call, "2024-09-10", required, optional);
    };
    let action = call.param("Action");
    call.expect((call.method == "GET") == action.starts_with("List"), "another method");
    let kept = ["Proxied", "BizName", "Comment"];
    let host_of = |zone: &Zone| -> Result<String, Refusal> {
        Ok(zone.get(zone.number(call.param("RecordId"))?)?.host.clone())
    };
    match action {
        "ListSites" => {
            params(&[], &["PageNumber", "PageSize", "SiteName"]);
            let [number, size] =
                ["PageNumber", "PageSize"].map(|name| call.number(call.param(name)));
            let all = zone.zone_list(|id, name| json!({"SiteId": id, "SiteName": name}));
            aliyun_done(&json!({"Sites": page(all, number, size).0}))
        }
        "ListRecords" => {
            let optional = ["RecordName", "RecordMatchType", "Type", "PageNumber", "PageSize"];
            params(&["SiteId"], &optional);
            call.expect(call.param("SiteId") == "5", "another site");
            call.expect(call.param("RecordMatchType") == "exact", "other names, too");
            let host = relative(call.param("RecordName"));
            let found = esa_addresses(zone, &host);
            let values: Vec<&str> = found.iter().map(|entry| entry.value.as_str()).collect();
            let mut records = Vec::new();
            if let Some(first) = found.first() {
                records.push(json!({"RecordId": first.id, "RecordName": full(&host),
                    "Ttl": first.ttl, "RecordType": "A/AAAA", "Proxied": true, "BizName": "web",
                    "Comment": "mine", "Data": {"Value": values.join(",")}}));
            }
            aliyun_done(&json!({"TotalCount": records.len(), "Records": records}))
        }
        "CreateRecord" => zone.together(|zone| {
            params(&["SiteId", "RecordName", "Type", "Data"], &[&["Ttl"][..], &kept].concat());
            let host = relative(call.param("RecordName"));
            if !esa_addresses(zone, &host).is_empty() {
                return Err(Refusal::Exists);
            }
            esa_write(zone, call, &host)
        }),
        "UpdateRecord" => zone.together(|zone| {
            params(&["RecordId", "Type", "Data"], &[&["Ttl"][..], &kept].concat());
            let is_kept = call.param("Proxied") == "true" && call.param("Comment") == "mine";
            call.expect(is_kept, "the proxy or the comment is lost");
            let host = host_of(zone)?;
            esa_write(zone, call, &host)
        }),
        "DeleteRecord" => {
            params(&["RecordId"], &[]);
            let host = host_of(zone)?;
            for entry in esa_addresses(zone, &host) {
                zone.remove(entry.id)?;
            }
            aliyun_done(&json!({}))
        }
        _ => call.fail("no such action"),
    }
}

fn volcengine(zone: &mut Zone, call: &Call) -> Reply {
    let signature = call.header("Authorization");
    call.expect(signature.starts_with("HMAC-SHA256 Credential=me/"), "no signature");
    call.header("X-Content-Sha256");
    call.expect(call.path == [""] && call.param("Version") == "2018-08-01", "another version");
    let action = call.param("Action");
    let is_list = action.starts_with("List");
    call.expect((call.method == "GET") == is_list, "another method");
    let done = |result: Value| {
        ok(json!({"ResponseMetadata": {"RequestId": "x", "Action": action}, "Result": result}))
    };
    let pages = |all: Vec<Value>, name: &str| {
        let [number, size] = ["PageNumber", "PageSize"].map(|name| call.number(call.param(name)));
        call.expect((1..=500).contains(&size), "PageSize");
        let total = all.len();
        done(json!({"Total": total, name: page(all, number, size).0}))
    };
    let body = &call.body;
    let whole = |more: &[&str], optional: &[&str]| {
        call.members(body, &[&["Host", "Type", "Value", "TTL", "Line"], more].concat(), optional);
        call.expect(body["Line"] == "default", "another line");
        let [host, kind, value] = ["Host", "Type", "Value"].map(|name| call.text(body, name));
        (from_at(host), kind, value, call.ttl(body, "TTL", 600..=86_400))
    };
    match action {
        "ListZones" => {
            call.params(&["Action", "Version"], &["PageNumber", "PageSize", "Key"]);
            pages(zone.zone_list(|id, name| json!({"ZID": id, "ZoneName": name})), "Zones")
        }
        "ListRecords" => {
            let optional = ["Host", "Type", "SearchMode", "PageNumber", "PageSize"];
            call.params(&["Action", "Version", "ZID"], &optional);
            call.expect(call.param("ZID") == "5", "another zone");
            call.expect(call.param("SearchMode") == "exact", "other hosts, too");
            let show = |entry: &Entry| {
                json!({"RecordID": entry.text_id(), "Host": entry.host("@"), "Type": entry.kind,
                    "Value": entry.value, "TTL": entry.ttl, "Line": "default", "Weight": 1})
            };
            let found = zone.find(Some(from_at(call.param("Host"))), call.param("Type"));
            pages(found.into_iter().map(show).collect(), "Records")
        }
        "CreateRecord" => {
            let (host, kind, value, ttl) = whole(&["ZID"], &[]);
            call.expect(body["ZID"] == 5, "another zone");
            let id = zone.add(host, kind, value, ttl)?;
            done(json!({"RecordID": format!("r{id}")}))
        }
        "UpdateRecord" => {
            let (host, kind, value, ttl) = whole(&["RecordID"], &["Weight"]);
            call.expect(body["Weight"] == 1, "the weight is lost");
            let id = zone.id(call.text(body, "RecordID"))?;
            zone.change(id, (host, kind, value), ttl)?;
            done(json!({"RecordID": format!("r{id}")}))
        }
        "DeleteRecord" => {
            call.members(body, &["RecordID"], &[]);
            zone.remove(zone.id(call.text(body, "RecordID"))?)?;
            done(Value::Null)
        }
        _ => call.fail("no such action"),
    }
}

fn volcengine_error(refusal: Refusal) -> (u16, Value) {
    let (status, code) = match refusal {
        Refusal::Bad | Refusal::Exists | Refusal::Alias => (400, "InvalidParameter"),
        Refusal::NotFound => (400, "ErrDBNotFound"),
        Refusal::Credentials => (401, "InvalidAccessKey"),
        Refusal::Limited => (429, "FlowLimitExceeded"),
        Refusal::Server(status) => (status, "InternalError"),
    };
    let error = json!({"Code": code, "Message": format!("{refusal:?}")});
    (status, json!({"ResponseMetadata": {"RequestId": "x", "Error": error}}))
}

/// Requests name the zone. There is no list of zones.
fn eranet(zone: &mut Zone, call: &Call) -> Reply {
    let (method, path) = call.route("api/Dns");
    call.expect(method == "GET" && path.len() == 1, "another path");
    let params = |required: &[&str]| {
        let common = ["AccessInstanceID", "Signature", "SignatureMethod", "SignatureNonce"];
        let required = [&common[..], &["Timestamp"], required].concat();
        call.params(&required, &["SignatureVersion"]);
        call.expect(call.param("AccessInstanceID") == "me", "another user");
    };
    let own = || call.expect(call.param("Domain") == DOMAIN, "another zone");
    let done = |id: u64| ok(json!({"RequestId": "x", "Id": id}));
    let [kind, value] = ["Type", "Value"].map(|name| call.param(name));
    let ttl = || call.number(call.param("Ttl")) as u64;
    match path[0] {
        "DescribeRecordIndex" => {
            params(&["Domain", "Host", "Type"]);
            own();
            let show = |entry: &&Entry| {
                json!({"id": entry.id, "Domain": DOMAIN, "Host": entry.host("@"),
                    "Type": entry.kind, "Value": entry.value, "State": 1})
            };
            let found = zone.find(Some(from_at(call.param("Host"))), kind);
            let all: Vec<Value> = found.iter().map(show).collect();
            ok(
                json!({"RequestId": "x", "Data": if all.is_empty() { Value::Null } else { all.into() }}),
            )
        }
        "AddDomainRecord" => {
            params(&["Domain", "Host", "Type", "Value", "Ttl"]);
            own();
            done(zone.add(from_at(call.param("Host")), kind, value, ttl())?)
        }
        "UpdateDomainRecord" => {
            params(&["Id", "Domain", "Host", "Type", "Value", "Ttl"]);
            own();
            let id = zone.number(call.param("Id"))?;
            zone.change(id, (from_at(call.param("Host")), kind, value), ttl())?;
            done(id)
        }
        "DeleteDomainRecord" => {
            params(&["Id"]);
            let id = zone.number(call.param("Id"))?;
            zone.remove(id)?;
            done(id)
        }
        _ => call.fail("no such request"),
    }
}

fn eranet_error(refusal: Refusal) -> (u16, Value) {
    let error = match refusal {
        Refusal::Credentials => "Signature is wrong".into(),
        other => format!("{other:?}"),
    };
    let status = if let Refusal::Limited | Refusal::Server(_) = refusal {
        status_of(refusal)
    } else {
        http_400(Refusal::Bad).0
    };
    (status, json!({"error": error}))
}
