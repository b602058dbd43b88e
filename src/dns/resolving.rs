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
use crate::model::Family;

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
    /// Since when there is a word on every family, since boot.
    settled_at: Option<Duration>,
}

impl Resolving {
    /// Asks `servers` for addresses of `family`, or of both, from `now` on (since boot).
    pub fn new(host: Name, family: Option<Family>, servers: &[SocketAddr], now: Duration) -> Self {
        let families = match family {
            Some(family) => vec![family],
            None => vec![Family::V6, Family::V4],
        };
        let mut new = Self { host, families, asked: Vec::new(), found_at: None, settled_at: None };
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
        let Some(asked) = self.asked.get_mut(at).filter(|asked| !asked.is_answered()) else {
            return;
        };
        if matches!(said, Said::Addresses(_)) {
            self.found_at.get_or_insert(now);
        }
        asked.said = said;
        if !self.families.iter().all(|&family| self.has_word_on(family)) {
            self.settled_at = None;
        } else if self.settled_at.is_none() {
            self.settled_at = Some(now);
        }
    }

    /// Whether some resolver has answered for this family.
    fn has_word_on(&self, family: Family) -> bool {
        self.asked.iter().any(|asked| match &asked.said {
            Said::NoAddress | Said::Addresses(_) => asked.family == family,
            // Another resolver knows better, and may have more to say.
            Said::NoName => asked.family == family && self.found_at.is_none(),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dns::message::{QR, Record, TC};
    use crate::dns::tests::record;

    const V4: Option<Family> = Some(Family::V4);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn server(last: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], 53))
    }

    fn begin(family: Option<Family>, servers: u8) -> Resolving {
        let servers: Vec<SocketAddr> = (1..=servers).map(server).collect();
        Resolving::new(name("a.example"), family, &servers, ms(0))
    }

    /// Whom to ask at this time.
    fn asked(state: &mut Resolving, now: u64) -> Vec<usize> {
        std::iter::from_fn(|| state.next(ms(now))).collect()
    }

    fn found(address: &str) -> Said {
        Said::Addresses(vec![address.parse().unwrap()])
    }

    fn trouble(text: &str) -> Said {
        Said::Trouble(text.into())
    }

    #[test]
    fn all_servers_are_asked_at_once_and_soon_again() {
        let mut state = begin(None, 2);
        let all: Vec<_> = state.asked().iter().map(|it| (it.server, it.family)).collect();
        assert_eq!(all.len(), 4);
        let mut times = Vec::new();
        for now in 0..1000 {
            let asked = asked(&mut state, now);
            if !asked.is_empty() {
                assert_eq!(asked, [0, 1, 2, 3]);
                times.push(now);
            }
        }
        assert_eq!(times, [0, 20, 50, 100, 200, 400, 600]);
    }

    #[test]
    fn a_refusal_is_no_answer() {
        let mut state = begin(V4, 1);
        assert_eq!(asked(&mut state, 0), [0]);
        state.heard(0, trouble("192.0.2.1 refuses to answer"), ms(1));
        assert_eq!(state.deadline(ms(1)), Some(ms(20)));
        assert!(asked(&mut state, 19).is_empty());
        assert!(state.repeats(ms(20)));
        assert_eq!(asked(&mut state, 20), [0]);
        assert_eq!(state.why(), "192.0.2.1 refuses to answer");
        state.heard(0, found("192.0.2.7"), ms(21));
        assert_eq!(state.progress(ms(21)), Progress::Found);
        assert!(asked(&mut state, 9999).is_empty());
    }

    #[test]
    fn the_first_addresses_wait_a_moment_for_the_other_family() {
        let mut state = begin(None, 1);
        asked(&mut state, 0);
        state.heard(1, found("192.0.2.7"), ms(5));
        assert_eq!(state.progress(ms(54)), Progress::Waiting);
        assert_eq!(state.progress(ms(55)), Progress::Found);
        let mut both = state.clone();
        both.heard(0, found("2001:db8::7"), ms(6));
        assert_eq!(both.progress(ms(6)), Progress::Found);
        assert_eq!(both.addresses().len(), 2);
        state.heard(0, Said::NoAddress, ms(6));
        assert_eq!(state.progress(ms(6)), Progress::Found);
    }

    #[test]
    fn one_server_that_knows_nothing_waits_for_the_others() {
        let mut alone = begin(None, 1);
        asked(&mut alone, 0);
        alone.heard(0, Said::NoName, ms(5));
        alone.heard(1, Said::NoName, ms(5));
        assert_eq!(alone.progress(ms(5)), Progress::Nowhere);
        let mut state = begin(V4, 3);
        asked(&mut state, 0);
        state.heard(0, Said::NoName, ms(5));
        state.heard(1, trouble("192.0.2.2 refuses to answer"), ms(5));
        assert_eq!(state.progress(ms(204)), Progress::Waiting);
        assert_eq!(state.progress(ms(205)), Progress::Nowhere);
        assert_eq!(state.why(), "the name does not exist");
        state.heard(1, found("192.0.2.7"), ms(100));
        assert_eq!(state.progress(ms(100)), Progress::Found);
    }

