//! `watch`: shows, without a configuration, each address that the kernel reports and which one would be
//! published.

use std::io;
use std::net::IpAddr;

use nix::sys::signal::Signal;

use super::start::prepare;
use crate::cli::exit;
use crate::edge::clock;
use crate::edge::console::{complain, print};
use crate::edge::netlink::socket::Socket;
use crate::edge::runtime::{block_on, wait};
use crate::edge::signals::Signals;
use crate::engine::book::KernelTables;
use crate::engine::scope::DeviceScope;
use crate::engine::select::{self, Desired, Policy};
use crate::model::Family;
use crate::model::json::Json;
use crate::model::sort;
use crate::proto::netlink::{Report, Table};

/// The addresses of one device and family, each usable or with the reason why not, and the chosen one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct View {
    device: String,
    family: Family,
    /// By address.
    verdicts: Vec<(IpAddr, String)>,
    chosen: Option<IpAddr>,
}

/// Prints the changes at `devices`, at all devices if none is named, until interrupted.
pub(super) fn run(json: bool, devices: &[String]) -> u8 {
    match prepare() {
        Ok(runtime) => block_on(&runtime, Box::pin(watch_until_interrupted(json, devices))),
        Err(code) => code,
    }
}

async fn watch_until_interrupted(json: bool, devices: &[String]) -> u8 {
    let opened = Socket::open().and_then(|socket| Ok((socket, Signals::open(&[Signal::SIGINT])?)));
    let (mut socket, signals) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            return complain(exit::INTERNAL, &format_args!("cannot listen to the kernel: {error}"));
        }
    };
    request_dumps(&mut socket);
    let mut book = KernelTables::default();
    let mut shown = Vec::new();
    let mut complete = false;
    while signals.next().is_none() {
        if let Err(error) = take_reports(&mut socket, &mut book) {
            let text = format_args!("the kernel's notifications ended: {error}");
            return complain(exit::INTERNAL, &text);
        }
        if book.addresses_known() {
            if !complete {
                complete = true;
                warn_of_missing(&book, devices);
            }
            let views = views(&book, devices, &shown);
            if print_changes(&shown, &views, json).is_err() {
                // The reader has closed standard output.
                break;
            }
            shown = views;
        }
        let now = clock::uptime();
        let pause = socket.deadline().map(|deadline| deadline.saturating_sub(now));
        wait(pause, &mut |context| {
            // Both are asked, so that each of them wakes this task.
            let is_signalled = signals.is_ready(context);
            socket.is_ready(now, context) || is_signalled
        })
        .await;
    }
    exit::OK
}

/// Takes in everything that the kernel has reported by now.
fn take_reports(socket: &mut Socket, book: &mut KernelTables) -> io::Result<()> {
    while let Some(report) = socket.next_report()? {
        let lost = report == Report::Lost;
        let _ = book.apply(report, clock::now().up);
        // What the lost notifications said is in the tables (man 7 netlink, ENOBUFS).
        if lost {
            request_dumps(socket);
        }
    }
    Ok(())
}

fn request_dumps(socket: &mut Socket) {
    for table in Table::ALL {
        socket.request_dump(table);
    }
}

fn warn_of_missing(book: &KernelTables, devices: &[String]) {
    for name in devices {
        if book.link(name).is_none() {
            complain(exit::OK, &format_args!("there is no device '{name}' yet; waiting for it"));
        }
    }
}

/// The addresses of these devices, of all if none is named, by device. `before` has the addresses chosen until now.
fn views(book: &KernelTables, devices: &[String], before: &[View]) -> Vec<View> {
    let mut views: Vec<View> = Vec::new();
    for link in book.links() {
        let mut names = std::iter::once(&link.name).chain(&link.other_names);
        if !devices.is_empty() && !names.any(|name| devices.contains(name)) {
            continue;
        }
        for family in [Family::V4, Family::V6] {
            if find(&views, &link.name, family).is_none() {
                let current = find(before, &link.name, family).and_then(|view| view.chosen);
                views.push(view(book, &link.name, family, current));
            }
        }
    }
    for old in before {
        // A device that is gone has no addresses any more.
        if !old.verdicts.is_empty() && find(&views, &old.device, old.family).is_none() {
            let device = old.device.clone();
            views.push(View { device, family: old.family, verdicts: Vec::new(), chosen: None });
        }
    }
    sort::by(&mut views, |a, b| (&a.device, a.family).cmp(&(&b.device, b.family)));
    views
}

