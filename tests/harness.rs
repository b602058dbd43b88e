//! Tests of the test support: other tests can only be right if it is.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use support::process::run;
use support::provider::{Provider, Reply};
use support::router::{Advertiser, DhcpClient, DhcpServer, PROVIDER, Wan, isolated};
use support::{dns, skip, tls};

const LIMIT: Duration = Duration::from_secs(15);

fn anywhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn get(to: SocketAddr, target: &str) -> String {
    let mut stream = TcpStream::connect(to).unwrap();
    let head = "Authorization: Basic dXNlcjpzZWNyZXQ=\r\nConnection: close\r\n";
    write!(stream, "GET {target} HTTP/1.1\r\nHost: x\r\n{head}\r\n").unwrap();
    // Fails if the provider has reset the connection already.
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    text
}

#[test]
fn the_provider_keeps_records_and_checks_credentials() {
    let provider = Provider::new();
    let server = provider.listen(anywhere());
    let target = "/nic/update?hostname=a.example.com&myip=203.0.113.5";
    assert!(get(server.address(), target).ends_with("good 203.0.113.5"));
    assert!(get(server.address(), target).ends_with("nochg 203.0.113.5"));
    let request = provider.wait_nth(1, LIMIT);
    assert_eq!(request.auth, Some(("user".into(), "secret".into())));
    assert!(provider.record("A.example.com", false).is_some());
    provider.require("user", "other");
    assert!(get(server.address(), target).contains("401"));
}

#[test]
fn the_provider_can_close_its_port_and_listen_again() {
    let provider = Provider::new();
    let server = provider.listen(anywhere());
    let address = server.address();
    provider.next([Reply::too_many(7), Reply::Reset]);
    assert!(get(address, "/").contains("Retry-After: 7"));
    assert_eq!(get(address, "/"), "");
    drop(server);
    assert!(TcpStream::connect(address).is_err());
    let _again = provider.listen(address);
    assert!(get(address, "/?myip=x").contains("badip"));
}

#[test]
fn the_name_server_answers_dig_and_its_own_client() {
    let here: IpAddr = "203.0.113.5".parse().unwrap();
    let server = dns::Server::start(anywhere(), move |name, v6| match (name, v6) {
        ("a.example.com", false) => dns::Answer::Address(here),
        ("a.example.com", true) => dns::Answer::NoData,
        _ => dns::Answer::NoName,
    });
    let client = dns::Client::new(server.address());
    assert_eq!(client.ask("a.example.com", false), Some(here));
    assert_eq!(client.ask("a.example.com", true), None);
    assert_eq!(client.ask("b.example.com", false), None);
    let port = server.address().port().to_string();
    let dig =
        |name: &str| Command::new("dig").args(["@127.0.0.1", "-p", &port, name, "A"]).output();
    let Ok(output) = dig("a.example.com") else {
        skip::skip("dig is not installed");
        return;
    };
    assert!(String::from_utf8_lossy(&output.stdout).contains("203.0.113.5"));
    let output = dig("b.example.com").unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("NXDOMAIN"));
}

#[test]
fn openssl_accepts_only_the_valid_certificate() {
    let Ok(_) = Command::new("openssl").arg("version").output() else {
        skip::skip("openssl is not installed");
        return;
    };
    let authority = tls::Authority::new();
    let pem = std::env::temp_dir().join(format!("ddns-netlink-ca-{}.pem", std::process::id()));
    authority.write_pem(&pem);
    let provider = Provider::new();
    let verdict = |flavour| {
        let server = provider.listen_tls(anywhere(), authority.server(&["127.0.0.1"], flavour));
        let output = Command::new("openssl")
            .args(["s_client", "-brief", "-verify_return_error", "-verify_ip", "127.0.0.1"])
            .args(["-connect", &server.address().to_string(), "-CAfile"])
            .arg(&pem)
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        output.status.success()
    };
    let verdicts = [
        tls::Flavour::Good,
        tls::Flavour::SelfSigned,
        tls::Flavour::NotYetValid,
        tls::Flavour::Expired,
        tls::Flavour::WrongName,
    ]
    .map(verdict);
    std::fs::remove_file(&pem).unwrap();
    assert_eq!(verdicts, [true, false, false, false, false]);
}

