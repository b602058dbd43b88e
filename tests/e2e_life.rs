//! The daemon from start to stop, and its commands: reload, state, exit codes, sources.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use support::daemon::Launcher;
use support::process::{Lines, Process, run, wait_until};
use support::provider::Reply;
use support::router::{DIR, PROVIDER, file, isolated};
use support::scene::{LIMIT, Scene, skip_under_emulator};

#[test]
fn a_restart_with_the_same_address_sends_nothing() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        for round in 0..3 {
            let daemon = launcher.run();
            daemon.wait_published("home", "203.0.113.5");
            daemon.wait_saved("203.0.113.5");
            if round == 0 {
                daemon.kill();
            } else {
                assert!(daemon.stop().0.success());
            }
        }
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        assert_eq!(scene.provider.wait_nth(1, LIMIT).myip(), "203.0.113.6");
    });
}

#[test]
fn an_address_that_changed_while_no_daemon_ran_is_sent_at_start() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        daemon.stop();
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        let _daemon = launcher.run();
        assert_eq!(scene.provider.wait_nth(1, LIMIT).myip(), "203.0.113.6");
    });
}

#[test]
fn the_daemon_runs_with_a_truncated_state_file() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        daemon.stop();
        let mut files = 0;
        for entry in fs::read_dir(file("state")).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read(&path).unwrap();
            fs::write(&path, &text[..text.len() / 2]).unwrap();
            files += 1;
        }
        assert!(files > 0);
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        daemon.wait_published("home", "203.0.113.6");
    });
}

#[test]
fn a_reload_sends_only_new_sections_and_those_with_another_account() {
    isolated(&[], || {
        let mut scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");

        scene.config.section("work", "");
        scene.config.write();
        daemon.signal(Signal::SIGHUP);
        assert_eq!(scene.provider.wait_nth(1, LIMIT).hostname(), "work.example.com");
        daemon.wait_published("work", "203.0.113.5");

        // With another account the daemon cannot know what is published.
        scene.config.global("").section("home", "option username 'another'");
        scene.config.section("work", "");
        scene.config.write();
        daemon.signal(Signal::SIGHUP);
        let third = scene.provider.wait_nth(2, LIMIT);
        assert_eq!(third.hostname(), "home.example.com");
        assert_eq!(third.auth.unwrap().0, "another");
    });
}

#[test]
fn a_reload_with_mistakes_serves_the_sections_without_them() {
    isolated(&[], || {
        let mut scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        scene.config.section("bad", "option ip_source 'moon'");
        scene.config.section("work", "");
        scene.config.write();
        daemon.signal(Signal::SIGHUP);
        daemon.wait_published("work", "203.0.113.5");
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        daemon.wait_published("home", "203.0.113.6");
    });
}

#[test]
fn sigterm_ends_the_daemon_within_a_second_during_a_request() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        for (n, reply) in [Reply::Hang, Reply::Drip].into_iter().enumerate() {
            scene.provider.next([reply.clone()]);
            let daemon = launcher.run();
            scene.provider.wait_nth(n, LIMIT);
            let (status, took) = daemon.stop();
            assert!(status.success(), "{reply:?}: {status}");
            assert!(took < Duration::from_secs(1), "{reply:?}: {took:?}");
        }
    });
}

#[test]
fn once_sends_what_changed_and_exits_with_one_on_failure() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let dry = launcher.output(&["once", "--dry-run"]);
        assert!(dry.status.success());
        let shown = String::from_utf8_lossy(&dry.stdout).into_owned();
        assert!(shown.starts_with("home: home.example.com A 203.0.113.5: would send "), "{shown}");
        assert_eq!(shown.lines().count(), 1, "{shown}");
        assert_eq!(scene.provider.attempts(), 0);
        for directory in ["run", "state"] {
            assert!(!file(directory).exists(), "a dry run makes {directory}");
        }
        assert_eq!(launcher.code(&["once"]), Some(0));
        assert_eq!(scene.provider.count(), 1);
        assert_eq!(launcher.code(&["once"]), Some(0));
        assert_eq!(scene.provider.count(), 1);
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        scene.provider.require("somebody", "else");
        assert_eq!(launcher.code(&["once"]), Some(1));
        assert_eq!(scene.provider.count(), 2);
    });
}

