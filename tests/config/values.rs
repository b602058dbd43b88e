use ddns_netlink::config::check::{self, Checked};
use ddns_netlink::config::options::{OPTIONS, OptionOrigin, SectionKind};
use ddns_netlink::config::{RefreshPolicy, Section, Source};
use ddns_netlink::dns::Protocol;
use ddns_netlink::model::{Family, HostPort, Proxy, Trust, Url};
use ddns_netlink::provider::{Mechanism, Urls};
use ddns_netlink::time::Duration;
use proptest::prelude::*;

use crate::sandbox::Sandbox;

/// The options of the shortest section without mistakes.
const PLAIN: &str = "option service_name v4.example\noption domain a.example.com\n";

fn load(lines: &str) -> Checked {
    let file = format!("config service 's'\noption enabled 1\n{lines}\n");
    check::load("ddns", file.as_bytes(), &Sandbox)
}

/// The section with these options, which must have no mistakes.
fn section(lines: &str) -> Section {
    let checked = load(lines);
    assert_eq!(checked.mistakes, [], "{lines}");
    checked.config.sections.into_iter().next().unwrap()
}

fn with(lines: &str) -> Section {
    section(&format!("{PLAIN}{lines}"))
}

fn complaint(lines: &str) -> String {
    let checked = load(lines);
    let [mistake] = &checked.mistakes[..] else {
        panic!("{lines}: {:?}", checked.mistakes);
    };
    mistake.text.clone()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn an_option_set_to_its_default_changes_nothing() {
    for option in OPTIONS.iter().filter(|option| option.default.is_some()) {
        let line = format!("option {} '{}'\n", option.name, option.default.unwrap());
        let (global, service) = match option.kind {
            SectionKind::Global => (line.as_str(), ""),
            SectionKind::Service if option.name == "enabled" => continue,
            SectionKind::Service => ("", line.as_str()),
        };
        for source in ["network", "web", "interface", "gateway"] {
            let file = |global: &str, service: &str| {
                let file = format!(
                    "config ddns global\n{global}\nconfig service s\noption enabled 1\n{PLAIN}\
                     option ip_source {source}\n{service}"
                );
                check::load("ddns", file.as_bytes(), &Sandbox)
            };
            // An option of another source, or of several lines, causes a warning.
            if option.name == "ip_source" && source != "network"
                || ["failover_after", "failback_after", "mwan3"].contains(&option.name)
                || option.name == "ip_interface" && source != "interface"
            {
                continue;
            }
            let (without, explicit) = (file("", ""), file(global, service));
            assert_eq!(explicit.mistakes, [], "{line}");
            let mut explicit = explicit.config;
            for section in &mut explicit.sections {
                section.line = without.config.sections[0].line;
            }
            assert_eq!(explicit, without.config, "{line}");
        }
    }
}

#[test]
fn names_come_from_domain_or_lookup_host() {
    let names = |lines: &str| -> Vec<String> {
        let section = section(&format!("option service_name v4.example\n{lines}"));
        section.names.iter().map(ToString::to_string).collect()
    };
    assert_eq!(names("list domain b\nlist domain A\nlist domain B"), ["b", "a"]);
    assert_eq!(names("option lookup_host c.d"), ["c.d"]);
    assert_eq!(names("option lookup_host c.d\noption domain e"), ["e"]);
    let several = "option service_name v4.example\noption domain 'a,b c'";
    assert!(complaint(several).contains("several names"));
    assert_eq!(load(several).config.sections[0].names.len(), 3);
}

#[test]
fn a_name_with_letters_beyond_ascii_does_not_stop_the_others() {
    for (lines, names, mistakes) in [
        (
            "list domain b.example\nlist domain München.example",
            vec!["b.example", "xn--mnchen-3ya.example"],
            vec![
                "Warning ddns:5: option 'domain': \"München.example\" is used in its DNS form: \
                 xn--mnchen-3ya.example",
            ],
        ),
        (
            "list domain b.example\nlist domain a\u{308}.example",
            vec!["b.example"],
            vec![
                "Warning ddns:5: option 'domain': \"a\u{308}.example\": '\u{308}' cannot be part of a \
                 name; the name is left out",
            ],
        ),
        (
            "list domain a\u{308}.example",
            vec![],
            vec![
                "Error ddns:4: option 'domain': \"a\u{308}.example\": '\u{308}' cannot be part of a name",
            ],
        ),
    ] {
        let checked = load(&format!("option service_name v4.example\n{lines}"));
        let shown: Vec<_> =
            checked.mistakes.iter().map(|it| format!("{:?} {it}", it.severity)).collect();
        assert_eq!(shown, mistakes, "{lines}");
        let used = checked.config.sections.iter().flat_map(|section| &section.names);
        assert_eq!(used.map(ToString::to_string).collect::<Vec<_>>(), names, "{lines}");
    }
}

#[test]
fn the_looked_up_host_and_its_server_are_read() {
    let host =
        |lines: &str| section(&format!("option service_name v4.example\n{lines}")).lookup.host;
    assert_eq!(host("list domain a.b\nlist domain c.d"), "a.b");
    assert_eq!(host("option domain a@b.c"), "a.b.c");
    assert_eq!(host("option domain @b.c"), "b.c");
    assert_eq!(host("option domain a.b\noption lookup_host x@y.z"), "x.y.z");
    for server in
        ["192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:53", "ns.example:53"]
    {
        let section = with(&format!("option dns_server '{server}'\noption is_glue 1"));
        assert_eq!(section.lookup.server.unwrap().to_string(), server);
        assert_eq!((section.lookup.glue, section.lookup.protocol), (true, Protocol::Udp));
    }
    for server in ["ns.example:dns", "ns.example:0", "a:b:c", "ns example", "[ns"] {
        complaint(&format!("{PLAIN}option dns_server '{server}'"));
    }
}

#[test]
fn families_come_from_use_ipv6_and_also_ipv6() {
    let families = |value: &str| {
        let url = "option update_url http://a.example/\noption domain a\n";
        section(&format!("{url}option use_ipv6 '{value}'")).families
    };
    assert_eq!(families(""), [Family::V4]);
    assert_eq!(families("true"), [Family::V6]);
    let both = [Family::V4, Family::V6];
    assert_eq!(families("both"), both);
    // also_ipv6 adds the other family to every value of use_ipv6.
    for value in ["", "0", "1", "no", "yes", "both"] {
        assert_eq!(families(&format!("{value}'\noption also_ipv6 '1")), both, "{value}");
    }
    assert_eq!(families("1'\noption also_ipv6 '0"), [Family::V6]);
    let url = "option update_url http://a.example/\noption domain a\n";
    let text = complaint(&format!("{url}option also_ipv6 '6in4'"));
    assert_eq!(text, "option 'also_ipv6': \"6in4\" is neither 1 nor 0");
}

/// LuCI saves a list of names as one value with spaces.
#[test]
fn a_list_of_names_as_luci_saves_it_causes_no_warning() {
    let listed = section(
        "option update_url http://a.example/\nlist domain a.example.com\nlist domain b.example.com",
    );
    let saved =
        section("option update_url http://a.example/\noption domain 'a.example.com b.example.com'");
    assert_eq!(saved.names, listed.names);
}

#[test]
fn the_source_comes_from_ip_source_and_its_option() {
    let network = |v4: &str, v6: &str| Source::Network { v4: v4.into(), v6: v6.into() };
    let url = |text| Url::parse(text).unwrap();
    let web = |v4, v6| Source::Web { v4: url(v4), v6: url(v6) };
    for (lines, expected) in [
        ("", network("wan", "wan6")),
        ("option ip_network lan", network("lan", "lan")),
        ("option ip_source interface", Source::Device("eth1".into())),
        ("option ip_source interface\noption ip_interface br-lan", Source::Device("br-lan".into())),
        ("option ip_source interface\noption ip_interface @wan_6", network("wan_6", "wan_6")),
        ("option ip_source web", web("http://checkip.dyndns.com", "http://checkipv6.dyndns.com")),
        ("option ip_source web\noption ip_url https://x/", web("https://x/", "https://x/")),
        (
            "option ip_source script\noption ip_script '/bin/address \"a b\"'",
            Source::Script("/bin/address \"a b\"".into()),
        ),
        ("option ip_source gateway", Source::Gateway { stun: None, page: None }),
        (
            "option ip_source gateway\noption stun_server Stun.example:3479\noption ip_url https://x/",
            Source::Gateway {
                stun: Some(HostPort::parse("stun.example:3479").unwrap()),
                page: Some(url("https://x/")),
            },
        ),
    ] {
        assert_eq!(with(lines).source, expected, "{lines}");
    }
}

#[test]
fn the_script_that_ip_script_gives_to_a_shell_must_be_there() {
    let mistakes = |command: &str| -> Vec<String> {
        let lines = format!("{PLAIN}option ip_source script\noption ip_script {command}");
        let checked = load(&lines);
        checked.mistakes.iter().map(|mistake| mistake.text.clone()).collect()
    };
    for command in [
        "'/bin/ash /usr/lib/ddns/none.sh'",
        "'/bin/ash -eu /usr/lib/ddns/none.sh 4'",
        "'  /bin/ash \"/usr/lib/ddns/none.sh\"'",
        "'\"/bin/ash\"  /usr/lib/ddns/none.sh | tail -1'",
    ] {
        let text = "option 'ip_script': \"/usr/lib/ddns/none.sh\" is not a file";
        assert_eq!(mistakes(command), [text], "{command}");
    }
    for command in ["'/bin/ash x.sh'", "'/bin/ash ./x.sh'"] {
        let [text] = &mistakes(command)[..] else { panic!("{command}") };
        assert!(text.contains("x.sh\" is not an absolute path"), "{text}");
    }
    assert_eq!(
        mistakes("'/bin/ash /usr/lib/ddns/update_y.sh'"),
        ["option 'ip_script': anybody can change it"]
    );
    for command in [
        "'/bin/ash /usr/lib/ddns/mine.sh'",
        "'/bin/ash -e /usr/lib/ddns/mine.sh a b'",
        "'/bin/ash -c \"echo 192.0.2.1\"'",
        "'/bin/ash -o pipefail /x'",
        "'/bin/ash $HOME/x.sh'",
        "'/bin/ash'",
        "'/bin/address /none.sh'",
    ] {
        assert_eq!(mistakes(command), [""; 0], "{command}");
    }
}

#[test]
fn an_ip_script_must_be_a_program() {
    for command in ["' '", "/bin/sh", "\"'' -x\""] {
        let lines = format!("{PLAIN}option ip_source script\noption ip_script {command}");
        assert!(complaint(&lines).ends_with("is not a program that can be run"), "{command}");
    }
}

#[test]
fn the_check_interval_has_a_unit_and_a_minimum() {
    for (lines, expected) in [
        ("", 600),
        ("option check_unit hours", 600),
        ("option check_interval 1\noption check_unit hours", 3600),
        ("option check_interval 4", 300),
        ("option check_interval 60\noption check_unit seconds", 300),
        ("option check_interval 60\noption check_unit seconds\noption check_interval_min 60", 60),
        ("option check_interval 60\noption check_unit seconds\noption check_interval_min 90", 90),
        ("option check_interval 1\noption check_unit seconds\noption check_interval_min 1", 5),
        ("option check_interval 2\noption check_interval_min 1", 120),
        ("option check_interval 0\noption check_interval_min 0", 5),
    ] {
        assert_eq!(with(lines).timing.check, seconds(expected), "{lines}");
    }
}

#[test]
fn the_force_interval_has_a_unit_and_long_ones_mean_never() {
    let hours = |hours: u64| RefreshPolicy::Every(seconds(3600 * hours));
    for (lines, expected) in [
        ("", hours(72)),
        ("option force_unit hours", hours(72)),
        ("option force_unit days", hours(72 * 24)),
        ("option force_interval 3650\noption force_unit days", RefreshPolicy::Never),
        ("option force_interval 87600", RefreshPolicy::Never),
        ("option force_interval 87599", hours(87599)),
        ("option force_interval 2\noption force_unit days", hours(48)),
        ("option force_interval 0", RefreshPolicy::Never),
        ("option force_interval never\noption force_unit days", RefreshPolicy::Never),
        ("option force_interval 1\noption force_unit minutes", RefreshPolicy::Every(seconds(60))),
        (
            "option force_interval 1\noption force_unit minutes\noption ip_source web",
            RefreshPolicy::Every(seconds(600)),
        ),
    ] {
        assert_eq!(with(lines).timing.force, expected, "{lines}");
    }
}

#[test]
fn retry_interval_and_count_are_read() {
    let timing = with("option retry_unit hours").timing;
    assert_eq!((timing.retry, timing.retry_max), (seconds(60), 0));
    let timing =
        with("option retry_unit minutes\noption retry_interval 3\noption retry_count 4").timing;
    assert_eq!((timing.retry, timing.retry_max), (seconds(180), 4));
    let timing = with("option retry_max_count 5\noption retry_count 4").timing;
    assert_eq!(timing.retry_max, 5);
}

#[test]
fn min_interval_defaults_to_the_limit_of_the_provider() {
    let pace = |lines: &str| {
        let lines = format!("option domain a\noption username u\noption password p\n{lines}");
        section(&lines).timing.min_interval
    };
    assert_eq!(pace("option service_name v4.example"), seconds(60));
    assert_eq!(pace("option update_url http://a/"), seconds(60));
    assert_eq!(pace("option service_name he.net"), seconds(300));
    assert_eq!(pace("option service_name afraid.org-keyauth"), seconds(300));
    assert_eq!(pace("option service_name easydns.com"), seconds(600));
    assert_eq!(
        pace("option service_name namecheap.com"),
        seconds(300),
        "also with an own definition"
    );
    assert_eq!(pace("option service_name he.net\noption min_interval 0"), seconds(0));
    for (url, expected) in [
        ("http://dynamicdns.park-your-domain.com/update?host=@&domain=[DOMAIN]&ip=[IP]", 300),
        ("https://[USERNAME]:[PASSWORD]@dynamicdns.park-your-domain.com/update?ip=[IP]", 300),
        ("https://api.cp.zoneedit.com/dyn/generic.php?hostname=[DOMAIN]&myip=[IP]", 600),
        ("https://www.dy.fi/nic/update?hostname=[DOMAIN]", 300),
        ("https://www.duckdns.org/update?domains=[SUB]&token=[PASSWORD]&ip=[IP]", 60),
        ("http://api.cp.zoneedit.com.example.net/dyn/generic.php?myip=[IP]", 60),
        ("http://example.net/?at=dynamicdns.park-your-domain.com/update&ip=[IP]", 60),
    ] {
        let url = format!("option update_url '{url}'");
        assert_eq!(pace(&url), seconds(expected), "{url}");
        assert_eq!(pace(&format!("{url}\noption min_interval 7")), seconds(7), "{url}");
    }
}

#[test]
fn remove_after_needs_a_provider_and_a_source_that_allow_it() {
    let read = |lines: &str| {
        let lines = format!("option domain a.example.com\noption password p\n{lines}");
        let checked = load(&lines);
        let warnings: Vec<String> = checked.mistakes.iter().map(ToString::to_string).collect();
        (checked.config.sections[0].timing.remove_after, warnings)
    };
    for lines in [
        "option service_name cloudflare",
        "option service_name desec.io\noption username a.example.com\noption use_ipv6 both",
        "option service_name nsupdate.info\noption username a.example.com",
        "option service_name cloudflare\noption ip_source interface\noption ip_interface eth2",
    ] {
        let (after, warnings) = read(&format!("{lines}\noption remove_after 600"));
        assert_eq!((after, warnings), (Some(seconds(600)), vec![]), "{lines}");
        assert_eq!(read(lines).0, None);
    }
    for (lines, why) in [
        ("option update_url http://a/[IP]", "custom cannot remove records"),
        ("option service_name he.net", "he.net cannot remove records"),
        (
            "option service_name cloudflare\noption ip_source web",
            "does not prove that the address is gone",
        ),
        ("option service_name cloudflare\noption record_id 7", "removed loses its id"),
    ] {
        let (after, warnings) = read(&format!("{lines}\noption remove_after 600"));
        assert_eq!(after, None, "{lines}");
        let mistake = "option 'remove_after': is not used: ";
        assert!(
            warnings.iter().any(|text| text.contains(mistake) && text.contains(why)),
            "{warnings:?}"
        );
    }
    let after =
        |value: &str| read(&format!("option service_name cloudflare\noption remove_after {value}"));
    for none in ["0", "-1"] {
        let (after, warnings) = after(none);
        assert!(
            after.is_none() && warnings[0].ends_with("the minimum is 1; the default applies"),
            "{warnings:?}"
        );
    }
    assert_eq!(after("999999999").0, Some(seconds(3650 * 24 * 3600)));
    for bad in ["x", "10m"] {
        let lines = format!(
            "option domain a\noption service_name cloudflare\noption password p\noption remove_after {bad}"
        );
        assert!(
            load(&lines).errors().any(|error| error.to_string().contains("remove_after")),
            "{bad}"
        );
    }
}

#[test]
fn a_record_of_two_sections_is_removed_by_neither() {
    let service = |name: &str, domains: &str| {
        let domains: String =
            domains.split(' ').map(|label| format!("list domain {label}.example.com\n")).collect();
        format!(
            "config service '{name}'\noption enabled 1\n{domains}option service_name cloudflare\n\
             option password p\noption remove_after 600\n"
        )
    };
    let file = [service("wan", "a b"), service("lte", "b"), service("alone", "c")].concat();
    let checked = check::load("ddns", file.as_bytes(), &Sandbox);
    let after = |index: usize| checked.config.sections[index].timing.remove_after;
    assert_eq!([after(0), after(1), after(2)], [None, None, Some(seconds(600))]);
    let warnings: Vec<String> = checked.mistakes.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].ends_with("as 'wan' does; neither removes it (option 'remove_after')"));
    // The same with another spelling of provider and name.
    let other = service("lte", "b")
        .replace("cloudflare", "cloudflare.com-v4")
        .replace("b.example.com", "b@example.com");
    let checked = check::load("ddns", [service("wan", "b"), other].concat().as_bytes(), &Sandbox);
    let after: Vec<_> =
        checked.config.sections.iter().map(|section| section.timing.remove_after).collect();
    assert_eq!(after, [None, None], "{:?}", checked.mistakes);
}

