use proptest::prelude::*;

use super::*;
use crate::config::uci;

/// Each client with a complete file of it, the sections that it becomes, and what the owner is told.
const FILES: [(Client, &str, &str, &str); 3] = [
    (
        Client::Inadyn,
        include_str!("../../tests/data/import/inadyn.conf"),
        include_str!("../../tests/data/import/inadyn.uci"),
        include_str!("../../tests/data/import/inadyn.remarks"),
    ),
    (
        Client::Ddclient,
        include_str!("../../tests/data/import/ddclient.conf"),
        include_str!("../../tests/data/import/ddclient.uci"),
        include_str!("../../tests/data/import/ddclient.remarks"),
    ),
    (
        Client::DdnsGo,
        include_str!("../../tests/data/import/ddns-go.yaml"),
        include_str!("../../tests/data/import/ddns-go.uci"),
        include_str!("../../tests/data/import/ddns-go.remarks"),
    ),
];

fn remarks(import: &Import) -> String {
    let line = |remark: &Remark| {
        let kind = if remark.lost { "lost" } else { "note" };
        format!("{} {kind} {}\n", remark.line, remark.text)
    };
    import.remarks.iter().map(line).collect()
}

#[test]
fn complete_files_become_sections_and_say_what_is_lost() {
    for (client, text, uci, told) in FILES {
        let import = client.import(text);
        assert_eq!(import.uci, uci);
        assert_eq!(remarks(&import), told);
    }
}

#[test]
fn the_client_is_told_by_the_words_of_its_file() {
    for (client, text, ..) in FILES {
        assert_eq!(Client::of(text), Some(client));
    }
    for other in ["", "config service 'home'\n\toption enabled '1'\n", "{\"dnsconf\": 1}", "a=b"] {
        assert_eq!(Client::of(other), None, "{other}");
    }
    assert_eq!(Client::named("ddns-go"), Some(Client::DdnsGo));
    assert_eq!(Client::named("dyndns"), None);
}

/// The value of an option in the first section of what `client` makes of `text`.
fn option(client: Client, text: &str, name: &str) -> String {
    let (document, mistakes) = uci::parse(client.import(text).uci.as_bytes());
    assert!(mistakes.is_empty(), "{mistakes:?}");
    let section = document.sections.first().unwrap_or_else(|| panic!("no section: {text}"));
    let option = section.options.iter().find(|option| option.name == name);
    option.map(|option| option.values[0].0.clone()).unwrap_or_default()
}

#[test]
fn addresses_come_from_where_they_came() {
    let ddclient = |settings: &str, name| {
        option(Client::Ddclient, &format!("{settings}, protocol=dyndns2 a.example.org"), name)
    };
    for (settings, source, name, value) in [
        ("use=if, if=ppp0", "interface", "ip_interface", "ppp0"),
        ("usev4=ifv4, ifv4=ppp0", "interface", "ip_interface", "ppp0"),
        ("usev4=ifv4", "", "ip_interface", ""),
        ("use=web", "web", "ip_url", ""),
        ("use=web, web=dyndns", "web", "ip_url", ""),
        ("use=web, web=he.net", "web", "ip_url", ""),
        ("use=web, ssl=no, web=ip.example.net/x", "web", "ip_url", "http://ip.example.net/x"),
        ("use=web, web=http://ip.example.net/x", "web", "ip_url", "http://ip.example.net/x"),
        ("use=cmd, cmd='/bin/a b'", "script", "ip_script", "/bin/a b"),
        ("use=ip, ip=192.0.2.1", "script", "ip_script", "echo 192.0.2.1"),
        ("use=fw, fw=192.168.1.1", "gateway", "ip_url", ""),
        ("use=linksys", "gateway", "ip_url", ""),
    ] {
        assert_eq!(ddclient(settings, "ip_source"), source, "{settings}");
        assert_eq!(ddclient(settings, name), value, "{settings}");
    }
}

#[test]
fn a_server_of_dyndns2_is_a_known_provider_or_an_update_url() {
    for (settings, name, value) in [
        ("", "service_name", "dyn.com"),
        ("server=dynupdate.no-ip.com", "service_name", "no-ip.com"),
        ("server=https://dyndns.strato.com", "service_name", "strato.com"),
        (
            "server=dyn.example.org",
            "update_url",
            "https://[USERNAME]:[PASSWORD]@dyn.example.org/nic/update?hostname=[DOMAIN]&myip=[IP]",
        ),
        (
            "ssl=no, server=dyn.example.org:81, script=/u",
            "update_url",
            "http://[USERNAME]:[PASSWORD]@dyn.example.org:81/u?hostname=[DOMAIN]&myip=[IP]",
        ),
    ] {
        let text = format!("protocol=dyndns2, {settings} login=me password=x a.example.org");
        assert_eq!(option(Client::Ddclient, &text, name), value, "{settings}");
    }
}

