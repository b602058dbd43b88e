//! One scene with one kind of client: events in the order of their times.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::Ipv4Addr;
use std::ops::RangeBounds;
use std::time::Duration;

use super::MILLION;
use super::peer::Peer;
use super::provider::Provider;
use super::random::Random;
use super::router::{self, Router, Wants};
use super::scene::{Change, Outage, Scene};

/// The way to the provider, and back.
const WAY: Duration = Duration::from_millis(30);
/// Pauses before the kernel repeats a packet that asks for a connection.
const REPEATS: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];
/// After these the client gives the connection up, ten seconds after its first packet.
const LAST_PAUSE: Duration = Duration::from_secs(3);
/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long it tries to resolve a name.
const RESOLVE: Duration = Duration::from_secs(10);

/// The kinds of client.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Ours,
    Cron5,
    CronSpread5,
    Cron10,
    CronSpread10,
    Event10,
    Event30,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] = [
        Self::Ours,
        Self::Cron5,
        Self::CronSpread5,
        Self::Cron10,
        Self::CronSpread10,
        Self::Event10,
        Self::Event30,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "ddns-netlink",
            Self::Cron5 => "cron, `*/5`",
            Self::CronSpread5 => "cron, each 5 min, own second",
            Self::Cron10 => "cron, `*/10`",
            Self::CronSpread10 => "cron, each 10 min, own second",
            Self::Event10 => "event, repeats after 10 s",
            Self::Event30 => "event, repeats after 30 s",
        }
    }

    fn peer(self, random: &mut Random) -> Option<Peer> {
        match self {
            Self::Ours => None,
            Self::Cron5 => Some(Peer::cron(5)),
            Self::CronSpread5 => Some(Peer::cron_spread(5, random)),
            Self::Cron10 => Some(Peer::cron(10)),
            Self::CronSpread10 => Some(Peer::cron_spread(10, random)),
            Self::Event10 => Some(Peer::event(10)),
            Self::Event30 => Some(Peer::event(30)),
        }
    }
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reply {
    Good,
    /// 503, with or without `Retry-After`.
    Busy(Option<Duration>),
    /// The request was taken, and never answered.
    Silence,
    NoConnection,
    NotResolved,
    /// By the router's clock the certificate is not valid yet.
    ClockBehind,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    AddressLost,
    AddressComes,
    ClockSet,
    /// The client wanted to be woken.
    Wake,
    /// A TCP SYN arrives. The number says how many before it the provider has dropped.
    Connects(usize),
    /// The request arrives.
    Requests,
    Ends(Reply),
}

struct Client {
    mind: Mind,
    new_address: Ipv4Addr,
    has_address: bool,
    clock: bool,
    /// Whether a request is on its way.
    busy: bool,
    /// When the client is woken next.
    wake_at: Option<Duration>,
    /// When the provider had the new address, in seconds.
    right_at: Option<u64>,
}

enum Mind {
    Ours(Box<Router>),
    Peer(Peer),
}

/// What the provider saw.
pub(crate) struct Run {
    pub(crate) kind: Kind,
    /// Connections that clients asked for, in each second.
    pub(crate) arrivals: Vec<u32>,
    /// When each router was right, in seconds since the scene began, sorted; routers that never were are
    /// missing.
    pub(crate) right: Vec<u64>,
    /// How many of the requests failed.
    failed: u32,
    pub(crate) look_ups: u32,
    routers: u32,
    /// From when on times are counted.
    since: u64,
}

impl Run {
    /// How many routers of the million one router of the simulation stands for.
    pub(crate) fn scale(&self) -> f64 {
        f64::from(MILLION) / f64::from(self.routers)
    }

    /// The largest number of requests in a second, for the million.
    pub(crate) fn peak(&self, seconds: impl RangeBounds<usize>) -> u32 {
        let begin = match seconds.start_bound() {
            std::ops::Bound::Included(begin) => *begin,
            std::ops::Bound::Excluded(_) | std::ops::Bound::Unbounded => 0,
        };
        let most = self.arrivals.iter().skip(begin).max().copied().unwrap_or(0);
        most * (MILLION / self.routers)
    }

    pub(crate) fn requests_each(&self) -> f64 {
        self.arrivals.iter().map(|count| f64::from(*count)).sum::<f64>() / f64::from(self.routers)
    }

    pub(crate) fn look_ups_each(&self) -> f64 {
        f64::from(self.look_ups) / f64::from(self.routers)
    }