#[test]
fn once_that_is_ended_before_the_answer_has_failed() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        scene.provider.next([Reply::Hang]);
        let mut once = Process::start(&mut launcher.command(&["once"]));
        scene.provider.wait_nth(0, LIMIT);
        once.signal(Signal::SIGTERM);
        assert_eq!(once.wait(LIMIT).code(), Some(1));
    });
}

#[test]
fn exit_codes_are_as_documented() {
    isolated(&[], || {
        let mut scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        assert_eq!(launcher.code(&["check"]), Some(0));
        assert_eq!(launcher.bare(&["fly"]).output().unwrap().status.code(), Some(2));
        assert_eq!(launcher.code(&["status"]), Some(4));
        assert_eq!(launcher.code(&["update"]), Some(4));
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        assert_eq!(launcher.code(&["update", "nowhere"]), Some(5));
        assert_eq!(launcher.code(&["why", "nowhere"]), Some(5));
        assert_eq!(launcher.code(&["run"]), Some(6));
        let why = launcher.output(&["why", "home"]);
        assert_eq!(why.status.code(), Some(0));
        let text = String::from_utf8_lossy(&why.stdout).into_owned();
        assert!(text.contains("203.0.113.5") && !text.contains("secret"), "{text}");
        daemon.stop();

        scene.config.section("one", "option ip_source 'moon'");
        scene.config.section("two", "option use_ipv6 'perhaps'\noption retry_interval 'soon'");
        scene.config.write();
        let check = launcher.output(&["check"]);
        assert_eq!(check.status.code(), Some(3));
        let text = [check.stdout, check.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        for word in ["moon", "perhaps", "retry_interval", "ddns:"] {
            assert!(text.contains(word), "{word} in {text}");
        }
    });
}

#[test]
fn without_an_enabled_section_or_a_daemon_commands_give_advice() {
    isolated(&[], || {
        let scene = Scene::new("option enabled '0'");
        let launcher = scene.launcher();
        let run_command = |words: &[&str]| {
            let output = launcher.output(words);
            let text = [output.stdout, output.stderr].concat();
            (output.status.code(), String::from_utf8_lossy(&text).into_owned())
        };
        let (code, text) = run_command(&["status"]);
        assert_eq!(code, Some(4));
        assert!(text.contains("no daemon is running") && text.contains("' starts it"), "{text}");
        let (code, text) = run_command(&["check"]);
        assert_eq!(code, Some(0));
        assert!(text.contains("Not enabled (this takes option enabled '1'): home\n"), "{text}");
        for words in [&["once"][..], &["once", "--dry-run"]] {
            let (code, text) = run_command(words);
            assert_eq!(code, Some(0), "{text}");
            assert!(text.contains("nothing to do: no section of "), "{text}");
        }
        let daemon = launcher.run();
        wait_until("the daemon answers", || daemon.status().is_some());
        let (code, text) = run_command(&["update"]);
        assert_eq!(code, Some(0));
        assert!(text.contains("no section of ") && text.contains("option enabled '1'"), "{text}");
        assert_eq!(run_command(&["status", "home"]), (Some(0), "home: not enabled\n".into()));
        assert_eq!(run_command(&["status", "nowhere"]).0, Some(5));
    });
}

#[test]
fn check_prints_mistakes_before_warnings_and_each_difference_once() {
    isolated(&[], || {
        let mut scene = Scene::new("option retry_max_count '5'\n\toption frobnicate '1'");
        scene.config.section("office", "option retry_max_count '5'\n\toption use_ipv6 'perhaps'");
        scene.config.section("old", "option lookup_host 'old.example.com'");
        let launcher = scene.launcher();
        let check = launcher.output(&["check"]);
        let [out, err] = [check.stdout, check.stderr].map(|text| String::from_utf8(text).unwrap());
        let wanted = |line: &&str| line.contains(": option '") && !line.contains("'update_url'");
        let mut lines = err.lines().filter(wanted);
        let [Some(mistake), Some(warning), None] = std::array::from_fn(|_| lines.next()) else {
            panic!("{err}")
        };
        let consequence = err.lines().last().unwrap();
        assert!(mistake.contains(": option 'use_ipv6': \"perhaps\" is not "), "{err}");
        assert!(err.starts_with(mistake), "{err}");
        assert!(warning.contains(": option 'frobnicate' is not known"), "{err}");
        assert!(consequence.ends_with(": office"), "{err}");
        let mut differences = out.lines();
        assert!(differences.next().unwrap().starts_with("What works differently"), "{out}");
        let differences: Vec<&str> = differences.collect();
        let retries: Vec<_> =
            differences.iter().filter(|line| line.contains("retry_max_count")).collect();
        assert_eq!(retries.len(), 1, "{out}");
        assert!(retries[0].ends_with("(home, office)"), "{out}");
        assert!(!differences.iter().any(|line| line.contains("ddns:")), "{out}");
        // A configuration with options of ours alone is not compared with ddns-scripts.
        scene.config.global("").section("home", "option retry_max_count '5'");
        assert!(!scene.launcher().stdout(&["check"]).contains("ddns-scripts"));
    });
}

#[test]
fn update_reads_the_configuration_and_password_file_again() {
    isolated(&[], || {
        let secret = file("password");
        fs::write(&secret, "wrong\n").unwrap();
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        let mut scene = Scene::new(&format!(
            "option password ''\n\toption password_file '{}'",
            secret.display()
        ));
        scene.provider.require("user", "right");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_state("home", "refused");
        fs::write(&secret, "right\n").unwrap();
        assert_eq!(launcher.code(&["update", "home"]), Some(0));
        daemon.wait_published("home", "203.0.113.5");
        assert_eq!(scene.provider.count(), 2);
        // A new section is served, too.
        scene.config.section("office", "option password 'right'");
        scene.config.write();
        assert_eq!(launcher.code(&["update", "office"]), Some(0));
        daemon.wait_published("office", "203.0.113.5");
    });
}

#[test]
fn update_and_sigusr1_send_an_unchanged_address() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        assert_eq!(launcher.code(&["update"]), Some(0));
        scene.provider.wait_nth(1, LIMIT);
        daemon.wait_published("home", "203.0.113.5");
        daemon.signal(Signal::SIGUSR1);
        scene.provider.wait_nth(2, LIMIT);
    });
}

