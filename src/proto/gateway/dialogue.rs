//! The dialogue with a gateway over UDP: PCP first, and NAT-PMP if the gateway does not speak PCP or refuses
//! the mapping (RFC 6887 appendix A). Which message is sent, and how long its answer is awaited, as values.

use std::net::Ipv4Addr;

use super::nat_pmp;
use super::pcp::{self, Mapping};

use crate::time::Duration;

/// The wait for the first answer; it doubles with each repetition (RFC 6886 section 3.1). PCP's own first
/// wait, 3 seconds (RFC 6887 section 8.1.1), is for servers that may be far away. This gateway is one hop away.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// How often a request of one protocol is sent. A gateway that has not answered after 1.75 seconds is taken
/// not to speak it.
const TRIES: u32 = 3;

/// A protocol by which a gateway tells its external address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// RFC 6887.
    Pcp,
    /// RFC 6886.
    NatPmp,
    /// UPnP Internet Gateway Device. `edge/probe/gateway.rs` asks by it, after this dialogue.
    Upnp,
}

impl Protocol {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pcp => "PCP",
            Self::NatPmp => "NAT-PMP",
            Self::Upnp => "UPnP",
        }
    }
}

/// What a gateway says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// This is its external address.
    Address(Protocol, Ipv4Addr),
    /// It has no external address.
    NoAddress(Protocol),
    /// It does not answer, or its answer is of no use.
    Nothing,
    /// It refuses to tell.
    Refusal,
    /// It sees another address than the one from which the router sends: another NAT is in between.
    Translated,
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send this message, and wait for an answer for this time.
    Ask(Vec<u8>, Duration),
    /// The gateway has answered, or will not.
    End(Said),
}

/// A dialogue.
#[derive(Clone, Debug)]
pub struct Dialogue {
    mapping: Mapping,
    /// The protocol of the request on its way.
    protocol: Protocol,
    /// How often it has been sent.
    sent: u32,
    /// What the gateway has said so far.
    said: Said,
    is_over: bool,
}

impl Dialogue {
    /// A dialogue that begins with a request for `mapping`.
    pub fn new(mapping: Mapping) -> Self {
        Self { mapping, protocol: Protocol::Pcp, sent: 0, said: Said::Nothing, is_over: false }
    }

    /// What is to be done next.
    pub fn step(&mut self) -> Step {
        if self.sent == TRIES {
            self.give_up();
        }
        if self.is_over {
            return Step::End(self.said);
        }
        let wait = FIRST_WAIT * (1 << self.sent);
        self.sent += 1;
        let message = match self.protocol {
            Protocol::Pcp => self.mapping.request(pcp::LIFETIME),
            Protocol::NatPmp | Protocol::Upnp => nat_pmp::REQUEST.to_vec(),
        };
        Step::Ask(message, wait)
    }

    /// Takes in a message from the gateway. Returns whether it is an answer, so that the next step follows at
    /// once.
    pub fn receive(&mut self, bytes: &[u8]) -> bool {
        if self.protocol == Protocol::Pcp {
            return match self.mapping.answer(bytes) {
                None => false,
                Some(Ok(address)) => self.end(Said::Address(Protocol::Pcp, address)),
                Some(Err(code)) => self.refused(code == pcp::ADDRESS_MISMATCH, Said::Translated),
            };
        }
        let Some(answer) = nat_pmp::answer(bytes) else { return false };
        match (answer.result, answer.address) {
            (nat_pmp::NO_ADDRESS, _) | (nat_pmp::SUCCESS, Ipv4Addr::UNSPECIFIED) => {
                self.end(Said::NoAddress(Protocol::NatPmp))
            }
            (nat_pmp::SUCCESS, address) => self.end(Said::Address(Protocol::NatPmp, address)),
            (code, _) => self.refused(code == nat_pmp::REFUSED, Said::Refusal),
        }
    }

    /// Nobody listens at the gateway's port.
    pub fn closed(&mut self) {
        // NAT-PMP has the same port as PCP, so it would be refused, too.
        self.is_over = true;
    }

    /// The message that deletes the mapping, if the gateway has made it.
    // It need not be answered: a mapping that stays ends by itself after a minute.
    pub fn farewell(&self) -> Option<Vec<u8>> {
        match self.said {
            Said::Address(Protocol::Pcp, _) => Some(self.mapping.request(pcp::DELETE)),
            Said::Address(..)
            | Said::NoAddress(_)
            | Said::Nothing
            | Said::Refusal
            | Said::Translated => None,
        }
    }

    fn end(&mut self, said: Said) -> bool {
        self.said = said;
        self.is_over = true;
        true
    }

