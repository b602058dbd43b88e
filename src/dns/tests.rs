//! Look-ups by transcripts: the questions, the replies, and the result.

use proptest::prelude::*;

use super::lookup::{DnsLookup, LookupStep, Plan, ServerQuery, ServerRole};
use super::message::{
    AA, AD, CD, CLASS_IN, Message, QR, Record, TYPE_A, TYPE_AAAA, TYPE_CNAME, TYPE_NS, TYPE_RRSIG,
    TYPE_SOA,
};
use super::name::Name;
use super::{Dnssec, Found};
use crate::model::Family;

fn name(text: &str) -> Name {
    if text == "." { Name::root() } else { Name::parse(text).unwrap() }
}

/// Parses `owner TYPE data`.
pub(super) fn record(text: &str) -> Record {
    let words: Vec<&str> = text.split(' ').collect();
    let (kind, rdata) = match words[1] {
        "A" => (TYPE_A, words[2].parse::<std::net::Ipv4Addr>().unwrap().octets().to_vec()),
        "AAAA" => (TYPE_AAAA, words[2].parse::<std::net::Ipv6Addr>().unwrap().octets().to_vec()),
        "NS" => (TYPE_NS, name(words[2]).wire().to_vec()),
        "CNAME" => (TYPE_CNAME, name(words[2]).wire().to_vec()),
        "RRSIG" => (TYPE_RRSIG, vec![0; 18]),
        _ => (TYPE_SOA, [name(words[2]).wire(), &[0], &[0; 20]].concat()),
    };
    Record { name: name(words[0]), kind, class: CLASS_IN, ttl: 300, rdata }
}

/// Parses flags (`aa`, `nx`, `servfail`, `refused`) and records. `|` begins the authority section, a
/// second one the additional section. `-` is no reply.
fn reply(text: &str) -> Result<Message, String> {
    if text == "-" {
        return Err("it does not answer".into());
    }
    let mut message = Message { flags: QR, ..Message::default() };
    let mut section = 0;
    for word in text.split(", ") {
        match word {
            "" => {}
            "aa" => message.flags |= AA,
            "nx" => message.flags |= 3,
            "servfail" => message.flags |= 2,
            "refused" => message.flags |= 5,
            "ad" => message.flags |= AD,
            "|" => section += 1,
            other => {
                let record = record(other);
                match section {
                    0 => message.answers.push(record),
                    1 => message.authorities.push(record),
                    _ => message.additionals.push(record),
                }
            }
        }
    }
    Ok(message)
}

fn plan(host: &str) -> Plan {
    Plan {
        expected: None,
        host: name(host),
        family: Family::V4,
        glue: false,
        resolvers: vec!["198.51.100.1:53".parse().unwrap()],
        servers: vec![],
        over: None,
    }
}

/// The question as in a transcript: the server's role (`r` a resolver, `o` one of the zone's own, `g`
/// `dns_server`), the last part of its address, type and name.
fn shown(query: &ServerQuery) -> String {
    let role = match query.role {
        ServerRole::Resolver => "r",
        ServerRole::Authority => "o",
        ServerRole::Configured => "g",
    };
    let kind = match query.question.kind {
        TYPE_A => "A",
        TYPE_AAAA => "AAAA",
        TYPE_NS => "NS",
        TYPE_SOA => "SOA",
        _ => "?",
    };
    let address = query.server.ip().to_string();
    let last = address.rsplit(['.', ':']).next().unwrap();
    let ad = if query.flags & AD != 0 { "+ad" } else { "" };
    let cd = if query.flags & CD != 0 { "+cd" } else { "" };
    format!("{role}{last}{ad}{cd} {kind} {}", query.question.name)
}

/// Plays a transcript, lines of `question = reply`, and returns the result.
fn play(plan: Plan, transcript: &str) -> Result<Found, String> {
    let mut state = DnsLookup::new(plan);
    let mut step = state.start();
    for line in transcript.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (question, answer) = line.split_once(" =").unwrap();
        let LookupStep::Ask(query) = step else { panic!("ended before {line}: {step:?}") };
        assert_eq!(shown(&query), question);
        step = state.step(reply(answer.trim()));
    }
    match step {
        LookupStep::Done(result) => result,
        LookupStep::Ask(query) => panic!("asks further: {}", shown(&query)),
    }
}

