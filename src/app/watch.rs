//! `watch`: what the kernel reports and which address would be chosen, live, without a
//! configuration.

use std::net::IpAddr;

use futures::FutureExt as _;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::exit;
use crate::edge::clock;
use crate::edge::console::{complain, show};
use crate::edge::netlink::socket::Socket;
use crate::engine::book::Book;
use crate::engine::select::{self, Desired, Place, Policy};
use crate::model::Family;
use crate::model::sorted::{Map, Set};
use crate::proto::netlink::{Report, Table};

/// What is seen of one device and family: each address with its verdict, and the chosen one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct View {
    verdicts: Map<IpAddr, String>,
    chosen: Option<IpAddr>,
}

type Views = Map<(String, Family), View>;

/// Shows changes of `devices` (all if none are named) until interrupted.
pub(super) async fn run(json: bool, devices: Vec<String>) -> u8 {
    let mut socket = match Socket::open() {
        Ok(socket) => socket,
        Err(error) => {
            return complain(exit::INTERNAL, &format!("cannot listen to the kernel: {error}"));
        }
    };
    Table::ALL.iter().for_each(|&table| socket.request_dump(table));
    let interrupted = async {
        match signal(SignalKind::interrupt()) {
            Ok(mut interrupt) => drop(interrupt.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        code = watch(&mut socket, json, &devices) => code,
        () = interrupted => exit::OK,
    }
}

async fn watch(socket: &mut Socket, json: bool, devices: &[String]) -> u8 {
    let mut book = Book::default();
    let mut shown = Views::new();
    let mut begun = false;
    loop {
        let mut next = Some(socket.next().await);
        while let Some(report) = next {
            match report {
                Ok(report) => {
                    let lost = report == Report::Lost;
                    let _ = book.apply(report, clock::now().up);
                    if lost {
                        Table::ALL.iter().for_each(|&table| socket.request_dump(table));
                    }
                }
                Err(error) => {
                    return complain(exit::INTERNAL, &format!("the events broke off: {error}"));
                }
            }
            next = socket.next().now_or_never();
        }
        if !book.addresses_known() {
            continue;
        }
        if !std::mem::replace(&mut begun, true) {
            for name in devices.iter().filter(|name| book.link(name).is_none()) {
                complain(exit::OK, &format!("no device '{name}' is there; waiting for it"));
            }
        }
        let views = look(&book, devices, &shown);
        if !print(&shown, &views, json) {
            return exit::OK;
        }
        shown = views;
    }
}

fn look(book: &Book, devices: &[String], before: &Views) -> Views {
    let mut views = Views::new();
    for link in book.links() {
        let names = || std::iter::once(&link.name).chain(&link.other_names);
        if !devices.is_empty() && !names().any(|name| devices.contains(name)) {
            continue;
        }
        let place = Place::device(&link.name);
        for family in [Family::V4, Family::V6] {
            let policy = Policy::default();
            let key = (link.name.clone(), family);
            let current = before.get(&key).and_then(|view| view.chosen);
            let verdicts = select::candidates(book, &place, family, policy)
                .into_iter()
                .map(|candidate| {
                    let verdict = candidate.rejection.map(|why| why.to_string());
                    (candidate.address, verdict.unwrap_or_else(|| "usable".into()))
                })
                .collect();
            let chosen = match select::from_device(book, &place, family, policy, current) {
                Desired::Address(address) => Some(address),
                Desired::Unknown | Desired::Nothing(_) => None,
            };
            views.insert(key, View { verdicts, chosen });
        }
    }
    views
}

/// Prints the differences; false if nobody reads them any more.
fn print(before: &Views, after: &Views, json: bool) -> bool {
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
    lines.is_empty() || show(&lines) == exit::OK
}

fn differences(device: &str, family: Family, old: &View, new: &View, json: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = |event: &str, address: &IpAddr, verdict: &str| {
        lines.push(if json {
            json!({ "device": device, "event": event, "address": address.to_string(), "verdict": verdict })
                .to_string()
        } else {
            format!("{device}: {event} {address}: {verdict}")
        });
    };
    for (address, _) in old.verdicts.iter().filter(|(a, _)| !new.verdicts.contains_key(a)) {
        line("removed", address, "gone");
    }
    for (address, verdict) in new.verdicts.iter() {
        match old.verdicts.get(address) {
            None => line("added", address, verdict),
            Some(before) if before != verdict => line("changed", address, verdict),
            Some(_) => {}
        }
    }
    if old.chosen != new.chosen {
        let address = new.chosen.map(|address| address.to_string());
        let record = family.record_type();
        lines.push(if json {
            json!({ "device": device, "event": "chosen", "type": record, "address": address })
                .to_string()
        } else {
            let what = address.unwrap_or_else(|| "nothing".into());
            format!("{device}: {record}: {what} would be published")
        });
    }
    lines
}
