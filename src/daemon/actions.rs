//! Carries out the engine's [`Action`]s.

use std::sync::Arc;

use super::Daemon;
use crate::edge::dns::DnsTransport;
use crate::edge::netlink::neighbours::{self, Hosts};
use crate::edge::probe::Probe;
use crate::edge::worker::{Publication, Task};
use crate::engine::event::{Action, Event};
use crate::engine::gateway::Gateway;
use crate::engine::hook_event::HookEvent;
use crate::engine::way::Ask;
use crate::model::{Host, Level, Transport};
use crate::time::Now;

impl Daemon {
    pub(super) fn perform(&mut self, action: Action, now: Now) {
        match action {
            Action::Dump(table) => self.kernel.notifications.request_dump(table),
            Action::FindWay(ask) => self.find_way(ask, now),
            Action::Publish { id, section, sections, device, source, job } => {
                let transport = Transport { device, source, ..section.transport.clone() };
                let global = Arc::clone(&self.config.global);
                let publication = Publication { id, section, sections, job, transport, global };
                self.pool.submit(Task::Publish(publication));
            }
            Action::Detect { question, section, device, gateway, family } => {
                let transport = Transport { device, ..section.transport.clone() };
                let probe = Probe::of(&section, family, transport, gateway);
                let section = section.name.clone();
                self.pool.submit(Task::Detect { question, section, family, probe });
            }
            Action::LookUp { section, lookup, device, family, expected } => {
                let way = DnsTransport { device, ..DnsTransport::from(&section.transport) };
                let section = section.name.clone();
                self.pool.submit(Task::LookUp { section, lookup, family, expected, way });
            }
            Action::Listen(gateways) => self.listen(gateways),
            Action::WatchFiles(paths) => self.files.set(paths),
            Action::FollowNeighbours(hosts) => self.follow_neighbours(&hosts, now),
            Action::ProbeNeighbour(address) => neighbours::probe(address),
            Action::AskLeases => self.ubus.ask_leases(),
            Action::Cut(address) => self.pool.cut(address),
            Action::TellHooks(event) => self.tell(&event),
            Action::Save(changes) => self.store.change(changes),
            Action::Say(notice) => self.logger.say(&notice),
        }
    }

    /// Listens to the announcements of these gateways.
    fn listen(&mut self, gateways: Vec<Gateway>) {
        if let Err(error) = self.announcements.set(gateways) {
            let text = format!(
                "the gateway's announcements cannot be received: {error}; a change is noticed only when \
                 the gateway is asked: after 5 minutes, then less often, up to every 6 hours"
            );
            self.say(Level::Warning, text);
        }
    }

    fn follow_neighbours(&mut self, hosts: &Hosts, now: Now) {
        if let Err(error) = self.kernel.neighbours.follow(hosts) {
            let text = format!("cannot follow the neighbours of the router: {error}");
            self.say(Level::Warning, text);
            // Nothing will be seen, so nobody is to wait for it.
            self.engine.handle(Event::Neighbours { seen: Vec::new(), is_end: true }, now);
        }
    }

    /// Tells the owner's programs: the hook, the scripts in `/etc/hotplug.d/ddns`, and those that listen on ubus.
    fn tell(&mut self, event: &HookEvent) {
        let environment = event.environment();
        self.ubus.tell_hooks(&event.to_json(), &environment);
        if let Some(hook) = &self.config.global.hook {
            self.hook.run(hook, environment);
        }
    }

    /// Asks the kernel for the way to a host, by the addresses at which it was reached before.
    fn find_way(&mut self, ask: Ask, now: Now) {
        let device = ask.device.as_ref().map(|(name, index)| (name.as_str(), *index));
        let addresses = match &ask.host {
            Host::Address(address) => vec![*address],
            Host::Name(name) => self.pool.addresses(name, ask.family),
        };
        let told = match ask.mark {
            // A question with a mark is about any host of the internet, which has no addresses that are known.
            0 => self.kernel.routes.find(&addresses, ask.family, device),
            mark => self.kernel.routes.of_marked(ask.family, mark),
        };
        self.engine.handle(Event::WayFound(ask, told), now);
    }
}
