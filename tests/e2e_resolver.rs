//! Resolving the provider's name just after a new address: a real dnsmasq without upstream servers,
//! name servers that are dead, slow or wrong, and `/etc/hosts`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use ddns_netlink::dns::message::{Message, QR, RA, Record, TC, TYPE_A, TYPE_AAAA, TYPE_CNAME};
use ddns_netlink::dns::name::Name;
use ddns_netlink::edge::dns::resolve;
use ddns_netlink::edge::files::hosts::system as system_hosts;
use ddns_netlink::edge::http::{Client, Shared};
use ddns_netlink::engine::directory::Directory;
use ddns_netlink::model::{Family, Host, Transport, Trust, Url};
use ddns_netlink::provider::{Answer, Failure, Request};
use support::dns::{self, Server};
use support::process::wait_until;
use support::provider::{Provider, Reply, now};
use support::resolver::Resolver;
use support::router::{GATEWAY, PROVIDER, PROVIDER6, file, hosts, ip_isp, isolated};
use support::scene::{LIMIT, Scene, endpoint};
use support::tls::{Authority, Flavour};
use support::ubus::{Netifd, Ubusd, down, up};

const HOST: &str = "dyn.example.net";
const URL: &str = "http://dyn.example.net/nic/update?hostname=[DOMAIN]&myip=[IP]";

/// Longer than a look-up takes on a loaded machine, and shorter than the 2.5 s after which musl's
/// resolver would repeat a query.
const SOON: Duration = Duration::from_millis(1500);

/// The upstream name server in the internet, which knows the provider.
fn upstream(v6: bool) -> Server {
    Server::start(endpoint(PROVIDER, 53), move |name, is_aaaa| match (name, is_aaaa) {
        (HOST, false) => dns::Answer::Address(PROVIDER.parse().unwrap()),
        (HOST, true) if v6 => dns::Answer::Address(PROVIDER6.parse().unwrap()),
        (HOST, true) => dns::Answer::NoData,
        _ => dns::Answer::NoName,
    })
}

fn resolver(scene: &Scene) -> Resolver {
    Resolver::start(scene.wan.command("dnsmasq"), PROVIDER.parse().unwrap())
}

#[test]
fn the_update_is_sent_as_soon_as_the_resolver_has_a_server() {
    isolated(&["dnsmasq"], || {
        let scene = Scene::new(&format!("option update_url '{URL}'"));
        let _upstream = upstream(false);
        let resolver = resolver(&scene);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        let mut old: Option<String> = None;
        for (n, wait) in [30, 300, 0, 120, 60].into_iter().enumerate() {
            resolver.lose();
            let address = format!("203.0.113.{}", n + 5);
            let learning = resolver.learn_after(Duration::from_millis(wait));
            let event = now();
            match &old {
                // Either the lease changes, or the cable is pulled out.
                Some(old) if n % 2 == 1 => scene.wan.change_address(old, &address),
                _ => {
                    scene.wan.ip("link set wan down");
                    scene.wan.ip("-4 addr flush dev wan");
                    scene.wan.ip("link set wan up");
                    scene.wan.set_address(&address);
                }
            }
            let request = scene.provider.wait_nth(n, LIMIT);
            assert_eq!(request.myip(), address);
            let took = request.at.saturating_sub(event);
            assert!(took < SOON, "{took:?} with a resolver that learns after {wait} ms");
            learning.join().unwrap();
            daemon.wait_published("home", &address);
            old = Some(address);
        }
    });
}

#[test]
fn both_families_are_sent_as_soon_as_the_resolver_has_a_server() {
    isolated(&["dnsmasq"], || {
        let scene = Scene::new(&format!("option use_ipv6 'both'\noption update_url '{URL}'"));
        let _upstream = upstream(true);
        let _v6 = scene.provider.listen(endpoint(PROVIDER6, 80));
        let resolver = resolver(&scene);
        let launcher = scene.launcher();
        let _daemon = launcher.run();
        resolver.lose();
        let learning = resolver.learn_after(Duration::from_millis(100));
        let event = now();
        scene.wan.set_address("203.0.113.5");
        scene.wan.set_address6("2001:db8:1::5");
        for address in ["203.0.113.5", "2001:db8:1::5"] {
            let sent = scene.provider.wait_for(address, LIMIT, |requests| {
                requests.iter().find(|request| request.myip() == address).map(|request| request.at)
            });
            let took = sent.saturating_sub(event);
            assert!(took < SOON, "{address}: {took:?}");
        }
        learning.join().unwrap();
    });
}

