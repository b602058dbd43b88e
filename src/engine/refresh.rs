//! Reports of the kernel and netifd: which addresses and ways they change, worked out once per batch.

use std::net::{IpAddr, Ipv6Addr};
use std::ops::Range;
use std::path::PathBuf;

use super::Engine;
use super::agenda::Item;
use super::event::Action;
use super::flights::RecordId;
use super::host::HostAnswer;
use super::no_address::{Desired, NoAddress};
use super::report;
use super::viewpoint::Moment;
use crate::model::Family;
use crate::proto::netlink::{IfIndex, Message, Report, Table};
use crate::proto::ubus::netifd::Networks;
use crate::time::Now;

impl Engine {
    /// The kernel has reported something.
    pub(super) fn kernel(&mut self, report: Report, now: Now) {
        let is_another_way = self.may_change_ways(&report);
        if is_another_way {
            self.routes_changed();
        }
        if report == Report::Lost {
            Table::ALL.into_iter().for_each(|table| self.dump(table));
        }
        let link = link_of(&report);
        let is_news = self.facts.book.apply(report, now.up);
        let news = &mut self.todo.news;
        news.lost_way |= is_news || is_another_way;
        match link {
            Some(link) if is_news => news.about_link(link),
            None if is_news => news.about_all(),
            Some(_) | None => {}
        }
    }

    /// Whether the kernel may know another way to one of the hosts after this report about routes or rules.
    fn may_change_ways(&self, report: &Report) -> bool {
        match report {
            // A router may have thousands of routes, and most of them lead to none of the hosts.
            Report::Message(Message::Route(route)) => self.facts.book.ways.depend_on(route),
            Report::Message(Message::Policy) => true,
            Report::Message(_) | Report::DumpBegin(_) | Report::DumpEnd(_) | Report::Lost => false,
        }
    }

    /// netifd has reported its networks; `None`: it is not there.
    pub(super) fn netifd(&mut self, networks: Option<Networks>) {
        // Without ubus there is no odhcpd to ask.
        if networks.is_none() && self.facts.sightings.odhcpd.is_none() {
            self.leased(Vec::new());
        }
        if self.facts.netifd.update(networks) {
            self.todo.news.about_all();
            self.todo.news.lost_way = true;
        }
    }

    /// A watched file has been read.
    pub(super) fn file_read(&mut self, path: PathBuf, text: Option<String>) {
        if self.facts.files.read(&path, text) {
            self.host_file_read(&path);
            self.todo.news.about_all();
        }
    }

    /// Has the files watched that the sections depend on now.
    pub(super) fn watch_files(&mut self) {
        let mut wanted = Vec::new();
        for view in &self.viewpoints {
            view.needs.add_files(&mut wanted);
        }
        self.add_host_files(&mut wanted);
        if self.facts.files.want(wanted) {
            self.actions.push(Action::WatchFiles(self.facts.files.wanted()));
        }
    }

    /// Asks for a dump, once per batch of messages.
    pub(super) fn dump(&mut self, table: Table) {
        let is_asked = |action: &Action| matches!(action, Action::Dump(asked) if *asked == table);
        if !self.actions.iter().any(is_asked) {
            self.actions.push(Action::Dump(table));
        }
    }

    /// Routes or rules changed: a failure in which nothing left the router may not happen again.
    fn routes_changed(&mut self) {
        for id in std::mem::take(&mut self.todo.failed_locally) {
            let Some(record) = self.record_mut(id) else { continue };
            if record.has_failed_locally() {
                record.routes_changed();
                self.todo.failed_locally.push(id);
                self.touch(id);
            }
        }
        for place in 0..self.sections.len() {
            let Some(active) = self.sections.get_mut(place) else { continue };
            if !active.detectors.is_empty() {
                active.detectors.iter_mut().for_each(|detector| detector.routes_changed());
                self.attend(place);
            }
        }
    }

    /// The record may be tried again when routes or rules change.
    pub(super) fn note_local_failure(&mut self, id: RecordId) {
        let Some(record) = self.record_mut(id) else { return };
        if record.has_failed_locally() && !self.todo.failed_locally.contains(&id) {
            self.todo.failed_locally.push(id);
        }
    }

    /// Selects addresses again after a change. The kernel is asked for the ways first.
    pub(super) fn refresh(&mut self, now: Now) {
        if self.todo.news.lost_way && self.facts.book.addresses_known() {
            self.todo.news.lost_way = false;
            self.ask_for_ways();
        }
        if !self.facts.book.ways.is_complete() {
            return;
        }
        if self.todo.news.is_any {
            // Which line is in use decides which device counts below.
            self.follow_lines(now);
            if !self.facts.book.ways.is_complete() {
                return;
            }
            self.ask_network();
        }
        if !self.todo.reselect.is_empty() {
            self.follow(now);
        }
    }

    /// Asks the kernel for the way to each host. Sections that share a host share the question.
    fn ask_for_ways(&mut self) {
        let mut asks = Vec::new();
        for view in &self.viewpoints {
            view.add_asks(&self.facts, &mut asks);
        }
        self.facts.book.ways.ask(asks);
        for ask in self.facts.book.ways.asks() {
            self.actions.push(Action::FindWay(ask.clone()));
        }
    }

    /// Follows which lines are in use. The ways through another one are asked for before anything else.
    fn follow_lines(&mut self, now: Now) {
        let moment = Moment { now: now.up, is_last: self.ends };
        let mut lacks_ways = false;
        for place in 0..self.viewpoints.len() {
            let Some(view) = self.viewpoints.get_mut(place) else { continue };
            let Some(followed) = view.follow_lines(&self.facts, moment) else { continue };
            lacks_ways |= followed.lacks_ways;
            self.plan(Item::Viewpoint(place), followed.due);
            if followed.has_changed {
                self.report_lines(place, now);
            }
        }
        if lacks_ways {
            self.ask_for_ways();
        }
    }

