//! The loop: turns the world into [`Event`]s and [`Action`]s into calls. It has no opinion.
//!
//! This is the composition root: the one module that names both the engine and the edges.

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::FutureExt as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use crate::cli::exit;
use crate::clock::{self, ClockStep, Now};
use crate::config::mistake::Severity;
use crate::config::{Config, Family, Section, Source, Trust};
use crate::control::{Ask, Control, Reply, Request};
use crate::engine::Engine;
use crate::engine::event::{Action, Event, Finished, JobId, Level, Notice};
use crate::load::{self, Loaded};
use crate::logger::{Logger, Target};
use crate::netlink::socket::Socket;
use crate::netlink::{Report, Table};
use crate::probe::Probe;
use crate::provider::{self, Job, Outcome, Step};
use crate::store::{Store, StoreThread};
use crate::worker::{Pool, Task};

/// Time that the state may take to reach flash when the daemon ends.
const FLUSH: Duration = Duration::from_millis(700);
/// Most kernel messages that are taken in before the engine looks at them.
const BATCH: usize = 1024;
/// Pause before another try after the netlink socket broke.
const REOPEN: Duration = Duration::from_secs(1);

/// What the daemon is started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Follow the kernel until told to stop.
    Serve,
    /// Bring every section up to date and end.
    Once,
    /// Say what `Once` would send.
    DryRun,
}

/// Everything that the loop owns.
struct Daemon {
    mode: Mode,
    file: PathBuf,
    config: Config,
    engine: Engine,
    logger: Logger,
    netlink: Socket,
    pool: Pool,
    store: StoreThread,
    control: Option<Control>,
    incoming: mpsc::UnboundedReceiver<Incoming>,
}

/// What other threads tell the loop.
enum Incoming {
    Event(Event),
    Notice(Notice),
}

/// Runs until it is done or told to stop; returns the exit code.
pub async fn run(file: &Path, loaded: Loaded, mode: Mode, stderr: bool) -> u8 {
    let mut logger = Logger::new(Target::choose(stderr || mode != Mode::Serve));
    logger.configure(&loaded.checked.config);
    let signals = Signals::new();
    let netlink = Socket::open();
    let (mut signals, netlink) = match (signals, netlink) {
        (Ok(signals), Ok(netlink)) => (signals, netlink),
        (Err(error), _) | (_, Err(error)) => {
            let text = format!("cannot listen to the kernel: {error}");
            logger.say(&Notice { section: None, level: Level::Critical, text });
            return exit::INTERNAL;
        }
    };
    let mut daemon = Daemon::new(file, loaded, mode, logger, netlink);
    if mode == Mode::Serve {
        daemon.listen();
    }
    daemon.serve(&mut signals).await
}

impl Daemon {
    fn new(file: &Path, loaded: Loaded, mode: Mode, logger: Logger, netlink: Socket) -> Self {
        let (sender, incoming) = mpsc::unbounded_channel();
        let store = Store::open(loaded.checked.config.global.statedir.clone());
        let (state, lost) = store.load();
        let to_loop = sender.clone();
        let store = StoreThread::new(store, move |notice| {
            let _ = to_loop.send(Incoming::Notice(notice));
        });
        let pool = Pool::new(clock::uptime, move |event| {
            let _ = sender.send(Incoming::Event(event));
        });
        let now = clock::now();
        let seed = std::process::id() ^ now.up.subsec_nanos();
        let mut daemon = Self {
            mode,
            file: file.to_owned(),
            config: loaded.checked.config.clone(),
            engine: Engine::new(state, seed),
            logger,
            netlink,
            pool,
            store,
            control: None,
            incoming,
        };
        for text in lost {
            daemon.say(Level::Warning, text);
        }
        daemon.adopt(loaded, now);
        daemon
    }

    /// Opens the control socket. Without it the daemon still does its work.
    fn listen(&mut self) {
        match Control::bind(&self.config.global.rundir) {
            Ok(control) => self.control = Some(control),
            Err(error) => {
                let rundir = self.config.global.rundir.display().to_string();
                self.say(
                    Level::Warning,
                    format!("status, why and update will not work: no socket in {rundir}: {error}"),
                );
            }
        }
    }