#[test]
fn sections_share_a_name_if_both_say_so_and_the_provider_can() {
    let service = |name: &str, lines: &str| {
        format!(
            "config service '{name}'\noption enabled 1\noption domain a.example.com\n\
             option password p\noption remove_after 600\n{lines}\n"
        )
    };
    let cloudflare = "option service_name cloudflare\n";
    let sharing = [cloudflare, "option share 1"].concat();
    let load_both = |first: &str, second: &str| {
        let file = [service("wan", first), service("lte", second)].concat();
        let checked = check::load("ddns", file.as_bytes(), &Sandbox);
        let removes =
            checked.config.sections.iter().all(|section| section.timing.remove_after.is_some());
        let mistakes: Vec<String> = checked.mistakes.iter().map(ToString::to_string).collect();
        (removes, mistakes)
    };
    assert_eq!(load_both(&sharing, &sharing), (true, vec![]));
    for (first, second) in [(cloudflare, &*sharing), (&*sharing, cloudflare)] {
        let (removes, mistakes) = load_both(first, second);
        assert!(!removes);
        assert!(mistakes[0].contains("unless both have option 'share'"), "{mistakes:?}");
    }
    for (lines, what) in [
        (
            "option domain a.example.com\noption update_url http://example.net/?ip=[IP]",
            "an update URL",
        ),
        ("option service_name v4.example\noption domain a.example.com", "an update URL"),
    ] {
        let text = complaint(&[lines, "\noption share 1"].concat());
        assert!(text.contains("option 'share': is not possible with"), "{text}");
        assert!(text.contains(what), "{text}");
    }
}

