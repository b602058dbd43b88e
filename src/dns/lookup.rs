//! How the registered address is found, question by question. The caller sends the questions.
//!
//! ```text
//!          resolver: SOA      resolver: NS           resolver: A, AAAA
//! start ──▶ Zone ────────────▶ Servers ─────────────▶ Address ─────▶ AskAuthority ─────▶ found
//!   │       ▲ │ none: parent                          ▲ ▲     no address │ │ with authority
//!   │       │ │                                       │ └────────────────┘ │
//!   │       │ └── no zone, no servers ──┐             └─── no answer ──────┤
//!   │       └───────────────────────────┼───────────────── alias ──────────┘
//!   │                                   ▼                          no servers left
//!   └─▶ AskConfigured (dns_server)     AskResolver (A, AAAA) ◀─────────────┘
//! ```
//!
//! After that a resolver on this host, if there is one, is asked the same, whether it has authenticated the answer
//! (Validate). If it fails, it is asked once more without validation (Unchecked): if it answers then, the answer is
//! bogus.
//!
//! The zone's own name servers are asked, because a resolver's cache may be hours old. An answer
//! without authority (AA) does not count as theirs, even if it comes from their address: routers and
//! internet providers intercept port 53. A name server that has another address than the expected one may be a
//! secondary that lags behind, so the others are asked, too, and must agree.

use std::net::{IpAddr, SocketAddr};
use std::vec;

use super::message::{
    AA, AD, CD, CLASS_IN, Message, NOERROR, NXDOMAIN, Question, Record, SERVFAIL, TYPE_CNAME,
    TYPE_NS, TYPE_RRSIG, TYPE_SOA, address_type, refusal,
};
use super::name::Name;
use super::resolv::PORT;
use super::{Dnssec, Found};
use crate::model::Family;
use crate::model::sort;

/// Longest chain of aliases that is followed. A longer one is taken for a circle.
pub(super) const MOST_ALIASES: usize = 8;
/// Most questions of one look-up. Servers decide what is asked next, and must not keep it from ending.
const MOST_QUESTIONS: usize = 60;
/// Most name servers of a zone that are tried, and most addresses of each. A zone may list any number, and
/// each one that is silent takes some seconds.
const MOST_SERVERS: usize = 4;

/// What is looked up, and which servers may be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The name.
    pub host: Name,
    /// The family of the addresses.
    pub family: Family,
    /// The address that the host is expected to have. If a name server of the zone has another one, the others are
    /// asked, too: one of them may not have copied the zone yet.
    pub expected: Option<IpAddr>,
    /// `is_glue`: the parent zone has the addresses.
    pub glue: bool,
    /// The system's resolvers.
    pub resolvers: Vec<SocketAddr>,
    /// `dns_server`: asked in the place of the zone's own name servers; empty if it is not set.
    pub servers: Vec<SocketAddr>,
    /// `force_ipversion`: the zone's own name servers are asked only over this family.
    pub over: Option<Family>,
}

/// A question to one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerQuery {
    /// Address and port of the server.
    pub server: SocketAddr,
    /// Why this server is asked.
    pub role: ServerRole,
    /// The question.
    pub question: Question,
    /// Flags of the question beside RD: none, or [`AD`] and [`CD`]. With [`AD`] signatures are wanted.
    pub flags: u16,
}

/// Why a server is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerRole {
    /// A resolver of the system, which is asked to recurse.
    Resolver,
    /// `dns_server`, which is asked to recurse.
    Configured,
    /// A name server of the zone, which is asked for its own records only.
    Authority,
}

/// The next step of a look-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupStep {
    /// Send this question, and pass the reply to [`DnsLookup::step`].
    Ask(ServerQuery),
    /// The look-up has ended: the addresses, or a sentence that says why it failed.
    Done(Result<Found, String>),
}

/// How a look-up goes on.
enum Next {
    /// The question of the stage is asked of the next server in `left`.
    Ask,
    /// The look-up has ended.
    Done(Result<Found, String>),
}

/// The question that is being asked.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    /// The SOA record of the zone of this name.
    Zone(Name),
    /// The NS records of the zone.
    Servers,
    /// The addresses of one name server of the zone.
    Address(Name, Family),
    /// The addresses of the host, asked of the zone's own name servers.
    AskAuthority,
    /// The addresses of the host, asked of `dns_server`.
    AskConfigured,
    /// The addresses of the host, asked of the system's resolvers.
    AskResolver,
    /// The same, asked of a resolver on this host that may have authenticated them.
    Validate,
    /// The same without validation, because that resolver has failed.
    Unchecked,
}

