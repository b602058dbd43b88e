//! Looking up the registered address at real name servers: BIND, and dnsmasq as the router's
//! resolver.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use ddns_netlink::config::Lookup;
use ddns_netlink::dns::message::{AA, Message, QR, Question, Record, TYPE_A};
use ddns_netlink::dns::name::Name;
use ddns_netlink::dns::{Found, Protocol};
use ddns_netlink::edge::dns::{DnsTransport, look_up};
use ddns_netlink::edge::http::{Unreachable, connects};
use ddns_netlink::edge::stream::TrustCache;
use ddns_netlink::model::{Family, HostPort, Trust};
use support::named::{self, EXAMPLE, EXAMPLE6, NOBODY, Named};
use support::process::Process;
use support::router::{ip_isp, isolated};

const TOOLS: [&str; 2] = ["named", "dnsmasq"];
const LIMIT: Duration = Duration::from_secs(20);

const RECORDS: &str = "
home A 203.0.113.5
home A 203.0.113.6
home AAAA 2001:db8:1::5
other AAAA 2001:db8:1::6
*.wild A 203.0.113.4
www CNAME home
far CNAME host.net.
circle CNAME square
square CNAME circle
";

/// BIND with [`RECORDS`], and dnsmasq as the resolver of this host.
fn name_servers() -> (Named, Process) {
    (Named::start(RECORDS), named::dnsmasq(Command::new("dnsmasq")))
}

/// A look-up at the name servers of the host's zone.
fn lookup_of(host: &str) -> Lookup {
    Lookup { host: host.into(), server: None, protocol: Protocol::Udp, glue: false }
}

/// A look-up at this server.
fn lookup_at(host: &str, server: impl ToString) -> Lookup {
    let server = HostPort::parse(&server.to_string()).unwrap();
    Lookup { server: Some(server), ..lookup_of(host) }
}

fn ask(lookup: &Lookup) -> Result<Found, String> {
    look_up(
        lookup,
        Family::V4,
        None,
        &DnsTransport::default(),
        &TrustCache::default(),
        LIMIT.into(),
    )
}

fn found(authoritative: bool, addresses: &[&str]) -> Result<Found, String> {
    let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
    Ok(Found { addresses, authoritative, ..Found::default() })
}

#[test]
fn the_name_servers_of_the_zone_answer_authoritatively() {
    isolated(&TOOLS, || {
        let (mut named, _dnsmasq) = name_servers();
        let both = found(true, &["203.0.113.5", "203.0.113.6"]);
        assert_eq!(ask(&lookup_of("home.example.com")), both);
        assert_eq!(ask(&lookup_of("HOME.example.com.")), both);
        let v6 = look_up(
            &lookup_of("home.example.com"),
            Family::V6,
            None,
            &DnsTransport::default(),
            &TrustCache::default(),
            LIMIT.into(),
        );
        assert_eq!(v6, found(true, &["2001:db8:1::5"]));
        assert_eq!(ask(&lookup_of("any.wild.example.com")), found(true, &["203.0.113.4"]));
        assert_eq!(ask(&lookup_of("*.wild.example.com")), found(true, &["203.0.113.4"]));
        assert_eq!(ask(&lookup_of("www.example.com")), both, "an alias");
        assert_eq!(
            ask(&lookup_of("far.example.com")),
            found(true, &["203.0.113.8"]),
            "an alias to another zone"
        );
        let none = found(true, &[]);
        for host in ["none.example.com", "a.b.c.example.com", "other.example.com", "example.com"] {
            assert_eq!(ask(&lookup_of(host)), none, "{host}");
        }
        assert_eq!(ask(&lookup_of("not-delegated.com")), none);
        assert!(ask(&lookup_of("circle.example.com")).is_err());
        assert!(ask(&lookup_of("not a name")).is_err());
        let cached = found(false, &["203.0.113.5", "203.0.113.6"]);
        assert_eq!(ask(&lookup_at("home.example.com", "127.0.0.1")), cached);
        named.set("home A 203.0.113.99");
        assert_eq!(ask(&lookup_of("home.example.com")), found(true, &["203.0.113.99"]));
        assert_eq!(
            ask(&lookup_at("home.example.com", "127.0.0.1")),
            cached,
            "the resolver's cache"
        );
    });
}

