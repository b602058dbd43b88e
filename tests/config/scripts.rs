#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use ddns_netlink::config::check::{self, Checked};
use ddns_netlink::config::{Section, Severity};
use ddns_netlink::model::RecordOptions;
use ddns_netlink::provider::{Mechanism, Script};

use crate::sandbox::Sandbox;

fn load(lines: &str) -> Checked {
    let file =
        format!("config service 's'\noption enabled 1\noption domain a.example.com\n{lines}\n");
    check::load("ddns", file.as_bytes(), &Sandbox)
}

fn section(lines: &str) -> Section {
    let checked = load(lines);
    assert_eq!(checked.mistakes, [], "{lines}");
    checked.config.sections.into_iter().next().unwrap()
}

fn script(lines: &str) -> Script {
    section(lines).provider.script().unwrap().clone()
}

fn complaints(lines: &str) -> Vec<(Severity, String)> {
    load(lines).mistakes.into_iter().map(|mistake| (mistake.severity, mistake.text)).collect()
}

fn value<'s>(script: &'s Script, name: &str) -> Option<&'s str> {
    let mut found = script.options.iter().filter(|(option, _)| option == name);
    let value = found.next().map(|(_, value)| value.expose());
    assert!(found.next().is_none(), "{name}");
    value
}

const OWN: &str = "option update_script /usr/lib/ddns/mine.sh\n";

#[test]
fn the_script_comes_from_update_script_or_the_definition() {
    let mine = Path::new("/usr/lib/ddns/mine.sh");
    assert_eq!(script(OWN).file, mine);
    assert_eq!(script("option service_name own-script.example").file, mine);
    assert_eq!(script("option service_name own-script.example\noption use_ipv6 both").file, mine);
    assert_eq!(script("option service_name mixed.example").file, mine);
    let six = section("option service_name mixed.example\noption use_ipv6 1");
    assert!(matches!(six.provider.mechanism, Mechanism::Url(_)));
    // With a provider's name, update_script has no effect.
    let named = load(&format!("{OWN}option service_name own-script.example")).config.sections;
    assert_eq!(named[0].provider.account.label, "own-script.example");
}

#[test]
fn mistakes_with_scripts_are_reported() {
    let error = |lines: &str| match &complaints(lines)[..] {
        [(Severity::Error, text)] => text.clone(),
        other => panic!("{lines}: {other:?}"),
    };
    for (lines, expected) in [
        (
            "option update_script mine.sh",
            "option 'update_script': \"mine.sh\" does not begin with '/'",
        ),
        ("option update_script /none.sh", "option 'update_script': \"/none.sh\" is not a file"),
        (
            "option update_script /etc/ssl/certs",
            "option 'update_script': \"/etc/ssl/certs\" is not a file",
        ),
        (
            "option service_name path.example",
            "option 'service_name': the definition 'path.example': \"../mine.sh\" cannot be the name of a script",
        ),
        (
            "option service_name mixed.example\noption use_ipv6 both",
            "section 's': the definition 'mixed.example' updates IPv4 and IPv6 in different ways; make a section for each",
        ),
    ] {
        assert_eq!(error(lines), expected);
    }
    assert!(
        error("option service_name script.example").contains("update_x.sh, which does not exist")
    );
    let warned = complaints("option update_script /usr/lib/ddns/update_y.sh");
    let text = "option 'update_script': anybody can change it";
    assert_eq!(warned, [(Severity::Warning, text.to_owned())]);
    let both = complaints(&format!("{OWN}option update_url http://h.example/[PASSWORD]"));
    let text = "option 'update_url': not used, because 'update_script' is set";
    assert_eq!(both, [(Severity::Warning, text.to_owned())]);
}

#[test]
fn a_script_gets_every_option_of_its_section() {
    let lines = format!(
        "{OWN}option mine 'x y'\nlist several a\nlist several b\noption use_https yes\n\
         option ttl auto\noption zone_id 'Z'\noption password s3cret\noption empty ''"
    );
    let section = section(&lines);
    assert_eq!(section.record, RecordOptions::default());
    let script = section.provider.script().unwrap();
    for (name, expected) in [
        ("mine", Some("x y")),
        ("several", Some("a b")),
        ("use_https", Some("1")),
        ("use_logfile", Some("1")),
        ("force_ipversion", Some("0")),
        ("ttl", Some("auto")),
        ("zone_id", Some("Z")),
        ("domain", Some("a.example.com")),
        ("password", Some("s3cret")),
        ("absent", None),
    ] {
        assert_eq!(value(script, name), expected, "{name}");
    }
    assert!(!format!("{section:?}").contains("s3cret"));
    let slip = complaints(&format!("{OWN}option passwrd x"));
    let text = "option 'passwrd' is not known; is it 'password'?";
    assert_eq!(slip, [(Severity::Warning, text.to_owned())]);
}

#[test]
fn two_sections_may_update_one_record_with_different_scripts() {
    let two = |script: &str| {
        let one = |name: &str, script: &str| {
            format!(
                "config service {name}\noption enabled 1\noption domain a.example.com\n\
                 option update_script {script}\n"
            )
        };
        let file = one("s", "/usr/lib/ddns/mine.sh") + &one("t", script);
        check::load("ddns", file.as_bytes(), &Sandbox).mistakes.len()
    };
    assert_eq!(two("/usr/lib/ddns/mine.sh"), 1);
    // The only warning is that anybody can change that script.
    assert_eq!(two("/usr/lib/ddns/update_y.sh"), 1);
}

#[test]
fn without_the_script_of_a_definition_the_built_in_provider_is_used() {
    let warnings =
        complaints("option service_name servercow.de\noption username www\noption password x");
    let text = "option 'service_name': your definition 'servercow.de' is ignored: its script \
                \"update_servercow_de.sh\" is missing; the built-in one is used";
    assert_eq!(warnings, [(Severity::Warning, text.to_owned())]);
    let known = load("option service_name servercow.de\noption username www\noption password x");
    assert!(matches!(known.config.sections[0].provider.mechanism, Mechanism::Api(_)));
}
