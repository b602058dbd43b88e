//! The event loop: waits for what happens next, hands it to the engine, and carries out what the
//! engine wants done.

use std::task::Context;

use nix::sys::signal::Signal;

use super::{Daemon, Mode};
use crate::cli::exit;
use crate::edge::clock::{self, ClockStep};
use crate::edge::control::ControlConnections;
use crate::edge::process;
use crate::edge::runtime::wait;
use crate::edge::signals::{self, Signals};
use crate::engine::event::{Action, Event};
use crate::model::{Level, Notice};
use crate::proto::control::ControlAnswer;
use crate::proto::ubus::session::MethodCall;
use crate::time::{Duration, Now};

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

/// Where something has happened.
#[derive(Clone, Copy)]
enum Source {
    /// A signal has arrived.
    Signals,
    /// Commands on the control socket.
    Commands,
    /// The kernel's links, addresses, routes and rules.
    Kernel,
    /// The kernel's neighbour table.
    Neighbours,
    /// Other threads.
    Threads,
    /// Files of other programs.
    Files,
    /// Announcements of gateways.
    Gateways,
    /// The message bus.
    Ubus,
    /// A step of the wall clock.
    Clock,
}

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
        loop {
            let now = clock::now();
            self.recheck_broken(now);
            let is_finished = self.work_for(BURST, now);
            if is_finished && let Some(code) = self.mode.end(&mut self.daemon, now) {
                return code;
            }
            // While there is work left, only what has happened by now counts.
            let pause = if is_finished { self.pause(now) } else { Some(Duration::ZERO) };
            let mut ready = Vec::new();
            wait(pause, &mut |context| {
                ready = self.ready(context);
                !ready.is_empty()
            })
            .await;
            // Each source has its turn between two bursts of work, so that none has to wait for one that never
            // falls silent.
            for source in ready {
                if let Some(code) = self.take_in(source) {
                    return code;
                }
            }
            self.serve_commands();
        }
    }

    /// Where something may have happened. The task of `context` is woken when something happens at another place.
    fn ready(&self, context: &mut Context<'_>) -> Vec<Source> {
        let daemon = &self.daemon;
        let now = clock::uptime();
        let all = [
            (Source::Signals, self.signals.is_ready(context)),
            (Source::Commands, self.connections.is_ready(daemon.control(), context)),
            (Source::Kernel, daemon.kernel.notifications.is_ready(now, context)),
            (Source::Neighbours, daemon.kernel.neighbours.is_ready(context)),
            (Source::Threads, daemon.incoming.is_ready(context)),
            (Source::Files, daemon.files.is_ready(context)),
            (Source::Gateways, daemon.announcements.is_ready(context)),
            (Source::Ubus, daemon.ubus.is_ready(now, context)),
            (Source::Clock, self.clock_step.is_ready(context)),
        ];
        let mut ready = Vec::new();
        for (source, is_ready) in all {
            if is_ready {
                ready.push(source);
            }
        }
        ready
    }

    /// Takes in what has happened at `source`. Returns the exit code if that ends the loop.
    // Not inlined: its variables would become a part of the loop's future.
    #[inline(never)]
    fn take_in(&mut self, source: Source) -> Option<u8> {
        match source {
            Source::Signals => return self.handle_signal(),
            Source::Kernel => return self.take_reports(),
            Source::Commands => {
                if let Some(control) = self.daemon.control() {
                    self.connections.accept(control);
                }
            }
            Source::Neighbours => {
                let event = self.daemon.kernel.neighbours.news();
                self.handle(event);
            }
            Source::Threads => self.take_incoming(),
            Source::Files => {
                for (path, text) in self.daemon.files.changes() {
                    self.handle(Some(Event::FileRead(path, text)));
                }
            }
            Source::Gateways => {
                let announced = self.daemon.announcements.next();
                self.handle(announced.map(|(gateway, what)| Event::Announced(gateway, what)));
            }
            Source::Ubus => {
                if let Some(event) = self.daemon.ubus.next_event() {
                    self.handle_ubus(event);
                }
            }
            Source::Clock => {
                if self.clock_step.was_stepped() {
                    self.handle(Some(Event::ClockStepped));
                }
            }
        }
        None
    }

    /// Hands `event` to the engine, if there is one.
    fn handle(&mut self, event: Option<Event>) {
        if let Some(event) = event {
            self.daemon.engine.handle(event, clock::now());
        }
    }

    /// Does what a signal wants; returns the exit code if it ends the daemon.
    fn handle_signal(&mut self) -> Option<u8> {
        let signal = self.signals.next()?;
        if signal == Signal::SIGHUP {
            self.reload();
        } else if signal == Signal::SIGUSR1 {
            self.read_if_changed();
            self.handle(Some(Event::Update(Vec::new())));
        } else {
            return Some(self.stop());
        }
        None
    }

    /// Answers the requests that have arrived on the control socket.
    // Not inlined: the stack of the loop stays small.
    #[inline(never)]
    fn serve_commands(&mut self) {
        // An answer may change anything in the loop, so the connections are taken out of it meanwhile.
        let mut connections = std::mem::take(&mut self.connections);
        connections.serve(clock::uptime(), &mut |request| self.answer(request).into());
        self.connections = connections;
    }

    /// How long to wait if nothing happens.
    fn pause(&self, now: Now) -> Option<Duration> {
        let Daemon { engine, config, display, kernel, ubus, .. } = &self.daemon;
        let times = [
            engine.deadline(now),
            config.recheck.due(),
            display.due(),
            self.connections.deadline(now.up),
            self.mode.deadline(),
            kernel.notifications.deadline(),
            ubus.deadline(),
        ];
        let next = *times.iter().flatten().min()?;
        Some(next - now.up)
    }

    /// Takes in what the kernel has reported. Returns the exit code if its notifications have ended.
    fn take_reports(&mut self) -> Option<u8> {
        // What follows from a batch is worked out once, which takes longer the more names there are.
        for _ in 0..REPORTS {
            match self.daemon.kernel.notifications.next_report() {
                Ok(Some(report)) => self.handle(Some(Event::Kernel(report))),
                Ok(None) => break,
                Err(error) => {
                    let text = format!("the kernel's notifications ended: {error}");
                    self.daemon.say(Level::Critical, text);
                    self.stop();
                    return Some(exit::INTERNAL);
                }
            }
        }
        None
    }

    /// Takes in what other threads have sent.
    fn take_incoming(&mut self) {
        for _ in 0..EVENTS {
            match self.daemon.incoming.take() {
                Some(ThreadMessage::Event(event)) => self.handle(Some(event)),
                Some(ThreadMessage::Notice(notice)) => self.daemon.logger.say(&notice),
                Some(ThreadMessage::Tested(call, text)) => {
                    self.daemon.ubus.answer(&call, ControlAnswer::Text(text));
                }
                None => return,
            }
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

    /// Carries `action` out, unless the mode screens it out.
    pub(super) fn carry_out(&mut self, action: Action, now: Now) {
        if self.mode.screen(&action) {
            self.daemon.perform(action, now);
        }
    }

    /// Ends what goes on outside of the loop, at a signal or when the kernel's notifications end. Returns the
    /// exit code after a signal: a mode that should have ended by itself, such as `once`, has failed.
    fn stop(&mut self) -> u8 {
        self.daemon.say(Level::Info, "stopping".into());
        // Threads are not waited for, and a script may run for two minutes.
        process::kill_all();
        // An accepted address that is not saved would be sent again after the next start.
        let now = clock::now();
        while let Some(action) = self.daemon.engine.unsaved(now) {
            self.carry_out(action, now);
        }
        self.daemon.withdraw();
        self.daemon.flush(FLUSH);
        if self.mode.serves() { exit::OK } else { exit::FAILED }
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
