//! Scripts that update records (`update_script`) or print the address (`ip_script`).

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test and its helpers")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use support::process::wait_until;
use support::provider::Reply;
use support::router::{DIR, PROVIDER, file, hosts, isolated};
use support::scene::{LIMIT, Scene, endpoint};
use support::tls::{Authority, Flavour};

/// A section whose records are updated by this script.
fn scene(script: &str, options: &str) -> Scene {
    let path = file("update.sh");
    fs::write(&path, script).unwrap();
    Scene::new(&format!("\toption update_script '{}'\n{options}", path.display()))
}

/// The lines of a script that send the update.
const SEND: &str = "do_transfer \"http://$URL_USER:$URL_PASS@198.51.100.53/nic/update?hostname=$domain&myip=$__IP\"\n\
     grep -qE 'good|nochg' $DATFILE";

/// The name and address of each request, in order.
fn sent(scene: &Scene) -> Vec<String> {
    let requests = scene.provider.requests();
    requests.iter().map(|request| format!("{} {}", request.hostname(), request.myip())).collect()
}

/// Whether a process has this argument in its command line.
fn runs(word: &str) -> bool {
    let all = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| fs::read_to_string(entry.unwrap().path().join("cmdline")).ok());
    all.into_iter().any(|line| line.split('\0').any(|argument| argument == word))
}

#[test]
fn a_script_runs_for_each_new_address_and_its_log_hides_the_password() {
    isolated(&[], || {
        let script = format!("write_log 5 \"telling $domain\"\n{SEND}");
        let scene = scene(&script, "\toption password 's3 cr&t'");
        scene.provider.require("user", "s3 cr&t");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        daemon.wait_published("home", "203.0.113.6");
        assert_eq!(sent(&scene), [5, 6].map(|n| format!("home.example.com 203.0.113.{n}")));
        let log = fs::read_to_string(file("log").join("home.log")).unwrap();
        assert!(log.contains(" note : telling home.example.com\n"), "{log}");
        let why = launcher.stdout(&["why", "home"]);
        assert!(why.contains("script /run/t/update.sh"), "{why}");
        assert!(daemon.stop().0.success());
        let all = launcher.log() + &log + &why;
        assert!(!all.contains("s3 cr") && !all.contains("s3%20cr"), "{all}");
    });
}

#[test]
fn a_failed_script_is_retried_and_never_runs_twice_at_once() {
    isolated(&[], || {
        // The lock ends with the script, since the change of address may kill the script of the
        // other name.
        let script = format!(
            "exec 9>{DIR}/busy; flock -n 9 || {{ echo twice >>{DIR}/twice; return 0; }}\n\
             echo $domain $__IP >>{DIR}/calls\nsleep 1 9>&-\n\
             [ $(wc -l <{DIR}/calls) -gt 2 ] || write_log 14 'not yet'\n{SEND}"
        );
        let scene = scene(&script, "\tlist domain 'a.example.com'\n\tlist domain 'b.example.com'");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_line(LIMIT, |l| l.contains("the script gave up: not yet; next try in"));
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        for name in ["a.example.com", "b.example.com"] {
            scene.provider.wait_record(name, "203.0.113.6", LIMIT);
        }
        assert!(!Path::new(&format!("{DIR}/twice")).exists());
    });
}

#[test]
fn do_transfer_uses_certificates_and_device_of_the_section() {
    isolated(&[], || {
        let authority = Authority::new();
        authority.write_pem(&file("ca.pem"));
        hosts(&format!("{PROVIDER} dyn.example.net"));
        let script = "do_transfer \"https://dyn.example.net/nic/update?hostname=$domain&myip=$__IP\"; return 0";
        let options = format!("\toption cacert '{DIR}/ca.pem'\n\toption bind_network 'wan'");
        let scene = scene(script, &options);
        let certificate = authority.server(&["dyn.example.net"], Flavour::Good);
        let _server = scene.provider.listen_tls(endpoint(PROVIDER, 443), certificate);
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        assert!(scene.provider.requests().iter().all(|request| request.tls));

        scene.provider.next([Reply::status(500)]);
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        daemon.wait_line(LIMIT, |l| l.contains("the script gave up: HTTP 500"));
        daemon.wait_published("home", "203.0.113.6");
    });
}