#[test]
fn a_provider_that_is_not_known_gives_a_section_that_is_not_enabled() {
    for (client, text) in [
        (Client::Inadyn, "provider default@nowhere.example { hostname = a.example.org }"),
        (Client::Ddclient, "protocol=dslreports1, login=me, password=x a.example.org"),
        (
            Client::DdnsGo,
            "dnsconf:\n- ipv4:\n    enable: true\n    domains: \n    - a.example.org\n  dns:\n    name: x\n",
        ),
    ] {
        assert_eq!(option(client, text, "enabled"), "0");
        assert_eq!(option(client, text, "domain"), "a.example.org");
        assert!(remarks(&client.import(text)).contains("this provider is not known by that name"));
    }
}

#[test]
fn only_the_names_of_namecheap_mean_namecheap() {
    for (name, is_namecheap) in [
        ("namecheap", true),
        ("default@namecheap.com", true),
        ("default@namecheap.com:2", true),
        ("default@namecheaper.example", false),
        ("default@namecheap.com.example", false),
    ] {
        let text = format!(
            "provider {name} {{\n username = example.com\n password = x\n hostname = home\n}}\n"
        );
        let url = option(Client::Inadyn, &text, "update_url");
        assert_eq!(url.contains("park-your-domain.com"), is_namecheap, "{name}");
        let enabled = if is_namecheap { "1" } else { "0" };
        assert_eq!(option(Client::Inadyn, &text, "enabled"), enabled, "{name}");
    }
}

#[test]
fn sections_with_one_first_label_get_names_of_their_own() {
    let text = "provider he.net { hostname = a-b.example.org }\n\
                provider he.net { hostname = a-b.example.net }\n\
                provider he.net { hostname = *.example.net }\n";
    let uci = Client::Inadyn.import(text).uci;
    for name in ["'a_b'", "'a_b_2'", "'ddns'"] {
        assert!(uci.contains(&format!("config service {name}\n")), "{uci}");
    }
}

#[test]
fn no_section_takes_the_place_of_the_global_one() {
    let uci = Client::Inadyn.import("provider he.net { hostname = global.example.com }").uci;
    assert!(uci.contains("config service 'global_2'\n"), "{uci}");
}

/// Work that grows with the square of the number of sections would take minutes here.
#[test]
fn thousands_of_sections_with_one_first_label_are_numbered() {
    for (client, head, start, end) in [
        (Client::Inadyn, "", "provider he.net { hostname = ", " unknown = x }"),
        (Client::Ddclient, "usev4=ifv4, unknown=x\n", "protocol=dyndns2, unknown=x ", ""),
        (
            Client::DdnsGo,
            "dnsconf:\n",
            "  - unknown: x\n    ipv4:\n      enable: true\n      domains:\n        - ",
            "\n    dns:\n      name: desec\n      secret: x",
        ),
    ] {
        let mut text = head.to_owned();
        for number in 1..=4000 {
            text.push_str(&format!("{start}www.e{number}.example{end}\n"));
        }
        let import = client.import(&text);
        assert_eq!(import.uci.matches("config service 'www_").count(), 3999);
        assert!(import.uci.contains("config service 'www_4000'\n"));
    }
}

#[test]
fn an_option_of_ddclient_3_for_ipv6_makes_an_aaaa_record() {
    for (settings, records) in [
        ("use=if, if=eth0, ipv6=yes", "1"),
        ("ipv6=yes", "1"),
        ("use=if, if=eth0, ipv6=no", "0"),
        ("usev4=ifv4, ifv4=eth0, ipv6=yes", "0"),
        ("usev6=ipv6, ipv6=2001:db8::1", "1"),
    ] {
        let text = format!("{settings}, protocol=dyndns2, login=me, password=x a.example.org");
        assert_eq!(option(Client::Ddclient, &text, "use_ipv6"), records, "{settings}");
        assert_eq!(option(Client::Ddclient, &text, "also_ipv6"), "", "{settings}");
        assert!(!remarks(&Client::Ddclient.import(&text)).contains("lost"), "{settings}");
    }
}