#[test]
fn without_a_resolver_https_uses_the_last_address_with_a_valid_certificate() {
    isolated(&["dnsmasq"], || {
        let authority = Authority::new();
        authority.write_pem(&file("ca.pem"));
        let pem = file("ca.pem").display().to_string();
        let mut scene = Scene::bare();
        let upstream = upstream(false);
        let secure = URL.replace("http:", "https:");
        scene.config.section(
            "home",
            &format!("option update_url '{secure}'\noption use_https '1'\noption cacert '{pem}'"),
        );
        scene.config.section("plain", &format!("option update_url '{URL}'"));
        let certificate = authority.server(&[HOST], Flavour::Good);
        let tls = scene.provider.listen_tls(endpoint(PROVIDER, 443), certificate);
        let resolver = resolver(&scene);
        resolver.learn();
        let launcher = scene.launcher();
        let daemon = launcher.run();
        scene.wan.set_address("203.0.113.5");
        daemon.wait_published("home", "203.0.113.5");
        daemon.wait_published("plain", "203.0.113.5");
        // The upstream server does not answer any more.
        drop(upstream);
        resolver.lose();
        let event = now();
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        let request = scene.provider.wait_nth(2, LIMIT);
        assert!(request.tls && request.myip() == "203.0.113.6", "{request:?}");
        let took = request.at.saturating_sub(event);
        assert!(took < SOON, "{took:?}");
        daemon.wait_published("home", "203.0.113.6");
        // Plain HTTP cannot prove that the old address is still the provider's, so nothing is sent.
        assert_eq!(scene.provider.count(), 3);
        // Now the old address belongs to another server. It gets no request, and the update goes to
        // the address from DNS.
        drop(tls);
        let stranger = authority.server(&["other.example.net"], Flavour::Good);
        let _stranger = scene.provider.listen_tls(endpoint(PROVIDER, 443), stranger);
        let moved = "198.51.100.54";
        ip_isp(&format!("addr add {moved}/32 dev lo"));
        let _moved = scene
            .provider
            .listen_tls(endpoint(moved, 443), authority.server(&[HOST], Flavour::Good));
        let _upstream = Server::start(endpoint(PROVIDER, 53), move |_, is_aaaa| match is_aaaa {
            false => dns::Answer::Address(moved.parse().unwrap()),
            true => dns::Answer::NoData,
        });
        let learning = resolver.learn_after(Duration::from_millis(400));
        scene.wan.change_address("203.0.113.6", "203.0.113.7");
        daemon.wait_published("home", "203.0.113.7");
        learning.join().unwrap();
    });
}

#[test]
fn while_the_resolver_refuses_status_gives_the_reason() {
    isolated(&["dnsmasq"], || {
        let scene = Scene::new(&format!("option update_url '{URL}'"));
        let resolver = resolver(&scene);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        resolver.lose();
        scene.wan.set_address("203.0.113.5");
        let record = daemon.wait_record("home", LIMIT, |record| {
            record["reason"].as_str().is_some_and(|text| text.contains("cannot resolve"))
        });
        let reason = record["reason"].as_str().unwrap();
        let words = format!("cannot resolve {HOST} (127.0.0.1 refuses to answer)");
        assert!(reason.contains(&words), "{reason}");
        let _upstream = upstream(false);
        resolver.learn();
        daemon.wait_published("home", "203.0.113.5");
    });
}

// -------------------------------------------------------------------- name servers of the test

/// A name server at `address` that answers each query with what `reply` returns.
fn server(address: &str, reply: impl FnMut(&Message) -> Option<Message> + Send + 'static) {
    far_server(address, Duration::ZERO, reply);
}

/// As [`server`], but each answer takes `delay`.
fn far_server(
    address: &str,
    delay: Duration,
    mut reply: impl FnMut(&Message) -> Option<Message> + Send + 'static,
) {
    let socket = UdpSocket::bind((address, 53)).unwrap();
    thread::spawn(move || {
        let mut packet = [0; 512];
        while let Ok((length, peer)) = socket.recv_from(&mut packet) {
            let query = Message::decode(&packet[..length]).unwrap();
            if let Some(reply) = reply(&query) {
                let socket = socket.try_clone().unwrap();
                thread::spawn(move || {
                    thread::sleep(delay);
                    socket.send_to(&reply.encode().unwrap(), peer).unwrap();
                });
            }
        }
    });
}

