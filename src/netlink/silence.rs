//! Where the kernel says less than it does: routes that change without a message. Pure.
//!
//! IPv4 routes are flushed without `RTM_DELROUTE` when their device goes down or away, or when
//! their source address goes (`fib_flush`), and `RTNH_F_LINKDOWN` comes and goes with the carrier
//! unsaid. In both families a route that replaces another (`NLM_F_REPLACE`, which is how netifd
//! sets every route) is announced, the one it replaced is not, and one that joins others
//! (`NLM_F_APPEND`) may be announced as all of them. After any of these only a dump tells.

use rtnetlink::packet_core::{NLM_F_APPEND, NLM_F_MULTIPART, NLM_F_REPLACE};

use super::decode::{Incoming, Kind};
use super::{IfIndex, Message};
use crate::sorted::Map;

/// Remembers of each device what its routes depend on.
#[derive(Debug, Default)]
pub(super) struct Silence {
    links: Map<IfIndex, LinkState>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LinkState {
    up: bool,
    carrier: bool,
}

impl Silence {
    /// Whether routes may have changed unsaid along with this.
    pub(super) fn hides_routes(&mut self, incoming: &Incoming) -> bool {
        let Kind::Message(message) = &incoming.kind else {
            return false;
        };
        match message {
            Message::NewLink(link) => {
                let state = LinkState { up: link.up, carrier: link.carrier };
                // A device seen for the first time has no routes yet, or the first dump has them.
                let before = self.links.insert(link.index, state);
                before.is_some_and(|before| before != state)
            }
            Message::DelLink(index) => {
                self.links.remove(index);
                true
            }
            Message::DelAddress(address) => address.address.is_ipv4(),
            Message::NewRoute(_) => {
                // In the answer to a dump the same bits mean something else.
                incoming.flags & NLM_F_MULTIPART == 0
                    && incoming.flags & (NLM_F_REPLACE | NLM_F_APPEND) != 0
            }
            // Of a multipath route the kernel may name another hop than it did before.
            Message::DelRoute(route) => route.prefix_len == 0,
            Message::NewAddress(_) => false,
        }
    }

    /// After a loss everything is dumped anyway, and what was remembered may be wrong.
    pub(super) fn forget(&mut self) {
        self.links.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::config::Family;
    use crate::netlink::{Address, AddressFlags, Link, Route};

    fn incoming(flags: u16, message: Message) -> Incoming {
        Incoming { sequence: 0, port: 0, flags, kind: Kind::Message(message) }
    }

    fn link(up: bool, carrier: bool) -> Incoming {
        let name = "wan".to_owned();
        incoming(0, Message::NewLink(Link { index: 2, name, other_names: vec![], up, carrier }))
    }

    #[test]
    fn a_device_that_goes_down_or_comes_back_does() {
        let mut silence = Silence::default();
        assert!(!silence.hides_routes(&link(true, true)), "seen first");
        assert!(!silence.hides_routes(&link(true, true)), "nothing new");
        assert!(silence.hides_routes(&link(true, false)));
        assert!(silence.hides_routes(&link(true, true)));
        assert!(silence.hides_routes(&link(false, false)));
        assert!(silence.hides_routes(&incoming(0, Message::DelLink(2))));
        assert!(!silence.hides_routes(&link(true, true)), "a new device");
        silence.forget();
        assert!(!silence.hides_routes(&link(false, false)), "seen first");
    }

    #[test]
    fn a_replaced_route_does_and_one_in_a_dump_does_not() {
        let destination = IpAddr::from([0, 0, 0, 0]);
        let route = Message::NewRoute(Route {
            family: Family::V4,
            destination,
            prefix_len: 0,
            source: None,
            table: 254,
            metric: 0,
            link: Some(2),
            gateway: None,
            usable: true,
        });
        let hides = |flags| Silence::default().hides_routes(&incoming(flags, route.clone()));
        assert!(!hides(NLM_F_MULTIPART));
        assert!(!hides(0x600), "NLM_F_CREATE and NLM_F_EXCL: a new one");
        assert!(hides(NLM_F_REPLACE));
        assert!(hides(NLM_F_APPEND));
        assert!(!hides(NLM_F_MULTIPART | NLM_F_REPLACE));
    }

    #[test]
    fn an_ipv4_address_that_goes_does() {
        let gone = |address: &str| {
            Message::DelAddress(Address {
                link: 2,
                address: address.parse().unwrap(),
                peer: address.parse().unwrap(),
                prefix_len: 24,
                scope: 0,
                flags: AddressFlags::default(),
                preferred: u32::MAX,
                valid: u32::MAX,
            })
        };
        let mut silence = Silence::default();
        assert!(silence.hides_routes(&incoming(0, gone("192.0.2.1"))));
        assert!(!silence.hides_routes(&incoming(0, gone("2001:db8::1"))));
    }
}
