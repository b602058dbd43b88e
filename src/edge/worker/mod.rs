//! The threads that wait, so that nobody else has to: a small pool that drives exchanges and asks
//! address sources. Threads start when there is work and end when there is none for a while; what
//! they hold (clients, certificates) ends with them.

mod drive;
mod queue;

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use self::drive::{Carrier, drive, unsent};
use self::queue::Queue;
use crate::config::Lookup;
use crate::edge::dns;
use crate::edge::http::{Client, Shared, SlowLookUp, proxy_secrets};
use crate::edge::probe::{self, Probe, script};
use crate::edge::script::{Call, Hands, UPDATE_TIMEOUT, process};
use crate::engine::event::{Event, Finished, JobId, QuestionId};
use crate::model::Notice;
use crate::model::secret::Secret;
use crate::model::{Family, Transport};
use crate::provider::{Answer, Exchange, Failure, FailureKind, Outcome, Query, Request, mask};

/// Stack of a thread: a TLS handshake needs less than half of it even without optimisation.
pub const STACK: usize = 512 * 1024;
/// How long a thread waits for work before it ends.
const IDLE: Duration = Duration::from_secs(10);
/// Time for a look-up.
const LOOK_UP: Duration = Duration::from_secs(20);
/// Time for a look-up that an update waits for.
const LOOK_UP_FIRST: Duration = Duration::from_secs(5);
/// Clients a thread keeps. Sections of one router rarely differ in their transport.
const MAX_CLIENTS: usize = 4;

/// Something to do that takes time.
pub enum Task {
    /// Publish a job.
    Publish {
        /// Comes back with the result.
        id: JobId,
        /// Host that the job will talk to: jobs with the same one share a few threads.
        host: String,
        /// Number of changes in the job.
        changes: usize,
        /// The conversation.
        exchange: Box<dyn Exchange>,
        /// How its requests travel.
        transport: Transport,
    },
    /// Have a script publish a job of one change.
    Script {
        /// Comes back with the result.
        id: JobId,
        /// What it is to do.
        call: Box<Call>,
        /// How requests travel that it has us send.
        transport: Transport,
    },
    /// Ask an address source.
    Detect {
        /// Name for the answer.
        question: QuestionId,
        /// Comes back with the result.
        section: String,
        /// Which address is wanted.
        family: Family,
        /// Whom to ask.
        probe: Probe,
    },
    /// Look a registered address up. One at a time, and never in the way of the others.
    LookUp {
        /// Comes back with the result.
        section: String,
        /// What to look up.
        lookup: Lookup,
        /// Which address is wanted.
        family: Family,
        /// How questions travel.
        way: dns::Way,
    },
}

/// The pool. Clones share the threads.
#[derive(Clone)]
pub struct Pool(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    work: Condvar,
    shared: Arc<Shared>,
    report: Arc<dyn Fn(Event) + Send + Sync>,
    say: Box<dyn Fn(Notice) + Send + Sync>,
}

struct State {
    queue: Queue<Task>,
    threads: usize,
}

impl Pool {
    /// A pool without threads yet. `report` is called from the threads with one [`Event::Finished`], [`Event::Detected`] or [`Event::LookedUp`] per task, and
    /// `say` with what scripts say while they run.
    pub fn new(
        report: impl Fn(Event) + Send + Sync + 'static,
        say: impl Fn(Notice) + Send + Sync + 'static,
    ) -> Self {
        let report: Arc<dyn Fn(Event) + Send + Sync> = Arc::new(report);
        let shared = Shared { on_slow_look_up: Some(reporter(&report)), ..Shared::default() };
        Self(Arc::new(Inner {
            state: Mutex::new(State { queue: Queue::new(), threads: 0 }),
            work: Condvar::new(),
            shared: Arc::new(shared),
            report,
            say: Box::new(say),
        }))
    }

    /// Ends the connections that come from `address`, which is gone, and the scripts that publish it:
    /// their requests fail at once.
    pub fn cut(&self, address: IpAddr) {
        self.0.shared.connections.cut(address);
        process::cut(address);
    }

    /// The addresses of `host` where it was reached last.
    pub fn addresses(&self, host: &str, family: Family) -> Vec<IpAddr> {
        self.0.shared.hosts.where_reached(host, Some(family))
    }

    /// Hands `task` to a thread, now or when one is free. Never blocks.
    pub fn submit(&self, task: Task) {
        let key = match &task {
            Task::Publish { host, .. } => host.clone(),
            Task::Script { call, .. } => call.shown(),
            Task::Detect { probe, .. } => probe.key(),
            Task::LookUp { .. } => queue::LOOK_UP.to_owned(),
        };
        let mut state = self.0.lock();
        state.queue.push(key, task);
        // Threads without a task are waiting, starting or reporting: each takes one in a moment.
        if state.queue.startable() <= state.threads - state.queue.running() {
            self.0.work.notify_one();
            return;
        }
        let inner = Arc::clone(&self.0);
        let spawned = thread::Builder::new()
            .name("worker".into())
            .stack_size(STACK)
            .spawn(move || inner.serve());
        if spawned.is_ok() {
            state.threads += 1;
        } else if state.threads == 0 {
            // Nobody else will come to take them.
            while let Some((key, task)) = state.queue.take() {
                state.queue.done(&key);
                (self.0.report)(unstarted(task));
            }
        }
    }
}

