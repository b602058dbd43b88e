//! The loop: turns the world into [`Event`]s and [`Action`]s into calls. It has no opinion.
//!
//! This is the composition root: the one module that names both the engine and the edges.

mod answer;
mod display;
mod recheck;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use crate::cli::{VERSION, exit};
use crate::config::Global;
use crate::config::check::Checked;
use crate::config::mistake::{Mistake, Severity};
use crate::edge::clock::{self, ClockStep};
use crate::edge::console::show;
use crate::edge::control::{Control, Request};
use crate::edge::dns::DnsTransport;
use crate::edge::files;
use crate::edge::files::lock::InstanceLock;
use crate::edge::files::run::RunFiles;
use crate::edge::load::{Loaded, load};
use crate::edge::logger::{Destination, Logger};
use crate::edge::netlink::socket::Socket;
use crate::edge::netlink::way;
use crate::edge::probe::Probe;
use crate::edge::script;
use crate::edge::store::{Store, StoreThread};
use crate::edge::ubus::Ubus;
use crate::edge::worker::{Delivery, DryRun, Network, Pool, Publication, Task};
use crate::engine::Engine;
use crate::engine::event::{Action, Event};
use crate::engine::status::Snapshot;
use crate::model::{Family, Host, Hostname, Level, Notice, Transport};
use crate::proto::netlink::Report;
use crate::provider::Job;
use crate::state::State;
use crate::time::{Now, Share};
use display::Display;
use recheck::Recheck;

/// Time that the state may take to reach flash when the daemon is told to end: procd waits for five
/// seconds.
const FLUSH: Duration = Duration::from_secs(4);
/// The same where nobody waits.
const FLUSH_ONCE: Duration = Duration::from_secs(30);
/// Most messages of the kernel, or of other threads, that are taken in before the engine looks at them.
const BATCH: usize = 1024;
/// Most mistakes of one file that are logged.
const MISTAKES: usize = 50;

/// What the daemon is started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Follow the kernel until told to stop.
    Serve,
    /// Bring every section up to date and end.
    Once,
    /// Say what `Once` would send.
    DryRun,
    /// Find out whether there is an address, and say nothing.
    Detect,
}

/// Everything that the loop owns.
struct Daemon {
    mode: Mode,
    /// Somebody reads standard output.
    talks: bool,
    file: PathBuf,
    global: Arc<Global>,
    engine: Engine,
    logger: Logger,
    netlink: Socket,
    pool: Pool,
    store: StoreThread,
    control: Option<Control>,
    ubus: Ubus,
    /// What LuCI and subscribers on ubus see.
    display: Display,
    /// Something may not be as the display has it.
    undisplayed: bool,
    /// How often the display follows.
    displaying: Share,
    /// Why run files could not be written, as it was reported last.
    unwritten: Option<String>,
    incoming: mpsc::UnboundedReceiver<Incoming>,
    /// Where it comes from.
    notices: mpsc::UnboundedSender<Incoming>,
    /// While it is held nobody else serves the same run directory.
    lock: Option<InstanceLock>,
    /// Whether the configuration in force has mistakes.
    mistaken: bool,
    /// When sections that cannot run are looked at again.
    recheck: Recheck,
    /// The records that a dry run has shown: section, name and type.
    shown: Vec<(String, Hostname, Family)>,
    /// Messages of `once` that the answer at its end may make needless.
    withheld: Vec<Notice>,
}

/// What other threads tell the loop.
enum Incoming {
    Event(Event),
    Notice(Notice),
}

/// Runs until it is done or told to stop; returns the exit code. `lock` is that of the run directory,
/// unless nothing is to change. `talks`: messages go to standard
/// error and results to standard output, because somebody reads there.
pub async fn run(
    file: &Path,
    loaded: Loaded,
    mode: Mode,
    lock: Option<InstanceLock>,
    talks: bool,
) -> u8 {
    let mut logger = Logger::new(Destination::choose(talks));
    logger.configure(&loaded.checked.config);
    let (mut signals, netlink) = match (Signals::new(), Socket::open()) {
        (Ok(signals), Ok(netlink)) => (signals, netlink),
        (Err(error), _) | (_, Err(error)) => {
            let text = format!("cannot listen to the kernel: {error}");
            logger.say(&Notice { section: None, level: Level::Critical, text });
            return exit::INTERNAL;
        }
    };
    let mut daemon = Daemon::new(file, loaded, mode, logger, netlink);
    daemon.talks = talks;
    daemon.lock = lock;
    match mode {
        Mode::Serve => daemon.listen(),
        Mode::Once => daemon.show_run_files(),
        Mode::DryRun | Mode::Detect => {}
    }
    daemon.serve(&mut signals).await
}