#[test]
fn watch_prints_changes_without_a_configuration() {
    isolated(&[], || {
        let scene = Scene::bare();
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let watch = launcher.start(&["watch", "--json", "wan"]);
        watch.lines.wait_line(LIMIT, |l| l.contains("203.0.113.5"));
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        watch.lines.wait_line(LIMIT, |l| l.contains("203.0.113.6"));
        for line in watch.lines.all() {
            let parsed: Result<Value, _> = serde_json::from_str(&line);
            assert!(parsed.is_ok(), "{line}");
        }
    });
}

#[test]
fn watch_reports_that_it_waits_for_a_device() {
    isolated(&[], || {
        let scene = Scene::bare();
        let launcher = scene.launcher();
        let watch = launcher.start(&["watch", "usb0"]);
        let waits = "there is no device 'usb0' yet; waiting for it";
        watch.lines.wait_line(LIMIT, |line| line.ends_with(waits));
        scene.wan.ip("link add usb0 type veth peer name usb1");
        scene.wan.ip("addr add 203.0.113.9/24 dev usb0");
        watch.lines.wait_line(LIMIT, |line| line.contains("203.0.113.9"));
    });
}

#[test]
fn watch_ends_when_nobody_reads_its_output() {
    isolated(&[], || {
        let scene = Scene::bare();
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let mut command = launcher.bare(&["watch", "wan"]);
        let mut watch = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(watch.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        assert!(line.starts_with("wan: added "), "{line}");
        drop(output);
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        wait_until("watch ends", || watch.try_wait().unwrap().is_some());
    });
}

#[test]
fn a_web_page_can_be_the_source() {
    isolated(&[], || {
        let scene =
            Scene::new(&format!("option ip_source 'web'\noption ip_url 'http://{PROVIDER}/ip'"));
        scene.provider.for_path("/ip", Reply::Echo);
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        assert_eq!(launcher.code(&["update"]), Some(0));
        let name = "home.example.com";
        scene.provider.wait_record(name, "203.0.113.6", LIMIT);
    });
}

#[test]
fn a_script_can_be_the_source() {
    isolated(&[], || {
        let script = file("address.sh");
        fs::write(&script, format!("#!/bin/sh\necho \"$1\"; cat {DIR}/address\n")).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(file("address"), "203.0.113.77\n").unwrap();
        let option = format!("option ip_source 'script'\noption ip_script '{DIR}/address.sh is:'");
        let scene = Scene::new(&option);
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.77");
        fs::write(file("address"), "203.0.113.78\n").unwrap();
        assert_eq!(launcher.code(&["update"]), Some(0));
        let name = "home.example.com";
        scene.provider.wait_record(name, "203.0.113.78", LIMIT);
    });
}

#[test]
fn a_password_file_is_read_and_never_shown() {
    isolated(&[], || {
        fs::write(file("password"), "from a file&+%\nsecond line\n").unwrap();
        let scene = Scene::new(&format!("option password_file '{DIR}/password'"));
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        let auth = scene.provider.wait_nth(0, LIMIT).auth.unwrap();
        assert_eq!(auth, ("user".to_owned(), "from a file&+%".to_owned()));
        daemon.wait_published("home", "203.0.113.5");
        let why = launcher.output(&["why", "home"]);
        let shown = String::from_utf8_lossy(&why.stdout).into_owned() + &launcher.log();
        assert!(!shown.contains("from a file"), "{shown}");
        assert!(!shown.contains("from%20a%20file"), "{shown}");
    });
}

/// Whether SIGHUP is in this set of signals of a process (`SigBlk`, `SigCgt`).
fn has_hangup(pid: u32, set: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix(set)?.strip_prefix(":"));
    mask.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

#[test]
fn a_reload_while_the_daemon_starts_is_carried_out() {
    if skip_under_emulator("qemu-user blocks signals itself, before the program does") {
        return;
    }
    isolated(&[], || {
        let mut scene = Scene::bare();
        scene.wan.set_address("203.0.113.5");
        for number in 0..100 {
            scene.config.section(&format!("s{number}"), "");
        }
        let launcher = scene.launcher();
        // A daemon that has read the file before this test looks at it is no use: start another one.
        for _ in 0..20 {
            let daemon = launcher.run();
            let pid = daemon.process.id();
            while !has_hangup(pid, "SigBlk") && !has_hangup(pid, "SigCgt") {}
            if !has_hangup(pid, "SigBlk") {
                continue;
            }
            daemon.signal(Signal::SIGHUP);
            daemon.wait_line(LIMIT, |line| line.contains("reading") && line.contains("again"));
            daemon.wait_published("s99", "203.0.113.5");
            return;
        }
        panic!("SIGHUP ends a daemon that reads its configuration");
    });
}

#[test]
fn an_address_is_sent_while_commands_never_fall_silent() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        let asks_on = AtomicBool::new(true);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while asks_on.load(Ordering::Relaxed) {
                        ask_status(&file("run/control.sock"));
                    }
                });
            }
            scene.wan.change_address("203.0.113.5", "203.0.113.6");
            let is_sent = provider_has(&scene, "203.0.113.6");
            asks_on.store(false, Ordering::Relaxed);
            assert!(is_sent, "{}", launcher.log());
        });
        assert!(daemon.stop().0.success());
    });
}

