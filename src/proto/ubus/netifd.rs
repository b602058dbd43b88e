//! netifd's logical interfaces, read from its messages (openwrt netifd, `ubus.c`).

use std::net::IpAddr;

use super::blob::{Malformed, Members, Value};
use crate::model::sorted::{Map, Set};

/// Path of netifd's object for all logical interfaces.
pub const PATH: &str = "network.interface";
/// Method that lists all logical interfaces.
pub const DUMP: &str = "dump";

/// Most logical interfaces that are kept: any program with access to ubus can announce some.
pub const MAX_NETWORKS: usize = 1024;
/// Most addresses of one logical interface that are kept, of each kind.
const MAX_ADDRESSES: usize = 64;
/// Longer names are ignored. Devices have at most 15 characters, logical interfaces hardly more.
const MAX_NAME: usize = 64;

/// One logical interface (openwrt netifd, `interface_dump_status`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// `l3_device`: the kernel device that has its addresses; `None` while the interface is down.
    pub device: Option<String>,
    /// `ipv4-address` and `ipv6-address`.
    pub addresses: Set<IpAddr>,
    /// `ipv6-prefix-assignment`: the router's own address in each part of a delegated prefix.
    pub assigned: Set<IpAddr>,
}

/// All logical interfaces by name.
pub type Networks = Map<String, Network>;

/// Parses the answer to `dump`. Interfaces beyond [`MAX_NETWORKS`] are left out.
///
/// # Errors
/// If any part is malformed. An incomplete list cannot be used: the name of a missing interface would
/// be taken for that of a kernel device.
pub fn dump(data: Members<'_>) -> Result<Networks, Malformed> {
    let mut networks = Networks::new();
    let Some(Value::Array(rows)) = data.get("interface") else {
        return Err(Malformed);
    };
    for row in rows {
        let (_, row) = row?;
        if let Some((name, network)) = update(row.members())? {
            put(&mut networks, name, network);
        }
    }
    Ok(networks)
}

/// Parses a notification `interface.update` or `interface.down`, or a row of the dump: the name of
/// the interface and its state. `None` if it has no valid name.
///
/// # Errors
/// If any part is malformed.
pub fn update(data: Members<'_>) -> Result<Option<(String, Network)>, Malformed> {
    let mut name = None;
    let mut up = false;
    let mut network = Network::default();
    for member in data {
        let (key, value) = member?;
        // A pattern of bytes would be compiled byte by byte.
        match str::from_utf8(key).unwrap_or_default() {
            "interface" => name = valid_name(value),
            "up" => up = matches!(value, Value::Bool(true)),
            "l3_device" => network.device = valid_name(value),
            "ipv4-address" | "ipv6-address" => list(value, None, &mut network.addresses)?,
            "ipv6-prefix-assignment" => {
                list(value, Some("local-address"), &mut network.assigned)?;
            }
            _ => {}
        }
    }
    // The device of an interface that is down must not be used, whatever the message has.
    if !up {
        network.device = None;
    }
    Ok(name.map(|name| (name, network)))
}

/// Inserts or replaces `network`, unless there are [`MAX_NETWORKS`] others.
pub fn put(networks: &mut Networks, name: String, network: Network) {
    if networks.len() < MAX_NETWORKS || networks.contains_key(&name) {
        networks.insert(name, network);
    }
}

/// Collects the member `address` of each table in `value`, or of the table `inner` in it.
fn list(
    value: Value<'_>,
    inner: Option<&str>,
    addresses: &mut Set<IpAddr>,
) -> Result<(), Malformed> {
    for entry in value.members() {
        let mut entry = entry?.1.members();
        if let Some(inner) = inner {
            entry = entry.get(inner).map(Value::members).unwrap_or_default();
        }
        let address = entry.get("address").and_then(Value::text);
        if addresses.len() < MAX_ADDRESSES {
            addresses.extend(address.and_then(|text| text.parse::<IpAddr>().ok()));
        }
    }
    Ok(())
}

/// The text, if it can be the name of an interface or a device in the configuration.
fn valid_name(value: Value<'_>) -> Option<String> {
    let text = value.text()?;
    if text.is_empty() || text.len() > MAX_NAME || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return None;
    }
    Some(text.to_owned())
}
