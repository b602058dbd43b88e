//! Options with another meaning under the providers' names of ddns-scripts.

use ddns_netlink::config::check;
use ddns_netlink::config::listing;

use crate::sandbox::Sandbox;

/// What the section has for its record, or its first mistake.
fn record(lines: &str) -> String {
    let file = format!("config service 's'\noption enabled 1\noption password x\n{lines}\n");
    let checked = check::load("ddns", file.as_bytes(), &Sandbox);
    if let Some(mistake) = checked.mistakes.first() {
        return mistake.to_string();
    }
    let section = &checked.config.sections[0];
    let names: Vec<_> = section.names.iter().map(|name| name.as_str()).collect();
    let (record, provider) = (&section.record, &section.provider);
    let credentials =
        [provider.account.username.as_str(), provider.account.param_opt.expose()].concat();
    format!(
        "{} {} zone {} id {} ttl {} for {credentials}",
        names.join(" "),
        section.lookup.host,
        record.zone_id.as_deref().unwrap_or("-"),
        record.id.as_deref().unwrap_or("-"),
        record.ttl.map_or("-".into(), |ttl| ttl.to_string()),
    )
}

#[test]
fn cloudflare_takes_zone_id_and_dns_record_id_from_param_opt() {
    let lines = "option service_name cloudflare.com-v4\noption domain home@example.com\n\
                 option param_opt 'zone_id=abc dns_record_id=def'";
    assert_eq!(record(lines), "home@example.com home.example.com zone abc id def ttl - for ");
    let lines = lines.replace("dns_record", "record");
    assert_eq!(
        record(&lines),
        "ddns:6: option 'param_opt': only zone_id= and dns_record_id= are known"
    );
    let lines =
        "option service_name cloudflare.com-v4\noption domain a.b.c\noption param_opt proxied=0";
    let proxied =
        "ddns:6: option 'param_opt': proxied= has no effect here; option 'proxied' says the same";
    assert_eq!(record(lines), proxied);
}

#[test]
fn for_a_provider_that_needs_a_script_the_package_is_named() {
    for (name, package) in
        [("cnkuai.cn", "cnkuai"), ("freedns.42.pl", "freedns"), ("one.com", "one")]
    {
        let mistake = record(&format!("option service_name {name}\noption domain a.example.com"));
        let start = format!(
            "ddns:4: option 'service_name': '{name}' is updated by a script, which comes with OpenWrt's \
             package ddns-scripts-{package}, because "
        );
        assert!(mistake.starts_with(&start), "{mistake}");
    }
}

#[test]
fn for_a_provider_that_is_gone_the_reason_is_reported() {
    for (name, words) in [("nubem.com", "nubem.com is gone"), ("tzo.com", "TZO was bought")] {
        let mistake = record(&format!("option service_name {name}\noption domain a.example.com"));
        assert!(mistake.contains(&format!(": {words}")), "{mistake}");
    }
    let lines = "option service_name powerdns-admin\noption domain a.b.c\noption username me";
    let mistake = record(lines);
    assert!(mistake.contains("needs option 'param_opt': the server"), "{mistake}");
}

#[test]
fn ipv6_alone_causes_a_warning_where_it_changes_the_a_record() {
    let warning = |lines: &str| {
        let file = format!(
            "config service 's'\noption enabled 1\noption username u\noption password x\n\
             option domain a.b.c\n{lines}\n"
        );
        let checked = check::load("ddns", file.as_bytes(), &Sandbox);
        assert_eq!(checked.config.sections.len(), 1, "{:?}", checked.mistakes);
        checked.mistakes.first().map(ToString::to_string)
    };
    assert_eq!(
        warning("option service_name inwx.de\noption use_ipv6 1").unwrap(),
        "ddns:7: option 'use_ipv6': an update of IPv6 alone sets the A record to 127.0.0.1 (INWX); set \
         option 'also_ipv6' to 1 if the name has IPv4, too"
    );
    for (lines, has_warning) in [
        ("option service_name strato.com\noption use_ipv6 1", true),
        ("option service_name dyndns.org\noption use_ipv6 1", true),
        ("option service_name ddnss.de\noption use_ipv6 1", true),
        ("option service_name no-ip.com\noption use_ipv6 1", true),
        (
            "option update_url 'https://dyndns.inwx.com/nic/update?myipv6=[IP]'\noption use_ipv6 1",
            true,
        ),
        ("option service_name inwx.de", false),
        ("option service_name inwx.de\noption use_ipv6 both", false),
        ("option service_name inwx.de\noption use_ipv6 1\noption also_ipv6 1", false),
        ("option service_name dynu.com\noption use_ipv6 1", false),
        ("option update_url 'https://d.example/?[IP]'\noption use_ipv6 1", false),
    ] {
        let warning = warning(lines);
        let of_family = warning.as_ref().is_some_and(|text| text.contains("IPv6 alone"));
        assert_eq!(of_family, has_warning, "{lines}: {warning:?}");
    }
}