    async fn serve(&mut self, signals: &mut Signals) -> u8 {
        let mut clock_step = ClockStep::new();
        loop {
            let now = clock::now();
            while let Some(action) = self.engine.poll(now) {
                self.perform(action, now);
            }
            if self.mode != Mode::Serve && self.engine.at_rest(now) {
                return self.conclude(now);
            }
            let deadline = self.engine.deadline(now).map(|at| at.saturating_sub(now.up));
            let event = tokio::select! {
                biased;
                _ = signals.terminate.recv() => return self.stop(),
                _ = signals.interrupt.recv() => return self.stop(),
                report = self.netlink.next() => {
                    self.kernel(report).await;
                    continue;
                }
                Some(incoming) = self.incoming.recv() => match incoming {
                    Incoming::Event(event) => event,
                    Incoming::Notice(notice) => {
                        self.logger.say(&notice);
                        continue;
                    }
                },
                request = next_request(self.control.as_mut()) => {
                    self.answer(request);
                    continue;
                }
                _ = signals.reload.recv() => {
                    self.reload();
                    continue;
                }
                _ = signals.update.recv() => Event::Force(Vec::new()),
                () = clock_step.stepped() => Event::ClockStepped,
                () = sleep(deadline) => continue,
            };
            self.engine.handle(event, clock::now());
        }
    }

    /// Takes in what the kernel said, and everything else that it has said already.
    async fn kernel(&mut self, first: std::io::Result<Report>) {
        let mut next = Some(first);
        for _ in 0..BATCH {
            match next {
                Some(Ok(report)) => self.engine.handle(Event::Kernel(report), clock::now()),
                Some(Err(error)) => return self.reopen(&error).await,
                None => return,
            }
            next = self.netlink.next().now_or_never();
        }
        if let Some(Ok(report)) = next {
            self.engine.handle(Event::Kernel(report), clock::now());
        }
    }

    /// The netlink socket broke: nothing is known until another one has dumped everything.
    async fn reopen(&mut self, error: &std::io::Error) {
        self.say(Level::Error, format!("the kernel's events broke off ({error}); trying again"));
        self.engine.handle(Event::Kernel(Report::Lost), clock::now());
        loop {
            match Socket::open() {
                Ok(socket) => {
                    self.netlink = socket;
                    return Table::ALL.iter().for_each(|&table| self.netlink.request_dump(table));
                }
                Err(_) => tokio::time::sleep(REOPEN).await,
            }
        }
    }

    fn perform(&mut self, action: Action, now: Now) {
        match action {
            Action::Dump(table) => self.netlink.request_dump(table),
            Action::Publish { id, section, job } if self.mode == Mode::DryRun => {
                self.pretend(id, &section, &job, now);
            }
            Action::Publish { id, section, job } => self.publish(id, &section, &job, now),
            Action::Detect { section, family } => {
                if let Some(found) = self.config.sections.iter().find(|s| s.name == section) {
                    self.pool.submit(Task::Detect { section, family, probe: probe(found, family) });
                }
            }
            Action::Save(_) if self.mode == Mode::DryRun => {}
            Action::Save(state) => self.store.put(state),
            Action::Say(notice) => self.logger.say(&notice),
        }
    }

    fn publish(&mut self, id: JobId, section: &str, job: &Job, now: Now) {
        let Some(found) = self.config.sections.iter().find(|s| s.name == section) else {
            let finished = ended(id, job, "the section is gone");
            return self.engine.handle(Event::Finished(finished), now);
        };
        self.pool.submit(Task::Publish {
            id,
            host: provider::hosts(found).into_iter().next().unwrap_or_default(),
            changes: job.changes.len(),
            exchange: provider::exchange(found, job),
            transport: found.transport.clone(),
        });
    }

