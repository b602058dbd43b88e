//! The examples in `examples/fleet`, with Ansible and with OpenWISP's netjsonconfig; metrics with the parsers of
//! Prometheus' Python library. `make test-servers` runs these tests.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod servers;
#[path = "support/skip.rs"]
mod skip;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs, process as this};

use ddns_netlink::engine::metrics::{Format, text};
use ddns_netlink::engine::record::Timeline;
use ddns_netlink::engine::status::{RecordStatus, SectionStatus, Snapshot, UpdateTotals};
use ddns_netlink::engine::wait::Wait;
use ddns_netlink::model::{Family, Hostname};
use serde_json::json;
use servers::program;

const BINARY: &str = env!("CARGO_BIN_EXE_ddns-netlink");

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/fleet").join(name)
}

fn scratch(name: &str) -> PathBuf {
    let directory = env::temp_dir().join(format!("ddns-netlink-{name}-{}", this::id()));
    fs::create_dir_all(&directory).unwrap();
    directory
}

/// Runs `command`: whether it has succeeded, and its output.
fn run(command: &mut Command) -> (bool, String) {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// Runs the playbook for two routers, which are directories of this machine; `name` is that of the first.
fn playbook(ansible: &Path, directory: &Path, name: &str) -> (bool, String) {
    let inventory = format!(
        "[routers]\nr1 ddns_name='{name}'\nr2 ddns_name=office2.example.com\n[routers:vars]\n\
         ansible_connection=local\nddns_provider=desec.io\nddns_user=example.com\n"
    );
    let path = directory.join("inventory.ini");
    fs::write(&path, inventory).unwrap();
    for router in ["r1", "r2"] {
        fs::create_dir_all(directory.join(router)).unwrap();
    }
    let home = format!("{}/{{{{ inventory_hostname }}}}", directory.display());
    let variables = json!({
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "ansible_remote_tmp": directory,
        "ddns_check": format!("{BINARY} check -c %s"),
        "ddns_config": format!("{home}/ddns"),
        "ddns_password": "s3cret",
        "ddns_password_file": format!("{home}/password"),
        "ddns_reload": format!("touch {home}/reloaded"),
    });
    let mut command = Command::new(ansible);
    command.env("LC_ALL", "C.UTF-8").env("ANSIBLE_HOME", directory);
    command.arg("-i").arg(path).arg("-e").arg(variables.to_string());
    run(command.arg(example("ansible/ddns.yml")))
}

#[test]
#[ignore = "needs Ansible: make test-servers"]
fn ansible_gives_each_router_its_file_and_leaves_it_alone_if_the_new_one_has_a_mistake() {
    let Some(ansible) = program("fleet/bin/ansible-playbook") else { return };
    let directory = scratch("ansible");
    let mut syntax = Command::new(&ansible);
    syntax.env("LC_ALL", "C.UTF-8").env("ANSIBLE_HOME", &directory).arg("--syntax-check");
    syntax.arg("-i").arg(example("ansible/inventory.ini")).arg(example("ansible/ddns.yml"));
    let (succeeded, text) = run(&mut syntax);
    assert!(succeeded, "{text}");
    let (succeeded, text) = playbook(&ansible, &directory, "office1.example.com");
    assert!(succeeded && !text.contains("s3cret"), "{text}");
    let config = directory.join("r1/ddns");
    let written = fs::read_to_string(&config).unwrap();
    assert!(written.contains("option domain 'office1.example.com'"), "{written}");
    let mode = fs::metadata(directory.join("r2/password")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(directory.join("r1/reloaded").exists() && directory.join("r2/reloaded").exists());
    let (succeeded, text) = playbook(&ansible, &directory, "office1.example.com");
    assert!(succeeded && text.matches("changed=0").count() == 2, "{text}");
    let (succeeded, text) = playbook(&ansible, &directory, "not a name!");
    assert!(!succeeded && text.contains("option 'domain'"), "{text}");
    assert_eq!(fs::read_to_string(&config).unwrap(), written);
    let _ = fs::remove_dir_all(directory);
}

#[test]
#[ignore = "needs netjsonconfig: make test-servers"]
fn the_template_of_openwisp_becomes_a_file_without_a_mistake() {
    let Some(netjsonconfig) = program("fleet/bin/netjsonconfig") else { return };
    let directory = scratch("openwisp");
    let mut command = Command::new(netjsonconfig);
    command.env("ddns_name", "office1.example.com").env("ddns_user", "example.com");
    command.env("ddns_password", "s3cret").args(["-b", "openwrt", "-m", "write", "-c"]);
    command.arg(example("openwisp/template.json")).arg("--args").arg("name=router");
    let (succeeded, text) = run(command.arg(format!("path={}", directory.display())));
    assert!(succeeded, "{text}");
    let archive = directory.join("router.tar.gz");
    run(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(&directory));
    let config = directory.join("etc/config/ddns");
    fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
    let (succeeded, text) = run(Command::new(BINARY).args(["check", "-c"]).arg(&config));
    assert!(succeeded && !text.contains("warning"), "{text}");
    assert!(fs::read_to_string(&config).unwrap().contains("option domain 'office1.example.com'"));
    let _ = fs::remove_dir_all(directory);
}

/// The metrics of one record, with each value that may be missing.
fn status() -> Snapshot {
    let record = RecordStatus {
        name: Hostname::parse("home.example.com").unwrap(),
        family: Family::V4,
        published: None,
        since: Some(1_800_000_000),
        since_up: None,
        desired: None,
        seen_at: None,
        failing_since: Some(1_800_000_001),
        foreign: None,
        dnssec: ddns_netlink::dns::Dnssec::Unknown,
        wait: Wait::Stopped,
        reason: String::new(),
        next_in: None,
        timeline: Timeline {
            accepted: Some(Duration::from_millis(41).into()),
            ..Timeline::default()
        },
    };
    let section = SectionStatus {
        name: "home".into(),
        provider: "a \"quoted\" \\ name".into(),
        source: String::new(),
        lines: Vec::new(),
        records: vec![record],
        registered: Vec::new(),
        stopped: true,
        results: UpdateTotals { accepted: 3, failed: 2, refused: 1 },
        asked_in: None,
        last_request: String::new(),
        last_answer: String::new(),
    };
    Snapshot { sections: vec![section], disabled: Vec::new(), broken: Vec::new() }
}

/// Reads a text by a parser of `prometheus_client`, and prints each metric with its samples.
const PARSE: &str = "
import importlib, sys
parser = importlib.import_module(sys.argv[1])
for family in parser.text_string_to_metric_families(sys.argv[2]):
    for sample in family.samples:
        print(family.type, sample.name, sample.labels.get('provider', ''), float(sample.value))
";

#[test]
#[ignore = "needs prometheus-client: make test-servers"]
fn strict_parsers_read_the_metrics_in_both_formats() {
    let Some(python) = program("fleet/bin/python3") else { return };
    let mut shown = Vec::new();
    for (module, format) in [
        ("prometheus_client.openmetrics.parser", Format::OpenMetrics),
        ("prometheus_client.parser", Format::Prometheus),
    ] {
        let text = text(&status(), &[], format);
        let (succeeded, text) = run(Command::new(&python).args(["-c", PARSE, module, &text]));
        assert!(succeeded, "{text}");
        shown.push(text);
    }
    assert_eq!(shown[0], shown[1]);
    for line in [
        "counter ddns_updates_accepted_total  3.0",
        "gauge ddns_record_update_duration_seconds  0.041",
        "gauge ddns_section_info a \"quoted\" \\ name 1.0",
    ] {
        assert!(shown[0].lines().any(|known| known == line), "{line}: {}", shown[0]);
    }
}