#[test]
fn the_update_url_is_used_without_a_provider_name() {
    let url = |lines: &str| {
        let section = section(&format!("option domain a\noption password p\n{lines}"));
        section.template(Family::V4).unwrap().url.clone()
    };
    assert_eq!(url("option update_url http://a/"), "http://a/");
    assert_eq!(url("option update_url http://a/\noption use_https 1"), "https://a/");
    for custom in ["-", "custom", ""] {
        let lines = format!("option service_name '{custom}'\noption update_url http://a/");
        assert_eq!(url(&lines), "http://a/", "{custom}");
    }
}

#[test]
fn options_without_effect_cause_warnings() {
    let warnings = |lines: &str| {
        let checked = load(&format!("option domain a.example.com\noption password p\n{lines}"));
        assert_eq!(checked.errors().count(), 0, "{lines}: {:?}", checked.mistakes);
        checked.mistakes.iter().map(|mistake| mistake.text.clone()).collect::<Vec<_>>()
    };
    let named = "option service_name cloudflare\n";
    let url = "option update_url http://a/\n";
    for (lines, text) in [
        (
            format!("{named}{url}"),
            "option 'update_url': has no effect, because 'service_name' is set",
        ),
        (
            format!("{named}option update_script /usr/lib/ddns/mine.sh"),
            "option 'update_script': has no effect, because 'service_name' is set",
        ),
        (
            format!("{url}option proxied 1"),
            "option 'proxied': has no effect: of all providers only 'cloudflare' has such a proxy",
        ),
        (
            "option service_name desec\noption proxied 0".into(),
            "option 'proxied': has no effect: of all providers only 'cloudflare' has such a proxy",
        ),
        (
            format!("{url}option ttl 60"),
            "option 'ttl': has no effect: an update URL cannot say how long a record may be kept",
        ),
        (
            format!("{url}option ip_interface pppoe-wan"),
            "option 'ip_interface': is ignored: it needs ip_source 'interface', and ip_source is 'network'",
        ),
        (
            format!("{url}option ip_url http://b/"),
            "option 'ip_url': is ignored: it needs ip_source 'web' or 'gateway', and ip_source is 'network'",
        ),
        (
            format!("{url}option ip_source network\noption ip_script '/bin/address'"),
            "option 'ip_script': is ignored: it needs ip_source 'script', and ip_source is 'network'",
        ),
        (
            format!("{url}option ip_source web\noption ip_network lan"),
            "option 'ip_network': is ignored: it needs ip_source 'network', and ip_source is 'web'",
        ),
        (
            format!("{url}option upd_privateip 1"),
            "option 'upd_privateip' has no effect here; it belongs to the section 'config ddns'",
        ),
        (format!("{url}option api_token x"), "option 'api_token' is not known; is it 'password'?"),
        (format!("{url}option hostname x"), "option 'hostname' is not known; is it 'domain'?"),
        (format!("{url}option iface x"), "option 'iface' is not known; is it 'ip_interface'?"),
    ] {
        assert_eq!(warnings(&lines), [text], "{lines}");
    }
    assert_eq!(warnings(&format!("{named}option proxied 1\noption ttl 60")), [""; 0]);
}

