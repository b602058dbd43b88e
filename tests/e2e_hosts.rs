//! Names of hosts in the local network: the real program, real prefixes, real hosts.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod support;

use std::fs;
use std::process::Command;

use support::daemon::{Config, Daemon, Launcher};
use support::process::{Process, run, wait_until};
use support::router::{file, ip_isp, isolated};
use support::scene::LIMIT;
use support::ubus::{Client, Netifd, Odhcpd, Ubusd, up};

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

/// The neighbour table shows this address for this hardware address, as when a host sends its first packet.
fn neighbour(address: &str, mac: &str, state: &str) {
    ip_isp(&format!("neigh replace {address} lladdr {mac} dev br-lan nud {state}"));
}

const TV: &str = "02:00:00:00:00:01";

/// How often the daemon's event loop was woken, or put to sleep while it worked.
fn switches(daemon: &Daemon<'_>) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.process.id())).unwrap();
    let lines = status.lines().filter(|line| line.contains("ctxt_switches"));
    lines.map(|line| line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()).sum()
}

#[test]
fn a_host_is_found_in_the_neighbour_table_and_a_busy_table_wakes_nobody() {
    isolated(&TOOLS, || {
        bridge();
        let _bind = bind();
        prefix("add", "2001:db8:0:1::1", "nodad");
        neighbour("2001:db8:0:1::a1", TV, "stale");
        neighbour("2001:db8:0:1::b1", "02:00:00:00:00:0b", "stale");
        let mut hosts: Vec<String> =
            (16..66).map(|i| format!("h{i}.example.org=02:00:00:00:00:{i:02x}")).collect();
        hosts.push(format!("tv.example.org={TV}"));
        let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
        let launcher = launcher(&hosts, "");
        let daemon = launcher.run();
        wait_address("tv.example.org", "2001:db8:0:1::a1");
        assert_eq!(updates(), 1, "not its EUI-64 first:\n{}", launcher.log());
        // A temporary address; then the one that is made of the hardware address.
        neighbour("2001:db8:0:1::a2", TV, "reachable");
        neighbour("2001:db8:0:1:0:ff:fe00:1", TV, "reachable");
        wait_address("tv.example.org", "2001:db8:0:1:0:ff:fe00:1");
        assert_eq!(updates(), 2, "{}", launcher.log());
        // Hosts that are in use change their state all the time.
        wait_until("a busy table wakes nobody", || {
            let before = switches(&daemon);
            for round in 0..100 {
                let state = if round % 2 == 0 { "stale" } else { "reachable" };
                neighbour("2001:db8:0:1::a2", TV, state);
                neighbour("2001:db8:0:1:0:ff:fe00:1", TV, state);
                neighbour("2001:db8:0:1::b1", "02:00:00:00:00:0b", state);
            }
            switches(&daemon) - before <= 2
        });
        neighbour("2001:db8:0:1::a2", TV, "failed");
        ip_isp("neigh flush dev br-lan");
        assert_eq!(updates(), 2, "an entry that is collected removes no record");
    });
}

/// A host with identifiers of its own choice in each prefix, whose traffic goes through the router.
#[test]
fn a_host_with_stable_private_addresses_is_followed_into_a_new_prefix() {
    isolated(&["named", "dig", "radvd", "busybox"], || {
        bridge();
        ip_isp("netns add lan");
        ip_isp("link set host netns lan");
        let host = |words: &str| {
            let words = format!("netns exec lan {words}");
            run(Command::new("ip").args(words.split_whitespace()))
        };
        host("ip link set lo up");
        let secret = "net.ipv6.conf.host.stable_secret=2001:db8::53:ec:4e:7";
        host(&format!("busybox sysctl -w {secret}"));
        host(&format!("ip link set host address {TV} addrgenmode stable_secret"));
        host("ip link set host up");
        run(Command::new("busybox").args(["sysctl", "-w", "net.ipv6.conf.all.forwarding=1"]));
        let _bind = bind();
        let launcher = launcher(&[&format!("tv.example.org={TV}")], "");
        let _daemon = launcher.run();
        let mut last = String::new();
        for network in ["2001:db8:0:1::", "2001:db8:0:2::"] {
            prefix("add", &format!("{network}1"), "nodad");
            let _radvd = radvd(network);
            let own = || {
                let all = host("ip -o -6 addr show dev host scope global -tentative");
                let words = all.split_whitespace().filter_map(|word| word.split_once('/'));
                let mut own = words.map(|(address, _)| address.to_owned());
                own.find(|address| address.starts_with(&network[..network.len() - 1]))
            };
            wait_until("the host has an address", || own().is_some());
            let own = own().unwrap();
            host(&format!("busybox ping -6 -c 1 -W 5 -I {own} {network}1"));
            wait_address("tv.example.org", &own);
            assert_ne!(own, last);
            prefix("change", &format!("{network}1"), "preferred_lft 0 valid_lft 7200");
            last = own;
        }
    });
}

fn radvd(network: &str) -> Process {
    let conf = file("radvd.conf");
    let text = format!(
        "interface br-lan {{ AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; \
         prefix {network}/64 {{ AdvOnLink on; AdvAutonomous on; }}; }};"
    );
    fs::write(&conf, text).unwrap();
    let pid = file("radvd.pid");
    Process::start(
        Command::new("radvd").args(["-n", "-m", "stderr", "-C"]).arg(conf).arg("-p").arg(pid),
    )
}

#[test]
fn leases_of_odhcpd_and_dnsmasq_are_followed() {
    isolated(&TOOLS, || {
        bridge();
        run(Command::new("mount").args(["-t", "tmpfs", "tmpfs", "/var/lib/misc"]));
        let _bind = bind();
        prefix("add", "2001:db8:0:1::1", "nodad");
        let _bus = Ubusd::start();
        let _netifd = Netifd::start(&[up("lan", "br-lan", &["2001:db8:0:1::1"])]);
        let odhcpd = Odhcpd::start(&[("pc", "0004aa", "2001:db8:0:1::aa")]);
        let hosts = ["pc.example.org=@pc", "nas.example.org=@nas"];
        let launcher = launcher(&hosts, "\toption host_network 'lan'");
        let _daemon = launcher.run();
        wait_address("pc.example.org", "2001:db8:0:1::aa");
        // dnsmasq replaces its file.
        let leases = "1790000000 7 2001:db8:0:1::5a nas 00:04:bb\n";
        fs::write("/var/lib/misc/new", leases).unwrap();
        fs::rename("/var/lib/misc/new", "/var/lib/misc/dnsmasq.leases").unwrap();
        wait_address("nas.example.org", "2001:db8:0:1::5a");
        odhcpd.set(&[("pc", "0004aa", "2001:db8:0:1::bb")]);
        wait_address("pc.example.org", "2001:db8:0:1::bb");
        drop(odhcpd);
        let mut client = Client::connect();
        wait_until("odhcpd has left", || client.look_up("dhcp").is_none());
        let _odhcpd = Odhcpd::start(&[("pc", "0004aa", "2001:db8:0:1::cc")]);
        wait_address("pc.example.org", "2001:db8:0:1::cc");
    });
}
