//! Every option of ddns-scripts: that it has an effect, and which.

use ddns_netlink::config::check::{self, Checked};
use ddns_netlink::config::definition::Downloads;
use ddns_netlink::config::options::{OPTIONS, OptionOrigin, SectionKind};
use ddns_netlink::config::{Config, Log, Source};
use ddns_netlink::dns::Protocol;

use crate::sandbox::Sandbox;

/// The options of a section without mistakes.
const PLAIN: &str = "option update_url 'http://a/?[USERNAME][PASSWORD]&d=[DOMAIN]&a=[IP]'\n\
                     option domain a.example.com\noption username u\noption password p\n";

fn load(global: &str, service: &str) -> Checked {
    let file = format!(
        "config ddns global\n{global}\nconfig service s\noption enabled 1\n{PLAIN}{service}\n"
    );
    check::load("ddns", file.as_bytes(), &Sandbox)
}

fn sound(global: &str, service: &str) -> Config {
    let checked = load(global, service);
    assert_eq!(checked.mistakes, [], "{global}{service}");
    checked.config
}

/// For each option a value other than the default, and the other options without which it has no
/// effect.
#[rustfmt::skip]
const EXAMPLES: &[(SectionKind, &str, &str, &str)] = &[
    (SectionKind::Global, "ddns_dateformat", "%c", ""),
    (SectionKind::Global, "ddns_logdir", "/tmp/log", ""),
    (SectionKind::Global, "ddns_loglines", "9", ""),
    (SectionKind::Global, "ddns_rundir", "/tmp/run", ""),
    (SectionKind::Global, "upd_privateip", "1", ""),
    (SectionKind::Global, "cacert", "/etc/ssl/ca.pem", ""),
    (SectionKind::Global, "services_url", "http://a/", ""),
    (SectionKind::Global, "url", "http://a/", ""),
    (SectionKind::Service, "enabled", "0", ""),
    (SectionKind::Service, "domain", "b.example.com", ""),
    (SectionKind::Service, "lookup_host", "b.example.com", ""),
    (SectionKind::Service, "use_ipv6", "1", ""),
    (SectionKind::Service, "service_name", "v4.example", ""),
    (SectionKind::Service, "update_url", "http://b/", ""),
    (SectionKind::Service, "username", "v", ""),
    (SectionKind::Service, "password", "q", ""),
    (SectionKind::Service, "param_enc", "x", ""),
    (SectionKind::Service, "param_opt", "x", ""),
    (SectionKind::Service, "ip_source", "web", ""),
    (SectionKind::Service, "ip_network", "lan", ""),
    (SectionKind::Service, "ip_interface", "eth2", "option ip_source interface"),
    (SectionKind::Service, "ip_url", "http://b/", "option ip_source web"),
    (SectionKind::Service, "ip_script", "/bin/address", "option ip_source script"),
    (SectionKind::Service, "stun_server", "b", "option ip_source gateway"),
    (SectionKind::Service, "use_https", "1", ""),
    (SectionKind::Service, "cacert", "/etc/ssl/ca.pem", ""),
    (SectionKind::Service, "bind_network", "lan", ""),
    (SectionKind::Service, "force_ipversion", "1", ""),
    (SectionKind::Service, "proxy", "b:3128", ""),
    (SectionKind::Service, "user_agent", "x", ""),
    (SectionKind::Service, "check_interval", "20", ""),
    (SectionKind::Service, "check_unit", "hours", "option check_interval 20"),
    (SectionKind::Service, "check_interval_min", "1", "option check_interval 1"),
    (SectionKind::Service, "force_interval", "24", ""),
    (SectionKind::Service, "force_unit", "days", "option force_interval 2"),
    (SectionKind::Service, "retry_interval", "30", ""),
    (SectionKind::Service, "retry_unit", "minutes", "option retry_interval 2"),
    (SectionKind::Service, "retry_max_count", "3", ""),
    (SectionKind::Service, "retry_count", "3", ""),
    (SectionKind::Service, "use_syslog", "0", ""),
    (SectionKind::Service, "use_logfile", "0", ""),
    (SectionKind::Service, "dns_server", "9.9.9.9", ""),
    (SectionKind::Service, "force_dnstcp", "1", ""),
    (SectionKind::Service, "interface", "lan", ""),
    (SectionKind::Service, "is_glue", "1", ""),
];

/// Options that only some providers read, and `update_script`, which would replace the examples'
/// URL.
const PROVIDER_OPTIONS: &[&str] =
    &["ip_dynamic", "rec_id", "record", "record_id", "update_script", "zone", "zone_id"];

