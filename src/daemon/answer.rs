//! What the daemon is asked, on the control socket and on ubus, and what it tells on ubus.

use super::Daemon;
use crate::clock::{self, Now};
use crate::control::{Ask, Reply};
use crate::engine::event::{Event, Level};
use crate::engine::status::Snapshot;
use crate::ubus::object;
use crate::ubus::session::Word;

impl Daemon {
    /// Takes in what is heard on ubus.
    pub(super) fn hear(&mut self, word: Word) {
        let now = clock::now();
        match word {
            Word::Netifd(networks) => self.engine.handle(Event::Netifd(networks), now),
            Word::Called(call) => {
                let reply = self.answer(&call.ask);
                self.ubus.answer(&call, &reply);
            }
            Word::Watched(watched) => self.told = watched.then(|| self.engine.status(now)),
            Word::Trouble(text) => self.say(Level::Warning, text),
        }
    }

    /// Tells subscribers what is not as they know it.
    pub(super) fn tell(&mut self, status: &Snapshot) {
        let Some(before) = &mut self.told else {
            return;
        };
        for (section, record) in status.changes(before) {
            self.ubus.notify(object::UPDATE, &object::update(section, record));
        }
        before.clone_from(status);
    }

    /// Answers the control socket and ubus alike.
    pub(super) fn answer(&mut self, ask: &Ask) -> Reply {
        match self.done(ask, clock::now()) {
            Ok(text) => Reply { ok: true, text },
            Err(section) => {
                Reply { ok: false, text: format!("there is no section '{section}' that runs\n") }
            }
        }
    }

    /// Does what is asked; `Err` is the name of a section that does not run.
    fn done(&mut self, ask: &Ask, now: Now) -> Result<String, String> {
        match ask {
            Ask::Status => Ok(self.status(now)),
            Ask::StatusJson => Ok(format!("{}\n", self.engine.status(now).to_json())),
            Ask::Get(name) => {
                let status = self.engine.status(now);
                let section = status.sections.iter().find(|section| section.name == *name);
                section
                    .map(|section| format!("{}\n", section.to_json()))
                    .ok_or_else(|| name.clone())
            }
            Ask::Why(section) => {
                let mut date = |wall| self.logger.date(wall);
                self.engine.why(section, now, &mut date).ok_or_else(|| section.clone())
            }
            Ask::Update(sections) => self.act(sections, Event::Force(sections.clone()), now),
            Ask::Stop(sections) => self.act(sections, Event::Stop(sections.clone()), now),
            Ask::Start(sections) => {
                self.read_again();
                self.act(sections, Event::Start(sections.clone()), now)
            }
        }
    }

    /// Hands `event` to the engine if all of `sections` run; gives back how they stand then.
    fn act(&mut self, sections: &[String], event: Event, now: Now) -> Result<String, String> {
        if let Some(unknown) = sections.iter().find(|name| !self.engine.runs(name)) {
            return Err(unknown.clone());
        }
        self.engine.handle(event, now);
        self.work(now);
        Ok(self.engine.status(now).to_lines(sections))
    }

    pub(super) fn status(&mut self, now: Now) -> String {
        let text = self.engine.status(now).to_text(&mut |wall| self.logger.date(wall));
        if text.is_empty() {
            return format!("no service sections in {}\n", self.file.display());
        }
        text
    }
}
