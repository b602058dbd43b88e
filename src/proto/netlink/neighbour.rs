//! The kernel's neighbour table: the request for it, and a filter that lets only news through.
//!
//! A host in use changes its state in the table twice in half a minute, and each change is a message to all
//! that listen. The filter runs in the kernel (classic BPF, linux/filter.h), so those messages wake nobody.

use std::net::Ipv6Addr;

use super::decode::RTM_NEWNEIGH as NEW;
use super::dump::request;
use crate::model::mac::Mac;

/// `RTM_DELNEIGH` and `RTM_GETNEIGH`.
const OTHERS: [u16; 2] = [29, 30];
/// `RTM_GETNEIGH`.
const GET: u16 = 30;
/// `NLM_F_REQUEST | NLM_F_DUMP`.
const DUMP: u16 = 0x301;
/// `NLM_F_MULTI`: the message is a part of a dump.
const MULTI: u16 = 2;
const AF_INET6: u8 = 10;

// Instructions of linux/bpf_common.h: loads of a word, half a word and a byte at a fixed place, jumps that
// compare, and the end.
const LOAD_WORD: u16 = 0x20;
const LOAD_HALF: u16 = 0x28;
const LOAD_BYTE: u16 = 0x30;
const JUMP_IF_EQUAL: u16 = 0x15;
const JUMP_IF_GREATER_OR_EQUAL: u16 = 0x35;
const JUMP_IF_SET: u16 = 0x45;
const RETURN: u16 = 0x06;
/// The end of a filter that lets the message through; 0 drops it.
const PASS: u32 = u32::MAX;

// Where a message about a neighbour has what: `struct nlmsghdr`, `struct ndmsg`, `NDA_DST` with an IPv6 address,
// and then `NDA_LLADDR` if the kernel knows one (`neigh_fill_info` of net/core/neighbour.c).
const AT_TYPE: u32 = 4;
const AT_FLAGS: u32 = 6;
const AT_FAMILY: u32 = 16;
const AT_ADDRESS_HEADER: u32 = 28;
const AT_ADDRESS: u32 = 32;
const AT_MAC_HEADER: u32 = 48;
const AT_MAC: u32 = 52;

/// Multicast and link-local addresses begin with this byte or a higher one.
const LOCAL: u32 = 0xfe;

/// An instruction of classic BPF: the code, how many instructions are skipped if the comparison is true and if it
/// is not, and the operand (`struct sock_filter`).
pub type Instruction = (u16, u8, u8, u32);

/// The request for the neighbours of IPv6.
pub fn dump() -> Vec<u8> {
    let mut body = [0; 12];
    body[0] = AF_INET6;
    request(GET, DUMP, 1, &body)
}

/// A filter that lets through what is no message about a neighbour, all parts of a dump, and of the messages about
/// neighbours only those of `hosts` with an address that is not among the first `most` known ones.
pub fn filter(hosts: &[(Mac, Vec<Ipv6Addr>)], most: usize) -> Vec<Instruction> {
    let mut filter = vec![
        (LOAD_HALF, 0, 0, AT_FLAGS),
        (JUMP_IF_SET, 0, 1, half(MULTI)),
        (RETURN, 0, 0, PASS),
        (LOAD_HALF, 0, 0, AT_TYPE),
        (JUMP_IF_EQUAL, 4, 0, half(NEW)),
        (JUMP_IF_EQUAL, 2, 0, half(OTHERS[0])),
        (JUMP_IF_EQUAL, 1, 0, half(OTHERS[1])),
        (RETURN, 0, 0, PASS),
        (RETURN, 0, 0, 0),
        (LOAD_BYTE, 0, 0, AT_FAMILY),
        (JUMP_IF_EQUAL, 1, 0, AF_INET6.into()),
        (RETURN, 0, 0, 0),
        (LOAD_WORD, 0, 0, AT_ADDRESS_HEADER),
        (JUMP_IF_EQUAL, 1, 0, attribute(20, 1)),
        (RETURN, 0, 0, 0),
        (LOAD_WORD, 0, 0, AT_MAC_HEADER),
        (JUMP_IF_EQUAL, 1, 0, attribute(10, 2)),
        (RETURN, 0, 0, 0),
        (LOAD_BYTE, 0, 0, AT_ADDRESS),
        (JUMP_IF_GREATER_OR_EQUAL, 0, 1, LOCAL),
        (RETURN, 0, 0, 0),
    ];
    for (mac, known) in hosts {
        host(&mut filter, *mac, known.get(..most).unwrap_or(known));
    }
    filter.push((RETURN, 0, 0, 0));
    filter
}