#[test]
fn with_dead_or_lame_name_servers_the_resolvers_answer_is_used() {
    isolated(&TOOLS, || {
        let (_named, _dnsmasq) = name_servers();
        assert_eq!(ask(&lookup_of("home.kept.com")), found(false, &["203.0.113.9"]), "unreachable");
        // These sockets receive the queries and never answer.
        let silent = [NOBODY, "192.0.2.67"].map(|address| {
            ip_isp(&format!("addr add {address}/32 dev lo"));
            UdpSocket::bind(format!("{address}:53")).unwrap()
        });
        let start = Instant::now();
        assert_eq!(ask(&lookup_of("home.kept.com")), found(false, &["203.0.113.9"]), "silent");
        let short = Duration::from_secs(3);
        let again = Instant::now();
        let result = look_up(
            &lookup_of("home.kept.com"),
            Family::V4,
            None,
            &DnsTransport::default(),
            &TrustCache::default(),
            short.into(),
        );
        assert_eq!(result, found(false, &["203.0.113.9"]), "silent, with a short limit");
        let (took, took_again) = (again - start, again.elapsed());
        assert!(took < LIMIT && took_again < short, "{took:?} {took_again:?}");
        drop(silent);
        // An answer without AA, as from a resolver that intercepts queries.
        server("192.0.2.66:53", |query| {
            let answer = answer(query, 66);
            vec![Message { flags: QR, ..answer }.encode().unwrap()]
        });
        assert_eq!(ask(&lookup_of("home.kept.com")), found(false, &["203.0.113.9"]), "intercepted");
        let lame = ask(&lookup_of("home.lame.com"));
        assert!(lame.as_ref().is_err_and(|why| why.contains("SERVFAIL")), "{lame:?}");
    });
}

#[test]
fn without_a_resolver_the_look_up_fails_in_time() {
    isolated(&TOOLS, || {
        let refused = ask(&lookup_of("home.example.com")).unwrap_err();
        assert_eq!(refused, "no name server answers (127.0.0.1: Connection refused)");
        let _silent = UdpSocket::bind("127.0.0.1:53").unwrap();
        let limit = Duration::from_secs(1);
        let start = Instant::now();
        let late = look_up(
            &lookup_of("home.example.com"),
            Family::V4,
            None,
            &DnsTransport::default(),
            &TrustCache::default(),
            limit.into(),
        );
        assert_eq!(late.unwrap_err(), "no name server answers (127.0.0.1 does not answer)");
        assert!(start.elapsed() < 2 * limit, "{:?}", start.elapsed());
    });
}

#[test]
fn a_configured_server_is_the_only_one_asked() {
    isolated(&TOOLS, || {
        let (_named, _dnsmasq) = name_servers();
        support::router::hosts(&format!("{EXAMPLE} example-server"));
        let both = |authoritative| found(authoritative, &["203.0.113.5", "203.0.113.6"]);
        for server in [EXAMPLE, EXAMPLE6, "192.0.2.3:53", "[2001:db8::3]:53", "example-server"] {
            assert_eq!(ask(&lookup_at("home.example.com", server)), both(true), "{server}");
        }
        assert_eq!(
            ask(&lookup_at("home.example.com", named::RESOLVER)),
            both(false),
            "from its cache"
        );
        assert_eq!(ask(&lookup_at("none.example.com", EXAMPLE)), found(true, &[]));
        assert_eq!(
            ask(&lookup_at("far.example.com", named::RESOLVER)),
            found(false, &["203.0.113.8"])
        );
        let refuses = ask(&lookup_at("home.example.org", EXAMPLE)).unwrap_err();
        assert_eq!(refuses, "no name server answers (192.0.2.3 refuses to answer)");
        let nowhere = ask(&lookup_at("home.example.com", "no-such-host.invalid")).unwrap_err();
        assert!(nowhere.starts_with("cannot resolve no-such-host.invalid"), "{nowhere}");
        let way = DnsTransport { family: Some(Family::V6), ..DnsTransport::default() };
        let other = look_up(
            &lookup_at("home.example.com", EXAMPLE),
            Family::V4,
            None,
            &way,
            &TrustCache::default(),
            LIMIT.into(),
        );
        assert_eq!(other.unwrap_err(), "192.0.2.3 has no IPv6 address");
    });
}

#[test]
fn glue_comes_from_the_parent_zone() {
    isolated(&TOOLS, || {
        let (_named, _dnsmasq) = name_servers();
        let glue = |host: &str| ask(&Lookup { glue: true, ..lookup_of(host) });
        // The name servers of the zone itself are not asked.
        assert_eq!(glue("ns.example.com"), found(true, &[EXAMPLE]));
        let at_parent = Lookup { glue: true, ..lookup_at("ns.glue.com", named::COM) };
        assert_eq!(ask(&at_parent), found(false, &["203.0.113.7"]), "a referral has no AA");
        let v6 = Lookup { glue: true, ..lookup_of("ns.example.com") };
        let v6 = look_up(
            &v6,
            Family::V6,
            None,
            &DnsTransport::default(),
            &TrustCache::default(),
            LIMIT.into(),
        );
        assert_eq!(v6, found(true, &[EXAMPLE6]));
        assert_eq!(glue("home.example.com"), found(false, &[]), "not a name server of its zone");
    });
}

