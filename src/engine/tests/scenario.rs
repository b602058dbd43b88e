//! A world around the core: a kernel that answers dumps, a provider that answers requests, a disk
//! that keeps what is saved, and a clock that moves only when told to.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use crate::config::host::Lan;
use crate::config::{Config, Global, Log, RefreshPolicy, Section, Source, Timing};
use crate::dns::Found;
use crate::engine::Engine;
use crate::engine::event::{Action, Event, Finished, JobId};
use crate::engine::gateway::Gateway;
use crate::engine::hook_event::HookEvent;
use crate::engine::way::Ask;
use crate::model::Host;
use crate::model::mac::Mac;
use crate::model::secret::Secret;
use crate::model::sorted::Map;
use crate::model::{Family, Hostname, RecordOptions, Transport, Trust, Url};
use crate::proto::leases::Lease;
use crate::proto::netlink::{
    self, Address, AddressFlags, Hop, IfIndex, Leads, Link, Message, NoWay, Report, Table, Way,
    WayAnswer,
};
use crate::proto::ubus::netifd::{Network, Networks};
use crate::provider::{
    Account, Change, Failure, FailureKind, Job, LearnedChanges, Outcome, Scope, Verdict,
};
use crate::provider::{Author, Provider};
use crate::state::{Changes, State};
use crate::time::{BUILD_TIME, Duration, Now};

pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const HOUR: Duration = Duration::from_secs(3600);
pub(super) const DAY: Duration = Duration::from_secs(86_400);
pub(super) const WAN: IfIndex = 2;

pub(super) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(super) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A section `home` that keeps `home.example.com` at the IPv4 address of device `wan`.
pub(super) fn section() -> Section {
    Section {
        name: "home".into(),
        line: 1,
        names: vec![Hostname::parse("home.example.com").unwrap()],
        families: vec![Family::V4],
        lan: Lan::default(),
        source: Source::Device("wan".into()),
        event_network: None,
        gates: Vec::new(),
        lookup: crate::config::fixture::lookup(),
        check_foreign: true,
        provider: Provider {
            account: Account {
                label: "custom".into(),
                username: "user".into(),
                password: Secret::new("secret"),
                ..Account::default()
            },
            mechanism: crate::config::fixture::url("https://dyn.example.net/update?ip=[IP]", None),
            author: Author::Owner,
        },
        record: RecordOptions::default(),
        transport: Transport {
            trust: Trust::System,
            proxy: None,
            device: None,
            source: None,
            family: None,
            user_agent: "test".into(),
        },
        timing: Timing {
            check: secs(600),
            force: RefreshPolicy::Every(72 * HOUR),
            retry: MINUTE,
            retry_max: 0,
            min_interval: MINUTE,
            burst: 3,
            remove_after: None,
        },
        log: Log { syslog: 0, file: false },
        private_addresses: false,
        temporary_addresses: false,
    }
}

pub(super) fn web() -> Source {
    Source::Web { v4: Url::http("v4.example.net"), v6: Url::http("v6.example.net") }
}

pub(super) fn address(text: &str) -> Address {
    Address {
        link: WAN,
        address: ip(text),
        peer: ip(text),
        prefix_len: if text.contains(':') { 64 } else { 24 },
        scope: 0,
        flags: AddressFlags(AddressFlags::PERMANENT),
        preferred: u32::MAX,
        valid: u32::MAX,
    }
}

pub(super) fn link(index: IfIndex, name: &str) -> Link {
    Link { index, name: name.into(), other_names: vec![], up: true, carrier: true }
}

/// A route of the kernel with one next hop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) family: Family,
    pub(super) destination: IpAddr,
    pub(super) prefix_len: u8,
    pub(super) link: Option<IfIndex>,
    pub(super) gateway: Option<IpAddr>,
    pub(super) usable: bool,
}

impl Route {
    /// What the kernel says when it comes, goes or changes.
    pub(super) fn message(&self) -> Message {
        Message::Route(netlink::Route {
            destination: self.destination,
            prefix_len: self.prefix_len,
            leads: Leads::Out,
            by_kernel: false,
            hops: vec![self.hop()],
        })
    }

    fn hop(&self) -> Hop {
        Hop { link: self.link, gateway: self.gateway, alive: true }
    }

