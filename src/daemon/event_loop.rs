//! The event loop: waits for what happens next, hands it to the engine, and carries out what the
//! engine wants done.

use std::io;
use std::time::Duration;

use futures::FutureExt as _;
use nix::sys::signal::Signal;

use super::{Daemon, Mode, RunDirectory};
use crate::cli::exit;
use crate::edge::clock::{self, ClockStep};
use crate::edge::control::ControlConnections;
use crate::edge::process;
use crate::edge::signals::{self, Signals};
use crate::engine::event::{Action, Event};
use crate::model::{Level, Notice};
use crate::proto::control::ControlAnswer;
use crate::proto::netlink::Report;
use crate::proto::ubus::session::MethodCall;
use crate::time::Now;

/// Time that the state may take to reach flash when the daemon is told to stop: procd waits for five
/// seconds.
pub(super) const FLUSH: Duration = Duration::from_secs(4);
/// Most notifications of the kernel that are taken in before the engine looks at them. Without a limit,
/// devices that change all the time would keep the engine from ever working.
const REPORTS: usize = 1024;
/// Most events of other threads that are taken in before requests on the control socket are answered.
const EVENTS: usize = 64;
/// How long the engine's actions are carried out before requests on the control socket are answered: an
/// address that thousands of names follow causes thousands of actions.
const BURST: Duration = Duration::from_millis(2);

/// What other threads send to the event loop.
pub(super) enum ThreadMessage {
    Event(Event),
    Notice(Notice),
    /// What a test of a configuration has printed, for the caller on ubus.
    Tested(MethodCall, String),
}

/// The daemon in one mode.
pub(super) struct EventLoop {
    pub(super) mode: Box<dyn Mode>,
    pub(super) daemon: Daemon,
    pub(super) signals: Signals,
    pub(super) clock_step: ClockStep,
    /// Commands that have connected to the control socket.
    pub(super) connections: ControlConnections,
}

impl EventLoop {
    /// Runs until the mode ends or a signal stops it; returns the exit code.
    pub(super) async fn run(&mut self) -> u8 {
        // Signals and commands come before all others. If they never fall silent, the others have every
        // second turn.
        let mut others_wait = false;
        loop {
            let is_turn_of_others = std::mem::take(&mut others_wait);
            let now = clock::now();
            self.recheck_broken(now);
            let is_finished = self.work_for(BURST, now);
            if is_finished && let Some(code) = self.mode.end(&mut self.daemon, now) {
                return code;
            }
            let may_wait = is_finished && !is_turn_of_others;
            let pause = if may_wait { self.pause(now) } else { Some(Duration::ZERO) };
            // If another branch is always ready, `select!` never waits, and tokio polls no socket. The yield
            // lets it.
            tokio::task::yield_now().await;
            let control = self.daemon.run_directory.as_ref().and_then(RunDirectory::control);
            tokio::select! {
                biased;
                signal = self.signals.next(), if !is_turn_of_others => {
                    if self.handle_signal(signal) {
                        return self.stop();
                    }
                    others_wait = true;
                }
                // Before sources that may never fall silent: thousands of names follow one change.
                () = self.connections.ready(control), if !is_turn_of_others => {
                    others_wait = true;
                }
                report = self.daemon.netlink.next() => {
                    if let Err(error) = self.take_reports(report) {
                        let text = format!("the kernel's notifications ended: {error}");
                        self.daemon.say(Level::Critical, text);
                        self.stop();
                        return exit::INTERNAL;
                    }
                }
                event = self.daemon.neighbours.next() => {
                    self.daemon.engine.handle(event, clock::now());
                }
                incoming = self.daemon.incoming.next() => self.take_incoming(incoming),
                (path, text) = self.daemon.files.next() => {
                    self.daemon.engine.handle(Event::FileRead(path, text), clock::now());
                }
                (gateway, announced) = self.daemon.announcements.next() => {
                    self.daemon.engine.handle(Event::Announced(gateway, announced), clock::now());
                }
                event = self.daemon.ubus.next() => self.handle_ubus(event),
                () = self.clock_step.stepped() => {
                    self.daemon.engine.handle(Event::ClockStepped, clock::now());
                }
                () = sleep(pause) => {}
            }
            self.serve_commands();
        }
    }

