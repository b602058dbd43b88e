//! The owner's programs: the hook, scripts that procd runs, the samples in `examples/hooks`, and `history`.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use support::process::{Process, run, wait_until};
use support::provider::Provider;
use support::router::{file, isolated};
use support::scene::{LIMIT, Scene, endpoint, skip_under_emulator};
use support::ubus::{Client, Ubusd};

/// Writes a script that can be run.
fn script(name: &str, text: &str) -> PathBuf {
    let path = file(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// A scene with the section `home` and these global options.
fn scene(global: &str, options: &str) -> Scene {
    let mut scene = Scene::bare();
    scene.config.global(global);
    scene.config.section("home", options);
    scene
}

#[test]
fn the_hook_is_told_of_each_change_one_after_the_other() {
    isolated(&[], || {
        let told = file("told");
        // It complains if another one runs, takes its time, and fails once.
        let hook = script(
            "hook",
            &format!(
                "#!/bin/sh\n\
                 mkdir {0}.lock || echo parallel >>{0}\n\
                 env | grep -c SECRET >/dev/null && echo secret >>{0}\n\
                 sleep 0.2\n\
                 echo \"$ACTION $DDNS_NAME $DDNS_TYPE $DDNS_OLD>$DDNS_NEW $#\" >>{0}\n\
                 rmdir {0}.lock\n\
                 [ $DDNS_NUMBER != 2 ] || {{ echo oh dear >&2; exit 7; }}\n",
                told.display()
            ),
        );
        let global = format!("option hook '{}'\noption failing_after '1'", hook.display());
        let names = "list domain 'a.example.com'\nlist domain 'b.example.com'";
        let scene = scene(&global, names);
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        wait_until("three calls", || lines(&told).len() >= 3);
        daemon.wait_line(LIMIT, |line| line.contains("failed with exit status 7: oh dear"));
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        wait_until("three more", || {
            let seen = lines(&told);
            seen.iter().filter(|line| line.starts_with("update ") && line.contains('6')).count()
                == 3
        });
        let seen = lines(&told);
        assert!(seen.contains(&"update a.example.com A >203.0.113.5 0".into()), "{seen:?}");
        assert!(
            seen.contains(&"update b.example.com A 203.0.113.5>203.0.113.6 0".into()),
            "{seen:?}"
        );
        assert!(!seen.iter().any(|line| line == "parallel" || line == "secret"), "{seen:?}");
        // A restart is no change. It would kill a hook that has not removed its lock yet.
        wait_until("the end of the last call", || !file("told.lock").exists());
        let count = seen.len();
        daemon.stop();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.6");
        scene.wan.ip("addr del 203.0.113.6/24 dev wan");
        wait_until("the loss", || lines(&told).len() >= count + 3);
        let new = lines(&told).split_off(count);
        assert!(new.iter().all(|line| line.starts_with("lost ")), "{new:?}");
    });
}

#[test]
fn a_hook_that_cannot_be_run_is_an_error_of_the_configuration() {
    isolated(&[], || {
        let scene = scene("option hook '/no/such/program'", "");
        let output = scene.launcher().output(&["check"]);
        let text = String::from_utf8(output.stdout).unwrap();
        let text = text + &String::from_utf8(output.stderr).unwrap();
        assert!(text.contains("option 'hook': "), "{text}");
        assert_eq!(output.status.code(), Some(3));
    });
}

#[test]
fn scripts_of_procd_are_told_over_ubus() {
    isolated(&[], || {
        let scene = scene("", "");
        scene.wan.set_address("203.0.113.5");
        let _bus = Ubusd::start();
        let mut procd = Client::connect();
        procd.add_object(Some("hotplug.ddns"));
        let launcher = scene.launcher();
        let daemon = launcher.run();
        let (method, data) = procd.notified();
        assert_eq!(method, "call");
        let environment = data["env"].as_array().unwrap();
        for entry in ["ACTION=update", "DDNS_NAME=home.example.com", "DDNS_NEW=203.0.113.5"] {
            assert!(environment.contains(&json!(entry)), "{data}");
        }
        let history = Client::connect().call("ddns", "history", &json!({})).unwrap();
        assert_eq!(history["changes"][0]["new"], "203.0.113.5");
        drop(daemon);
    });
}

#[test]
fn the_history_is_shown_and_survives_a_crash() {
    isolated(&[], || {
        let scene = scene("", "");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        daemon.wait_published("home", "203.0.113.6");
        daemon.wait_saved("203.0.113.6");
        daemon.kill();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.6");
        let text = launcher.stdout(&["history"]);
        let shown: Vec<&str> = text.lines().collect();
        assert_eq!(shown.len(), 2, "{text}");
        assert!(shown[1].contains("home.example.com A  203.0.113.5 -> 203.0.113.6"), "{text}");
        let json: Value = serde_json::from_str(&launcher.stdout(&["history", "--json"])).unwrap();
        let change = &json["changes"][1];
        assert_eq!(change["old"], "203.0.113.5", "{json}");
        assert!(change["accepted_at"].as_u64().unwrap() > 1_700_000_000, "{json}");
        let other = launcher.stdout(&["history", "other.example.com"]);
        assert_eq!(other, "no change of an address is known\n");
    });
}

/// A copy of a sample with one line changed, as its head tells the owner to do.
fn sample(name: &str, from: &str, to: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/hooks").join(name);
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{name}");
    script(name, &text.replace(from, to))
}

#[test]
fn the_sample_ntfy_sends_the_old_and_the_new_address() {
    isolated(&["curl"], || {
        let server = Provider::new();
        let _listening = server.listen(endpoint("127.0.0.1", 8080));
        let hook = sample("ntfy", "https://ntfy.sh/CHANGE-ME", "http://127.0.0.1:8080/topic");
        let output = Command::new(&hook)
            .env("ACTION", "update")
            .env("DDNS_NAME", "home.example.com")
            .env("DDNS_OLD", "203.0.113.5")
            .env("DDNS_NEW", "203.0.113.6")
            .output()
            .unwrap();
        let request = server.wait_nth(0, LIMIT);
        assert_eq!(request.body, "home.example.com is at 203.0.113.6 now, and was at 203.0.113.5");
        assert!(String::from_utf8(output.stderr).unwrap().len() < 100);
        let reason = "the zone's name servers have 198.51.100.7";
        let variables =
            [("ACTION", "foreign"), ("DDNS_NAME", "home.example.com"), ("DDNS_REASON", reason)];
        run(Command::new(&hook).envs(variables));
        assert_eq!(server.wait_nth(1, LIMIT).body, format!("home.example.com: {reason}"));
        run(Command::new(&hook).env("ACTION", "lost"));
        assert_eq!(server.count(), 2, "a line that dials again is no message");
    });
}

#[test]
fn the_sample_mqtt_publishes_to_a_broker() {
    if skip_under_emulator("the broker is the same") {
        return;
    }
    isolated(&["mosquitto", "mosquitto_pub", "mosquitto_sub"], || {
        let config = file("mosquitto.conf");
        fs::write(&config, "listener 1883 127.0.0.1\nallow_anonymous true\nuser root\n").unwrap();
        let _broker = Process::start(Command::new("mosquitto").arg("-c").arg(&config));
        let hook = sample("mqtt", "PORT='1883'", "PORT='1883' # the test's");
        wait_until("the broker", || {
            let published = Command::new(&hook)
                .env("ACTION", "update")
                .env("DDNS_NAME", "home.example.com")
                .env("DDNS_TYPE", "A")
                .env("DDNS_NEW", "203.0.113.6")
                .status();
            published.unwrap().success()
        });
        let address = run(Command::new("mosquitto_sub").args([
            "-h",
            "127.0.0.1",
            "-C",
            "1",
            "-W",
            "10",
            "-t",
            "ddns/home.example.com/A/address",
        ]));
        assert_eq!(address.trim(), "203.0.113.6");
    });
}

#[test]
fn the_sample_wireguard_sets_endpoints_that_are_names() {
    isolated(&[], || {
        let calls = file("calls");
        let wg = script("wg", &format!("#!/bin/sh\necho \"$@\" >>{}\n", calls.display()));
        fs::write(
            file("wg0.conf"),
            "[Interface]\nPrivateKey = x\n[Peer]\nPublicKey = KEY1=\nEndpoint = vpn.example.org:51820\n\
             [Peer]\nPublicKey = KEY2= # old\nAllowedIPs = ::/0\nEndpoint = 192.0.2.1:51820\n",
        )
        .unwrap();
        let directory = file("wg0.conf").parent().unwrap().to_owned();
        let hook = sample(
            "wireguard",
            "DIRECTORY=/etc/wireguard",
            &format!("DIRECTORY={}", directory.display()),
        );
        let path = format!("{}:{}", wg.parent().unwrap().display(), support::router::search_path());
        run(Command::new(&hook).env("PATH", &path).env("ACTION", "update"));
        assert_eq!(lines(&calls), ["set wg0 peer KEY1= endpoint vpn.example.org:51820"]);
        run(Command::new(&hook).env("PATH", &path).env("ACTION", "lost"));
        assert_eq!(lines(&calls).len(), 1);
    });
}