/// Asks for the status and does not wait for it, so that more commands wait at any time.
fn ask_status(socket: &Path) {
    let Ok(mut stream) = UnixStream::connect(socket) else { return };
    let _ = stream.write_all(b"status\n");
}

/// Whether the provider gets this address within 20 seconds.
fn provider_has(scene: &Scene, address: &str) -> bool {
    for _ in 0..1000 {
        if scene.provider.requests().iter().any(|request| request.myip() == address) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

#[test]
fn a_reload_of_a_truncated_configuration_changes_nothing() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        let whole = fs::read_to_string(scene.config.path()).unwrap();
        fs::write(scene.config.path(), format!("config ddns 'global\n{whole}")).unwrap();
        daemon.signal(Signal::SIGHUP);
        daemon.wait_line(LIMIT, |line| line.contains("cannot be read to its end"));
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        scene.provider.wait_record("home.example.com", "203.0.113.6", LIMIT);
        daemon.wait_saved("203.0.113.6");
        assert!(daemon.stop().0.success());
        // A start with it forgets nothing of what an earlier daemon published.
        let daemon = launcher.run();
        daemon.wait_line(LIMIT, |line| line.contains("never closed"));
        daemon.stop();
        fs::write(scene.config.path(), whole).unwrap();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.6");
        assert_eq!(scene.provider.count(), 2);
    });
}