fn found(authoritative: bool, addresses: &[&str]) -> Result<Found, String> {
    let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
    Ok(Found { addresses, authoritative, ..Found::default() })
}

const ZONE: &str = "
    r1 SOA home.example.com = |, example.com SOA ns2.example.net
    r1 NS example.com = example.com NS ns1.example.net, example.com NS ns2.example.net
    r1 A ns2.example.net = ns2.example.net A 192.0.2.2
";

fn from_zone(rest: &str) -> Result<Found, String> {
    play(plan("home.example.com"), &format!("{ZONE}{rest}"))
}

fn on_this_host(host: &str) -> Plan {
    Plan { resolvers: vec!["127.0.0.1:53".parse().unwrap()], ..plan(host) }
}

fn with_dnssec(dnssec: Dnssec) -> Result<Found, String> {
    found(true, &["203.0.113.5"]).map(|found| Found { dnssec, ..found })
}

/// What a resolver on this host says about the answer that the zone's name servers have given.
#[test]
fn a_resolver_on_this_host_is_asked_whether_it_has_authenticated_the_answer() {
    let answer = format!("{ZONE}o2 A home.example.com = aa, home.example.com A 203.0.113.5\n");
    let signature = "home.example.com RRSIG";
    for (rest, dnssec) in [
        (format!("ad, home.example.com A 203.0.113.5, {signature}"), Dnssec::Authenticated),
        (format!("home.example.com A 203.0.113.5, {signature}"), Dnssec::Signed),
        // Its cache is older than the answer.
        (format!("ad, home.example.com A 203.0.113.4, {signature}"), Dnssec::Signed),
        ("home.example.com A 203.0.113.5".to_owned(), Dnssec::Unknown),
        ("refused".to_owned(), Dnssec::Unknown),
        ("-".to_owned(), Dnssec::Unknown),
    ] {
        let transcript = format!("{answer}r1+ad A home.example.com = {rest}");
        assert_eq!(play(on_this_host("home.example.com"), &transcript), with_dnssec(dnssec));
    }
    // Another host's resolver is not believed, so it is not asked.
    assert_eq!(play(plan("home.example.com"), &answer), with_dnssec(Dnssec::Unknown));
}

#[test]
fn an_answer_that_the_resolver_gives_only_without_validation_is_bogus() {
    let bogus = Ok(Found { dnssec: Dnssec::Bogus, ..Found::default() });
    let answer = format!("{ZONE}o2 A home.example.com = aa, home.example.com A 203.0.113.5\n");
    let transcript = format!(
        "{answer}r1+ad A home.example.com = servfail
        r1+ad+cd A home.example.com = home.example.com A 203.0.113.5"
    );
    assert_eq!(play(on_this_host("home.example.com"), &transcript), bogus);
    // The resolver fails for another reason.
    let transcript = format!(
        "{answer}r1+ad A home.example.com = servfail
        r1+ad+cd A home.example.com = servfail"
    );
    assert_eq!(play(on_this_host("home.example.com"), &transcript), with_dnssec(Dnssec::Unknown));
    // Even the zone cannot be found, because its answers are bogus.
    let transcript = "
        r1 SOA home.example.com = servfail
        r1 A home.example.com = servfail
        r1+ad+cd A home.example.com = home.example.com A 203.0.113.5
    ";
    assert_eq!(play(on_this_host("home.example.com"), transcript), bogus);
    let transcript = "
        r1 SOA home.example.com = servfail
        r1 A home.example.com = servfail
        r1+ad+cd A home.example.com = servfail
    ";
    let failed = play(on_this_host("home.example.com"), transcript).unwrap_err();
    assert!(failed.contains("SERVFAIL"), "{failed}");
}

#[test]
fn the_primary_name_server_of_the_zone_is_asked() {
    let both = "o2 A home.example.com = aa, home.example.com A 203.0.113.9, home.example.com A 203.0.113.5";
    assert_eq!(from_zone(both), found(true, &["203.0.113.5", "203.0.113.9"]));
}

