//! The threads that wait, so that the event loop need not: a small pool that carries jobs out, asks
//! address sources and looks names up. Threads start when there is work and end when there is none
//! for a while; their HTTP clients end with them. One that has no task waits until a job may start that was
//! held back for the connection of another one.
//!
//! How a job is carried out is a [`Delivery`]: over the network, or in a dry run.

mod drive;
mod dry_run;
mod network;
mod queue;

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use self::drive::unsent;
use self::queue::Queue;
use crate::config::{Global, Lookup, Section};
use crate::edge::clock::uptime;
use crate::edge::dns;
use crate::edge::http::{Shared, SlowLookUp, proxy_secrets};
use crate::edge::probe::{self, Probe, gateway, script};
use crate::edge::process;
use crate::edge::thread;
use crate::engine::event::{Event, Finished, JobId, QuestionId, SourceAnswer};
use crate::model::Notice;
use crate::model::secret::Secret;
use crate::model::{Family, Transport};
use crate::provider::{Failure, FailureKind, Job, Outcome, mask};
use crate::time::Duration;
pub use dry_run::DryRun;
pub use network::{Clients, Network};
pub use queue::Lane;

/// Stack of a thread: a TLS handshake needs less than half of it even without optimisation.
pub const STACK: usize = 512 * 1024;
/// How long a thread waits for work before it ends, so that an idle router has its memory back.
const IDLE: Duration = Duration::from_secs(10);
/// How long a thread without work keeps the connection of its last job. The engine's next job for the same
/// provider often follows at once: the other family of a name, or the other names after the first one.
const LINGER: Duration = Duration::from_millis(100);
/// Time for a look-up.
const LOOK_UP: Duration = Duration::from_secs(20);

/// Something to do that takes time.
pub enum Task {
    /// Publish a job.
    Publish(Publication),
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
        /// The address that all name servers of the zone are expected to have.
        expected: Option<IpAddr>,
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
    /// Tasks are moved often, so they are on the heap.
    queue: Queue<Box<Task>>,
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
            Task::Detect { probe, .. } => Lane::Apart(probe.key()),
            Task::LookUp { .. } => Lane::OneByOne,
        };
        let mut state = self.0.lock();
        state.queue.push(lane, Box::new(task), uptime());
        self.0.start_missing_threads(&mut state);
        if state.threads == 0 {
            // No thread could be started, so none will ever take them.
            while let Some((lane, task)) = state.queue.take(None) {
                state.queue.done(&lane, false, uptime());
                (self.0.report)(unstarted(*task));
            }
        }
        self.0.unlock(state);
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

    /// Starts the threads that are missing: each task under way needs one, and if a task is held back, one more
    /// waits for it.
    fn start_missing_threads(self: &Arc<Self>, state: &mut State) {
        while state.threads < state.queue.under_way() + usize::from(state.queue.due().is_some()) {
            let inner = Arc::clone(self);
            if !thread::start("worker", STACK, Box::new(move || inner.serve())) {
                return;
            }
            state.threads += 1;
        }
    }

    /// Unlocks `state`, and wakes a thread that has no task. To be called when a task has arrived, and when a thread
    /// has taken one.
    fn unlock(&self, state: MutexGuard<'_, State>) {
        let is_connection_kept = state.queue.is_connection_kept();
        // Before a thread is woken: it needs the lock first of all.
        drop(state);
        if is_connection_kept {
            // Only the thread that keeps the connection may take the task.
            self.work.notify_all();
        } else {
            // Any thread may take it. More of them would wake for nothing, and delay the request. The thread that takes
            // the task wakes the next one: there may be another task, or one that is held back and must be waited for.
            self.work.notify_one();
        }
    }

    /// The life of a thread.
    fn serve(self: Arc<Self>) {
        let mut clients = Clients::new(Arc::clone(&self.shared));
        // The lane of the connection that the thread keeps.
        let mut own: Option<Lane> = None;
        let mut until = uptime().saturating_add(IDLE);
        let mut state = self.lock();
        loop {
            let now = uptime();
            state.queue.start(now);
            if let Some((lane, task)) = state.queue.take(own.as_ref()) {
                // The other tasks get their threads first, because this one may take long.
                self.start_missing_threads(&mut state);
                self.unlock(state);
                own = self.carry_out(lane, *task, &mut clients);
                let time = if own.is_some() { LINGER } else { IDLE };
                until = uptime().saturating_add(time);
                state = self.lock();
                continue;
            }
            let wake = match state.queue.due() {
                Some(due) if own.is_none() => due,
                _ => until,
            };
            if now < wake {
                let waited = self.work.wait_timeout(state, wake.saturating_sub(now).into());
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            } else if let Some(lane) = own.take() {
                state.queue.release(&lane);
                clients.disconnect();
                until = now.saturating_add(IDLE);
            } else {
                state.threads -= 1;
                return;
            }
        }
    }

    /// Runs a task and reports its end. Returns its lane if its connection is kept.
    fn carry_out(&self, lane: Lane, task: Task, clients: &mut Clients) -> Option<Lane> {
        let event = self.run(task, clients);
        let keeps = clients.is_connected();
        // The queue knows it first: the engine answers the report with the next job, which finds the connection free.
        self.lock().queue.done(&lane, keeps, uptime());
        (self.report)(event);
        if keeps { Some(lane) } else { None }
    }

    fn run(&self, task: Task, clients: &mut Clients) -> Event {
        // The lane of the connection was released when this task was taken, and only jobs use connections.
        if !matches!(task, Task::Publish(_)) {
            clients.disconnect();
        }
        match task {
            Task::Publish(publication) => {
                Event::Finished(self.delivery.publish(publication, clients, &self.say))
            }
            Task::Detect { question, section, family, probe } => {
                let result = detect(probe, family, clients);
                Event::Detected { question, section, family, result }
            }
            Task::LookUp { section, lookup, family, expected, way } => {
                let trusts = &self.shared.trust;
                let result = dns::look_up(&lookup, family, expected, &way, trusts, LOOK_UP);
                Event::LookedUp { section, lookup, family, result }
            }
        }
    }
}

/// Asks a page or a command for an address of `family`.
fn detect(probe: Probe, family: Family, clients: &mut Clients) -> Result<SourceAnswer, Failure> {
    match probe {
        Probe::Web { url, mut transport } => {
            transport.family = Some(family);
            match probe::web(clients.get(&transport), &url, family) {
                Ok(address) => Ok((address, String::new())),
                Err(failure) => Err(covered(failure, &proxy_secrets(&transport))),
            }
        }
        Probe::Script(line) => match script::run(&line, family, script::SCRIPT_TIMEOUT) {
            Ok(address) => Ok((address, String::new())),
            Err(text) => Err(Failure::of_answer(text)),
        },
        Probe::Gateway(probe) => {
            let near = clients.quick(&probe.transport(), gateway::LIMITS);
            let far = Transport { family: Some(family), ..probe.transport.clone() };
            gateway::ask(&probe, &near, clients.get(&far))
                .map_err(|failure| covered(failure, &proxy_secrets(&far)))
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
mod tests;
