//! PCP (RFC 6887). A gateway tells its external address only together with a mapping. So a short mapping is
//! asked for, of a port at which nobody listens, and deleted again (section 11.6).

use std::net::Ipv4Addr;

use super::{address, array, number};

/// The version in each message.
pub(super) const VERSION: u8 = 2;
/// The bit of an opcode that marks a response.
pub(super) const RESPONSE: u8 = 0x80;
/// The opcode MAP (section 11).
const MAP: u8 = 1;
/// The protocol of the mapping (UDP) with three reserved octets, and its internal port: the discard service.
/// Its external port is any.
const DISCARD: [u8; 8] = [17, 0, 0, 0, 0, 9, 0, 0];
/// Where a response has the nonce, and the assigned external address.
const NONCE: usize = 24;
const EXTERNAL: usize = 44;
/// The octets of an IPv4 address that is written as an IPv6 address (RFC 4291 section 2.5.5.2).
const MAPPED: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/// How long the mapping lasts in seconds, if the request to delete it is lost.
pub const LIFETIME: u32 = 60;
/// The lifetime that deletes a mapping (section 15).
pub const DELETE: u32 = 0;

/// The result code UNSUPP_VERSION: the gateway speaks another version, such as NAT-PMP (section 7.4).
pub const UNSUPPORTED_VERSION: u8 = 1;
/// The result code ADDRESS_MISMATCH: the request came from another address than it says.
pub const ADDRESS_MISMATCH: u8 = 12;

/// The mapping that is asked for.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// The address from which the request leaves. If the gateway sees another one, a NAT is in between.
    pub client: Ipv4Addr,
    /// Random: proves that the response answers this request, and that who deletes the mapping has made it.
    pub nonce: [u8; 12],
}

impl Mapping {
    /// The request (sections 7.1 and 11.1) with this lifetime in seconds.
    pub fn request(&self, lifetime: u32) -> Vec<u8> {
        let any = Ipv4Addr::UNSPECIFIED.octets();
        [
            &[VERSION, MAP, 0, 0][..],
            &lifetime.to_be_bytes(),
            &MAPPED,
            &self.client.octets(),
            &self.nonce,
            &DISCARD,
            &MAPPED,
            &any,
        ]
        .concat()
    }

    /// The external address in a response to the request, or the result code of the refusal; `None` if
    /// `bytes` is no response to it.
    pub fn answer(&self, bytes: &[u8]) -> Option<Result<Ipv4Addr, u8>> {
        let [version, opcode, _, code] = array(bytes, 0)?;
        if version != VERSION {
            // NAT-PMP's answer to an unknown version (RFC 6887 appendix A), or that of a later PCP.
            let is_refusal = opcode & RESPONSE != 0 && code == UNSUPPORTED_VERSION;
            return if is_refusal { Some(Err(UNSUPPORTED_VERSION)) } else { None };
        }
        if opcode != MAP | RESPONSE {
            return None;
        }
        if code != 0 {
            return Some(Err(code));
        }
        let is_ours = array(bytes, NONCE) == Some(self.nonce);
        // With lifetime 0 the gateway answers the deletion.
        if !is_ours || number(bytes, 4) == Some(0) || array(bytes, EXTERNAL) != Some(MAPPED) {
            return None;
        }
        address(bytes, EXTERNAL + MAPPED.len()).map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What miniupnpd 2.3.1 answers to the request below.
    const ANSWER: &str = "028100000000003c0000021200000000000000000000000000112233445566778899aabb\
                          110000000009000900000000000000000000ffff5102450a";

    fn mapping() -> Mapping {
        let nonce = [0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb];
        Mapping { client: Ipv4Addr::new(192, 168, 1, 2), nonce }
    }

    fn answer() -> Vec<u8> {
        (0..ANSWER.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&ANSWER[at..at + 2], 16).unwrap())
            .collect()
    }

    #[test]
    fn the_request_is_a_map_request_of_sixty_octets() {
        let request = mapping().request(LIFETIME);
        assert_eq!(request.len(), 60);
        assert_eq!(request[..8], [2, 1, 0, 0, 0, 0, 0, 60]);
        assert_eq!(request[18..24], [0xff, 0xff, 192, 168, 1, 2]);
        assert_eq!(request[24..36], mapping().nonce);
        assert_eq!(request[36..44], [17, 0, 0, 0, 0, 9, 0, 0]);
        assert_eq!(mapping().request(DELETE)[4..8], [0; 4]);
    }

    #[test]
    fn the_external_address_is_in_the_answer_with_our_nonce() {
        assert_eq!(mapping().answer(&answer()), Some(Ok(Ipv4Addr::new(81, 2, 69, 10))));
        let mut other = answer();
        other[NONCE] = 1;
        assert_eq!(mapping().answer(&other), None);
        let mut deleted = answer();
        deleted[7] = 0;
        assert_eq!(mapping().answer(&deleted), None);
        assert_eq!(mapping().answer(&answer()[..59]), None);
    }

    #[test]
    fn refusals_are_told_apart_from_other_messages() {
        let mut refused = answer();
        refused[3] = ADDRESS_MISMATCH;
        assert_eq!(mapping().answer(&refused), Some(Err(ADDRESS_MISMATCH)));
        assert_eq!(mapping().answer(&[0, 0x81, 0, 1, 0, 0, 0, 9]), Some(Err(UNSUPPORTED_VERSION)));
        assert_eq!(mapping().answer(&mapping().request(LIFETIME)), None);
        assert_eq!(mapping().answer(&[2, 0x80, 0, 0]), None);
    }

    proptest! {
        #[test]
        fn no_message_makes_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = mapping().answer(&bytes);
        }

        #[test]
        fn any_assigned_address_is_read(octets in any::<[u8; 4]>()) {
            let mut bytes = answer();
            bytes[56..].copy_from_slice(&octets);
            prop_assert_eq!(mapping().answer(&bytes), Some(Ok(octets.into())));
        }
    }
}