fn record(name: &str, address: &str) -> Record {
    let (kind, rdata) = match address.parse().unwrap() {
        IpAddr::V4(address) => (TYPE_A, address.octets().to_vec()),
        IpAddr::V6(address) => (TYPE_AAAA, address.octets().to_vec()),
    };
    Record { name: Name::parse(name).unwrap(), kind, class: 1, ttl: 1, rdata }
}

/// An answer with those of these records that have the type of the question or are aliases.
fn answer(query: &Message, records: &[Record]) -> Message {
    let wanted = query.questions[0].kind;
    let fits = |record: &&Record| record.kind == wanted || record.kind == TYPE_CNAME;
    let answers = records.iter().filter(fits).cloned().collect();
    Message { flags: QR | RA, answers, ..query.clone() }
}

fn code(query: &Message, code: u16) -> Message {
    Message { flags: QR | RA | code, ..query.clone() }
}

fn resolv_conf(servers: &[&str]) {
    let lines: String = servers.iter().map(|server| format!("nameserver {server}\n")).collect();
    // Not by rename: the file is bind-mounted.
    fs::write("/run/t/resolv.conf", format!("search lan\noptions ndots:5\n{lines}")).unwrap();
}

fn look_up(host: &str) -> Result<Vec<String>, String> {
    look_up_for(host, None, Duration::from_secs(10))
}

fn look_up_for(host: &str, family: Option<Family>, limit: Duration) -> Result<Vec<String>, String> {
    let found = resolve(host, family, limit.into())?;
    Ok(found.iter().map(|address| address.to_string()).collect())
}

#[test]
fn the_first_answer_with_an_address_counts() {
    isolated(&[], || {
        let addresses = [record("a.example", "192.0.2.7"), record("a.example", "2001:db8::7")];
        let near = addresses.clone();
        server("127.0.0.2", move |query| Some(answer(query, &near)));
        let delay = Duration::from_millis(60);
        far_server("127.0.0.3", delay, move |query| Some(answer(query, &addresses)));
        // Nothing listens at 127.0.0.4, the next never answers, the others answer without an
        // address.
        let _silent = UdpSocket::bind("127.0.0.5:53").unwrap();
        server("127.0.0.6", |query| Some(code(query, 2)));
        server("127.0.0.7", |query| Some(code(query, 5)));
        server("127.0.0.8", |query| Some(code(query, 3)));
        let both = Ok(vec!["2001:db8::7".to_owned(), "192.0.2.7".to_owned()]);
        for bad in ["127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7", "127.0.0.8"] {
            for good in ["127.0.0.2", "127.0.0.3"] {
                resolv_conf(&[bad, good]);
                let start = Instant::now();
                assert_eq!(look_up("A.example."), both, "{bad} {good}");
                assert!(start.elapsed() < SOON, "{bad} {good}: {:?}", start.elapsed());
            }
        }
        resolv_conf(&["127.0.0.5", "127.0.0.2"]);
        assert_eq!(
            look_up_for("a.example", Some(Family::V4), SOON),
            Ok(vec!["192.0.2.7".to_owned()])
        );
    });
}

#[test]
fn a_server_that_fails_at_first_is_asked_again_within_a_second() {
    isolated(&[], || {
        for (address, bad) in [("127.0.0.2", Some(2)), ("127.0.0.3", Some(5)), ("127.0.0.4", None)]
        {
            let start = Instant::now();
            server(address, move |query| {
                if start.elapsed() > Duration::from_millis(120) {
                    return Some(answer(query, &[record("a.example", "192.0.2.7")]));
                }
                bad.map(|bad| code(query, bad))
            });
            resolv_conf(&[address]);
            assert_eq!(look_up("a.example"), Ok(vec!["192.0.2.7".to_owned()]), "{bad:?}");
            assert!(start.elapsed() < SOON, "{bad:?}: {:?}", start.elapsed());
        }
    });
}

