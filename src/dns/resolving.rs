//! The addresses of a host, asked of the system's resolvers: which resolver is asked when, and what
//! the answers mean together. `edge/dns/resolve.rs` has the sockets and the clock.
//!
//! All resolvers are asked at once, for each wanted family. A resolver that refuses, fails or does
//! not answer is asked again after some milliseconds: a router's own resolver refuses for a moment
//! after each change of the WAN, until netifd gives it new servers. The first addresses that any
//! resolver gives are used.

use std::net::{IpAddr, SocketAddr};

use super::lookup::MOST_ALIASES;
use super::message::{AA, Message, NOERROR, NXDOMAIN, Question, RA, TYPE_CNAME, refusal};
use super::name::Name;
use crate::model::Family;
use crate::time::Duration;

/// Pauses between the questions to a resolver that gives no usable answer, in milliseconds: it is
/// asked 20, 50, 100 and 200 ms after the first question, and then less often. A router's resolver refuses
/// for some milliseconds after each change of the WAN.
const PAUSES: [u64; 8] = [20, 30, 50, 100, 200, 200, 400, 500];
/// The pause after those.
const LAST_PAUSE: u64 = 1000;
/// How long addresses of one family wait for those of the other (RFC 8305 section 3).
const OTHER_FAMILY: Duration = Duration::from_millis(50);
/// How long the answer that there is no address waits for addresses from another resolver.
const OTHER_RESOLVERS: Duration = Duration::from_millis(200);

/// The answer of a resolver for one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResolverAnswer {
    /// No answer yet.
    None,
    /// No usable answer, and why. The resolver is asked again.
    Trouble(String),
    /// The name does not exist.
    NoName,
    /// The name has no address of this family.
    NoAddress,
    /// Addresses of this family.
    Addresses(Vec<IpAddr>),
}

/// The question for one family to one resolver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolverQuery {
    /// The resolver.
    pub server: SocketAddr,
    /// The family.
    pub family: Family,
    /// When the question is sent next, since boot.
    due: Duration,
    /// How often the question was sent.
    times_sent: usize,
    answer: ResolverAnswer,
}

/// What the answers so far mean together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Not enough answers yet.
    Waiting,
    /// There are addresses. More may come.
    Found,
    /// The resolvers agree that there is no address.
    Nowhere,
}

/// The state of one host's resolution.
#[derive(Clone, Debug)]
pub struct Resolving {
    host: Name,
    families: Vec<Family>,
    queries: Vec<ResolverQuery>,
    /// When the first addresses came, since boot.
    found_at: Option<Duration>,
    /// Since when every family has an answer, since boot.
    settled_at: Option<Duration>,
}

impl Resolving {
    /// Asks `servers` for addresses of `family`, or of both families, from `now` on (since boot).
    pub fn new(host: Name, family: Option<Family>, servers: &[SocketAddr], now: Duration) -> Self {
        let families = match family {
            Some(family) => vec![family],
            // Addresses of IPv6 come first, as RFC 8305 section 3 advises.
            None => vec![Family::V6, Family::V4],
        };
        let mut state =
            Self { host, families, queries: Vec::new(), found_at: None, settled_at: None };
        state.restart(servers, now);
        state
    }

    /// Begins again, because the list of resolvers may have changed, or their answers.
    pub fn restart(&mut self, servers: &[SocketAddr], now: Duration) {
        self.queries.clear();
        self.found_at = None;
        self.settled_at = None;
        for &server in servers {
            for &family in &self.families {
                let answer = ResolverAnswer::None;
                self.queries.push(ResolverQuery {
                    server,
                    family,
                    due: now,
                    times_sent: 0,
                    answer,
                });
            }
        }
    }

    /// A query for every resolver and family, in an order that only [`Resolving::restart`] changes.
    pub fn queries(&self) -> &[ResolverQuery] {
        &self.queries
    }

    /// The question to the resolvers.
    pub fn question(&self, family: Family) -> Question {
        Question::address(self.host.clone(), family)
    }

    /// The query to send now: an index into [`Resolving::queries`].
    pub fn next(&mut self, now: Duration) -> Option<usize> {
        if self.progress(now) != Progress::Waiting {
            return None;
        }
        let index = self.queries.iter().position(|query| query.is_due(now))?;
        let query = self.queries.get_mut(index)?;
        let pause = PAUSES.get(query.times_sent).copied().unwrap_or(LAST_PAUSE);
        query.due = now.saturating_add(Duration::from_millis(pause));
        query.times_sent += 1;
        Some(index)
    }

    /// Whether a query that was sent before must be sent again now.
    pub fn repeats(&self, now: Duration) -> bool {
        self.progress(now) == Progress::Waiting
            && self.queries.iter().any(|query| query.times_sent > 0 && query.is_due(now))
    }

