//! Updates and look-ups over TLS (RFC 7858): at BIND, and at dnsdist in front of a BIND without TLS.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod support;

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use ddns_netlink::config::Lookup;
use ddns_netlink::dns::{Found, Protocol};
use ddns_netlink::edge::dns::{DnsTransport, look_up};
use ddns_netlink::edge::stream::TrustCache;
use ddns_netlink::model::{Family, HostPort, Trust};
use support::daemon::{Config, Launcher};
use support::process::{Process, run};
use support::router::{DIR, file, hosts, isolated};
use support::tls::Authority;

const LIMIT: Duration = Duration::from_secs(20);

const ZONE: &str = "$TTL 300\n@ SOA ns x 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n\
                    alias CNAME home\n";

/// BIND serves `example.com` at port 5353, and what stands for `TLS`.
const BIND: &str = r#"
options { directory "/run/t"; pid-file none; session-keyfile none; listen-on port 5353 { 127.0.0.1; };
    TLS
    listen-on-v6 { none; }; recursion no; dnssec-validation no; managed-keys-directory "/run/t"; };
controls { };
tls local { cert-file "/run/t/server.pem"; key-file "/run/t/server.key"; };
key "home" { algorithm hmac-sha256; secret "c2VjcmV0c2VjcmV0c2VjcmV0"; };
zone "example.com" { type primary; file "zone"; update-policy { grant home zonesub A AAAA; }; };
"#;

const DNSDIST: &str = r#"
setLocal("127.0.0.1:5399")
addTLSLocal("127.0.0.1:853", "/run/t/server.pem", "/run/t/server.key")
newServer("127.0.0.1:5353")
"#;

/// Makes a certificate of the server for `ns.example` and 127.0.0.1, and the file `authority.pem` of who has
/// signed it. `other.pem` is the certificate of another authority, `others.pem` one that it has signed.
fn certificates() {
    hosts("127.0.0.1 ns.example else.example");
    let (authority, other) = (Authority::new(), Authority::new());
    authority.write_pem(&file("authority.pem"));
    other.write_pem(&file("other.pem"));
    let names = ["ns.example", "127.0.0.1"];
    let (certificate, key) = authority.server_pem(&names, (2020, 2090));
    fs::write(file("server.pem"), certificate).unwrap();
    fs::write(file("server.key"), key).unwrap();
    let (certificate, _) = other.server_pem(&names, (2020, 2090));
    fs::write(file("others.pem"), certificate).unwrap();
}

/// BIND, with this line for TLS.
fn named(tls: &str) -> Process {
    fs::write(file("zone"), ZONE).unwrap();
    fs::write(file("named.conf"), BIND.replace("TLS\n", tls)).unwrap();
    let process =
        Process::start(Command::new("named").args(["-g", "-n", "1", "-c", "/run/t/named.conf"]));
    process.lines.wait_line(LIMIT, |line| line.contains("all zones loaded"));
    process
}

/// BIND listens for TLS itself.
fn bind() -> Vec<Process> {
    vec![named("listen-on port 853 tls local { 127.0.0.1; };\n")]
}

/// dnsdist listens for TLS, and hands messages to BIND.
fn dnsdist() -> Vec<Process> {
    let named = named("");
    fs::write(file("dnsdist.conf"), DNSDIST).unwrap();
    let arguments = ["--supervised", "--disable-syslog", "-C", "/run/t/dnsdist.conf"];
    let process = Process::start(Command::new("dnsdist").args(arguments));
    process
        .lines
        .wait_line(LIMIT, |line| line.contains("Marking downstream 127.0.0.1:5353 as 'up'"));
    vec![named, process]
}

/// Runs `body` with each server.
fn with_each(body: fn()) {
    certificates();
    for server in [bind, dnsdist] {
        let servers = server();
        body();
        drop(servers);
        let _ = fs::remove_dir_all(file("daemon"));
        let _ = fs::remove_file(file("zone.jnl"));
    }
}

const TOOLS: [&str; 3] = ["named", "dnsdist", "dig"];

/// The address of `home.example.com` at BIND.
fn dig() -> String {
    let question = ["+short", "+norecurse", "-p", "5353", "@127.0.0.1", "A", "home.example.com"];
    run(Command::new("dig").args(question)).trim().to_owned()
}