    /// Whether it leads to `to`, or to any host of the internet.
    fn leads_to(&self, to: Option<IpAddr>) -> bool {
        match (to, self.destination) {
            (None, _) => self.prefix_len <= 3,
            (Some(IpAddr::V4(to)), IpAddr::V4(net)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix_len)).unwrap_or(0);
                (u32::from(to) ^ u32::from(net)) & mask == 0
            }
            (Some(_), _) => self.prefix_len == 0,
        }
    }
}

pub(super) fn route(link: IfIndex, gateway: &str) -> Route {
    let family = Family::of(ip(gateway));
    Route {
        family,
        destination: match family {
            Family::V4 => Ipv4Addr::UNSPECIFIED.into(),
            Family::V6 => Ipv6Addr::UNSPECIFIED.into(),
        },
        prefix_len: 0,
        link: Some(link),
        gateway: Some(ip(gateway)),
        usable: true,
    }
}

pub(super) fn retry(kind: FailureKind, after: Option<Duration>) -> Outcome {
    Outcome::Retry { reason: "it went wrong".into(), after, kind }
}

pub(super) fn failed() -> Outcome {
    retry(FailureKind::Other, None)
}

pub(super) fn lost() -> Outcome {
    Outcome::Unconfirmed { reason: "no answer".into() }
}

pub(super) fn refused() -> Outcome {
    Outcome::Refused { reason: "badauth".into(), advice: "Check username and password.".into() }
}

/// A request on its way.
#[derive(Clone)]
pub(super) struct Flight {
    job: JobId,
    pub(super) section: String,
    pub(super) changes: Vec<Change>,
    sent_at: Duration,
}

impl Flight {
    /// The event that all of it was accepted.
    pub(super) fn accepted(&self) -> Event {
        let outcomes = vec![Outcome::Updated; self.changes.len()];
        finished(self.job, outcomes, self.sent_at)
    }
}

/// What the kernel has.
#[derive(Clone, Default)]
pub(super) struct Kernel {
    pub(super) links: Map<IfIndex, Link>,
    pub(super) addresses: Vec<Address>,
    pub(super) routes: Vec<Route>,
    /// The device of packets with a mark, by rules; without an entry they are routed like others.
    pub(super) marked: Option<IfIndex>,
}

impl Kernel {
    /// The way that it would send packets; of several routes the newest counts.
    fn way(&self, ask: &Ask) -> WayAnswer {
        let address = match &ask.host {
            Host::Address(address) => Some(*address),
            Host::Name(_) => None,
        };
        let by_rule = self.marked.filter(|_| ask.mark != 0);
        let device = ask.device.as_ref().map(|(_, index)| *index).or(by_rule);
        let mut routes = self.routes.iter().rev().filter(|route| {
            route.family == ask.family
                && route.leads_to(address)
                && device.is_none_or(|index| route.link == Some(index))
        });
        let unusable = AddressFlags::TENTATIVE | AddressFlags::DADFAILED;
        let source = self.addresses.iter().any(|own| {
            let link_local = matches!(own.address, IpAddr::V6(own) if own.is_unicast_link_local());
            Family::of(own.address) == ask.family && !own.flags.has(unusable) && !link_local
        });
        let way = match routes.next() {
            None => Way::None(NoWay::NoRoute),
            Some(route) if !route.usable => Way::None(NoWay::Forbidden),
            Some(_) if !source => Way::None(NoWay::NoSource),
            Some(route) => Way::Out(vec![route.hop()]),
        };
        WayAnswer { address, way }
    }
}

/// The core and the world around it.
#[derive(Clone)]
pub(super) struct Scenario {
    pub(super) engine: Engine,
    pub(super) now: Now,
    pub(super) config: Config,
    pub(super) kernel: Kernel,
    /// netifd's book; `None`: there is no netifd.
    pub(super) netifd: Option<Networks>,
    /// What `/etc/hosts` says.
    pub(super) hosts: Map<String, Vec<IpAddr>>,
    /// Files of other programs.
    pub(super) files: BTreeMap<PathBuf, String>,
    /// The kernel's neighbour table.
    pub(super) neighbours: Vec<(Mac, Ipv6Addr)>,
    /// Hardware addresses whose neighbours are followed.
    followed: Vec<Mac>,
    /// odhcpd's leases.
    pub(super) leases: Vec<Lease>,
    /// What was saved last.
    pub(super) disk: State,
    /// Answers every request at once; `None`: the test does.
    pub(super) provider: Option<Outcome>,
    /// Requests without an answer.
    pub(super) flights: VecDeque<Flight>,
    /// What a `web` or `script` source answers at once; `None`: the test does.
    pub(super) page: Option<IpAddr>,
    /// Whether dumps stay without an answer.
    pub(super) deaf: bool,
    /// Every request: when, section, name, address.
    pub(super) history: Vec<(Duration, String, String, IpAddr)>,
    /// Every job.
    pub(super) jobs: Vec<Job>,
    /// The device that the last request was bound to.
    pub(super) bound: Option<String>,
    /// The address that the last request was to leave from.
    pub(super) source: Option<IpAddr>,
    /// What look-ups find at once; `None`: the test answers.
    pub(super) dns: Option<Result<Found, String>>,
    /// How often a registered address was looked up.
    pub(super) lookups: usize,
    /// How often a `web` or `script` source was asked.
    pub(super) questions: usize,
    /// The latest of each source.
    pub(super) asked: BTreeMap<(String, Family), u32>,
    /// Calls of `poll`.
    pub(super) polls: usize,
    log: Vec<String>,
    /// What the owner's programs were told.
    pub(super) told_hooks: Vec<HookEvent>,
}

