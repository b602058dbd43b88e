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

    fn publish(&self, publication: Publication, _: &mut Clients, _: &dyn Fn(Notice)) -> Finished {
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
    pool.submit(Task::Publish(Publication {
        id,
        section: Arc::new(section),
        sections: vec!["home".into()],
        job: Job::default(),
        transport: fixture::transport(),
        global: Arc::new(fixture::global()),
    }));
}

fn finished(events: &Receiver<Event>) -> JobId {
    let event = events.recv_timeout(Duration::from_secs(20).into()).unwrap();
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
        begun.recv_timeout(Duration::from_secs(20).into()).unwrap();
    }
    publish(&pool, 1000, "other");
    assert_eq!(finished(&events), 1000);
    drop(release);
    let rest: BTreeSet<JobId> = (0..60).map(|_| finished(&events)).collect();
    assert_eq!(rest, (0..60).collect());
    assert!(pool.0.lock().threads <= queue::MAX_THREADS);
}

/// Publishes a job for each of `hosts`, and waits until all have begun.
fn begin(pool: &Pool, begun: &Receiver<JobId>, hosts: [JobId; 4]) {
    for host in hosts {
        publish(pool, host, &format!("hangs{host}"));
    }
    // A thread that nobody wakes looks for tasks only after IDLE.
    let soon = Duration::from_secs(IDLE.as_secs() / 2);
    for _ in hosts {
        begun.recv_timeout(soon.into()).unwrap();
    }
}

/// Ends these jobs, and waits until their threads wait for others.
fn end(events: &Receiver<Event>, release: &Sender<()>) {
    for _ in 0..4 {
        release.send(()).unwrap();
        finished(events);
    }
    std::thread::sleep(Duration::from_millis(100).into());
}

#[test]
fn threads_without_a_task_take_the_next_ones_at_once() {
    let (began, begun) = channel();
    let (release, releases) = channel();
    let (pool, events) = pool(Waits { began, releases: Mutex::new(releases) });
    begin(&pool, &begun, [0, 1, 2, 3]);
    end(&events, &release);
    begin(&pool, &begun, [0, 1, 2, 3]);
    end(&events, &release);
    assert_eq!(pool.0.lock().threads, 4);
    // All jobs of one host: they begin although the earlier ones do not end.
    begin(&pool, &begun, [0, 0, 0, 0]);
    end(&events, &release);
    assert_eq!(pool.0.lock().threads, 4);
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
        let event = events.recv_timeout(Duration::from_secs(20).into()).unwrap();
        let Event::Detected { section, result, .. } = event else { panic!("{event:?}") };
        assert_eq!(section, "wan");
        assert_eq!(result.is_ok(), matches!(probe, Probe::Script(_)), "{result:?}");
    }
}
