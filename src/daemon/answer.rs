//! What the daemon is asked, on the control socket and on ubus, and what it tells on ubus.

use super::Daemon;
use crate::edge::{clock, dns};
use crate::engine::event::Event;
use serde_json::Value as Json;

use crate::engine::status::{RecordStatus, SectionStatus};
use crate::model::Level;
use crate::proto::control::{ControlAnswer, ControlRequest};
use crate::proto::ubus::object;
use crate::proto::ubus::session::UbusEvent;
use crate::time::Now;

impl Daemon {
    /// Takes in what is heard on ubus.
    pub(super) fn hear(&mut self, event: UbusEvent) {
        let now = clock::now();
        match event {
            UbusEvent::Netifd(networks) => {
                dns::network_changed();
                self.engine.handle(Event::Netifd(networks), now);
            }
            UbusEvent::Called(call) => {
                let answer = self.answer(&call.request);
                self.ubus.answer(&call, answer);
            }
            UbusEvent::Watched(true) => {
                let status = self.engine.status(now);
                self.display.subscribe(Some(&status));
            }
            UbusEvent::Watched(false) => self.display.subscribe(None),
            UbusEvent::Trouble(text) => self.say(Level::Warning, text),
        }
    }

    /// Tells subscribers what is not as they know it.
    pub(super) fn tell(&mut self, sections: &[SectionStatus]) {
        for (section, record) in self.display.news(sections) {
            self.ubus.notify(object::UPDATE, &notification(section, record));
        }
    }

    /// Answers the control socket and ubus alike.
    pub(super) fn answer(&mut self, ask: &ControlRequest) -> ControlAnswer {
        let now = clock::now();
        let unknown = |name: &String| ControlAnswer::NoSection(name.clone());
        match ask {
            ControlRequest::Status => ControlAnswer::Text(self.status(now)),
            ControlRequest::StatusJson => ControlAnswer::Json(self.engine.status(now).to_json()),
            ControlRequest::Section(name) => {
                let status = self.engine.status(now).of(name);
                let text = status.to_text(&mut |wall| self.logger.date(wall));
                if text.is_empty() { unknown(name) } else { ControlAnswer::Text(text) }
            }
            ControlRequest::Get(name) => {
                let status = self.engine.status(now);
                let section = status.sections.iter().find(|section| section.name == *name);
                section
                    .map_or_else(|| unknown(name), |section| ControlAnswer::Json(section.to_json()))
            }
            ControlRequest::Why(name) => {
                let mut date = |wall| self.logger.date(wall);
                let text = self.engine.why(name, now, &mut date);
                text.map_or_else(|| unknown(name), ControlAnswer::Text)
            }
            ControlRequest::Update(sections) => {
                // An owner who has just corrected the file expects that the corrected file counts.
                self.read_if_changed();
                self.act(sections, Event::Force(sections.clone()), now)
            }
            ControlRequest::Stop(sections) => {
                self.act(sections, Event::Stop(sections.clone()), now)
            }
            ControlRequest::Start(sections) => {
                self.read_again();
                self.act(sections, Event::Start(sections.clone()), now)
            }
        }
    }

    /// Hands `event` to the engine if all of `sections` run; tells how they stand then.
    fn act(&mut self, sections: &[String], event: Event, now: Now) -> ControlAnswer {
        if let Some(unknown) = sections.iter().find(|name| !self.engine.runs(name)) {
            return ControlAnswer::NoSection(unknown.clone());
        }
        self.engine.handle(event, now);
        self.work(now);
        ControlAnswer::Text(self.engine.status(now).to_lines(sections))
    }

    pub(super) fn status(&mut self, now: Now) -> String {
        let text = self.engine.status(now).to_text(&mut |wall| self.logger.date(wall));
        if text.is_empty() {
            return format!("no service sections in {}\n", self.file.display());
        }
        text
    }
}

/// What subscribers are told of a record.
fn notification(section: &SectionStatus, record: &RecordStatus) -> Json {
    let mut told = record.to_json();
    if let Json::Object(members) = &mut told {
        members.insert("section".into(), section.name.as_str().into());
    }
    told
}
