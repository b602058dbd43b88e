//! What comes in by the control socket.

use super::Daemon;
use crate::clock::{self, Now};
use crate::control::{Ask, Reply, Request};
use crate::engine::event::Event;

impl Daemon {
    pub(super) fn answer(&mut self, request: Request) {
        let reply = match self.told(&request.ask, clock::now()) {
            Ok(text) => Reply { ok: true, text },
            Err(section) => {
                Reply { ok: false, text: format!("there is no section '{section}' that runs\n") }
            }
        };
        request.reply(reply);
    }

    /// Does what is asked; `Err` is the name of a section that does not run.
    fn told(&mut self, ask: &Ask, now: Now) -> Result<String, String> {
        match ask {
            Ask::Status => Ok(self.status(now)),
            Ask::StatusJson => Ok(format!("{}\n", self.engine.status(now).to_json())),
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