#[test]
fn for_an_option_in_the_wrong_section_the_right_one_is_named() {
    for option in OPTIONS.iter().filter(|option| option.origin != OptionOrigin::Unused) {
        let name = option.name;
        let (other, place) = match option.kind {
            SectionKind::Global => (SectionKind::Service, "the section 'config ddns'"),
            SectionKind::Service => (SectionKind::Global, "a section 'config service'"),
        };
        if OPTIONS.iter().any(|option| option.kind == other && option.name == name) {
            continue;
        }
        let section = match option.kind {
            SectionKind::Global => {
                format!("config service s\n{PLAIN}option enabled 1\noption {name} 1\n")
            }
            SectionKind::Service => format!("config ddns global\noption {name} 1\n"),
        };
        let own = "option update_script /usr/lib/ddns/mine.sh";
        let script = section.replace("option service_name v4.example", own);
        for text in [section, script] {
            let checked = check::load("ddns", text.as_bytes(), &Sandbox);
            let texts: Vec<_> =
                checked.mistakes.iter().map(|mistake| mistake.text.as_str()).collect();
            let expected = match name {
                "url" => "option 'url' is not known; is it 'update_url'?".to_owned(),
                "user" => "option 'user' is not known; is it 'username'?".to_owned(),
                _ => format!("option '{name}' has no effect here; it belongs to {place}"),
            };
            assert!(texts.contains(&expected.as_str()), "{text}: {texts:?}");
        }
    }
}

