//! Who is served next, and by how many threads. Pure.

use std::collections::{BTreeMap, VecDeque};

/// Most threads, but for the one that looks names up.
pub(super) const MAX_THREADS: usize = 32;
/// Most tasks under way with one host, so that one that hangs leaves threads for the others.
pub(super) const MAX_PER_HOST: usize = 8;
/// Threads that only serve hosts nobody else is busy with: several that hang must not take all.
const RESERVED: usize = 8;

/// In the place of a host: look-ups have one thread, beside those of all others.
pub(super) const LOOK_UP: &str = "look up";

/// Tasks in order of arrival, each with the host it will keep a thread busy with.
pub(super) struct Queue<T> {
    waiting: VecDeque<(String, T)>,
    busy: BTreeMap<String, usize>,
    running: usize,
}

impl<T> Queue<T> {
    pub(super) const fn new() -> Self {
        Self { waiting: VecDeque::new(), busy: BTreeMap::new(), running: 0 }
    }

    /// Adds a task.
    pub(super) fn push(&mut self, host: String, task: T) {
        self.waiting.push_back((host, task));
    }

    /// The oldest task whose host may have another thread. [`Queue::done`] must follow.
    pub(super) fn take(&mut self) -> Option<(String, T)> {
        let next = self.waiting.iter().position(|(host, _)| self.may_run(host))?;
        let (host, task) = self.waiting.remove(next)?;
        *self.busy.entry(host.clone()).or_insert(0) += 1;
        self.running += 1;
        Some((host, task))
    }

    /// A task with `host` has ended.
    pub(super) fn done(&mut self, host: &str) {
        self.running = self.running.saturating_sub(1);
        if let Some(count) = self.busy.get_mut(host) {
            *count -= 1;
            if *count == 0 {
                self.busy.remove(host);
            }
        }
    }

    /// How many tasks are under way.
    pub(super) fn running(&self) -> usize {
        self.running
    }

    /// How many waiting tasks could start now if there were threads.
    pub(super) fn startable(&self) -> usize {
        let mut free =
            Self { waiting: VecDeque::new(), busy: self.busy.clone(), running: self.running };
        let mut count = 0;
        for (host, _) in &self.waiting {
            if free.may_run(host) {
                *free.busy.entry(host.clone()).or_insert(0) += 1;
                free.running += 1;
                count += 1;
            }
        }
        count
    }

    fn may_run(&self, host: &str) -> bool {
        let with = |host: &str| self.busy.get(host).copied().unwrap_or(0);
        let (with_host, looking_up) = (with(host), with(LOOK_UP));
        if host == LOOK_UP {
            return looking_up == 0;
        }
        let running = self.running - looking_up;
        with_host == 0 && running < MAX_THREADS
            || with_host < MAX_PER_HOST && running < MAX_THREADS - RESERVED
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn drain(queue: &mut Queue<u32>) -> Vec<String> {
        std::iter::from_fn(|| queue.take().map(|(host, _)| host)).collect()
    }

    #[test]
    fn first_come_first_served() {
        let mut queue = Queue::new();
        queue.push("a".into(), 1);
        queue.push("b".into(), 2);
        assert_eq!(queue.take(), Some(("a".into(), 1)));
        assert_eq!(queue.take(), Some(("b".into(), 2)));
        assert_eq!(queue.take(), None);
    }

    #[test]
    fn a_host_that_hangs_leaves_room() {
        let mut queue = Queue::new();
        (0..100).for_each(|i| queue.push("hangs".into(), i));
        assert_eq!(queue.startable(), MAX_PER_HOST);
        assert_eq!(drain(&mut queue).len(), MAX_PER_HOST);
        queue.push("other".into(), 0);
        assert_eq!(queue.take().unwrap().0, "other");
        queue.done("hangs");
        assert_eq!(queue.take().unwrap().0, "hangs");
        assert_eq!(queue.take(), None);
    }

    #[test]
    fn several_hosts_that_hang_leave_room_too() {
        let mut queue = Queue::new();
        for i in 0..1000 {
            queue.push(format!("hangs{}", i % 5), i);
        }
        assert_eq!(drain(&mut queue).len(), MAX_THREADS - RESERVED);
        for i in 0..100 {
            queue.push(format!("other{i}"), i);
        }
        assert_eq!(drain(&mut queue).len(), RESERVED);
    }

    proptest! {
        #[test]
        fn the_limits_hold_and_nothing_is_lost(moves in prop::collection::vec((0..3, 0..12u8), 0..400)) {
            let mut queue = Queue::new();
            let (mut pushed, mut taken) = (0, vec![]);
            let mut under_way: Vec<String> = vec![];
            for (what, host) in moves {
                match what {
                    0 => {
                        queue.push(host.to_string(), pushed);
                        pushed += 1;
                    }
                    1 => {
                        let startable = queue.startable();
                        let next = queue.take();
                        prop_assert_eq!(startable > 0, next.is_some());
                        if let Some((host, task)) = next {
                            under_way.push(host);
                            taken.push(task);
                        }
                    }
                    _ => {
                        if let Some(host) = under_way.pop() {
                            queue.done(&host);
                        }
                    }
                }
                prop_assert!(under_way.len() <= MAX_THREADS);
                for host in &under_way {
                    prop_assert!(under_way.iter().filter(|h| *h == host).count() <= MAX_PER_HOST);
                }
            }
            while !under_way.is_empty() || queue.startable() > 0 {
                while let Some((host, task)) = queue.take() {
                    under_way.push(host);
                    taken.push(task);
                }
                under_way.drain(..).for_each(|host| queue.done(&host));
            }
            taken.sort_unstable();
            prop_assert_eq!(taken, (0..pushed).collect::<Vec<_>>());
        }
    }
}
