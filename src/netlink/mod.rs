//! The kernel's events: rtnetlink links, addresses and routes.
//!
//! [`decode`] is pure: a datagram in, [`Message`]s out. [`socket`] does the I/O: it subscribes,
//! then dumps, and reports an overrun instead of hiding it. What the facts mean is the business of
//! [`crate::engine`].

pub mod decode;
mod dump;
mod silence;
pub mod socket;

use std::net::IpAddr;

use crate::config::Family;

/// Kernel interface index (`ifi_index`); never 0.
pub type IfIndex = u32;

/// One thing the kernel said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// `RTM_NEWLINK`.
    NewLink(Link),
    /// `RTM_DELLINK`.
    DelLink(IfIndex),
    /// `RTM_NEWADDR`: new, or its flags or lifetimes changed.
    NewAddress(Address),
    /// `RTM_DELADDR`.
    DelAddress(Address),
    /// `RTM_NEWROUTE`.
    NewRoute(Route),
    /// `RTM_DELROUTE`.
    DelRoute(Route),
}

/// A network device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Index; a device that returns has a new one.
    pub index: IfIndex,
    /// `IFLA_IFNAME`.
    pub name: String,
    /// `IFLA_ALT_IFNAME`: further names, up to 127 characters long (ip-link(8), `altname`).
    pub other_names: Vec<String>,
    /// `IFF_UP`: administratively up.
    pub up: bool,
    /// `IFF_LOWER_UP`: carrier.
    pub carrier: bool,
}

/// An address on a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Device.
    pub link: IfIndex,
    /// Our own address: `IFA_LOCAL`, or `IFA_ADDRESS` where the kernel sends no local one (IPv6).
    /// On a point-to-point link `IFA_ADDRESS` is the other end and must not be taken.
    pub address: IpAddr,
    /// `IFA_ADDRESS`: the other end of a point-to-point link, elsewhere our own address again.
    pub peer: IpAddr,
    /// Prefix length.
    pub prefix_len: u8,
    /// `ifa_scope`: 0 is global (`RT_SCOPE_UNIVERSE`).
    pub scope: u8,
    /// 32-bit `IFA_FLAGS` where present, else the header's eight bits.
    pub flags: AddressFlags,
    /// Remaining preferred lifetime in seconds (`IFA_CACHEINFO`), `u32::MAX` = forever.
    pub preferred: u32,
    /// Remaining valid lifetime in seconds, `u32::MAX` = forever.
    pub valid: u32,
}

/// `IFA_F_*` of `linux/if_addr.h`.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct AddressFlags(pub u32);

impl AddressFlags {
    /// `IFA_F_SECONDARY` on IPv4: not the primary address of its subnet. On IPv6 the same bit is
    /// `IFA_F_TEMPORARY`: a privacy address (RFC 8981).
    pub const SECONDARY_OR_TEMPORARY: u32 = 0x01;
    /// `IFA_F_OPTIMISTIC`: usable before DAD has finished (RFC 4429), but not proven unique.
    pub const OPTIMISTIC: u32 = 0x04;
    /// `IFA_F_DADFAILED`: somebody else has it.
    pub const DADFAILED: u32 = 0x08;
    /// `IFA_F_DEPRECATED`: preferred lifetime is over (RFC 4862 section 5.5.4).
    pub const DEPRECATED: u32 = 0x20;
    /// `IFA_F_TENTATIVE`: duplicate address detection still runs (RFC 4862 section 5.4).
    pub const TENTATIVE: u32 = 0x40;
    /// `IFA_F_PERMANENT`: has no lifetime.
    pub const PERMANENT: u32 = 0x80;

    /// Whether `bit` is set.
    pub fn has(self, bit: u32) -> bool {
        self.0 & bit != 0
    }
}

impl std::fmt::Debug for AddressFlags {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// A route, as much of it as says what can be reached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// Family.
    pub family: Family,
    /// `RTA_DST`, the unspecified address for a default route.
    pub destination: IpAddr,
    /// Destination prefix length; 0 is a default route.
    pub prefix_len: u8,
    /// Source prefix (`RTA_SRC`), for source-specific routes (RFC 8678, as OpenWrt installs them).
    pub source: Option<(IpAddr, u8)>,
    /// `RTA_TABLE`.
    pub table: u32,
    /// `RTA_PRIORITY`: metric.
    pub metric: u32,
    /// `RTA_OIF`; of a multipath route that of the first hop that is alive; none where the kernel
    /// names only a next-hop object.
    pub link: Option<IfIndex>,
    /// `RTA_GATEWAY`.
    pub gateway: Option<IpAddr>,
    /// Whether it forwards (`RTN_UNICAST`) or ends here (`RTN_LOCAL`); unreachable, blackhole,
    /// prohibit, multicast and the like lead nowhere, nor does a next hop that is `RTNH_F_DEAD` or
    /// `RTNH_F_LINKDOWN`. A deletion may say otherwise than the route it deletes: not part of what
    /// identifies a route.
    pub usable: bool,
}

/// The tables of facts that a dump fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// `RTM_GETLINK`.
    Links,
    /// `RTM_GETADDR`, both families.
    Addresses,
    /// `RTM_GETROUTE`, both families.
    Routes,
}

impl Table {
    /// Dump order: devices first, so that addresses find their names.
    pub const ALL: [Self; 3] = [Self::Links, Self::Addresses, Self::Routes];
}

/// What the socket reports to the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// A message, from a dump or a notification.
    Message(Message),
    /// A dump of this table begins: what is not seen until [`Report::DumpEnd`] is gone. Comes again,
    /// without an end in between, if the dump had to be begun again; also comes unasked.
    DumpBegin(Table),
    /// The dump of this table is complete and consistent: not interrupted (`NLM_F_DUMP_INTR`), and
    /// begun after the last [`Report::Lost`].
    DumpEnd(Table),
    /// Facts of this table may have changed without a message: what is known is in doubt until a
    /// dump that begins after this has ended.
    InDoubt(Table),
    /// Notifications were lost (`ENOBUFS`, a truncated datagram): what is known is in doubt until
    /// all tables have been asked for and their dumps have ended.
    Lost,
}
