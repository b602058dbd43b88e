//! How the registered address is found, question by question. Pure: whoever drives it asks.
//!
//! ```text
//!          resolver: SOA      resolver: NS           resolver: A, AAAA
//! start ──▶ Zone ────────────▶ Servers ─────────────▶ Address ─────────▶ Own ──────────▶ found
//!   │       ▲ │ none: parent                          ▲ ▲     no address │ │ with authority
//!   │       │ │                                       │ └────────────────┘ │
//!   │       │ └── no zone, no servers ──┐             └── nobody answers ──┤
//!   │       └───────────────────────────┼───────────────── alias ──────────┘
//!   │                                   ▼                          no servers left
//!   └─▶ Given (dns_server)             Word (resolver: A, AAAA) ◀──────────┘
//! ```
//!
//! The zone's own name servers are asked, because a resolver's cache may be hours old. What does not
//! come with authority (AA) does not come from them, whoever's address it bears: routers and providers
//! intercept port 53.

use std::net::{IpAddr, SocketAddr};
use std::vec;

use super::Found;
use super::message::{
    AA, CLASS_IN, Message, NOERROR, NXDOMAIN, Question, Record, TYPE_CNAME, TYPE_NS, TYPE_SOA,
    address_type, refusal,
};
use super::name::Name;
use super::resolv::PORT;
use crate::model::Family;

/// Aliases that are followed, one after another.
pub(super) const MOST_ALIASES: usize = 8;
/// Questions of one look-up.
const MOST_QUESTIONS: usize = 60;
/// Name servers of a zone that are tried, and addresses of each.
const MOST_SERVERS: usize = 4;

/// What is looked up, and who may be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The name.
    pub host: Name,
    /// Which addresses of it.
    pub family: Family,
    /// `is_glue`: the parent zone has them.
    pub glue: bool,
    /// The system's resolvers.
    pub resolvers: Vec<SocketAddr>,
    /// `dns_server`: asked instead of the zone's own name servers; empty if it is not set.
    pub servers: Vec<SocketAddr>,
    /// `force_ipversion`: the zone's own name servers are asked only over this family.
    pub over: Option<Family>,
}

/// A question to one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Where it listens.
    pub server: SocketAddr,
    /// What it is to us.
    pub whom: Whom,
    /// What is asked.
    pub question: Question,
}

/// What a server is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// A resolver of the system: asks others for us.
    Resolver,
    /// `dns_server`: may ask others for us.
    Given,
    /// A name server of the zone: says what it knows itself.
    Own,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask this; the reply goes to [`Lookup::step`].
    Ask(Ask),
    /// The end: what was found, or a sentence that says why nothing was.
    Done(Result<Found, String>),
}

/// Which question is being asked.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    /// In which zone this name is.
    Zone(Name),
    /// Which name servers the zone has.
    Servers,
    /// An address of one of them.
    Address(Name, Family),
    /// What is looked up: asked of the zone's own name servers,
    Own,
    /// of `dns_server`,
    Given,
    /// of a resolver.
    Word,
}

/// A look-up under way.
#[derive(Clone, Debug)]
pub struct Lookup {
    plan: Plan,
    /// The host, or where aliases have led.
    name: Name,
    aliases: usize,
    questions: usize,
    stage: Stage,
    server: Option<SocketAddr>,
    /// Who else can be asked the same.
    left: vec::IntoIter<SocketAddr>,
    /// The zone that has the address, once it is known.
    zone: Option<Name>,
    /// Its primary name server.
    primary: Option<Name>,
    /// Its name servers that were not tried yet.
    others: vec::IntoIter<(Name, Family)>,
    authoritative: bool,
    /// Why the last server was of no use.
    trouble: String,
}

impl Lookup {
    /// A look-up that has not begun.
    pub fn new(plan: Plan) -> Self {
        Self {
            name: plan.host.clone(),
            plan,
            aliases: 0,
            questions: 0,
            stage: Stage::Given,
            server: None,
            left: Vec::new().into_iter(),
            zone: None,
            primary: None,
            others: Vec::new().into_iter(),
            authoritative: true,
            trouble: String::new(),
        }
    }

    /// The first question.
    pub fn start(&mut self) -> Step {
        if !self.plan.servers.is_empty() {
            return self.given();
        }
        self.zone = None;
        self.find_zone(Some(self.name.clone()))
    }