    /// Reports which lines the sections of this viewpoint use now.
    fn report_lines(&mut self, place: usize, now: Now) {
        let Some(view) = self.viewpoints.get(place) else { return };
        let lines = view.lines(&self.facts, now.up);
        for member in view.members.clone() {
            // Of two families only one may have changed its line.
            for line in lines.iter().filter(|line| line.used_for.is_zero()) {
                let Some(active) = self.sections.get(member) else { continue };
                self.actions.say(report::line(&active.spec.name, line));
                self.tell_line(member, line);
            }
        }
    }

    /// Evaluates the viewpoints again that the news may concern.
    fn ask_network(&mut self) {
        let news = self.todo.news.take();
        for place in 0..self.viewpoints.len() {
            let Some(view) = self.viewpoints.get(place) else { continue };
            if !news.is_about_all && !view.depends_on(&news.links) {
                continue;
            }
            let current = [self.current(place, Family::V4), self.current(place, Family::V6)];
            let hosts = self.current_hosts(place);
            let Some(view) = self.viewpoints.get_mut(place) else { continue };
            if view.ask(&self.facts, current, &hosts) {
                for member in &view.members {
                    self.todo.reselect.add(*member);
                }
            }
        }
        self.listen();
        self.cut_gone();
    }

    /// Ends the connections from addresses that are gone.
    fn cut_gone(&mut self) {
        let gone = self.facts.book.take_gone();
        if !gone.is_empty() {
            // A request may have left from one of them: if it fails, the provider is not to blame.
            self.flights.network_gone(None);
        }
        for address in gone {
            self.actions.push(Action::Cut(address));
        }
    }

    /// The address that sections of the viewpoint have now. A name that was just added holds nothing yet:
    /// it follows the others.
    fn current(&self, place: usize, family: Family) -> Option<IpAddr> {
        let view = self.viewpoints.get(place)?;
        if let Desired::Address(address) = view.answers.of(family).desired {
            return Some(address);
        }
        let mut published = None;
        for &member in &view.members {
            for record in self.sections.get(member)?.own_records() {
                if record.family != family {
                    continue;
                }
                if record.desired().is_some() {
                    return record.desired();
                }
                if published.is_none() {
                    published = record.published();
                }
            }
        }
        published
    }

    /// The address that each host of the viewpoint has now.
    fn current_hosts(&self, place: usize) -> Vec<Option<Ipv6Addr>> {
        let mut current = Vec::new();
        let Some(view) = self.viewpoints.get(place) else { return current };
        // All members have the same hosts, because these belong to the questions.
        let Some(first) = view.members.first() else { return current };
        let Some(active) = self.sections.get(*first) else { return current };
        for (index, record) in active.hosts().iter().enumerate() {
            let address = match view.answers.lan.hosts.get(index) {
                Some(HostAnswer { desired: Desired::Address(address), .. }) => Some(*address),
                _ => record.desired().or_else(|| record.published()),
            };
            current.push(match address {
                Some(IpAddr::V6(address)) => Some(address),
                Some(IpAddr::V4(_)) | None => None,
            });
        }
        current
    }

    /// The sections whose answers have changed follow them.
    fn follow(&mut self, now: Now) {
        let places = self.todo.reselect.take_all();
        for &place in &places {
            self.follow_network(place, now);
        }
        for place in places {
            self.reselect(place, now);
            self.touch_section(place);
        }
    }

    /// The section follows its gates and its ways. What is on its way may not count any more.
    fn follow_network(&mut self, place: usize, now: Now) {
        let Some((active, view)) = self.section_and_view(place) else { return };
        let standing = if active.follow_gates(&view.answers, now) {
            Some(report::standing(&active.spec.name, active.standing()))
        } else {
            None
        };
        let is_another_network = active.follow_ways(&view.answers, now);
        // Both need the section. What follows from them needs the whole engine.
        if let Some(notice) = standing {
            self.actions.say(notice);
            self.flights.supersede(place);
        }
        if is_another_network {
            self.flights.network_gone(Some(place));
        }
    }

    fn reselect(&mut self, place: usize, now: Now) {
        let Some((active, view)) = self.section_and_view(place) else { return };
        active.follow_event_network(&view.answers, now);
        active.follow_uplink(&view.answers, now);
        let missing = active.reselect(&view.answers, now);
        let no_prefix = active.new_prefix_absence(&view.answers);
        if active.rests() {
            return;
        }
        let (first_host, end) = (active.own_records().len(), active.records.len());
        for (family, why) in missing {
            self.report_absence(place, 0..first_host, family, &why, now);
        }
        if let Some(why) = no_prefix {
            self.report_absence(place, first_host..end, Family::V6, &why, now);
        }
    }

    /// Tells the owner that those of `records` that are of `family` have no address, and `why`.
    fn report_absence(
        &mut self,
        place: usize,
        records: Range<usize>,
        family: Family,
        why: &NoAddress,
        now: Now,
    ) {
        let Some(active) = self.sections.get(place) else { return };
        let known = active.records.get(records.clone()).unwrap_or_default();
        self.actions.say(report::no_address(&active.spec.name, family, known, why, now));
        self.tell_absence(place, records, family, why);
    }
}

/// The device, if a report is only about addresses of one device.
fn link_of(report: &Report) -> Option<IfIndex> {
    match report {
        Report::Message(Message::NewAddress(address) | Message::DelAddress(address)) => {
            Some(address.link)
        }
        Report::Message(_) | Report::DumpBegin(_) | Report::DumpEnd(_) | Report::Lost => None,
    }
}