fn listening(gateways: &[Gateway]) -> String {
    let of = |gateway: &Gateway| format!(" {} {}", gateway.device, gateway.address);
    ["listen".to_owned(), gateways.iter().map(of).collect()].concat()
}

impl Scenario {
    /// A router an hour after boot with device `wan`, its address and a default route; the one
    /// section is [`section`], and every request is accepted.
    pub(super) fn new() -> Self {
        let mut kernel = Kernel::default();
        kernel.links.insert(WAN, link(WAN, "wan"));
        kernel.addresses.push(address("203.0.113.1"));
        kernel.routes.push(route(WAN, "203.0.113.254"));
        Self {
            engine: Engine::new(State::default(), 1),
            now: Now { up: HOUR, wall: BUILD_TIME + 1_000_000 },
            config: Config {
                cut: false,
                global: global(),
                sections: vec![section()],
                disabled: Vec::new(),
                broken: Vec::new(),
            },
            kernel,
            netifd: None,
            hosts: Map::new(),
            files: BTreeMap::new(),
            neighbours: Vec::new(),
            followed: Vec::new(),
            leases: Vec::new(),
            disk: State::default(),
            provider: Some(Outcome::Updated),
            flights: VecDeque::new(),
            page: None,
            deaf: false,
            history: Vec::new(),
            jobs: Vec::new(),
            bound: None,
            source: None,
            dns: None,
            lookups: 0,
            questions: 0,
            asked: BTreeMap::new(),
            polls: 0,
            log: Vec::new(),
            told_hooks: Vec::new(),
        }
    }

    /// Changes the first section.
    pub(super) fn with(mut self, change: impl FnOnce(&mut Section)) -> Self {
        change(&mut self.config.sections[0]);
        self
    }

    /// Changes the kernel before the start.
    pub(super) fn kernel(mut self, change: impl FnOnce(&mut Kernel)) -> Self {
        change(&mut self.kernel);
        self
    }

    /// IPv6 instead of IPv4, with nothing but a route.
    pub(super) fn ipv6() -> Self {
        let v6 = |s: &mut Section| s.families = vec![Family::V6];
        Self::new().with(v6).kernel(|k| {
            k.addresses.clear();
            k.routes.push(route(WAN, "fe80::ff"));
        })
    }

    /// netifd says this of one logical interface, and what it said before of others.
    pub(super) fn network(&mut self, name: &str, device: Option<&str>, addresses: &[&str]) {
        let addresses = addresses.iter().map(|text| ip(text)).collect();
        let device = device.map(str::to_owned);
        let network = Network { device, addresses, ..Network::default() };
        self.netifd.get_or_insert_default().insert(name.to_owned(), network);
        self.event(Event::Netifd(self.netifd.clone()));
    }

    /// Requests stay without an answer until the test gives one.
    pub(super) fn silent(mut self) -> Self {
        self.provider = None;
        self
    }

    /// Everything is read in and sent, long ago.
    pub(super) fn settled(self) -> Self {
        let mut s = self.start();
        s.pass(10 * MINUTE);
        s.log.clear();
        s.history.clear();
        s.told_hooks.clear();
        s
    }

    /// The daemon starts.
    pub(super) fn start(mut self) -> Self {
        self.engine = Engine::new(self.disk.clone(), 1);
        self.followed.clear();
        self.log.clear();
        self.flights.clear();
        self.engine.handle(Event::Netifd(self.netifd.clone()), self.now);
        self.reload();
        self
    }