#[test]
fn a_reload_moves_run_files_to_another_directory() {
    isolated(&[], || {
        let mut scene = Scene::bare();
        scene.config.global(&format!("\toption ddns_rundir '{DIR}/elsewhere'"));
        scene.config.section("home", "");
        let elsewhere = scene.config.text().to_owned();
        scene.config.global("");
        scene.config.section("home", "");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        // A directory that cannot be used causes a message, and the old one stays in use.
        for (wrong, message) in
            [("tmp/elsewhere", "does not begin with '/'"), ("/proc/version/x", "goes on")]
        {
            fs::write(scene.config.path(), elsewhere.replace(&format!("{DIR}/elsewhere"), wrong))
                .unwrap();
            daemon.signal(Signal::SIGHUP);
            daemon.wait_line(LIMIT, |line| line.contains(message));
        }
        fs::write(scene.config.path(), elsewhere).unwrap();
        daemon.signal(Signal::SIGHUP);
        daemon.wait_published("home", "203.0.113.5");
        assert!(file("elsewhere").join("home.pid").exists());
        assert!(!file("run").join("home.pid").exists());
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        daemon.wait_published("home", "203.0.113.6");
        assert_eq!(scene.provider.count(), 2, "the state is kept");
        // The old directory again.
        scene.config.write();
        daemon.signal(Signal::SIGHUP);
        daemon.wait_published("home", "203.0.113.6");
        assert!(file("run").join("home.pid").exists());
        assert!(daemon.stop().0.success());
    });
}

#[test]
fn a_section_starts_once_its_missing_script_exists() {
    isolated(&[], || {
        let script = file("late");
        let scene = Scene::new(&format!(
            "\toption ip_source 'script'\n\toption ip_script '{}'",
            script.display()
        ));
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_line(LIMIT, |line| line.contains("is not a program that can be run"));
        fs::write(&script, "#!/bin/sh\necho 203.0.113.77\n").unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        scene.provider.wait_record("home.example.com", "203.0.113.77", LIMIT);
    });
}

#[test]
fn a_run_directory_that_is_removed_is_made_again() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        let pid = daemon.process.id();
        for name in ["run", "run/ddns-netlink.lock", "run/control.sock"] {
            let path = file(name);
            if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
            daemon.signal(Signal::SIGHUP);
            wait_until(name, || launcher.code(&["status"]) == Some(0));
            wait_until(name, || file("run/home.pid").exists() && file("run/home.ip").exists());
            let output = launcher.output(&["run", "--stderr"]);
            let error = String::from_utf8(output.stderr).unwrap();
            assert!(
                error.contains(&format!("another instance is running (process {pid})")),
                "{error}"
            );
            assert_eq!(output.status.code(), Some(6));
        }
        // Without a signal the directory is made when the next run file is written.
        fs::remove_dir_all(file("run")).unwrap();
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        daemon.wait_published("home", "203.0.113.6");
        assert_eq!(launcher.code(&["run"]), Some(6));
        assert!(daemon.stop().0.success());
        assert!(!file("run/home.pid").exists());
    });
}