#[test]
fn every_option_of_ddns_scripts_has_an_effect() {
    let general = OPTIONS.iter().filter(|option| !PROVIDER_OPTIONS.contains(&option.name));
    for option in general.filter(|option| option.origin == OptionOrigin::Stock) {
        let example =
            EXAMPLES.iter().find(|(kind, name, ..)| (*kind, *name) == (option.kind, option.name));
        let Some((kind, name, value, others)) = example else {
            panic!("{}: no example", option.name);
        };
        let line = format!("option {name} '{value}'\n");
        let lines = format!("{others}\n{line}");
        let (with, without) = match kind {
            SectionKind::Global => (load(&lines, ""), load(&format!("{others}\n\n"), "")),
            SectionKind::Service => (load("", &lines), load("", others)),
        };
        // With a provider's name there is a warning that the URL of the examples is not used.
        let warnings = usize::from(*name == "service_name");
        assert_eq!((with.errors().count(), with.mistakes.len()), (0, warnings), "{line}");
        assert_ne!(with.config, without.config, "{line}");
    }
}

#[test]
fn unused_options_of_ddns_scripts_cause_no_warning() {
    for option in OPTIONS.iter().filter(|option| option.origin == OptionOrigin::Unused) {
        let value = if option.default == Some("0") { "1" } else { "x" };
        let line = format!("option {} {value}\n", option.name);
        let (global, service) = match option.kind {
            SectionKind::Global => (line.as_str(), ""),
            SectionKind::Service => ("", line.as_str()),
        };
        assert_eq!(load(global, service).errors().count(), 0, "{line}");
        if option.name != "update_script" {
            assert_eq!(load(global, service).mistakes, [], "{line}");
        }
    }
}

#[test]
fn options_of_the_global_section_are_read_and_its_mistakes_stop_no_section() {
    let global = |lines: &str| sound(lines, "").global;
    assert_eq!(global("option ddns_dateformat '%d.%m.%Y'").dateformat, "%d.%m.%Y");
    assert_eq!(global("option ddns_loglines 1").loglines, 1);
    assert_eq!(global("option ddns_loglines ''").loglines, 250);
    assert_eq!(load("option ddns_loglines 0", "").config.global.loglines, 250);
    for yes in ["1", "yes", "true", "on", "enabled"] {
        assert!(global(&format!("option upd_privateip {yes}")).private_addresses, "{yes}");
    }
    let downloads =
        global("option url http://a/\noption services_url http://b/\noption cacert IGNORE");
    assert_eq!(
        downloads.downloads,
        Downloads {
            directory: Some("http://a/".into()),
            base: Some("http://b/".into()),
            cacert: Some("IGNORE".into()),
        }
    );
    for bad in ["ddns_loglines x", "ddns_rundir run", "ddns_logdir ../log", "upd_privateip x"] {
        let checked = load(&format!("option {bad}"), "");
        assert_eq!(checked.mistakes.len(), 1, "{bad}");
        assert_eq!(checked.config.sections.len(), 1, "{bad}");
    }
}

#[test]
fn upd_privateip_allows_private_addresses_in_all_sections() {
    assert!(sound("option upd_privateip 1", "").sections[0].private_addresses);
    assert!(!sound("", "").sections[0].private_addresses);
}

#[test]
fn enabled_takes_every_boolean_of_uci() {
    for (value, on) in
        [("1", true), ("on", true), ("true", true), ("yes", true), ("0", false), ("off", false)]
    {
        let config = sound("", &format!("option enabled {value}"));
        assert_eq!((config.sections.len(), config.disabled.len()), (on.into(), (!on).into()));
    }
}

#[test]
fn the_event_network_comes_from_interface_or_is_wan() {
    let network = |lines: &str| sound("", lines).sections[0].event_network.clone();
    assert_eq!(network("").as_deref(), Some("wan"), "as the hotplug script has it");
    assert_eq!(network("option interface wan6").as_deref(), Some("wan6"));
    assert_eq!(network("option interface @wan").as_deref(), Some("wan"));
    assert_eq!(network("option interface pppoe-wan").as_deref(), Some("pppoe-wan"));
}

#[test]
fn look_up_options_are_read_and_checked() {
    let lookup = |lines: &str| sound("", lines).sections[0].lookup.clone();
    let usual = lookup("");
    assert_eq!((usual.host.as_str(), usual.server), ("a.example.com", None));
    assert_eq!((usual.protocol, usual.glue), (Protocol::Udp, false));
    assert_eq!(lookup("option domain host@b.example").host, "host.b.example");
    assert_eq!(lookup("option domain @b.example").host, "b.example");
    let all = lookup(
        "option lookup_host c.example\noption dns_server 192.0.2.53\noption force_dnstcp 1\n\
         option is_glue 1",
    );
    let server = all.server.as_ref().unwrap().to_string();
    assert_eq!((all.host.as_str(), server.as_str()), ("c.example", "192.0.2.53"));
    assert_eq!((all.protocol, all.glue), (Protocol::Tcp, true));
    let tls = lookup("option dns_server ns.example\noption dns_tls 1\noption force_dnstcp 1");
    assert_eq!(tls.protocol, Protocol::Tls);
    let alone = load("", "option dns_tls 1");
    let error = alone.errors().next().unwrap().text.clone();
    assert!(error.starts_with("option 'dns_tls': needs option 'dns_server'"), "{error}");
    for bad in ["lookup_host 'a b'", "dns_server 'a;b'", "lookup_host 'a$(b)'"] {
        assert_eq!(load("", &format!("option {bad}")).errors().count(), 1, "{bad}");
    }
}

