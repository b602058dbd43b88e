//! The commands that LuCI and users' scripts call, and the files that LuCI reads: the real binary
//! under the names of ddns-scripts.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::process::Output;

use nix::sys::signal::Signal;
use support::dns::{Answer, Server as NameServer};
use support::process::wait_until;
use support::provider::{Reply, now};
use support::router::{PROVIDER, file, isolated};
use support::scene::{LIMIT, Scene, endpoint};
use support::tls::{Authority, Flavour};

const HELPER: &str = "dynamic_dns_lucihelper.sh";
const UPDATER: &str = "dynamic_dns_updater.sh";

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The content of a run file, if it exists.
fn run_file(name: &str) -> Option<String> {
    fs::read_to_string(file("run").join(name)).ok()
}

/// Waits until a run file has this content (`None`: does not exist). The daemon writes it just
/// after the change that it shows.
fn wait_run_file(name: &str, wanted: Option<&str>) {
    wait_until(&format!("{name} is {wanted:?}"), || run_file(name).as_deref() == wanted);
}

/// A time in a run file, in seconds since boot. Waits until the file has one: the daemon writes the files
/// of a section one after the other.
fn time_in(name: &str) -> u64 {
    wait_until(&format!("{name} has a time"), || {
        run_file(name).is_some_and(|text| text.ends_with('\n'))
    });
    run_file(name).unwrap().trim().parse().unwrap()
}

/// A name server in the internet that knows `home.example.com`.
fn name_server() -> NameServer {
    NameServer::start(endpoint(PROVIDER, 53), |name, is_v6| match (name, is_v6) {
        ("home.example.com", false) => Answer::Address("203.0.113.77".parse::<IpAddr>().unwrap()),
        ("home.example.com", true) => Answer::NoData,
        _ => Answer::NoName,
    })
}

#[test]
fn the_daemon_writes_the_run_files_that_luci_reads() {
    isolated(&[], || {
        let mut scene = Scene::new("");
        scene.config.section("off", "\toption enabled '0'");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        wait_run_file("home.ip", Some("203.0.113.5\n"));
        wait_run_file("off.ip", Some("\n"));
        assert_eq!(run_file("off.pid"), None);
        let pid = run_file("home.pid").unwrap();
        let pid: u32 = pid.trim().parse().unwrap();
        assert!(fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap().contains("run"));
        let updated = time_in("home.update");
        let uptime = fs::read_to_string("/proc/uptime").unwrap();
        let uptime: u64 = uptime.split('.').next().unwrap().parse().unwrap();
        assert!(updated <= uptime && uptime - updated < 60, "{updated} {uptime}");
        assert!(daemon.stop().0.success());
        assert_eq!(run_file("home.pid"), None);
        assert_eq!(run_file("home.ip").as_deref(), Some("203.0.113.5\n"));
    });
}

/// LuCI shows "Last Update" from these files. A reboot empties the run directory, and after it
/// nothing may be sent that would write them.
#[test]
fn run_files_are_written_at_start_for_earlier_updates() {
    isolated(&[], || {
        let mut scene = Scene::new("option force_interval '1'\n\toption force_unit 'days'");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        let first = time_in("home.update");
        wait_until("the next update is known", || run_file("home.nextcheck").is_some());
        daemon.stop();
        for removed in ["home.pid", "home.nextcheck"] {
            assert_eq!(run_file(removed), None, "{removed} without a process");
        }
        fs::remove_file(file("run/home.update")).unwrap();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        let again = time_in("home.update");
        assert!(again.abs_diff(first) <= 2, "{first} {again}");
        assert_eq!(scene.provider.count(), 1, "nothing is sent again");

        // Another run directory, and the section is disabled there.
        let elsewhere = |name: &str| fs::read_to_string(file("elsewhere").join(name)).ok();
        let other = format!("\toption ddns_rundir '{}'", file("elsewhere").display());
        scene.config.global(&other).section("home", "");
        scene.config.write();
        daemon.signal(Signal::SIGHUP);
        wait_until("the files are there", || elsewhere("home.update").is_some());
        assert_eq!((run_file("home.pid"), run_file("home.nextcheck")), (None, None));
        assert!(elsewhere("home.pid").is_some());
        scene.config.global(&other).section("home", "\toption enabled '0'");
        scene.config.write();
        daemon.signal(Signal::SIGHUP);
        wait_until("the section is not served", || elsewhere("home.pid").is_none());
        assert_eq!(elsewhere("home.nextcheck"), None);
        assert_eq!(scene.provider.count(), 1);
    });
}

