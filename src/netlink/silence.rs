//! Where the kernel says less than it does: routes that change without a message. Pure.
//!
//! IPv4 routes are flushed without `RTM_DELROUTE` when their device goes down or away, or when
//! their source address goes (`fib_flush`), and `RTNH_F_LINKDOWN` comes and goes with the carrier
//! unsaid. In both families a route that replaces another (`NLM_F_REPLACE`, which is how netifd
//! sets every route) is announced, the one it replaced is not, and one that joins others
//! (`NLM_F_APPEND`) may be announced as all of them. After any of these only a dump tells.

use std::collections::BTreeMap;

use rtnetlink::packet_core::{NLM_F_APPEND, NLM_F_MULTIPART, NLM_F_REPLACE};

use super::decode::{Incoming, Kind};
use super::{IfIndex, Message};

/// Remembers of each device what its routes depend on.
#[derive(Debug, Default)]
pub(super) struct Silence {
    links: BTreeMap<IfIndex, LinkState>,
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
                let state = LinkState {
                    up: link.up,
                    carrier: link.carrier,
                };
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
            Message::NewAddress(_) | Message::DelRoute(_) => false,
        }
    }

    /// After a loss everything is dumped anyway, and what was remembered may be wrong.
    pub(super) fn forget(&mut self) {
        self.links.clear();
    }
}