/// The part for one host. It is left at its end if the message is about another one.
fn host(filter: &mut Vec<Instruction>, mac: Mac, known: &[Ipv6Addr]) {
    let [a, b, c, d, e, f] = mac.0;
    // A comparison that fails jumps to the end, past nine instructions for each known address and those before and
    // after these.
    let of_known = 9 * known.len();
    filter.push((LOAD_WORD, 0, 0, AT_MAC));
    filter.push((JUMP_IF_EQUAL, 0, distance(of_known + 3), u32::from_be_bytes([a, b, c, d])));
    filter.push((LOAD_HALF, 0, 0, AT_MAC + 4));
    filter.push((JUMP_IF_EQUAL, 0, distance(of_known + 1), u16::from_be_bytes([e, f]).into()));
    for address in known {
        // From the end: the beginning is the prefix, which all have.
        for (index, left) in [(3, 7), (2, 5), (1, 3), (0, 1)] {
            filter.push((LOAD_WORD, 0, 0, AT_ADDRESS + 4 * index));
            filter.push((JUMP_IF_EQUAL, 0, left, word(*address, index)));
        }
        filter.push((RETURN, 0, 0, 0));
    }
    filter.push((RETURN, 0, 0, PASS));
}

/// How many instructions a jump skips.
fn distance(instructions: usize) -> u8 {
    u8::try_from(instructions).unwrap_or(u8::MAX)
}

/// One of the four words of an address.
fn word(address: Ipv6Addr, index: u32) -> u32 {
    let shifted = u128::from(address) >> (96 - 32 * index);
    u32::try_from(shifted & u128::from(u32::MAX)).unwrap_or_default()
}

/// A number of the message as a load gives it: loads are big-endian, and the numbers of netlink have the byte order
/// of the machine.
fn half(number: u16) -> u32 {
    u16::from_be_bytes(number.to_ne_bytes()).into()
}