    /// The daemon is killed, stays away for `pause` and starts again.
    pub(super) fn restart(mut self, pause: Duration) -> Self {
        self.tick(pause);
        self.start()
    }

    pub(super) fn reload(&mut self) {
        let config = Box::new(self.config.clone());
        self.event(Event::Reload { config, hosts: self.hosts.clone() });
    }

    /// Changes the first section and reloads.
    pub(super) fn reconfigure(&mut self, change: impl FnOnce(&mut Section)) {
        change(&mut self.config.sections[0]);
        self.reload();
    }

    pub(super) fn event(&mut self, event: Event) {
        self.engine.handle(event, self.now);
        self.run();
    }

    pub(super) fn force(&mut self) {
        self.event(Event::Update(Vec::new()));
    }

    /// The kernel says so.
    pub(super) fn report(&mut self, message: Message) {
        self.event(Event::Kernel(Report::Message(message)));
    }

    /// An address appears or changes.
    pub(super) fn add(&mut self, new: Address) {
        let key = |a: &Address| (a.link, a.address, a.prefix_len, a.peer);
        self.kernel.addresses.retain(|a| key(a) != key(&new));
        self.kernel.addresses.push(new.clone());
        self.report(Message::NewAddress(new));
    }

    pub(super) fn add_flagged(&mut self, text: &str, flags: u32) {
        self.add(Address { flags: AddressFlags(flags), ..address(text) });
    }

    /// An address goes. Routes that the kernel flushes with it go without a word.
    pub(super) fn remove(&mut self, text: &str) {
        let gone = |a: &Address| a.address == ip(text);
        let Some(at) = self.kernel.addresses.iter().position(gone) else {
            return;
        };
        let old = self.kernel.addresses.remove(at);
        self.report(Message::DelAddress(old));
    }

    /// The lease changes: the old address goes, the new one comes.
    pub(super) fn lease(&mut self, text: &str) {
        let v4: Vec<IpAddr> = self.kernel.addresses.iter().map(|a| a.address).collect();
        for old in v4.into_iter().filter(IpAddr::is_ipv4) {
            self.remove(&old.to_string());
        }
        self.add(address(text));
    }

    /// The lease changes, and the address `kept` stays.
    pub(super) fn lease_beside(&mut self, text: &str, kept: &str) {
        let own: Vec<IpAddr> = self.kernel.addresses.iter().map(|a| a.address).collect();
        for old in own.into_iter().filter(|old| *old != ip(kept)) {
            self.remove(&old.to_string());
        }
        self.add(address(text));
    }

    pub(super) fn route_up(&mut self, route: Route) {
        let message = route.message();
        self.kernel.routes.push(route);
        self.report(message);
    }

    pub(super) fn routes_down(&mut self) {
        while let Some(route) = self.kernel.routes.pop() {
            self.report(route.message());
        }
    }

    /// The oldest request without an answer gets one, the same for each of its changes.
    pub(super) fn answer(&mut self, outcome: Outcome) {
        let changes = self.flights[0].changes.len();
        self.answer_each(vec![outcome; changes]);
    }

    pub(super) fn answer_each(&mut self, outcomes: Vec<Outcome>) {
        let flight = self.flights.pop_front().unwrap();
        self.event(finished(flight.job, outcomes, flight.sent_at));
    }

    /// The oldest request without an answer failed before anything of it left.
    pub(super) fn fail_unsent(&mut self) {
        let flight = self.flights.pop_front().unwrap();
        let Event::Finished(ended) = finished(flight.job, vec![failed()], flight.sent_at) else {
            return;
        };
        self.event(Event::Finished(Finished { sent_at: None, requests: 0, ..ended }));
    }

    pub(super) fn answer_verdicts(&mut self, verdicts: Vec<Verdict>) {
        let flight = self.flights.pop_front().unwrap();
        self.event(ended(flight.job, verdicts, flight.sent_at));
    }

    pub(super) fn detected(&mut self, family: Family, result: Result<&str, &str>) {
        self.event(Event::Detected {
            question: self.asked.get(&("home".into(), family)).copied().unwrap_or_default(),
            section: "home".into(),
            family,
            result: result
                .map(|text| (ip(text), String::new()))
                .map_err(|why| Failure::of_answer(why.to_owned())),
        });
    }

    /// The source could not be asked: nothing left the router.
    pub(super) fn not_asked(&mut self) {
        let question = self.asked.get(&("home".into(), Family::V4)).copied().unwrap_or_default();
        let result =
            Err(Failure { kind: FailureKind::NoNetwork, sent: false, text: "no way".to_owned() });
        let (section, family) = ("home".to_owned(), Family::V4);
        self.event(Event::Detected { question, section, family, result });
    }