#[test]
fn queries_use_the_given_family_and_device() {
    isolated(&TOOLS, || {
        let (_named, _dnsmasq) = name_servers();
        let over = |family, device: Option<&str>| {
            let way =
                DnsTransport { device: device.map(str::to_owned), family, trust: Trust::System };
            look_up(
                &lookup_of("home.example.com"),
                Family::V4,
                None,
                &way,
                &TrustCache::default(),
                LIMIT.into(),
            )
        };
        let both = |authoritative| found(authoritative, &["203.0.113.5", "203.0.113.6"]);
        assert_eq!(over(Some(Family::V6), None), both(true));
        ip_isp(&format!("addr del {EXAMPLE6}/128 dev lo"));
        assert_eq!(over(Some(Family::V6), None), both(false));
        assert_eq!(over(Some(Family::V4), None), both(true));
        // The name servers cannot be reached through this device; the resolver is on this host.
        ip_isp("link add other0 type veth peer name other1");
        ip_isp("link set other0 up");
        assert_eq!(over(None, Some("other0")), both(false));
        assert_eq!(over(None, Some("lo")), both(true));
        assert_eq!(over(None, Some("missing0")), both(false));
    });
}

/// Forwards TCP connections at `from` to the name server of the zone.
fn relay(from: &str) {
    let listener = TcpListener::bind(from).unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let mut server = TcpStream::connect((EXAMPLE, 53)).unwrap();
            let (mut to_server, mut from_client) =
                (server.try_clone().unwrap(), client.try_clone().unwrap());
            thread::spawn(move || std::io::copy(&mut from_client, &mut to_server));
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = server.read(&mut bytes) {
                // One octet at a time: TCP may deliver an answer in any pieces.
                bytes[..length].iter().for_each(|byte| drop(client.write_all(&[*byte])));
            }
            let _ = client.shutdown(Shutdown::Both);
        }
    });
}

#[test]
fn tcp_is_used_on_request_and_for_long_answers() {
    isolated(&TOOLS, || {
        let many: Vec<String> = (1..=60).map(|last| format!("many A 203.0.113.{last}")).collect();
        let _named = Named::start(&format!("{RECORDS}\n{}", many.join("\n")));
        let _dnsmasq = named::dnsmasq(Command::new("dnsmasq"));
        let result = ask(&lookup_of("many.example.com")).unwrap();
        assert_eq!((result.addresses.len(), result.authoritative), (60, true));
        let both = found(true, &["203.0.113.5", "203.0.113.6"]);
        assert_eq!(ask(&Lookup { protocol: Protocol::Tcp, ..lookup_of("home.example.com") }), both);
        relay("127.0.0.9:5353");
        let over_protocol =
            |protocol| ask(&Lookup { protocol, ..lookup_at("home.example.com", "127.0.0.9:5353") });
        assert_eq!(over_protocol(Protocol::Tcp), both);
        assert!(over_protocol(Protocol::Udp).is_err(), "nothing listens on UDP");
        // A server that accepts the connection and sends nothing.
        let silent = TcpListener::bind("127.0.0.10:53").unwrap();
        let lookup =
            Lookup { protocol: Protocol::Tcp, ..lookup_at("home.example.com", "127.0.0.10") };
        let result = look_up(
            &lookup,
            Family::V4,
            None,
            &DnsTransport::default(),
            &TrustCache::default(),
            Duration::from_secs(1).into(),
        );
        assert_eq!(result.unwrap_err(), "no name server answers (127.0.0.10 does not answer)");
        drop(silent);
    });
}

/// A server at this address that sends what `replies` returns for each query.
fn server(address: &str, replies: impl Fn(&Message) -> Vec<Vec<u8>> + Send + 'static) {
    let socket = UdpSocket::bind(address).unwrap();
    thread::spawn(move || {
        let mut packet = [0; 512];
        while let Ok((length, peer)) = socket.recv_from(&mut packet) {
            let query = Message::decode(&packet[..length]).unwrap();
            for reply in replies(&query) {
                socket.send_to(&reply, peer).unwrap();
            }
        }
    });
}

