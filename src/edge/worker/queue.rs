//! Which task runs next, and how many threads tasks of one kind may use. Pure.

use crate::model::fifo::Fifo;

/// Most threads, but for the one that carries out tasks one by one.
pub(super) const MAX_THREADS: usize = 32;
/// Most tasks under way with one host, so that one that hangs leaves threads for the others.
pub(super) const MAX_PER_HOST: usize = 8;
/// Threads that only serve hosts with no other task under way, so that several hosts that hang
/// cannot take all threads.
const RESERVED: usize = 8;

/// Tasks that wait for each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Tasks with this host, script or page: a few of them run at the same time.
    Host(String),
    /// Tasks that run one after the other, in order of arrival, while others run beside them.
    OneByOne,
}

/// Tasks in order of arrival, each with its lane.
///
/// A task is under way from the moment when its lane may have another thread, even if no thread has
/// taken it yet. The cost of a task does not depend on how many wait.
pub(super) struct Queue<T> {
    /// Tasks that may start and wait for a thread.
    started: Fifo<(Lane, T)>,
    one_by_one: Members<T>,
    /// The hosts that have tasks under way: [`MAX_THREADS`] at most.
    hosts: Vec<(Lane, Members<T>)>,
    /// Tasks with hosts that arrived after those in `hosts`, with their numbers.
    arrived: Fifo<(Lane, u64, T)>,
    /// The number of the next task.
    next: u64,
}

/// The tasks of one lane.
struct Members<T> {
    under_way: usize,
    /// Tasks that wait for the others of this lane, with their numbers.
    waiting: Fifo<(u64, T)>,
}

impl<T> Members<T> {
    const fn new() -> Self {
        Self { under_way: 0, waiting: Fifo::new() }
    }

    /// Whether another task of this host may start while tasks with hosts have so many `threads`.
    fn may_start(&self, threads: usize) -> bool {
        match self.under_way {
            0 => threads < MAX_THREADS,
            of_host => of_host < MAX_PER_HOST && threads < MAX_THREADS - RESERVED,
        }
    }
}

impl<T> Queue<T> {
    pub(super) const fn new() -> Self {
        Self {
            started: Fifo::new(),
            one_by_one: Members::new(),
            hosts: Vec::new(),
            arrived: Fifo::new(),
            next: 0,
        }
    }

    /// Adds a task.
    pub(super) fn push(&mut self, lane: Lane, task: T) {
        self.next += 1;
        match lane {
            Lane::OneByOne => self.one_by_one.waiting.push((self.next, task)),
            Lane::Host(_) => self.arrived.push((lane, self.next, task)),
        }
        self.start();
    }

    /// The next task for a thread. [`Queue::done`] must follow.
    pub(super) fn take(&mut self) -> Option<(Lane, T)> {
        self.started.pop()
    }

    /// A task of `lane` has ended.
    pub(super) fn done(&mut self, lane: &Lane) {
        let members = match lane {
            Lane::OneByOne => Some(&mut self.one_by_one),
            Lane::Host(_) => self.host(lane),
        };
        if let Some(members) = members {
            members.under_way = members.under_way.saturating_sub(1);
        }
        self.hosts.retain(|(_, host)| host.under_way > 0 || !host.waiting.is_empty());
        self.start();
    }

    /// How many tasks are under way, with a thread or waiting for one.
    pub(super) fn under_way(&self) -> usize {
        self.one_by_one.under_way + self.with_hosts()
    }

    fn with_hosts(&self) -> usize {
        self.hosts.iter().map(|(_, host)| host.under_way).sum()
    }

    fn host(&mut self, lane: &Lane) -> Option<&mut Members<T>> {
        self.hosts.iter_mut().find(|(host, _)| host == lane).map(|(_, members)| members)
    }

    /// Starts what may start.
    fn start(&mut self) {
        if self.one_by_one.under_way == 0
            && let Some((_, task)) = self.one_by_one.waiting.pop()
        {
            self.one_by_one.under_way = 1;
            self.started.push((Lane::OneByOne, task));
        }
        loop {
            if !self.start_waiting() && !self.assign_arrived() {
                return;
            }
        }
    }

    /// Starts the oldest task whose host may have another thread; false if there is none.
    fn start_waiting(&mut self) -> bool {
        let threads = self.with_hosts();
        let able = self.hosts.iter_mut();
        let able = able.filter(|(_, host)| !host.waiting.is_empty() && host.may_start(threads));
        let oldest = able.min_by_key(|(_, host)| host.waiting.first().map(|(number, _)| *number));
        let Some((lane, host)) = oldest else { return false };
        let Some((_, task)) = host.waiting.pop() else { return false };
        host.under_way += 1;
        self.started.push((lane.clone(), task));
        true
    }

