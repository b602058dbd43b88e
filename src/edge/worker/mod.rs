//! The threads that wait, so that the event loop need not: a small pool that carries jobs out, asks
//! address sources and looks names up. Threads start when there is work and end when there is none
//! for a while; their HTTP clients end with them.
//!
//! How a job is carried out is a [`Delivery`]: over the network, or in a dry run.

mod drive;
mod dry_run;
mod network;
mod queue;

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use self::drive::unsent;
use self::queue::Queue;
use crate::config::{Global, Lookup, Section};
use crate::edge::dns;
use crate::edge::http::{Shared, SlowLookUp, proxy_secrets};
use crate::edge::probe::{self, Probe, script};
use crate::edge::process;
use crate::engine::event::{Event, Finished, JobId, QuestionId};
use crate::model::Notice;
use crate::model::secret::Secret;
use crate::model::{Family, Transport};
use crate::provider::{Failure, FailureKind, Job, Outcome, mask};
pub use dry_run::DryRun;
pub use network::{Clients, Network};
pub use queue::Lane;

/// Stack of a thread: a TLS handshake needs less than half of it even without optimisation.
pub const STACK: usize = 512 * 1024;
/// How long a thread waits for work before it ends.
const IDLE: Duration = Duration::from_secs(10);
/// How long a thread without work keeps the connection of its last job. The engine's next job for the same
/// provider often follows at once: the other family of a name, or the other names after the first one.
const LINGER: Duration = Duration::from_millis(100);
/// Time for a look-up.
const LOOK_UP: Duration = Duration::from_secs(20);

/// Something to do that takes time.
pub enum Task {
    /// Publish a job.
    Publish(Box<Publication>),
    /// Ask an address source.
    Detect {
        /// Identifies the answer.
        question: QuestionId,
        /// Comes back with the result.
        section: String,
        /// Which address is wanted.
        family: Family,
        /// The page or the command to ask.
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
        way: dns::DnsTransport,
    },
}

/// A job, and what is needed to publish it.
pub struct Publication {
    /// Comes back with the result.
    pub id: JobId,
    /// A section of the account.
    pub section: Arc<Section>,
    /// The name of the section of each change, in the job's order.
    pub sections: Vec<String>,
    /// What to change.
    pub job: Job,
    /// How requests travel.
    pub transport: Transport,
    /// The directories and the date format that a script is given.
    pub global: Arc<Global>,
}

/// How the jobs of a pool are carried out.
pub trait Delivery: Send + Sync {
    /// Which other tasks `publication` waits for.
    fn lane(&self, publication: &Publication) -> Lane;

    /// Carries `publication` out, on a thread of the pool that has these clients. `say` is called
    /// with what a script reports while it runs.
    fn publish(
        &self,
        publication: Publication,
        clients: &mut Clients,
        say: &dyn Fn(Notice),
    ) -> Finished;
}

/// The pool. Clones share the threads.
#[derive(Clone)]
pub struct Pool(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    work: Condvar,
    shared: Arc<Shared>,
    delivery: Box<dyn Delivery>,
    report: Arc<dyn Fn(Event) + Send + Sync>,
    say: Box<dyn Fn(Notice) + Send + Sync>,
}

struct State {
    queue: Queue<Task>,
    threads: usize,
}

impl Pool {
    /// A pool without threads yet. From its threads it calls `report` with one [`Event::Finished`],
    /// [`Event::Detected`] or [`Event::LookedUp`] per task, and `say` with what scripts report while
    /// they run.
    pub fn new(
        delivery: Box<dyn Delivery>,
        report: impl Fn(Event) + Send + Sync + 'static,
        say: impl Fn(Notice) + Send + Sync + 'static,
    ) -> Self {
        let report: Arc<dyn Fn(Event) + Send + Sync> = Arc::new(report);
        let shared = Shared { on_slow_look_up: Some(reporter(&report)), ..Shared::default() };
        Self(Arc::new(Inner {
            state: Mutex::new(State { queue: Queue::new(), threads: 0 }),
            work: Condvar::new(),
            shared: Arc::new(shared),
            delivery,
            report,
            say: Box::new(say),
        }))
    }