fn answer(query: &Message, last: u8) -> Message {
    let question = query.questions[0].clone();
    let rdata = vec![203, 0, 113, last];
    let record = Record { name: question.name, kind: TYPE_A, class: 1, ttl: 1, rdata };
    Message { flags: QR | AA, answers: vec![record], ..query.clone() }
}

#[test]
fn spoofed_answers_are_ignored() {
    isolated(&[], || {
        let name = |text| Name::parse(text).unwrap();
        let other = Question::address(name("other.example.com"), Family::V4);
        server("127.0.0.11:53", move |query| {
            let wrong_id = Message { id: query.id ^ 1, ..answer(query, 66) };
            let wrong_question = Message { questions: vec![other.clone()], ..answer(query, 66) };
            let not_an_answer = query.clone();
            let good = answer(query, 5);
            let wire = |message: &Message| message.encode().unwrap();
            let mut cut = wire(&good);
            cut.truncate(20);
            [&wrong_id, &wrong_question, &not_an_answer]
                .map(wire)
                .into_iter()
                .chain([cut, vec![], wire(&good)])
                .collect()
        });
        assert_eq!(
            ask(&lookup_at("home.example.com", "127.0.0.11")),
            found(true, &["203.0.113.5"])
        );
        // An answer from another address than the server's.
        let off_path = UdpSocket::bind("127.0.0.13:53").unwrap();
        let socket = UdpSocket::bind("127.0.0.12:53").unwrap();
        thread::spawn(move || {
            let mut packet = [0; 512];
            let (length, peer) = socket.recv_from(&mut packet).unwrap();
            let query = Message::decode(&packet[..length]).unwrap();
            off_path.send_to(&answer(&query, 66).encode().unwrap(), peer).unwrap();
            socket.send_to(&answer(&query, 5).encode().unwrap(), peer).unwrap();
        });
        assert_eq!(
            ask(&lookup_at("home.example.com", "127.0.0.12")),
            found(true, &["203.0.113.5"])
        );
    });
}

#[test]
fn every_query_has_its_own_id_and_port() {
    isolated(&[], || {
        let socket = UdpSocket::bind("127.0.0.14:53").unwrap();
        let seen = thread::spawn(move || {
            let mut packet = [0; 512];
            let mut all: Vec<(u16, SocketAddr)> = vec![];
            // The first query of each pair gets no answer and is sent again.
            for n in 0..8 {
                let (length, peer) = socket.recv_from(&mut packet).unwrap();
                let query = Message::decode(&packet[..length]).unwrap();
                if n % 2 == 1 {
                    socket.send_to(&answer(&query, 5).encode().unwrap(), peer).unwrap();
                }
                all.push((query.id, peer));
            }
            all
        });
        // Each has a second question, because the server is on this host.
        for _ in 0..2 {
            assert!(ask(&lookup_at("home.example.com", "127.0.0.14")).is_ok());
        }
        let seen = seen.join().unwrap();
        let ids: std::collections::BTreeSet<u16> = seen.iter().map(|(id, _)| *id).collect();
        let ports: std::collections::BTreeSet<u16> = seen.iter().map(|(_, p)| p.port()).collect();
        assert!(ids.len() >= 7 && ports.len() >= 7, "{seen:?}");
    });
}

#[test]
fn verifying_a_server_or_proxy_names_the_failure() {
    isolated(&TOOLS, || {
        let (_named, _dnsmasq) = name_servers();
        assert_eq!(connects(EXAMPLE, 53, None), Ok(()));
        assert_eq!(connects("ns.example.com", 53, None), Ok(()));
        assert_eq!(connects("ns.example.com", 53, Some(Family::V6)), Ok(()));
        let verify = |server, family| connects(server, 53, family).unwrap_err();
        assert!(matches!(verify("no.such.host.com", None), Unreachable::Unresolved(_)));
        assert!(matches!(verify("127.0.0.99", None), Unreachable::NoConnection(_)));
        let wrong = verify(EXAMPLE, Some(Family::V6));
        assert_eq!(wrong, Unreachable::WrongFamily("192.0.2.3 has no IPv6 address".into()));
        assert_eq!(connects("2001:db8::3", 53, Some(Family::V6)), Ok(()));
        let refused = connects("127.0.0.99", 3128, None).unwrap_err();
        let text = "127.0.0.99 port 3128: Connection refused".to_owned();
        assert_eq!(refused, Unreachable::NoConnection(text));
        let start = Instant::now();
        ip_isp("route add blackhole 198.51.100.0/24");
        assert!(matches!(verify("198.51.100.9", None), Unreachable::NoConnection(_)));
        assert!(start.elapsed() < Duration::from_secs(5));
    });
}