#[test]
fn a_misspelt_option_enabled_causes_a_warning() {
    let warnings = |lines: &str| {
        let file = format!("config service s\n{PLAIN}{lines}\n");
        let checked = check::load("ddns", file.as_bytes(), &Sandbox);
        assert_eq!(checked.config.disabled, ["s"]);
        checked.mistakes.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        warnings("option enable 1"),
        ["ddns:4: option 'enable' is not known; is it 'enabled'?"]
    );
    assert_eq!(warnings("option enabld 1").len(), 1);
    assert_eq!(warnings("option enable 1\noption enabled 0"), [""; 0]);
    assert_eq!(warnings("option frobnicate 1"), [""; 0]);
}

#[test]
fn for_old_names_of_global_options_the_new_ones_are_suggested() {
    for (old, new) in [
        ("date_format", "ddns_dateformat"),
        ("log_lines", "ddns_loglines"),
        ("log_dir", "ddns_logdir"),
        ("run_dir", "ddns_rundir"),
        ("allow_local_ip", "upd_privateip"),
    ] {
        let file = format!("config ddns global\noption {old} 1\n");
        let checked = check::load("ddns", file.as_bytes(), &Sandbox);
        let [mistake] = &checked.mistakes[..] else { panic!("{:?}", checked.mistakes) };
        assert_eq!(mistake.text, format!("option '{old}' is not known; is it '{new}'?"));
    }
}

#[test]
fn a_number_out_of_range_causes_only_a_warning() {
    let timing = |lines: &str| {
        let checked = load(&format!("{PLAIN}{lines}"));
        assert_eq!((checked.errors().count(), checked.mistakes.len()), (0, 1), "{lines}");
        let section = checked.config.sections.into_iter().next().unwrap();
        (section.timing, checked.mistakes[0].text.clone())
    };
    for lines in [
        "option force_unit days\noption force_interval 36500",
        "option force_interval 99999",
        "option force_interval 99999999999999999999999",
    ] {
        let (timing, text) = timing(lines);
        assert_eq!(timing.force, RefreshPolicy::Never, "{lines}");
        assert!(text.ends_with("('never' sends an address only when it changes)"), "{text}");
    }
    let interface = "option ip_source interface\noption check_interval 99999999";
    assert!(timing(interface).1.contains("the maximum is 5256000, which is used"));
    for (lines, retry) in
        [("option retry_interval 999999999", 315_360_000), ("option retry_interval -1", 60)]
    {
        assert_eq!(timing(lines).0.retry, seconds(retry), "{lines}");
    }
    assert_eq!(timing("option retry_max_count 4294967296").0.retry_max, u32::MAX);
    assert_eq!(timing("option retry_max_count -1").0.retry_max, 0);
    assert_eq!(timing("option min_interval -5").0.min_interval, seconds(60));
    assert_eq!(timing("option check_interval_min -1\noption ip_source web").0.check, seconds(600));
    for no_number in ["5m", "1e3", "1.5", "0x10", "- 1", "-", "+5"] {
        assert!(
            complaint(&format!("{PLAIN}option check_interval '{no_number}'"))
                .ends_with("is not a whole number")
        );
    }
}

#[test]
fn of_many_mistakes_the_first_are_listed_and_the_rest_counted() {
    let file: String = (0..70)
        .map(|number| format!("config service s{number}\noption enabled 1\n{PLAIN}option retry_interval x\noption foo_bar 1\n"))
        .collect();
    let checked = check::load("ddns", file.as_bytes(), &Sandbox);
    assert_eq!(checked.config.broken.len(), 70);
    assert_eq!((checked.errors().count(), checked.mistakes.len()), (51, 102));
    let texts: Vec<_> = checked.mistakes.iter().map(|mistake| mistake.text.as_str()).collect();
    assert_eq!(texts[50], "20 more mistakes from here on are not listed");
    assert_eq!(texts[101], "20 more warnings from here on are not listed");
}