    /// Ends the connections that come from `address`, which is gone, and the scripts that publish it:
    /// their requests fail at once. A job with an open connection also stops waiting between two requests.
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
        let lane = match &task {
            Task::Publish(publication) => self.0.delivery.lane(publication),
            Task::Detect { probe, .. } => Lane::Host(probe.key()),
            Task::LookUp { .. } => Lane::OneByOne,
        };
        let mut state = self.0.lock();
        state.queue.push(lane, task);
        // Threads without a task are waiting, starting or reporting: each takes one in a moment.
        if state.queue.under_way() <= state.threads {
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
            // No thread will ever take them.
            while let Some((lane, task)) = state.queue.take() {
                state.queue.done(&lane);
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
        let mut clients = Clients::new(Arc::clone(&self.shared));
        let mut state = self.lock();
        let mut patient = true;
        loop {
            if let Some((lane, task)) = state.queue.take() {
                drop(state);
                let event = self.run(task, &mut clients);
                state = self.lock();
                state.queue.done(&lane);
                drop(state);
                (self.report)(event);
                state = self.lock();
                patient = true;
            } else if patient {
                let lingers = clients.is_connected();
                let time = if lingers { LINGER } else { IDLE };
                let waited = self.work.wait_timeout(state, time);
                let (woken, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
                state = woken;
                if !timeout.timed_out() {
                    continue;
                }
                clients.disconnect();
                patient = lingers;
            } else {
                state.threads -= 1;
                return;
            }
        }
    }

    fn run(&self, task: Task, clients: &mut Clients) -> Event {
        if !matches!(task, Task::Publish(_)) {
            clients.disconnect();
        }
        match task {
            Task::Publish(publication) => {
                Event::Finished(self.delivery.publish(*publication, clients, &self.say))
            }
            Task::Detect { question, section, family, probe } => {
                let result = detect(probe, family, clients);
                Event::Detected { question, section, family, result }
            }
            Task::LookUp { section, lookup, family, way } => {
                let result = dns::look_up(&lookup, family, &way, LOOK_UP);
                Event::LookedUp { section, lookup, family, result }
            }
        }
    }
}

/// Asks a page or a command for an address of `family`.
fn detect(probe: Probe, family: Family, clients: &mut Clients) -> Result<IpAddr, Failure> {
    match probe {
        Probe::Web { url, mut transport } => {
            transport.family = Some(family);
            probe::web(clients.get(&transport), &url, family)
                .map_err(|failure| covered(failure, &proxy_secrets(&transport)))
        }
        Probe::Script(line) => {
            script::run(&line, family, script::SCRIPT_TIMEOUT).map_err(Failure::of_answer)
        }
    }
}

fn covered(failure: Failure, secrets: &[Secret]) -> Failure {
    Failure { text: mask::hide(&failure.text, secrets), ..failure }
}

/// The result of a task for which there is no thread.
fn unstarted(task: Task) -> Event {
    let reason = String::from("no thread could be started, the router is out of memory");
    match task {
        Task::Publish(publication) => {
            let outcome = Outcome::Retry { reason, after: None, kind: FailureKind::Other };
            let verdicts = vec![outcome.into(); publication.job.changes.len()];
            Event::Finished(unsent(publication.id, verdicts))
        }
        Task::Detect { question, section, family, .. } => {
            let result = Err(Failure::of_answer(reason));
            Event::Detected { question, section, family, result }
        }
        Task::LookUp { section, lookup, family, .. } => {
            Event::LookedUp { section, lookup, family, result: Err(reason) }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;
    use crate::config::fixture;
    use crate::model::Url;

    /// Reports the id of each job that has begun, and waits for one of `releases` before it ends.
    struct Waits {
        began: Sender<JobId>,
        releases: Mutex<Receiver<()>>,
    }

    impl Delivery for Waits {
        fn lane(&self, publication: &Publication) -> Lane {
            Lane::Host(publication.section.name.clone())
        }

        fn publish(
            &self,
            publication: Publication,
            _: &mut Clients,
            _: &dyn Fn(Notice),
        ) -> Finished {
            self.began.send(publication.id).unwrap();
            if publication.section.name.starts_with("hangs") {
                let _ = self.releases.lock().unwrap().recv();
            }
            unsent(publication.id, vec![Outcome::Updated.into()])
        }
    }

    fn pool(delivery: impl Delivery + 'static) -> (Pool, Receiver<Event>) {
        let (sender, events) = channel();
        let sender = Mutex::new(sender);
        let report = move |event| drop(sender.lock().unwrap().send(event));
        (Pool::new(Box::new(delivery), report, |_| {}), events)
    }

    fn publish(pool: &Pool, id: JobId, host: &str) {
        let mut section = fixture::section();
        section.name = host.into();
        pool.submit(Task::Publish(Box::new(Publication {
            id,
            section: Arc::new(section),
            sections: vec!["home".into()],
            job: Job::default(),
            transport: fixture::transport(),
            global: Arc::new(fixture::global()),
        })));
    }

    fn finished(events: &Receiver<Event>) -> JobId {
        let event = events.recv_timeout(Duration::from_secs(20)).unwrap();
        let Event::Finished(finished) = event else { panic!("{event:?}") };
        assert_eq!(finished.verdicts, [Outcome::Updated.into()]);
        finished.job
    }

    #[test]
    fn hosts_that_hang_do_not_delay_another() {
        let (began, begun) = channel();
        let (release, releases) = channel();
        let (pool, events) = pool(Waits { began, releases: Mutex::new(releases) });
        for id in 0..60 {
            publish(&pool, id, &format!("hangs{}", id % 3));
        }
        // Three hosts with eight threads each.
        for _ in 0..24 {
            begun.recv_timeout(Duration::from_secs(20)).unwrap();
        }
        publish(&pool, 1000, "other");
        assert_eq!(finished(&events), 1000);
        drop(release);
        let rest: BTreeSet<JobId> = (0..60).map(|_| finished(&events)).collect();
        assert_eq!(rest, (0..60).collect());
        assert!(pool.0.lock().threads <= queue::MAX_THREADS);
    }

    #[test]
    fn scripts_and_pages_are_asked() {
        let (pool, events) = pool(Network);
        for probe in [
            Probe::Script("echo 192.0.2.1".into()),
            Probe::Web {
                url: Url::http("no-such-host.invalid"),
                transport: fixture::transport().into(),
            },
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
}
