//! NAT-PMP (RFC 6886): asks the gateway for its external address, and for nothing else.

use std::net::Ipv4Addr;

use super::{address, array, number};

/// The request (section 3.2): version 0, opcode 0.
pub const REQUEST: [u8; 2] = [0, 0];
/// What a response to it begins with.
const RESPONSE: [u8; 2] = [0, 128];

/// The result code "Success" (section 3.5).
pub const SUCCESS: u16 = 0;
/// The result code "Not Authorized/Refused".
pub const REFUSED: u16 = 2;
/// The result code "Network Failure": the gateway has no external address.
pub const NO_ADDRESS: u16 = 3;

/// A response, or an announcement, which is the same message without a request (section 3.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The result code.
    pub result: u16,
    /// Seconds since the gateway's table of mappings was made.
    pub epoch: u32,
    /// The external address. It means nothing unless the result is [`SUCCESS`].
    pub address: Ipv4Addr,
}

/// Reads a response; `None` if `bytes` is none.
pub fn answer(bytes: &[u8]) -> Option<Answer> {
    if !bytes.starts_with(&RESPONSE) {
        return None;
    }
    let result = array(bytes, 2).map(u16::from_be_bytes)?;
    let epoch = number(bytes, 4)?;
    // Some gateways leave the address away if there is none.
    let address = match address(bytes, 8) {
        Some(address) => address,
        None if result == SUCCESS => return None,
        None => Ipv4Addr::UNSPECIFIED,
    };
    Some(Answer { result, epoch, address })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn result_epoch_and_address_are_read() {
        let bytes = [0, 128, 0, 0, 0, 0, 2, 0x12, 81, 2, 69, 10];
        let address = Ipv4Addr::new(81, 2, 69, 10);
        assert_eq!(answer(&bytes), Some(Answer { result: SUCCESS, epoch: 0x212, address }));
        assert_eq!(answer(&bytes[..11]), None);
        let nothing = [0, 128, 0, 3, 0, 0, 0, 1];
        assert_eq!(answer(&nothing).unwrap().result, NO_ADDRESS);
        assert_eq!(answer(&[0, 129, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1]), None);
        assert_eq!(answer(&REQUEST), None);
    }

    proptest! {
        #[test]
        fn no_message_makes_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..20)) {
            if let Some(answer) = answer(&bytes) {
                prop_assert!(answer.result != SUCCESS || bytes.len() >= 12);
            }
        }
    }
}
