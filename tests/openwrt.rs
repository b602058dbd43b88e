//! The init script of OpenWrt, under a stand-in for rc.common and procd that writes down what it is
//! told; the list of providers for LuCI; and the packages, made twice from a program that is none.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests"
)]

#[path = "support/skip.rs"]
mod skip;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use ddns_netlink::config::definition;
use ddns_netlink::model::Family;
use ddns_netlink::proto::ubus::object;
use ddns_netlink::provider::Mechanism;
use ddns_netlink::provider::{api, table};
use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A directory that goes away with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("openwrt-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn source(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap()
}

/// What one call of the init script did.
#[derive(Debug)]
struct Did {
    code: i32,
    /// What procd was told, in order.
    procd: Vec<String>,
    /// What the program was called with.
    asked: Vec<String>,
    out: String,
    err: String,
}

/// `/etc/init.d/ddns WORDS`, with the daemon running or not.
fn init(name: &str, running: bool, words: &str) -> Did {
    let scratch = Scratch::new(name);
    let at = |name: &str| scratch.0.join(name);
    let program = at("ddns-netlink");
    let script = source("openwrt/files/ddns.init")
        .replace("PROG=/usr/sbin/ddns-netlink", &format!("PROG={}", program.display()));
    fs::write(at("ddns"), script).unwrap();
    let answer = "[ \"$2\" != nowhere ] || exit 5\n";
    let text = format!("#!/bin/sh\necho \"$*\" >>\"$ASKED\"\necho \"answer to $1\"\n{answer}");
    fs::write(&program, text).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(at("home.pid"), "1\n").unwrap();
    let output = Command::new("sh")
        .arg(Path::new(ROOT).join("tests/openwrt/rc.common"))
        .arg(at("ddns"))
        .args(words.split_whitespace())
        .env("CALLS", at("calls"))
        .env("ASKED", at("asked"))
        .env("RUNNING", if running { "1" } else { "" })
        .env("RUNDIR", &scratch.0)
        .output()
        .unwrap();
    let lines = |name| {
        let text = fs::read_to_string(at(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    };
    Did {
        code: output.status.code().unwrap(),
        procd: lines("calls"),
        asked: lines("asked"),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn has(did: &Did, call: &str) -> bool {
    did.procd.iter().any(|said| said == call)
}

#[test]
fn one_instance_is_described_to_procd() {
    let did = init("start", false, "start");
    assert_eq!((did.code, did.err.as_str()), (0, ""), "{did:?}");
    assert!(did.procd.iter().filter(|call| call.starts_with("open_instance")).count() == 1);
    assert!(did.procd.iter().any(|call| call.ends_with("ddns-netlink run")), "{did:?}");
    for call in [
        "param respawn 3600 5 5",
        "param limits core=0",
        "param file /etc/config/ddns",
        "param reload_signal HUP",
        "param stdout 1",
        "param stderr 1",
        "trigger ddns",
        "service set",
    ] {
        assert!(has(&did, call), "{call}: {did:?}");
    }
    assert!(did.asked.is_empty(), "{did:?}");
    assert!(has(&init("enable", false, "enable"), "enable S95 K10"));
}

#[test]
fn a_changed_configuration_does_not_restart_the_daemon() {
    let did = init("reload", true, "reload");
    assert_eq!(did.procd, ["signal ddns * HUP"], "{did:?}");
    let did = init("reload-stopped", false, "reload");
    assert!(has(&did, "service set"), "{did:?}");
}

#[test]
fn a_section_that_is_started_is_served_and_sent() {
    for verb in ["start", "restart", "reload"] {
        let did = init(&format!("{verb}-section"), true, &format!("{verb} home"));
        assert_eq!(did.asked, ["start home"], "{did:?}");
        assert!(!did.procd.iter().any(|call| call.starts_with("kill")), "{did:?}");
        assert!(has(&did, "service add"), "{did:?}");
    }
    // A daemon that only starts now looks after its sections by itself.
    let did = init("start-cold", false, "start home");
    assert!(did.asked.is_empty() && has(&did, "service add"), "{did:?}");
}

#[test]
fn starting_what_runs_serves_again_what_was_stopped() {
    let did = init("start-again", true, "start");
    assert!(has(&did, "service set") && has(&did, "signal ddns * HUP"), "{did:?}");
    let did = init("start-fresh", false, "start");
    assert!(!did.procd.iter().any(|call| call.starts_with("signal")), "{did:?}");
}

#[test]
fn at_boot_the_daemon_that_an_interface_started_is_not_disturbed() {
    let did = init("boot-again", true, "boot");
    assert!(has(&did, "service set"), "{did:?}");
    assert!(!did.procd.iter().any(|call| call.starts_with("signal")), "{did:?}");
    assert!(has(&init("boot", false, "boot"), "service set"));
}

/// What the hotplug script asks of an init script that is `enabled` and `running` or not.
fn hotplug(name: &str, action: &str, enabled: bool, running: bool) -> String {
    let scratch = Scratch::new(name);
    let (service, asked) = (scratch.0.join("ddns"), scratch.0.join("asked"));
    let text = format!(
        "#!/bin/sh\necho \"$*\" >>{}\ncase $1 in enabled) {enabled} ;; running) {running} ;; esac\n",
        asked.display()
    );
    fs::write(&service, text).unwrap();
    fs::set_permissions(&service, fs::Permissions::from_mode(0o755)).unwrap();
    let script = source("openwrt/files/ddns.hotplug");
    let script = script.replace("/etc/init.d/ddns", &service.display().to_string());
    // hotplug-call sources it.
    fs::write(scratch.0.join("95-ddns"), script).unwrap();
    let output = Command::new("sh")
        .args(["-c", ". \"$0\""])
        .arg(scratch.0.join("95-ddns"))
        .env("ACTION", action)
        .env("INTERFACE", "wan")
        .output()
        .unwrap();
    assert!(output.stderr.is_empty() && output.stdout.is_empty(), "{output:?}");
    fs::read_to_string(asked).unwrap_or_default()
}

#[test]
fn an_interface_that_comes_up_starts_a_service_that_was_stopped_but_not_disabled() {
    let started = |name, action, enabled, running| {
        hotplug(name, action, enabled, running).lines().any(|line| line == "start")
    };
    assert!(started("ifup", "ifup", true, false));
    assert!(!started("ifup-running", "ifup", true, true));
    assert!(!started("ifup-disabled", "ifup", false, false));
    assert!(!started("ifdown", "ifdown", true, false));
    assert_eq!(hotplug("ifupdate", "ifupdate", true, false), "", "nobody is asked");
}

#[test]
fn one_section_or_all_are_stopped() {
    assert_eq!(init("stop", true, "stop").procd, ["kill ddns"]);
    let did = init("stop-section", true, "stop home");
    assert_eq!((did.code, did.asked.as_slice()), (0, &["stop home".to_owned()][..]), "{did:?}");
    assert!(did.procd.is_empty(), "the daemon goes on: {did:?}");
    assert_eq!(init("stop-unknown", true, "stop nowhere").code, 5);
    let did = init("stop-nothing", false, "stop home");
    assert_eq!((did.code, did.asked.len()), (0, 0), "{did:?}");
    let did = init("restart", true, "restart");
    assert_eq!(did.procd.first().map(String::as_str), Some("kill ddns"), "{did:?}");
    assert!(has(&did, "service set") && !has(&did, "signal ddns * HUP"), "{did:?}");
}

#[test]
fn a_section_runs_while_it_has_a_run_file() {
    for (words, running, code) in [
        ("running", true, 0),
        ("running", false, 1),
        ("running home", true, 0),
        ("running home", false, 1),
        ("running off", true, 1),
    ] {
        let did = init(&format!("{}-{running}", words.replace(' ', "-")), running, words);
        assert_eq!(did.code, code, "{words}: {did:?}");
    }
}

#[test]
fn status_update_and_why_ask_the_daemon() {
    for (words, asked) in [
        ("status", "status"),
        ("status home", "why home"),
        ("update", "update"),
        ("update home", "update home"),
        ("why home", "why home"),
    ] {
        let did = init(&words.replace(' ', "-"), true, words);
        assert_eq!((did.code, did.asked.as_slice()), (0, &[asked.to_owned()][..]), "{did:?}");
        assert!(did.out.starts_with("answer to"), "{did:?}");
    }
    let did = init("status-stopped", false, "status");
    assert_eq!((did.code, did.out.as_str()), (3, "not running\n"));
    assert_eq!(init("running", true, "running").code, 0);
    assert_ne!(init("not-running", false, "running").code, 0);
}

fn has_python() -> bool {
    let newer = "import sys; sys.exit(sys.version_info < (3, 11))";
    if Command::new("python3").args(["-c", newer]).status().is_ok_and(|status| status.success()) {
        return true;
    }
    skip::skip("Python 3.11 or newer is not installed");
    false
}

fn providers(argument: &str) -> String {
    let output = Command::new("python3")
        .arg(Path::new(ROOT).join("openwrt/providers.py"))
        .arg(argument)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// LuCI offers every provider that the program knows and that is not gone, by each of its names,
/// for the families that it has, and shows where requests go.
#[test]
fn luci_lists_what_the_program_knows() {
    if !has_python() {
        return;
    }
    let scratch = Scratch::new("providers");
    providers(scratch.0.to_str().unwrap());
    let mut files = 0;
    let mut defined = |name: &str| {
        let json = fs::read_to_string(scratch.0.join(format!("{name}.json")));
        files += 1;
        definition::parse(&json.unwrap_or_else(|error| panic!("{name}: {error}"))).unwrap()
    };
    for row in table::all().filter(|row| row.get("dead").is_none()) {
        let provider = |name: &str| {
            let definition = defined(name);
            for family in [Family::V4, Family::V6] {
                let Mechanism::Url { v4, v6, .. } = row.mechanism() else { panic!("{name}") };
                let url = if family == Family::V4 { v4 } else { v6 };
                let url = url.map(|it| it.url.replace("[IP4]", "[IP]").replace("[IP6]", "[IP]"));
                assert_eq!(definition.block(family).map(|block| block.url.clone()), url, "{name}");
            }
        };
        row.names().for_each(provider);
    }
    for api in api::ALL {
        for name in [api.name].iter().chain(api.aliases) {
            let definition = defined(name);
            for block in [&definition.ipv4, &definition.ipv6] {
                let shown = if api.base.is_empty() { api.title } else { api.base };
                assert_eq!(block.as_ref().unwrap().url, shown, "{name}");
            }
        }
    }
    assert_eq!(fs::read_dir(&scratch.0).unwrap().count(), files);
    let makefile = source("openwrt/Makefile").replace("\\\n    ", "");
    let packages = providers("--packages");
    let line = format!("\nREPLACED:=ddns-scripts {}\n", packages.trim());
    assert!(makefile.contains(&line), "openwrt/Makefile should have{line}");
}

/// Packages of one target, made from a program that is none; `None` without Python 3.11.
fn pack(name: &str) -> Option<Scratch> {
    if !has_python() {
        return None;
    }
    let scratch = Scratch::new(name);
    let triple = "armv5te-unknown-linux-musleabi";
    fs::write(scratch.0.join(format!("ddns-netlink-{triple}")), "no program").unwrap();
    let output = Command::new("python3")
        .arg(Path::new(ROOT).join("openwrt/pack.py"))
        .arg(triple)
        .env("DIST", &scratch.0)
        .env("SOURCE_DATE_EPOCH", "1700000000")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    Some(scratch)
}

/// What `script` prints about the file `$0`.
fn shell(script: &str, file: PathBuf) -> String {
    let output = Command::new("sh").args(["-c", script]).arg(file).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn packages_are_the_same_to_the_byte_each_time() {
    let sums = ["first", "second"].map(|name| {
        let scratch = pack(name)?;
        for arch in ["arm_arm926ej-s", "arm_xscale"] {
            for index in ["Packages.gz", "APKINDEX.tar.gz"] {
                assert!(scratch.0.join("feed").join(arch).join(index).exists(), "{arch} {index}");
            }
        }
        Some(fs::read_to_string(scratch.0.join("SHA256SUMS")).unwrap())
    });
    assert_eq!(sums[0], sums[1]);
    let lines = sums[0].as_ref().map_or(6, |sums| sums.lines().count());
    assert_eq!(lines, 6, "program, two .ipk, two .apk, .deb: {sums:?}");
}

#[test]
fn packages_hold_everything_that_luci_calls_and_reads() {
    let Some(scratch) = pack("contents") else {
        return;
    };
    let version = env!("CARGO_PKG_VERSION");
    let ipk = scratch.0.join(format!("ddns-netlink_{version}-r1_arm_xscale.ipk"));
    let apk = scratch.0.join(format!("ddns-netlink-{version}-r1.arm_xscale.apk"));
    let of_ipk = shell("tar -xzOf \"$0\" ./data.tar.gz | tar -tvz", ipk.clone());
    let of_apk = shell("tar -tvzf \"$0\" 2>/dev/null", apk.clone());
    let makefile = source("openwrt/Makefile");
    for (file, mode) in [
        ("usr/sbin/ddns-netlink", "-rwxr-xr-x"),
        ("usr/bin/ddns -> ../sbin/ddns-netlink", "lrwxrwxrwx"),
        ("usr/lib/ddns/dynamic_dns_lucihelper.sh -> ../../sbin/ddns-netlink", "lrwxrwxrwx"),
        ("usr/lib/ddns/dynamic_dns_updater.sh -> ../../sbin/ddns-netlink", "lrwxrwxrwx"),
        ("etc/init.d/ddns", "-rwxr-xr-x"),
        ("etc/hotplug.d/iface/95-ddns", "-rw-r--r--"),
        ("etc/config/ddns", "-rw-------"),
        ("usr/share/ddns/version", "-rw-r--r--"),
        ("usr/share/ddns/custom/", "drwxr-xr-x"),
        ("usr/share/ddns/default/", "drwxr-xr-x"),
        ("usr/share/rpcd/acl.d/ddns-netlink.json", "-rw-r--r--"),
        ("lib/upgrade/keep.d/ddns-netlink", "-rw-r--r--"),
    ] {
        for (list, prefix) in [(&of_ipk, " ./"), (&of_apk, " ")] {
            let found = list.lines().find(|line| line.ends_with(&format!("{prefix}{file}")));
            assert!(found.is_some_and(|line| line.starts_with(mode)), "{file}: {list}");
        }
        let path = file.split(' ').next().unwrap().trim_end_matches('/');
        assert!(makefile.contains(&format!("$(1)/{path}")), "{path}");
    }
    let shown = shell("tar -xzOf \"$0\" usr/share/ddns/version 2>/dev/null", apk);
    assert_eq!(shown, format!("{version}-1\n"), "LuCI shows it");
    assert!(source("openwrt/files/ddns-netlink.keep").contains("/usr/share/ddns/custom/\n"));
}

#[test]
fn opkg_starts_and_stops_the_service_though_its_list_lacks_files_of_ddns_scripts() {
    let Some(scratch) = pack("scripts") else {
        return;
    };
    let version = env!("CARGO_PKG_VERSION");
    let ipk = scratch.0.join(format!("ddns-netlink_{version}-r1_arm_xscale.ipk"));
    let script = |name: &str| {
        let show = format!("tar -xzOf \"$0\" ./control.tar.gz | tar -xzO ./{name}");
        shell(&format!("{show} | sh -n && {show}"), ipk.clone())
    };
    let postinst = script("postinst");
    let start =
        "/etc/init.d/ddns enabled || {\n\t/etc/init.d/ddns enable\n\t/etc/init.d/ddns start";
    assert!(postinst.contains(start), "{postinst}");
    let prerm = script("prerm");
    for line in [
        "[ \"$PKG_UPGRADE\" = 1 ] || /etc/init.d/ddns disable\n/etc/init.d/ddns stop 2>/dev/null\n",
        "dir=/etc/init.d\nleft ddns\n",
        "dir=/etc/hotplug.d/iface\nleft 95-ddns\n",
        "dir=/usr/bin\nleft ddns\n",
    ] {
        assert!(prerm.contains(line), "{line}: {prerm}");
    }
    assert!(prerm.contains(" duckdns.org.json ") && !prerm.contains("/etc/config"), "{prerm}");
}

#[test]
fn packages_stand_for_ddns_scripts_and_for_those_whose_files_they_have() {
    let Some(scratch) = pack("stands-for") else {
        return;
    };
    let index = fs::read_to_string(scratch.0.join("feed/arm_xscale/Packages")).unwrap();
    let field = |name: &str| {
        let value = index.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        value.unwrap_or_default().to_owned()
    };
    let names = format!("ddns-scripts {}", providers("--packages").trim()).replace(' ', ", ");
    for kind in ["Provides", "Conflicts", "Replaces"] {
        assert_eq!(field(kind), names, "{kind}");
    }
    assert_eq!(field("Depends"), "ca-bundle");
}

#[test]
fn sessions_of_rpcd_may_call_every_method_of_the_object() {
    let acl: Value = serde_json::from_str(&source("openwrt/files/ddns-netlink.acl.json")).unwrap();
    let granted = |kind: &str| {
        let methods = acl["ddns-netlink"][kind]["ubus"]["ddns"].as_array().unwrap().clone();
        methods.into_iter().map(|method| method.as_str().unwrap().to_owned())
    };
    assert_eq!(granted("write").collect::<Vec<_>>(), ["update", "stop", "start"]);
    let all: BTreeSet<String> = granted("read").chain(granted("write")).collect();
    let signature = object::signature();
    let methods = signature.as_object().unwrap().keys().cloned();
    // The right to be told of changes, as uhttpd asks for it.
    assert_eq!(all, methods.chain([":subscribe".into()]).collect());
    let installed = "/usr/share/rpcd/acl.d/ddns-netlink.json\n";
    assert!(source("openwrt/Makefile").contains(installed));
}

#[test]
fn the_default_configuration_has_the_sections_of_ddns_scripts() {
    let text = source("openwrt/files/ddns.config");
    let sections: Vec<_> = text.lines().filter(|line| line.starts_with("config ")).collect();
    assert_eq!(
        sections,
        ["config ddns 'global'", "config service 'myddns_ipv4'", "config service 'myddns_ipv6'"]
    );
    assert!(!text.lines().any(|line| line.trim_start().starts_with("option enabled")));
}

#[test]
fn the_feed_and_the_packages_are_of_this_version() {
    let makefile = source("openwrt/Makefile");
    assert!(makefile.contains(&format!("\nPKG_VERSION:={}\n", env!("CARGO_PKG_VERSION"))));
    let release = makefile.lines().find_map(|line| line.strip_prefix("PKG_RELEASE:=")).unwrap();
    assert!(source("openwrt/common.py").contains(&format!("\nRELEASE = {release}\n")));
}

/// A page of the manual as a reader sees it, and what mandoc complains about in its source.
fn manual(section: u8) -> Option<(String, String)> {
    if !has_python() {
        return None;
    }
    if Command::new("mandoc").arg("-V").output().is_err() {
        skip::skip("mandoc is not installed");
        return None;
    }
    let scratch = Scratch::new(&format!("manual-{section}"));
    let page = scratch.0.join("page");
    let source = Command::new("python3")
        .arg(Path::new(ROOT).join("openwrt/manual.py"))
        .arg(section.to_string())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    assert!(source.status.success(), "{source:?}");
    fs::write(&page, source.stdout).unwrap();
    let mandoc = |words: &[&str]| {
        let output = Command::new("mandoc").args(words).arg(&page).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let complaints = mandoc(&["-T", "lint", "-W", "warning"]);
    // Bold and underlined letters are overstruck: letter, backspace, letter.
    let mut shown = String::new();
    for letter in mandoc(&["-T", "utf8", "-O", "width=78"]).chars() {
        if letter == '\u{8}' {
            shown.pop();
        } else {
            shown.push(letter);
        }
    }
    Some((shown, complaints))
}

/// Whether `text` has something between two backquotes that stand at a word's ends.
fn has_code_marks(text: &str) -> bool {
    text.split('`').skip(1).step_by(2).any(|inner| {
        let at_word = |letter: Option<char>| letter.is_some_and(|it| it.is_ascii_alphanumeric());
        at_word(inner.chars().next()) && at_word(inner.chars().last())
    })
}

#[test]
fn manual_pages_are_shown_without_marks_and_with_lists_and_tables_whole() {
    for section in [5, 8] {
        let Some((shown, complaints)) = manual(section) else { return };
        assert_eq!(complaints, "", "section {section}");
        for line in shown.lines() {
            // `***` stands for a secret.
            let bold = line.replace("***", "").contains("**");
            let marked = bold || line.contains("](") || has_code_marks(line);
            assert!(!marked, "section {section}: {line}");
        }
        let source = source(&format!("doc/ddns-netlink.{section}.md"));
        let bullets = source.lines().map(str::trim_start);
        let bullets = bullets.filter(|line| line.starts_with("* ") || line.starts_with("- "));
        assert_eq!(shown.matches('•').count(), bullets.count(), "section {section}");
        // Those of an option are indented.
        let tables =
            source.split("\n\n").filter(|block| block.trim_start().starts_with('|')).count();
        assert_eq!(shown.matches('┌').count(), tables, "section {section}: tables with borders");
    }
    let Some((shown, _)) = manual(5) else { return };
    let name = shown.lines().skip_while(|line| !line.starts_with("NAME")).nth(1).unwrap();
    assert!(name.trim().starts_with("ddns-netlink - "), "{name}");
    // The second paragraph of an option belongs to the option.
    let placeholders = shown.lines().find(|line| line.contains("[ZONE]")).unwrap();
    assert!(!placeholders.contains("**"), "{placeholders}");
}