fn find<'v>(views: &'v [View], device: &str, family: Family) -> Option<&'v View> {
    views.iter().find(|view| view.device == device && view.family == family)
}

/// The addresses of one device. `current` is the address chosen until now.
fn view(book: &KernelTables, device: &str, family: Family, current: Option<IpAddr>) -> View {
    let policy = Policy::default();
    let place = DeviceScope::device(device);
    let mut verdicts = Vec::new();
    for candidate in select::candidates(book, &place, family, policy) {
        // The kernel can have an address twice, with prefixes of two lengths.
        if verdict_of(&verdicts, &candidate.address).is_some() {
            continue;
        }
        let verdict = match candidate.rejection {
            Some(why) => why.to_string(),
            None => "usable".into(),
        };
        verdicts.push((candidate.address, verdict));
    }
    let chosen = match select::from_device(book, &place, family, policy, current) {
        Desired::Address(address) => Some(address),
        Desired::Unknown | Desired::Nothing(_) => None,
    };
    View { device: device.to_owned(), family, verdicts, chosen }
}

/// Prints what is new in `after`, which has every device of `before`.
fn print_changes(before: &[View], after: &[View], json: bool) -> io::Result<()> {
    let mut lines = String::new();
    for view in after {
        let (verdicts, chosen) = match find(before, &view.device, view.family) {
            Some(old) => (&old.verdicts[..], old.chosen),
            None => (&[][..], None),
        };
        add_addresses(&mut lines, verdicts, view, json);
        if view.chosen != chosen {
            lines.push_str(&chosen_line(view, json));
            lines.push('\n');
        }
    }
    if lines.is_empty() { Ok(()) } else { print(&lines) }
}

/// Adds a line for each address in `view` that is not the same in `old`.
fn add_addresses(lines: &mut String, old: &[(IpAddr, String)], view: &View, json: bool) {
    let mut add = |event, address, verdict| {
        lines.push_str(&address_line(&view.device, event, address, verdict, json));
        lines.push('\n');
    };
    for (address, _) in old {
        if verdict_of(&view.verdicts, address).is_none() {
            add("removed", address, "gone");
        }
    }
    for (address, verdict) in &view.verdicts {
        match verdict_of(old, address) {
            None => add("added", address, verdict),
            Some(before) if before != verdict => add("changed", address, verdict),
            Some(_) => {}
        }
    }
}

fn verdict_of<'v>(verdicts: &'v [(IpAddr, String)], address: &IpAddr) -> Option<&'v str> {
    let (_, verdict) = verdicts.iter().find(|(known, _)| known == address)?;
    Some(verdict)
}

fn address_line(device: &str, event: &str, address: &IpAddr, verdict: &str, json: bool) -> String {
    if json {
        let members = &mut [
            ("device", device.into()),
            ("event", event.into()),
            ("address", address.to_string().into()),
            ("verdict", verdict.into()),
        ];
        Json::object(members).to_string()
    } else {
        format!("{device}: {event} {address}: {verdict}")
    }
}

fn chosen_line(view: &View, json: bool) -> String {
    let device = view.device.as_str();
    let address = view.chosen.map(|address| address.to_string());
    let record_type = view.family.record_type();
    if json {
        let members = &mut [
            ("device", device.into()),
            ("event", "chosen".into()),
            ("type", record_type.into()),
            ("address", address.into()),
        ];
        Json::object(members).to_string()
    } else {
        let address = address.unwrap_or_else(|| "nothing".into());
        format!("{device}: {record_type}: {address} would be published")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::netlink::{Address, AddressFlags, Link, Message};

    #[test]
    fn an_address_that_the_kernel_has_twice_is_shown_once() {
        let address = IpAddr::from([192, 0, 2, 1]);
        let long = Address {
            link: 1,
            address,
            peer: address,
            prefix_len: 32,
            scope: 0,
            flags: AddressFlags(AddressFlags::PERMANENT),
            preferred: u32::MAX,
            valid: u32::MAX,
        };
        let short = Address { prefix_len: 24, ..long.clone() };
        let (name, other_names) = ("eth0".into(), Vec::new());
        let link = Link { index: 1, name, other_names, up: true, carrier: true };
        let mut book = KernelTables::default();
        for message in
            [Message::NewLink(link), Message::NewAddress(long), Message::NewAddress(short)]
        {
            let _ = book.apply(Report::Message(message), clock::now().up);
        }
        let view = view(&book, "eth0", Family::V4, None);
        let shown: Vec<_> = view.verdicts.iter().map(|(address, _)| *address).collect();
        assert_eq!(shown, [address]);
    }
}