fn chmod(name: &str, mode: u32) {
    fs::set_permissions(file(name), fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn directories_that_others_can_change_are_not_used() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        for name in ["run", "state", "log"] {
            fs::create_dir(file(name)).unwrap();
        }
        chmod("run", 0o777);
        for words in [["run", "--stderr"].as_slice(), &["once"], &["check"]] {
            let output = launcher.output(words);
            assert_eq!(output.status.code(), Some(3));
            let error = String::from_utf8(output.stderr).unwrap();
            let line = format!(
                "ddns_rundir {DIR}/run: other users can change this directory, so it is not used; \
                 'chmod go-w {DIR}/run' prevents it\n"
            );
            assert!(error.contains(&line), "{error}");
        }
        assert_eq!(fs::read_dir(file("run")).unwrap().count(), 0);
        chmod("run", 0o755);
        chmod("state", 0o707);
        chmod("log", 0o777);
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        for consequence in [
            "what was published before is not known",
            "cannot write the log file",
            "will not survive a reboot",
        ] {
            daemon.wait_line(LIMIT, |line| {
                line.contains(consequence) && line.contains(" so it is not used; ")
            });
        }
        for name in ["state", "log"] {
            assert_eq!(fs::read_dir(file(name)).unwrap().count(), 0, "{name}");
        }
    });
}

#[test]
fn a_state_that_is_no_regular_file_does_not_delay_the_start() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        fs::create_dir(file("state")).unwrap();
        let state = file("state/state");
        for kind in ["mkfifo", "mkdir", "truncate -s 1G", "ln -s /dev/zero"] {
            run(Command::new("sh").args(["-c", &format!("{kind} {DIR}/state/state")]));
            let daemon = launcher.run();
            daemon.wait_published("home", "203.0.113.5");
            daemon.wait_line(LIMIT, |line| line.contains("published before is not known"));
            assert!(daemon.stop().0.success(), "{kind}");
            if state.is_dir() {
                fs::remove_dir(&state).unwrap();
            } else {
                fs::remove_file(&state).unwrap();
            }
        }
    });
}

/// The command with these arguments, run by a shell that has run `first` before.
fn after(first: &str, launcher: &Launcher, words: &[&str]) -> Command {
    let command = launcher.command(words);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{first}; exec \"$@\""), "sh"]);
    shell.arg(command.get_program()).args(command.get_args());
    shell
}

#[test]
fn a_log_pipe_that_nobody_reads_does_not_stop_the_daemon() {
    isolated(&[], || {
        let mut scene = Scene::new("");
        for i in 0..40 {
            scene.config.section(&format!("bad{i}"), "option ip_source 'moon'");
        }
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let (reader, writer) = std::io::pipe().unwrap();
        let mut daemon = launcher.command(&["run", "--stderr"]).stderr(writer).spawn().unwrap();
        scene.provider.wait_record("home.example.com", "203.0.113.5", LIMIT);
        let pid = Pid::from_raw(i32::try_from(daemon.id()).unwrap());
        for _ in 0..30 {
            kill(pid, Signal::SIGHUP).unwrap();
            wait_until("the daemon answers", || launcher.code(&["status"]) == Some(0));
        }
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        scene.provider.wait_record("home.example.com", "203.0.113.6", LIMIT);
        // Once the pipe is read again, the daemon logs how many messages were lost.
        let lines = Lines::default();
        lines.follow(reader);
        lines.wait_line(LIMIT, |line| line.contains("reading"));
        kill(pid, Signal::SIGHUP).unwrap();
        lines.wait_line(LIMIT, |line| line.ends_with("nobody read them in time"));
        kill(pid, Signal::SIGTERM).unwrap();
        assert!(daemon.wait().unwrap().success());
    });
}

#[test]
fn of_many_mistakes_only_the_first_are_logged() {
    isolated(&[], || {
        let mut scene = Scene::new("");
        for i in 0..300 {
            scene.config.section(&format!("bad{i}"), "option ip_source 'moon'");
        }
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        daemon.wait_line(LIMIT, |line| line.contains("more messages like these"));
        let log = launcher.log();
        assert!(log.lines().count() < 70, "{log}");
        let check = String::from_utf8(launcher.output(&["check"]).stderr).unwrap();
        assert_eq!(check.matches("moon").count(), 50, "{check}");
        assert!(check.contains("250 more mistakes"), "{check}");
    });
}