/// The state of a look-up.
#[derive(Clone, Debug)]
pub struct DnsLookup {
    plan: Plan,
    /// The host, or the target of the aliases so far.
    name: Name,
    aliases: usize,
    questions: usize,
    stage: Stage,
    server: Option<SocketAddr>,
    /// Further servers that can be asked the same question.
    left: vec::IntoIter<SocketAddr>,
    /// The zone that has the address, once it is found.
    zone: Option<Name>,
    /// The zone's primary name server.
    primary: Option<Name>,
    /// The zone's name servers that have not been tried.
    others: vec::IntoIter<(Name, Family)>,
    authoritative: bool,
    /// What the zone's name servers have in the place of the expected address.
    unexpected: Option<Found>,
    /// Why the last server gave no usable answer.
    trouble: String,
    /// The resolver on this host that has failed (SERVFAIL).
    failed: Option<SocketAddr>,
    /// What the look-up has come to, while a resolver on this host is asked about it.
    result: Result<Found, String>,
}

impl DnsLookup {
    /// A look-up that has not begun.
    pub fn new(plan: Plan) -> Self {
        Self {
            name: plan.host.clone(),
            plan,
            aliases: 0,
            questions: 0,
            stage: Stage::AskConfigured,
            server: None,
            left: Vec::new().into_iter(),
            zone: None,
            primary: None,
            others: Vec::new().into_iter(),
            authoritative: true,
            unexpected: None,
            trouble: String::new(),
            failed: None,
            result: Err(String::new()),
        }
    }

    /// The first question.
    pub fn start(&mut self) -> LookupStep {
        let next = self.begin_anew();
        self.proceed(next)
    }

    /// The step after the reply to the last question. An error is a sentence that says why there is
    /// no reply.
    #[inline(never)] // so that its variables do not widen the frame of its caller
    pub fn step(&mut self, reply: Result<Message, String>) -> LookupStep {
        let is_at_end = matches!(self.stage, Stage::Validate | Stage::Unchecked);
        let next = self.advance(reply);
        match self.proceed(next) {
            LookupStep::Done(result) if !is_at_end => {
                let next = self.finish(result);
                self.proceed(next)
            }
            step @ (LookupStep::Done(_) | LookupStep::Ask(_)) => step,
        }
    }

    /// Asks for the addresses of the name from the beginning.
    fn begin_anew(&mut self) -> Next {
        if !self.plan.servers.is_empty() {
            return self.ask(Stage::AskConfigured, self.plan.servers.clone());
        }
        self.zone = None;
        self.find_zone(Some(self.name.clone()))
    }

    /// Deals with the reply to the last question, without the resolver on this host.
    fn advance(&mut self, reply: Result<Message, String>) -> Next {
        let answer = match reply {
            Ok(message) => self.interpret(&message),
            Err(why) => Err(why),
        };
        answer.unwrap_or_else(|why| {
            self.trouble = why;
            // A look-up has several questions, and a resolver without an answer would delay each.
            self.ask_last();
            Next::Ask
        })
    }

    /// Asks the present server after all other resolvers from now on, if it is a resolver.
    fn ask_last(&mut self) {
        let resolvers = &mut self.plan.resolvers;
        if let Some(index) = resolvers.iter().position(|server| Some(*server) == self.server) {
            let useless = resolvers.remove(index);
            resolvers.push(useless);
        }
    }

    /// Deals with a reply. An error says why another server must be asked the same question.
    fn interpret(&mut self, message: &Message) -> Result<Next, String> {
        let who = self.server.map_or(String::new(), |server| server.ip().to_string());
        match message.rcode() {
            NOERROR | NXDOMAIN => {}
            code => {
                self.note_failure(code);
                return Err(refusal(&who, code));
            }
        }
        match self.stage.clone() {
            Stage::Zone(name) => Ok(self.soa_answer(&name, message)),
            Stage::Servers => Ok(self.ns_answer(message)),
            Stage::Address(server, family) => Ok(self.server_found(&server, family, message)),
            Stage::AskAuthority => match self.authority_answer(message) {
                Ok(Next::Done(Ok(found))) => Ok(self.compare(found)),
                Ok(next) => Ok(next),
                Err(reason) => Err(format!("{who} {reason}")),
            },
            Stage::AskConfigured | Stage::AskResolver => Ok(self.recursive_answer(message)),
            Stage::Validate => Ok(self.validated(message)),
            Stage::Unchecked => {
                Ok(Next::Done(Ok(Found { dnssec: Dnssec::Bogus, ..Found::default() })))
            }
        }
    }

