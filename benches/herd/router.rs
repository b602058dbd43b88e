//! One router with the real engine: what the kernel, the name servers and the provider say to it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use ddns_netlink::config::{Config, Lookup, Section};
use ddns_netlink::dns::Found;
use ddns_netlink::edge::load::check_text;
use ddns_netlink::engine::Engine;
use ddns_netlink::engine::event::{Action, Event, Finished, JobId};
use ddns_netlink::model::sorted::Map;
use ddns_netlink::model::{Family, Hostname};
use ddns_netlink::proto::netlink::{
    Address, AddressFlags, Hop, Leads, Link, Message, NoWay, Report, Route, Table, Way, WayAnswer,
};
use ddns_netlink::provider::{self, Answer, Carrier, Failure, FailureKind, Job, Query, Request};
use ddns_netlink::state::State;
use ddns_netlink::time::{BUILD_TIME, Now};

use super::world::Reply;

const CONFIG: &str = "config service 'home'
\toption enabled '1'
\toption domain 'home.example.net'
\toption username 'user'
\toption password 'secret'
\toption update_url 'https://[USERNAME]:[PASSWORD]@dyn.example.net/nic/update?hostname=[DOMAIN]&myip=[IP]'
\toption ip_source 'interface'
\toption ip_interface 'wan'
";
const WAN: u32 = 2;
/// The uptime of a router when a scene begins, unless it has just got power.
const UPTIME: Duration = Duration::from_secs(86_400);
const GATEWAY: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 254));

/// What the router wants of the world.
#[derive(Default)]
pub(crate) struct Wants {
    /// A request left.
    pub(crate) sends: bool,
    /// How many look-ups were made.
    pub(crate) look_ups: u32,
}

pub(crate) struct Router {
    engine: Engine,
    address: Option<Ipv4Addr>,
    /// What the provider's name servers have.
    registered: Option<IpAddr>,
    /// Whether the clock is set.
    clock: bool,
    flight: Option<(JobId, Arc<Section>, Job)>,
}

/// The configuration that all routers share but for the name.
pub(crate) fn config() -> Config {
    let checked = check_text(CONFIG);
    assert!(checked.config.broken.is_empty(), "the configuration has a mistake");
    checked.config
}

impl Router {
    /// A router that has just started and has no address yet. `clock` says whether its clock is right.
    pub(crate) fn new(config: &Config, number: u32, seed: u32, clock: bool) -> Self {
        let mut config = config.clone();
        let name = format!("r{number}.example.net");
        let section = &mut config.sections[0];
        section.names = vec![Hostname::parse(&name).unwrap()];
        section.lookup.host = name;
        let engine = Engine::new(State::default(), seed);
        let mut router = Self { engine, address: None, registered: None, clock, flight: None };
        let now = router.now(Duration::ZERO);
        router.engine.handle(Event::Netifd(None), now);
        router.engine.handle(Event::Reload { config: Box::new(config), hosts: Map::new() }, now);
        router
    }

    /// The router publishes `address`, and then nothing has happened for ten minutes.
    pub(crate) fn settle(&mut self, address: Ipv4Addr) {
        self.take_address(address, Duration::ZERO);
        self.answered(Reply::Good, Duration::ZERO);
        self.run(Duration::from_secs(601), true);
    }

    fn now(&self, time: Duration) -> Now {
        let wall = if self.clock { BUILD_TIME + 86_400 + time.as_secs() } else { time.as_secs() };
        Now { up: (UPTIME + time).into(), wall }
    }

    /// When the engine wants to be asked again.
    pub(crate) fn deadline(&self, time: Duration) -> Option<Duration> {
        let at = self.engine.deadline(self.now(time))?;
        Some(Duration::from(at).saturating_sub(UPTIME))
    }

    /// The address is gone, and with it the default route.
    pub(crate) fn lose_address(&mut self, time: Duration) -> Wants {
        let Some(old) = self.address.take() else { return self.run(time, true) };
        self.kernel(Message::DelAddress(kernel_address(old)), time);
        self.kernel(Message::Route(default_route()), time);
        self.run(time, true)
    }

    /// The kernel has a new address, and a default route.
    pub(crate) fn take_address(&mut self, address: Ipv4Addr, time: Duration) -> Wants {
        self.address = Some(address);
        self.kernel(Message::NewAddress(kernel_address(address)), time);
        self.kernel(Message::Route(default_route()), time);
        self.run(time, true)
    }

    /// NTP sets the clock.
    pub(crate) fn set_clock(&mut self, time: Duration) -> Wants {
        self.clock = true;
        let now = self.now(time);
        self.engine.handle(Event::ClockStepped, now);
        self.run(time, true)
    }

    fn kernel(&mut self, message: Message, time: Duration) {
        let now = self.now(time);
        self.engine.handle(Event::Kernel(Report::Message(message)), now);
    }