    /// Does what a signal wants; returns whether it ends the daemon.
    fn handle_signal(&mut self, signal: Signal) -> bool {
        if signal == Signal::SIGHUP {
            self.reload();
            return false;
        }
        if signal == Signal::SIGUSR1 {
            self.read_if_changed();
            self.daemon.engine.handle(Event::Update(Vec::new()), clock::now());
            return false;
        }
        true
    }

    /// Answers the requests that have arrived on the control socket.
    fn serve_commands(&mut self) {
        let mut connections = std::mem::take(&mut self.connections);
        connections.serve(clock::uptime(), &mut |request| self.answer(request).into());
        self.connections = connections;
    }

    /// How long to wait if nothing happens.
    fn pause(&self, now: Now) -> Option<Duration> {
        let Daemon { engine, config, display, .. } = &self.daemon;
        let times = [
            engine.deadline(now),
            config.recheck.due(),
            display.due(),
            self.connections.deadline(now.up.into()).map(Into::into),
            self.mode.deadline(),
        ];
        let next = *times.iter().flatten().min()?;
        Some((next - now.up).into())
    }

    /// Takes in what the kernel reports, and what it has reported since. What follows from a batch is
    /// worked out once, which takes longer the more names there are.
    fn take_reports(&mut self, first: io::Result<Report>) -> io::Result<()> {
        let mut next = Some(first);
        let mut taken = 0;
        while let Some(report) = next {
            self.daemon.engine.handle(Event::Kernel(report?), clock::now());
            taken += 1;
            next = if taken < REPORTS { self.daemon.netlink.next().now_or_never() } else { None };
        }
        Ok(())
    }

    /// Takes in what another thread has sent, and what has been sent since.
    fn take_incoming(&mut self, first: ThreadMessage) {
        let mut next = Some(first);
        let mut taken = 0;
        while let Some(incoming) = next {
            match incoming {
                ThreadMessage::Event(event) => self.daemon.engine.handle(event, clock::now()),
                ThreadMessage::Notice(notice) => self.daemon.logger.say(&notice),
                ThreadMessage::Tested(call, text) => {
                    self.daemon.ubus.answer(&call, ControlAnswer::Text(text));
                }
            }
            taken += 1;
            next = if taken < EVENTS { self.daemon.incoming.take() } else { None };
        }
    }

    /// Carries out everything that the engine wants done now.
    pub(super) fn work(&mut self, now: Now) {
        while !self.work_for(BURST, now) {}
    }

    /// Carries out what the engine wants done now, and shows what has changed by that. Returns whether
    /// everything is done; stops after `limit` if not.
    fn work_for(&mut self, limit: Duration, now: Now) -> bool {
        let end = clock::uptime().saturating_add(limit);
        while let Some(action) = self.daemon.engine.poll(now) {
            self.carry_out(action, now);
            if clock::uptime() >= end {
                return false;
            }
        }
        if self.daemon.engine.has_changed() {
            self.daemon.display.change();
        }
        if self.daemon.display.due().is_some_and(|due| due <= now.up) {
            return self.daemon.show_state(now);
        }
        true
    }

    /// Carries `action` out if the mode admits it.
    pub(super) fn carry_out(&mut self, action: Action, now: Now) {
        if self.mode.admits(&action) {
            self.daemon.perform(action, now);
        }
    }

    /// Ends what goes on outside of the loop, at a signal or when the kernel's notifications end. Returns the
    /// exit code after a signal: a mode that should have ended by itself, such as `once`, has failed.
    fn stop(&mut self) -> u8 {
        self.daemon.say(Level::Info, "stopping".into());
        process::kill_all();
        self.daemon.withdraw();
        self.daemon.flush(FLUSH);
        if self.mode.serves() { exit::OK } else { exit::FAILED }
    }
}

async fn sleep(time: Option<Duration>) {
    match time {
        Some(Duration::ZERO) => {}
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}

/// The signals that the event loop takes: two that end it, one that has the configuration read again, and
/// one that has updates sent.
pub(super) const SIGNALS: [Signal; 4] =
    [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGUSR1];

/// Blocks SIGHUP and SIGUSR1, so that they stay pending until the event loop reads them. procd may send
/// SIGHUP while the configuration is being read, which takes time on a router, and SIGHUP ends a process
/// that does not block it.
pub fn block_signals() {
    // This fails only for arguments that do not exist.
    let _ = signals::block(&[Signal::SIGHUP, Signal::SIGUSR1]);
}
