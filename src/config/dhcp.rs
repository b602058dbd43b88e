//! What `/etc/config/dhcp` of OpenWrt says about hosts (openwrt, `dnsmasq.init` and odhcpd, `config.c`).

use std::net::Ipv6Addr;

use super::uci::{self, RawSection};
use crate::model::mac::Mac;
use crate::text::hex_digits;

/// The file.
pub const FILE: &str = "/etc/config/dhcp";
/// Where dnsmasq keeps its leases unless the file says otherwise.
pub const DNSMASQ_LEASES: &str = "/tmp/dhcp.leases";
/// Where dnsmasq keeps its leases on Debian.
const LEASES_ELSEWHERE: &str = "/var/lib/misc/dnsmasq.leases";
/// Where odhcpd keeps its leases unless the file says otherwise.
pub const ODHCPD_LEASES: &str = "/tmp/hosts/odhcpd";

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dhcp {
    /// Each `config host`.
    pub hosts: Vec<DhcpHost>,
    /// Where dnsmasq keeps its leases.
    pub dnsmasq: String,
    /// Where odhcpd keeps its leases.
    pub odhcpd: String,
}

/// A `config host`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DhcpHost {
    /// `name`, or the name of the section.
    pub name: String,
    /// `mac`.
    pub macs: Vec<Mac>,
    /// `duid`, as [`duid`] writes it.
    pub duids: Vec<String>,
    /// `hostid`: the last 64 bits of the address that the host gets.
    pub suffix: Option<Ipv6Addr>,
}

impl Dhcp {
    /// What holds on a system without the file.
    pub fn elsewhere() -> Self {
        Self { hosts: Vec::new(), dnsmasq: LEASES_ELSEWHERE.into(), odhcpd: String::new() }
    }
}

/// Reads the text of the file. What cannot be read is left out: the programs that
/// the file is for report it.
pub fn parse(text: &str) -> Dhcp {
    let mut dhcp =
        Dhcp { hosts: Vec::new(), dnsmasq: DNSMASQ_LEASES.into(), odhcpd: ODHCPD_LEASES.into() };
    for section in &uci::parse(text.as_bytes()).0.sections {
        match section.kind.as_str() {
            "host" => dhcp.hosts.push(host(section)),
            "dnsmasq" => set(&mut dhcp.dnsmasq, section),
            "odhcpd" => set(&mut dhcp.odhcpd, section),
            _ => {}
        }
    }
    dhcp
}

fn set(path: &mut String, section: &RawSection) {
    if let Some(file) = words(section, "leasefile").first() {
        // procd starts both servers in the root directory.
        *path = format!("/{}", file.trim_start_matches('/'));
    }
}

fn host(section: &RawSection) -> DhcpHost {
    let names = words(section, "name");
    let mut host = DhcpHost {
        name: names.first().map_or(section.name.as_str(), |name| name).to_owned(),
        ..DhcpHost::default()
    };
    for mac in words(section, "mac") {
        host.macs.extend(Mac::parse(mac));
    }
    for text in words(section, "duid") {
        host.duids.push(duid(text));
    }
    let hostid = words(section, "hostid");
    // odhcpd reads hexadecimal digits, and takes 0 for no hostid.
    let hostid = hostid.first().and_then(|text| u64::from_str_radix(text, 16).ok());
    host.suffix = hostid.filter(|id| *id > 0).map(|id| Ipv6Addr::from(u128::from(id)));
    host
}

/// The words of an option or a list.
fn words<'a>(section: &'a RawSection, name: &str) -> Vec<&'a str> {
    let mut words = Vec::new();
    for (value, _) in section.option(name).map_or(&[][..], |option| &option.values) {
        words.extend(value.split_ascii_whitespace());
    }
    words
}

/// A DHCP unique identifier (RFC 8415, section 11) as hexadecimal digits in lower case, without an
/// identity association after `%`.
pub fn duid(text: &str) -> String {
    let (duid, _) = text.split_once('%').unwrap_or((text, ""));
    hex_digits(duid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_lease_files_are_read() {
        let dhcp = parse(
            "config dnsmasq\n\toption leasefile '/tmp/other'\n\
             config odhcpd 'odhcpd'\n\toption leasefile '/tmp/odhcpd.leases'\n\
             config host\n\toption name 'pc'\n\toption mac '02:00:00:00:00:01 02:00:00:00:00:02'\n\
             \tlist duid '00:03:00:01:02:00:00:00:00:0A%12'\n\toption hostid 'CAFE'\n\
             config host 'tv'\n\toption mac '*'\n\toption hostid 'x'\n",
        );
        assert_eq!(
            (dhcp.dnsmasq.as_str(), dhcp.odhcpd.as_str()),
            ("/tmp/other", "/tmp/odhcpd.leases")
        );
        let [pc, tv] = &dhcp.hosts[..] else { panic!("{dhcp:?}") };
        assert_eq!((pc.name.as_str(), pc.macs.len()), ("pc", 2));
        assert_eq!(pc.duids, ["0003000102000000000a"]);
        assert_eq!(pc.suffix, Some("::cafe".parse().unwrap()));
        assert_eq!(*tv, DhcpHost { name: "tv".into(), ..DhcpHost::default() });
    }

    #[test]
    fn a_relative_lease_file_is_one_of_the_root_directory() {
        assert_eq!(
            parse("config dnsmasq\n\toption leasefile 'tmp/leases'\n").dnsmasq,
            "/tmp/leases"
        );
    }

    #[test]
    fn without_a_file_the_lease_files_are_those_of_openwrt() {
        let dhcp = parse("");
        assert_eq!((dhcp.dnsmasq.as_str(), dhcp.odhcpd.as_str()), (DNSMASQ_LEASES, ODHCPD_LEASES));
    }
}