/// Reports look-ups that take long as events.
fn reporter(report: &Arc<dyn Fn(Event) + Send + Sync>) -> Box<dyn Fn(SlowLookUp) + Send + Sync> {
    let report = Arc::clone(report);
    Box::new(move |look_up| {
        report(match look_up {
            SlowLookUp::Waits(host) => Event::LookUpIsSlow(host),
            SlowLookUp::Ended(host) => Event::SlowLookUpEnded(host),
        });
    })
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The life of a thread.
    fn serve(&self) {
        let mut clients = Clients::default();
        let mut state = self.lock();
        let mut patient = true;
        loop {
            if let Some((key, task)) = state.queue.take() {
                drop(state);
                let event = self.run(task, &mut clients);
                state = self.lock();
                state.queue.done(&key);
                drop(state);
                (self.report)(event);
                state = self.lock();
                patient = true;
            } else if patient {
                let waited = self.work.wait_timeout(state, IDLE);
                let (woken, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
                state = woken;
                patient = !timeout.timed_out();
            } else {
                state.threads -= 1;
                return;
            }
        }
    }

    fn run(&self, task: Task, clients: &mut Clients) -> Event {
        match task {
            Task::Publish { id, changes, mut exchange, transport, .. } => {
                let shared = &self.shared;
                let mut carrier =
                    Carrying { clients, transport: &transport, shared, sent_at: None };
                Event::Finished(drive(id, changes, &mut *exchange, &mut carrier))
            }
            Task::Script { id, call, transport } => {
                let shared = &self.shared;
                let mut carrier =
                    Carrying { clients, transport: &transport, shared, sent_at: None };
                let mut send = |request: &Request| carrier.send(request);
                let look_up = |lookup: &Lookup, family| {
                    let way = (&transport).into();
                    let found = dns::look_up(lookup, family, &way, LOOK_UP_FIRST).ok()?;
                    found.addresses.first().copied()
                };
                let hands = Hands { send: &mut send, look_up: &look_up, say: &self.say };
                let done = call.run(UPDATE_TIMEOUT, hands);
                Event::Finished(Finished {
                    sent_at: done.sent_at,
                    requests: u32::from(done.sent_at.is_some()),
                    request: call.shown(),
                    answer: done.answer,
                    ..unsent(id, vec![done.outcome.into()])
                })
            }
            Task::Detect { question, section, family, probe } => {
                let result = match probe {
                    Probe::Web { url, mut transport } => {
                        transport.family = Some(family);
                        clients
                            .get(&transport, &self.shared)
                            .and_then(|client| probe::web(client, &url, family))
                            .map_err(|failure| covered(failure, &proxy_secrets(&transport)))
                    }
                    Probe::Script(line) => script::run(&line, family, script::SCRIPT_TIMEOUT)
                        .map_err(Failure::of_answer),
                };
                Event::Detected { question, section, family, result }
            }
            Task::LookUp { section, lookup, family, way } => {
                let result = dns::look_up(&lookup, family, &way, LOOK_UP);
                Event::LookedUp { section, lookup, family, result }
            }
        }
    }
}

fn covered(failure: Failure, secrets: &[Secret]) -> Failure {
    Failure { text: mask::hide(&failure.text, secrets), ..failure }
}

/// The result of a task that nobody can do.
fn unstarted(task: Task) -> Event {
    let why = "no thread could be started, the router is out of memory";
    let failed = |id, changes| {
        let reason = why.into();
        let outcome = Outcome::Retry { reason, after: None, kind: FailureKind::Other };
        Event::Finished(unsent(id, vec![outcome.into(); changes]))
    };
    match task {
        Task::Publish { id, changes, .. } => failed(id, changes),
        Task::Script { id, .. } => failed(id, 1),
        Task::Detect { question, section, family, .. } => {
            let result = Err(Failure::of_answer(why.into()));
            Event::Detected { question, section, family, result }
        }
        Task::LookUp { section, lookup, family, .. } => {
            Event::LookedUp { section, lookup, family, result: Err(why.into()) }
        }
    }
}

/// The clients of one thread, the one used last at the end.
#[derive(Default)]
struct Clients(Vec<(Transport, Client)>);

/// What carries the requests of one job.
struct Carrying<'a> {
    clients: &'a mut Clients,
    transport: &'a Transport,
    shared: &'a Arc<Shared>,
    /// When the last request left.
    sent_at: Option<Duration>,
}

