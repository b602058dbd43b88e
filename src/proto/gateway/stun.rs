//! STUN (RFC 8489): a server on the internet tells the address from which a packet reached it.

use std::net::Ipv4Addr;

use super::{address, array, number};

/// The default port.
pub const PORT: u16 = 3478;
/// The magic cookie (section 5).
const COOKIE: u32 = 0x2112_a442;
/// Message type and length of a Binding request without attributes.
const REQUEST: [u8; 4] = [0, 1, 0, 0];
/// The message type of a Binding success response.
const SUCCESS: [u8; 2] = [1, 1];
/// The attribute XOR-MAPPED-ADDRESS (section 14.2).
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
/// Its reserved octet and the family: IPv4.
const IPV4: [u8; 2] = [0, 1];
/// The octets of a header.
const HEADER: usize = 20;

/// A Binding request. `id` is random: it proves that the response answers this request.
pub fn request(id: [u8; 12]) -> Vec<u8> {
    [&REQUEST[..], &COOKIE.to_be_bytes(), &id].concat()
}

/// The address in a success response to the request with `id`; `None` if there is none.
pub fn answer(bytes: &[u8], id: [u8; 12]) -> Option<Ipv4Addr> {
    let is_ours = number(bytes, 4) == Some(COOKIE) && array(bytes, 8) == Some(id);
    if !bytes.starts_with(&SUCCESS) || !is_ours {
        return None;
    }
    let mut at = HEADER;
    loop {
        let kind = array(bytes, at).map(u16::from_be_bytes)?;
        let length = array(bytes, at + 2).map(u16::from_be_bytes)?;
        at += 4;
        // MAPPED-ADDRESS is not used: some NATs replace the address in a packet's payload, too (section 14.2).
        if kind == XOR_MAPPED_ADDRESS && array(bytes, at) == Some(IPV4) {
            let mixed = address(bytes, at + 4)?;
            return Some((u32::from(mixed) ^ COOKIE).into());
        }
        // Attributes are padded to a multiple of four octets.
        at += usize::from(length).next_multiple_of(4);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The IPv4 response of RFC 5769 section 2.2, with the SOFTWARE attribute in front.
    const RESPONSE: [u8; 48] = [
        0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6,
        0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76,
        0x65, 0x63, 0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1,
        0x12, 0xa6, 0x43,
    ];
    const ID: [u8; 12] = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];

    #[test]
    fn the_test_vector_of_rfc_5769_gives_its_address() {
        assert_eq!(answer(&RESPONSE, ID), Some(Ipv4Addr::new(192, 0, 2, 1)));
        assert_eq!(answer(&RESPONSE, [0; 12]), None);
        assert_eq!(answer(&RESPONSE[..47], ID), None);
        assert_eq!(answer(&request(ID), ID), None);
    }

    #[test]
    fn a_request_has_twenty_octets() {
        assert_eq!(request(ID)[..8], [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]);
        assert_eq!(request(ID).len(), HEADER);
    }

    proptest! {
        #[test]
        fn no_message_makes_the_decoder_panic(tail in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = answer(&[&RESPONSE[..HEADER], &tail].concat(), ID);
        }
    }
}
