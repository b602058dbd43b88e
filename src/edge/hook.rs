//! The owner's hook (`option hook`): a program that is started for each event, one after the other.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::edge::process::{End, Running, program};
use crate::edge::spawn::Exit;
use crate::edge::thread::{self, SMALL_STACK};
use crate::model::fifo::Fifo;
use crate::model::{Level, Notice};
use crate::time::Duration;
use crate::time::duration::seconds;

/// How long the hook may run.
const LIMIT: Duration = Duration::from_secs(60);
/// Most events that wait for the hook. Later ones are dropped.
const MAX_WAITING: usize = 1000;

/// Starts the hook on a thread, which ends when no event is left.
pub struct Hook {
    queue: Arc<Mutex<HookQueue>>,
    tell: Arc<dyn Fn(Notice) + Send + Sync>,
}

#[derive(Default)]
struct HookQueue {
    waiting: Fifo<HookRun>,
    is_running: bool,
    /// How many events were dropped since the log said so.
    dropped: u32,
}

/// One start of the hook.
struct HookRun {
    path: PathBuf,
    environment: Vec<String>,
}

impl Hook {
    /// `tell` gets a warning when the hook fails. It is called on the thread.
    pub fn new(tell: impl Fn(Notice) + Send + Sync + 'static) -> Self {
        Self { queue: Arc::default(), tell: Arc::new(tell) }
    }

    /// Starts the program `path` with these values in its environment, after those that wait.
    pub fn run(&self, path: &Path, environment: Vec<String>) {
        let mut queue = lock(&self.queue);
        if queue.waiting.len() >= MAX_WAITING {
            queue.dropped = queue.dropped.saturating_add(1);
            return;
        }
        queue.waiting.push(HookRun { path: path.to_owned(), environment });
        if queue.is_running {
            return;
        }
        let (shared, tell) = (Arc::clone(&self.queue), Arc::clone(&self.tell));
        let work = Box::new(move || work(&shared, &*tell));
        // Without memory for a thread, the next event tries again.
        queue.is_running = thread::start("hook", SMALL_STACK, work);
    }
}

fn work(queue: &Mutex<HookQueue>, tell: &dyn Fn(Notice)) {
    while let Some(run) = next(queue, tell) {
        let hook = run.path.display().to_string();
        if let Err(why) = start(run) {
            let text = format!("hook: {hook} {why}; it is not started again for this event");
            tell(Notice::general(Level::Warning, text));
        }
    }
}

/// The next start; `None` if there is none: then the thread ends.
fn next(queue: &Mutex<HookQueue>, tell: &dyn Fn(Notice)) -> Option<HookRun> {
    let mut queue = lock(queue);
    let run = queue.waiting.pop();
    // This is set under the lock of the queue: an event that comes after the end of this thread starts another one.
    queue.is_running = run.is_some();
    // The log is told once, when the queue is empty: a line for each of thousands of events would fill the log.
    let dropped = if run.is_none() { std::mem::take(&mut queue.dropped) } else { 0 };
    drop(queue);
    if dropped > 0 {
        let text = format!("the hook was too slow: it was not started for {dropped} events");
        tell(Notice::general(Level::Warning, text));
    }
    run
}

/// Runs the hook to its end.
fn start(run: HookRun) -> Result<(), String> {
    let mut program = program(vec![run.path.into()]);
    for value in run.environment {
        program.environment.push(value.into());
    }
    let running = Running::start(program, None, None).map_err(cannot_run)?;
    let ended = running.wait(LIMIT, &mut |_| {}).map_err(cannot_run)?;
    let why = match ended.end {
        End::Exited(Exit::Status(0)) => return Ok(()),
        End::Exited(exit) => exit.to_string(),
        // A hook publishes no address, so it is not killed when an address goes.
        End::OutOfTime(_) | End::AddressGone => {
            format!("was killed after {}", seconds(LIMIT))
        }
    };
    match ended.complaint(&[]) {
        Some(complaint) => Err(format!("{why}: {complaint}")),
        None => Err(why),
    }
}

fn cannot_run(error: std::io::Error) -> String {
    format!("cannot be run: {error}")
}

fn lock(queue: &Mutex<HookQueue>) -> MutexGuard<'_, HookQueue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}
