//! Which task runs next, and how many threads tasks of one kind may use. Pure.

use crate::model::fifo::Fifo;
use crate::time::Duration;

/// Most threads, but for the one that carries out tasks one by one.
pub(super) const MAX_THREADS: usize = 32;
/// Most tasks under way with one host, so that one that hangs leaves threads for the others.
pub(super) const MAX_PER_HOST: usize = 8;
/// Threads that only serve hosts with no other task under way, so that several hosts that hang
/// cannot take all threads.
const RESERVED: usize = 8;
/// How long the jobs of a host wait for the connection of another one that neither starts nor ends. A
/// request with its handshake rarely takes longer, and a host that hangs takes much longer.
const PATIENCE: Duration = Duration::from_millis(500);
/// After how long one more job of a host starts although the others get on: there are many, or each of them
/// takes long.
const RUSH: Duration = Duration::from_secs(2);

/// Tasks that wait for each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Jobs for this host: they follow one another, so that they can share a connection, and run at the
    /// same time only if that takes long.
    Host(String),
    /// Tasks with this page or script, which share no connection: a few of them run at the same time.
    Apart(String),
    /// Tasks that run one after the other, in order of arrival, while others run beside them.
    OneByOne,
}

/// Tasks in order of arrival, each with its lane.
///
/// A task is under way from the moment when its lane may have another thread, even if no thread has
/// taken it yet. The cost of a task does not depend on how many wait.
pub(super) struct Queue<T> {
    /// Tasks that may start and wait for a thread, at most one for each thread that there may be.
    started: Vec<(Lane, T)>,
    /// The lanes of the connections that threads without a task keep.
    kept: Vec<Lane>,
    one_by_one: LaneTasks<T>,
    /// The hosts that have tasks under way: [`MAX_THREADS`] at most.
    hosts: Vec<(Lane, LaneTasks<T>)>,
    /// Tasks with hosts that arrived after those in `hosts`, with their numbers.
    arrived: Fifo<(Lane, u64, T)>,
    /// The number of the next task.
    next: u64,
}

/// The tasks of one lane.
struct LaneTasks<T> {
    under_way: usize,
    /// How many may be under way.
    width: usize,
    /// When a task last started or ended, since boot.
    progress: Duration,
    /// Since when the width is the same, since boot.
    widened: Duration,
    /// Tasks that wait for the others of this lane, with their numbers.
    waiting: Fifo<(u64, T)>,
}

impl<T> LaneTasks<T> {
    const fn new(width: usize, now: Duration) -> Self {
        Self { under_way: 0, width, progress: now, widened: now, waiting: Fifo::new() }
    }

    /// Whether another task of this host may start while tasks with hosts have so many `threads`.
    fn may_start(&self, threads: usize) -> bool {
        match self.under_way {
            // A host without a task may take the last thread: it is not known to hang.
            0 => threads < MAX_THREADS,
            of_host => of_host < self.width && threads < MAX_THREADS - RESERVED,
        }
    }

    /// When one more task may be under way although none ends; `None` if none waits for that.
    fn due(&self) -> Option<Duration> {
        let held_back = !self.waiting.is_empty() && self.under_way >= self.width;
        let may_widen = held_back && self.width < MAX_PER_HOST;
        let hangs = self.progress.saturating_add(PATIENCE);
        may_widen.then(|| hangs.min(self.widened.saturating_add(RUSH)))
    }
}

impl<T> Queue<T> {
    pub(super) const fn new() -> Self {
        Self {
            started: Vec::new(),
            kept: Vec::new(),
            one_by_one: LaneTasks::new(1, Duration::ZERO),
            hosts: Vec::new(),
            arrived: Fifo::new(),
            next: 0,
        }
    }

    /// Adds a task.
    pub(super) fn push(&mut self, lane: Lane, task: T, now: Duration) {
        self.next += 1;
        match lane {
            Lane::OneByOne => self.one_by_one.waiting.push((self.next, task)),
            Lane::Host(_) | Lane::Apart(_) => self.arrived.push((lane, self.next, task)),
        }
        self.start(now);
    }

