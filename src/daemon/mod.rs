//! The daemon, and the commands that do one round of its work: where the engine and the edges are
//! put together.
//!
//! `event_loop` turns what happens into [`Event`](crate::engine::event::Event)s, and `actions`
//! carries out the engine's [`Action`]s. Neither decides anything. What `run`, `once`,
//! `once --dry-run` and a detection do differently is in one `Mode` each: [`serve`], [`once`],
//! [`dry_run`], [`detect`].

mod actions;
mod answer;
mod config_file;
mod detect;
mod display;
mod dry_run;
mod event_loop;
mod once;
mod page;
mod recheck;
mod run_directory;
mod serve;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::runtime::Runtime;

use crate::cli::exit;
use crate::config::Config;
use crate::edge::announcements::Announcements;
use crate::edge::clock::{self, ClockStep};
use crate::edge::control::{Control, ControlConnections};
use crate::edge::files;
use crate::edge::files::lock::InstanceLock;
use crate::edge::files::watch::FileWatch;
use crate::edge::hook::Hook;
use crate::edge::load::Loaded;
use crate::edge::logger::{Destination, Logger};
use crate::edge::mailbox::Mailbox;
use crate::edge::netlink::neighbours::Neighbours;
use crate::edge::netlink::socket::Socket;
use crate::edge::netlink::way::Routes;
use crate::edge::runtime::block_on;
use crate::edge::signals::Signals;
use crate::edge::store::{Store, StoreThread};
use crate::edge::ubus::Ubus;
use crate::edge::worker::{self, Delivery, Network, Pool};
use crate::engine::Engine;
use crate::engine::event::Action;
use crate::engine::status::Snapshot;
use crate::model::{Level, Notice};
use crate::state::State;
use crate::time::{Duration, Now};
use config_file::ConfigFile;
use detect::Detect;
use display::Display;
use dry_run::DryRun;
pub use event_loop::block_signals;
use event_loop::{EventLoop, SIGNALS, ThreadMessage};
use once::Once;
use run_directory::RunDirectory;
use serve::Serve;

/// Most mistakes of one file that are logged. The log of a router is small, and older lines are needed to
/// see what happened before.
const MISTAKES: usize = 50;

/// What every mode starts with.
pub struct Start<'a> {
    /// The configuration file; empty for the usual one.
    pub file: &'a Path,
    /// What is in it.
    pub loaded: Loaded,
    /// Whether somebody reads standard error, where messages then go, and standard output.
    pub interactive: bool,
}

/// Follows the kernel until it is told to stop; returns the exit code. `lock` is that of the run directory.
pub fn serve(runtime: &Runtime, start: Start<'_>, lock: InstanceLock) -> u8 {
    let directory = RunDirectory::with_control_socket(start.rundir(), lock);
    run(runtime, start, Box::new(Serve), Box::new(Network), Some(directory))
}

/// Brings every section up to date and ends; returns the exit code. `lock` is that of the run directory.
pub fn once(runtime: &Runtime, start: Start<'_>, lock: InstanceLock) -> u8 {
    let directory = RunDirectory::without_control_socket(start.rundir(), lock);
    let mode = Once::new(start.interactive);
    run(runtime, start, Box::new(mode), Box::new(Network), Some(directory))
}

/// Prints what [`once`] would send. Changes nothing, so it may run beside a daemon.
pub fn dry_run(runtime: &Runtime, start: Start<'_>) -> u8 {
    run(runtime, start, Box::new(DryRun::default()), Box::new(worker::DryRun), None)
}

/// Finds out whether every section of `loaded` has an address; ends with 0 if so, and with an error
/// after `limit` at the latest. Nothing is logged and nothing is sent.
pub fn detect(runtime: &Runtime, loaded: Loaded, limit: Duration) -> u8 {
    let start = Start { file: Path::new(""), loaded, interactive: false };
    let mode = Detect { deadline: clock::uptime().saturating_add(limit) };
    run(runtime, start, Box::new(mode), Box::new(Network), None)
}

impl Start<'_> {
    fn rundir(&self) -> PathBuf {
        self.loaded.checked.config.global.rundir.clone()
    }
}

/// What one mode does its own way. The event loop never asks which one it runs.
trait Mode {
    /// Whether it goes on when there is nothing more to do, and can be reached on ubus.
    fn serves(&self) -> bool {
        false
    }

    /// A configuration has come into force.
    fn config_applied(&mut self, _daemon: &mut Daemon, _config: &Config) {}