#[test]
fn the_router_reaches_the_provider_only_by_its_default_route() {
    isolated(&[], || {
        let wan = Wan::new();
        let provider = Provider::new();
        let _server = provider.listen((PROVIDER.parse::<IpAddr>().unwrap(), 80));
        let fetch = |limit: &str| {
            let script = format!(
                "exec 3<>/dev/tcp/{PROVIDER}/80 && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && read -r -u 3"
            );
            wan.command("timeout").args([limit, "bash", "-c", &script]).status().unwrap().success()
        };
        wan.ip("addr add 203.0.113.5/24 dev wan");
        assert!(!fetch("1"));
        wan.ip("route add default via 203.0.113.1 dev wan");
        assert!(fetch("5"));
        let peer = provider.wait_nth(0, LIMIT).peer;
        assert_eq!(peer.to_string(), "203.0.113.5");
        wan.ip("addr flush dev wan");
        wan.dial("ppp0", "192.0.2.7", "192.0.2.1");
        assert!(fetch("5"));
        wan.hang_up("ppp0");
        wan.dial("ppp0", "192.0.2.8", "192.0.2.1");
        assert!(fetch("5"));
        let peer = provider.wait_nth(2, LIMIT).peer;
        assert_eq!(peer.to_string(), "192.0.2.8");
    });
}

#[test]
fn dhcp_leases_can_be_renewed_changed_and_released() {
    isolated(&["dnsmasq", "busybox"], || {
        let wan = Wan::new();
        let monitor = wan.monitor();
        let server = DhcpServer::start("203.0.113.20");
        let client = DhcpClient::start(&wan);
        let route = |l: &str| l.starts_with("[ROUTE]default via 203.0.113.1");
        monitor.lines.wait_line(LIMIT, route);
        assert!(wan.ip("-4 addr show dev wan").contains("203.0.113.20/24"));
        client.renew();
        let seen = monitor.lines.len();
        server.set("203.0.113.21");
        client.ask_renewal();
        monitor.lines.wait_line_from(seen, LIMIT, route);
        let text = wan.ip("-4 addr show dev wan");
        assert!(text.contains("203.0.113.21/24") && !text.contains("203.0.113.20/24"));
        client.release();
        monitor
            .lines
            .wait_line_from(seen, LIMIT, |l| l.contains("Deleted") && l.contains("113.21/24"));
    });
}

#[test]
fn advertised_prefixes_can_be_added_and_deprecated() {
    isolated(&["radvd"], || {
        let wan = Wan::new();
        let monitor = wan.monitor();
        let router = Advertiser::start(&[("2001:db8:1::", 1800)]);
        let usable = |prefix: &'static str| {
            move |l: &str| l.contains(prefix) && l.contains("global") && !l.contains("tentative")
        };
        monitor.lines.wait_line(LIMIT, usable("inet6 2001:db8:1:"));
        let seen = monitor.lines.len();
        router.set(&[("2001:db8:1::", 0), ("2001:db8:2::", 1800)]);
        monitor.lines.wait_line(LIMIT, usable("inet6 2001:db8:2:"));
        monitor.lines.wait_line_from(seen, LIMIT, |l| {
            l.contains("inet6 2001:db8:1:") && l.contains("deprecated")
        });
    });
}

#[test]
fn hosts_file_definitions_and_log_socket_are_the_tests_own() {
    isolated(&["busybox"], || {
        support::router::hosts("198.51.100.53 dyn.example.net");
        assert!(run(Command::new("getent").args(["hosts", "dyn.example.net"])).contains(PROVIDER));
        std::fs::write("/usr/share/ddns/default/x.json", "{}").unwrap();
        let lines = support::process::Lines::default();
        support::daemon::collect_syslog(&lines);
        run(Command::new("busybox").args(["logger", "hello"]));
        lines.wait_line(LIMIT, |l| l.contains("hello"));
    });
}
