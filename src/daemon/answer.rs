//! What the daemon is asked, on the control socket and on ubus, and what it tells on ubus.

use super::Daemon;
use crate::edge::{clock, dns};
use crate::engine::event::Event;
use serde_json::Value as Json;

use crate::engine::status::{RecordStatus, SectionStatus, Snapshot};
use crate::model::Level;
use crate::proto::control::{Answer, Ask};
use crate::proto::ubus::object;
use crate::proto::ubus::session::Word;
use crate::time::Now;

impl Daemon {
    /// Takes in what is heard on ubus.
    pub(super) fn hear(&mut self, word: Word) {
        let now = clock::now();
        match word {
            Word::Netifd(networks) => {
                dns::network_changed();
                self.engine.handle(Event::Netifd(networks), now);
            }
            Word::Called(call) => {
                let answer = self.answer(&call.ask);
                self.ubus.answer(&call, answer);
            }
            Word::Watched(watched) => self.told = watched.then(|| self.engine.status(now)),
            Word::Trouble(text) => self.say(Level::Warning, text),
        }
    }

    /// Tells subscribers what is not as they know it.
    pub(super) fn tell(&mut self, status: Snapshot) {
        let Some(before) = &self.told else {
            return;
        };
        for (section, record) in status.changes(before) {
            self.ubus.notify(object::UPDATE, &notification(section, record));
        }
        self.told = Some(status);
    }

    /// Answers the control socket and ubus alike.
    pub(super) fn answer(&mut self, ask: &Ask) -> Answer {
        let now = clock::now();
        let unknown = |name: &String| Answer::NoSection(name.clone());
        match ask {
            Ask::Status => Answer::Text(self.status(now)),
            Ask::StatusJson => Answer::Json(self.engine.status(now).to_json()),
            Ask::Section(name) => {
                let status = self.engine.status(now).of(name);
                let text = status.to_text(&mut |wall| self.logger.date(wall));
                if text.is_empty() { unknown(name) } else { Answer::Text(text) }
            }
            Ask::Get(name) => {
                let status = self.engine.status(now);
                let section = status.sections.iter().find(|section| section.name == *name);
                section.map_or_else(|| unknown(name), |section| Answer::Json(section.to_json()))
            }
            Ask::Why(name) => {
                let mut date = |wall| self.logger.date(wall);
                let text = self.engine.why(name, now, &mut date);
                text.map_or_else(|| unknown(name), Answer::Text)
            }
            Ask::Update(sections) => {
                // An owner who has just corrected the file expects that the corrected file counts.
                self.read_if_changed();
                self.act(sections, Event::Force(sections.clone()), now)
            }
            Ask::Stop(sections) => self.act(sections, Event::Stop(sections.clone()), now),
            Ask::Start(sections) => {
                self.read_again();
                self.act(sections, Event::Start(sections.clone()), now)
            }
        }
    }

    /// Hands `event` to the engine if all of `sections` run; tells how they stand then.
    fn act(&mut self, sections: &[String], event: Event, now: Now) -> Answer {
        if let Some(unknown) = sections.iter().find(|name| !self.engine.runs(name)) {
            return Answer::NoSection(unknown.clone());
        }
        self.engine.handle(event, now);
        self.work(now);
        Answer::Text(self.engine.status(now).to_lines(sections))
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
