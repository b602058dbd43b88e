//! rtnetlink: links, addresses, routes and rules as the kernel reports them.
//!
//! [`decode`] turns datagrams into [`Message`]s, and [`dump`] schedules dumps. The socket
//! ([`crate::edge::netlink`]) subscribes, then dumps, and reports an overrun. [`crate::engine`] keeps
//! links and addresses. Of routes and rules it needs only that they changed: it then asks the kernel
//! which way packets take.

pub mod decode;
pub mod dump;
pub mod neighbour;

use std::net::IpAddr;

/// Kernel interface index (`ifi_index`); never 0.
pub type IfIndex = u32;

/// One message of the kernel.
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
    /// `RTM_NEWROUTE` or `RTM_DELROUTE`: this route came, went or changed.
    Route(Route),
    /// Rules or next-hop objects changed: any packet may take another way.
    Policy,
}

/// A network device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// `ifi_index`. A device that is removed and added again has a new one.
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
    /// The device that has it.
    pub link: IfIndex,
    /// Our own address: `IFA_LOCAL`, or `IFA_ADDRESS` if the kernel sends no `IFA_LOCAL` (IPv6).
    /// On a point-to-point link `IFA_ADDRESS` is the address of the other end.
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
    /// `IFA_F_DADFAILED`: another host has the address.
    pub const DADFAILED: u32 = 0x08;
    /// `IFA_F_DEPRECATED`: preferred lifetime is over (RFC 4862 section 5.5.4).
    pub const DEPRECATED: u32 = 0x20;
    /// `IFA_F_TENTATIVE`: duplicate address detection still runs (RFC 4862 section 5.4).
    pub const TENTATIVE: u32 = 0x40;
    /// `IFA_F_PERMANENT`: the address has no lifetime.
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

/// The parts of a route that say where packets go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// `RTA_DST`, the unspecified address for a default route.
    pub destination: IpAddr,
    /// Destination prefix length; 0 is a default route.
    pub prefix_len: u8,
    /// Where the packets go.
    pub leads: Leads,
    /// `RTPROT_KERNEL`: the kernel added the route because an address was added.
    pub by_kernel: bool,
    /// All next hops; empty if the kernel names only a next-hop object.
    pub hops: Vec<Hop>,
}

/// Where packets go that take a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leads {
    /// They leave through one of its next hops (`RTN_UNICAST`).
    Out,
    /// They are for this machine (`RTN_LOCAL`).
    Here,
    /// They go nowhere: unreachable, blackhole, prohibit, multicast and the like.
    Nowhere,
}

/// A next hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hop {
    /// `RTA_OIF`.
    pub link: Option<IfIndex>,
    /// `RTA_GATEWAY`.
    pub gateway: Option<IpAddr>,
    /// Neither `RTNH_F_DEAD` nor `RTNH_F_LINKDOWN`.
    pub alive: bool,
}

/// The way to an address, by the kernel's answer to `RTM_GETROUTE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// The address is this machine's own.
    Here,
    /// Packets leave through one of these; none if the kernel does not name them.
    Out(Vec<Hop>),
    /// There is none.
    None(NoWay),
}

/// Why there is no way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoWay {
    /// No route, or an unreachable route (`ENETUNREACH`, `EHOSTUNREACH`).
    NoRoute,
    /// A rule or a route forbids it: prohibit (`EACCES`), blackhole (`EINVAL`).
    Forbidden,
    /// No address to send from (`EADDRNOTAVAIL`).
    NoSource,
}

/// The way to a host, and the address that the kernel was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayAnswer {
    /// The host's address; `None` if it was not known and the kernel was asked about another address
    /// on the internet.
    pub address: Option<IpAddr>,
    /// The way.
    pub way: Way,
}

/// The kernel's tables that are dumped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// `RTM_GETLINK`.
    Links,
    /// `RTM_GETADDR`, both families.
    Addresses,
}

impl Table {
    /// All tables in the order of dumps: links first, because addresses refer to them.
    pub const ALL: [Self; 2] = [Self::Links, Self::Addresses];
}

/// What the socket reports to the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// A message, from a dump or a notification.
    Message(Message),
    /// A dump of this table begins. Entries that are not reported before [`Report::DumpEnd`] no
    /// longer exist. Repeated, without an end in between, when a dump is begun again. May come
    /// without a request of the engine.
    DumpBegin(Table),
    /// The dump of this table is complete and consistent: not interrupted (`NLM_F_DUMP_INTR`), and
    /// begun after the last [`Report::Lost`].
    DumpEnd(Table),
    /// Notifications were lost (`ENOBUFS`, a truncated datagram). The engine's tables are in doubt
    /// until it has requested dumps of all tables and these have ended.
    Lost,
}