    /// The gateway refuses: that is worth telling if it `counts` and no other protocol leads to an address.
    fn refused(&mut self, counts: bool, said: Said) -> bool {
        if counts && self.said == Said::Nothing {
            self.said = said;
        }
        self.give_up();
        true
    }

    /// The protocol has not led to an address: goes on with the next one.
    fn give_up(&mut self) {
        // NAT-PMP has as many tries as PCP had.
        self.sent = 0;
        self.is_over |= self.protocol != Protocol::Pcp;
        self.protocol = Protocol::NatPmp;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ADDRESS: Ipv4Addr = Ipv4Addr::new(81, 2, 69, 10);

    /// A dialogue that has sent its first request.
    fn begun() -> Dialogue {
        let mut dialogue =
            Dialogue::new(Mapping { client: Ipv4Addr::new(192, 168, 1, 2), nonce: [7; 12] });
        dialogue.step();
        dialogue
    }

    fn pcp_answer(code: u8) -> Vec<u8> {
        let mut bytes = begun().mapping.request(pcp::LIFETIME);
        (bytes[1], bytes[3]) = (0x81, code);
        bytes[56..].copy_from_slice(&ADDRESS.octets());
        bytes
    }

    fn pmp_answer(result: u8, address: [u8; 4]) -> Vec<u8> {
        [&[0, 128, 0, result, 0, 0, 0, 9], &address[..]].concat()
    }

    /// The waits in milliseconds after each further request if nobody answers, with its version.
    fn requests(dialogue: &mut Dialogue) -> (Vec<(u64, u8)>, Said) {
        let mut sent = Vec::new();
        loop {
            match dialogue.step() {
                Step::Ask(message, wait) => sent.push((wait.as_millis(), message[0])),
                Step::End(said) => return (sent, said),
            }
        }
    }

    #[test]
    fn a_silent_gateway_is_asked_three_times_by_each_protocol() {
        let (sent, said) = requests(&mut begun());
        assert_eq!(sent, [(500, 2), (1000, 2), (250, 0), (500, 0), (1000, 0)]);
        assert_eq!(said, Said::Nothing);
    }

    #[test]
    fn the_address_ends_the_dialogue_and_the_mapping_is_deleted() {
        let mut dialogue = begun();
        assert_eq!(dialogue.farewell(), None);
        assert!(dialogue.receive(&pcp_answer(0)));
        assert_eq!(dialogue.step(), Step::End(Said::Address(Protocol::Pcp, ADDRESS)));
        assert_eq!(dialogue.farewell(), Some(dialogue.mapping.request(pcp::DELETE)));
    }

    #[test]
    fn a_refusal_of_pcp_leads_to_nat_pmp_at_once() {
        for refusal in [pcp_answer(8), vec![0, 0x81, 0, 1, 0, 0, 0, 9]] {
            let mut dialogue = begun();
            assert!(dialogue.receive(&refusal));
            assert!(matches!(dialogue.step(), Step::Ask(message, _) if message == [0, 0]));
            assert!(dialogue.receive(&pmp_answer(0, ADDRESS.octets())));
            assert_eq!(dialogue.step(), Step::End(Said::Address(Protocol::NatPmp, ADDRESS)));
            assert_eq!(dialogue.farewell(), None);
        }
    }

    #[test]
    fn a_gateway_without_an_address_says_so() {
        for answer in [pmp_answer(3, [0; 4]), pmp_answer(0, [0; 4])] {
            let mut dialogue = begun();
            dialogue.receive(&pcp_answer(8));
            assert!(dialogue.receive(&answer));
            assert_eq!(dialogue.step(), Step::End(Said::NoAddress(Protocol::NatPmp)));
        }
    }

    #[test]
    fn an_address_mismatch_means_that_another_nat_is_in_between() {
        let mut dialogue = begun();
        dialogue.receive(&pcp_answer(pcp::ADDRESS_MISMATCH));
        dialogue.receive(&pmp_answer(2, [0; 4]));
        assert_eq!(dialogue.step(), Step::End(Said::Translated));
        let mut dialogue = begun();
        dialogue.receive(&pcp_answer(2));
        dialogue.receive(&pmp_answer(2, [0; 4]));
        assert_eq!(dialogue.step(), Step::End(Said::Refusal));
    }

    #[test]
    fn a_closed_port_ends_the_dialogue() {
        let mut dialogue = begun();
        dialogue.closed();
        assert_eq!(dialogue.step(), Step::End(Said::Nothing));
    }

    proptest! {
        #[test]
        fn every_dialogue_ends_whatever_the_gateway_sends(
            messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..64), 0..20)
        ) {
            let mut dialogue = begun();
            for message in messages {
                dialogue.receive(&message);
            }
            prop_assert!(requests(&mut dialogue).0.len() <= 5);
        }
    }
}