impl Carrier for Carrying<'_> {
    fn send(&mut self, request: &Request) -> Result<Answer, Failure> {
        self.sent_at = None;
        let client = self.clients.get(self.transport, self.shared)?;
        client.send_timed(request, &mut self.sent_at)
    }

    fn ask(&mut self, query: &Query) -> Result<Answer, Failure> {
        self.sent_at = None;
        dns::send(query, &self.transport.into(), &mut self.sent_at)
    }

    fn sent_at(&self) -> Option<Duration> {
        self.sent_at
    }

    fn secrets(&self) -> Vec<Secret> {
        proxy_secrets(self.transport)
    }
}

impl Clients {
    fn get(&mut self, transport: &Transport, shared: &Arc<Shared>) -> Result<&Client, Failure> {
        let known = self.0.iter().position(|(of, _)| of == transport);
        let entry = match known {
            Some(at) => self.0.remove(at),
            None => {
                let client = Client::new(transport, Arc::clone(shared))?;
                (transport.clone(), client)
            }
        };
        if self.0.len() >= MAX_CLIENTS {
            self.0.remove(0);
        }
        let last = self.0.len();
        self.0.push(entry);
        Ok(&self.0[last].1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;
    use crate::config::fixture::transport;
    use crate::provider::{Outcome, Step};

    /// Says that it has begun and waits until it may end.
    struct Waits(Sender<()>, Receiver<()>);

    impl Exchange for Waits {
        fn start(&mut self) -> Step {
            self.0.send(()).unwrap();
            let _ = self.1.recv();
            Step::Done(vec![Outcome::Updated.into()])
        }

        fn step(&mut self, _: Result<Answer, Failure>) -> Step {
            Step::Done(vec![])
        }
    }

    fn pool() -> (Pool, Receiver<Event>) {
        let (sender, events) = channel();
        let sender = Mutex::new(sender);
        let report = move |event| drop(sender.lock().unwrap().send(event));
        let pool = Pool::new(report, |_| {});
        (pool, events)
    }

    fn publish(pool: &Pool, id: JobId, host: &str, exchange: impl Exchange + 'static) {
        pool.submit(Task::Publish {
            id,
            host: host.into(),
            changes: 1,
            exchange: Box::new(exchange),
            transport: transport(),
        });
    }

    fn finished(events: &Receiver<Event>) -> (JobId, Vec<Outcome>) {
        let event = events.recv_timeout(Duration::from_secs(20)).unwrap();
        let Event::Finished(finished) = event else { panic!("{event:?}") };
        (finished.job, finished.verdicts.iter().map(|v| v.outcome.clone()).collect::<Vec<_>>())
    }

    #[test]
    fn hosts_that_hang_do_not_delay_another() {
        let (pool, events) = pool();
        let (began, begun) = channel();
        let mut holds = vec![];
        for id in 0..60 {
            let (release, released) = channel();
            holds.push(release);
            publish(&pool, id, &format!("hangs{}", id % 3), Waits(began.clone(), released));
        }
        // Three hosts with eight threads each.
        (0..24).for_each(|_| begun.recv_timeout(Duration::from_secs(20)).unwrap());
        let (release, released) = channel();
        drop(release);
        publish(&pool, 1000, "other", Waits(began, released));
        assert_eq!(finished(&events), (1000, vec![Outcome::Updated]));
        drop(holds);
        let rest: BTreeSet<JobId> = (0..60).map(|_| finished(&events).0).collect();
        assert_eq!(rest, (0..60).collect());
        assert!(pool.0.lock().threads <= queue::MAX_THREADS);
    }

    #[test]
    fn scripts_and_pages_are_asked() {
        let (pool, events) = pool();
        for probe in [
            Probe::Script("echo 192.0.2.1".into()),
            Probe::Web { url: "http://no-such-host.invalid/".into(), transport: transport() },
        ] {
            pool.submit(Task::Detect {
                question: 1,
                section: "wan".into(),
                family: Family::V4,
                probe: probe.clone(),
            });
            let event = events.recv_timeout(Duration::from_secs(20)).unwrap();
            let Event::Detected { section, result, .. } = event else { panic!("{event:?}") };
            assert_eq!(section, "wan");
            assert_eq!(result.is_ok(), matches!(probe, Probe::Script(_)), "{result:?}");
        }
    }

    #[test]
    fn a_thread_keeps_few_clients() {
        let mut clients = Clients::default();
        let shared = Arc::default();
        for i in 0..10 {
            let mut transport = transport();
            transport.user_agent = i.to_string();
            clients.get(&transport, &shared).unwrap();
            clients.get(&transport, &shared).unwrap();
        }
        assert_eq!(clients.0.len(), MAX_CLIENTS);
        assert_eq!(clients.0[MAX_CLIENTS - 1].0.user_agent, "9");
    }
}