    pub(crate) fn failed_share(&self) -> f64 {
        f64::from(self.failed) / (self.requests_each() * f64::from(self.routers)).max(1.0)
    }

    /// After how many seconds this share of the routers was right.
    pub(crate) fn time_until(&self, share: f64) -> Option<u64> {
        let needed = (f64::from(self.routers) * share).ceil();
        let mut place = 0;
        while f64::from(u32::try_from(place + 1).unwrap()) < needed {
            place += 1;
        }
        self.right.get(place).map(|at| at.saturating_sub(self.since))
    }
}

struct World<'a> {
    scene: &'a Scene,
    clients: Vec<Client>,
    provider: Provider,
    random: Random,
    events: BinaryHeap<Reverse<(Duration, u32, What)>>,
    end: Duration,
    run: Run,
}

/// Plays `scene` with `routers` clients of one kind.
pub(crate) fn run(scene: &Scene, kind: Kind, routers: u32) -> Run {
    let length = usize::try_from(scene.length).unwrap();
    let mut world = World {
        scene,
        clients: Vec::new(),
        provider: Provider::new(routers),
        random: Random::new(1),
        events: BinaryHeap::new(),
        end: Duration::from_secs(scene.length),
        run: Run {
            kind,
            arrivals: vec![0; length + 1],
            right: Vec::new(),
            failed: 0,
            look_ups: 0,
            routers,
            since: u64::try_from(scene.since()).unwrap(),
        },
    };
    world.fill(kind, routers);
    while let Some(Reverse((time, number, what))) = world.events.pop() {
        world.happen(time, number, what);
    }
    world.run.right = world.clients.iter().filter_map(|client| client.right_at).collect();
    world.run.right.sort_unstable();
    world.run
}

/// Scenes begin this long after the routers have settled.
const START: Duration = Duration::from_secs(3600);