#[test]
fn another_address_than_the_expected_one_counts_only_if_all_name_servers_agree() {
    let expecting = |rest: &str| {
        let expected = "203.0.113.5".parse().ok();
        play(Plan { expected, ..plan("home.example.com") }, &format!("{ZONE}{rest}"))
    };
    let at_2 = |address: &str| format!("o2 A home.example.com = aa, home.example.com A {address}");
    let at_1 = |answer: &str| {
        format!(
            "{}\nr1 A ns1.example.net = ns1.example.net A 192.0.2.1\no1 A home.example.com = {answer}",
            at_2("198.51.100.7")
        )
    };
    let no_ipv6 = "r1 AAAA ns2.example.net =\nr1 AAAA ns1.example.net =";
    assert_eq!(expecting(&at_2("203.0.113.5")), found(true, &["203.0.113.5"]));
    let lags = at_1("aa, home.example.com A 203.0.113.5");
    assert_eq!(expecting(&lags), found(true, &["203.0.113.5"]));
    let silent = format!("{}\n{no_ipv6}", at_1("-"));
    assert_eq!(expecting(&silent), found(true, &["198.51.100.7"]));
    let agree = format!("{}\n{no_ipv6}", at_1("aa, home.example.com A 198.51.100.7"));
    assert_eq!(expecting(&agree), found(true, &["198.51.100.7"]));
    let why = expecting(&at_1("aa, nx")).unwrap_err();
    assert_eq!(why, "the name servers of the zone do not agree about home.example.com");
}

#[test]
fn an_authority_without_the_record_means_no_address() {
    for none in ["aa, nx", "aa", "aa, |, example.com SOA ns2.example.net", "aa, x.org A 192.0.2.1"]
    {
        let result = from_zone(&format!("o2 A home.example.com = {none}"));
        assert_eq!(result, found(true, &[]), "{none}");
    }
}

#[test]
fn an_answer_without_authority_does_not_count() {
    // The look-up tries the next address, the next server, the other family, and at last a resolver.
    let result = from_zone(
        "o2 A home.example.com = home.example.com A 198.51.100.1
         r1 A ns1.example.net = ns1.example.net A 192.0.2.1, ns1.example.net A 192.0.2.3
         o1 A home.example.com = -
         o3 A home.example.com = refused
         r1 AAAA ns2.example.net = ns2.example.net AAAA 2001:db8::2
         o2 A home.example.com = nx
         r1 AAAA ns1.example.net =
         r1 A home.example.com = home.example.com A 198.51.100.1",
    );
    assert_eq!(result, found(false, &["198.51.100.1"]));
}

#[test]
fn a_resolver_that_claims_authority_is_not_believed() {
    let result = play(
        plan("router.lan"),
        "r1 SOA router.lan = nx
         r1 SOA lan = nx, |, . SOA a.root-servers.net
         r1 A router.lan = aa, nx",
    );
    assert_eq!(result, found(false, &[]));
}

#[test]
fn the_zone_is_found_without_the_soa_record_of_the_name() {
    let result = play(
        plan("a.b.example.com"),
        "r1 SOA a.b.example.com = nx
         r1 SOA b.example.com = |, other.org SOA ns.other.org
         r1 SOA example.com = example.com SOA ns.example.com
         r1 NS example.com = example.com NS ns.example.com, other.org NS ns.other.org
         r1 A ns.example.com = ns.example.com A 192.0.2.1
         o1 A a.b.example.com = aa, nx",
    );
    assert_eq!(result, found(true, &[]));
}