#[test]
fn log_options_set_syslog_level_and_log_file() {
    let log = |lines: &str| sound("", lines).sections[0].log.clone();
    assert_eq!(log(""), Log { syslog: 2, file: true });
    for level in 0..=4 {
        let expected = Log { syslog: level, file: false };
        assert_eq!(log(&format!("option use_syslog {level}\noption use_logfile 0")), expected);
    }
}

#[test]
fn credentials_keep_their_spaces() {
    let provider = sound("", "option username 'me too'\noption param_enc 'a b'").sections.remove(0);
    assert_eq!(provider.provider.account.username, "me too");
    assert_eq!(provider.provider.account.param_enc.expose(), "a b");
    assert_eq!(provider.provider.account.password.expose(), "p");
}

#[test]
fn use_https_changes_the_scheme_and_bad_proxies_are_mistakes() {
    let url = |lines: &str| {
        let section = sound("", lines).sections.remove(0);
        section.template(section.families[0]).unwrap().url.clone()
    };
    assert!(url("").starts_with("http://a/"));
    assert!(url("option use_https 1").starts_with("https://a/"));
    assert!(url("option use_https 1\noption update_url https://b/").starts_with("https://b/"));
    for bad in ["proxy a", "proxy 'a:0'", "proxy '[::1:3128'", "use_https 1\noption cacert /none"] {
        assert_eq!(load("", &format!("option {bad}")).errors().count(), 1, "{bad}");
    }
}

/// The configuration that the package for OpenWrt installs, with two sections that are not enabled.
#[test]
fn the_installed_configuration_of_openwrt_has_no_mistakes() {
    let shipped = include_str!("../../openwrt/files/ddns.config");
    let off = check::load("ddns", shipped.as_bytes(), &Sandbox);
    assert_eq!(off.mistakes, []);
    assert_eq!(off.config.disabled, ["myddns_ipv4", "myddns_ipv6"]);
    let on = shipped.replace("\toption domain", "\toption enabled '1'\n\toption domain");
    let on = check::load("ddns", on.as_bytes(), &Sandbox);
    assert_eq!(on.mistakes, []);
    assert_eq!(on.config.sections.len(), 2);
}

/// The configuration that the package for Debian installs.
#[test]
fn the_installed_configuration_of_debian_names_a_device() {
    let shipped = include_str!("../../systemd/ddns.config");
    let on = shipped.replace("enabled '0'", "enabled '1'");
    for (file, sections) in [(shipped, 0), (&on, 1)] {
        let checked = check::load("ddns", file.as_bytes(), &Sandbox);
        assert_eq!(checked.mistakes, []);
        assert_eq!(checked.config.sections.len(), sections);
    }
    let on = check::load("ddns", on.as_bytes(), &Sandbox);
    assert_eq!(on.config.sections[0].source, Source::Device("eth0".into()));
}

#[test]
fn only_keeps_the_named_sections() {
    let section = |name: &str, lines: &str| {
        format!("config service {name}\noption enabled 1\n{PLAIN}{lines}\n")
    };
    let file = section("a", "") + &section("b", "") + &section("bad", "option use_ipv6 x");
    let file = file + &section("off", "option enabled 0");
    let all = check::load("ddns", file.as_bytes(), &Sandbox);
    let mut narrowed = all.clone();
    narrowed.only(&[]).unwrap();
    assert_eq!(narrowed, all);
    narrowed.only(&["b".into()]).unwrap();
    assert_eq!(narrowed.config.sections[0].name, "b");
    assert_eq!(narrowed.config.sections.len(), 1);
    // The other sections stay known, as disabled ones.
    assert_eq!(narrowed.config.disabled, ["off", "a", "bad"]);
    assert_eq!((narrowed.config.broken.len(), narrowed.errors().count()), (0, 0));
    let mut broken = all.clone();
    broken.only(&["bad".into()]).unwrap();
    assert_eq!((broken.config.broken.len(), broken.errors().count()), (1, 1));
    let refused = |name: &str| all.clone().only(&["a".into(), name.into()]).unwrap_err();
    assert_eq!(refused("off"), "section 'off' is not enabled");
    assert_eq!(refused("nowhere"), "there is no section 'nowhere'");
}
