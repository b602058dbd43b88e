//! The addresses of a host, asked of the system's resolvers: who is asked when, and what the answers
//! come to. Pure: `resolve.rs` has the sockets and the clock.
//!
//! All resolvers are asked at once, for each family that is wanted. One that refuses, fails or keeps
//! silent is asked again after some milliseconds: a router's own resolver refuses for a moment after
//! each change of its WAN, until somebody tells it whom to ask. The first addresses that any resolver
//! gives are used.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::lookup::MOST_ALIASES;
use super::message::{AA, Message, NOERROR, NXDOMAIN, Question, RA, TYPE_CNAME, refusal};
use super::name::Name;
use crate::config::Family;

/// How long to wait before a resolver is asked again, in milliseconds: so that it is asked 20, 50, 100
/// and 200 ms after the first question, and then less often.
const PAUSES: [u64; 8] = [20, 30, 50, 100, 200, 200, 400, 500];
/// The pause after those.
const LAST_PAUSE: u64 = 1000;
/// How long addresses of one family wait for the other family's (RFC 8305 section 3).
const OTHER_FAMILY: Duration = Duration::from_millis(50);
/// How long a resolver's word that there is no address waits for a resolver that knows better.
const OTHER_RESOLVERS: Duration = Duration::from_millis(200);

/// What a resolver has said of one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Nothing so far.
    Nothing,
    /// It is of no use now, and why.
    Trouble(String),
    /// There is no such name.
    NoName,
    /// The name has no address of this family.
    NoAddress,
    /// These.
    Addresses(Vec<IpAddr>),
}

/// One resolver and one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The resolver.
    pub server: SocketAddr,
    /// The family.
    pub family: Family,
    /// When the question is sent next, since boot.
    due: Duration,
    /// How often it was sent.
    times: usize,
    said: Said,
}

/// Where things stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing to go by yet.
    Waiting,
    /// There are addresses. More may come.
    Found,
    /// The resolvers agree that there is no address.
    Nowhere,
}

/// The addresses of one host being asked for.
#[derive(Clone, Debug)]
pub struct Resolving {
    host: Name,
    families: Vec<Family>,
    asked: Vec<Asked>,
    /// When the first addresses came, since boot.
    found_at: Option<Duration>,
    /// When there was a word on every family for the first time, since boot.
    settled_at: Option<Duration>,
}

impl Resolving {
    /// Asks `servers` for addresses of `family`, or of both, from `now` on (since boot).
    pub fn new(host: Name, family: Option<Family>, servers: &[SocketAddr], now: Duration) -> Self {
        let families = match family {
            Some(family) => vec![family],
            None => vec![Family::V6, Family::V4],
        };
        let mut new =
            Self { host, families, asked: Vec::new(), found_at: None, settled_at: None };
        new.restart(servers, now);
        new
    }

    /// Asks all over again, because there may be other servers, or because they may know more.
    pub fn restart(&mut self, servers: &[SocketAddr], now: Duration) {
        self.asked.clear();
        self.found_at = None;
        self.settled_at = None;
        for &server in servers {
            for &family in &self.families {
                self.asked.push(Asked { server, family, due: now, times: 0, said: Said::Nothing });
            }
        }
    }

    /// Every resolver with every family, in an order that only [`Resolving::restart`] changes.
    pub fn asked(&self) -> &[Asked] {
        &self.asked
    }

    /// What the resolvers are asked.
    pub fn question(&self, family: Family) -> Question {
        Question::address(self.host.clone(), family)
    }

    /// Whom to ask now: a place in [`Resolving::asked`].
    pub fn next(&mut self, now: Duration) -> Option<usize> {
        if self.progress(now) != Progress::Waiting {
            return None;
        }
        let at = self.asked.iter().position(|asked| !asked.is_answered() && asked.due <= now)?;
        let asked = self.asked.get_mut(at)?;
        let pause = PAUSES.get(asked.times).copied().unwrap_or(LAST_PAUSE);
        asked.due = now.saturating_add(Duration::from_millis(pause));
        asked.times += 1;
        Some(at)
    }

    /// Whether a question that was sent before is to be sent now.
    pub fn repeats(&self, now: Duration) -> bool {
        let is_due = |it: &&Asked| !it.is_answered() && it.due <= now;
        let waits = self.progress(now) == Progress::Waiting;
        waits && self.asked.iter().filter(is_due).any(|it| it.times > 0)
    }

    /// What the reply to the question at this place says.
    pub fn understand(&self, at: usize, reply: &Message) -> Said {
        match self.asked.get(at) {
            Some(asked) => asked.understand(&self.host, reply),
            None => Said::Nothing,
        }
    }