impl Daemon {
    fn new(file: &Path, loaded: Loaded, mode: Mode, logger: Logger, netlink: Socket) -> Self {
        let global = Arc::new(loaded.checked.config.global.clone());
        let (sender, incoming) = mpsc::unbounded_channel();
        let (store, state, lost) = keep_in(global.statedir.clone(), sender.clone());
        let notices = sender.clone();
        let from_scripts = sender.clone();
        let report = move |event| drop(sender.send(Incoming::Event(event)));
        let say = move |notice| drop(from_scripts.send(Incoming::Notice(notice)));
        let delivery: Box<dyn Delivery> = match mode {
            Mode::DryRun => Box::new(DryRun),
            Mode::Serve | Mode::Once | Mode::Detect => Box::new(Network),
        };
        let pool = Pool::new(delivery, report, say);
        let seed = std::process::id() ^ clock::now().up.subsec_nanos();
        let mut daemon = Self {
            mode,
            talks: false,
            file: file.to_owned(),
            global,
            engine: Engine::new(state, seed),
            logger,
            netlink,
            pool,
            store,
            control: None,
            ubus: Ubus::new(mode == Mode::Serve),
            display: Display::default(),
            undisplayed: false,
            displaying: Share::default(),
            unwritten: None,
            incoming,
            notices,
            lock: None,
            mistaken: false,
            recheck: Recheck::default(),
            shown: Vec::new(),
            withheld: Vec::new(),
        };
        if mode != Mode::Serve {
            daemon.engine.end_when_done();
        }
        let more = lost.len().saturating_sub(MISTAKES);
        lost.into_iter().take(MISTAKES).for_each(|text| daemon.say(Level::Warning, text));
        if more > 0 {
            daemon.say(Level::Warning, format!("{more} more lines of the state file are dropped"));
        }
        daemon.adopt(loaded);
        daemon
    }

    /// Begins to write what LuCI reads.
    fn show_run_files(&mut self) {
        let files = RunFiles::new(self.global.rundir.clone(), std::process::id());
        self.display.write_to(files);
    }

    /// Opens the control socket and begins to write run files. Without either the daemon still does
    /// its work.
    fn listen(&mut self) {
        self.show_run_files();
        // It removes its socket, and the next one has the same name.
        self.control = None;
        match Control::bind(&self.global.rundir) {
            Ok(control) => self.control = Some(control),
            Err(error) => {
                let rundir = self.global.rundir.display();
                let text = format!(
                    "status, why, update, stop and start will not work: no socket in {rundir}: {error}"
                );
                self.say(Level::Warning, text);
            }
        }
    }

    async fn serve(&mut self, signals: &mut Signals) -> u8 {
        let mut clock_step = ClockStep::new();
        loop {
            let now = clock::now();
            if self.recheck.due().is_some_and(|at| at <= now.up) {
                self.look_again(now);
            }
            self.work(now);
            if self.is_done(now) {
                return self.conclude(now);
            }
            let deadlines = [self.engine.deadline(now), self.recheck.due(), self.display_due()];
            let deadline = deadlines.into_iter().flatten().min();
            let deadline = deadline.map(|at| at.saturating_sub(now.up));
            tokio::select! {
                biased;
                _ = signals.terminate.recv() => return self.stop(),
                _ = signals.interrupt.recv() => return self.stop(),
                // Before what may never cease: thousands of names that follow one change.
                request = next_request(self.control.as_mut()) => {
                    let answer = self.answer(&request.ask);
                    request.reply(answer.into());
                }
                report = self.netlink.next() => {
                    if let Err(error) = self.kernel(report) {
                        self.say(Level::Critical, format!("the kernel's events broke off: {error}"));
                        self.stop();
                        return exit::INTERNAL;
                    }
                }
                Some(incoming) = self.incoming.recv() => self.take_in(incoming),
                word = self.ubus.next() => self.hear(word),
                _ = signals.reload.recv() => self.reload(),
                _ = signals.update.recv() => {
                    self.read_if_changed();
                    self.engine.handle(Event::Force(Vec::new()), clock::now());
                }
                () = clock_step.stepped() => self.engine.handle(Event::ClockStepped, clock::now()),
                () = sleep(deadline) => {}
            }
        }
    }

