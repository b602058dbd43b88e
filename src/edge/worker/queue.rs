//! Which task runs next, and how many threads tasks of one kind may use. Pure.

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
pub(super) struct Queue<T> {
    waiting: Vec<(Lane, T)>,
    /// The lanes of the tasks under way.
    busy: Vec<Lane>,
}

impl<T> Queue<T> {
    pub(super) const fn new() -> Self {
        Self { waiting: Vec::new(), busy: Vec::new() }
    }

    /// Adds a task.
    pub(super) fn push(&mut self, lane: Lane, task: T) {
        self.waiting.push((lane, task));
    }

    /// The oldest task whose lane may have another thread. [`Queue::done`] must follow.
    pub(super) fn take(&mut self) -> Option<(Lane, T)> {
        let busy: Vec<&Lane> = self.busy.iter().collect();
        let next = self.waiting.iter().position(|(lane, _)| may_run(&busy, lane))?;
        let (lane, task) = self.waiting.remove(next);
        self.busy.push(lane.clone());
        Some((lane, task))
    }

    /// A task of `lane` has ended.
    pub(super) fn done(&mut self, lane: &Lane) {
        if let Some(index) = self.busy.iter().position(|busy| busy == lane) {
            self.busy.swap_remove(index);
        }
    }

    /// How many tasks are under way.
    pub(super) fn running(&self) -> usize {
        self.busy.len()
    }

    /// How many waiting tasks could start now if there were threads.
    pub(super) fn startable(&self) -> usize {
        let mut busy: Vec<&Lane> = self.busy.iter().collect();
        for (lane, _) in &self.waiting {
            if may_run(&busy, lane) {
                busy.push(lane);
            }
        }
        busy.len() - self.busy.len()
    }
}

/// Whether another task of `lane` may start beside those of the lanes `busy`.
fn may_run(busy: &[&Lane], lane: &Lane) -> bool {
    let of_lane = count(busy, lane);
    let one_by_one = count(busy, &Lane::OneByOne);
    if *lane == Lane::OneByOne {
        return one_by_one == 0;
    }
    let running = busy.len() - one_by_one;
    of_lane == 0 && running < MAX_THREADS
        || of_lane < MAX_PER_HOST && running < MAX_THREADS - RESERVED
}

fn count(busy: &[&Lane], lane: &Lane) -> usize {
    busy.iter().filter(|other| **other == lane).count()
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
        assert_eq!(queue.startable(), MAX_PER_HOST);
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
                        let startable = queue.startable();
                        let next = queue.take();
                        prop_assert_eq!(startable > 0, next.is_some());
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
            while !under_way.is_empty() || queue.startable() > 0 {
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