#[test]
fn the_error_names_what_each_server_answered() {
    isolated(&[], || {
        server("127.0.0.2", |query| Some(code(query, 3)));
        server("127.0.0.3", |query| Some(answer(query, &[])));
        server("127.0.0.4", |query| Some(code(query, 5)));
        server("127.0.0.6", |query| Some(answer(query, &[record("b.example", "0.0.0.0")])));
        let _silent = UdpSocket::bind("127.0.0.5:53").unwrap();
        let start = Instant::now();
        for (servers, why) in [
            (&["127.0.0.2"][..], "the name does not exist"),
            (&["127.0.0.2", "127.0.0.4", "127.0.0.5"], "the name does not exist"),
            (&["127.0.0.3"], "the name has no address"),
            (&["127.0.0.6"], "the name has no address"),
            (
                &["127.0.0.4", "127.0.0.5", "127.0.0.9"],
                "127.0.0.4 refuses to answer, 127.0.0.5 does not answer, \
                 127.0.0.9: Connection refused",
            ),
        ] {
            resolv_conf(servers);
            let limit = Duration::from_secs(1);
            let failed = look_up_for("b.example", None, limit).unwrap_err();
            assert_eq!(failed, format!("cannot resolve b.example ({why})"));
        }
        assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
        resolv_conf(&["127.0.0.3"]);
        let failed = look_up_for("b.example", Some(Family::V6), LIMIT).unwrap_err();
        assert_eq!(failed, "b.example has no IPv6 address");
        assert!(look_up("not a name").unwrap_err().starts_with("cannot resolve not a name ("));
    });
}

#[test]
fn aliases_are_followed_and_truncated_answers_repeated_over_tcp() {
    isolated(&[], || {
        let alias = |name: &str, target: &str| Record {
            kind: TYPE_CNAME,
            rdata: Name::parse(target).unwrap().wire().to_vec(),
            ..record(name, "192.0.2.1")
        };
        let records = [
            record("c.example", "192.0.2.7"),
            alias("b.example", "c.example"),
            alias("a.example", "b.example"),
            record("other.example", "192.0.2.66"),
        ];
        server("127.0.0.2", move |query| Some(answer(query, &records)));
        resolv_conf(&["127.0.0.2"]);
        assert_eq!(look_up("a.example"), Ok(vec!["192.0.2.7".to_owned()]));
        // The answer is truncated over UDP and complete over TCP.
        server("127.0.0.3", |query| Some(Message { flags: QR | RA | TC, ..query.clone() }));
        let listener = TcpListener::bind("127.0.0.3:53").unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut length = [0; 2];
                stream.read_exact(&mut length).unwrap();
                let mut query = vec![0; u16::from_be_bytes(length).into()];
                stream.read_exact(&mut query).unwrap();
                let query = Message::decode(&query).unwrap();
                let many: Vec<Record> =
                    (1..=60).map(|n| record("m.example", &format!("192.0.2.{n}"))).collect();
                let reply = answer(&query, &many).encode().unwrap();
                let length = u16::try_from(reply.len()).unwrap().to_be_bytes();
                for byte in length.iter().chain(&reply) {
                    stream.write_all(&[*byte]).unwrap();
                }
            }
        });
        resolv_conf(&["127.0.0.3"]);
        let found = look_up("m.example").unwrap();
        assert_eq!((found.len(), found[59].as_str()), (60, "192.0.2.60"));
    });
}

#[test]
fn servers_of_a_changed_resolv_conf_are_asked_at_once() {
    isolated(&[], || {
        let _silent = UdpSocket::bind("127.0.0.2:53").unwrap();
        server("127.0.0.3", |query| Some(answer(query, &[record("a.example", "192.0.2.7")])));
        resolv_conf(&["127.0.0.2"]);
        let (sender, receiver) = std::sync::mpsc::channel();
        thread::spawn(move || sender.send((look_up("a.example"), now())));
        // After this time the resolver repeats its query only once a second.
        thread::sleep(Duration::from_millis(1900));
        let changed = now();
        resolv_conf(&["127.0.0.3"]);
        let (found, at) = receiver.recv_timeout(LIMIT).unwrap();
        assert_eq!(found, Ok(vec!["192.0.2.7".to_owned()]));
        let took = at.saturating_sub(changed);
        assert!(took < Duration::from_millis(400), "{took:?}");
    });
}