    /// The clocks move, nobody looks.
    pub(super) fn tick(&mut self, time: Duration) {
        let before = self.now.up.as_secs();
        self.now.up += time;
        let passed = self.now.up.as_secs() - before;
        self.now.wall = self.now.wall.saturating_add(passed);
    }

    /// Time passes, and the core is woken when it asked for it.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now.up + time;
        while let Some(due) = self.engine.deadline(self.now).filter(|due| *due <= end) {
            assert!(due > self.now.up, "the deadline has passed already");
            self.tick(due - self.now.up);
            self.run();
        }
        self.tick(end - self.now.up);
        self.run();
    }

    /// The wall clock is stepped to `wall`.
    pub(super) fn step_clock(&mut self, wall: u64) {
        self.now.wall = wall;
        self.event(Event::ClockStepped);
    }

    /// What was sent since the last look: `name address`.
    pub(super) fn sent(&mut self) -> Vec<String> {
        self.logged("send ")
    }

    /// All actions since the last look but messages for the operator.
    pub(super) fn actions(&mut self) -> Vec<String> {
        let all = std::mem::take(&mut self.log);
        all.into_iter().filter(|a| !a.starts_with("say ")).collect()
    }

    /// What the operator was told since the last look.
    pub(super) fn said(&mut self) -> Vec<String> {
        self.logged("say ")
    }

    /// What the log shows of one kind since the last look, without the kind.
    pub(super) fn logged(&mut self, kind: &str) -> Vec<String> {
        let all = std::mem::take(&mut self.log);
        let of_kind = all.iter().filter_map(|a| a.strip_prefix(kind));
        of_kind.map(str::to_owned).collect()
    }

    /// The state of the first record: its word and sentence.
    pub(super) fn state(&self) -> (&'static str, String) {
        let status = self.engine.status(self.now);
        let record = &status.sections[0].records[0];
        (record.wait.word(), record.reason.clone())
    }

    pub(super) fn word(&self) -> &'static str {
        self.state().0
    }

    pub(super) fn published(&self) -> Option<String> {
        let record = &self.engine.status(self.now).sections[0].records[0];
        record.published.map(|a| a.to_string())
    }

    /// Does what the core says until it says no more.
    pub(super) fn run(&mut self) {
        for _ in 0..10_000 {
            self.polls += 1;
            let Some(action) = self.engine.poll(self.now) else {
                if let Some(due) = self.engine.deadline(self.now) {
                    assert!(due > self.now.up, "nothing to do, but the deadline is past");
                }
                return;
            };
            self.perform(action);
        }
        panic!("there is no end of actions");
    }

    pub(super) fn perform(&mut self, action: Action) {
        match action {
            Action::Dump(table) => {
                self.log.push(format!("dump {table:?}"));
                if !self.deaf {
                    self.dump(table);
                }
            }
            Action::FindWay(ask) => self.answer_way(ask),
            // A test hands over the text of a file by itself.
            Action::WatchFiles(paths) => self.watch_files(paths),
            Action::FollowNeighbours(hosts) => self.follow_neighbours(&hosts),
            Action::ProbeNeighbour(address) => self.log.push(format!("probe {address}")),
            Action::AskLeases => self.tell_leases(),
            Action::Cut(address) => self.log.push(format!("cut {address}")),
            Action::Publish { id, section, sections, device, source, job } => {
                (self.bound, self.source) = (device, source);
                self.jobs.push(job.clone());
                for (change, of) in job.changes.iter().zip(sections) {
                    let name = change.name.to_string();
                    self.log.push(match change.address() {
                        Some(address) => format!("send {name} {address}"),
                        None => format!("remove {name} {}", change.family.record_type()),
                    });
                    let none = if change.family == Family::V4 { ip("0.0.0.0") } else { ip("::") };
                    let address = change.address().unwrap_or(none);
                    self.history.push((self.now.up, of, name, address));
                }
                let changes = job.changes;
                let section = section.name.clone();
                if let Some(outcome) = self.provider.clone() {
                    let outcomes = vec![outcome; changes.len()];
                    let event = finished(id, outcomes, self.now.up);
                    self.engine.handle(event, self.now);
                    return;
                }
                self.flights.push_back(Flight { job: id, section, changes, sent_at: self.now.up });
            }
            Action::Detect { question, section, family, .. } => {
                self.questions += 1;
                let section = section.name.clone();
                self.asked.insert((section.clone(), family), question);
                self.log.push(format!("ask {section} {family}"));
                if let Some(address) = self.page {
                    let result = Ok((address, String::new()));
                    let event = Event::Detected { question, section, family, result };
                    self.engine.handle(event, self.now);
                }
            }
            Action::LookUp { section, lookup, family, .. } => {
                self.lookups += 1;
                if let Some(result) = self.dns.clone() {
                    let section = section.name.clone();
                    let event = Event::LookedUp { section, lookup, family, result };
                    self.engine.handle(event, self.now);
                }
            }
            Action::Listen(gateways) => self.log.push(listening(&gateways)),
            Action::TellHooks(event) => self.told_hooks.push(*event),
            Action::Save(changes) => self.save(changes),
            Action::Say(notice) => self.log.push(format!("say {}", notice.text)),
        }
    }

    fn answer_way(&mut self, ask: Ask) {
        let told = self.kernel.way(&ask);
        self.engine.handle(Event::WayFound(ask, told), self.now);
    }

    fn tell_leases(&mut self) {
        let leases = self.leases.clone();
        self.engine.handle(Event::Leases(leases), self.now);
    }

    /// Files about hosts are read at once; others by the test.
    fn watch_files(&mut self, paths: Vec<PathBuf>) {
        self.log.push(format!("watch {paths:?}"));
        for path in paths {
            let mut of_hosts = ["/etc/config", "/tmp", "/var/lib/misc"].iter();
            if of_hosts.any(|directory| path.starts_with(directory)) {
                let text = self.files.get(&path).cloned();
                self.engine.handle(Event::FileRead(path, text), self.now);
            }
        }
    }

    fn follow_neighbours(&mut self, hosts: &[(Mac, Vec<Ipv6Addr>)]) {
        self.log.push(format!("follow {hosts:?}"));
        let macs: Vec<Mac> = hosts.iter().map(|(mac, _)| *mac).collect();
        if macs != self.followed {
            let wanted = self.neighbours.iter().filter(|(mac, _)| macs.contains(mac));
            let seen = wanted.copied().collect();
            self.engine.handle(Event::Neighbours { seen, is_end: true }, self.now);
        }
        self.followed = macs;
    }

    fn save(&mut self, changes: Changes) {
        self.log.push("save".into());
        let before = self.disk.clone();
        self.disk.apply(changes);
        assert_ne!(before, self.disk, "nothing changed, flash is worn for nothing");
    }

    pub(super) fn dump(&mut self, table: Table) {
        let kernel = self.kernel.clone();
        let messages: Vec<Message> = match table {
            Table::Links => {
                kernel.links.into_iter().map(|(_, link)| Message::NewLink(link)).collect()
            }
            Table::Addresses => kernel.addresses.into_iter().map(Message::NewAddress).collect(),
        };
        let messages = messages.into_iter().map(Report::Message);
        let begin = std::iter::once(Report::DumpBegin(table));
        for report in begin.chain(messages).chain([Report::DumpEnd(table)]) {
            self.engine.handle(Event::Kernel(report), self.now);
        }
    }
}