    #[test]
    fn the_reason_is_what_each_server_said() {
        let mut state = begin(None, 2);
        asked(&mut state, 0);
        for at in [0, 1] {
            state.heard(at, trouble("192.0.2.1 refuses to answer"), ms(1));
        }
        assert_eq!(state.why(), "192.0.2.1 refuses to answer, 192.0.2.2 does not answer");
        let mut state = begin(Some(Family::V6), 1);
        state.heard(0, Said::NoAddress, ms(1));
        assert!(state.lacks_family());
        let mut state = begin(None, 1);
        state.heard(0, Said::NoAddress, ms(1));
        state.heard(1, Said::NoAddress, ms(1));
        assert_eq!(state.why(), "the name has no address");
        assert!(!state.lacks_family());
    }

    #[test]
    fn a_restart_asks_at_once() {
        let mut state = begin(V4, 1);
        for now in [0, 20, 50, 100, 200, 400, 600] {
            assert_eq!(asked(&mut state, now), [0]);
        }
        state.restart(&[server(8), server(9)], ms(650));
        assert_eq!(asked(&mut state, 650), [0, 1]);
        assert_eq!(state.asked()[0].server, server(8));
        assert_eq!(state.deadline(ms(650)), Some(ms(670)));
    }

    fn understand(family: Family, flags: u16, records: &[&str]) -> Said {
        let state = begin(Some(family), 1);
        let answers: Vec<Record> = records.iter().map(|text| record(text)).collect();
        state.understand(0, &Message { flags: QR | flags, answers, ..Message::default() })
    }

    #[test]
    fn replies_are_understood() {
        let v4 = |flags, records: &[&str]| understand(Family::V4, flags, records);
        assert_eq!(v4(RA, &["a.example A 192.0.2.7"]), found("192.0.2.7"));
        let chain =
            ["c.example A 192.0.2.7", "a.example CNAME b.example", "b.example CNAME c.example"];
        assert_eq!(v4(RA, &chain), found("192.0.2.7"));
        assert_eq!(understand(Family::V6, RA, &chain), Said::NoAddress);
        let circle = ["a.example CNAME b.example", "b.example CNAME a.example"];
        assert_eq!(v4(RA, &circle), Said::NoAddress);
        for of_none in
            ["b.example A 192.0.2.7", "a.example A 0.0.0.0", "a.example AAAA 2001:db8::7"]
        {
            assert_eq!(v4(RA, &[of_none]), Said::NoAddress, "{of_none}");
        }
        assert_eq!(v4(RA | 3, &["a.example CNAME b.example"]), Said::NoName);
        for (flags, why) in [
            (RA | 2, "192.0.2.1 says that it failed (SERVFAIL)"),
            (5, "192.0.2.1 refuses to answer"),
            (0, "192.0.2.1 does not resolve names for us"),
        ] {
            assert_eq!(v4(flags, &[]), trouble(why));
        }
        assert_eq!(v4(TC | AA, &[]), Said::NoAddress);
    }

    proptest! {
        /// Whatever the servers say, there is always something to wait for until there is a result,
        /// and nobody is asked too often.
        #[test]
        fn it_goes_on_until_there_is_a_result(
            servers in 1_u8..4,
            both in any::<bool>(),
            said in prop::collection::vec((0_usize..6, 0_usize..6, 0_u64..60), 0..60),
        ) {
            let mut state = begin(if both { None } else { V4 }, servers);
            let (mut now, mut questions) = (0, 0);
            for (at, what, pause) in said {
                questions += asked(&mut state, now).len();
                let deadline = state.deadline(ms(now));
                prop_assert_eq!(deadline.is_some(), state.progress(ms(now)) == Progress::Waiting);
                prop_assert!(deadline.is_none_or(|deadline| deadline > ms(now)), "{:?}", deadline);
                now += pause;
                if at < state.asked().len() {
                    state.heard(at, match what {
                        0 => Said::NoName,
                        1 => Said::NoAddress,
                        2 => found("192.0.2.7"),
                        _ => trouble("it refuses to answer"),
                    }, ms(now));
                }
            }
            let most = state.asked().len() * (7 + usize::try_from(now / 200).unwrap());
            prop_assert!(questions <= most, "{questions} questions in {now} ms");
            let result = state.progress(ms(now + 1000));
            prop_assert_eq!(result == Progress::Found, !state.addresses().is_empty());
            if result == Progress::Waiting {
                prop_assert!(!state.why().is_empty());
            }
        }
    }
}
