//! What a gateway announces when its external address or its table of mappings changes: NAT-PMP's
//! announcement (RFC 6886 section 3.2.1) or PCP's ANNOUNCE (RFC 6887 section 14.1.3), to all hosts of the
//! network.

use std::net::Ipv4Addr;

use super::nat_pmp::{self, SUCCESS};
use super::pcp::{RESPONSE, VERSION};
use super::{array, number};
use crate::time::Duration;

/// The group and the UDP port to which gateways send.
pub const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 1);
/// See [`GROUP`].
pub const PORT: u16 = 5350;

/// How far the clocks of the gateway and the router may be apart, beside one second in sixteen (RFC 6887
/// section 8.5).
const SLACK: u64 = 2;

/// An announcement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// Seconds since the gateway's table of mappings was made.
    pub epoch: u32,
    /// The new external address, if the announcement has it.
    pub address: Option<Ipv4Addr>,
}

/// Reads an announcement; `None` if `bytes` is none.
pub fn announcement(bytes: &[u8]) -> Option<Announcement> {
    // The first octet is the version: 0 for NAT-PMP, 2 for PCP. Gateways send both to the same port.
    if let Some(answer) = nat_pmp::answer(bytes) {
        let address = if answer.result == SUCCESS { Some(answer.address) } else { None };
        return Some(Announcement { epoch: answer.epoch, address });
    }
    // Opcode 0 is ANNOUNCE. The header of a response has 24 octets (RFC 6887 section 7.2).
    if array(bytes, 0)? != [VERSION, RESPONSE] || bytes.len() < 24 {
        return None;
    }
    Some(Announcement { epoch: number(bytes, 8)?, address: None })
}

/// A gateway's epoch, and when it was received.
#[derive(Clone, Copy, Debug)]
pub struct Epoch {
    /// Seconds since the gateway's table of mappings was made.
    pub server: u32,
    /// When the message with it was received, since boot.
    pub received: Duration,
}

impl Epoch {
    /// Whether the gateway has kept its mappings, and therefore its address, since `before` (RFC 6887 section
    /// 8.5): its clock did not go back, and went on as fast as ours.
    pub fn continues(self, before: Self) -> bool {
        // One second back is the order of two messages.
        if self.server.saturating_add(1) < before.server {
            return false;
        }
        let server = u64::from(self.server.saturating_sub(before.server));
        let client = self.received.saturating_sub(before.received).as_secs();
        client + SLACK >= server - server / 16 && server + SLACK >= client - client / 16
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn epoch(server: u32, received: u64) -> Epoch {
        Epoch { server, received: Duration::from_secs(received) }
    }

    #[test]
    fn announcements_of_both_protocols_are_read() {
        let address = Some(Ipv4Addr::new(81, 2, 69, 10));
        let pmp = [0, 128, 0, 0, 0, 0, 0, 5, 81, 2, 69, 10];
        assert_eq!(announcement(&pmp), Some(Announcement { epoch: 5, address }));
        let none = [0, 128, 0, 3, 0, 0, 0, 5, 0, 0, 0, 0];
        assert_eq!(announcement(&none), Some(Announcement { epoch: 5, address: None }));
        let mut pcp = [0; 24];
        (pcp[0], pcp[1], pcp[11]) = (2, 0x80, 7);
        assert_eq!(announcement(&pcp), Some(Announcement { epoch: 7, address: None }));
        assert_eq!(announcement(&pcp[..23]), None);
        pcp[1] = 0x81;
        assert_eq!(announcement(&pcp), None);
        assert_eq!(announcement(b""), None);
    }

    #[test]
    fn an_epoch_continues_while_both_clocks_go_on_alike() {
        let before = epoch(1000, 500);
        for (server, received, expected) in [
            (1000, 500, true),
            (999, 500, true),
            (998, 500, false),
            (1100, 600, true),
            (1093, 600, true),
            (1091, 600, false),
            (1108, 600, true),
            (1110, 600, false),
            (0, 600, false),
            (1000, 502, true),
            (1000, 503, false),
        ] {
            assert_eq!(epoch(server, received).continues(before), expected, "{server} {received}");
        }
    }

    proptest! {
        #[test]
        fn a_clock_that_runs_right_always_continues(start in 0u32..1 << 30, passed in 0u32..1 << 30, at in 0u64..1 << 30) {
            let before = epoch(start, at);
            prop_assert!(epoch(start + passed, at + u64::from(passed)).continues(before));
        }

        #[test]
        fn no_message_makes_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = announcement(&bytes);
        }
    }
}