#[test]
fn a_change_of_an_interface_makes_the_resolver_ask_again() {
    isolated(&[], || {
        let scene = Scene::new(&format!("option ip_source 'network'\noption update_url '{URL}'"));
        let silent = UdpSocket::bind(endpoint(PROVIDER, 53)).unwrap();
        silent.set_read_timeout(Some(LIMIT)).unwrap();
        resolv_conf(&[PROVIDER]);
        let _bus = Ubusd::start();
        let netifd = Netifd::start(&[up("wan", "wan", &["203.0.113.5"])]);
        let launcher = scene.launcher();
        let _daemon = launcher.run();
        scene.wan.set_address("203.0.113.5");
        let mut questions: Vec<(u16, SocketAddr)> = Vec::new();
        let mut next_question = || {
            let mut packet = [0; 512];
            let (length, peer) = silent.recv_from(&mut packet).unwrap();
            let query = Message::decode(&packet[..length]).unwrap();
            let is_new = !questions.contains(&(query.id, peer));
            questions.push((query.id, peer));
            // The daemon looks up the section's own name, too: those queries are left out.
            (query.questions[0].name.to_string() == HOST).then_some(is_new)
        };
        // A query with the same id from the same port is a repetition, so the look-up is still
        // under way.
        while next_question() != Some(false) {}
        let event = now();
        netifd.set(&down("lan", "br-lan"));
        while next_question() != Some(true) {}
        let took = now().saturating_sub(event);
        assert!(took < SOON, "{took:?}");
    });
}

#[test]
fn while_name_servers_are_silent_status_shows_the_look_up() {
    isolated(&[], || {
        let scene = Scene::new(&format!("option update_url '{URL}'"));
        let silent = UdpSocket::bind(endpoint(PROVIDER, 53)).unwrap();
        resolv_conf(&[PROVIDER]);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        scene.wan.set_address("203.0.113.5");
        let text = format!("the address of {HOST} is being looked up");
        daemon.wait_record("home", LIMIT, |record| {
            record["state"] == "sending" && record["reason"] == text.as_str()
        });
        drop(silent);
        let _upstream = upstream(false);
        daemon.wait_published("home", "203.0.113.5");
    });
}

#[test]
fn the_hosts_file_comes_first_and_search_domains_are_not_used() {
    isolated(&[], || {
        server("127.0.0.2", |query| {
            let name = query.questions[0].name.to_string();
            Some(match name.as_str() {
                "nas" | "a.example" => answer(query, &[record(&name, "192.0.2.66")]),
                _ => code(query, 3),
            })
        });
        resolv_conf(&["127.0.0.2"]);
        hosts("192.0.2.1 Router.lan router\n192.0.2.2 router # again\n2001:db8::1 router\n");
        let found = |all: &[&str]| Ok(all.iter().map(|address| (*address).to_owned()).collect());
        assert_eq!(look_up("ROUTER"), found(&["2001:db8::1", "192.0.2.1", "192.0.2.2"]));
        assert_eq!(look_up("router.lan."), found(&["192.0.2.1"]));
        assert_eq!(look_up_for("router", Some(Family::V6), SOON), found(&["2001:db8::1"]));
        let none = look_up_for("router.lan", Some(Family::V6), SOON);
        assert_eq!(none, Err("router.lan has no IPv6 address".to_owned()));
        // The name is asked for without the domain of `search`.
        assert_eq!(look_up("nas"), found(&["192.0.2.66"]));
        let none = look_up("printer").unwrap_err();
        assert_eq!(none, "cannot resolve printer (the name does not exist)");
        assert_eq!(look_up("localhost"), found(&["::1", "127.0.0.1"]));
        assert_eq!(look_up("192.0.2.3"), found(&["192.0.2.3"]));
    });
}

