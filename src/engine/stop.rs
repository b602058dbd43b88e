//! The owner's commands `stop` and `start`, which stop and start sections while the daemon runs.

use super::Engine;
use crate::model::{Level, Notice};
use crate::time::Now;

impl Engine {
    /// Stops these sections: no request is sent and no source is asked for them.
    pub(super) fn stop(&mut self, names: &[String]) {
        for index in 0..self.sections.len() {
            let Some(active) = self.sections.get_mut(index) else { continue };
            if active.stopped || !names.contains(&active.spec.name) {
                continue;
            }
            active.set_stopped(true);
            let name = &active.spec.name;
            let text = format!("stopped, until 'ddns-netlink start {name}' or a reload");
            self.actions.say(Notice::about(name, Level::Notice, text));
            self.touch_section(index);
        }
    }

    /// Starts these sections again, or all stopped sections if none is named. A named section that already runs
    /// is sent now: an owner who starts it expects an effect.
    pub(super) fn start(&mut self, names: &[String], now: Now) {
        let mut running = Vec::new();
        for index in 0..self.sections.len() {
            let Some(active) = self.sections.get_mut(index) else { continue };
            let name = &active.spec.name;
            let is_named = names.contains(name);
            if active.stopped && (is_named || names.is_empty()) {
                self.actions.say(Notice::about(name, Level::Notice, "started again".into()));
                active.set_stopped(false);
                // The source was not asked meanwhile, so its last answer may be old.
                active.ask_again(now);
                self.touch_section(index);
            } else if is_named {
                running.push(name.clone());
            }
        }
        if !running.is_empty() {
            self.force(&running, now);
        }
    }
}
