//! The init script for OpenWrt, run by a stand-in for rc.common and procd that records every call;
//! the list of providers for LuCI; and the packages, made of a file in place of the program.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests"
)]

#[path = "support/scratch.rs"]
mod scratch;
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
use ddns_netlink::provider::Urls;
use ddns_netlink::provider::api::{self, Base};
use ddns_netlink::provider::table;
use scratch::Scratch;
use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn source(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap()
}

/// The effects of one call of the init script.
#[derive(Debug)]
struct Effects {
    code: i32,
    /// The calls of procd's functions, in order.
    procd: Vec<String>,
    /// The arguments of each call of the program.
    program: Vec<String>,
    out: String,
    err: String,
}

/// Runs `/etc/init.d/ddns WORDS`; procd reports the daemon as running or not.
fn init(name: &str, running: bool, words: &str) -> Effects {
    init_with(name, running, "network", words)
}

/// The same with a section that has this `ip_source`.
fn init_with(name: &str, running: bool, source_of_section: &str, words: &str) -> Effects {
    let settings = [("SOURCE", source_of_section), ("RUNNING", if running { "1" } else { "" })];
    init_on(name, &settings, words)
}

/// Runs the init script on a router with these settings of the stand-in for procd, where the users root and ddns
/// exist.
fn init_on(name: &str, settings: &[(&str, &str)], words: &str) -> Effects {
    let scratch = Scratch::new(name);
    let path = |name: &str| scratch.0.join(name);
    let program = path("ddns-netlink");
    let script = source("openwrt/files/ddns.init")
        .replace("PROG=/usr/sbin/ddns-netlink", &format!("PROG={}", program.display()))
        .replace("=/etc/config/ddns", &format!("={}", path("config").display()))
        .replace("/sbin/ujail", &path("config").display().to_string())
        .replace("/var/run/ddns-netlink", &path("copies").display().to_string());
    fs::write(path("config"), "config ddns 'global'\n").unwrap();
    fs::set_permissions(path("config"), fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(path("ddns"), script).unwrap();
    let answer = "[ \"$2\" != nowhere ] || exit 5\n";
    let text = format!("#!/bin/sh\necho \"$*\" >>\"$ASKED\"\necho \"answer to $1\"\n{answer}");
    fs::write(&program, text).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(path("home.pid"), "1\n").unwrap();
    let output = Command::new("sh")
        .arg(Path::new(ROOT).join("tests/openwrt/rc.common"))
        .arg(path("ddns"))
        .args(words.split_whitespace())
        .env("CALLS", path("calls"))
        .env("ASKED", path("asked"))
        .env("RUNDIR", &scratch.0)
        .env("USERS", "ddns")
        .env("RUNNING_USER", "ddns")
        .envs(settings.iter().copied())
        .output()
        .unwrap();
    let lines = |name| {
        let text = fs::read_to_string(path(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    };
    Effects {
        code: output.status.code().unwrap(),
        procd: lines("calls"),
        program: lines("asked"),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Whether procd got this call.
fn has(effects: &Effects, call: &str) -> bool {
    effects.procd.iter().any(|recorded| recorded == call)
}

#[test]
fn start_registers_one_instance_with_procd() {
    let effects = init("start", false, "start");
    assert_eq!((effects.code, effects.err.as_str()), (0, ""), "{effects:?}");
    assert!(effects.procd.iter().filter(|call| call.starts_with("open_instance")).count() == 1);
    assert!(effects.procd.iter().any(|call| call.ends_with("ddns-netlink run")), "{effects:?}");
    for call in [
        "param respawn 3600 5 5",
        "param limits core=0",
        "param reload_signal HUP",
        "param stdout 1",
        "param stderr 1",
        "trigger ddns",
        "service set",
    ] {
        assert!(has(&effects, call), "{call}: {effects:?}");
    }
    let file = |call: &String| call.starts_with("param file ") && call.ends_with("/config");
    assert!(effects.procd.iter().any(file), "{effects:?}");
    assert!(effects.program.is_empty(), "{effects:?}");
    assert!(has(&init("enable", false, "enable"), "enable S95 K10"));
}

#[test]
fn the_directory_of_the_metrics_file_is_made_for_the_daemon_and_an_existing_one_stays() {
    let scratch = Scratch::new("metrics-directory");
    let new = scratch.0.join("prometheus").display().to_string();
    let old = scratch.0.display().to_string();
    for (directory, user, is_given) in
        [(&new, "ddns", true), (&old, "ddns", false), (&format!("{new}2"), "root", false)]
    {
        let options = format!("user={user} metrics_file={directory}/ddns.prom");
        let effects = init_on("metrics", &[("OPTIONS", &options), ("SOURCE", "network")], "start");
        let given = has(&effects, &format!("chown -h ddns:ddns {directory}"));
        assert_eq!((effects.code, given), (0, is_given), "{options}: {effects:?}");
    }
    assert!(Path::new(&new).is_dir());
}

/// The user that procd is told; empty for root.
fn user(effects: &Effects) -> &str {
    let told = effects.procd.iter().find_map(|call| call.strip_prefix("param user "));
    told.unwrap_or_default()
}

#[test]
fn the_daemon_runs_as_a_user_without_rights_unless_a_section_runs_a_script() {
    let effects = init("user", false, "start");
    let jail = "jail ddns";
    let capabilities = "param capabilities /etc/capabilities/ddns.json";
    for call in [
        "param user ddns",
        "param group ddns",
        "param no_new_privs 1",
        jail,
        capabilities,
        "killall -HUP ubusd",
    ] {
        assert!(has(&effects, call), "{call}: {effects:?}");
    }
    for directory in ["run", "state", "log"] {
        let given = format!("/{directory}-ddns");
        let given =
            |call: &String| call.starts_with("chown -hR ddns:ddns ") && call.ends_with(&given);
        assert!(effects.procd.iter().any(given), "{directory}: {effects:?}");
    }
    for (options, users, expected, reason) in [
        ("user=nobody", "ddns nobody", "nobody", ""),
        ("user=ddns ip_source=script", "ddns", "ddns", ""),
        ("user=root", "ddns", "", ""),
        ("ip_source=script", "ddns", "", "section 'home' has ip_source 'script'"),
        ("update_script=/bin/sh", "ddns", "", "section 'home' has an update_script"),
        // Old versions of LuCI write these for a provider without a name.
        ("update_script=/bin/sh service_name=-", "ddns", "", "section 'home' has an update_script"),
        (
            "update_script=/bin/sh service_name=custom",
            "ddns",
            "",
            "section 'home' has an update_script",
        ),
        ("update_script=/nonexistent", "ddns", "ddns", ""),
        ("update_script=/bin/sh service_name=he.net", "ddns", "ddns", ""),
        ("ddns_logdir=/tmp", "ddns", "", "/tmp does not belong to the user ddns"),
        ("", "", "", "there is no user 'ddns'"),
        ("user=456", "ddns", "", "there is no user '456'"),
    ] {
        let settings = [("OPTIONS", options), ("USERS", users), ("SOURCE", "network")];
        let effects = init_on("users", &settings, "start");
        assert_eq!((effects.code, user(&effects)), (0, expected), "{options}: {effects:?}");
        let log =
            format!("log -t ddns -p daemon.notice the service runs as root, because {reason}");
        assert_eq!(has(&effects, &log), !reason.is_empty(), "{options}: {effects:?}");
    }
}

#[test]
fn a_reload_that_changes_the_user_starts_another_daemon() {
    let running = [("RUNNING", "1"), ("SOURCE", "script"), ("RUNNING_USER", "ddns")];
    for verb in ["reload", "start", "boot"] {
        let effects = init_on("other-user", &running, verb);
        assert!(has(&effects, "delete") && has(&effects, "service set"), "{verb}: {effects:?}");
        assert!(user(&effects).is_empty() && !has(&effects, "signal ddns * HUP"), "{effects:?}");
    }
}

#[test]
fn reload_copies_the_configuration_and_sends_sighup_to_a_running_daemon() {
    let effects = init("reload", true, "reload");
    let [copy, signal] = &effects.procd[..] else { panic!("{effects:?}") };
    assert!(copy.starts_with("chown ddns:ddns ") && copy.ends_with("/config.new"), "{effects:?}");
    assert_eq!(signal, "signal ddns * HUP");
    let effects = init("reload-stopped", false, "reload");
    assert!(has(&effects, "service set"), "{effects:?}");
}

#[test]
fn the_firewall_lets_announcements_in_only_while_a_section_waits_for_them() {
    for verb in ["start", "reload"] {
        for running in [true, false] {
            let effects = init_with(&format!("rule-{verb}-{running}"), running, "gateway", verb);
            for call in [
                "array firewall",
                "string type rule",
                "string src zone-of-wan",
                "string proto udp",
                "string dest_ip 224.0.0.1",
                "string dest_port 5350",
                "string target ACCEPT",
                "service set",
                "changed firewall",
            ] {
                assert!(has(&effects, call), "{call}: {effects:?}");
            }
            assert_eq!((effects.code, effects.err.as_str()), (0, ""), "{effects:?}");
        }
        let effects = init(&format!("no-rule-{verb}"), false, verb);
        let concerns = |call: &String| call.contains("firewall") || call.contains("data");
        assert!(!effects.procd.iter().any(concerns), "{effects:?}");
    }
}

#[test]
fn starting_a_section_calls_the_running_daemon() {
    for verb in ["start", "restart", "reload"] {
        let effects = init(&format!("{verb}-section"), true, &format!("{verb} home"));
        assert_eq!(effects.program, ["start home"], "{effects:?}");
        assert!(!effects.procd.iter().any(|call| call.starts_with("kill")), "{effects:?}");
        assert!(has(&effects, "service add"), "{effects:?}");
    }
    // Without a running daemon it is started, and serves all enabled sections.
    let effects = init("start-cold", false, "start home");
    assert!(effects.program.is_empty() && has(&effects, "service add"), "{effects:?}");
}

#[test]
fn starting_a_running_service_makes_it_reload() {
    let effects = init("start-again", true, "start");
    assert!(has(&effects, "service set") && has(&effects, "signal ddns * HUP"), "{effects:?}");
    let effects = init("start-fresh", false, "start");
    assert!(!effects.procd.iter().any(|call| call.starts_with("signal")), "{effects:?}");
}

#[test]
fn boot_sends_no_signal_to_a_running_daemon() {
    let effects = init("boot-again", true, "boot");
    assert!(has(&effects, "service set"), "{effects:?}");
    assert!(!effects.procd.iter().any(|call| call.starts_with("signal")), "{effects:?}");
    assert!(has(&init("boot", false, "boot"), "service set"));
}

/// The calls of the init script by the hotplug script; the service is `enabled` and `running` or
/// not.
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
    // The file has no first line with an interpreter, because hotplug-call sources it.
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
fn ifup_starts_an_enabled_service_that_does_not_run() {
    let started = |name, action, enabled, running| {
        hotplug(name, action, enabled, running).lines().any(|line| line == "start")
    };
    assert!(started("ifup", "ifup", true, false));
    assert!(!started("ifup-running", "ifup", true, true));
    assert!(!started("ifup-disabled", "ifup", false, false));
    assert!(!started("ifdown", "ifdown", true, false));
    assert_eq!(hotplug("ifupdate", "ifupdate", true, false), "", "no call");
}

#[test]
fn stop_ends_the_daemon_or_stops_one_section() {
    assert_eq!(init("stop", true, "stop").procd, ["kill ddns"]);
    let effects = init("stop-section", true, "stop home");
    assert_eq!(
        (effects.code, effects.program.as_slice()),
        (0, &["stop home".to_owned()][..]),
        "{effects:?}"
    );
    assert!(effects.procd.is_empty(), "the daemon goes on: {effects:?}");
    assert_eq!(init("stop-unknown", true, "stop nowhere").code, 5);
    let effects = init("stop-nothing", false, "stop home");
    assert_eq!((effects.code, effects.program.len()), (0, 0), "{effects:?}");
    let effects = init("restart", true, "restart");
    assert_eq!(effects.procd.first().map(String::as_str), Some("kill ddns"), "{effects:?}");
    assert!(has(&effects, "service set") && !has(&effects, "signal ddns * HUP"), "{effects:?}");
}

#[test]
fn a_section_counts_as_running_while_it_has_a_pid_file() {
    for (words, running, code) in [
        ("running", true, 0),
        ("running", false, 1),
        ("running home", true, 0),
        ("running home", false, 1),
        ("running off", true, 1),
    ] {
        let effects = init(&format!("{}-{running}", words.replace(' ', "-")), running, words);
        assert_eq!(effects.code, code, "{words}: {effects:?}");
    }
}

#[test]
fn status_update_and_why_call_the_program() {
    for (words, asked) in [
        ("status", "status"),
        ("status home", "why home"),
        ("update", "update"),
        ("update home", "update home"),
        ("why home", "why home"),
    ] {
        let effects = init(&words.replace(' ', "-"), true, words);
        assert_eq!(
            (effects.code, effects.program.as_slice()),
            (0, &[asked.to_owned()][..]),
            "{effects:?}"
        );
        assert!(effects.out.starts_with("answer to"), "{effects:?}");
    }
    let effects = init("status-stopped", false, "status");
    assert_eq!((effects.code, effects.out.as_str()), (3, "not running\n"));
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

/// LuCI shows a provider's file from here: each name of each built-in provider that still exists
/// has one, with a URL for each of its families.
#[test]
fn each_name_of_a_built_in_provider_has_a_file_for_luci() {
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
    for row in table::all().filter(|row| row.urls() != Urls::default()) {
        let provider = |name: &str| {
            let definition = defined(name);
            for family in [Family::V4, Family::V6] {
                let Urls { v4, v6, .. } = row.urls();
                let url = if family == Family::V4 { v4 } else { v6 };
                let url = url
                    .map(|template| template.url.replace("[IP4]", "[IP]").replace("[IP6]", "[IP]"));
                assert_eq!(definition.block(family).map(|block| block.url.clone()), url, "{name}");
            }
        };
        row.names().for_each(provider);
    }
    for api in api::ALL {
        for name in [api.name].iter().chain(api.aliases) {
            let definition = defined(name);
            for block in [&definition.ipv4, &definition.ipv6] {
                let shown = match api.base {
                    Base::Https(place) => format!("https://{place}"),
                    Base::Chosen(_) | Base::ParamOpt | Base::NameServer => api.title.to_owned(),
                };
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

/// Packages of one target, made of a text file in place of the program; `None` without Python 3.11.
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

/// The output of the shell script `script`, whose `$0` is `file`.
fn shell(script: &str, file: PathBuf) -> String {
    let output = Command::new("sh").args(["-c", script]).arg(file).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn packages_made_twice_are_identical() {
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
    let lines = sums[0].as_ref().map_or(8, |sums| sums.lines().count());
    assert_eq!(lines, 8, "program, two .ipk, two .apk, .deb, two of LuCI's page: {sums:?}");
}

#[test]
fn packages_contain_the_files_that_luci_calls_and_reads() {
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
        ("usr/share/acl.d/ddns-netlink.json", "-rw-r--r--"),
        ("etc/capabilities/ddns.json", "-rw-r--r--"),
        ("lib/upgrade/keep.d/ddns-netlink", "-rw-r--r--"),
        ("usr/lib/lua/prometheus-collectors/ddns_netlink.lua", "-rw-r--r--"),
        ("usr/share/ucode/node-exporter/lib/ddns_netlink.uc", "-rw-r--r--"),
    ] {
        for (list, prefix) in [(&of_ipk, " ./"), (&of_apk, " ")] {
            let found = list.lines().find(|line| line.ends_with(&format!("{prefix}{file}")));
            assert!(found.is_some_and(|line| line.starts_with(mode)), "{file}: {list}");
        }
        let path = file.split(' ').next().unwrap().trim_end_matches('/');
        assert!(makefile.contains(&format!("$(1)/{path}")), "{path}");
    }
    let shown = shell("tar -xzOf \"$0\" usr/share/ddns/version 2>/dev/null", apk);
    assert_eq!(shown, format!("{version}-1\n"), "LuCI shows this version");
    assert!(source("openwrt/files/ddns-netlink.keep").contains("/usr/share/ddns/custom/\n"));
}

#[test]
fn the_page_in_luci_is_one_package_for_every_architecture() {
    let Some(scratch) = pack("luci") else {
        return;
    };
    let version = env!("CARGO_PKG_VERSION");
    let ipk = scratch.0.join(format!("luci-app-ddns-netlink_{version}-r1_all.ipk"));
    let apk = scratch.0.join(format!("luci-app-ddns-netlink-{version}-r1.apk"));
    let of_ipk = shell("tar -xzOf \"$0\" ./data.tar.gz | tar -tz", ipk.clone());
    let of_apk = shell("tar -tzf \"$0\" 2>/dev/null", apk);
    for file in [
        "www/luci-static/resources/view/ddns-netlink/overview.js",
        "www/luci-static/resources/ddns-netlink/options.js",
        "www/luci-static/resources/view/status/include/71_ddns-netlink.js",
        "usr/share/luci/menu.d/luci-app-ddns-netlink.json",
        "usr/share/rpcd/acl.d/luci-app-ddns-netlink.json",
        "usr/lib/lua/luci/i18n/ddns-netlink.zh-cn.lmo",
    ] {
        assert!(of_ipk.contains(file) && of_apk.contains(file), "{file}: {of_ipk}{of_apk}");
    }
    let control = shell("tar -xzOf \"$0\" ./control.tar.gz | tar -xzO ./control", ipk.clone());
    for field in ["Architecture: all", "Depends: luci-base\n"] {
        assert!(control.contains(field), "{control}");
    }
    // LuCI finds "Close" by this hash.
    let show =
        "tar -xzOf \"$0\" ./data.tar.gz | tar -xzO ./usr/lib/lua/luci/i18n/ddns-netlink.de.lmo";
    let bytes = shell(&format!("{show} | od -An -v -tx1 | tr -d ' \\n'"), ipk);
    let translated = "Schließen".bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert!(bytes.contains("26d000c200000001") && bytes.contains(&translated), "{bytes}");
    let index = fs::read_to_string(scratch.0.join("feed/arm_xscale/Packages")).unwrap();
    assert_eq!(index.matches("\nFilename: ").count(), 2, "{index}");
}

#[test]
fn package_scripts_for_opkg_start_stop_and_clean_up() {
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
fn packages_replace_ddns_scripts_and_packages_with_the_same_files() {
    let Some(scratch) = pack("replaces") else {
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
fn the_acl_for_rpcd_has_every_method_of_the_ubus_object() {
    let acl: Value = serde_json::from_str(&source("openwrt/files/ddns-netlink.acl.json")).unwrap();
    let granted = |kind: &str| {
        let methods = acl["ddns-netlink"][kind]["ubus"]["ddns"].as_array().unwrap().clone();
        methods.into_iter().map(|method| method.as_str().unwrap().to_owned())
    };
    assert_eq!(granted("write").collect::<Vec<_>>(), ["update", "stop", "start", "check", "test"]);
    let all: BTreeSet<String> = granted("read").chain(granted("write")).collect();
    let signature = object::signature();
    let methods = signature.members().unwrap().keys().map(|name| name.to_string());
    // uhttpd asks for this right before it passes notifications on.
    assert_eq!(all, methods.chain([":subscribe".into()]).collect());
    let installed = "/usr/share/rpcd/acl.d/ddns-netlink.json\n";
    assert!(source("openwrt/Makefile").contains(installed));
}

#[test]
fn the_installed_configuration_has_the_sections_of_ddns_scripts() {
    let text = source("openwrt/files/ddns.config");
    let sections: Vec<_> = text.lines().filter(|line| line.starts_with("config ")).collect();
    assert_eq!(
        sections,
        ["config ddns 'global'", "config service 'myddns_ipv4'", "config service 'myddns_ipv6'"]
    );
    assert!(!text.lines().any(|line| line.trim_start().starts_with("option enabled")));
}

#[test]
fn feed_and_packages_have_the_version_of_cargo_toml() {
    let makefile = source("openwrt/Makefile");
    assert!(makefile.contains(&format!("\nPKG_VERSION:={}\n", env!("CARGO_PKG_VERSION"))));
    let release = makefile.lines().find_map(|line| line.strip_prefix("PKG_RELEASE:=")).unwrap();
    assert!(source("openwrt/common.py").contains(&format!("\nRELEASE = {release}\n")));
}

/// A page of the manual as mandoc prints it, and mandoc's warnings about its source.
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
    let warnings = mandoc(&["-T", "lint", "-W", "warning"]);
    // Bold and underlined letters are overstruck: letter, backspace, letter.
    let mut shown = String::new();
    for letter in mandoc(&["-T", "utf8", "-O", "width=78"]).chars() {
        if letter == '\u{8}' {
            shown.pop();
        } else {
            shown.push(letter);
        }
    }
    Some((shown, warnings))
}

/// Whether `text` has Markdown's marks of code: two backquotes with a word between them.
fn has_code_marks(text: &str) -> bool {
    text.split('`').skip(1).step_by(2).any(|inner| {
        let at_word =
            |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric());
        at_word(inner.chars().next()) && at_word(inner.chars().last())
    })
}

#[test]
fn manual_pages_have_no_markdown_marks_and_all_lists_and_tables() {
    for section in [5, 8] {
        let Some((shown, warnings)) = manual(section) else { return };
        assert_eq!(warnings, "", "section {section}");
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
        // Tables within the description of an option are indented.
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