    /// Notes a resolver on this host that fails to answer for the addresses of the host.
    fn note_failure(&mut self, code: u16) {
        let is_of_host =
            matches!(self.stage, Stage::AskConfigured | Stage::AskResolver | Stage::Validate);
        if let Some(server) = self.server
            && is_of_host
            && code == SERVFAIL
            && server.ip().is_loopback()
        {
            self.failed = Some(server);
        }
    }

    /// Ends the look-up. What was found is first shown to a resolver on this host. If such a resolver has failed,
    /// it is asked whether that is because of the signatures.
    fn finish(&mut self, result: Result<Found, String>) -> Next {
        let failed = self.failed.take();
        let (stage, server) = match &result {
            Ok(_) => (Stage::Validate, self.local_resolver()),
            Err(_) => (Stage::Unchecked, failed),
        };
        // Glue has no signatures (RFC 4035 section 2.2).
        if let Some(server) = server
            && !self.plan.glue
            && self.questions + 2 <= MOST_QUESTIONS
        {
            self.result = result;
            return self.ask(stage, vec![server]);
        }
        Next::Done(result)
    }

    /// The first server that may validate and is on this host.
    fn local_resolver(&self) -> Option<SocketAddr> {
        let Plan { servers, resolvers, .. } = &self.plan;
        let mut servers = if servers.is_empty() { resolvers } else { servers }.iter().copied();
        servers.find(|server| server.ip().is_loopback())
    }

    /// The end of the look-up after an answer of a resolver on this host.
    fn validated(&mut self, message: &Message) -> Next {
        let mut addresses: Vec<_> = message.answers.iter().filter_map(Record::address).collect();
        sort::ascending(&mut addresses);
        addresses.dedup();
        let mut records = message.answers.iter().chain(&message.authorities);
        let is_signed = records.any(|record| record.kind == TYPE_RRSIG);
        let mut result = self.result.clone();
        if let Ok(found) = &mut result {
            // The resolver may have answered from its cache, so it has authenticated only the same addresses.
            found.dnssec = if message.has(AD) && addresses == found.addresses {
                Dnssec::Authenticated
            } else if is_signed {
                Dnssec::Signed
            } else {
                Dnssec::Unknown
            };
        }
        Next::Done(result)
    }

    /// Asks the name server `server` of the zone at the addresses in `message`.
    fn server_found(&mut self, server: &Name, family: Family, message: &Message) -> Next {
        let mut servers = Vec::new();
        for address in addresses(&message.answers, server, family).into_iter().take(MOST_SERVERS) {
            servers.push(SocketAddr::new(address, PORT));
        }
        self.ask(Stage::AskAuthority, servers)
    }

    /// Asks for the zone of `name`.
    fn find_zone(&mut self, name: Option<Name>) -> Next {
        match name {
            Some(name) if !name.is_root() => self.begin(Stage::Zone(name)),
            Some(_) | None => self.begin(Stage::AskResolver),
        }
    }

    /// Takes the zone and its primary name server from the SOA record of an answer.
    fn soa_answer(&mut self, name: &Name, message: &Message) -> Next {
        // The SOA record is missing for an alias, whose zone is that of its parent. For a name below the zone's own
        // it is in the authority section. Some resolvers do not have it in their cache.
        if message.answers.iter().any(|record| record.kind == TYPE_CNAME) {
            return self.find_zone(name.parent());
        }
        let mut records = message.answers.iter().chain(&message.authorities);
        let found = records.find(|soa| soa.kind == TYPE_SOA && name.is_within(&soa.name));
        let Some(soa) = found else {
            return self.find_zone(name.parent());
        };
        // The root answers for names of a local network, which only the resolver knows.
        if soa.name.is_root() {
            return self.begin(Stage::AskResolver);
        }
        self.primary = soa.target();
        let child = self.zone.replace(soa.name.clone());
        // Glue is in the parent of the first zone that is found.
        if self.plan.glue && child.is_none() {
            return self.find_zone(soa.name.parent());
        }
        self.begin(Stage::Servers)
    }