    /// What came of the question at this place.
    pub fn heard(&mut self, at: usize, said: Said, now: Duration) {
        let Some(asked) = self.asked.get_mut(at) else {
            return;
        };
        if matches!(said, Said::Addresses(_)) {
            self.found_at.get_or_insert(now);
        }
        asked.said = said;
        if self.families.iter().all(|&family| self.has_word_on(family)) {
            self.settled_at.get_or_insert(now);
        }
    }

    /// Whether some resolver has answered for this family.
    fn has_word_on(&self, family: Family) -> bool {
        self.asked.iter().any(|asked| match &asked.said {
            // The name does not exist in either family.
            Said::NoName => true,
            Said::NoAddress | Said::Addresses(_) => asked.family == family,
            Said::Nothing | Said::Trouble(_) => false,
        })
    }

    /// Where things stand.
    pub fn progress(&self, now: Duration) -> Progress {
        if let Some(found_at) = self.found_at {
            let may_wait = self.settled_at.is_none() && now < found_at + OTHER_FAMILY;
            return if may_wait { Progress::Waiting } else { Progress::Found };
        }
        let Some(settled_at) = self.settled_at else {
            return Progress::Waiting;
        };
        if self.asked.iter().all(Asked::is_answered) || now >= settled_at + OTHER_RESOLVERS {
            return Progress::Nowhere;
        }
        Progress::Waiting
    }

    /// When there is something to do next without an answer, since boot.
    pub fn deadline(&self, now: Duration) -> Option<Duration> {
        if self.progress(now) != Progress::Waiting {
            return None;
        }
        let patience = match self.found_at {
            Some(found_at) => Some(found_at + OTHER_FAMILY),
            None => self.settled_at.map(|settled_at| settled_at + OTHER_RESOLVERS),
        };
        let open = self.asked.iter().filter(|asked| !asked.is_answered());
        open.map(|asked| asked.due).chain(patience).min()
    }

    /// The addresses so far, each once.
    pub fn addresses(&self) -> Vec<IpAddr> {
        let mut all = Vec::new();
        for asked in &self.asked {
            if let Said::Addresses(addresses) = &asked.said {
                all.extend(addresses);
            }
        }
        let mut unique = Vec::new();
        for address in all {
            if !unique.contains(&address) {
                unique.push(address);
            }
        }
        unique
    }

    /// Whether the name exists but has no address of the one family that was asked for.
    pub fn lacks_family(&self) -> bool {
        self.families.len() == 1
            && self.asked.iter().any(|asked| asked.said == Said::NoAddress)
            && !self.asked.iter().any(|asked| asked.said == Said::NoName)
    }

    /// Why there is no address: what the resolvers said.
    pub fn why(&self) -> String {
        if self.asked.iter().any(|asked| asked.said == Said::NoName) {
            return "the name does not exist".into();
        }
        if self.asked.iter().all(|asked| asked.said == Said::NoAddress) {
            return "the name has no address".into();
        }
        let mut all: Vec<String> = Vec::new();
        for asked in &self.asked {
            let why = match &asked.said {
                Said::Trouble(why) => why.clone(),
                Said::Nothing => format!("{} does not answer", asked.server.ip()),
                Said::NoName | Said::NoAddress | Said::Addresses(_) => continue,
            };
            if !all.contains(&why) {
                all.push(why);
            }
        }
        all.join(", ")
    }
}

impl Asked {
    /// Whether it needs not be asked again.
    fn is_answered(&self) -> bool {
        matches!(self.said, Said::NoName | Said::NoAddress | Said::Addresses(_))
    }

    fn understand(&self, host: &Name, reply: &Message) -> Said {
        let who = self.server.ip().to_string();
        match reply.rcode() {
            NOERROR => {}
            NXDOMAIN => return Said::NoName,
            code => return Said::Trouble(refusal(&who, code)),
        }
        let addresses = self.addresses(host, reply);
        if !addresses.is_empty() {
            return Said::Addresses(addresses);
        }
        if !reply.has(AA) && !reply.has(RA) {
            return Said::Trouble(format!("{who} does not resolve names for us"));
        }
        Said::NoAddress
    }

    /// The addresses of `host` in a reply, or of what it is an alias of.
    fn addresses(&self, host: &Name, reply: &Message) -> Vec<IpAddr> {
        let mut name = host.clone();
        for _ in 0..MOST_ALIASES {
            match reply.answers.iter().find(|it| it.kind == TYPE_CNAME && it.name == name) {
                Some(alias) => name = alias.target().unwrap_or(name),
                None => break,
            }
        }
        let mut found = Vec::new();
        for record in reply.answers.iter().filter(|it| it.name == name) {
            match record.address() {
                // Who blocks a name gives it the address that means "none".
                Some(address) if address.is_unspecified() => {}
                Some(address) if Family::of(address) == self.family => found.push(address),
                Some(_) | None => {}
            }
        }
        found
    }
}
