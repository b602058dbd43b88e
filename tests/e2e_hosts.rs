//! Names of hosts in the local network: the real program, real prefixes, real hosts.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod support;

use std::fs;
use std::process::Command;

use support::daemon::{Config, Launcher};
use support::process::{Process, run, wait_until};
use support::router::{file, ip_isp, isolated};
use support::scene::LIMIT;

const SECRET: &str = "c2VjcmV0c2VjcmV0c2VjcmV0";

const ZONE: &str = "$TTL 300\n@ SOA ns x 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n";

const BIND: &str = r#"
options { directory "/run/t/dns"; pid-file none; session-keyfile none; listen-on port 5353 { 127.0.0.1; };
    listen-on-v6 { none; }; recursion no; dnssec-validation no; managed-keys-directory "/run/t/dns"; };
controls { };
key "home" { algorithm hmac-sha256; secret "c2VjcmV0c2VjcmV0c2VjcmV0"; };
zone "example.org" { type primary; file "zone"; update-policy { grant home zonesub A AAAA; }; };
"#;

/// Starts BIND, which serves `example.org` at 127.0.0.1 port 5353.
fn bind() -> Process {
    let dir = file("dns");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("zone"), ZONE).unwrap();
    fs::write(dir.join("config"), BIND).unwrap();
    let mut named = Command::new("named");
    let process = Process::start(named.args(["-g", "-n", "1", "-c", "/run/t/dns/config"]));
    process.lines.wait_line(LIMIT, |line| line.contains("all zones loaded"));
    process
}

/// What the zone has for this name and type.
fn dig(kind: &str, name: &str) -> String {
    let question = ["+short", "+norecurse", "-p", "5353", "@127.0.0.1", kind, name];
    run(Command::new("dig").args(question)).trim().to_owned()
}

/// How many updates the zone has had: its serial begins with 1, and each update increases it.
fn updates() -> u32 {
    let soa = dig("SOA", "example.org");
    let serial = soa.split_whitespace().nth(2).unwrap();
    serial.parse::<u32>().unwrap() - 1
}

fn wait_address(name: &str, address: &str) {
    wait_until(&format!("{name} is {address}"), || dig("AAAA", name) == address);
}

/// Starts the daemon in this namespace, with these hosts in the network `br-lan` and the zone of [`bind`].
fn launcher(hosts: &[&str], more: &str) -> Launcher {
    let hosts: String = hosts.iter().map(|host| format!("\tlist host '{host}'\n")).collect();
    let mut config = Config::new(file("daemon"));
    config.section(
        "home",
        &format!(
            "\toption domain ''\n\toption service_name 'rfc2136'\n\
             \toption dns_server '127.0.0.1:5353'\n\toption username 'hmac-sha256:home'\n\
             \toption password '{SECRET}'\n\toption host_network 'br-lan'\n{hosts}{more}\n"
        ),
    );
    let binary = env!("CARGO_BIN_EXE_ddns-netlink");
    Launcher::new(binary, &[], &config.write())
}

/// A local network without hosts.
fn bridge() {
    ip_isp("link set lo up");
    ip_isp("link add br-lan type veth peer name host");
    ip_isp("link set br-lan up");
    ip_isp("link set host up");
}

/// The router's address in a prefix of the local network.
fn prefix(verb: &str, address: &str, more: &str) {
    ip_isp(&format!("addr {verb} {address}/64 dev br-lan {more}"));
}

const TOOLS: [&str; 2] = ["named", "dig"];

#[test]
fn a_new_prefix_moves_all_hosts_in_one_update_of_the_zone() {
    isolated(&TOOLS, || {
        bridge();
        let _bind = bind();
        let hosts: Vec<String> = (1..=20).map(|i| format!("h{i}.example.org=::{i}")).collect();
        let mut hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
        hosts.push("tv.example.org=02:00:00:00:00:01");
        let launcher = launcher(&hosts, "");
        let _daemon = launcher.run();
        prefix("add", "2001:db8:0:1::1", "nodad");
        wait_address("h20.example.org", "2001:db8:0:1::20");
        wait_address("tv.example.org", "2001:db8:0:1:0:ff:fe00:1");
        let before = updates();
        // As netifd does when the line gets another prefix: the old one is deprecated, not removed.
        prefix("change", "2001:db8:0:1::1", "preferred_lft 0 valid_lft 7200");
        prefix("add", "2001:db8:0:2::1", "");
        wait_address("h1.example.org", "2001:db8:0:2::1");
        wait_address("tv.example.org", "2001:db8:0:2:0:ff:fe00:1");
        assert_eq!(updates(), before + 1, "{}", launcher.log());
        for i in 1..=20 {
            assert_eq!(dig("AAAA", &format!("h{i}.example.org")), format!("2001:db8:0:2::{i}"));
        }
    });
}

#[test]
fn a_lost_prefix_removes_the_records_of_hosts_if_the_owner_wants_that() {
    isolated(&TOOLS, || {
        bridge();
        let _bind = bind();
        prefix("add", "2001:db8:0:1::1", "nodad");
        let launcher = launcher(&["nas.example.org=::cafe"], "\toption remove_after '1'");
        let _daemon = launcher.run();
        wait_address("nas.example.org", "2001:db8:0:1::cafe");
        prefix("del", "2001:db8:0:1::1", "");
        wait_address("nas.example.org", "");
        prefix("add", "2001:db8:0:2::1", "nodad");
        wait_address("nas.example.org", "2001:db8:0:2::cafe");
    });
}
