use proptest::prelude::*;

use super::*;

const NOW: Duration = Duration::from_secs(100);

fn host(name: impl ToString) -> Lane {
    Lane::Host(name.to_string())
}

fn page(name: impl ToString) -> Lane {
    Lane::Apart(name.to_string())
}

fn drain(queue: &mut Queue<u32>) -> Vec<Lane> {
    std::iter::from_fn(|| queue.take(None).map(|(lane, _)| lane)).collect()
}

#[test]
fn tasks_start_in_order_of_arrival() {
    let mut queue = Queue::new();
    queue.push(page("a"), 1, NOW);
    queue.push(page("b"), 2, NOW);
    assert_eq!(queue.take(None), Some((page("a"), 1)));
    assert_eq!(queue.take(None), Some((page("b"), 2)));
    assert_eq!(queue.take(None), None);
}

#[test]
fn a_host_that_hangs_leaves_threads_for_others() {
    let mut queue = Queue::new();
    (0..100).for_each(|i| queue.push(page("hangs"), i, NOW));
    assert_eq!(queue.under_way(), MAX_PER_HOST);
    assert_eq!(drain(&mut queue).len(), MAX_PER_HOST);
    queue.push(page("other"), 0, NOW);
    assert_eq!(queue.take(None).unwrap().0, page("other"));
    queue.done(&page("hangs"), false, NOW);
    assert_eq!(queue.take(None).unwrap().0, page("hangs"));
    assert_eq!(queue.take(None), None);
}

#[test]
fn several_hosts_that_hang_leave_threads_for_others() {
    let mut queue = Queue::new();
    for i in 0..1000 {
        queue.push(page(format!("hangs{}", i % 5)), i, NOW);
    }
    assert_eq!(drain(&mut queue).len(), MAX_THREADS - RESERVED);
    for i in 0..100 {
        queue.push(page(format!("other{i}")), i, NOW);
    }
    assert_eq!(drain(&mut queue).len(), RESERVED);
}

#[test]
fn of_two_hosts_with_free_threads_the_oldest_task_starts_first() {
    let mut queue = Queue::new();
    for (name, count) in [("a", 8), ("b", 8), ("c", 8), ("b", 1), ("a", 1)] {
        (0..count).for_each(|task| queue.push(page(name), task, NOW));
    }
    assert_eq!(drain(&mut queue).len(), MAX_THREADS - RESERVED);
    queue.done(&page("a"), false, NOW);
    assert_eq!(drain(&mut queue), [page("a")], "'b' has as many threads as it may have");
    queue.done(&page("b"), false, NOW);
    queue.push(page("b"), 2, NOW);
    assert_eq!(queue.take(None), Some((page("b"), 0)));
    queue.done(&page("a"), false, NOW);
    queue.push(page("a"), 3, NOW);
    queue.done(&page("b"), false, NOW);
    assert_eq!(drain(&mut queue), [page("a"), page("b")]);
}

#[test]
fn tasks_of_one_host_start_in_order_however_many_wait() {
    let mut queue = Queue::new();
    (0..20_000).for_each(|task| queue.push(page("one"), task, NOW));
    for expected in 0..20_000 {
        assert_eq!(queue.take(None), Some((page("one"), expected)));
        queue.done(&page("one"), false, NOW);
    }
    assert_eq!((queue.take(None), queue.under_way()), (None, 0));
}

#[test]
fn tasks_that_run_one_by_one_take_no_thread_from_others() {
    let mut queue = Queue::new();
    (0..5).for_each(|i| queue.push(Lane::OneByOne, i, NOW));
    for i in 0..1000 {
        queue.push(page(format!("hangs{}", i % 5)), i, NOW);
    }
    assert_eq!(drain(&mut queue).len(), 1 + MAX_THREADS - RESERVED);
    for i in 0..100 {
        queue.push(page(format!("other{i}")), i, NOW);
    }
    assert_eq!(drain(&mut queue).len(), RESERVED);
    queue.done(&Lane::OneByOne, false, NOW);
    assert_eq!(drain(&mut queue), [Lane::OneByOne], "whatever hangs");
}

fn ms(time: u64) -> Duration {
    Duration::from_millis(time)
}

#[test]
fn jobs_of_a_host_follow_one_another_while_they_get_on() {
    let mut queue = Queue::new();
    (0..20).for_each(|task| queue.push(host("one"), task, NOW));
    let mut now = NOW;
    for expected in 0..20 {
        assert_eq!(queue.take(None), Some((host("one"), expected)));
        assert_eq!(queue.take(None), None);
        assert_eq!(queue.due().is_some(), expected < 19);
        now += ms(99);
        queue.start(now);
        assert_eq!(queue.take(None), None);
        queue.done(&host("one"), false, now);
    }
    assert_eq!((queue.take(None), queue.due(), queue.under_way()), (None, None, 0));
}