    /// Takes note of `action`, which the engine has just decided on. Returns whether it is carried out in this mode.
    /// `once` keeps the messages that it withholds, and `once --dry-run` remembers what is printed.
    fn screen(&mut self, action: &Action) -> bool;

    /// When the mode ends at the latest, since boot.
    fn deadline(&self) -> Option<Duration> {
        None
    }

    /// Ends the mode if there is nothing more to wait for: shows its result and returns the exit code.
    fn end(&mut self, daemon: &mut Daemon, now: Now) -> Option<u8>;
}

/// The engine, and everything through which it reaches the world.
struct Daemon {
    engine: Engine,
    config: ConfigFile,
    logger: Logger,
    kernel: Kernel,
    /// Files of other programs that sections depend on.
    files: FileWatch,
    /// What gateways announce.
    announcements: Announcements,
    pool: Pool,
    store: StoreThread,
    hook: Hook,
    /// How many configurations were tested for LuCI's page.
    tests: u32,
    /// `None` in a mode that writes nothing there.
    run_directory: Option<RunDirectory>,
    /// What LuCI, the subscribers on ubus and a Prometheus exporter see.
    display: Display,
    ubus: Ubus,
    /// What other threads have sent to the event loop.
    incoming: Arc<Mailbox<ThreadMessage>>,
}

/// What the kernel tells and is asked, a netlink socket each.
struct Kernel {
    /// Its notifications of links, addresses, routes and rules, and its dumps.
    notifications: Socket,
    /// Hosts of the local network in its neighbour table.
    neighbours: Neighbours,
    /// Its answers to questions for ways to hosts.
    routes: Routes,
}

impl Kernel {
    fn new(notifications: Socket) -> Self {
        Self { notifications, neighbours: Neighbours::default(), routes: Routes::default() }
    }
}

fn run(
    runtime: &Runtime,
    start: Start<'_>,
    mode: Box<dyn Mode>,
    delivery: Box<dyn Delivery>,
    run_directory: Option<RunDirectory>,
) -> u8 {
    // The sockets below belong to this runtime.
    let _context = runtime.enter();
    // The logger comes first, because everything below may fail.
    let mut logger = Logger::new(Destination::choose(start.interactive));
    logger.configure(&start.loaded.checked.config);
    let (signals, netlink, incoming) = match open() {
        Ok(opened) => opened,
        Err(error) => {
            let text = format!("cannot listen to the kernel: {error}");
            say(&mut logger, Level::Critical, text);
            return exit::INTERNAL;
        }
    };
    let config = ConfigFile::new(start.file, &start.loaded.checked.config.global);
    let pool = pool(delivery, &incoming);
    let ubus = Ubus::new(mode.serves());
    let mut daemon = Daemon::new(config, logger, netlink, pool, ubus, run_directory, incoming);
    // Before the first event, so that no message announces a next try.
    if !mode.serves() {
        daemon.engine.end_when_done();
    }
    // Never dropped, because the process ends soon after. After a detection, the programs that it has started are
    // killed before.
    let event_loop = Box::leak(Box::new(EventLoop {
        mode,
        daemon,
        signals,
        clock_step: ClockStep::new(),
        connections: ControlConnections::default(),
    }));
    event_loop.apply_config(start.loaded);
    event_loop.daemon.use_run_directory();
    block_on(runtime, Box::pin(event_loop.run()))
}

/// Where the event loop learns of signals, of the kernel, and of other threads.
fn open() -> io::Result<(Signals, Socket, Arc<Mailbox<ThreadMessage>>)> {
    Ok((Signals::open(&SIGNALS)?, Socket::open()?, Arc::new(Mailbox::new()?)))
}

fn pool(delivery: Box<dyn Delivery>, sender: &Arc<Mailbox<ThreadMessage>>) -> Pool {
    let (events, notices) = (Arc::clone(sender), Arc::clone(sender));
    Pool::new(
        delivery,
        move |event| events.send(ThreadMessage::Event(event)),
        move |notice| notices.send(ThreadMessage::Notice(notice)),
    )
}

fn store_thread(store: Store, saved: State, sender: &Arc<Mailbox<ThreadMessage>>) -> StoreThread {
    let sender = Arc::clone(sender);
    StoreThread::new(store, saved, move |notice| sender.send(ThreadMessage::Notice(notice)))
}