    /// The next task for a thread that keeps a connection of the lane `own`, if it keeps one: of that lane
    /// first, and none that can use the connection of another thread. [`Queue::done`] must follow.
    pub(super) fn take(&mut self, own: Option<&Lane>) -> Option<(Lane, T)> {
        let mut started = self.started.iter();
        let index = match started.position(|(lane, _)| Some(lane) == own) {
            Some(index) => index,
            None => self.started.iter().position(|(lane, _)| !self.kept.contains(lane))?,
        };
        if let Some(own) = own {
            self.release(own);
        }
        Some(self.started.remove(index))
    }

    /// A task of `lane` has ended. If its thread `keeps` the connection, it must take another task or
    /// release the connection.
    pub(super) fn done(&mut self, lane: &Lane, keeps: bool, now: Duration) {
        let members = match lane {
            Lane::OneByOne => Some(&mut self.one_by_one),
            Lane::Host(_) | Lane::Apart(_) => self.host(lane),
        };
        if let Some(members) = members {
            members.under_way = members.under_way.saturating_sub(1);
            members.progress = now;
        }
        if keeps {
            self.kept.push(lane.clone());
        }
        self.hosts.retain(|(_, host)| host.under_way > 0 || !host.waiting.is_empty());
        self.start(now);
    }

    /// A thread without a task keeps its connection of `lane` no longer.
    pub(super) fn release(&mut self, lane: &Lane) {
        if let Some(index) = self.kept.iter().position(|kept| kept == lane) {
            self.kept.swap_remove(index);
        }
    }

    /// Whether a thread without a task keeps a connection.
    pub(super) fn is_connection_kept(&self) -> bool {
        !self.kept.is_empty()
    }

    /// When [`Queue::start`] must be called although no task arrives or ends, since boot.
    pub(super) fn due(&self) -> Option<Duration> {
        if self.with_hosts() >= MAX_THREADS - RESERVED {
            return None;
        }
        self.hosts.iter().filter_map(|(_, host)| host.due()).min()
    }

    /// How many tasks are under way, with a thread or waiting for one.
    pub(super) fn under_way(&self) -> usize {
        self.one_by_one.under_way + self.with_hosts()
    }

    fn with_hosts(&self) -> usize {
        self.hosts.iter().map(|(_, host)| host.under_way).sum()
    }

    fn host(&mut self, lane: &Lane) -> Option<&mut LaneTasks<T>> {
        self.hosts.iter_mut().find(|(host, _)| host == lane).map(|(_, members)| members)
    }

    /// Starts what may start at `now`.
    pub(super) fn start(&mut self, now: Duration) {
        if self.one_by_one.under_way == 0
            && let Some((_, task)) = self.one_by_one.waiting.pop()
        {
            self.one_by_one.under_way = 1;
            self.started.push((Lane::OneByOne, task));
        }
        for (_, host) in &mut self.hosts {
            if host.due().is_some_and(|due| due <= now) {
                host.width += 1;
                host.widened = now;
            }
        }
        loop {
            if !self.start_waiting(now) && !self.assign_arrived(now) {
                return;
            }
        }
    }

    /// Starts the oldest task whose host may have another thread; false if there is none.
    fn start_waiting(&mut self, now: Duration) -> bool {
        let threads = self.with_hosts();
        let able = self.hosts.iter_mut();
        let able = able.filter(|(_, host)| !host.waiting.is_empty() && host.may_start(threads));
        let oldest = able.min_by_key(|(_, host)| host.waiting.first().map(|(number, _)| *number));
        let Some((lane, host)) = oldest else { return false };
        let Some((_, task)) = host.waiting.pop() else { return false };
        host.under_way += 1;
        host.progress = now;
        self.started.push((lane.clone(), task));
        true
    }

    /// Puts the oldest task that has arrived with its host; false if none has arrived, or no host may
    /// have another thread.
    fn assign_arrived(&mut self, now: Duration) -> bool {
        if self.with_hosts() >= MAX_THREADS {
            return false;
        }
        let Some((lane, number, task)) = self.arrived.pop() else { return false };
        if let Some(host) = self.host(&lane) {
            host.waiting.push((number, task));
            return true;
        }
        let width = if matches!(lane, Lane::Host(_)) { 1 } else { MAX_PER_HOST };
        let mut host = LaneTasks::new(width, now);
        host.waiting.push((number, task));
        self.hosts.push((lane, host));
        true
    }
}

#[cfg(test)]
mod tests;