#[test]
fn aliases_are_followed_to_their_own_zones() {
    let result = play(
        plan("www.example.com"),
        "r1 SOA www.example.com = www.example.com CNAME h.example.net, |, example.net SOA x.y
         r1 SOA example.com = example.com SOA ns.example.com
         r1 NS example.com = example.com NS ns.example.com
         r1 A ns.example.com = ns.example.com A 192.0.2.1
         o1 A www.example.com = aa, www.example.com CNAME h.example.net, h.example.net A 198.51.100.9
         r1 SOA h.example.net = |, example.net SOA ns.example.net
         r1 NS example.net = example.net NS ns.example.net
         r1 A ns.example.net = ns.example.net A 192.0.2.2
         o2 A h.example.net = aa, h.example.net A 203.0.113.5",
    );
    assert_eq!(result, found(true, &["203.0.113.5"]));
}

#[test]
fn a_resolver_is_asked_for_an_alias_into_a_zone_that_cannot_be_asked() {
    let result = from_zone(
        "o2 A home.example.com = aa, home.example.com CNAME h.example.org
         r1 SOA h.example.org = servfail
         r1 A h.example.org = h.example.org CNAME i.example.org
         r1 A i.example.org = i.example.org A 203.0.113.5",
    );
    assert_eq!(result, found(false, &["203.0.113.5"]));
}

#[test]
fn a_loop_of_aliases_is_an_error() {
    let mut plan = plan("a.example");
    plan.servers = vec!["192.0.2.9:53".parse().unwrap()];
    let circle = "g9 A a.example = a.example CNAME a.example\n".repeat(9);
    assert_eq!(play(plan, &circle), Err("a.example is an alias that leads nowhere".into()));
}

#[test]
fn a_resolver_that_fails_is_asked_last_from_then_on() {
    let mut plan = plan("home.example.com");
    plan.resolvers.push("127.0.0.2:53".parse().unwrap());
    let result = play(
        plan,
        "r1 SOA home.example.com = -
         r2 SOA home.example.com = |, example.com SOA ns.example.com
         r2 NS example.com = servfail
         r1 NS example.com = example.com NS ns.example.com
         r1 A ns.example.com = -
         r2 A ns.example.com = -
         r1 AAAA ns.example.com = -
         r2 AAAA ns.example.com = -
         r1 A home.example.com = -
         r2 A home.example.com = refused",
    );
    assert_eq!(result, Err("no name server answers (127.0.0.2 refuses to answer)".into()));
}

#[test]
fn only_dns_server_is_asked_if_it_is_set() {
    let given = |transcript| {
        let mut plan = plan("home.example.com");
        plan.servers = vec!["192.0.2.8:53".parse().unwrap(), "192.0.2.9:5353".parse().unwrap()];
        play(plan, transcript)
    };
    let one = "g8 A home.example.com = home.example.com A 203.0.113.5";
    assert_eq!(given(one), found(false, &["203.0.113.5"]));
    let two = "g8 A home.example.com = -\ng9 A home.example.com = aa, nx";
    assert_eq!(given(two), found(true, &[]));
    let alias = "g8 A home.example.com = aa, home.example.com CNAME h.example.net
                 g8 A h.example.net = h.example.net A 203.0.113.5";
    assert_eq!(given(alias), found(false, &["203.0.113.5"]), "authority for the alias only");
    let none = "g8 A home.example.com = -\ng9 A home.example.com = -";
    assert_eq!(given(none), Err("no name server answers (it does not answer)".into()));
}

const PARENT: &str = "
    r1 SOA ns1.example.com = |, example.com SOA ns1.example.com
    r1 SOA com = com SOA a.gtld.net
    r1 NS com = com NS a.gtld.net
    r1 A a.gtld.net = a.gtld.net A 192.0.2.7
";

fn glue(rest: &str) -> Result<Found, String> {
    let plan = Plan { glue: true, ..plan("ns1.example.com") };
    play(plan, &format!("{PARENT}{rest}"))
}

#[test]
fn glue_is_asked_of_the_parent_zone() {
    let referral = "o7 A ns1.example.com = |, example.com NS ns1.example.com, |, \
                    ns1.example.com A 203.0.113.5, ns1.example.com AAAA 2001:db8::5";
    assert_eq!(glue(referral), found(true, &["203.0.113.5"]));
    let lost = "o7 A ns1.example.com = |, example.com NS ns1.example.com";
    assert_eq!(glue(lost), found(true, &[]));
    let elsewhere = "o7 A ns1.example.com = |, example.com NS ns.example.org";
    assert_eq!(glue(elsewhere), found(false, &[]), "the parent zone need not know it");
    let gone = "o7 A ns1.example.com = aa, nx";
    assert_eq!(glue(gone), found(true, &[]));
}