    /// Takes the reply to the last question, or a sentence that says why there is none.
    pub fn step(&mut self, reply: Result<Message, String>) -> Step {
        let understood = match reply {
            Ok(message) => self.understand(&message),
            Err(why) => Err(why),
        };
        understood.unwrap_or_else(|why| {
            self.trouble = why;
            // A resolver that was of no use comes last from now on.
            let resolvers = &mut self.plan.resolvers;
            if let Some(at) = resolvers.iter().position(|it| Some(*it) == self.server) {
                let useless = resolvers.remove(at);
                resolvers.push(useless);
            }
            self.next()
        })
    }

    /// The step after a reply; an error if another server has to be asked the same.
    fn understand(&mut self, message: &Message) -> Result<Step, String> {
        let who = self.server.map_or(String::new(), |server| server.ip().to_string());
        match message.rcode() {
            NOERROR | NXDOMAIN => {}
            code => return Err(refusal(&who, code)),
        }
        match self.stage.clone() {
            Stage::Zone(of) => Ok(self.zone_of(&of, message)),
            Stage::Servers => Ok(self.servers(message)),
            Stage::Address(server, family) => {
                let known = addresses(&message.answers, &server, family);
                let known: Vec<_> =
                    known.map(|it| SocketAddr::new(it, PORT)).take(MOST_SERVERS).collect();
                self.left = known.into_iter();
                self.stage = Stage::Own;
                Ok(self.next())
            }
            Stage::Own => {
                let own = self.own(message);
                own.ok_or_else(|| format!("{who} does not answer with authority"))
            }
            Stage::Given | Stage::Word => Ok(self.word(message)),
        }
    }

    /// Asks for the zone that `name` is in.
    fn find_zone(&mut self, name: Option<Name>) -> Step {
        match name {
            Some(name) if !name.is_root() => self.begin(Stage::Zone(name)),
            Some(_) | None => self.begin(Stage::Word),
        }
    }

    /// The SOA record of the zone comes in the answer or, for a name below it, beside it. Neither
    /// does for an alias, whose zone is its parent's, and from the cache of some resolvers.
    fn zone_of(&mut self, of: &Name, message: &Message) -> Step {
        let is_alias = message.answers.iter().any(|record| record.kind == TYPE_CNAME);
        let mut records = message.answers.iter().chain(&message.authorities);
        let start = records.find(|it| it.kind == TYPE_SOA && of.is_within(&it.name));
        let Some(start) = start.filter(|_| !is_alias) else {
            return self.find_zone(of.parent());
        };
        if start.name.is_root() {
            return self.begin(Stage::Word);
        }
        self.primary = start.target();
        let child = self.zone.replace(start.name.clone());
        if self.plan.glue && child.is_none() {
            return self.find_zone(start.name.parent());
        }
        self.begin(Stage::Servers)
    }

    /// The name servers of the zone, the primary first: it knows of changes before the others.
    fn servers(&mut self, message: &Message) -> Step {
        let of_zone =
            |it: &&Record| it.kind == TYPE_NS && self.zone.as_ref().is_some_and(|z| *z == it.name);
        let mut servers: Vec<Name> =
            message.answers.iter().filter(of_zone).filter_map(Record::target).collect();
        if let Some(at) = servers.iter().position(|it| Some(it) == self.primary.as_ref()) {
            servers.swap(0, at);
        }
        servers.truncate(MOST_SERVERS);
        let families = [Family::V4, Family::V6].into_iter();
        let families = families.filter(|&it| self.plan.over.is_none_or(|over| over == it));
        let others: Vec<_> =
            families.flat_map(|family| servers.iter().map(move |s| (s.clone(), family))).collect();
        self.others = others.into_iter();
        self.next_server()
    }

    fn next_server(&mut self) -> Step {
        match self.others.next() {
            Some((server, family)) => self.begin(Stage::Address(server, family)),
            None => self.begin(Stage::Word),
        }
    }