#[test]
fn a_refused_section_and_one_with_a_mistake_have_no_pid_file() {
    isolated(&[], || {
        let mut scene = Scene::new("");
        scene.config.section("bad", "\toption retry_interval 'soon'");
        scene.provider.require("somebody", "else");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_state("home", "refused");
        wait_run_file("home.pid", None);
        wait_until("the mistake is shown", || {
            run_file("bad.ip").is_some_and(|text| text.ends_with('\n'))
        });
        let mistake = run_file("bad.ip").unwrap();
        let place = format!("mistake at {}:", scene.config.path().display());
        assert!(mistake.starts_with(&place) && mistake.ends_with(" - see the log\n"), "{mistake}");
        assert_eq!(run_file("bad.pid"), None);
    });
}

#[test]
fn check_warns_of_options_that_luci_deletes_on_save() {
    isolated(&[], || {
        let mut scene = Scene::new("option use_ipv6 'both'");
        let launcher = scene.launcher();
        let checked = launcher.output(&["check"]);
        assert_eq!(code(&checked), 0);
        assert!(err(&checked).contains("option also_ipv6 '1'"), "{checked:?}");
        assert!(err(&checked).contains("LuCI's form deletes its domain"), "{checked:?}");
        scene.config.global("").section("home", "option use_ipv6 '0'\n\toption also_ipv6 '1'");
        scene.config.write();
        let launcher = scene.launcher();
        assert!(!err(&launcher.output(&["check"])).contains("LuCI"));
    });
}

#[test]
fn stop_and_start_act_on_the_named_section_only() {
    isolated(&[], || {
        let mut scene = Scene::new("");
        scene.config.section("work", "");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        daemon.wait_published("work", "203.0.113.5");
        wait_until("both run", || run_file("home.pid").is_some() && run_file("work.pid").is_some());

        let stopped = launcher.output(&["stop", "home"]);
        assert_eq!(code(&stopped), 0);
        assert!(out(&stopped).contains("home.example.com A: stopped: until"), "{stopped:?}");
        wait_run_file("home.pid", None);
        assert!(run_file("work.pid").is_some(), "the other section is still served");
        assert!(launcher.stdout(&["why", "home"]).contains("stopped"));
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        daemon.wait_published("work", "203.0.113.6");
        assert_eq!(scene.provider.count(), 3, "nothing for home");

        assert_eq!(launcher.code(&["start", "home"]), Some(0));
        daemon.wait_published("home", "203.0.113.6");
        wait_run_file("home.pid", run_file("work.pid").as_deref());
        assert_eq!(scene.provider.count(), 4);

        // A reload starts stopped sections, too.
        assert_eq!(launcher.code(&["stop", "home", "work"]), Some(0));
        daemon.signal(Signal::SIGHUP);
        daemon.wait_published("home", "203.0.113.6");
        daemon.wait_published("work", "203.0.113.6");
        assert_eq!(launcher.code(&["stop", "nowhere"]), Some(5));
        assert_eq!(launcher.code(&["start", "nowhere"]), Some(5));
        daemon.stop();
        assert_eq!(launcher.code(&["stop", "home"]), Some(4));
    });
}