#[test]
fn a_record_id_with_several_records_is_a_mistake() {
    let several = |lines: &str| record(&format!("{lines}\noption username me"));
    for (lines, expected) in [
        (
            "option service_name ionos\noption record_id 7\nlist domain a.b.c\nlist domain b.b.c",
            "ddns:5: option 'record_id': names one record, but the section has 2; make a section for each",
        ),
        (
            "option service_name linode\noption rec_id 7\noption domain a.b.c\noption use_ipv6 both",
            "",
        ),
        (
            "option service_name cloudflare.com-v4\noption param_opt 'zone_id=z dns_record_id=r'\n\
             list domain a.b.c\nlist domain b.b.c\noption use_ipv6 both",
            "ddns:5: option 'param_opt': names one record, but the section has 4; make a section for each",
        ),
        (
            "option service_name digitalocean.com-v2\noption param_opt 7\nlist domain b.c\n\
             list domain d.c",
            "ddns:5: option 'param_opt': names one record, but the section has 2; make a section for each",
        ),
        (
            "option service_name aliyun.com\noption param_enc RecordId=7\noption domain a.b.c\n\
             option use_ipv6 both",
            "ddns:5: option 'param_enc': names one record, but the section has 2; make a section for each",
        ),
    ] {
        let mistake = several(lines);
        if expected.is_empty() {
            assert!(mistake.starts_with("ddns:5: option 'rec_id': names one record"), "{mistake}");
        } else {
            assert_eq!(mistake, expected);
        }
    }
    let one = "option service_name linode\noption rec_id 7\noption domain a.b.c";
    assert_eq!(record(one), "a.b.c a.b.c zone - id 7 ttl - for ");
}

#[test]
fn for_route_53_domain_may_be_the_zone_id() {
    let route53 = |lines: &str| {
        record(&format!("option service_name route53-v1\noption username AKID\n{lines}"))
    };
    assert_eq!(
        route53("option domain Z1D633PJN98FT9\noption lookup_host home.example.com"),
        "home.example.com home.example.com zone Z1D633PJN98FT9 id - ttl - for AKID"
    );
    assert_eq!(
        route53("option domain home.example.com"),
        "home.example.com home.example.com zone - id - ttl - for AKID"
    );
    assert!(route53("option domain Z1").contains("needs option 'lookup_host'"));
}

#[test]
fn the_key_of_google_is_the_whole_file() {
    let load = |lines: &str| {
        let file = format!("config service 's'\noption enabled 1\noption domain a.b.c\n{lines}\n");
        check::load("ddns", file.as_bytes(), &Sandbox)
    };
    let stock = "option service_name cloud.google.com-v1\n\
                 option param_enc 'project=p&zone=z'\noption param_opt 60\n";
    for (service, key) in [
        ("option service_name google\n", "option password_file /etc/ddns/key.json"),
        ("option service_name google\n", "option password /etc/ddns/key.json"),
        (stock, "option password /etc/ddns/key.json"),
        (stock, "option password '{\n}\n'"),
    ] {
        let checked = load(&format!("{service}{key}"));
        assert_eq!(checked.mistakes, [], "{key}");
        let section = &checked.config.sections[0];
        assert_eq!(section.provider.account.password.expose(), "{\n}\n", "{key}");
        let record = (section.record.zone_id.as_deref(), section.record.ttl);
        assert_eq!(record, if service == stock { (Some("z"), Some(60)) } else { (None, None) });
    }
    let missing = load("option service_name google\noption password /etc/none.pem");
    assert_eq!(
        missing.mistakes[0].to_string(),
        "ddns:5: option 'password': \"/etc/none.pem\" cannot be read: no such file"
    );
}