    /// Prints what would be sent and believes that it was accepted.
    fn pretend(&mut self, id: JobId, section: &str, job: &Job, now: Now) {
        if let Some(found) = self.config.sections.iter().find(|s| s.name == section) {
            for change in &job.changes {
                let single = Job { changes: vec![change.clone()] };
                let shown = match provider::exchange(found, &single).start() {
                    Step::Send(request) => format!("would send {}", request.shown),
                    Step::Done(outcomes) => match outcomes.into_iter().next() {
                        Some(Outcome::Refused { reason, .. }) => {
                            format!("cannot be sent: {reason}")
                        }
                        _ => "nothing to send".into(),
                    },
                };
                let (name, record) = (&change.name, change.family().record_type());
                println!("{section}: {name} {record} {}: {shown}", change.address);
            }
        }
        let outcomes = vec![Outcome::Updated; job.changes.len()];
        let finished = Finished { outcomes, ..ended(id, job, "") };
        self.engine.handle(Event::Finished(finished), now);
    }

    fn answer(&mut self, request: Request) {
        let now = clock::now();
        let reply = match &request.ask {
            Ask::Status => self.status(now),
            Ask::StatusJson => {
                let mut status = self.engine.status(now).to_json();
                status["version"] = env!("CARGO_PKG_VERSION").into();
                status["disabled"] = self.config.disabled.clone().into();
                status["broken"] = self
                    .config
                    .broken
                    .iter()
                    .map(|(name, why)| serde_json::json!({ "name": name, "reason": why }))
                    .collect();
                Reply { ok: true, text: format!("{status}\n") }
            }
            Ask::Why(section) => self.why(section, now),
            Ask::Update(sections) => self.update(sections, now),
        };
        request.reply(reply);
    }

    fn status(&mut self, now: Now) -> Reply {
        let logger = std::cell::RefCell::new(&mut self.logger);
        let date = |wall| logger.borrow_mut().date(wall);
        let mut text = self.engine.status(now).to_text(&date);
        for name in &self.config.disabled {
            text.push_str(&format!("{name}: not enabled\n"));
        }
        for (name, why) in &self.config.broken {
            text.push_str(&format!("{name}: cannot run: {why}\n"));
        }
        if text.is_empty() {
            text = format!("no service sections in {}\n", self.file.display());
        }
        Reply { ok: true, text }
    }

    fn why(&mut self, section: &str, now: Now) -> Reply {
        let logger = std::cell::RefCell::new(&mut self.logger);
        let date = |wall| logger.borrow_mut().date(wall);
        if let Some(text) = self.engine.why(section, now, &date) {
            return Reply { ok: true, text };
        }
        let broken = self.config.broken.iter().find(|(name, _)| name == section);
        let text = match broken {
            Some((_, why)) => format!("{section}: cannot run: {why}\n"),
            None if self.config.disabled.iter().any(|name| name == section) => {
                format!("{section}: not enabled\n")
            }
            None => return unknown(section),
        };
        Reply { ok: true, text }
    }

    fn update(&mut self, sections: &[String], now: Now) -> Reply {
        let active = |name: &String| self.config.sections.iter().any(|s| s.name == *name);
        if let Some(name) = sections.iter().find(|name| !active(name)) {
            return unknown(name);
        }
        self.engine.handle(Event::Force(sections.to_vec()), now);
        while let Some(action) = self.engine.poll(now) {
            self.perform(action, now);
        }
        let mut text = String::new();
        for section in self.engine.status(now).sections {
            if sections.is_empty() || sections.contains(&section.name) {
                for record in section.records {
                    let record_type = record.family.record_type();
                    let (name, state) = (&record.name, record.state);
                    let line = format!("{}: {name} {record_type}: {state}: ", section.name);
                    text.push_str(&format!("{line}{}\n", record.reason));
                }
            }
        }
        Reply { ok: true, text }
    }

    /// Reads the configuration again; one that cannot be read at all changes nothing.
    fn reload(&mut self) {
        match load::load(&self.file) {
            Ok(loaded) => {
                let before = &self.config.global;
                let after = &loaded.checked.config.global;
                if (&before.rundir, &before.statedir) != (&after.rundir, &after.statedir) {
                    self.say(
                        Level::Warning,
                        "ddns_rundir and ddns_statedir take effect at the next start".into(),
                    );
                }
                self.logger.configure(&loaded.checked.config);
                self.say(Level::Notice, format!("reading {} again", self.file.display()));
                self.adopt(loaded, clock::now());
            }
            Err(error) => {
                let text = format!("{error}; the configuration in force stays");
                self.say(Level::Error, text);
            }
        }
    }

