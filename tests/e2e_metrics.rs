//! Metrics: what real Prometheus, its node exporter and OpenWrt's exporters make of them.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use support::daemon::Launcher;
use support::process::{Process, run, wait_until};
use support::provider::{Provider, Reply};
use support::router::{file, has, isolated};
use support::scene::{LIMIT, Scene, endpoint, skip_under_emulator};
use support::skip::skip_in_ci_too;
use support::ubus::{Client, Ubusd};

const PUBLISHED: &str =
    "ddns_record_published{section=\"home\",name=\"home.example.com\",type=\"A\"}";

/// The file for the textfile collector.
fn prom() -> PathBuf {
    file("prometheus/ddns.prom")
}

/// A scene whose daemon writes the file.
fn scene() -> Scene {
    let mut scene = Scene::bare();
    scene.config.global(&format!("option metrics_file '{}'", prom().display()));
    scene.config.section("home", "");
    scene.wan.set_address("203.0.113.5");
    scene
}

/// Waits until the file has this line.
fn wait_line(line: &str) {
    wait_until(line, || {
        let text = fs::read_to_string(prom()).unwrap_or_default();
        text.lines().any(|known| known == line)
    });
}

fn page(url: &str) -> String {
    let output = Command::new("curl").args(["--silent", "--max-time", "5", url]).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_file_follows_events_and_is_gone_when_the_daemon_ends() {
    isolated(&[], || {
        let mut scene = scene();
        let launcher = scene.launcher();
        // As systemd starts it.
        let mut command = Command::new("sh");
        command.args(["-c", "umask 077; exec \"$@\"", "sh"]);
        let inner = launcher.command(&["run", "--stderr"]);
        command.arg(inner.get_program()).args(inner.get_args());
        let mut daemon = Process::start(&mut command);
        wait_line(&format!("{PUBLISHED} 1"));
        let before = fs::metadata(prom()).unwrap();
        assert_eq!(before.permissions().mode() & 0o777, 0o644, "an exporter may read it");
        // Nothing is written for a look.
        assert_eq!(launcher.code(&["status"]), Some(0));
        assert_eq!(fs::metadata(prom()).unwrap().ino(), before.ino());
        scene.provider_down();
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        wait_line(&format!("{PUBLISHED} 0"));
        wait_until("a failure is counted", || {
            let text = fs::read_to_string(prom()).unwrap_or_default();
            !text.contains("ddns_updates_failed_total{section=\"home\"} 0\n")
        });
        let text = fs::read_to_string(prom()).unwrap();
        assert!(text.contains("\nddns_record_failing_since_timestamp_seconds{"), "{text}");
        assert!(!text.contains("secret") && !text.contains("203.0.113"), "{text}");
        // Another file, without a restart.
        let other = file("prometheus/other.prom");
        scene.config.global(&format!("option metrics_file '{}'", other.display()));
        scene.config.section("home", "");
        scene.config.write();
        daemon.signal(nix::sys::signal::Signal::SIGHUP);
        wait_until("the other file", || other.exists() && !prom().exists());
        daemon.signal(nix::sys::signal::Signal::SIGTERM);
        daemon.wait(LIMIT);
        assert!(!other.exists(), "no exporter shows the state of a daemon that is gone");
    });
}

#[test]
fn a_file_that_cannot_be_written_or_found_is_reported() {
    isolated(&[], || {
        let mut scene = scene();
        fs::create_dir_all(prom()).unwrap();
        let launcher = scene.launcher();
        let daemon = launcher.run();
        let line = daemon.wait_line(LIMIT, |line| line.contains("metrics_file"));
        assert!(line.contains(&prom().display().to_string()), "{line}");
        daemon.wait_published("home", "203.0.113.5");
        for wrong in ["/var/prometheus/ddns", "ddns.prom"] {
            scene.config.global(&format!("option metrics_file '{wrong}'"));
            let output = scene.launcher().output(&["check"]);
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let text = text + &String::from_utf8_lossy(&output.stderr);
            assert!(text.contains("option 'metrics_file': ") && text.contains(".prom"), "{text}");
            assert_eq!(output.status.code(), Some(3));
        }
    });
}

/// What promtool says about this text; nothing if it has no complaint.
fn complaints(text: &str) -> String {
    let path = file("checked.prom");
    fs::write(&path, text).unwrap();
    let mut command = Command::new("promtool");
    command.args(["check", "metrics"]).stdin(Stdio::from(fs::File::open(path).unwrap()));
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

/// Prometheus, which scrapes these addresses each second.
fn prometheus(targets: &[&str]) -> Process {
    let config = file("prometheus.yml");
    let text = format!(
        "global:\n  scrape_interval: 1s\nscrape_configs:\n- job_name: ddns\n  static_configs:\n  \
         - targets: [{}]\n",
        targets.join(", ")
    );
    fs::write(&config, text).unwrap();
    Process::start(
        Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", file("tsdb").display()))
            .arg("--web.listen-address=127.0.0.1:9090"),
    )
}

/// The samples that Prometheus has for `query`: each target with its value.
fn samples(query: &str) -> Vec<(String, String)> {
    let url = format!("http://127.0.0.1:9090/api/v1/query?query={query}");
    let json: Value = serde_json::from_str(&page(&url)).unwrap_or_default();
    let found = json["data"]["result"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let pair = |it: &Value| (text(&it["metric"]["instance"]), text(&it["value"][1]));
    let mut pairs: Vec<_> = found.iter().map(pair).collect();
    pairs.sort();
    pairs
}

#[test]
fn prometheus_reads_both_formats() {
    if skip_under_emulator("the text is the same") {
        return;
    }
    isolated(&["promtool", "prometheus", "prometheus-node-exporter", "curl"], || {
        let scene = scene();
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        wait_line(&format!("{PUBLISHED} 1"));
        assert_eq!(complaints(&fs::read_to_string(prom()).unwrap()), "");
        // The older format by way of the exporter, OpenMetrics by a web server.
        let directory = prom().parent().unwrap().display().to_string();
        let exporter = Process::start(
            Command::new("prometheus-node-exporter")
                .args(["--collector.disable-defaults", "--collector.textfile"])
                .arg(format!("--collector.textfile.directory={directory}"))
                .arg("--web.listen-address=127.0.0.1:9100"),
        );
        let text = launcher.stdout(&["metrics"]);
        assert!(text.ends_with("\n# EOF\n"), "{text}");
        let server = Provider::new();
        let kind = "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8";
        server.for_path("/metrics", Reply::Fixed(200, vec![kind.into()], text));
        let _listening = server.listen(endpoint("127.0.0.1", 9200));
        let _prometheus = prometheus(&["'127.0.0.1:9100'", "'127.0.0.1:9200'"]);
        for (query, value) in
            [("ddns_record_published", "1"), ("ddns_updates_accepted_total", "1"), ("up", "1")]
        {
            let expected = ["127.0.0.1:9100", "127.0.0.1:9200"].map(|it| (it.into(), value.into()));
            wait_until(query, || samples(query) == expected);
        }
        let shown = page("http://127.0.0.1:9100/metrics");
        assert!(shown.contains("# TYPE ddns_updates_accepted_total counter\n"), "{shown}");
        assert!(shown.contains("\nnode_textfile_scrape_error 0\n"), "{shown}");
        drop((exporter, daemon));
    });
}

#[test]
fn the_command_says_that_no_daemon_is_running() {
    isolated(&[], || {
        let output = scene().launcher().output(&["metrics"]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains("no daemon is running") && text.contains("starts it"), "{text}");
        assert_eq!(output.status.code(), Some(4));
    });
}

/// What a collector of ours makes of the metrics: with the stand-in for its exporter in `tests/openwrt/exporter`, which
/// takes `output`.
fn collected(interpreter: &str, kind: &str, output: &str, answer: Option<&Path>) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(interpreter);
    command.arg(root.join(format!("tests/openwrt/exporter/exporter.{kind}")));
    command.arg(root.join(format!("openwrt/files/ddns_netlink.{kind}"))).arg(output).args(answer);
    run(&mut command)
}

/// What the method `metrics` gives, in a file.
fn metrics_of_ubus(launcher: &Launcher) -> (PathBuf, String) {
    let _bus = Ubusd::start();
    let daemon = launcher.run();
    daemon.wait_published("home", "203.0.113.5");
    let mut client = Client::connect();
    client.wait_for("ddns");
    let reply = client.call("ddns", "metrics", &json!({})).unwrap();
    let text = reply["text"].as_str().unwrap().to_owned();
    let path = file("answer");
    fs::write(&path, &text).unwrap();
    (path, text)
}

#[test]
fn the_collectors_for_openwrts_exporters_hand_the_metrics_on() {
    if skip_under_emulator("the text is the same") {
        return;
    }
    isolated(&["lua5.1", "promtool"], || {
        let (answer, text) = metrics_of_ubus(&scene().launcher());
        assert!(text.contains(&format!("{PUBLISHED} 1\n")), "{text}");
        // ucode is no package of Debian.
        let exporters =
            [("lua5.1", "lua", "out"), ("lua5.1", "lua", "output"), ("ucode", "uc", "")];
        for (interpreter, kind, output) in exporters {
            if !has(interpreter) {
                skip_in_ci_too(&format!("{interpreter} is not installed"));
                continue;
            }
            let shown = collected(interpreter, kind, output, Some(&answer));
            let success = "node_scrape_collector_success{collector=\"ddns_netlink\"}";
            assert_eq!(shown, format!("{text}{success} 1\n"));
            assert!(!complaints(&shown).contains("error while"), "{shown}");
            let shown = collected(interpreter, kind, output, None);
            assert_eq!(shown, format!("{success} 0\n"), "no daemon answers");
        }
    });
}