#[test]
fn netcup_takes_the_zone_from_param_opt() {
    let lines = "option service_name netcup.com\noption domain a.b.example.com\n\
                 option username 12345\noption param_enc key\noption param_opt example.com";
    let file = format!("config service 's'\noption enabled 1\noption password x\n{lines}\n");
    let checked = check::load("ddns", file.as_bytes(), &Sandbox);
    assert_eq!(checked.mistakes, []);
    let section = &checked.config.sections[0];
    assert_eq!(section.record.zone.as_deref(), Some("example.com"));
    assert!(section.provider.account.param_opt.is_empty());
}

#[test]
fn the_zone_comes_from_domain_and_the_name_from_username() {
    for service in ["digitalocean.com-v2", "gandi.net", "hetzner.cloud", "pdns"] {
        let server =
            if service == "pdns" { "option param_opt http://192.0.2.1:8081\n" } else { "" };
        let record_of = |domain: &str, host: &str| {
            let lines = format!("option service_name {service}\noption domain {domain}\n{server}");
            record(&format!("{lines}option username '{host}'"))
        };
        let rest = if server.is_empty() { "" } else { "http://192.0.2.1:8081" };
        let rest = format!("zone - id - ttl - for {rest}");
        for (domain, host, placed, looked_up) in [
            ("example.com", "home", "home@example.com", "home.example.com"),
            ("example.com", "a.b", "a.b@example.com", "a.b.example.com"),
            ("example.com", "*", "*@example.com", "*.example.com"),
            ("example.com", "@", "@example.com", "example.com"),
            ("EXAMPLE.com.", "Home", "home@example.com", "home.example.com"),
            ("example.com", "home.example.com", "home@example.com", "home.example.com"),
            ("example.com", "example.com", "@example.com", "example.com"),
            ("other@example.com", "home", "other@example.com", "other.example.com"),
        ] {
            let expected = format!("{placed} {looked_up} {rest}");
            assert_eq!(record_of(domain, host), expected, "{service} {domain} {host}");
        }
        assert_eq!(
            record_of("example.com", ""),
            format!(
                "ddns:1: section 's': {service} needs option 'username': the name of the record in \
                 the zone, or @"
            )
        );
        assert!(record_of("example.com", "a b").contains("'username': \"a b\""), "{service}");
    }
}

#[test]
fn param_opt_is_an_id_for_digitalocean_and_the_ttl_for_scaleway() {
    let lines = "option service_name digitalocean.com-v2\noption domain example.com\n\
                 option username home\noption param_opt 28448432";
    assert_eq!(record(lines), "home@example.com home.example.com zone - id 28448432 ttl - for ");
    let scaleway = |domain: &str, ttl: &str| {
        record(&format!(
            "option service_name scaleway.com\noption domain {domain}\noption username example.com\n\
             option param_opt '{ttl}'"
        ))
    };
    let home = "home@example.com home.example.com zone - id - ttl";
    assert_eq!(scaleway("home", "60"), format!("{home} 60 for "));
    assert_eq!(scaleway("home.example.com", ""), format!("{home} - for "));
    assert_eq!(scaleway("home.example.com.", ""), format!("{home} - for "));
    assert!(scaleway("home", "soon").ends_with("'param_opt': is not a number of seconds"));
    let apex = "@example.com example.com zone - id - ttl - for ";
    assert_eq!(scaleway("example.com", ""), apex);
    assert_eq!(scaleway("@", ""), apex);
}

#[test]
fn names_that_become_the_same_are_one() {
    let home = "home@example.com home.example.com zone";
    for (lines, expected) in [
        // A name that is listed twice is one, without a warning.
        (
            "option service_name ionos\noption username me\nlist domain a.b.c\nlist domain A.b.c",
            "a.b.c a.b.c zone - id - ttl - for me".to_owned(),
        ),
        (
            "option service_name scaleway.com\noption username example.com\noption record_id 7\n\
             list domain home\nlist domain home.example.com",
            format!("{home} - id 7 ttl - for "),
        ),
        (
            "option service_name gandi.net\noption username home\nlist domain example.com\n\
             list domain example.com.",
            format!("{home} - id - ttl - for "),
        ),
        (
            "option service_name gandi.net\noption username home\nlist domain example.com\n\
             list domain home@example.com\nlist domain example.org",
            "home@example.com home@example.org home.example.com zone - id - ttl - for ".to_owned(),
        ),
    ] {
        assert_eq!(record(lines), expected, "{lines}");
    }
}