#[test]
fn start_reloads_the_configuration_and_leaves_other_sections_stopped() {
    isolated(&[], || {
        let mut scene = Scene::new("");
        scene.config.section("work", "");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        daemon.wait_published("work", "203.0.113.5");
        assert_eq!(launcher.code(&["stop", "home", "work"]), Some(0));
        scene.config.global("").section("home", "").section("work", "option username 'other'");
        scene.config.write();
        assert_eq!(launcher.code(&["start", "work"]), Some(0));
        let request = scene.provider.wait_nth(2, LIMIT);
        assert_eq!(request.auth.unwrap().0, "other");
        daemon.wait_state("home", "stopped");
    });
}

#[test]
fn the_helper_starts_and_stops_a_section() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        assert_eq!(code(&launcher.called(HELPER, &["-S", "home", "--", "stop"])), 0);
        daemon.wait_state("home", "stopped");
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        assert_eq!(code(&launcher.called(HELPER, &["-S", "home", "--", "start"])), 0);
        daemon.wait_published("home", "203.0.113.6");
        assert_eq!(scene.provider.count(), 2);
        // LuCI of OpenWrt 24.10 and 25.12 starts a running section to have its address sent again.
        assert_eq!(code(&launcher.called(HELPER, &["-S", "home", "--", "start"])), 0);
        scene.provider.wait_nth(2, LIMIT);
        let unknown = launcher.called(HELPER, &["-S", "nowhere", "--", "start"]);
        assert_eq!(code(&unknown), 0, "as in ddns-scripts");
        assert!(err(&unknown).contains("no section 'nowhere'"), "{unknown:?}");
    });
}

#[test]
fn the_helper_prints_the_registered_address() {
    isolated(&[], || {
        let scene = Scene::new("");
        let _dns = name_server();
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let ask = |line: &str| {
            let asked = launcher.called(HELPER, &words(line));
            (code(&asked), out(&asked))
        };
        let server = format!("-d {PROVIDER}");
        let get = |options: &str| ask(&format!("{options} {server} -- get_registered_ip"));
        // Without a daemon the helper looks the address up and writes it to the run file.
        assert_eq!(get("-l home.example.com -S home"), (0, "203.0.113.77".into()));
        assert_eq!(run_file("home.ip").as_deref(), Some("203.0.113.77\n"));
        assert_eq!(get("-6 -l home.example.com -S home"), (127, String::new()));
        assert_eq!(run_file("home.ip").as_deref(), Some("\n"), "No Data");
        assert_eq!(get("-l nowhere.example.com -S other"), (127, String::new()));
        assert_eq!(run_file("other.ip").as_deref(), Some("\n"));
        assert_eq!(get("-l _nolookup_ -S ../../../run/t/evil").0, 127);
        assert!(!Path::new("/run/t/evil.ip").exists());
        let dead = "-d 198.51.100.54 -f -l home.example.com -S home -- get_registered_ip";
        scene.wan.ip("route add unreachable 198.51.100.54");
        assert_eq!(ask(dead), (1, String::new()));

        // With a daemon the helper prints the address that the daemon has published, and leaves the
        // run file to the daemon.
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        wait_run_file("home.ip", Some("203.0.113.5\n"));
        assert_eq!(get("-l home.example.com -S home"), (0, "203.0.113.5".into()));
        fs::remove_file(file("run/home.ip")).unwrap();
        let one_word = ["-l", "home.example.com", "-S", "home", "-- get_registered_ip"];
        assert_eq!(out(&launcher.called(HELPER, &one_word)), "203.0.113.5");
        assert_eq!(get("-l home.example.com"), (0, "203.0.113.77".into()));
        assert_eq!(get("-l nowhere.example.com -S home").0, 127);
        assert_eq!(run_file("home.ip").as_deref(), Some("203.0.113.5\n"));
    });
}