#[test]
fn a_script_with_a_lost_address_is_ended_for_the_new_one() {
    isolated(&[], || {
        let script = format!("[ $__IP = 203.0.113.5 ] && exec sleep 1000\n{SEND}");
        let scene = scene(&script, "");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        wait_until("the script and its guard run", || runs("1000") && runs("guard"));
        let start = Instant::now();
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        daemon.wait_published("home", "203.0.113.6");
        assert!(start.elapsed() < Duration::from_secs(10));
        assert_eq!(sent(&scene), ["home.example.com 203.0.113.6"]);
    });
}

#[test]
fn no_script_outlives_the_daemon() {
    isolated(&[], || {
        let scene = scene("(trap '' TERM; sleep 1000) & sleep 1000", "");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        wait_until("the script and its guard run", || runs("1000") && runs("guard"));
        let place = file("run").join("home.script");
        assert!(place.exists());
        assert!(daemon.stop().0.success());
        assert!(!runs("1000"));

        // The directory that the killed script left does not hinder the next one.
        fs::write(file("update.sh"), SEND).unwrap();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        assert!(!place.exists());
    });
}

#[test]
fn no_script_outlives_a_daemon_that_is_killed() {
    isolated(&[], || {
        let scene = scene("trap '' TERM; sleep 1000", "");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        wait_until("the script and its guard run", || runs("1000") && runs("guard"));
        daemon.kill();
        wait_until("the script is ended", || !runs("1000") && !runs("guard"));
    });
}

#[test]
fn no_ip_script_outlives_a_daemon_that_is_killed() {
    isolated(&[], || {
        let source = "\toption ip_source 'script'\n\toption ip_script '/bin/sleep 1000'";
        let scene = Scene::new(source);
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        wait_until("the program and its guard run", || runs("1000") && runs("guard"));
        daemon.kill();
        wait_until("the program is ended", || !runs("1000") && !runs("guard"));
    });
}

#[test]
fn check_warns_of_scripts_that_other_users_can_change() {
    isolated(&[], || {
        let path = file("d").join("address");
        fs::create_dir(file("d")).unwrap();
        fs::write(&path, "#!/bin/sh\necho 203.0.113.5\n").unwrap();
        let source = format!(
            "\toption ip_source 'script'\n\toption ip_script '{0} x'\n\toption update_script '{0}'",
            path.display()
        );
        let scene = Scene::new(&source);
        let launcher = scene.launcher();
        let check = || String::from_utf8(launcher.output(&["check"]).stderr).unwrap();
        let set = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        set(&path, 0o755);
        assert!(!check().contains("other users"), "{}", check());
        for (open, mode) in
            [(path.clone(), 0o755), (file("d"), 0o755), (scene.config.path(), 0o600)]
        {
            set(&open, 0o757);
            let warnings = check();
            let scripts = if mode == 0o600 { 0 } else { 2 };
            let line = format!("other users can change {} and so run", path.display());
            assert_eq!(warnings.matches(&line).count(), scripts, "{warnings}");
            let remedy = format!("{}' prevents it", open.display());
            assert_eq!(warnings.matches(&remedy).count(), scripts.max(1), "{warnings}");
            set(&open, mode);
        }
    });
}

#[test]
fn once_waits_for_a_script_and_a_dry_run_names_it() {
    isolated(&[], || {
        let scene = scene(&format!("sleep 1\n{SEND}"), "\toption use_ipv6 'both'");
        scene.wan.set_address("203.0.113.5");
        scene.wan.set_address6("2001:db8::5");
        let launcher = scene.launcher();
        let shown = launcher.stdout(&["once", "--dry-run"]);
        let line = "home: home.example.com A 203.0.113.5: would run /run/t/update.sh\n";
        assert!(shown.contains(line), "{shown}");
        assert!(sent(&scene).is_empty());
        assert_eq!(launcher.code(&["once"]), Some(0), "{}", launcher.log());
        let mut sent = sent(&scene);
        sent.sort();
        assert_eq!(sent, ["home.example.com 2001:db8::5", "home.example.com 203.0.113.5"]);
    });
}