#[test]
fn a_definition_gives_url_and_answer_of_the_family() {
    let credentials = "option domain a\noption username u\noption password p\n";
    let section =
        section(&format!("{credentials}option service_name stock.example\noption use_ipv6 1"));
    assert_eq!(section.provider.account.label, "stock.example");
    let template = section.template(Family::V6).unwrap();
    assert_eq!(template.answer.as_deref(), Some("good|nochg"));
}

#[test]
fn built_in_providers_rank_below_own_and_above_packaged_definitions() {
    let url = |name: &str, option: &str| {
        let lines = format!("option domain a\noption username u\noption password p\n{option}");
        let section = section(&format!("{lines}\noption service_name {name}"));
        let template = section.template(Family::V4).unwrap();
        (template.url.clone(), template.answer.clone().unwrap_or_default())
    };
    let dyn_com =
        "https://[USERNAME]:[PASSWORD]@members.dyndns.org/v3/update?hostname=[DOMAIN]&myip=[IP4]";
    assert_eq!(url("dyndns.org", "").0, dyn_com);
    assert_eq!(url("dyndns.org", "option use_https 1").0, dyn_com);
    // An own definition without an answer gets the answer of the built-in provider.
    let own = |answer: &str| ("http://own.example/?[DOMAIN]".to_owned(), answer.to_owned());
    assert_eq!(url("namecheap.com", ""), own("<ErrCount>0<"));
    assert_eq!(url("joker.com", ""), own("good|nochg"));
}

#[test]
fn a_url_with_both_placeholders_serves_one_or_both_families() {
    let url = "option domain a\noption update_url 'http://a/?h=[DOMAIN]&ip=[IP4]&ip6=[IP6]'\n";
    let section = section(&format!("{url}option use_ipv6 both"));
    let url_of = |family| section.template(family).unwrap().url.clone();
    assert_eq!(url_of(Family::V4), "http://a/?h=[DOMAIN]&ip=[IP4]");
    assert_eq!(url_of(Family::V6), "http://a/?h=[DOMAIN]&ip6=[IP6]");
    let Mechanism::Url(Urls { both: Some(both), .. }) = &section.provider.mechanism else {
        panic!()
    };
    assert_eq!(both.url, "http://a/?h=[DOMAIN]&ip=[IP4]&ip6=[IP6]");
    let both = "option domain a\noption update_url 'http://a/?[IP]&ip=[IP4]&ip6=[IP6]'";
    assert!(complaint(both).contains("[IP] is ambiguous beside"));
}

#[test]
fn a_url_without_an_address_forces_the_family_of_the_record() {
    let family = |name: &str, ipv6: &str| {
        let lines = "option domain a\noption username u\noption password p\n";
        let lines = format!("{lines}option service_name {name}\noption use_ipv6 {ipv6}");
        section(&lines).transport.family
    };
    assert_eq!(family("mythic-beasts.com-v2", "1"), Some(Family::V6));
    assert_eq!(family("dy.fi", "0"), Some(Family::V4));
    assert_eq!(family("mythic-beasts.com-v2", "both"), None);
    assert_eq!(family("dynu.com", "1"), None);
    let custom = "option domain a\noption use_ipv6 1\noption update_url http://192.0.2.1/hook";
    assert_eq!(section(custom).transport.family, None);
}

#[test]
fn credentials_are_needed_only_if_the_url_uses_them() {
    for (placeholder, option) in [
        ("[USERNAME]", "username"),
        ("[PASSWORD]", "password"),
        ("[PARAMENC]", "param_enc"),
        ("[PARAMOPT]", "param_opt"),
    ] {
        let lines = format!("option domain a\noption update_url 'http://a/?{placeholder}'");
        assert!(complaint(&lines).contains(&format!("'{option}' is needed")), "{option}");
        section(&format!("{lines}\noption {option} x"));
    }
    let slip = "option domain a\noption update_url 'http://a/?[Username]'";
    assert!(complaint(slip).ends_with("is it [USERNAME]?"));
}

#[test]
fn a_list_in_place_of_one_value_is_the_only_mistake_reported() {
    let url = "option domain a\noption update_url 'http://a/?[USERNAME][PASSWORD]'\n";
    for (lines, option) in [
        (format!("{url}option password p\nlist username u\nlist username v"), "username"),
        (format!("{url}option username u\nlist password p\nlist password q"), "password"),
        (
            format!("{url}option username u\nlist password_file /a\nlist password_file /b"),
            "password_file",
        ),
        (
            "option domain a\nlist update_url http://a/\nlist update_url http://b/".into(),
            "update_url",
        ),
        ("option domain a\nlist service_name a\nlist service_name b".into(), "service_name"),
        (
            format!("{PLAIN}option ip_source script\nlist ip_script /a\nlist ip_script /b"),
            "ip_script",
        ),
    ] {
        assert_eq!(complaint(&lines), format!("option '{option}': takes one value, not a list"));
    }
}

#[test]
fn device_names_must_be_names_that_the_kernel_accepts() {
    for (option, source) in [("ip_interface", "interface"), ("bind_network", "network")] {
        let lines =
            |name: &str| format!("{PLAIN}option ip_source {source}\noption {option} '{name}'");
        section(&lines("pppoe-wan_1.200"));
        section(&lines("@a_logical_interface"));
        assert!(complaint(&lines(&"x".repeat(128))).contains("longer than the 127 characters"));
        for bad in ["eth 0", "eth/0", "@"] {
            assert!(complaint(&lines(bad)).ends_with("is not the name of an interface"), "{bad}");
        }
    }
}