#[test]
fn jobs_of_a_host_that_hangs_start_one_after_another() {
    let mut queue = Queue::new();
    (0..20).for_each(|task| queue.push(host("hangs"), task, NOW));
    let mut now = NOW;
    for expected in 1..MAX_PER_HOST {
        assert_eq!((drain(&mut queue).len(), queue.under_way()), (1, expected));
        assert_eq!(queue.due(), Some(now + PATIENCE));
        now += PATIENCE;
        queue.start(now);
    }
    assert_eq!(drain(&mut queue).len(), 1);
    assert_eq!(queue.due(), None, "there is no further thread for this host");
    queue.push(host("other"), 1, now);
    queue.push(host("other"), 2, now);
    assert_eq!(queue.take(None), Some((host("other"), 1)));
    assert_eq!(queue.due(), Some(now + PATIENCE));
}

#[test]
fn another_job_of_a_host_starts_if_many_wait() {
    let mut queue = Queue::new();
    (0..100).for_each(|task| queue.push(host("one"), task, NOW));
    for time in (0..2000).step_by(100) {
        assert_eq!(drain(&mut queue).len(), 1);
        queue.done(&host("one"), false, NOW + ms(time));
    }
    assert_eq!((drain(&mut queue).len(), queue.due()), (1, Some(NOW + RUSH)));
    queue.start(NOW + RUSH);
    assert_eq!((drain(&mut queue).len(), queue.under_way()), (1, 2));
    assert_eq!(queue.due(), Some(NOW + RUSH + PATIENCE));
}

#[test]
fn beside_a_job_that_hangs_the_others_wait_only_once() {
    let mut queue = Queue::new();
    (0..20).for_each(|task| queue.push(host("one"), task, NOW));
    assert_eq!(queue.take(None), Some((host("one"), 0)));
    queue.start(NOW + PATIENCE);
    for expected in 1..20 {
        assert_eq!(queue.take(None), Some((host("one"), expected)));
        queue.done(&host("one"), true, NOW + PATIENCE);
        queue.release(&host("one"));
    }
    assert_eq!((queue.under_way(), queue.due()), (1, None));
}

#[test]
fn the_thread_that_keeps_a_connection_takes_the_next_job_of_its_host() {
    let mut queue = Queue::new();
    queue.push(host("a"), 1, NOW);
    queue.take(None).unwrap();
    queue.done(&host("a"), true, NOW);
    queue.push(host("b"), 2, NOW);
    queue.push(host("a"), 3, NOW);
    assert_eq!(queue.take(Some(&host("a"))), Some((host("a"), 3)));
    assert_eq!(queue.take(None), Some((host("b"), 2)));
    queue.done(&host("a"), true, NOW);
    queue.push(host("a"), 4, NOW);
    assert_eq!(queue.take(None), None, "it is left to the thread with the connection");
    queue.release(&host("a"));
    assert_eq!(queue.take(None), Some((host("a"), 4)));
}

proptest! {
    #[test]
    fn the_limits_hold_and_nothing_is_lost(moves in prop::collection::vec((0..3, 0..12u8), 0..400)) {
        let mut queue = Queue::new();
        let (mut pushed, mut taken) = (0, vec![]);
        let mut under_way: Vec<Lane> = vec![];
        let mut now = NOW;
        for (what, number) in moves {
            now += ms(u64::from(number) * 20);
            match what {
                0 => {
                    let lane = match number {
                        0 => Lane::OneByOne,
                        1..6 => host(number),
                        _ => page(number),
                    };
                    queue.push(lane, pushed, now);
                    pushed += 1;
                }
                1 => {
                    queue.start(now);
                    prop_assert!(queue.due().is_none_or(|due| due > now));
                    let expected = queue.under_way() > under_way.len();
                    let next = queue.take(None);
                    prop_assert_eq!(expected, next.is_some());
                    if let Some((lane, task)) = next {
                        under_way.push(lane);
                        taken.push(task);
                    }
                }
                _ => {
                    if let Some(lane) = under_way.pop() {
                        queue.done(&lane, false, now);
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
            while let Some((lane, task)) = queue.take(None) {
                under_way.push(lane);
                taken.push(task);
            }
            under_way.drain(..).for_each(|lane| queue.done(&lane, false, now));
        }
        taken.sort_unstable();
        prop_assert_eq!(taken, (0..pushed).collect::<Vec<_>>());
    }
}