#[test]
fn missing_certificates_do_not_count_as_another_host_at_the_remembered_address() {
    isolated(&[], || {
        let authority = Authority::new();
        authority.write_pem(&file("ca.pem"));
        ip_isp(&format!("addr add {PROVIDER} dev lo"));
        let provider = Provider::new();
        let certificate = authority.server(&[HOST], Flavour::Good);
        let _tls = provider.listen_tls(endpoint(PROVIDER, 443), certificate);
        let shared = Arc::new(Shared::default());
        let send = |cacert: &str| {
            let client = Client::new(&trusting(Trust::File(file(cacert))), Arc::clone(&shared));
            client.send(&request(&format!("https://{HOST}/")))
        };
        hosts(&format!("{PROVIDER} {HOST}"));
        send("ca.pem").unwrap();
        // From now on no resolver answers.
        hosts("");
        resolv_conf(&["127.0.0.3"]);
        server("127.0.0.3", |_| None);
        let failure = send("gone.pem").unwrap_err();
        let missing = file("gone.pem");
        let expected = format!("no certificate in {} (option cacert)", missing.display());
        assert_eq!(failure.text, expected);
        assert_eq!(provider.count(), 1);
        send("ca.pem").unwrap();
    });
}

fn fetch(url: &str) -> Result<Answer, Failure> {
    Client::new(&trusting(Trust::System), Arc::default()).send(&request(url))
}

fn request(url: &str) -> Request {
    Request::get(Url::parse(url).unwrap(), String::new(), vec![])
}

fn trusting(trust: Trust) -> Transport {
    Transport {
        trust,
        proxy: None,
        device: None,
        source: None,
        family: None,
        user_agent: "test".into(),
    }
}

#[test]
fn a_public_host_cannot_redirect_to_a_name_with_a_private_address() {
    isolated(&[], || {
        let zone = [
            ("public", "198.51.100.54"),
            ("loopback", "127.0.0.9"),
            ("lan", "192.168.7.1"),
            ("ten", "10.9.9.9"),
            ("cgnat", "100.64.9.9"),
            ("link", "169.254.9.9"),
            ("ula", "fd00::9"),
            ("loopback6", "::1"),
            ("mapped", "::ffff:192.168.7.1"),
        ];
        let provider = Provider::new();
        ip_isp(&format!("addr add {PROVIDER} dev lo"));
        let mut servers = vec![provider.listen(endpoint(PROVIDER, 80))];
        for (_, address) in zone.iter().filter(|(name, _)| *name != "mapped") {
            if !address.starts_with("127.") && *address != "::1" {
                ip_isp(&format!("addr add {address} dev lo nodad"));
            }
            servers.push(provider.listen(endpoint(address, 80)));
        }
        // The kernel adds the route to an IPv6 address some time after the address.
        wait_until("fd00::9 has its route", || {
            ip_isp("-6 route show table local").contains("local fd00::9 ")
        });
        server("127.0.0.2", move |query| {
            let host = query.questions[0].name.to_string();
            let label = host.strip_suffix(".example.net").unwrap();
            let address = match label {
                "page" => Some(PROVIDER),
                _ => zone.iter().find(|(name, _)| *name == label).map(|(_, address)| *address),
            };
            let records: Vec<Record> = address.iter().map(|it| record(&host, it)).collect();
            Some(answer(query, &records))
        });
        resolv_conf(&["127.0.0.2"]);
        provider.for_path("/x", Reply::body("203.0.113.9"));
        for (name, address) in zone {
            provider.for_path("/", Reply::redirect(&format!("http://{name}.example.net/x")));
            let seen = provider.count();
            let result = fetch("http://page.example.net/");
            let paths: Vec<String> =
                provider.requests()[seen..].iter().map(|it| it.path.clone()).collect();
            if name == "public" {
                assert_eq!(result.unwrap().body, "203.0.113.9");
                assert_eq!(paths, ["/", "/x"]);
                continue;
            }
            let failure = result.unwrap_err();
            assert!(failure.text.contains("which is not followed"), "{address}: {}", failure.text);
            assert_eq!((failure.sent, paths), (false, vec!["/".to_owned()]), "{address}");
        }
        // What the owner asks for himself may be in the LAN.
        assert_eq!(fetch("http://lan.example.net/x").unwrap().body, "203.0.113.9");
    });
}