#[test]
fn a_bad_url_is_reported_with_its_option() {
    let web = format!("{PLAIN}option ip_source web\n");
    for url in ["http://a:0/", "http://a:65536/", "http://[SUB]/", "http://x.[IP]:80/"] {
        let update = format!("option domain a\noption update_url '{url}'");
        let address = format!("{web}option ip_url '{url}'");
        assert!(complaint(&update).starts_with("option 'update_url': the "), "{url}");
        assert!(complaint(&address).starts_with("option 'ip_url': the "), "{url}");
    }
}

#[test]
fn a_definition_that_cannot_be_used_is_named_in_the_mistake() {
    let text = complaint("option domain a\noption service_name answer.example");
    let start = "option 'service_name': the IPv4 'answer' of the definition 'answer.example' \
                 cannot be used: ";
    assert!(text.starts_with(start), "{text}");
    let text = complaint("option domain a\noption service_name port.example");
    assert!(text.starts_with("option 'service_name': the IPv4 URL of the definition"), "{text}");
    let warned = load("option domain a\noption service_name slip.example");
    assert_eq!((warned.errors().count(), warned.mistakes.len()), (0, 1));
    assert!(warned.mistakes[0].text.ends_with("is it [IP]?"));
}

#[test]
fn the_password_comes_from_the_file_and_param_opt_is_checked() {
    let provider = with("option password_file /etc/secret\noption param_opt 'a&b'").provider;
    assert_eq!(provider.account.password.expose(), "first line");
    assert_eq!(provider.account.param_opt.expose(), "a&b");
    // LuCI saves no section without a password, so a section may have both; the file counts.
    let beside = with("option password 'see the file'\noption password_file /etc/secret").provider;
    assert_eq!(beside.account.password.expose(), "first line");
    for bad in "\"`$!();><{}?|[]*\\'".chars() {
        let value = format!("\"a\\{bad}\"");
        let text = complaint(&format!("{PLAIN}option param_opt {value}"));
        assert!(text.ends_with("is not allowed"), "{text}");
    }
}

#[test]
fn every_secret_can_be_in_a_file_or_a_credential() {
    let all = with(
        "option username_file /etc/secret\noption password_file home.token\n\
         option param_enc_file home.token\noption param_opt 'not this'\n\
         option param_opt_file home.token\noption proxy_file proxy",
    );
    let account = all.provider.account;
    assert_eq!(
        (account.username.as_str(), account.password.expose()),
        ("first line", "from systemd")
    );
    assert_eq!(
        (account.param_enc.expose(), account.param_opt.expose()),
        ("from systemd", "from systemd")
    );
    assert_eq!(all.transport.proxy, Proxy::parse("me:hidden@proxy.example:3128").ok());
    for (value, reason) in [
        ("hunter2", "names no file in $CREDENTIALS_DIRECTORY that can be read"),
        ("../hunter2", "neither begins with '/' nor is the name of a credential"),
    ] {
        for option in ["username", "password", "param_enc", "param_opt", "proxy"] {
            let text = complaint(&format!("{PLAIN}option {option}_file {value}"));
            assert_eq!(text, format!("option '{option}_file': {reason}"));
        }
    }
    let text = complaint(&format!("{PLAIN}option proxy_file home.token"));
    assert!(text.starts_with("option 'proxy_file': "), "{text}");
    assert!(!text.contains("from"), "{text}");
    // A script gets what is in the files.
    let script = section(
        "option domain a.example.com\noption update_script /usr/lib/ddns/mine.sh\n\
         option username_file home.token",
    );
    let options = &script.provider.script().unwrap().options;
    let given = options.iter().filter(|(name, _)| name == "username");
    assert_eq!(given.map(|(_, value)| value.expose()).collect::<Vec<_>>(), ["from systemd"]);
}

#[test]
fn cacert_chooses_the_trusted_certificates() {
    let https = "option update_url https://a/\noption domain a\n";
    let trust = |lines: &str| section(lines).transport.trust;
    assert_eq!(trust(https), Trust::System);
    let file = trust(&format!("{https}option cacert /etc/ssl/ca.pem"));
    assert_eq!(file, Trust::File("/etc/ssl/ca.pem".into()));
    let directory = trust(&format!("{PLAIN}option use_https 1\noption cacert /etc/ssl/certs"));
    assert_eq!(directory, Trust::Directory("/etc/ssl/certs".into()));
    // Also for an http URL, because the provider may redirect to https.
    let plain = with("option cacert /etc/ssl/ca.pem").transport.trust;
    assert_eq!(plain, Trust::File("/etc/ssl/ca.pem".into()));
    let page = "option ip_source web\noption ip_url https://a/\noption cacert /etc/ssl/ca.pem";
    assert_eq!(with(page).transport.trust, Trust::File("/etc/ssl/ca.pem".into()));
    let missing = load(&format!("{https}option cacert /none"));
    assert_eq!(missing.config.sections[0].transport.trust, Trust::System);
    assert!(missing.mistakes[0].text.ends_with("; the system's certificates are used"));
    let key = load(&format!("{https}option cacert /etc/ssl/key.pem"));
    assert_eq!((key.errors().count(), key.mistakes.len()), (0, 1));
    assert!(key.mistakes[0].text.contains("no '-----BEGIN CERTIFICATE-----' in the file"));
    let ignore = load(&format!("{https}option cacert IGNORE"));
    assert_eq!(ignore.config.sections[0].transport.trust, Trust::Nothing);
}