    /// What a name server of the zone says; nothing if it has no authority to say it.
    fn own(&mut self, message: &Message) -> Option<Step> {
        if message.has(AA) {
            return Some(match self.alias(message) {
                Some(name) => self.follow(name),
                None => self.found(&message.answers),
            });
        }
        if !self.plan.glue || !message.answers.is_empty() {
            return None;
        }
        // The parent zone refers to the child's servers, and gives their addresses along with it.
        let zone = self.zone.as_ref()?;
        let refers = |it: &Record| {
            it.kind == TYPE_NS
                && self.name.is_within(&it.name)
                && it.name.is_within(zone)
                && it.name != *zone
        };
        let servers = message.authorities.iter().filter(|it| refers(it));
        let targets: Vec<Name> = servers.filter_map(Record::target).collect();
        if targets.is_empty() {
            return None;
        }
        self.authoritative = targets.contains(&self.name);
        Some(self.found(&message.additionals))
    }

    /// What a server says that asks others. With authority only if it is the authority itself.
    fn word(&mut self, message: &Message) -> Step {
        self.authoritative &= self.stage == Stage::Given && message.has(AA);
        match self.alias(message) {
            Some(name) => self.follow(name),
            None if self.plan.glue && message.answers.is_empty() => {
                self.found(&message.additionals)
            }
            None => self.found(&message.answers),
        }
    }

    /// What the name is an alias of, if it is one.
    fn alias(&self, message: &Message) -> Option<Name> {
        let is_alias = |it: &&Record| it.kind == TYPE_CNAME && it.name == self.name;
        message.answers.iter().find(is_alias)?.target()
    }

    /// Looks for what an alias leads to. What the same message says of it may come from a cache.
    fn follow(&mut self, name: Name) -> Step {
        self.aliases += 1;
        if self.aliases > MOST_ALIASES {
            let host = &self.plan.host;
            return Step::Done(Err(format!("{host} is an alias that leads nowhere")));
        }
        self.name = name;
        match self.stage {
            Stage::Word => self.begin(Stage::Word),
            Stage::Zone(_) | Stage::Servers | Stage::Address(..) | Stage::Own | Stage::Given => {
                self.start()
            }
        }
    }

    fn found(&self, records: &[Record]) -> Step {
        let mut addresses: Vec<_> = addresses(records, &self.name, self.plan.family).collect();
        addresses.sort_unstable();
        addresses.dedup();
        Step::Done(Ok(Found { addresses, authoritative: self.authoritative }))
    }

    fn given(&mut self) -> Step {
        self.stage = Stage::Given;
        self.left = self.plan.servers.clone().into_iter();
        self.next()
    }

    /// Asks the system's resolvers.
    fn begin(&mut self, stage: Stage) -> Step {
        self.stage = stage;
        self.left = self.plan.resolvers.clone().into_iter();
        self.next()
    }

    /// Asks the next server, or goes on without.
    fn next(&mut self) -> Step {
        self.server = self.left.next();
        if let Some(server) = self.server.filter(|_| self.questions < MOST_QUESTIONS) {
            self.questions += 1;
            return Step::Ask(Ask { server, whom: self.whom(), question: self.question() });
        }
        if self.server.is_some() {
            let text = format!("no result after {MOST_QUESTIONS} questions ({})", self.trouble);
            return Step::Done(Err(text));
        }
        match self.stage {
            Stage::Zone(_) | Stage::Servers => self.begin(Stage::Word),
            Stage::Address(..) | Stage::Own => self.next_server(),
            Stage::Given | Stage::Word => {
                Step::Done(Err(format!("no name server answers ({})", self.trouble)))
            }
        }
    }

    fn whom(&self) -> Whom {
        match self.stage {
            Stage::Zone(_) | Stage::Servers | Stage::Address(..) | Stage::Word => Whom::Resolver,
            Stage::Own => Whom::Own,
            Stage::Given => Whom::Given,
        }
    }

    fn question(&self) -> Question {
        let (name, kind) = match &self.stage {
            Stage::Zone(name) => (name.clone(), TYPE_SOA),
            Stage::Servers => (self.zone.clone().unwrap_or_else(Name::root), TYPE_NS),
            Stage::Address(server, family) => (server.clone(), address_type(*family)),
            Stage::Own | Stage::Given | Stage::Word => {
                (self.name.clone(), address_type(self.plan.family))
            }
        };
        Question { name, kind, class: CLASS_IN }
    }
}

/// The addresses of `name` among `records`.
fn addresses<'a>(
    records: &'a [Record],
    name: &'a Name,
    family: Family,
) -> impl Iterator<Item = IpAddr> + use<'a> {
    let of_name = records.iter().filter(move |it| it.name == *name).filter_map(Record::address);
    of_name.filter(move |address| Family::of(*address) == family)
}
