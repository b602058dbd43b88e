//! netifd's word on logical interfaces, read from its messages (openwrt netifd, `ubus.c`).

use std::net::IpAddr;

use super::blob::{Broken, Members, Value};
use crate::model::sorted::{Map, Set};

/// Path of the object that knows all logical interfaces.
pub const PATH: &str = "network.interface";
/// Method that lists them.
pub const DUMP: &str = "dump";

/// Most logical interfaces that are kept.
pub const MAX_NETWORKS: usize = 1024;
/// Most addresses of one that are kept, of each kind.
const MAX_ADDRESSES: usize = 64;
/// Longest name that is believed. Devices have 15 characters, logical interfaces hardly more.
const MAX_NAME: usize = 64;

/// netifd's word on one logical interface (`network.interface` `dump`, openwrt `netifd`,
/// `interface_dump_status`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// `l3_device`: the kernel device that carries its addresses; `None` while it is down.
    pub device: Option<String>,
    /// `ipv4-address` and `ipv6-address`.
    pub addresses: Set<IpAddr>,
    /// The router's own address in each `ipv6-prefix-assignment`: its part of a delegated prefix.
    pub assigned: Set<IpAddr>,
}

/// All logical interfaces by name.
pub type Networks = Map<String, Network>;

/// The answer to `dump`. Of more than [`MAX_NETWORKS`] the first are kept.
///
/// # Errors
/// If any of it is damaged: what is missing from the book would be taken for a device.
pub fn dump(data: Members<'_>) -> Result<Networks, Broken> {
    let mut networks = Networks::new();
    let Some(Value::Array(rows)) = data.get("interface") else {
        return Err(Broken);
    };
    for row in rows {
        let (_, row) = row?;
        if let Some((name, network)) = update(row.members())? {
            put(&mut networks, name, network);
        }
    }
    Ok(networks)
}

/// A notification `interface.update` or `interface.down`, or a row of the dump: the name and what is
/// known of it; `None` if it has no name that could be meant.
///
/// # Errors
/// If any of it is damaged.
pub fn update(data: Members<'_>) -> Result<Option<(String, Network)>, Broken> {
    let mut name = None;
    let mut up = false;
    let mut network = Network::default();
    for member in data {
        let (key, value) = member?;
        match key {
            b"interface" => name = plain(value),
            b"up" => up = value == Value::Bool(true),
            b"l3_device" => network.device = plain(value),
            b"ipv4-address" | b"ipv6-address" => list(value, None, &mut network.addresses)?,
            b"ipv6-prefix-assignment" => {
                list(value, Some("local-address"), &mut network.assigned)?;
            }
            _ => {}
        }
    }
    network.device = network.device.filter(|_| up);
    Ok(name.map(|name| (name, network)))
}

/// Puts `network` into the book, if there is room.
pub fn put(networks: &mut Networks, name: String, network: Network) {
    if networks.len() < MAX_NETWORKS || networks.contains_key(&name) {
        networks.insert(name, network);
    }
}

/// The member `address` of each of these tables, or of a table in it.
fn list(value: Value<'_>, inner: Option<&str>, addresses: &mut Set<IpAddr>) -> Result<(), Broken> {
    for entry in value.members() {
        let mut entry = entry?.1.members();
        if let Some(inner) = inner {
            entry = entry.get(inner).map(Value::members).unwrap_or_default();
        }
        let address = entry.get("address").and_then(Value::text);
        let address = address.and_then(|text| text.parse::<IpAddr>().ok());
        let room = addresses.len() < MAX_ADDRESSES;
        addresses.extend(address.filter(|_| room));
    }
    Ok(())
}

/// A name as it can be configured.
fn plain(value: Value<'_>) -> Option<String> {
    let text = value.text()?;
    let sound = (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    sound.then(|| text.to_owned())
}