#[test]
fn transport_options_are_read() {
    let plain = with("").transport;
    assert_eq!((plain.device, plain.family), (None, None));
    assert!(plain.proxy.is_none());
    assert!(plain.user_agent.starts_with("ddns-netlink ddns-netlink/Linux-"));
    let lines = "option bind_network @wan\noption force_ipversion 1\noption user_agent 'a\"b'\noption proxy u:p@x:1";
    let set = with(lines).transport;
    assert_eq!((set.device.as_deref(), set.family), (Some("wan"), Some(Family::V4)));
    assert_eq!((set.user_agent.as_str(), set.proxy), ("a b", Proxy::parse("u:p@x:1").ok()));
}

#[test]
fn mistakes_show_no_secret() {
    let lines = "option domain a\noption update_url 'ftp://user:hunter2@a/'\noption proxy 'hunter2@x'\n\
                 option password 'hunter2'\noption password_file hunter2\noption param_opt 'hunter2$'";
    let checked = load(lines);
    assert_eq!(checked.errors().count(), 4);
    for mistake in &checked.mistakes {
        assert!(!mistake.text.contains("hunter2"), "{mistake}");
    }
}

#[test]
fn a_broken_section_leaves_the_others_alone() {
    let file = format!(
        "config service a\noption enabled 1\n{PLAIN}option use_syslog no\n\
         config service b\noption enabled 1\n{PLAIN}config service c\n"
    );
    let config = check::load("ddns", file.as_bytes(), &Sandbox).config;
    assert_eq!(config.sections.len(), 1);
    assert_eq!(config.disabled, ["c"]);
    let why = "ddns:5: option 'use_syslog': \"no\" is not a whole number";
    assert_eq!(config.broken, [("a".into(), why.into())]);
}

#[test]
fn a_huge_file_is_checked() {
    let mut file =
        String::from("config service a\noption enabled 1\noption service_name v4.example\n");
    for number in 0..20_000 {
        file += &format!("list domain n{number}\n");
    }
    for number in 0..4_000 {
        let name = if number % 2 == 0 { "v4.example" } else { "nobody" };
        file += &format!(
            "config service s{number}\noption enabled 1\noption service_name {name}\noption domain a\n"
        );
    }
    let config = check::load("ddns", file.as_bytes(), &Sandbox).config;
    assert_eq!((config.sections.len(), config.broken.len()), (2_001, 2_000));
}

proptest! {
    #[test]
    fn no_value_of_any_option_panics(index in 0..OPTIONS.len(), value in "[^\0]{0,40}") {
        let value = ddns_netlink::config::uci::quote(&value);
        load(&format!("{PLAIN}option {} {value}", OPTIONS[index].name));
    }

    #[test]
    fn no_number_overflows(index in 0..OPTIONS.len(), value in "[0-9]{1,30}", unit in "seconds|days") {
        let units = format!("option check_unit {unit}\noption force_unit {unit}\noption retry_unit {unit}\n");
        load(&format!("{PLAIN}{units}option {} {value}", OPTIONS[index].name));
    }
}

#[test]
fn values_that_ddns_scripts_accepts_cause_only_warnings() {
    let warned = |lines: &str| {
        let checked = load(&format!("{PLAIN}{lines}"));
        assert_eq!(checked.errors().count(), 0, "{lines}");
        assert_eq!(checked.mistakes.len(), 1, "{lines}");
        checked.config.sections.into_iter().next().unwrap()
    };
    assert_eq!(warned("option use_syslog 5").log.syslog, 4);
    assert_eq!(warned("option interface 'wan wan6'").event_network.as_deref(), Some("wan"));
    let three_days = RefreshPolicy::Every(Duration::from_secs(72 * 3600));
    assert_eq!(
        warned("option force_interval -1\noption force_unit minutes").timing.force,
        three_days
    );
    // A unit without an interval applies to the default of 72, as in ddns-scripts and LuCI; but
    // the result is an hour at least.
    let often = |unit| warned(&format!("option force_unit {unit}")).timing.force;
    assert_eq!(often("minutes"), RefreshPolicy::Every(Duration::from_secs(72 * 60)));
    assert_eq!(often("seconds"), RefreshPolicy::Every(Duration::from_secs(3600)));
    let https = warned("option use_https 2");
    assert!(https.template(Family::V4).unwrap().url.starts_with("https:"));
    let page = warned("option ip_source web\noption ip_url ip.example/").source;
    let url = || Url::http("ip.example");
    assert_eq!(page, Source::Web { v4: url(), v6: url() });
    // Blanks around a number cause no warning.
    let spaced = with("option ip_source web\noption check_interval '20 '\noption use_logfile ' 0'");
    assert_eq!(spaced.timing.check, Duration::from_secs(1200));
    assert!(!spaced.log.file);
    let bare = load(
        "option domain a\noption update_url '[USERNAME]:x@a.example/?[IP]'\noption username b",
    );
    assert_eq!(bare.errors().count(), 0);
    let url = &bare.config.sections[0].template(Family::V4).unwrap().url;
    assert_eq!(url, "http://[USERNAME]:x@a.example/?[IP]");
}

#[test]
fn names_that_dns_forbids_are_accepted_only_with_an_update_url() {
    let long = "x".repeat(64);
    for name in ["-a.example.com", "a-.example.com", &long] {
        let url = load(&format!("option domain {name}\noption update_url http://a/?[DOMAIN]"));
        assert_eq!((url.errors().count(), url.mistakes.len()), (0, 1), "{name}");
        let api =
            load(&format!("option domain {name}\noption service_name vultr\noption password x"));
        assert_eq!((api.errors().count(), api.mistakes.len()), (1, 1), "{name}");
    }
}