    /// Takes in what another thread said, and everything else that they have said already: what follows
    /// from it is worked out once, which takes longer the more names there are.
    fn take_in(&mut self, first: Incoming) {
        let mut incoming = Some(first);
        let mut taken = 0;
        while let Some(next) = incoming {
            match next {
                Incoming::Event(event) => self.engine.handle(event, clock::now()),
                Incoming::Notice(notice) => self.logger.say(&notice),
            }
            taken += 1;
            incoming = if taken < BATCH { self.incoming.try_recv().ok() } else { None };
        }
    }

    /// Whether there is nothing more to wait for.
    fn is_done(&self, now: Now) -> bool {
        match self.mode {
            Mode::Serve => false,
            Mode::Once | Mode::DryRun => self.engine.at_rest(now),
            Mode::Detect => self.engine.status(now).has_addresses() || self.engine.at_rest(now),
        }
    }

    /// Does everything that the engine wants done now.
    fn work(&mut self, now: Now) {
        while let Some(action) = self.engine.poll(now) {
            self.perform(action, now);
        }
        self.undisplayed |= self.engine.take_changed();
        if self.display_due().is_some_and(|at| at <= now.up) {
            self.publish_state(now);
        }
    }

    /// When the display follows, since boot.
    fn display_due(&self) -> Option<Duration> {
        (self.undisplayed && self.display.is_on()).then(|| self.displaying.next())
    }

    /// Shows LuCI and others where things stand.
    fn publish_state(&mut self, now: Now) {
        let begin = clock::now().up;
        self.undisplayed = false;
        let kept = self.keep_rundir();
        if !self.display.is_on() {
            return;
        }
        let status = self.engine.status(now);
        let failed = kept.and_then(|()| self.display.show(&status, now)).err();
        if let Some(why) = failed.as_ref().filter(|_| self.unwritten != failed) {
            self.say(Level::Warning, format!("cannot write the files that LuCI reads: {why}"));
        }
        self.unwritten = failed;
        self.tell(&status.sections);
        self.displaying.spent(begin, clock::now().up);
    }

    /// Makes the run directory again, with all that belongs there, if somebody has removed it.
    fn keep_rundir(&mut self) -> Result<(), String> {
        if self.lock.as_ref().is_none_or(InstanceLock::is_there) {
            return Ok(());
        }
        let rundir = self.global.rundir.display().to_string();
        let lock = files::lock::lock(&self.global.rundir);
        self.lock = Some(lock.map_err(|why| format!("{rundir} was removed: {why}"))?);
        match self.mode {
            Mode::Serve => self.listen(),
            Mode::Once | Mode::DryRun | Mode::Detect => self.show_run_files(),
        }
        self.say(Level::Notice, format!("{rundir} was removed, and is made again"));
        Ok(())
    }

    /// Takes in what the kernel said, and everything else that it has said already.
    fn kernel(&mut self, first: io::Result<Report>) -> io::Result<()> {
        let mut next = Some(first);
        for _ in 0..BATCH {
            let Some(report) = next else {
                return Ok(());
            };
            self.engine.handle(Event::Kernel(report?), clock::now());
            next = self.netlink.next().now_or_never();
        }
        next.map_or(Ok(()), |report| {
            self.engine.handle(Event::Kernel(report?), clock::now());
            Ok(())
        })
    }

    fn perform(&mut self, action: Action, now: Now) {
        match action {
            Action::Dump(table) => self.netlink.request_dump(table),
            Action::FindWay(ask) => {
                let device = ask.device.as_ref().map(|(name, index)| (name.as_str(), *index));
                let known = match &ask.host {
                    Host::Address(address) => vec![*address],
                    Host::Name(name) => self.pool.addresses(name, ask.family),
                };
                let told = way::find(&known, ask.family, device);
                self.engine.handle(Event::WayFound(ask, told), now);
            }
            Action::Publish { .. } | Action::Save(_) | Action::Say(_)
                if self.mode == Mode::Detect => {}
            Action::Publish { id, section, sections, device, source, job } => {
                if self.mode == Mode::DryRun {
                    self.note_shown(&sections, &job);
                }
                let transport = Transport { device, source, ..section.transport.clone() };
                let global = Arc::clone(&self.global);
                let publication = Publication { id, section, sections, job, transport, global };
                self.pool.submit(Task::Publish(Box::new(publication)));
            }
            Action::Detect { question, section, device, family } => {
                let transport = Transport { device, ..section.transport.clone() };
                let probe = Probe::of(&section, family, transport);
                let section = section.name.clone();
                self.pool.submit(Task::Detect { question, section, family, probe });
            }
            // What is registered is for those who look on, and for the next time.
            Action::LookUp { .. } if self.mode != Mode::Serve => {}
            Action::LookUp { section, lookup, device, family } => self.pool.submit(Task::LookUp {
                section: section.name.clone(),
                lookup,
                family,
                way: DnsTransport { device, family: section.transport.family },
            }),
            Action::Cut(address) => self.pool.cut(address),
            Action::Save(_) if self.mode == Mode::DryRun => {}
            Action::Save(state) => self.store.put(state),
            // Nothing is accepted or refused in a dry run; what stands in the way is told at the end.
            Action::Say(_) if self.mode == Mode::DryRun => {}
            Action::Say(notice) if self.is_for_the_end(&notice) => self.withheld.push(notice),
            Action::Say(notice) => self.logger.say(&notice),
        }
    }