    /// The meaning of a reply to the query with this index.
    pub fn interpret(&self, index: usize, reply: &Message) -> ResolverAnswer {
        match self.queries.get(index) {
            Some(query) => query.interpret(&self.host, reply),
            None => ResolverAnswer::None,
        }
    }

    /// Records the answer to the query with this index.
    pub fn answered(&mut self, index: usize, answer: ResolverAnswer, now: Duration) {
        let Some(query) = self.queries.get_mut(index) else {
            return;
        };
        // The same question was sent several times, so an answer may come twice.
        if query.is_answered() {
            return;
        }
        if matches!(answer, ResolverAnswer::Addresses(_)) {
            self.found_at.get_or_insert(now);
        }
        query.answer = answer;
        if !self.families.iter().all(|&family| self.is_settled(family)) {
            // Since addresses have come, an earlier "no such name" settles its family no more.
            self.settled_at = None;
        } else if self.settled_at.is_none() {
            self.settled_at = Some(now);
        }
    }

    /// Whether a resolver has given a usable answer for this family.
    fn is_settled(&self, family: Family) -> bool {
        self.queries.iter().any(|query| match &query.answer {
            ResolverAnswer::NoAddress | ResolverAnswer::Addresses(_) => query.family == family,
            // Does not count once another resolver has found the name: that one may give more.
            ResolverAnswer::NoName => query.family == family && self.found_at.is_none(),
            ResolverAnswer::None | ResolverAnswer::Trouble(_) => false,
        })
    }

    /// What the answers so far mean together.
    pub fn progress(&self, now: Duration) -> Progress {
        if let Some(found_at) = self.found_at {
            let may_wait = self.settled_at.is_none() && now < found_at + OTHER_FAMILY;
            return if may_wait { Progress::Waiting } else { Progress::Found };
        }
        let Some(settled_at) = self.settled_at else {
            return Progress::Waiting;
        };
        // A resolver for internal names or a VPN may know a name that the others do not.
        let all_answered = self.queries.iter().all(ResolverQuery::is_answered);
        if all_answered || now >= settled_at + OTHER_RESOLVERS {
            return Progress::Nowhere;
        }
        Progress::Waiting
    }

    /// When the next action is due if no answer comes before, since boot.
    pub fn deadline(&self, now: Duration) -> Option<Duration> {
        if self.progress(now) != Progress::Waiting {
            return None;
        }
        let patience = match self.found_at {
            Some(found_at) => Some(found_at + OTHER_FAMILY),
            None => self.settled_at.map(|settled_at| settled_at + OTHER_RESOLVERS),
        };
        let open = self.queries.iter().filter(|query| !query.is_answered());
        open.map(|query| query.due).chain(patience).min()
    }

    /// The addresses so far, each once.
    pub fn addresses(&self) -> Vec<IpAddr> {
        let mut unique = Vec::new();
        for query in &self.queries {
            let ResolverAnswer::Addresses(addresses) = &query.answer else {
                continue;
            };
            for &address in addresses {
                if !unique.contains(&address) {
                    unique.push(address);
                }
            }
        }
        unique
    }

    /// Whether the name exists but has no address of the one family that was asked for.
    pub fn lacks_family(&self) -> bool {
        self.families.len() == 1
            && self.has_answer(&ResolverAnswer::NoAddress)
            && !self.has_answer(&ResolverAnswer::NoName)
    }

    fn has_answer(&self, answer: &ResolverAnswer) -> bool {
        self.queries.iter().any(|query| query.answer == *answer)
    }

    /// Why there is no address, by the answers of the resolvers.
    pub fn why(&self) -> String {
        if self.has_answer(&ResolverAnswer::NoName) {
            return "the name does not exist".into();
        }
        if self.queries.iter().all(|query| query.answer == ResolverAnswer::NoAddress) {
            return "the name has no address".into();
        }
        let mut reasons: Vec<String> = Vec::new();
        for query in &self.queries {
            let reason = match &query.answer {
                ResolverAnswer::Trouble(reason) => reason.clone(),
                ResolverAnswer::None => format!("{} does not answer", query.server.ip()),
                ResolverAnswer::NoName
                | ResolverAnswer::NoAddress
                | ResolverAnswer::Addresses(_) => continue,
            };
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        reasons.join(", ")
    }
}

impl ResolverQuery {
    /// Whether the query need not be sent again.
    fn is_answered(&self) -> bool {
        match self.answer {
            ResolverAnswer::NoName | ResolverAnswer::NoAddress | ResolverAnswer::Addresses(_) => {
                true
            }
            ResolverAnswer::None | ResolverAnswer::Trouble(_) => false,
        }
    }

    fn is_due(&self, now: Duration) -> bool {
        !self.is_answered() && self.due <= now
    }