#[test]
fn the_helper_reports_whether_a_source_has_an_address() {
    isolated(&[], || {
        let scene = Scene::new("");
        let launcher = scene.launcher();
        let ask = |line: &str| code(&launcher.called(HELPER, &words(line)));
        assert_eq!(ask("-i wan -- get_local_ip"), 1);
        scene.wan.set_address("203.0.113.5");
        assert_eq!(ask("-i wan -- get_local_ip"), 0);
        assert_eq!(ask("-n wan -- get_local_ip"), 0);
        assert_eq!(ask("-6 -i wan -- get_local_ip"), 1);
        scene.wan.set_address6("2001:db8:1::5");
        assert_eq!(ask("-6 -i wan -- get_local_ip"), 0);
        assert_eq!(ask("-i nowhere -- get_local_ip"), 1);
        scene.provider.for_path("/ip", Reply::Echo);
        scene.provider.for_path("/none", Reply::body("nothing"));
        assert_eq!(ask(&format!("-u http://{PROVIDER}/ip -- get_local_ip")), 0);
        assert_eq!(ask(&format!("-u http://{PROVIDER}/none -- get_local_ip")), 1);
        assert_eq!(ask("-s /bin/false -- get_local_ip"), 1);
        let script = launcher.called(HELPER, &["-s", "/bin/echo 192.168.1.1", "get_local_ip"]);
        assert_eq!((code(&script), out(&script)), (0, String::new()), "private, and not printed");
        let slow = launcher.called(HELPER, &["-s", "/bin/sleep 60", "--", "get_local_ip"]);
        assert_eq!(code(&slow), 1, "after three seconds");
        let odd = launcher.called(HELPER, &["-s", "/none", "--", "get_local_ip"]);
        assert_eq!(code(&odd), 255);
        assert!(err(&odd).contains("is not a program that can be run"), "{odd:?}");
        let updates =
            scene.provider.requests().iter().filter(|request| !request.query.is_empty()).count();
        assert_eq!(updates, 0, "get_local_ip sends no update");
    });
}

#[test]
fn the_helper_verifies_name_servers_and_proxies() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        let _tcp = scene.provider.listen(endpoint(PROVIDER, 53));
        let launcher = scene.launcher();
        for (line, expected) in [
            (format!("-d {PROVIDER} -- verify_dns"), 0),
            ("-d no.such.host.invalid -- verify_dns".into(), 2),
            ("-d 203.0.113.1 -- verify_dns".into(), 3),
            (format!("-6 -f -d {PROVIDER} -- verify_dns"), 4),
            (format!("-p {PROVIDER}:80 -- verify_proxy"), 0),
            (format!("-p me:s3cret@{PROVIDER}:80 -- verify_proxy"), 0),
            ("-p no.such.host.invalid:80 -- verify_proxy".into(), 2),
            (format!("-p {PROVIDER}:81 -- verify_proxy"), 3),
            (format!("-6 -f -p {PROVIDER}:80 -- verify_proxy"), 4),
            (format!("-p me:s3cret@{PROVIDER} -- verify_proxy"), 5),
        ] {
            let verified = launcher.called(HELPER, &words(&line));
            assert_eq!(code(&verified), expected, "{line}: {verified:?}");
            let printed = out(&verified) + &err(&verified);
            assert!(!printed.contains("s3cret"), "{printed}");
        }
    });
}

#[test]
fn usage_goes_to_standard_output_only_when_asked_for() {
    isolated(&[], || {
        let scene = Scene::new("");
        let launcher = scene.launcher();
        for (name, line, expected, on_stdout) in [
            (HELPER, "-h", 255, true),
            (HELPER, "-V", 255, true),
            (HELPER, "", 255, false),
            (HELPER, "-x", 255, false),
            (HELPER, "-- get_registered_ip", 255, false),
            (HELPER, "-S home -- start stop", 0, false),
            (UPDATER, "-h", 0, true),
            (UPDATER, "-V", 0, true),
            (UPDATER, "", 1, false),
            (UPDATER, "-n wan", 1, false),
            ("ddns", "-V", 0, true),
            ("ddns", "--version", 0, true),
            ("ddns", "", 1, false),
            ("ddns", "frobnicate", 1, false),
            ("ddns", "service frobnicate", 2, false),
            ("ddns", "service install", 4, false),
        ] {
            let output = launcher.called(name, &words(line));
            assert_eq!(code(&output), expected, "{name} {line}: {output:?}");
            assert_eq!(!output.stdout.is_empty(), on_stdout, "{name} {line}: {output:?}");
            assert_eq!(output.stderr.is_empty(), on_stdout, "{name} {line}: {output:?}");
        }
        let nothing = launcher.called(HELPER, &["--", "frobnicate"]);
        assert_eq!((code(&nothing), out(&nothing), err(&nothing)), (255, "".into(), "".into()));
        let version = out(&launcher.called(HELPER, &["-V"]));
        assert_eq!(version.split_whitespace().nth(1), Some(env!("CARGO_PKG_VERSION")));
    });
}

