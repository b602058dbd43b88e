//! odhcpd's leases of IPv6, read from its answer on ubus (openwrt odhcpd, `ubus.c`).

use super::blob::{Malformed, Members, Value};
use crate::proto::leases::{Lease, MAX_LEASES};

/// Path of odhcpd's object.
pub const PATH: &str = "dhcp";
/// Method that lists the leases of IPv6.
pub const LEASES: &str = "ipv6leases";

/// Parses the answer to `ipv6leases`. Leases beyond [`MAX_LEASES`] are left out.
///
/// # Errors
/// If any part is malformed.
pub fn leases(data: Members<'_>) -> Result<Vec<Lease>, Malformed> {
    let mut leases = Vec::new();
    for device in members(data, "device") {
        for lease in members(device?.1.members(), "leases") {
            add(lease?.1.members(), &mut leases)?;
        }
    }
    Ok(leases)
}

/// Adds a lease of each address of a host.
fn add(host: Members<'_>, leases: &mut Vec<Lease>) -> Result<(), Malformed> {
    for address in members(host, "ipv6-addr") {
        let address = address?.1.members().get("address").and_then(Value::text);
        let Some(address) = address.and_then(|text| text.parse().ok()) else { continue };
        if leases.len() < MAX_LEASES {
            let name = text(host, "hostname").to_owned();
            let duid = text(host, "duid").to_ascii_lowercase();
            leases.push(Lease { address, name, mac: None, duid });
        }
    }
    Ok(())
}

/// The text of the member `name`; empty if there is none.
fn text<'a>(data: Members<'a>, name: &str) -> &'a str {
    data.get(name).and_then(Value::text).unwrap_or_default()
}

/// The members of the member `name`.
fn members<'a>(data: Members<'a>, name: &str) -> Members<'a> {
    data.get(name).map(Value::members).unwrap_or_default()
}