#[test]
fn a_referral_to_another_zone_does_not_count() {
    for lame in [
        "|, . NS a.root-servers.net",
        "|, com NS a.gtld.net",
        "|, example.org NS ns1.example.com",
        "ns1.example.com A 198.51.100.1, |, example.com NS ns1.example.com",
    ] {
        let result = glue(&format!(
            "o7 A ns1.example.com = {lame}
             r1 AAAA a.gtld.net =
             r1 A ns1.example.com = ns1.example.com A 203.0.113.5"
        ));
        assert_eq!(result, found(false, &["203.0.113.5"]), "{lame}");
    }
}

#[test]
fn glue_from_dns_server_is_in_the_additional_section() {
    let plan = Plan {
        glue: true,
        servers: vec!["192.0.2.9:53".parse().unwrap()],
        ..plan("ns1.example.com")
    };
    let referral = "g9 A ns1.example.com = |, example.com NS ns1.example.com, |, \
                    ns1.example.com A 203.0.113.5";
    assert_eq!(play(plan, referral), found(false, &["203.0.113.5"]));
}

#[test]
fn a_forced_family_is_the_only_one_that_name_servers_are_asked_over() {
    let plan = Plan { over: Some(Family::V6), ..plan("home.example.com") };
    let result = play(
        plan,
        "r1 SOA home.example.com = |, example.com SOA ns.example.com
         r1 NS example.com = example.com NS ns.example.com
         r1 AAAA ns.example.com = ns.example.com AAAA 2001:db8::1
         o1 A home.example.com = aa, home.example.com A 203.0.113.5",
    );
    assert_eq!(result, found(true, &["203.0.113.5"]));
}

fn any_record() -> impl Strategy<Value = Record> {
    let owner = prop::sample::select(vec!["a.b.c", "b.c", "c", ".", "x.b.c"]);
    let tail = prop::sample::select(vec![
        "A 192.0.2.1",
        "AAAA ::1",
        "NS b.c",
        "NS x.b.c",
        "CNAME a.b.c",
        "CNAME x.b.c",
        "SOA b.c",
    ]);
    (owner, tail).prop_map(|(owner, tail)| record(&format!("{owner} {tail}")))
}

fn any_reply() -> impl Strategy<Value = Result<Message, String>> {
    let records = || prop::collection::vec(any_record(), 0..4);
    let flags = prop::sample::select(vec![QR, QR | AA, QR | 3, QR | AA | 3, QR | 2]);
    let message = (flags, records(), records(), records());
    let message = message.prop_map(|(flags, answers, authorities, additionals)| {
        Ok(Message { flags, answers, authorities, additionals, ..Message::default() })
    });
    prop_oneof![9 => message, 1 => Just(Err("it does not answer".into()))]
}

proptest! {
    /// Whatever the servers reply, the look-up ends. Its result is authoritative only if the last
    /// server was no resolver.
    #[test]
    fn every_look_up_ends(
        replies in prop::collection::vec(any_reply(), 1..20),
        glue in any::<bool>(),
        given in any::<bool>(),
    ) {
        let servers = if given { vec!["192.0.2.9:53".parse().unwrap()] } else { vec![] };
        let mut state = DnsLookup::new(Plan { glue, servers, ..plan("a.b.c") });
        let mut step = state.start();
        let mut last = ServerRole::Resolver;
        for reply in replies.iter().cycle().take(100) {
            match step {
                LookupStep::Done(Ok(found)) => {
                    prop_assert!(!found.authoritative || last != ServerRole::Resolver);
                    return Ok(());
                }
                LookupStep::Done(Err(_)) => return Ok(()),
                LookupStep::Ask(query) => last = query.role,
            }
            step = state.step(reply.clone());
        }
        prop_assert!(matches!(step, LookupStep::Done(_)));
    }
}