#[test]
fn without_a_daemon_the_updater_updates_once() {
    isolated(&[], || {
        let mut scene = Scene::new("");
        scene.config.section("work", "").section("off", "option enabled '0'");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let dry = launcher.called(UPDATER, &words("-S home -v 1 -d"));
        assert_eq!(scene.provider.attempts(), 0);
        assert!(out(&dry).contains("home.example.com A 203.0.113.5: would send"), "{dry:?}");
        assert!(!out(&dry).contains("work"), "{dry:?}");

        fs::create_dir_all(file("log")).unwrap();
        fs::write(file("log/home.log"), "old\n").unwrap();
        let round = launcher.called(UPDATER, &words("-S home -v 2 -- start"));
        assert_eq!(code(&round), 0, "{round:?}");
        assert!(out(&round).contains("home.example.com A: 203.0.113.5"), "{round:?}");
        assert!(err(&round).contains("accepted"), "{round:?}");
        let log = fs::read_to_string(file("log/home.log")).unwrap();
        assert!(log.contains("accepted") && !log.contains("old"), "{log}");
        // The updater, which cron may run, writes the run files for LuCI, too.
        assert_eq!(run_file("home.ip").as_deref(), Some("203.0.113.5\n"));
        assert!(run_file("home.update").is_some() && run_file("home.pid").is_none());
        let quiet = launcher.called(UPDATER, &words("-S work"));
        assert_eq!((code(&quiet), out(&quiet)), (0, String::new()));
        assert_eq!(scene.provider.count(), 2);
        // An update of one section keeps the state of the others.
        assert_eq!(code(&launcher.called(UPDATER, &words("-S home -v 1"))), 0);
        assert_eq!(code(&launcher.called(UPDATER, &words("-S work"))), 0);
        assert_eq!(scene.provider.count(), 2);

        for (section, why) in [("nowhere", "there is no section"), ("off", "is not enabled")] {
            let failed = launcher.called(UPDATER, &["-S", section]);
            assert_eq!(code(&failed), 1);
            assert!(err(&failed).contains(why), "{failed:?}");
        }
        assert_eq!(launcher.code(&["once", "work"]), Some(0));
        assert_eq!(launcher.code(&["once", "work", "nowhere"]), Some(5));
        scene.provider.require("somebody", "else");
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        assert_eq!(code(&launcher.called(UPDATER, &words("-S home -v 1"))), 1);
    });
}

#[test]
fn with_a_daemon_the_updater_passes_the_request_on() {
    isolated(&[], || {
        let mut scene = Scene::new("option interface 'wan'");
        scene.config.section("lan", "option interface 'lan'");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        daemon.wait_published("lan", "203.0.113.5");
        let log = scene.config.path().with_file_name("log").join("home.log");
        fs::write(&log, "old\n").unwrap();
        let asked = launcher.called(UPDATER, &words("-S home -v 2"));
        assert_eq!(code(&asked), 0, "{asked:?}");
        assert!(!fs::read_to_string(&log).unwrap().contains("old\n"), "a new log begins");
        assert_eq!(scene.provider.wait_nth(2, LIMIT).hostname(), "home.example.com");
        assert!(out(&asked).contains("203.0.113.5: chosen"), "{asked:?}");
        assert_eq!(code(&launcher.called(UPDATER, &words("-S nowhere -v 2"))), 1);
        let dry = launcher.called(UPDATER, &words("-S home -v 1 -d"));
        assert_eq!(code(&dry), 0, "{dry:?}");

        assert_eq!(code(&launcher.called(UPDATER, &words("-n lan -- stop"))), 0);
        daemon.wait_state("lan", "stopped");
        daemon.wait_state("home", "published");
        assert_eq!(code(&launcher.called(UPDATER, &words("-n lan -- start"))), 0);
        daemon.wait_state("lan", "published");
        assert_eq!(code(&launcher.called(UPDATER, &words("-S home -- stop"))), 0);
        daemon.wait_state("home", "stopped");
        daemon.stop();
        assert_eq!(code(&launcher.called(UPDATER, &words("-S home -- stop"))), 0);
    });
}