impl World<'_> {
    fn fill(&mut self, kind: Kind, routers: u32) {
        let config = router::config();
        // The same events for all kinds of client.
        let mut events = Random::new(2);
        for number in 0..routers {
            let [_, _, high, low] = number.to_be_bytes();
            let boots = self.scene.change == Change::PowerCut;
            let seed = u32::try_from(self.random.next() >> 32).unwrap();
            let mind = match kind.peer(&mut self.random) {
                Some(peer) => Mind::Peer(peer),
                None => {
                    let mut router = Router::new(&config, number, seed, !boots);
                    if !boots {
                        router.settle(Ipv4Addr::new(198, 18, high, low));
                    }
                    Mind::Ours(Box::new(router))
                }
            };
            self.clients.push(Client {
                mind,
                new_address: Ipv4Addr::new(198, 19, high, low),
                has_address: false,
                clock: !boots,
                busy: false,
                wake_at: None,
                right_at: None,
            });
            let comes = self.scene.address_at(&mut events);
            let lost = match self.scene.change {
                Change::Reset => Duration::ZERO,
                Change::Nightly => comes.saturating_sub(Duration::from_secs(3)),
                Change::PowerCut => comes,
            };
            self.add(lost, number, What::AddressLost);
            self.add(comes, number, What::AddressComes);
            if let Some(after) = self.scene.clock_after(&mut events) {
                self.add(comes + after, number, What::ClockSet);
            }
        }
    }

    fn add(&mut self, time: Duration, number: u32, what: What) {
        if time < self.end {
            self.events.push(Reverse((time, number, what)));
        }
    }

    fn client(&mut self, number: u32) -> &mut Client {
        &mut self.clients[usize::try_from(number).unwrap()]
    }

    fn happen(&mut self, time: Duration, number: u32, what: What) {
        match what {
            What::Connects(dropped) => self.connects(time, number, dropped),
            What::Requests => self.requests(time, number),
            What::Wake if self.client(number).wake_at != Some(time) => {}
            What::AddressLost
            | What::AddressComes
            | What::ClockSet
            | What::Wake
            | What::Ends(_) => {
                // What could not be resolved was no request.
                if matches!(what, What::Ends(reply) if !matches!(reply, Reply::Good | Reply::NotResolved))
                {
                    self.run.failed += 1;
                }
                self.tell(time, number, what);
            }
        }
    }

    /// The client learns of an event, and acts.
    fn tell(&mut self, time: Duration, number: u32, what: What) {
        let dns_works = self.scene.outage_at(time) != Some(Outage::HasNoName);
        let place = usize::try_from(number).unwrap();
        let client = &mut self.clients[place];
        client.note(what);
        let (wants, wake_at) = match &mut client.mind {
            Mind::Ours(router) => {
                let virtual_time = time + START;
                let wants = tell_router(router, client.new_address, virtual_time, what, dns_works);
                let deadline = router.deadline(virtual_time);
                (wants, deadline.map(|at| at.saturating_sub(START)))
            }
            Mind::Peer(peer) => {
                let peer = *peer;
                tell_peer(client, peer, time, what, &mut self.random)
            }
        };
        let client = &mut self.clients[place];
        client.busy |= wants.sends;
        client.wake_at = wake_at;
        self.run.look_ups += wants.look_ups;
        if let Some(at) = wake_at {
            self.add(at, number, What::Wake);
        }
        if wants.sends {
            self.send(time, number);
        }
    }

    /// A request leaves the router.
    fn send(&mut self, time: Duration, number: u32) {
        if self.scene.outage_at(time) == Some(Outage::HasNoName) {
            // It reaches no provider, so it does not count as a request.
            self.events.push(Reverse((time + RESOLVE, number, What::Ends(Reply::NotResolved))));
            return;
        }
        self.run.arrivals[usize::try_from(time.as_secs()).unwrap()] += 1;
        self.add(time + WAY / 2, number, What::Connects(0));
    }

    fn connects(&mut self, time: Duration, number: u32, dropped: usize) {
        if self.scene.outage_at(time) == Some(Outage::Refuses) {
            self.add(time + WAY / 2, number, What::Ends(Reply::NoConnection));
            return;
        }
        let Some(done) = self.provider.connect(time) else {
            match REPEATS.get(dropped) {
                Some(pause) => self.add(time + *pause, number, What::Connects(dropped + 1)),
                None => self.add(time + LAST_PAUSE, number, What::Ends(Reply::NoConnection)),
            }
            return;
        };
        // TCP and TLS 1.3 take two ways there and back before the request.
        match self.client(number).clock {
            true => self.add(done + 2 * WAY, number, What::Requests),
            false => self.add(done + 2 * WAY, number, What::Ends(Reply::ClockBehind)),
        }
    }

    fn requests(&mut self, time: Duration, number: u32) {
        let busy = Reply::Busy(self.scene.retry_after);
        match self.scene.outage_at(time) {
            Some(Outage::IsSilent) => {
                self.add(time + PATIENCE, number, What::Ends(Reply::Silence));
            }
            Some(_) => self.add(time + WAY / 2, number, What::Ends(busy)),
            None => match self.provider.update(time) {
                Some(done) => {
                    self.client(number).right_at.get_or_insert(done.as_secs());
                    self.add(done + WAY / 2, number, What::Ends(Reply::Good));
                }
                None => self.add(time + WAY / 2, number, What::Ends(busy)),
            },
        }
    }
}

impl Client {
    fn note(&mut self, what: What) {
        match what {
            What::AddressLost => self.has_address = false,
            What::AddressComes => self.has_address = true,
            What::ClockSet => self.clock = true,
            What::Ends(_) => self.busy = false,
            What::Wake | What::Connects(_) | What::Requests => {}
        }
    }
}

fn tell_router(
    router: &mut Router,
    address: Ipv4Addr,
    time: Duration,
    what: What,
    dns_works: bool,
) -> Wants {
    match what {
        What::AddressLost => router.lose_address(time),
        What::AddressComes => router.take_address(address, time),
        What::ClockSet => router.set_clock(time),
        What::Ends(reply) => router.answered(reply, time),
        What::Wake | What::Connects(_) | What::Requests => router.run(time, dns_works),
    }
}

/// A client without an engine. Returns what it does, and when it wants to be woken.
fn tell_peer(
    client: &Client,
    peer: Peer,
    time: Duration,
    what: What,
    random: &mut Random,
) -> (Wants, Option<Duration>) {
    let wake_at = match what {
        What::AddressComes => Some(peer.after_change(time, random)),
        What::Ends(reply) if reply != Reply::Good => Some(peer.after_failure(time, random)),
        What::Wake => None,
        What::AddressLost | What::ClockSet | What::Connects(_) | What::Requests | What::Ends(_) => {
            client.wake_at
        }
    };
    let due = matches!(what, What::Wake) && client.has_address && !client.busy;
    let sends = due && client.right_at.is_none();
    (Wants { sends, look_ups: 0 }, wake_at)
}
