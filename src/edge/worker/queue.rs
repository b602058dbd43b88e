//! Who is served next, and by how many threads. Pure.

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
    waiting: Vec<(String, T)>,
    /// The hosts of the tasks under way.
    busy: Vec<String>,
}

impl<T> Queue<T> {
    pub(super) const fn new() -> Self {
        Self { waiting: Vec::new(), busy: Vec::new() }
    }

    /// Adds a task.
    pub(super) fn push(&mut self, host: String, task: T) {
        self.waiting.push((host, task));
    }

    /// The oldest task whose host may have another thread. [`Queue::done`] must follow.
    pub(super) fn take(&mut self) -> Option<(String, T)> {
        let busy: Vec<&str> = self.busy.iter().map(String::as_str).collect();
        let next = self.waiting.iter().position(|(host, _)| may_run(&busy, host))?;
        let (host, task) = self.waiting.remove(next);
        self.busy.push(host.clone());
        Some((host, task))
    }

    /// A task with `host` has ended.
    pub(super) fn done(&mut self, host: &str) {
        if let Some(at) = self.busy.iter().position(|busy| busy == host) {
            self.busy.swap_remove(at);
        }
    }

    /// How many tasks are under way.
    pub(super) fn running(&self) -> usize {
        self.busy.len()
    }

    /// How many waiting tasks could start now if there were threads.
    pub(super) fn startable(&self) -> usize {
        let mut busy: Vec<&str> = self.busy.iter().map(String::as_str).collect();
        for (host, _) in &self.waiting {
            if may_run(&busy, host) {
                busy.push(host);
            }
        }
        busy.len() - self.busy.len()
    }
}

/// Whether another task with `host` may start beside those with `busy`.
fn may_run(busy: &[&str], host: &str) -> bool {
    let with = |host: &str| busy.iter().filter(|other| **other == host).count();
    let (with_host, looking_up) = (with(host), with(LOOK_UP));
    if host == LOOK_UP {
        return looking_up == 0;
    }
    let running = busy.len() - looking_up;
    with_host == 0 && running < MAX_THREADS
        || with_host < MAX_PER_HOST && running < MAX_THREADS - RESERVED
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

    #[test]
    fn look_ups_take_no_thread_from_others() {
        let mut queue = Queue::new();
        (0..5).for_each(|i| queue.push(LOOK_UP.into(), i));
        for i in 0..1000 {
            queue.push(format!("hangs{}", i % 5), i);
        }
        assert_eq!(drain(&mut queue).len(), 1 + MAX_THREADS - RESERVED);
        for i in 0..100 {
            queue.push(format!("other{i}"), i);
        }
        assert_eq!(drain(&mut queue).len(), RESERVED);
        queue.done(LOOK_UP);
        assert_eq!(drain(&mut queue), [LOOK_UP], "whatever hangs");
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
                        let host = if host == 0 { LOOK_UP.into() } else { host.to_string() };
                        queue.push(host, pushed);
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
                let looking_up = under_way.iter().filter(|host| *host == LOOK_UP).count();
                prop_assert!(looking_up <= 1 && under_way.len() - looking_up <= MAX_THREADS);
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