#[test]
fn scalars_of_yaml_are_read_or_reported_and_never_taken_for_a_password() {
    for (written, password) in [
        ("plain", Some("plain")),
        ("p&q*r|s>t # comment", Some("p&q*r|s>t")),
        ("'it''s #1' # comment", Some("it's #1")),
        (r#""a\\b\"c\/d\\n" # comment"#, Some(r#"a\b"c/d\n"#)),
        ("?plain", Some("?plain")),
        ("~", Some("")),
        ("# comment", Some("")),
        ("S3cret\t# comment", None),
        ("|-\n        S3cret", None),
        (">\n        S3cret: x", None),
        ("S3cret\n        more", None),
        ("\n        S3cret", None),
        ("'S3cret\n        more'", None),
        ("'S3cret' more", None),
        (r#""S3cret"#, None),
        (r#""S3cret\""#, None),
        (r#""S3cret\U0001F600""#, None),
        (r#""S3cret\n""#, None),
        ("&anchor S3cret", None),
        ("*S3cret", None),
        ("!!str S3cret", None),
        ("[S3cret]", None),
        ("{S3cret: x}", None),
    ] {
        let text = file_with(Client::DdnsGo, written);
        assert_eq!(option(Client::DdnsGo, &text, "password"), password.unwrap_or(""), "{written}");
        let enabled = if password.is_some() { "1" } else { "0" };
        assert_eq!(option(Client::DdnsGo, &text, "enabled"), enabled, "{written}");
        let told = remarks(&Client::DdnsGo.import(&text));
        assert_eq!(
            told.contains(" lost this value is not taken over"),
            password.is_none(),
            "{written}: {told}"
        );
    }
}

#[test]
fn a_name_in_a_form_that_is_not_read_is_no_name() {
    for written in
        ["*anchor", "&a b.example.org", "|-\n            b.example.org", "[b.example.org]"]
    {
        let text = file_with(Client::DdnsGo, "x")
            .replace("- a.example.org", &format!("- a.example.org\n        - {written}"));
        assert_eq!(option(Client::DdnsGo, &text, "domain"), "a.example.org", "{written}");
        assert_eq!(option(Client::DdnsGo, &text, "enabled"), "0", "{written}");
        let only = file_with(Client::DdnsGo, "x").replace("a.example.org", written);
        let import = Client::DdnsGo.import(&only);
        assert_eq!(import.uci, "", "{written}");
        assert!(remarks(&import).contains("5 lost this value is not taken over"), "{written}");
    }
}

#[test]
fn characters_that_no_terminal_shows_are_reported_and_left_out() {
    let text = "provider he.net { hostname = a.example.org password = \"a\u{1b}b\u{a0}c\nd\" }";
    assert_eq!(option(Client::Inadyn, text, "password"), "abc\nd");
    let told = remarks(&Client::Inadyn.import(text));
    assert!(told.contains("1 lost a character that cannot be shown is left out\n"), "{told}");
}

#[test]
fn words_of_inadyn_end_where_libconfuse_ends_them() {
    for (written, password) in [
        ("abc#def", "abc"),
        ("\"abc#d\\\"ef\"", "abc#d\"ef"),
        ("'ab\\c\\'d'", "ab\\c'd"),
        ("${PASSWORD}", "${PASSWORD}"),
    ] {
        let text = format!(
            "provider dyn.com {{\n hostname += {{ a.example.org }}\n password = {written}\n}}"
        );
        assert_eq!(option(Client::Inadyn, &text, "password"), password, "{written}");
        assert_eq!(option(Client::Inadyn, &text, "domain"), "a.example.org", "{written}");
        let told = remarks(&Client::Inadyn.import(&text));
        assert_eq!(
            told.contains("1 lost an environment variable"),
            written.starts_with('$'),
            "{told}"
        );
    }
}

/// A file of `client` with this password, in the client's own spelling or, with bad luck, in none.
fn file_with(client: Client, password: &str) -> String {
    match client {
        Client::Inadyn => format!(
            "provider dyndns.org {{\n username = me\n password = {password}\n hostname = a.example.org\n}}\n"
        ),
        Client::Ddclient => {
            format!("protocol=dyndns2\nlogin=me, password={password} \\\na.example.org\n")
        }
        Client::DdnsGo => format!(
            "dnsconf:\n  - ipv4:\n      enable: true\n      domains:\n        - a.example.org\n    dns:\n      \
             name: dyn.com\n      id: me\n      secret: {password}\n"
        ),
    }
}

fn client() -> impl Strategy<Value = Client> {
    prop::sample::select(CLIENTS.map(|(_, client)| client).to_vec())
}

proptest! {
    #[test]
    fn what_is_printed_is_always_uci(
        client in client(),
        cuts in proptest::collection::vec((0..3_usize, 0..3000_usize, 0..300_usize), 0..5),
        other in "[ -~\n\u{a0}\u{1b}äß]{0,40}",
    ) {
        let mut text = String::new();
        for (file, start, length) in cuts {
            let part: String = FILES[file].1.chars().skip(start).take(length).collect();
            text.push_str(&part);
            text.push_str(&other);
        }
        let _ = Client::of(&text);
        let (document, mistakes) = uci::parse(client.import(&text).uci.as_bytes());
        prop_assert!(mistakes.is_empty(), "{mistakes:?}");
        prop_assert!(document.sections.iter().all(|section| section.readable));
    }

    #[test]
    fn a_password_is_in_no_remark(
        client in client(),
        words in proptest::collection::vec("S3cret[A-Za-z0-9]{4,8}", 1..4),
        between in "[ =,{}()'\"#:\\\\]{1,3}",
        quote in prop::sample::select(vec!["", "'", "\""]),
    ) {
        let password = format!("{quote}{}{quote}", words.join(&between));
        let told = remarks(&client.import(&file_with(client, &password)));
        prop_assert!(!told.contains("S3cret"), "{told}");
    }
}