#[test]
fn param_enc_is_the_name_for_transip_and_param_opt_the_ttl() {
    let transip = |host: &str, ttl: &str| {
        record(&format!(
            "option service_name transip.nl\noption domain example.nl\noption username me\n\
             option param_enc '{host}'\noption param_opt '{ttl}'"
        ))
    };
    let home = "home@example.nl home.example.nl zone - id - ttl";
    assert_eq!(transip("home", "300"), format!("{home} 300 for me"));
    assert_eq!(transip("@", "60"), "@example.nl example.nl zone - id - ttl 60 for me");
    assert!(transip("home", "soon").ends_with("'param_opt': is not a number of seconds"));
}

#[test]
fn under_our_own_names_domain_and_username_keep_their_meaning() {
    for service in ["digitalocean", "gandi", "hetzner", "scaleway", "porkbun.com-v3"] {
        let lines = format!(
            "option service_name {service}\noption domain home.example.com\noption username me\n\
             option ttl 60\noption rec_id 7"
        );
        let expected = "home.example.com home.example.com zone - id 7 ttl 60 for me";
        assert_eq!(record(&lines), expected, "{service}");
    }
    let url = "option service_name powerdns\noption domain a.example.com\noption param_opt";
    assert_eq!(
        record(&format!("{url} 192.0.2.1:8081")),
        "ddns:6: option 'param_opt': the URL does not begin with http:// or https://"
    );
    assert!(record(&format!("{url} 'http://[fd00::1]:8081'")).ends_with("http://[fd00::1]:8081"));
    assert_eq!(
        record("option service_name powerdns\noption domain a.example.com"),
        "ddns:1: section 's': powerdns needs option 'param_opt': the server's URL, such as \
         http://192.0.2.1:8081"
    );
}

#[test]
fn the_tsig_key_of_rfc2136_is_checked() {
    let mistake = |lines: &str| {
        let file = format!(
            "config service 's'\noption enabled 1\noption domain a.b.c\noption service_name \
             rfc2136\noption dns_server 192.0.2.53\n{lines}\n"
        );
        let checked = check::load("ddns", file.as_bytes(), &Sandbox);
        checked.mistakes.first().map(ToString::to_string).unwrap_or_default()
    };
    for good in [
        "",
        "option username home\noption password c2VjcmV0",
        "option username \
        hmac-sha512:home.example\noption password c2VjcmV0",
    ] {
        assert_eq!(mistake(good), "", "{good}");
    }
    assert!(
        mistake("option username hmac-md5:home\noption password c2VjcmV0").starts_with(
            "ddns:6: option 'username': the key algorithm \"hmac-md5\" is none of hmac-"
        )
    );
    assert!(
        mistake("option username 'a..b'\noption password c2VjcmV0")
            .starts_with("ddns:6: option 'username': \"a..b\" cannot be the name of a key: ")
    );
    assert_eq!(
        mistake("option username home\noption password 's3cret!'"),
        "ddns:7: option 'password': the secret of the key is not base64"
    );
    assert_eq!(
        mistake("option password c2VjcmV0"),
        "ddns:1: section 's': rfc2136 needs option 'username' beside the secret: the name of the key. \
         Without a key updates are not signed"
    );
    assert!(mistake("option username c2Vj/mV0=\noption password home").starts_with(
        "ddns:6: option 'username': is the name of the key and cannot have a '+', '/' or '=' in it"
    ));
    assert_eq!(mistake("option password_file /etc/tsig.key"), "", "as tsig-keygen writes it");
    assert_eq!(
        mistake("option username home"),
        "ddns:1: section 's': rfc2136 needs option 'password': the secret of the key in base64"
    );
}

