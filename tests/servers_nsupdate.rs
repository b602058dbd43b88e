//! The provider nsupdate.info, with its own software under its real host names and over TLS:
//! dyndns2 with both addresses in one request, and the records in the BIND that the software
//! updates. `make test-servers` runs this test.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod servers;
mod support;

use support::skip;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use servers::program;
use support::daemon::{Config, Daemon, Launcher};
use support::process::{Process, run};
use support::router::{file, hosts, ip_isp, isolated};
use support::tls::Authority;

/// How long a test waits; on a busy machine a Python program takes that long to start.
const PATIENCE: Duration = Duration::from_secs(60);
const ZONE_SECRET: &str = "c2VjcmV0c2VjcmV0c2VjcmV0";
const HOST_SECRET: &str = "pass word+%";

const ZONE: &str = "$TTL 300\n@ SOA ns x 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n";

const BIND: &str = r#"
options { directory "/run/t/dns"; pid-file none; session-keyfile none; listen-on { 127.0.0.1; };
    listen-on-v6 { none; }; recursion no; dnssec-validation no; managed-keys-directory "/run/t/dns"; };
controls { };
key "example.com." { algorithm hmac-sha512; secret "c2VjcmV0c2VjcmV0c2VjcmV0"; };
zone "example.com" { type primary; file "zone";
    update-policy { grant example.com. zonesub A AAAA; }; };
"#;

/// Starts the name server that the service updates; the service expects it at port 53.
fn bind() -> Process {
    let dir = file("dns");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("zone"), ZONE).unwrap();
    fs::write(dir.join("config"), BIND).unwrap();
    let mut command = Command::new("named");
    let process = Process::start(command.args(["-g", "-n", "1", "-c"]).arg(dir.join("config")));
    process.lines.wait_line(PATIENCE, |line| line.contains("all zones loaded"));
    process
}

/// Starts the service at port 443, and maps its host names to it. Its output is the access log.
fn service(gunicorn: PathBuf) -> Process {
    let authority = Authority::new();
    authority.write_pem(&file("ca.pem"));
    let names = ["nsupdate.info", "ipv4.nsupdate.info", "ipv6.nsupdate.info"];
    let (certificate, key) = authority.server_pem(&names, (2020, 2090));
    fs::write(file("server.pem"), certificate).unwrap();
    fs::write(file("server.key"), key).unwrap();
    hosts(&format!("127.0.0.1 {}", names.join(" ")));

    let python = |command: &mut Command| {
        command
            .env("PYTHONPATH", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("DJANGO_SETTINGS_MODULE", "nsupdate_settings")
            .env("NSUPDATE_DIRECTORY", support::router::DIR);
    };
    let mut setup = Command::new(gunicorn.with_file_name("python"));
    python(&mut setup);
    run(setup.args(["-m", "nsupdate_setup", ZONE_SECRET, HOST_SECRET]));

    let mut command = Command::new(gunicorn);
    python(&mut command);
    command.args(["--bind", "127.0.0.1:443", "--access-logfile", "-", "--certfile"]);
    command.arg(file("server.pem")).arg("--keyfile").arg(file("server.key"));
    let process = Process::start(command.arg("nsupdate.wsgi"));
    process.lines.wait_line(PATIENCE, |line| line.contains("Booting worker"));
    process
}

/// Waits until the name server has this record, or none if `address` is empty.
fn wait_dig(kind: &str, address: &str, daemon: &Daemon) {
    let question = ["+short", "+norecurse", "@127.0.0.1", kind, "home.example.com"];
    let end = Instant::now() + PATIENCE;
    loop {
        let answer = run(Command::new("dig").args(question));
        if answer.trim() == address {
            return;
        }
        assert!(Instant::now() < end, "{answer}\n{}", daemon.process.lines.all().join("\n"));
        daemon.process.lines.wait_more(usize::MAX, Duration::from_millis(50));
    }
}

/// The number of update requests in the service's access log.
fn updates(service: &Process) -> usize {
    service.lines.all().iter().filter(|line| line.contains("GET /nic/update?")).count()
}

fn configuration(password: &str, domain: &str) -> PathBuf {
    let mut config = Config::new(file("daemon"));
    config.section(
        "home",
        &format!(
            "\toption service_name 'nsupdate.info'\n\toption use_https '1'\n\
             \toption cacert '{}'\n\toption domain '{domain}'\n\toption username 'home.example.com'\n\
             \toption password '{password}'\n\toption use_ipv6 'both'\n\
             \toption remove_after '2'\n",
            file("ca.pem").display()
        ),
    );
    config.write()
}

#[test]
#[ignore = "needs nsupdate.info's software: make test-servers"]
fn the_service_gets_both_families_in_one_request() {
    isolated(&["named", "dig"], || {
        let Some(gunicorn) = program("venv/bin/gunicorn") else { return };
        let _bind = bind();
        let service = service(gunicorn);
        for words in [
            "link add wan type veth peer name isp0",
            "link set isp0 up",
            "link set wan up",
            "addr add 203.0.113.5/24 dev wan",
            "addr add 2001:db8:7::5/64 dev wan nodad",
            "route add default via 203.0.113.1 dev wan",
            "route add default via fe80::1 dev wan",
        ] {
            ip_isp(words);
        }
        let config = configuration(HOST_SECRET, "home.example.com");
        let launcher = Launcher::new(env!("CARGO_BIN_EXE_ddns-netlink"), &[], &config);
        let daemon = launcher.run();
        wait_dig("A", "203.0.113.5", &daemon);
        wait_dig("AAAA", "2001:db8:7::5", &daemon);
        daemon.wait_published("home", "203.0.113.5");
        assert_eq!(updates(&service), 1, "{:#?}", service.lines.all());

        // One address changes. The request has the other one, too, or the service would remove it.
        ip_isp("addr flush to 203.0.113.0/24 dev wan");
        ip_isp("addr add 203.0.113.6/24 dev wan");
        ip_isp("route add default via 203.0.113.1 dev wan");
        wait_dig("A", "203.0.113.6", &daemon);
        wait_dig("AAAA", "2001:db8:7::5", &daemon);
        daemon.wait_published("home", "203.0.113.6");
        assert_eq!(updates(&service), 2, "{:#?}", service.lines.all());

        // One address goes, and after `remove_after` its record; then there is an address again.
        ip_isp("addr del 2001:db8:7::5/64 dev wan");
        wait_dig("AAAA", "", &daemon);
        wait_dig("A", "203.0.113.6", &daemon);
        ip_isp("addr add 2001:db8:7::9/64 dev wan nodad");
        wait_dig("AAAA", "2001:db8:7::9", &daemon);
        wait_dig("A", "203.0.113.6", &daemon);
        daemon.stop();

        configuration("wrong", "home.example.com");
        let status = launcher.stdout(&["once"]);
        assert!(status.contains("not accepted (badauth). Correct 'username'"), "{status}");
        configuration(HOST_SECRET, "other.example.com");
        let status = launcher.stdout(&["once"]);
        assert!(status.contains("(nohost)"), "{status}");
    });
}