fn hook(sender: &Arc<Mailbox<ThreadMessage>>) -> Hook {
    let sender = Arc::clone(sender);
    Hook::new(move |notice| sender.send(ThreadMessage::Notice(notice)))
}

fn say(logger: &mut Logger, level: Level, text: String) {
    logger.say(&Notice::general(level, text));
}

impl Daemon {
    /// A daemon with the saved state, and without sections yet.
    fn new(
        config: ConfigFile,
        logger: Logger,
        netlink: Socket,
        pool: Pool,
        ubus: Ubus,
        run_directory: Option<RunDirectory>,
        incoming: Arc<Mailbox<ThreadMessage>>,
    ) -> Self {
        let store = Store::open(&config.global.statedir);
        let (saved, lost) = store.load();
        // Routers that start after the same power cut must not send their requests in the same second.
        let seed = std::process::id() ^ std::time::Duration::from(clock::uptime()).subsec_nanos();
        let mut daemon = Self {
            engine: Engine::new(saved.clone(), seed),
            config,
            logger,
            kernel: Kernel::new(netlink),
            files: FileWatch::default(),
            announcements: Announcements::default(),
            pool,
            store: store_thread(store, saved, &incoming),
            hook: hook(&incoming),
            tests: 0,
            run_directory,
            display: Display::default(),
            ubus,
            incoming,
        };
        daemon.report_lost(&lost);
        daemon
    }

    fn say(&mut self, level: Level, text: String) {
        say(&mut self.logger, level, text);
    }

    /// Logs which parts of the state file could not be read.
    fn report_lost(&mut self, lost: &[String]) {
        for text in lost.iter().take(MISTAKES) {
            self.say(Level::Warning, text.clone());
        }
        let more = lost.len().saturating_sub(MISTAKES);
        if more > 0 {
            self.say(Level::Warning, format!("{more} more lines of the state file are dropped"));
        }
    }

    /// Opens the control socket, in a mode that has one, and writes all run files when they are due.
    fn use_run_directory(&mut self) {
        if let Some(directory) = &mut self.run_directory {
            directory.listen(&mut self.logger);
            self.display.write_to(directory.run_files());
        }
    }

    /// The control socket, where there is one.
    fn control(&self) -> Option<&Control> {
        self.run_directory.as_ref()?.control()
    }

    /// Shows the next part of the state to LuCI, in files, and to the subscribers on ubus. Returns
    /// whether all that has changed is shown.
    fn show_state(&mut self, now: Now) -> bool {
        let Some(directory) = &mut self.run_directory else {
            return true;
        };
        let begin = clock::now().up;
        let restored = directory.restore(&mut self.logger);
        if restored == Ok(true) {
            self.display.write_to(directory.run_files());
        }
        let status = self.display.next_part(&mut self.engine, now);
        let result = match restored {
            Ok(_) => self.display.show(&status, now),
            Err(why) => Err(why),
        };
        if let Some(why) = self.display.new_failure(result) {
            self.say(Level::Warning, format!("cannot write the files that LuCI reads: {why}"));
        }
        self.notify_subscribers(&status.sections);
        if self.display.is_last_part()
            && let Some(why) = self.display.write_metrics(&self.engine, now)
        {
            let text = format!("cannot write metrics_file {why}; tried again at the next change");
            self.say(Level::Warning, text);
        }
        self.display.shown(begin, clock::now().up)
    }

    /// The state of every section, for people.
    fn status_text(&mut self, now: Now) -> String {
        let text = self.engine.status(now).to_text(&mut |wall| self.logger.date(wall));
        if text.is_empty() {
            let file = files::config(&self.config.file);
            return format!("no service sections in {}\n", file.display());
        }
        text
    }

    /// The exit code of a mode that ends by itself with this state.
    fn exit_code(&self, status: &Snapshot) -> u8 {
        if !status.is_published() {
            exit::FAILED
        } else if self.config.has_errors {
            exit::CONFIG
        } else {
            exit::OK
        }
    }

    /// Removes the control socket, and the files that hold only while this process runs.
    fn withdraw(&mut self) {
        if let Some(directory) = &mut self.run_directory {
            directory.close();
        }
        self.display.withdraw(&self.engine, clock::now());
    }

    /// Waits until the state is on flash; `false` if that takes longer than `limit`.
    fn flush(&mut self, limit: Duration) -> bool {
        let done = self.store.flush(limit);
        if !done {
            let text = "the state was not written to flash in time: after the next start, updates may be sent again";
            self.say(Level::Warning, text.into());
        }
        done
    }
}