    /// Tries the name servers of the zone.
    fn ns_answer(&mut self, message: &Message) -> Next {
        let mut servers = Vec::new();
        for record in &message.answers {
            if record.kind == TYPE_NS && self.zone.as_ref() == Some(&record.name) {
                servers.extend(record.target());
            }
        }
        // The primary comes first, because it has changes before the others.
        if let Some(index) = servers.iter().position(|name| Some(name) == self.primary.as_ref()) {
            servers.swap(0, index);
        }
        servers.truncate(MOST_SERVERS);
        // All servers over IPv4 before any over IPv6, so that a router without IPv6 does not wait for
        // each of them.
        let mut others = Vec::new();
        for family in [Family::V4, Family::V6] {
            if self.plan.over.is_none_or(|over| over == family) {
                for server in &servers {
                    others.push((server.clone(), family));
                }
            }
        }
        self.others = others.into_iter();
        self.next_server()
    }

    fn next_server(&mut self) -> Next {
        match self.others.next() {
            Some((server, family)) => self.begin(Stage::Address(server, family)),
            None => match self.unexpected.take() {
                Some(found) => Next::Done(Ok(found)),
                None => self.begin(Stage::AskResolver),
            },
        }
    }

    /// Deals with the answer `found` of a name server of the zone. Another address than the expected one
    /// counts only if all name servers that answer have it.
    fn compare(&mut self, found: Found) -> Next {
        let is_expected = match self.plan.expected {
            Some(expected) => found.addresses.contains(&expected),
            None => true,
        };
        if is_expected {
            return Next::Done(Ok(found));
        }
        // A secondary lags behind, or the zone is being changed. In either case a later look-up finds one answer.
        if self.unexpected.as_ref().is_some_and(|before| *before != found) {
            let host = &self.plan.host;
            return Next::Done(Err(format!(
                "the name servers of the zone do not agree about {host}"
            )));
        }
        self.unexpected = Some(found);
        self.next_server()
    }