/// The example at the end of `providers NAME` can be pasted without a change.
#[test]
fn the_example_of_every_provider_has_no_mistakes() {
    let none = listing::DefinitionNames { own: Vec::new(), packaged: Vec::new() };
    let overview = listing::overview(&none);
    let mut count = 0;
    for name in overview.lines().filter_map(|line| line.split(' ').next()) {
        let Some(page) = listing::detail(name) else { continue };
        let (_, example) = page.split_once("\nconfig service").unwrap();
        let file = format!("config service{example}");
        let checked = check::load("ddns", file.as_bytes(), &Sandbox);
        for mistake in &checked.mistakes {
            assert!(mistake.text.contains("has no https"), "{mistake}\n{file}");
        }
        assert_eq!(checked.config.sections.len(), 1, "{file}");
        assert_eq!(checked.config.sections[0].families.len(), 1, "{file}");
        count += 1;
    }
    assert!(count > 100);
}

#[test]
fn for_a_script_of_ddns_scripts_the_built_in_provider_is_used() {
    for (script, lines, expected) in [
        (
            "update_gandi_net.sh",
            "option username home\noption domain example.com",
            "home@example.com",
        ),
        (
            "update_digitalocean_com_v2.sh",
            "option username home\noption domain example.com",
            "home@example.com",
        ),
        (
            "update_no-ip_com.sh",
            "option username me\noption domain home.example.com",
            "home.example.com",
        ),
        ("update_cloudflare_com_v4.sh", "option domain home@example.com", "home@example.com"),
        (
            "update_nsupdate.sh",
            "option dns_server 192.0.2.1\noption username k\noption domain h.example.com",
            "h.example.com",
        ),
        (
            "update_godaddy_com_v1.sh",
            "option username k\noption domain home.example.com",
            "home.example.com",
        ),
        (
            "update_luadns_v1.sh",
            "option username k\noption domain home.example.com",
            "home.example.com",
        ),
        (
            "update_porkbun_v3.sh",
            "option username k\noption domain home.example.com",
            "home.example.com",
        ),
        ("update_gcp_v1.sh", "option domain home.example.com", "home.example.com"),
    ] {
        let file = format!(
            "config service 's'\noption enabled 1\noption password AAAA\n\
             option update_script '/usr/lib/ddns/{script}'\n{lines}\n"
        );
        let checked = check::load("ddns", file.as_bytes(), &Sandbox);
        let warnings: Vec<_> = checked.mistakes.iter().map(ToString::to_string).collect();
        assert_eq!(warnings.len(), 1, "{script}: {warnings:?}");
        assert!(warnings[0].contains("service_name '"), "{script}: {warnings:?}");
        let section = &checked.config.sections[0];
        assert!(section.provider.script().is_none(), "{script}");
        assert_ne!(section.provider.account.label, "custom", "{script}");
        assert_eq!(section.names[0].as_str(), expected, "{script}");
    }
    let mistake = |path: &str| record(&format!("option update_script {path}\noption domain a.b.c"));
    let one = mistake("/usr/lib/ddns/update_one_com.sh");
    assert!(
        one.contains("does not exist; 'one.com' is updated by a script, which comes with"),
        "{one}"
    );
    assert!(mistake("/usr/lib/ddns/update_mine.sh").contains("is not a file"));
    assert!(mistake("/etc/own/update_gandi_net.sh").contains("is not a file"));
}

#[test]
fn a_password_over_plain_http_causes_one_warning() {
    let warnings = |lines: &str| {
        let file = format!(
            "config service 's'\noption enabled 1\noption use_ipv6 both\noption password x\n\
             option username me\noption domain a.b.c\n{lines}\n"
        );
        let checked = check::load("ddns", file.as_bytes(), &Sandbox);
        checked.mistakes.iter().filter(|mistake| mistake.text.contains("can read")).count()
    };
    for (lines, count) in [
        ("option update_url 'http://[USERNAME]:[PASSWORD]@d.example/?[IP]'", 1),
        ("option update_url 'http://d.example/?p=[PASSWORD]&4=[IP4]&6=[IP6]'", 1),
        ("option update_url 'http://d.example/?p=[PASSWORD]'\noption use_https 1", 0),
        ("option update_url 'https://d.example/?p=[PASSWORD]'", 0),
        ("option update_url 'http://192.168.1.1/?p=[PASSWORD]'", 0),
        ("option update_url 'http://localhost/?p=[PASSWORD]'", 0),
        ("option update_url 'http://d.example/?[IP]'", 0),
        ("option service_name dhis.org", 1),
        ("option service_name no-ip.pl", 1),
        ("option service_name dyn.com", 0),
    ] {
        assert_eq!(warnings(lines), count, "{lines}");
    }
}