fn finished(job: JobId, outcomes: Vec<Outcome>, sent_at: Duration) -> Event {
    ended(job, outcomes.into_iter().map(verdict).collect(), sent_at)
}

/// As providers judge: whoever says how long to wait means the account.
fn verdict(outcome: Outcome) -> Verdict {
    let waits = matches!(outcome, Outcome::Retry { after: Some(_), .. });
    Verdict { outcome, scope: if waits { Scope::Account } else { Scope::Record } }
}

fn ended(job: JobId, verdicts: Vec<Verdict>, sent_at: Duration) -> Event {
    Event::Finished(Finished {
        job,
        verdicts,
        sent_at: Some(sent_at),
        requests: 1,
        learned: LearnedChanges::new(),
        request: "GET https://dyn.example.net/update?ip=***".into(),
        answer: "200 good".into(),
    })
}

fn global() -> Global {
    Global {
        dateformat: "%F %R".into(),
        rundir: PathBuf::from("/var/run/ddns"),
        logdir: PathBuf::from("/var/log/ddns"),
        statedir: PathBuf::from("/etc/ddns"),
        loglines: 250,
        private_addresses: false,
        hook: None,
        failing_after: Duration::from_secs(600),
        metrics_file: None,
        downloads: Default::default(),
    }
}