    fn interpret(&self, host: &Name, reply: &Message) -> ResolverAnswer {
        let who = self.server.ip().to_string();
        match reply.rcode() {
            NOERROR => {}
            NXDOMAIN => return ResolverAnswer::NoName,
            code => return ResolverAnswer::Trouble(refusal(&who, code)),
        }
        let addresses = self.addresses(host, reply);
        if !addresses.is_empty() {
            return ResolverAnswer::Addresses(addresses);
        }
        // Neither an authority nor a resolver: an answer without records is a referral.
        if !reply.has(AA) && !reply.has(RA) {
            return ResolverAnswer::Trouble(format!("{who} does not resolve names for us"));
        }
        ResolverAnswer::NoAddress
    }

    /// The addresses of `host`, or of the target of its aliases, in a reply.
    fn addresses(&self, host: &Name, reply: &Message) -> Vec<IpAddr> {
        let mut name = host.clone();
        for _ in 0..MOST_ALIASES {
            let mut answers = reply.answers.iter();
            match answers.find(|record| record.kind == TYPE_CNAME && record.name == name) {
                Some(alias) => name = alias.target().unwrap_or(name),
                None => break,
            }
        }
        let mut found = Vec::new();
        for record in reply.answers.iter().filter(|record| record.name == name) {
            match record.address() {
                // Blocking resolvers give a blocked name 0.0.0.0 or ::.
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

    /// The indices of the queries that are sent at this time.
    fn sent(state: &mut Resolving, now: u64) -> Vec<usize> {
        std::iter::from_fn(|| state.next(ms(now))).collect()
    }

    fn found(address: &str) -> ResolverAnswer {
        ResolverAnswer::Addresses(vec![address.parse().unwrap()])
    }

    fn trouble(text: &str) -> ResolverAnswer {
        ResolverAnswer::Trouble(text.into())
    }

    #[test]
    fn all_servers_are_asked_at_once_and_soon_again() {
        let mut state = begin(None, 2);
        let all: Vec<_> =
            state.queries().iter().map(|query| (query.server, query.family)).collect();
        assert_eq!(all.len(), 4);
        let mut times = Vec::new();
        for now in 0..1000 {
            let sent = sent(&mut state, now);
            if !sent.is_empty() {
                assert_eq!(sent, [0, 1, 2, 3]);
                times.push(now);
            }
        }
        assert_eq!(times, [0, 20, 50, 100, 200, 400, 600]);
    }

    #[test]
    fn a_resolver_that_refuses_is_asked_again() {
        let mut state = begin(V4, 1);
        assert_eq!(sent(&mut state, 0), [0]);
        state.answered(0, trouble("192.0.2.1 refuses to answer"), ms(1));
        assert_eq!(state.deadline(ms(1)), Some(ms(20)));
        assert!(sent(&mut state, 19).is_empty());
        assert!(state.repeats(ms(20)));
        assert_eq!(sent(&mut state, 20), [0]);
        assert_eq!(state.why(), "192.0.2.1 refuses to answer");
        state.answered(0, found("192.0.2.7"), ms(21));
        assert_eq!(state.progress(ms(21)), Progress::Found);
        assert!(sent(&mut state, 9999).is_empty());
    }

    #[test]
    fn addresses_of_one_family_wait_50_ms_for_the_other() {
        let mut state = begin(None, 1);
        sent(&mut state, 0);
        state.answered(1, found("192.0.2.7"), ms(5));
        assert_eq!(state.progress(ms(54)), Progress::Waiting);
        assert_eq!(state.progress(ms(55)), Progress::Found);
        let mut both = state.clone();
        both.answered(0, found("2001:db8::7"), ms(6));
        assert_eq!(both.progress(ms(6)), Progress::Found);
        assert_eq!(both.addresses().len(), 2);
        state.answered(0, ResolverAnswer::NoAddress, ms(6));
        assert_eq!(state.progress(ms(6)), Progress::Found);
    }

    #[test]
    fn an_answer_without_addresses_waits_200_ms_for_other_resolvers() {
        let mut alone = begin(None, 1);
        sent(&mut alone, 0);
        alone.answered(0, ResolverAnswer::NoName, ms(5));
        alone.answered(1, ResolverAnswer::NoName, ms(5));
        assert_eq!(alone.progress(ms(5)), Progress::Nowhere);
        let mut state = begin(V4, 3);
        sent(&mut state, 0);
        state.answered(0, ResolverAnswer::NoName, ms(5));
        state.answered(1, trouble("192.0.2.2 refuses to answer"), ms(5));
        assert_eq!(state.progress(ms(204)), Progress::Waiting);
        assert_eq!(state.progress(ms(205)), Progress::Nowhere);
        assert_eq!(state.why(), "the name does not exist");
        state.answered(1, found("192.0.2.7"), ms(100));
        assert_eq!(state.progress(ms(100)), Progress::Found);
    }

    #[test]
    fn the_reason_lists_the_answers_of_all_resolvers() {
        let mut state = begin(None, 2);
        sent(&mut state, 0);
        for index in [0, 1] {
            state.answered(index, trouble("192.0.2.1 refuses to answer"), ms(1));
        }
        assert_eq!(state.why(), "192.0.2.1 refuses to answer, 192.0.2.2 does not answer");
        let mut state = begin(Some(Family::V6), 1);
        state.answered(0, ResolverAnswer::NoAddress, ms(1));
        assert!(state.lacks_family());
        let mut state = begin(None, 1);
        state.answered(0, ResolverAnswer::NoAddress, ms(1));
        state.answered(1, ResolverAnswer::NoAddress, ms(1));
        assert_eq!(state.why(), "the name has no address");
        assert!(!state.lacks_family());
    }

    #[test]
    fn a_restart_asks_all_resolvers_at_once() {
        let mut state = begin(V4, 1);
        for now in [0, 20, 50, 100, 200, 400, 600] {
            assert_eq!(sent(&mut state, now), [0]);
        }
        state.restart(&[server(8), server(9)], ms(650));
        assert_eq!(sent(&mut state, 650), [0, 1]);
        assert_eq!(state.queries()[0].server, server(8));
        assert_eq!(state.deadline(ms(650)), Some(ms(670)));
    }

    fn interpret(family: Family, flags: u16, records: &[&str]) -> ResolverAnswer {
        let state = begin(Some(family), 1);
        let answers: Vec<Record> = records.iter().map(|text| record(text)).collect();
        state.interpret(0, &Message { flags: QR | flags, answers, ..Message::default() })
    }

    #[test]
    fn replies_are_interpreted() {
        let v4 = |flags, records: &[&str]| interpret(Family::V4, flags, records);
        assert_eq!(v4(RA, &["a.example A 192.0.2.7"]), found("192.0.2.7"));
        let chain =
            ["c.example A 192.0.2.7", "a.example CNAME b.example", "b.example CNAME c.example"];
        assert_eq!(v4(RA, &chain), found("192.0.2.7"));
        assert_eq!(interpret(Family::V6, RA, &chain), ResolverAnswer::NoAddress);
        let circle = ["a.example CNAME b.example", "b.example CNAME a.example"];
        assert_eq!(v4(RA, &circle), ResolverAnswer::NoAddress);
        for other in ["b.example A 192.0.2.7", "a.example A 0.0.0.0", "a.example AAAA 2001:db8::7"]
        {
            assert_eq!(v4(RA, &[other]), ResolverAnswer::NoAddress, "{other}");
        }
        assert_eq!(v4(RA | 3, &["a.example CNAME b.example"]), ResolverAnswer::NoName);
        for (flags, why) in [
            (RA | 2, "192.0.2.1 says that it failed (SERVFAIL)"),
            (5, "192.0.2.1 refuses to answer"),
            (0, "192.0.2.1 does not resolve names for us"),
        ] {
            assert_eq!(v4(flags, &[]), trouble(why));
        }
        assert_eq!(v4(TC | AA, &[]), ResolverAnswer::NoAddress);
    }

    proptest! {
        /// Whatever the resolvers answer, there is a deadline until there is a result, and no resolver
        /// is asked too often.
        #[test]
        fn every_resolution_ends_with_few_questions(
            servers in 1_u8..4,
            both in any::<bool>(),
            answers in prop::collection::vec((0_usize..6, 0_usize..6, 0_u64..60), 0..60),
        ) {
            let mut state = begin(if both { None } else { V4 }, servers);
            let (mut now, mut questions) = (0, 0);
            for (index, answer, pause) in answers {
                questions += sent(&mut state, now).len();
                let deadline = state.deadline(ms(now));
                prop_assert_eq!(deadline.is_some(), state.progress(ms(now)) == Progress::Waiting);
                prop_assert!(deadline.is_none_or(|deadline| deadline > ms(now)), "{:?}", deadline);
                now += pause;
                if index < state.queries().len() {
                    state.answered(index, match answer {
                        0 => ResolverAnswer::NoName,
                        1 => ResolverAnswer::NoAddress,
                        2 => found("192.0.2.7"),
                        _ => trouble("it refuses to answer"),
                    }, ms(now));
                }
            }
            let most = state.queries().len() * (7 + usize::try_from(now / 200).unwrap());
            prop_assert!(questions <= most, "{questions} questions in {now} ms");
            let result = state.progress(ms(now + 1000));
            prop_assert_eq!(result == Progress::Found, !state.addresses().is_empty());
            if result == Progress::Waiting {
                prop_assert!(!state.why().is_empty());
            }
        }
    }
}