/// The content of a file below `/usr/share/ddns`, if it exists.
fn shared(name: &str) -> Option<String> {
    fs::read_to_string(Path::new("/usr/share/ddns").join(name)).ok()
}

const DEFINITION: &str = r#"{"name": "x", "ipv4": {"url": "http://x.example/?[IP]"}}"#;

#[test]
fn definitions_are_downloaded_listed_and_removed() {
    isolated(&[], || {
        let mut scene = Scene::bare();
        scene.config.global(&format!("\toption url 'http://{PROVIDER}/files'"));
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let ddns = |line: &str| {
            let done = launcher.called("ddns", &words(&format!("service {line}")));
            (code(&done), out(&done), err(&done))
        };
        assert_eq!(ddns("list-available").0, 3);
        assert_eq!(ddns("list-installed").0, 4);
        scene.provider.for_path("/files/list", Reply::body("<html>no such page</html>"));
        let (failed, _, why) = ddns("update");
        assert_eq!(failed, 1, "{why}");
        assert!(why.contains("/files/list: ") && why.contains("nothing was changed"), "{why}");
        assert_eq!(shared("list"), None);

        scene.provider.for_path("/files/list", Reply::body("a.example\nx.example\n"));
        assert_eq!(ddns("update"), (0, "2 providers can be installed\n".into(), String::new()));
        assert_eq!(shared("list").as_deref(), Some("a.example\nx.example\n"));
        assert_eq!(ddns("list-available"), (0, "a.example\nx.example\n".into(), String::new()));

        scene.provider.for_path("/files/x.example.json", Reply::body(DEFINITION));
        assert_eq!(ddns("install x.example").0, 0);
        assert_eq!(shared("custom/x.example.json").as_deref(), Some(DEFINITION));
        assert_eq!(ddns("list-installed").1, "x.example.json\n");
        for (body, why) in [("<html>", "expected value"), ("{}", "nothing about IPv4 or IPv6")] {
            scene.provider.for_path("/files/x.example.json", Reply::body(body));
            let (failed, _, error) = ddns("install x.example");
            assert!(failed == 1 && error.contains(why), "{error}");
        }
        scene.provider.for_path("/files/x.example.json", Reply::status(404));
        assert!(ddns("install x.example").2.contains("HTTP status 404"));
        assert_eq!(shared("custom/x.example.json").as_deref(), Some(DEFINITION), "not changed");
        let asked = scene.provider.count();
        for bad in ["../x", "/etc/x", ".x", "a/b"] {
            assert_eq!(ddns(&format!("install {bad}")).0, 4, "{bad}");
            assert_eq!(ddns(&format!("remove {bad}")).0, 4, "{bad}");
        }
        assert_eq!(scene.provider.count(), asked);
        assert_eq!(ddns("remove x.example").0, 0);
        assert_eq!(ddns("remove x.example").0, 1);
        assert_eq!(ddns("purge").0, 0);
        assert_eq!((shared("list"), ddns("list-installed").0), (None, 4));
    });
}