    /// Puts a configuration in force and says what is wrong with it.
    fn adopt(&mut self, loaded: Loaded, now: Now) {
        let Loaded { checked, hosts } = loaded;
        for mistake in &checked.mistakes {
            let level = match mistake.severity {
                Severity::Error => Level::Error,
                Severity::Warning => Level::Warning,
            };
            let notice =
                Notice { section: mistake.section.clone(), level, text: mistake.to_string() };
            self.logger.say(&notice);
        }
        let unverified =
            checked.config.sections.iter().filter(|s| s.transport.trust == Trust::Nothing);
        for Section { name, .. } in unverified {
            let text = "cacert 'IGNORE': certificates are not checked, anybody on the way can read \
                        the password and answer in the provider's place";
            self.logger.say(&Notice::about(name, Level::Warning, text.into()));
        }
        let count = checked.config.sections.len();
        let device = |s: &&Section| matches!(s.source, Source::Device(_) | Source::Network { .. });
        let following = checked.config.sections.iter().filter(device).count();
        let asking = count - following;
        let text =
            format!("{count} sections: {following} follow the kernel, {asking} ask elsewhere");
        if self.mode == Mode::Serve {
            self.say(Level::Info, format!("{}: {text}", crate::cli::VERSION));
        }
        self.config = checked.config.clone();
        self.engine.handle(Event::Hosts(hosts), now);
        self.engine.handle(Event::Reload(Box::new(checked.config)), now);
    }

    /// `once` is done: shows where things stand.
    fn conclude(&mut self, now: Now) -> u8 {
        let reply = self.status(now);
        if self.mode == Mode::Once {
            print!("{}", reply.text);
            let _ = self.store.flush(FLUSH);
        }
        let published = self.engine.status(now).sections.iter().all(|section| {
            section.records.iter().all(|record| matches!(record.state, "published" | "rested"))
        });
        match published && self.config.broken.is_empty() {
            true => exit::OK,
            false => exit::FAILED,
        }
    }

    fn stop(&mut self) -> u8 {
        self.say(Level::Info, "stopping".into());
        self.control = None;
        if !self.store.flush(FLUSH) {
            self.say(Level::Warning, "the state did not reach flash in time".into());
        }
        exit::OK
    }

    fn say(&mut self, level: Level, text: String) {
        self.logger.say(&Notice { section: None, level, text });
    }
}

fn unknown(section: &str) -> Reply {
    Reply { ok: false, text: format!("there is no section '{section}'\n") }
}

/// How the address source of `section` is asked.
fn probe(section: &Section, family: Family) -> Probe {
    match &section.source {
        Source::Script(argv) => Probe::Script(argv.clone()),
        Source::Web { v4, v6 } => {
            let url = if family == Family::V4 { v4 } else { v6 };
            Probe::Web { url: url.clone(), transport: section.transport.clone() }
        }
        // The kernel is not asked; the engine never does.
        Source::Network { .. } | Source::Device(_) => Probe::Script(Vec::new()),
    }
}

/// A job that ends without a request.
fn ended(id: JobId, job: &Job, why: &str) -> Finished {
    let outcome = Outcome::Unconfirmed { reason: why.to_owned() };
    Finished {
        job: id,
        outcomes: vec![outcome; job.changes.len()],
        sent_at: None,
        request: String::new(),
        answer: String::new(),
    }
}

async fn next_request(control: Option<&mut Control>) -> Request {
    match control {
        Some(control) => control.next().await,
        None => std::future::pending().await,
    }
}

async fn sleep(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}

/// The signals that mean something to the daemon.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    reload: Signal,
    update: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            reload: signal(SignalKind::hangup())?,
            update: signal(SignalKind::user_defined1())?,
        })
    }
}
