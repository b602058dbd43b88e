//! Answers requests on the control socket and on ubus, and notifies the subscribers of our ubus
//! object.

use super::event_loop::EventLoop;
use super::{Daemon, page};
use crate::edge::{clock, dns};
use crate::engine::event::Event;
use crate::engine::metrics::Format;
use crate::engine::status::{RecordStatus, SectionStatus};
use crate::model::Level;
use crate::model::json::Json;
use crate::proto::control::{ControlAnswer, ControlRequest, Verb};
use crate::proto::ubus::object;
use crate::proto::ubus::session::UbusEvent;
use crate::state::PastChange;
use crate::time::Now;

impl EventLoop {
    pub(super) fn handle_ubus(&mut self, event: UbusEvent) {
        let now = clock::now();
        match event {
            UbusEvent::Netifd(networks) => {
                // netifd also writes the list of resolvers, so a look-up that waits for an old one begins again.
                dns::network_changed();
                self.daemon.engine.handle(Event::Netifd(networks), now);
            }
            UbusEvent::Called(call) if call.request.verb == Verb::Test => self.daemon.test(call),
            UbusEvent::Leases(leases) => self.daemon.engine.handle(Event::Leases(leases), now),
            UbusEvent::Called(call) => {
                let answer = self.answer(&call.request);
                self.daemon.ubus.answer(&call, answer);
            }
            UbusEvent::Watched(true) => {
                let status = self.daemon.engine.status(now);
                self.daemon.display.subscribed(&status);
            }
            UbusEvent::Watched(false) => self.daemon.display.unsubscribed(),
            UbusEvent::Trouble(text) => self.daemon.say(Level::Warning, text),
        }
    }

    /// Does what a request wants. The control socket and ubus have the same ones.
    pub(super) fn answer(&mut self, request: &ControlRequest) -> ControlAnswer {
        let now = clock::now();
        let (sections, name) = (&request.words, request.word());
        let found = match request.verb {
            Verb::Status => Some(ControlAnswer::Text(self.daemon.status_text(now))),
            Verb::StatusJson => Some(ControlAnswer::Json(self.daemon.engine.status(now).to_json())),
            Verb::Metrics => Some(self.metrics(Format::OpenMetrics, now)),
            Verb::MetricsText => Some(self.metrics(Format::Prometheus, now)),
            Verb::Section => self.daemon.section_text(name, now).map(ControlAnswer::Text),
            Verb::Get => self.daemon.section_json(name, now).map(ControlAnswer::Json),
            Verb::Why => self.daemon.why(name, now).map(ControlAnswer::Text),
            Verb::History => Some(ControlAnswer::Text(self.daemon.history_text(name))),
            Verb::HistoryJson => Some(ControlAnswer::Json(self.daemon.history_json(name))),
            Verb::Update => {
                // An owner who has just corrected the file expects that the corrected file counts.
                self.read_if_changed();
                Some(self.act(sections, Event::Update(sections.clone()), now))
            }
            Verb::Stop => Some(self.act(sections, Event::Stop(sections.clone()), now)),
            Verb::Start => {
                // LuCI of OpenWrt 24.10 and 25.12 sends 'start' for its button Reload, also for a section that runs.
                self.read_again();
                Some(self.act(sections, Event::Start(sections.clone()), now))
            }
            Verb::Providers => Some(ControlAnswer::Json(page::providers())),
            Verb::Log => {
                let path = self.daemon.logger.file_of(name);
                path.map(|path| ControlAnswer::Text(page::log(&path)))
            }
            Verb::Check => Some(ControlAnswer::Json(page::mistakes(name))),
            // [`Daemon::test`] answers it when a program has ended. The control socket has no such request.
            Verb::Test => Some(ControlAnswer::Text(String::new())),
        };
        found.unwrap_or_else(|| no_section(name))
    }

    fn metrics(&self, format: Format, now: Now) -> ControlAnswer {
        ControlAnswer::Text(self.daemon.engine.metrics(format, now))
    }

    /// Hands `event` to the engine if all of `sections` run; the answer is their state after that.
    fn act(&mut self, sections: &[String], event: Event, now: Now) -> ControlAnswer {
        // With a mistyped name nothing is done: an owner would not know which half of the request was.
        if let Some(name) = sections.iter().find(|name| !self.daemon.engine.runs(name)) {
            return no_section(name);
        }
        self.daemon.engine.handle(event, now);
        self.work(now);
        ControlAnswer::Text(self.daemon.engine.status(now).to_lines(sections))
    }
}

fn no_section(name: &str) -> ControlAnswer {
    ControlAnswer::NoSection(name.to_owned())
}

impl Daemon {
    /// What `status` has of a section; also of one that is not enabled or cannot run.
    fn section_text(&mut self, name: &str, now: Now) -> Option<String> {
        let status = self.engine.status(now).of(name);
        let text = status.to_text(&mut |wall| self.logger.date(wall));
        if text.is_empty() { None } else { Some(text) }
    }

    /// The latest changes, a line each.
    fn history_text(&mut self, name: &str) -> String {
        let mut text = String::new();
        for change in self.engine.history(name) {
            text.push_str(&change.to_text(&mut |wall| self.logger.date(wall)));
            text.push('\n');
        }
        if text.is_empty() {
            text.push_str("no change of an address is known\n");
        }
        text
    }

    /// The latest changes, for programs.
    fn history_json(&self, name: &str) -> Json {
        let changes = self.engine.history(name).map(PastChange::to_json).collect();
        Json::object(&mut [("changes", changes)])
    }

    /// What `status --json` has of a section that runs.
    fn section_json(&self, name: &str, now: Now) -> Option<Json> {
        let status = self.engine.status(now);
        let section = status.sections.iter().find(|section| section.name == name)?;
        Some(section.to_json())
    }

    fn why(&mut self, name: &str, now: Now) -> Option<String> {
        self.engine.why(name, now, &mut |wall| self.logger.date(wall))
    }

    /// Notifies the subscribers on ubus of the records of `sections` that have changed since they were
    /// notified last.
    pub(super) fn notify_subscribers(&mut self, sections: &[SectionStatus]) {
        for (section, record) in self.display.news(sections) {
            self.ubus.notify(object::UPDATE, &notification(section, record));
        }
    }
}

/// What subscribers are sent about a record.
fn notification(section: &SectionStatus, record: &RecordStatus) -> Json {
    let mut json = record.to_json();
    json.set("section", section.name.as_str().into());
    json
}
