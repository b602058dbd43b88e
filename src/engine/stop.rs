//! Sections that the user stops and starts again while the daemon runs.

use super::Engine;
use super::event::Action;
use crate::model::{Level, Notice};
use crate::time::Now;

impl Engine {
    /// Nothing more is sent or asked for these sections.
    pub(super) fn stop(&mut self, names: &[String]) {
        for section in &mut self.sections {
            if names.contains(&section.spec.name) && !section.stopped {
                section.set_stopped(true);
                let name = &section.spec.name;
                let text = format!("stopped, until 'ddns-netlink start {name}' or a reload");
                let notice = Notice::about(name, Level::Notice, text);
                self.actions.push(Action::Say(notice));
            }
        }
        self.touch();
    }

    /// These sections go on, or all if none is named. One that was named and ran already is sent:
    /// who starts it wants to see something happen.
    pub(super) fn start(&mut self, names: &[String], now: Now) {
        let mut running = Vec::new();
        for section in &mut self.sections {
            let name = &section.spec.name;
            let named = names.contains(name);
            if section.stopped && (named || names.is_empty()) {
                let notice = Notice::about(name, Level::Notice, "started again".into());
                self.actions.push(Action::Say(notice));
                section.set_stopped(false);
                section.ask_again(now);
            } else if named {
                running.push(name.clone());
            }
        }
        if !running.is_empty() {
            self.force(&running, now);
        }
        self.touch();
    }
}