/// A configuration that publishes `address` at `server` over TLS.
fn config(address: &str, server: &str, cacert: &str) -> Launcher {
    let mut config = Config::new(file("daemon"));
    config.global("\toption upd_privateip '1'");
    config.section(
        "home",
        &format!(
            "\toption service_name 'rfc2136'\n\toption dns_server '{server}'\n\toption dns_tls '1'\n\
             \toption username 'home'\n\toption password 'c2VjcmV0c2VjcmV0c2VjcmV0'\n\
             \toption cacert '{DIR}/{cacert}'\n\toption ip_source 'script'\n\
             \toption ip_script '/bin/echo {address}'\n"
        ),
    );
    Launcher::new(env!("CARGO_BIN_EXE_ddns-netlink"), &[], &config.write())
}

/// Runs `once`; returns the status that it prints.
fn once(address: &str, server: &str, cacert: &str) -> String {
    config(address, server, cacert).stdout(&["once"])
}

/// Looks `host` up over TLS.
fn ask(host: &str, server: &str, cacert: &str) -> Result<Found, String> {
    ask_within(LIMIT, host, server, cacert)
}

fn ask_within(limit: Duration, host: &str, server: &str, cacert: &str) -> Result<Found, String> {
    let server = Some(HostPort::parse(server).unwrap());
    let lookup = Lookup { host: host.into(), server, protocol: Protocol::Tls, glue: false };
    let way = DnsTransport { trust: Trust::File(file(cacert)), ..DnsTransport::default() };
    look_up(&lookup, Family::V4, None, &way, &TrustCache::default(), limit.into())
}

#[test]
fn updates_and_look_ups_go_over_tls() {
    isolated(&TOOLS, || {
        with_each(|| {
            for (address, server, cacert) in [
                ("192.0.2.1", "ns.example", "authority.pem"),
                // By its address, which the certificate has as a subjectAltName.
                ("192.0.2.2", "127.0.0.1", "authority.pem"),
                // The server's own certificate is named.
                ("192.0.2.3", "ns.example:853", "server.pem"),
            ] {
                let status = once(address, server, cacert);
                assert_eq!(dig(), address, "{status}");
                for host in ["home.example.com", "alias.example.com"] {
                    let found = ask(host, server, cacert).unwrap();
                    assert_eq!(found.addresses, [address.parse::<std::net::IpAddr>().unwrap()]);
                    assert!(found.authoritative);
                }
            }
        });
    });
}

#[test]
fn a_server_that_does_not_prove_who_it_is_gets_nothing() {
    isolated(&TOOLS, || {
        with_each(|| {
            for (server, cacert, reason) in [
                (
                    "ns.example",
                    "other.pem",
                    "ns.example port 853: the signature of the certificate does not verify",
                ),
                ("ns.example", "others.pem", "ns.example port 853: the certificate is not trusted"),
                (
                    "else.example",
                    "authority.pem",
                    "else.example port 853: the certificate is for another name: it is for ns.example, 127.0.0.1",
                ),
                (
                    "127.0.0.2",
                    "authority.pem",
                    "127.0.0.2 port 853: connection refused; with 'dns_tls' a name server must listen for TLS",
                ),
            ] {
                let status = once("192.0.2.1", server, cacert);
                assert!(status.contains(reason), "{status}");
                let error = ask("home.example.com", server, cacert).unwrap_err();
                assert!(error.contains(reason), "{error}");
                assert_eq!(dig(), "");
            }
        });
    });
}

#[test]
fn an_address_that_the_certificate_lacks_is_reported_with_what_to_do() {
    isolated(&["named", "dig"], || {
        certificates();
        let authority = Authority::new();
        authority.write_pem(&file("authority.pem"));
        let (certificate, key) = authority.server_pem(&["ns.example"], (2020, 2090));
        fs::write(file("server.pem"), certificate).unwrap();
        fs::write(file("server.key"), key).unwrap();
        let _servers = bind();
        let status = once("192.0.2.1", "127.0.0.1", "authority.pem");
        let reason =
            "the certificate is not for this address: it is for ns.example; name the server so";
        assert!(status.contains(reason), "{status}");
        assert_eq!(dig(), "");
    });
}

/// Where no TLS is spoken nothing is sent in plain text, neither over TCP nor over UDP.
#[test]
fn nothing_falls_back_to_plain_text() {
    isolated(&["named", "dig"], || {
        certificates();
        let _servers = bind();
        let status = once("192.0.2.1", "ns.example:5353", "authority.pem");
        let hint = "with 'dns_tls' a name server must listen for TLS there";
        assert!(status.contains("ns.example port 5353: "), "{status}");
        assert!(status.contains(hint), "{status}");
        assert_eq!(dig(), "");
        let silent = TcpListener::bind("127.0.0.1:5454").unwrap();
        let over_udp = UdpSocket::bind("127.0.0.1:5454").unwrap();
        over_udp.set_nonblocking(true).unwrap();
        let limit = Duration::from_secs(1);
        let error = ask_within(limit, "home.example.com", "ns.example:5454", "authority.pem");
        let error = error.unwrap_err();
        assert!(error.contains("ns.example port 5454: no TLS handshake within "), "{error}");
        assert!(error.contains(hint), "{error}");
        let nothing = over_udp.recv(&mut [0; 512]).unwrap_err();
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
        drop(silent);
    });
}