    /// Puts the oldest task that has arrived with its host; false if none has arrived, or no host may
    /// have another thread.
    fn assign_arrived(&mut self) -> bool {
        if self.with_hosts() >= MAX_THREADS {
            return false;
        }
        let Some((lane, number, task)) = self.arrived.pop() else { return false };
        if let Some(host) = self.host(&lane) {
            host.waiting.push((number, task));
            return true;
        }
        let mut host = Members::new();
        host.waiting.push((number, task));
        self.hosts.push((lane, host));
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn host(name: impl ToString) -> Lane {
        Lane::Host(name.to_string())
    }

    fn drain(queue: &mut Queue<u32>) -> Vec<Lane> {
        std::iter::from_fn(|| queue.take().map(|(lane, _)| lane)).collect()
    }

    #[test]
    fn tasks_start_in_order_of_arrival() {
        let mut queue = Queue::new();
        queue.push(host("a"), 1);
        queue.push(host("b"), 2);
        assert_eq!(queue.take(), Some((host("a"), 1)));
        assert_eq!(queue.take(), Some((host("b"), 2)));
        assert_eq!(queue.take(), None);
    }

    #[test]
    fn a_host_that_hangs_leaves_threads_for_others() {
        let mut queue = Queue::new();
        (0..100).for_each(|i| queue.push(host("hangs"), i));
        assert_eq!(queue.under_way(), MAX_PER_HOST);
        assert_eq!(drain(&mut queue).len(), MAX_PER_HOST);
        queue.push(host("other"), 0);
        assert_eq!(queue.take().unwrap().0, host("other"));
        queue.done(&host("hangs"));
        assert_eq!(queue.take().unwrap().0, host("hangs"));
        assert_eq!(queue.take(), None);
    }

    #[test]
    fn several_hosts_that_hang_leave_threads_for_others() {
        let mut queue = Queue::new();
        for i in 0..1000 {
            queue.push(host(format!("hangs{}", i % 5)), i);
        }
        assert_eq!(drain(&mut queue).len(), MAX_THREADS - RESERVED);
        for i in 0..100 {
            queue.push(host(format!("other{i}")), i);
        }
        assert_eq!(drain(&mut queue).len(), RESERVED);
    }

    #[test]
    fn of_two_hosts_with_free_threads_the_oldest_task_starts_first() {
        let mut queue = Queue::new();
        for (name, count) in [("a", 8), ("b", 8), ("c", 8), ("b", 1), ("a", 1)] {
            (0..count).for_each(|task| queue.push(host(name), task));
        }
        assert_eq!(drain(&mut queue).len(), MAX_THREADS - RESERVED);
        queue.done(&host("a"));
        assert_eq!(drain(&mut queue), [host("a")], "'b' has as many threads as it may have");
        queue.done(&host("b"));
        queue.push(host("b"), 2);
        assert_eq!(queue.take(), Some((host("b"), 0)));
        queue.done(&host("a"));
        queue.push(host("a"), 3);
        queue.done(&host("b"));
        assert_eq!(drain(&mut queue), [host("a"), host("b")]);
    }

    #[test]
    fn tasks_of_one_host_start_in_order_however_many_wait() {
        let mut queue = Queue::new();
        (0..20_000).for_each(|task| queue.push(host("one"), task));
        for expected in 0..20_000 {
            assert_eq!(queue.take(), Some((host("one"), expected)));
            queue.done(&host("one"));
        }
        assert_eq!((queue.take(), queue.under_way()), (None, 0));
    }

    #[test]
    fn tasks_that_run_one_by_one_take_no_thread_from_others() {
        let mut queue = Queue::new();
        (0..5).for_each(|i| queue.push(Lane::OneByOne, i));
        for i in 0..1000 {
            queue.push(host(format!("hangs{}", i % 5)), i);
        }
        assert_eq!(drain(&mut queue).len(), 1 + MAX_THREADS - RESERVED);
        for i in 0..100 {
            queue.push(host(format!("other{i}")), i);
        }
        assert_eq!(drain(&mut queue).len(), RESERVED);
        queue.done(&Lane::OneByOne);
        assert_eq!(drain(&mut queue), [Lane::OneByOne], "whatever hangs");
    }

    proptest! {
        #[test]
        fn the_limits_hold_and_nothing_is_lost(moves in prop::collection::vec((0..3, 0..12u8), 0..400)) {
            let mut queue = Queue::new();
            let (mut pushed, mut taken) = (0, vec![]);
            let mut under_way: Vec<Lane> = vec![];
            for (what, number) in moves {
                match what {
                    0 => {
                        let lane = if number == 0 { Lane::OneByOne } else { host(number) };
                        queue.push(lane, pushed);
                        pushed += 1;
                    }
                    1 => {
                        let expected = queue.under_way() > under_way.len();
                        let next = queue.take();
                        prop_assert_eq!(expected, next.is_some());
                        if let Some((lane, task)) = next {
                            under_way.push(lane);
                            taken.push(task);
                        }
                    }
                    _ => {
                        if let Some(lane) = under_way.pop() {
                            queue.done(&lane);
                        }
                    }
                }
                let one_by_one = under_way.iter().filter(|lane| **lane == Lane::OneByOne).count();
                prop_assert!(one_by_one <= 1 && under_way.len() - one_by_one <= MAX_THREADS);
                for lane in &under_way {
                    prop_assert!(under_way.iter().filter(|l| *l == lane).count() <= MAX_PER_HOST);
                }
            }
            while queue.under_way() > 0 {
                while let Some((lane, task)) = queue.take() {
                    under_way.push(lane);
                    taken.push(task);
                }
                under_way.drain(..).for_each(|lane| queue.done(&lane));
            }
            taken.sort_unstable();
            prop_assert_eq!(taken, (0..pushed).collect::<Vec<_>>());
        }
    }
}