    /// The request on its way has ended.
    pub(crate) fn answered(&mut self, reply: Reply, time: Duration) -> Wants {
        let Some((job, section, changes)) = self.flight.take() else { return Wants::default() };
        if reply == Reply::Good {
            self.registered = changes.changes.first().and_then(|change| change.address());
        }
        let left = matches!(reply, Reply::Good | Reply::Busy(_) | Reply::Silence);
        let published = provider::publish(&section.provider, &changes, &mut Given(reply));
        let finished = Finished {
            job,
            verdicts: published.verdicts,
            sent_at: left.then_some((UPTIME + time).into()),
            requests: u32::from(left),
            learned: published.learned,
            request: String::new(),
            answer: String::new(),
        };
        let now = self.now(time);
        self.engine.handle(Event::Finished(finished), now);
        self.run(time, true)
    }

    /// Does what the engine says until it says no more.
    pub(crate) fn run(&mut self, time: Duration, dns_works: bool) -> Wants {
        let now = self.now(time);
        let mut wants = Wants::default();
        while let Some(action) = self.engine.poll(now) {
            match action {
                Action::Dump(table) => self.dump(table, now),
                Action::FindWay(ask) => {
                    let hop = Hop { link: Some(WAN), gateway: Some(GATEWAY), alive: true };
                    let way = match self.address {
                        Some(_) => Way::Out(vec![hop]),
                        None => Way::None(NoWay::NoRoute),
                    };
                    self.engine.handle(Event::WayFound(ask, WayAnswer { address: None, way }), now);
                }
                Action::Publish { id, section, job, .. } => {
                    wants.sends = true;
                    self.flight = Some((id, section, job));
                }
                Action::LookUp { section, lookup, family, .. } => {
                    wants.look_ups += 1;
                    self.look_up(&section.name, lookup, family, dns_works, now);
                }
                Action::WatchFiles(_)
                | Action::FollowNeighbours(_)
                | Action::ProbeNeighbour(_)
                | Action::AskLeases
                | Action::Cut(_)
                | Action::Listen(_)
                | Action::Detect { .. }
                | Action::Save(_)
                | Action::TellHooks(_)
                | Action::Say(_) => {}
            }
        }
        wants
    }

    fn look_up(&mut self, section: &str, lookup: Lookup, family: Family, works: bool, now: Now) {
        let addresses = self.registered.into_iter().collect();
        let found = Found { addresses, authoritative: true, ..Found::default() };
        let result = if works { Ok(found) } else { Err("no name server answers".to_owned()) };
        let section = section.to_owned();
        self.engine.handle(Event::LookedUp { section, lookup, family, result }, now);
    }

    fn dump(&mut self, table: Table, now: Now) {
        let wan =
            Link { index: WAN, name: "wan".into(), other_names: vec![], up: true, carrier: true };
        let entry = match table {
            Table::Links => Some(Message::NewLink(wan)),
            Table::Addresses => self.address.map(|own| Message::NewAddress(kernel_address(own))),
        };
        self.engine.handle(Event::Kernel(Report::DumpBegin(table)), now);
        if let Some(entry) = entry {
            self.engine.handle(Event::Kernel(Report::Message(entry)), now);
        }
        self.engine.handle(Event::Kernel(Report::DumpEnd(table)), now);
    }
}

fn kernel_address(address: Ipv4Addr) -> Address {
    Address {
        link: WAN,
        address: address.into(),
        peer: address.into(),
        prefix_len: 24,
        scope: 0,
        flags: AddressFlags(AddressFlags::PERMANENT),
        preferred: u32::MAX,
        valid: u32::MAX,
    }
}

fn default_route() -> Route {
    Route {
        destination: Ipv4Addr::UNSPECIFIED.into(),
        prefix_len: 0,
        leads: Leads::Out,
        by_kernel: false,
        hops: vec![Hop { link: Some(WAN), gateway: Some(GATEWAY), alive: true }],
    }
}

/// A carrier whose only request has ended with this reply.
struct Given(Reply);

impl Carrier for Given {
    fn send(&mut self, _: &Request) -> Result<Answer, Failure> {
        let answer = |status, retry_after, body: &str| {
            Ok(Answer { status, retry_after, body: body.to_owned(), ..Answer::default() })
        };
        let fails = |kind, sent| Err(Failure { kind, sent, text: "it failed".to_owned() });
        match self.0 {
            Reply::Good => answer(200, None, "good"),
            Reply::Busy(after) => answer(503, after.map(Into::into), "busy"),
            Reply::Silence => fails(FailureKind::Other, true),
            Reply::NoConnection => fails(FailureKind::Other, false),
            Reply::NotResolved => fails(FailureKind::NotResolved, false),
            Reply::ClockBehind => fails(FailureKind::ClockBehind, false),
        }
    }

    fn ask(&mut self, _: &Query) -> Result<Answer, Failure> {
        Err(Failure { kind: FailureKind::Other, sent: false, text: "no DNS".to_owned() })
    }

    fn wait(&mut self, _: ddns_netlink::time::Duration) {}
}