/// The header of an attribute, as [`half`].
fn attribute(length: u16, kind: u16) -> u32 {
    let ([a, b], [c, d]) = (length.to_ne_bytes(), kind.to_ne_bytes());
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::netlink::decode::{Payload, datagram};
    use proptest::prelude::*;

    /// Runs a filter as the kernel does; whether the message passes.
    fn passes(filter: &[Instruction], message: &[u8]) -> bool {
        let (mut at, mut value) = (0, 0);
        loop {
            let (code, if_true, if_false, operand) = filter[at];
            let load = |length: usize| -> Option<u32> {
                let start = operand as usize;
                let bytes = message.get(start..start + length)?;
                Some(bytes.iter().fold(0, |value, byte| value << 8 | u32::from(*byte)))
            };
            let jump = |is_true: bool| usize::from(if is_true { if_true } else { if_false });
            at += 1;
            match code {
                LOAD_WORD | LOAD_HALF | LOAD_BYTE => {
                    let length = match code {
                        LOAD_WORD => 4,
                        LOAD_HALF => 2,
                        _ => 1,
                    };
                    // The kernel drops a message that is too short for a load.
                    let Some(loaded) = load(length) else { return false };
                    value = loaded;
                }
                JUMP_IF_EQUAL => at += jump(value == operand),
                JUMP_IF_GREATER_OR_EQUAL => at += jump(value >= operand),
                JUMP_IF_SET => at += jump(value & operand != 0),
                RETURN => return operand != 0,
                other => panic!("{other}"),
            }
        }
    }

    /// A message of the kernel about a neighbour.
    fn message(kind: u16, flags: u16, family: u8, address: Ipv6Addr, mac: Option<Mac>) -> Vec<u8> {
        let mut body = vec![0; 12];
        body[0] = family;
        body[8] = 2;
        body.extend(20_u16.to_ne_bytes());
        body.extend(1_u16.to_ne_bytes());
        body.extend(address.octets());
        if let Some(mac) = mac {
            body.extend(10_u16.to_ne_bytes());
            body.extend(2_u16.to_ne_bytes());
            body.extend(mac.0);
            body.extend([0, 0]);
        }
        body.extend(20_u16.to_ne_bytes());
        body.extend(3_u16.to_ne_bytes());
        body.extend([0; 16]);
        request(kind, flags, 0, &body)
    }

    fn mac(last: u8) -> Mac {
        Mac([2, 0, 0, 0, 0, last])
    }

    fn v6(text: &str) -> Ipv6Addr {
        text.parse().unwrap()
    }

    #[test]
    fn only_new_addresses_of_wanted_hosts_pass() {
        let known = vec![v6("2001:db8::1"), v6("2001:db8::2")];
        let filter = filter(&[(mac(1), known), (mac(2), vec![])], 8);
        let told = |address: &str, from: u8| {
            passes(&filter, &message(NEW, 0, AF_INET6, v6(address), Some(mac(from))))
        };
        assert!(told("2001:db8::3", 1));
        assert!(told("2001:db8:0:1::1", 1), "the same end in another prefix");
        assert!(told("2001:db8::1", 2));
        assert!(told("fd00::1", 2));
        for (address, from) in [
            ("2001:db8::1", 1),
            ("2001:db8::2", 1),
            ("2001:db8::3", 3),
            ("fe80::1", 1),
            ("ff02::1", 2),
        ] {
            assert!(!told(address, from), "{address} {from}");
        }
        let new = v6("2001:db8::3");
        assert!(!passes(&filter, &message(NEW, 0, AF_INET6, new, None)), "not resolved yet");
        assert!(!passes(&filter, &message(NEW, 0, 7, new, Some(mac(1)))), "of a bridge");
        assert!(!passes(&filter, &message(OTHERS[0], 0, AF_INET6, new, Some(mac(1)))));
    }

    #[test]
    fn dumps_and_errors_pass() {
        let filter = filter(&[], 8);
        let old = v6("2001:db8::1");
        assert!(passes(&filter, &message(NEW, MULTI, AF_INET6, old, Some(mac(9)))));
        assert!(passes(&filter, &request(2, 0, 0, &[0; 20])));
        assert!(!passes(&filter, &message(NEW, 0, AF_INET6, old, Some(mac(9)))));
    }

    #[test]
    fn what_passes_is_decoded() {
        let decoded =
            |bytes: &[u8]| datagram(bytes).map(|incoming| incoming.payload).collect::<Vec<_>>();
        let address = v6("2001:db8::1");
        let told = message(NEW, 0, AF_INET6, address, Some(mac(1)));
        assert_eq!(decoded(&told), [Payload::Neighbour(mac(1), address)]);
        for other in [
            message(NEW, 0, AF_INET6, address, None),
            message(NEW, 0, 7, address, Some(mac(1))),
            message(OTHERS[0], 0, AF_INET6, address, Some(mac(1))),
        ] {
            assert_eq!(decoded(&other), [Payload::Ignored]);
        }
    }

    proptest! {
        #[test]
        fn no_known_address_passes_and_every_other_one_does(
            known in proptest::collection::vec(0_u8..40, 0..8),
            host in 1_u8..60,
            address in 0_u8..40,
        ) {
            let at = |last: u8| v6(&format!("2001:db8::{last:x}"));
            let hosts: Vec<_> = (1..50)
                .map(|host| (mac(host), known.iter().map(|last| at(*last)).collect()))
                .collect();
            let told = message(NEW, 0, AF_INET6, at(address), Some(mac(host)));
            let expected = host < 50 && !known.contains(&address);
            prop_assert_eq!(passes(&filter(&hosts, 8), &told), expected);
        }
    }
}