#[test]
fn reaching_a_resource_limit_is_reported_with_its_name() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let output = after("ulimit -n 8", &launcher, &["run", "--stderr"]).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(70), "{error}");
        assert!(error.starts_with("ddns-netlink: cannot start: "), "{error}");
        assert!(error.contains("(ulimit -n)") && !error.contains("panic"), "{error}");
        // With a file size limit of 0 neither run files nor the state can be written; updates still
        // work.
        let mut daemon = after("ulimit -f 0", &launcher, &["run", "--stderr"]);
        let mut daemon = Process::start(&mut daemon);
        scene.provider.wait_record("home.example.com", "203.0.113.5", LIMIT);
        daemon.lines.wait_line(LIMIT, |line| line.contains("will not survive a reboot"));
        daemon
            .lines
            .wait_line(LIMIT, |line| line.contains("cannot write the files that LuCI reads"));
        assert_eq!(launcher.code(&["status"]), Some(0));
        daemon.signal(Signal::SIGTERM);
        assert!(daemon.wait(LIMIT).success());
    });
}

#[test]
fn watch_escapes_control_characters_in_device_names() {
    isolated(&[], || {
        let scene = Scene::bare();
        let launcher = scene.launcher();
        for words in [["watch"].as_slice(), &["watch", "--json"]] {
            let watch = launcher.start(words);
            let mut ip = scene.wan.command("ip");
            ip.args(["link", "add", "x\u{1b}[7m\u{7f}", "type", "veth", "peer", "name", "y"]);
            run(&mut ip);
            let mut ip = scene.wan.command("ip");
            run(ip.args(["addr", "add", "203.0.113.9/24", "dev", "x\u{1b}[7m\u{7f}"]));
            watch.lines.wait_line(LIMIT, |line| line.contains("x\\u001b[7m\\u007f"));
            run(scene.wan.command("ip").args(["link", "del", "y"]));
            assert!(!watch.lines.all().concat().contains('\u{1b}'));
        }
    });
}

#[test]
fn import_makes_sections_that_check_accepts_and_keeps_passwords_off_the_terminal() {
    isolated(&[], || {
        let mut scene = Scene::bare();
        let launcher = scene.launcher();
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import");
        for name in ["inadyn.conf", "ddclient.conf", "ddns-go.yaml"] {
            let path = data.join(name);
            let import = launcher.output(&["import", path.to_str().unwrap()]);
            let uci = String::from_utf8(import.stdout).unwrap();
            let told = String::from_utf8(import.stderr).unwrap();
            assert_eq!(import.status.code(), Some(3), "{told}");
            assert!(uci.contains("WithoutMeaning") && !told.contains("WithoutMeaning"), "{told}");
            assert!(told.lines().all(|line| line.starts_with(path.to_str().unwrap())), "{told}");
            scene.config.global(&uci);
            let check = scene.launcher().output(&["check"]);
            let text = String::from_utf8(check.stderr).unwrap();
            assert_eq!(check.status.code(), Some(0), "{name}: {text}");
        }
        let other = file("other");
        fs::write(&other, "once upon a time\n").unwrap();
        let other = other.to_str().unwrap();
        for (words, code) in [
            (["import", "/nowhere"].as_slice(), 1),
            (&["import", other], 1),
            (&["import", other, "--from=inadyn"], 1),
            (&["import", other, "--from=dyndns"], 2),
        ] {
            let import = launcher.output(words);
            assert_eq!(import.status.code(), Some(code), "{words:?}");
            assert!(import.stdout.is_empty() && !import.stderr.is_empty(), "{words:?}");
        }
    });
}

#[test]
fn a_section_of_ddclient_publishes_after_its_import() {
    isolated(&[], || {
        let mut scene = Scene::bare();
        scene.wan.set_address("203.0.113.5");
        let old = file("ddclient.conf");
        let text = format!(
            "ssl=no\nusev4=ifv4, ifv4=wan\n\
             protocol=dyndns2, server={PROVIDER}, login=user, password='s e,c#ret' home.example.com\n"
        );
        fs::write(&old, text).unwrap();
        scene.provider.require("user", "s e,c#ret");
        let import = scene.launcher().output(&["import", old.to_str().unwrap()]);
        assert_eq!(import.status.code(), Some(0));
        assert!(import.stderr.is_empty());
        scene.config.global(&String::from_utf8(import.stdout).unwrap());
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
    });
}
