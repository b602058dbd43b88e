//! `watch`: shows, without a configuration, each address that the kernel reports and which one would be
//! published.

use std::io;
use std::net::IpAddr;

use futures::FutureExt as _;
use nix::sys::signal::Signal;

use super::start::prepare;
use crate::cli::exit;
use crate::edge::clock;
use crate::edge::console::{complain, print};
use crate::edge::netlink::socket::Socket;
use crate::edge::runtime::block_on;
use crate::edge::signals::Signals;
use crate::engine::book::KernelTables;
use crate::engine::scope::DeviceScope;
use crate::engine::select::{self, Desired, Policy};
use crate::model::Family;
use crate::model::json::Json;
use crate::model::sorted::{Map, Set};
use crate::proto::netlink::{Report, Table};

/// The addresses of one device and family, each usable or with the reason why not, and the chosen one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct View {
    verdicts: Map<IpAddr, String>,
    chosen: Option<IpAddr>,
}

type Views = Map<(String, Family), View>;

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
    tokio::select! {
        code = watch(&mut socket, json, devices) => code,
        _ = signals.next() => exit::OK,
    }
}

async fn watch(socket: &mut Socket, json: bool, devices: &[String]) -> u8 {
    let mut book = KernelTables::default();
    let mut shown = Views::new();
    let mut complete = false;
    loop {
        if let Err(error) = take_reports(socket, &mut book).await {
            let text = format_args!("the kernel's notifications ended: {error}");
            return complain(exit::INTERNAL, &text);
        }
        if !book.addresses_known() {
            continue;
        }
        if !complete {
            complete = true;
            warn_of_missing(&book, devices);
        }
        let views = views(&book, devices, &shown);
        if print_changes(&shown, &views, json).is_err() {
            // The reader has closed standard output.
            return exit::OK;
        }
        shown = views;
    }
}

/// Waits for what the kernel reports next, and takes in everything that it has reported by then.
async fn take_reports(socket: &mut Socket, book: &mut KernelTables) -> io::Result<()> {
    let mut next = Some(socket.next().await);
    while let Some(report) = next {
        let report = report?;
        let lost = report == Report::Lost;
        let _ = book.apply(report, clock::now().up);
        if lost {
            request_dumps(socket);
        }
        next = socket.next().now_or_never();
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

/// The addresses of these devices, of all if none is named. `before` has the addresses chosen until now.
fn views(book: &KernelTables, devices: &[String], before: &Views) -> Views {
    let mut views = Views::new();
    for link in book.links() {
        let mut names = std::iter::once(&link.name).chain(&link.other_names);
        if !devices.is_empty() && !names.any(|name| devices.contains(name)) {
            continue;
        }
        let place = DeviceScope::device(&link.name);
        for family in [Family::V4, Family::V6] {
            let key = (link.name.clone(), family);
            let current = before.get(&key).and_then(|view| view.chosen);
            views.insert(key, view(book, &place, family, current));
        }
    }
    views
}

/// The addresses of one device. `current` is the address chosen until now.
fn view(
    book: &KernelTables,
    place: &DeviceScope<'_>,
    family: Family,
    current: Option<IpAddr>,
) -> View {
    let policy = Policy::default();
    let mut verdicts = Map::new();
    for candidate in select::candidates(book, place, family, policy) {
        let verdict = match candidate.rejection {
            Some(why) => why.to_string(),
            None => "usable".into(),
        };
        verdicts.insert(candidate.address, verdict);
    }
    let chosen = match select::from_device(book, place, family, policy, current) {
        Desired::Address(address) => Some(address),
        Desired::Unknown | Desired::Nothing(_) => None,
    };
    View { verdicts, chosen }
}

fn print_changes(before: &Views, after: &Views, json: bool) -> io::Result<()> {
    let nothing = View::default();
    let mut lines = String::new();
    let keys: Set<_> = before.keys().chain(after.keys()).collect();
    for key in keys.iter() {
        let old = before.get(key).unwrap_or(&nothing);
        let new = after.get(key).unwrap_or(&nothing);
        for line in differences(&key.0, key.1, old, new, json) {
            lines.push_str(&line);
            lines.push('\n');
        }
    }
    if lines.is_empty() { Ok(()) } else { print(&lines) }
}

fn differences(device: &str, family: Family, old: &View, new: &View, json: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for address in old.verdicts.keys() {
        if !new.verdicts.contains_key(address) {
            lines.push(address_line(device, "removed", address, "gone", json));
        }
    }
    for (address, verdict) in new.verdicts.iter() {
        match old.verdicts.get(address) {
            None => lines.push(address_line(device, "added", address, verdict, json)),
            Some(before) if before != verdict => {
                lines.push(address_line(device, "changed", address, verdict, json));
            }
            Some(_) => {}
        }
    }
    if old.chosen != new.chosen {
        lines.push(chosen_line(device, family, new.chosen, json));
    }
    lines
}

fn address_line(device: &str, event: &str, address: &IpAddr, verdict: &str, json: bool) -> String {
    let address = address.to_string();
    if json {
        let members = &mut [
            ("device", device.into()),
            ("event", event.into()),
            ("address", address.into()),
            ("verdict", verdict.into()),
        ];
        Json::object(members).to_string()
    } else {
        format!("{device}: {event} {address}: {verdict}")
    }
}

fn chosen_line(device: &str, family: Family, chosen: Option<IpAddr>, json: bool) -> String {
    let address = chosen.map(|address| address.to_string());
    let record_type = family.record_type();
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