/// What the engine takes for the addresses of a host is what a request will connect to.
#[test]
fn the_engine_and_the_resolver_know_the_same_addresses_of_a_host() {
    isolated(&[], || {
        server("127.0.0.2", |query| Some(code(query, 3)));
        resolv_conf(&["127.0.0.2"]);
        hosts(
            "192.0.2.5 x.localhost\n192.0.2.6 Router.lan router\n\
             192.0.2.7 notlocalhost localhost.example",
        );
        let directory = Directory(system_hosts());
        for (host, expected) in [
            ("localhost", &["127.0.0.1", "::1"][..]),
            ("LOCALHOST.", &["127.0.0.1", "::1"]),
            ("x.localhost", &["127.0.0.1", "::1"]),
            ("a.b.localhost", &["127.0.0.1", "::1"]),
            ("notlocalhost", &["192.0.2.7"]),
            ("localhost.example", &["192.0.2.7"]),
            ("ROUTER", &["192.0.2.6"]),
            ("router.lan.", &["192.0.2.6"]),
            ("192.0.2.8", &["192.0.2.8"]),
            ("::1", &["::1"]),
        ] {
            let mut resolved = look_up(host).unwrap();
            resolved.sort();
            assert_eq!(resolved, expected, "{host}");
            let known = directory.resolve(&[host.to_owned()]);
            let expected: Vec<Host> =
                expected.iter().map(|text| Host::Address(text.parse().unwrap())).collect();
            assert_eq!(known, expected, "{host}");
        }
        assert_eq!(directory.resolve(&["printer".into()]), [Host::Name("printer".into())]);
        look_up("printer").unwrap_err();
    });
}

#[test]
fn an_unreachable_ipv6_address_delays_the_request_only_briefly() {
    isolated(&[], || {
        // The kernel drops packets to the provider's IPv6 address.
        let scene = Scene::new(&format!("option update_url '{URL}'"));
        hosts(&format!("2001:db8:dead::1 {HOST}\n{PROVIDER} {HOST}"));
        let launcher = scene.launcher();
        let daemon = launcher.run();
        scene.wan.set_address6("2001:db8:1::5");
        ip_isp("-6 route add blackhole 2001:db8:dead::/48");
        let mut times = Vec::new();
        for last in 5..8 {
            let event = now();
            scene.wan.set_address_only(&format!("203.0.113.{last}"));
            let request = scene.provider.wait_nth(last - 5, LIMIT);
            times.push(request.at.saturating_sub(event));
            daemon.wait_published("home", &format!("203.0.113.{last}"));
        }
        assert!(times.iter().all(|time| *time < SOON), "{times:?}");
    });
}

#[test]
fn an_ipv4_route_that_comes_during_a_vain_ipv6_attempt_is_used() {
    isolated(&[], || {
        // The kernel drops packets to the provider's IPv6 address.
        let scene = Scene::new(&format!("option update_url '{URL}'"));
        hosts(&format!("2001:db8:dead::1 {HOST}\n{PROVIDER} {HOST}"));
        let launcher = scene.launcher();
        let daemon = launcher.run();
        scene.wan.set_address6("2001:db8:1::5");
        ip_isp("-6 route add blackhole 2001:db8:dead::/48");
        scene.wan.set_address("203.0.113.5");
        daemon.wait_published("home", "203.0.113.5");
        // The default route goes with the address that it leaves by.
        scene.wan.ip_batch("addr del 203.0.113.5/24 dev wan\naddr add 203.0.113.6/24 dev wan\n");
        daemon.wait_state("home", "sending");
        let event = now();
        scene.wan.ip(&format!("route add default via {GATEWAY} dev wan onlink"));
        let took = scene.provider.wait_nth(1, LIMIT).at.saturating_sub(event);
        assert!(took < SOON, "{took:?}");
    });
}

#[test]
fn of_several_addresses_the_one_that_answers_is_used() {
    isolated(&[], || {
        let listener = TcpListener::bind("127.0.0.9:80").unwrap();
        hosts("192.0.2.77 many.example\n192.0.2.78 many.example\n127.0.0.9 many.example");
        // No host answers behind this device.
        ip_isp("link add dead0 type veth peer name dead1");
        ip_isp("link set dead1 up");
        ip_isp("link set dead0 up");
        ip_isp("addr add 192.0.2.1/24 dev dead0");
        ip_isp("neigh add 192.0.2.77 lladdr 02:00:00:00:00:09 dev dead0");
        ip_isp("neigh add 192.0.2.78 lladdr 02:00:00:00:00:09 dev dead0");
        let start = Instant::now();
        let reached = ddns_netlink::edge::http::connects("many.example", 80, None);
        assert_eq!(reached, Ok(()));
        assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
        let peer: SocketAddr = listener.accept().unwrap().1;
        assert!(peer.ip().is_loopback());
    });
}