    /// Whether `once` shows at its end what `notice` says, so that it would be said twice.
    fn is_for_the_end(&self, notice: &Notice) -> bool {
        self.mode == Mode::Once && self.talks && notice.level <= Level::Warning
    }

    /// Remembers that the dry run shows the records of `job` by itself.
    fn note_shown(&mut self, sections: &[String], job: &Job) {
        for (section, change) in sections.iter().zip(&job.changes) {
            self.shown.push((section.clone(), change.name.clone(), change.family));
        }
    }

    /// SIGHUP: reads the configuration again, and serves the sections that were stopped, too.
    fn reload(&mut self) {
        self.engine.handle(Event::Start(Vec::new()), clock::now());
        self.read_again();
        if self.control.as_ref().is_none_or(|control| !control.is_there()) {
            self.listen();
        }
        self.publish_state(clock::now());
    }

    /// Reads the configuration again; one that cannot be read at all changes nothing.
    fn read_again(&mut self) {
        match load(&self.file) {
            Ok(loaded) if loaded.checked.config.cut => {
                self.complain(&loaded.checked);
                let file = files::config(&self.file);
                let file = file.display();
                let text =
                    format!("{file} is empty or cannot be read to its end; what is in force stays");
                self.say(Level::Error, text);
            }
            Ok(loaded) => {
                self.move_to(&loaded.checked);
                self.logger.configure(&loaded.checked.config);
                self.say(
                    Level::Notice,
                    format!("reading {} again", files::config(&self.file).display()),
                );
                self.adopt(loaded);
            }
            Err(error) => {
                self.say(Level::Error, format!("{error}; the configuration in force stays"));
            }
        }
    }

    /// Reads the configuration again if its sections, with the passwords in their files, are no longer
    /// those in force.
    fn read_if_changed(&mut self) {
        let same = load(&self.file)
            .is_ok_and(|loaded| self.engine.has_sections(&loaded.checked.config.sections));
        if !same {
            self.read_again();
        }
    }

    /// Reads the configuration again for sections that could not run, and says nothing unless that has
    /// changed.
    fn look_again(&mut self, now: Now) {
        let loaded = load(&self.file).ok().filter(|loaded| !loaded.checked.config.cut);
        let broken = loaded.as_ref().map(|loaded| loaded.checked.config.broken.as_slice());
        let news = self.recheck.is_news(broken, now);
        if let Some(loaded) = loaded.filter(|_| news) {
            self.logger.configure(&loaded.checked.config);
            self.adopt(loaded);
        }
    }

    /// Says what is wrong with a configuration, the errors first if it is much.
    fn complain(&mut self, checked: &Checked) {
        let mut mistakes: Vec<&Mistake> = checked.mistakes.iter().collect();
        let more = mistakes.len().saturating_sub(MISTAKES);
        if more > 0 {
            mistakes.sort_by_key(|mistake| mistake.severity);
        }
        for mistake in mistakes.into_iter().take(MISTAKES) {
            let level = match mistake.severity {
                Severity::Error => Level::Error,
                Severity::Warning => Level::Warning,
            };
            let section = mistake.section.clone();
            self.logger.say(&Notice { section, level, text: mistake.to_string() });
        }
        if more > 0 {
            let text = format!("{more} more messages like these: 'ddns-netlink check' shows more");
            self.say(Level::Warning, text);
        }
    }

