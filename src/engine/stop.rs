//! Sections that the user stops and starts again while the daemon runs.

use super::Engine;
use super::event::Action;
use crate::model::{Level, Notice};
use crate::time::Now;

impl Engine {
    /// Nothing more is sent or asked for these sections.
    pub(super) fn stop(&mut self, names: &[String]) {
        for place in 0..self.sections.len() {
            let Some(active) = self.sections.get_mut(place) else { continue };
            if active.stopped || !names.contains(&active.spec.name) {
                continue;
            }
            active.set_stopped(true);
            let name = &active.spec.name;
            let text = format!("stopped, until 'ddns-netlink start {name}' or a reload");
            let notice = Notice::about(name, Level::Notice, text);
            self.actions.push(Action::Say(notice));
            self.touch_section(place);
        }
    }

    /// These sections go on, or all if none is named. One that was named and ran already is sent:
    /// who starts it wants to see something happen.
    pub(super) fn start(&mut self, names: &[String], now: Now) {
        let mut running = Vec::new();
        for place in 0..self.sections.len() {
            let Some(active) = self.sections.get_mut(place) else { continue };
            let name = &active.spec.name;
            let is_named = names.contains(name);
            if active.stopped && (is_named || names.is_empty()) {
                let notice = Notice::about(name, Level::Notice, "started again".into());
                self.actions.push(Action::Say(notice));
                active.set_stopped(false);
                active.ask_again(now);
                self.touch_section(place);
            } else if is_named {
                running.push(name.clone());
            }
        }
        if !running.is_empty() {
            self.force(&running, now);
        }
    }
}