#[test]
fn the_messages_of_a_job_share_a_connection() {
    isolated(&["named", "dig"], || {
        certificates();
        let _servers = bind();
        let connections = relay("127.0.0.1:5454", "127.0.0.1:853");
        let status = once("192.0.2.1", "ns.example:5454", "authority.pem");
        assert_eq!(dig(), "192.0.2.1", "{status}");
        // The zone is asked for, the record is read, the update is sent.
        assert_eq!(connections.load(Ordering::SeqCst), 1);
        ask("alias.example.com", "ns.example:5454", "authority.pem").unwrap();
        assert_eq!(connections.load(Ordering::SeqCst), 2);
    });
}

/// RFC 7766 section 6.2.4: a server may close a connection at any time.
#[test]
fn a_server_that_closes_at_the_second_message_is_asked_on_another_connection() {
    isolated(&["named", "dig"], || {
        certificates();
        let _servers = bind();
        let connections = closing_relay("127.0.0.1:5454", "127.0.0.1:853", 2);
        let status = once("192.0.2.1", "ns.example:5454", "authority.pem");
        assert_eq!(dig(), "192.0.2.1", "{status}");
        // The record is read on the second one. The update has one of its own, because it is not sent again.
        assert_eq!(connections.load(Ordering::SeqCst), 3);
        closing_relay("127.0.0.1:5455", "127.0.0.1:853", 1);
        let status = once("192.0.2.2", "ns.example:5455", "authority.pem");
        assert!(status.contains("127.0.0.1: the server closed the connection"), "{status}");
        assert_eq!(dig(), "192.0.2.1");
    });
}

/// Passes connections of TLS 1.3 on, and closes each at this message of the client. Returns their number so far.
fn closing_relay(from: &str, to: &'static str, last: usize) -> Arc<AtomicUsize> {
    let listener = TcpListener::bind(from).unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    thread::spawn(move || {
        for client in listener.incoming().map(Result::unwrap) {
            counted.fetch_add(1, Ordering::SeqCst);
            let server = TcpStream::connect(to).unwrap();
            let (mut answers, mut out) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            thread::spawn(move || io::copy(&mut answers, &mut out));
            let _ = pass_messages(&client, &server, last);
            let _ = client.shutdown(Shutdown::Both);
            let _ = server.shutdown(Shutdown::Both);
        }
    });
    count
}

/// Passes records of TLS (RFC 8446 section 5.1) on until this message. The first encrypted record is the client's
/// Finished, each further one a message.
fn pass_messages(mut client: &TcpStream, mut server: &TcpStream, last: usize) -> io::Result<()> {
    let mut encrypted = 0;
    loop {
        let mut header = [0; 5];
        client.read_exact(&mut header)?;
        let mut record = vec![0; u16::from_be_bytes([header[3], header[4]]).into()];
        client.read_exact(&mut record)?;
        encrypted += usize::from(header[0] == 23);
        if encrypted > last {
            return Ok(());
        }
        server.write_all(&header)?;
        server.write_all(&record)?;
    }
}

/// Passes connections on. Returns their number so far.
fn relay(from: &str, to: &'static str) -> Arc<AtomicUsize> {
    let listener = TcpListener::bind(from).unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    thread::spawn(move || {
        for client in listener.incoming().map(Result::unwrap) {
            counted.fetch_add(1, Ordering::SeqCst);
            let server = TcpStream::connect(to).unwrap();
            let both =
                [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)];
            for (mut from, mut to) in both {
                thread::spawn(move || {
                    let _ = io::copy(&mut from, &mut to);
                    let _ = to.shutdown(Shutdown::Write);
                });
            }
        }
    });
    count
}

#[test]
fn the_daemon_tries_again_until_the_server_is_there() {
    isolated(&["named", "dig"], || {
        certificates();
        let launcher = config("192.0.2.1", "ns.example", "authority.pem");
        let daemon = launcher.run();
        daemon.wait_line(LIMIT, |line| line.contains("ns.example port 853: connection refused"));
        let _servers = bind();
        daemon.wait_published("home", "192.0.2.1");
        assert_eq!(dig(), "192.0.2.1");
        let log = launcher.log();
        assert!(!log.contains("c2VjcmV0"), "{log}");
    });
}