    /// Uses other directories, unless what the configuration says of them is wrong.
    fn move_to(&mut self, checked: &Checked) {
        let wrong = |mistake: &Mistake| {
            ["'ddns_rundir'", "'ddns_statedir'"].iter().any(|it| mistake.text.contains(it))
        };
        if checked.errors().any(wrong) {
            return;
        }
        let Global { rundir, statedir, .. } = checked.config.global.clone();
        if rundir != self.global.rundir {
            match files::lock::lock(&rundir) {
                Ok(lock) => {
                    self.withdraw();
                    self.lock = Some(lock);
                    Arc::make_mut(&mut self.global).rundir = rundir;
                    self.listen();
                }
                Err(error) => {
                    let now = self.global.rundir.display();
                    self.say(Level::Warning, format!("{error}; {now} goes on being used"));
                }
            }
        }
        if statedir != self.global.statedir {
            self.flush(FLUSH);
            (self.store, ..) = keep_in(statedir.clone(), self.notices.clone());
            self.store.put(self.engine.state(clock::now()));
            Arc::make_mut(&mut self.global).statedir = statedir;
        }
    }

    /// Puts a configuration in force and says what is wrong with it.
    fn adopt(&mut self, loaded: Loaded) {
        let Loaded { checked, hosts } = loaded;
        self.complain(&checked);
        self.mistaken = checked.errors().next().is_some();
        let count = checked.config.sections.len();
        if self.mode == Mode::Serve {
            let sections = if count == 1 { "1 section" } else { &format!("{count} sections") };
            let file = files::config(&self.file);
            self.say(Level::Info, format!("{VERSION}: {sections} of {}", file.display()));
            self.recheck.begin(&checked.config.broken, clock::now());
        }
        let config = Box::new(checked.config);
        self.display.outdate();
        self.engine.handle(Event::Reload { config, hosts }, clock::now());
    }

    /// `once` is done: shows where things stand.
    fn conclude(&mut self, now: Now) -> u8 {
        let status = self.engine.status(now);
        match self.mode {
            Mode::Serve | Mode::Once => {
                let told: Vec<String> = status.failures().collect();
                for notice in std::mem::take(&mut self.withheld) {
                    if !told.iter().any(|subject| notice.text.starts_with(subject)) {
                        self.logger.say(&notice);
                    }
                }
                if self.talks {
                    show(&self.status(now));
                }
                self.withdraw();
                if !self.flush(FLUSH_ONCE) {
                    return exit::FAILED;
                }
            }
            Mode::DryRun => self.show_rest(status.clone()),
            Mode::Detect if status.has_addresses() => return exit::OK,
            Mode::Detect => return exit::FAILED,
        }
        match (status.is_published(), self.mistaken) {
            (false, _) => exit::FAILED,
            (true, true) => exit::CONFIG,
            (true, false) => exit::OK,
        }
    }

    /// Shows the records for which the dry run would send nothing.
    fn show_rest(&self, mut status: Snapshot) {
        for section in &mut status.sections {
            let name = &section.name;
            section.records.retain(|record| {
                !self.shown.contains(&(name.clone(), record.name.clone(), record.family))
            });
        }
        show(&status.to_lines(&[]));
    }

    fn stop(&mut self) -> u8 {
        self.say(Level::Info, "stopping".into());
        script::process::kill_all();
        self.withdraw();
        self.flush(FLUSH);
        exit::OK
    }

    /// Nobody can ask any more, here.
    fn withdraw(&mut self) {
        self.control = None;
        if self.undisplayed {
            let now = clock::now();
            let _ = self.display.show(&self.engine.status(now), now);
        }
        self.display.withdraw();
    }

    /// Whether the state is on flash.
    fn flush(&mut self, limit: Duration) -> bool {
        let done = self.store.flush(limit);
        if !done {
            let text = "the state did not reach flash in time: the next start sends again";
            self.say(Level::Warning, text.into());
        }
        done
    }

    fn say(&mut self, level: Level, text: String) {
        self.logger.say(&Notice { section: None, level, text });
    }
}

/// The state that is kept in `directory`, what was there, and what went wrong with that.
fn keep_in(
    directory: PathBuf,
    notices: mpsc::UnboundedSender<Incoming>,
) -> (StoreThread, State, Vec<String>) {
    let store = Store::open(directory);
    let (state, lost) = store.load();
    let say = move |notice| drop(notices.send(Incoming::Notice(notice)));
    (StoreThread::new(store, say), state, lost)
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