#[test]
fn the_certificate_of_the_definitions_server_is_verified_unless_cacert_is_ignore() {
    isolated(&[], || {
        let mut scene = Scene::bare();
        let authority = Authority::new();
        authority.write_pem(&file("ca.pem"));
        let certificate = authority.server(&[PROVIDER], Flavour::Good);
        let _server = scene.provider.listen_tls(endpoint(PROVIDER, 443), certificate);
        let list = "/files/usr/share/ddns/list";
        scene.provider.for_path(list, Reply::body("a.example\n"));
        scene.wan.set_address("203.0.113.5");
        for (cacert, expected, message) in [
            ("", 1, "certificate"),
            ("/run/t/none.pem", 5, "/run/t/none.pem does not exist"),
            ("/run/t/ca.pem", 0, ""),
            ("IGNORE", 0, "is not checked"),
        ] {
            let lines = format!(
                "\toption services_url 'https://{PROVIDER}/files'\n\toption cacert '{cacert}'"
            );
            scene.config.global(&lines);
            let launcher = scene.launcher();
            assert_eq!(launcher.output(&["check"]).stderr, b"", "{cacert}");
            let done = launcher.called("ddns", &["service", "update"]);
            assert_eq!(code(&done), expected, "{cacert}: {done:?}");
            assert!(err(&done).contains(message), "{cacert}: {done:?}");
        }
    });
}

#[test]
fn the_installed_configuration_runs_without_warnings() {
    isolated(&[], || {
        let scene = Scene::bare();
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let shipped = include_str!("../openwrt/files/ddns.config");
        let dirs = |dir: &str| format!("\toption ddns_{dir}dir '/run/t/{dir}'\n");
        let dirs = dirs("run") + &dirs("log") + &dirs("state");
        let own =
            shipped.replace("config ddns 'global'\n", &format!("config ddns 'global'\n{dirs}"));
        assert!(own.contains("/run/t/run"), "{own}");
        fs::write(scene.config.path(), &own).unwrap();
        let check = launcher.output(&["check"]);
        assert_eq!((code(&check), err(&check)), (0, String::new()));
        assert!(out(&check).ends_with("0 sections enabled, 2 not\n"), "{check:?}");

        let daemon = launcher.run();
        for section in ["myddns_ipv4", "myddns_ipv6"] {
            wait_run_file(&format!("{section}.ip"), Some("\n"));
            assert_eq!(run_file(&format!("{section}.pid")), None);
            assert_eq!(launcher.code(&["why", section]), Some(0));
        }
        let status = launcher.stdout(&["status"]);
        assert_eq!(status, "myddns_ipv4: not enabled\nmyddns_ipv6: not enabled\n");
        let log = launcher.log();
        assert!(!log.contains("warning") && !log.contains("error"), "{log}");
        assert_eq!(scene.provider.attempts(), 0);

        // As if LuCI had enabled a section with Save & Apply.
        let on = own.replacen("option domain", "option enabled '1'\n\toption domain", 1);
        let on = on.replacen("yourhost.example.com", "home.example.com", 2);
        fs::write(
            "/usr/share/ddns/custom/dyndns.org.json",
            format!(r#"{{"ipv4": {{"url": "http://{PROVIDER}/?hostname=[DOMAIN]&myip=[IP]"}}}}"#),
        )
        .unwrap();
        fs::write(scene.config.path(), on).unwrap();
        daemon.signal(Signal::SIGHUP);
        assert_eq!(scene.provider.wait_nth(0, LIMIT).hostname(), "home.example.com");
        wait_run_file("myddns_ipv4.ip", Some("203.0.113.5\n"));
        assert!(run_file("myddns_ipv4.pid").is_some());
        let update = time_in("myddns_ipv4.update");
        assert!(now().as_secs() - update < 20, "in seconds since boot");
        wait_until("the next update is three days later", || {
            time_in("myddns_ipv4.nextcheck").abs_diff(update + 72 * 3600) < 20
        });
        daemon.stop();
        assert_eq!(run_file("myddns_ipv4.pid"), None);
        assert_eq!(run_file("myddns_ipv4.ip").as_deref(), Some("203.0.113.5\n"));
    });
}