    /// Deals with an answer of a name server of the zone. An error is a clause about the server.
    fn authority_answer(&mut self, message: &Message) -> Result<Next, &'static str> {
        const NO_AUTHORITY: &str = "does not answer with authority";
        if message.has(AA) {
            return Ok(match self.alias(message) {
                Some(name) => self.follow(name),
                None => self.found(&message.answers),
            });
        }
        // A server with an answer but without authority is a cache, which may be old.
        if !self.plan.glue || !message.answers.is_empty() {
            return Err(NO_AUTHORITY);
        }
        let targets = self.referral(message).ok_or(NO_AUTHORITY)?;
        // The parent is responsible for the addresses of the child's name servers only. An address of
        // another host may come from a cache.
        self.authoritative = targets.contains(&self.name);
        Ok(self.found(&message.additionals))
    }

    /// The name servers that the parent zone refers to, which has their addresses, too (glue).
    fn referral(&self, message: &Message) -> Option<Vec<Name>> {
        let zone = self.zone.as_ref()?;
        let mut targets = Vec::new();
        for record in &message.authorities {
            let is_child = record.name.is_within(zone) && record.name != *zone;
            if record.kind == TYPE_NS && is_child && self.name.is_within(&record.name) {
                targets.extend(record.target());
            }
        }
        if targets.is_empty() { None } else { Some(targets) }
    }

    /// Deals with the answer of a server that may have asked others. It is authoritative only if
    /// `dns_server` is an authority itself.
    fn recursive_answer(&mut self, message: &Message) -> Next {
        self.authoritative &= self.stage == Stage::AskConfigured && message.has(AA);
        match self.alias(message) {
            Some(name) => self.follow(name),
            None if self.plan.glue && message.answers.is_empty() => {
                self.found(&message.additionals)
            }
            None => self.found(&message.answers),
        }
    }

    /// The target of the name, if it is an alias.
    fn alias(&self, message: &Message) -> Option<Name> {
        let mut answers = message.answers.iter();
        answers.find(|record| record.kind == TYPE_CNAME && record.name == self.name)?.target()
    }

    /// Looks up the target of an alias.
    fn follow(&mut self, name: Name) -> Next {
        // The target's records in the same message do not count, because they may come from a cache.
        self.aliases += 1;
        if self.aliases > MOST_ALIASES {
            let host = &self.plan.host;
            return Next::Done(Err(format!("{host} is an alias that leads nowhere")));
        }
        self.name = name;
        match self.stage {
            // The zone's servers could not be asked for the alias, and would not be for its target.
            Stage::AskResolver => self.begin(Stage::AskResolver),
            Stage::Zone(_)
            | Stage::Servers
            | Stage::Address(..)
            | Stage::AskAuthority
            | Stage::AskConfigured
            | Stage::Validate
            | Stage::Unchecked => self.begin_anew(),
        }
    }

    fn found(&self, records: &[Record]) -> Next {
        let mut addresses = addresses(records, &self.name, self.plan.family);
        // Servers rotate the order of records, and the result is compared with the one before.
        sort::ascending(&mut addresses);
        addresses.dedup();
        let authoritative = self.authoritative;
        Next::Done(Ok(Found { addresses, authoritative, ..Found::default() }))
    }

    /// Asks the system's resolvers the question of `stage`.
    fn begin(&mut self, stage: Stage) -> Next {
        self.ask(stage, self.plan.resolvers.clone())
    }

    /// Asks `servers` the question of `stage`, until one of them answers.
    fn ask(&mut self, stage: Stage, servers: Vec<SocketAddr>) -> Next {
        self.stage = stage;
        self.left = servers.into_iter();
        Next::Ask
    }

    /// Makes a step of `next`: asks the next server the question of the stage, and enters the next stage if no
    /// server is left.
    fn proceed(&mut self, mut next: Next) -> LookupStep {
        loop {
            if let Next::Done(result) = next {
                return LookupStep::Done(result);
            }
            self.server = self.left.next();
            if let Some(server) = self.server {
                if self.questions < MOST_QUESTIONS {
                    self.questions += 1;
                    let (role, question) = (self.role(), self.question());
                    let flags = self.flags();
                    return LookupStep::Ask(ServerQuery { server, role, question, flags });
                }
                let text = format!("no result after {MOST_QUESTIONS} questions ({})", self.trouble);
                return LookupStep::Done(Err(text));
            }
            next = self.without_answer();
        }
    }

    /// What follows if no server has answered the question of the stage.
    fn without_answer(&mut self) -> Next {
        match self.stage {
            // A resolver that cannot answer for SOA and NS may still have the addresses.
            Stage::Zone(_) | Stage::Servers => self.begin(Stage::AskResolver),
            Stage::Address(..) | Stage::AskAuthority => self.next_server(),
            Stage::AskConfigured | Stage::AskResolver => {
                Next::Done(Err(format!("no name server answers ({})", self.trouble)))
            }
            Stage::Validate | Stage::Unchecked => match self.failed.take() {
                Some(server) => self.ask(Stage::Unchecked, vec![server]),
                None => Next::Done(self.result.clone()),
            },
        }
    }

    fn flags(&self) -> u16 {
        match self.stage {
            Stage::Validate => AD,
            Stage::Unchecked => AD | CD,
            Stage::Zone(_)
            | Stage::Servers
            | Stage::Address(..)
            | Stage::AskAuthority
            | Stage::AskConfigured
            | Stage::AskResolver => 0,
        }
    }

    fn role(&self) -> ServerRole {
        match self.stage {
            Stage::Zone(_)
            | Stage::Servers
            | Stage::Address(..)
            | Stage::AskResolver
            | Stage::Validate
            | Stage::Unchecked => ServerRole::Resolver,
            Stage::AskAuthority => ServerRole::Authority,
            Stage::AskConfigured => ServerRole::Configured,
        }
    }

    fn question(&self) -> Question {
        let (name, kind) = match &self.stage {
            Stage::Zone(name) => (name.clone(), TYPE_SOA),
            Stage::Servers => (self.zone.clone().unwrap_or_else(Name::root), TYPE_NS),
            Stage::Address(server, family) => (server.clone(), address_type(*family)),
            Stage::AskAuthority | Stage::AskConfigured | Stage::AskResolver => {
                (self.name.clone(), address_type(self.plan.family))
            }
            // The resolver follows aliases itself, and authenticates them, too.
            Stage::Validate | Stage::Unchecked => {
                (self.plan.host.clone(), address_type(self.plan.family))
            }
        };
        Question { name, kind, class: CLASS_IN }
    }
}

/// The addresses of `name` among `records`.
fn addresses(records: &[Record], name: &Name, family: Family) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    for record in records {
        if record.name == *name {
            addresses.extend(record.address().filter(|address| Family::of(*address) == family));
        }
    }
    addresses
}
