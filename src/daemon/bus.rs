//! The daemon on ubus: what it hears there, and what it tells.

use super::Daemon;
use crate::clock;
use crate::engine::event::{Event, Level};
use crate::engine::status::Snapshot;
use crate::ubus::object;
use crate::ubus::session::Word;

impl Daemon {
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
}
