use proptest::prelude::*;

use super::*;

/// A message as the kernel frames it: header, body, padding.
fn message(message_type: u16, flags: u16, body: &[u8]) -> Vec<u8> {
    let length = 16 + body.len();
    let mut bytes = u32::try_from(length).unwrap().to_ne_bytes().to_vec();
    bytes.extend(message_type.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend(5_u32.to_ne_bytes());
    bytes.extend(9_u32.to_ne_bytes());
    bytes.extend(body);
    pad(&mut bytes);
    bytes
}

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(4 + value.len()).unwrap();
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(value);
    pad(&mut bytes);
    bytes
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

fn family_of(address: IpAddr) -> u8 {
    if address.is_ipv4() { AF_INET } else { AF_INET6 }
}

/// A message that decodes to `fact`.
fn encode(fact: &Message) -> Vec<u8> {
    match fact {
        Message::NewLink(link) => message(RTM_NEWLINK, 0, &link_body(link)),
        Message::DelLink(index) => message(RTM_DELLINK, 0, &ifinfomsg(AF_UNSPEC, *index, 0)),
        Message::NewAddress(address) => message(RTM_NEWADDR, 0, &address_body(address)),
        Message::DelAddress(address) => message(RTM_DELADDR, 0, &address_body(address)),
        Message::Route(route) => message(RTM_NEWROUTE, 0, &route_body(route)),
        Message::Policy => message(RTM_NEWRULE, 0, &[0; 12]),
    }
}

fn ifinfomsg(family: u8, index: u32, flags: u32) -> Vec<u8> {
    let mut bytes = vec![family, 0, 1, 0];
    for field in [index, flags, 0] {
        bytes.extend(field.to_ne_bytes());
    }
    bytes
}

fn link_body(link: &Link) -> Vec<u8> {
    let flags = u32::from(link.up) * IFF_UP + u32::from(link.carrier) * IFF_LOWER_UP;
    let mut body = ifinfomsg(AF_UNSPEC, link.index, flags);
    let mut name = link.name.clone().into_bytes();
    name.push(0);
    body.extend(attribute(IFLA_IFNAME, &name));
    let alternative = |name: &String| attribute(IFLA_ALT_IFNAME, &[name.as_bytes(), &[0]].concat());
    let others: Vec<u8> = link.other_names.iter().flat_map(alternative).collect();
    if !others.is_empty() {
        // NLA_F_NESTED
        body.extend(attribute(IFLA_PROP_LIST | 0x8000, &others));
    }
    body.extend(attribute(4, &1500_u32.to_ne_bytes()));
    body
}

fn address_body(address: &Address) -> Vec<u8> {
    let family = family_of(address.address);
    let flags = address.flags.0.to_ne_bytes();
    let mut body = vec![family, address.prefix_len, 0, address.scope];
    body.extend(address.link.to_ne_bytes());
    if address.address.is_ipv4() {
        body.extend(attribute(IFA_ADDRESS, &octets(address.peer)));
        body.extend(attribute(IFA_LOCAL, &octets(address.address)));
        // IFA_LABEL, with bytes that are not UTF-8.
        body.extend(attribute(3, &[0xff, 0xfe, 0]));
    } else {
        body.extend(attribute(IFA_ADDRESS, &octets(address.address)));
    }
    let lifetimes: Vec<u8> =
        [address.preferred, address.valid, 1, 2].into_iter().flat_map(u32::to_ne_bytes).collect();
    body.extend(attribute(IFA_CACHEINFO, &lifetimes));
    body.extend(attribute(IFA_FLAGS, &flags));
    body
}

fn route_body(route: &Route) -> Vec<u8> {
    let kind = match route.leads {
        Leads::Out => RTN_UNICAST,
        Leads::Here => RTN_LOCAL,
        Leads::Nowhere => 7,
    };
    let protocol = if route.by_kernel { RTPROT_KERNEL } else { 3 };
    let family = family_of(route.destination);
    let mut body = vec![family, route.prefix_len, 0, 0, 252, protocol, 0, kind];
    let flags = match &route.hops[..] {
        [only] => u32::from(flags(only)),
        _ => 0,
    };
    body.extend(flags.to_ne_bytes());
    if route.prefix_len != 0 {
        body.extend(attribute(RTA_DST, &octets(route.destination)));
    }
    match &route.hops[..] {
        [] => {}
        [only] => {
            body.extend(attribute(RTA_OIF, &only.link.unwrap().to_ne_bytes()));
            body.extend(gateway(only, family));
        }
        several => {
            let hops: Vec<u8> = several.iter().flat_map(|hop| nexthop(hop, family)).collect();
            body.extend(attribute(RTA_MULTIPATH, &hops));
        }
    }
    body
}

fn flags(hop: &Hop) -> u8 {
    if hop.alive { 0 } else { 16 }
}

fn nexthop(hop: &Hop, family: u8) -> Vec<u8> {
    let gateway = gateway(hop, family);
    let mut bytes = u16::try_from(8 + gateway.len()).unwrap().to_ne_bytes().to_vec();
    bytes.extend([flags(hop), 0]);
    bytes.extend(hop.link.unwrap().to_ne_bytes());
    bytes.extend(gateway);
    bytes
}

fn gateway(hop: &Hop, family: u8) -> Vec<u8> {
    match hop.gateway {
        Some(gateway) if family_of(gateway) == family => attribute(RTA_GATEWAY, &octets(gateway)),
        Some(gateway) => {
            let family = u16::from(family_of(gateway)).to_ne_bytes();
            attribute(RTA_VIA, &[&family[..], &octets(gateway)].concat())
        }
        None => Vec::new(),
    }
}

fn payloads(bytes: &[u8]) -> Vec<Payload> {
    datagram(bytes).map(|incoming| incoming.payload).collect()
}

fn any_address(family: Family) -> BoxedStrategy<IpAddr> {
    match family {
        Family::V4 => any::<[u8; 4]>().prop_map(IpAddr::from).boxed(),
        Family::V6 => any::<[u8; 16]>().prop_map(IpAddr::from).boxed(),
    }
}

fn any_family() -> impl Strategy<Value = Family> {
    prop_oneof![Just(Family::V4), Just(Family::V6)]
}

fn any_prefix(family: Family) -> BoxedStrategy<(IpAddr, u8)> {
    let longest = if family == Family::V4 { 32 } else { 128 };
    (any_address(family), 1_u8..=longest).boxed()
}

fn any_fact() -> impl Strategy<Value = Message> {
    let names = proptest::collection::vec("[a-z0-9@.-]{1,127}", 0..3);
    let link = (1..=u32::MAX, "[a-z0-9@.-]{1,15}", names, any::<[bool; 2]>()).prop_map(
        |(index, name, other_names, [up, carrier])| Link { index, name, other_names, up, carrier },
    );
    let address =
        (any_family().prop_flat_map(any_prefix), any::<(u8, u32, u32, u32)>(), 1..=u32::MAX)
            .prop_map(|((address, prefix_len), header, link)| Address {
                link,
                address,
                peer: if address.is_ipv4() { [198, 51, 100, 9].into() } else { address },
                prefix_len,
                scope: header.0,
                flags: AddressFlags(header.1),
                preferred: header.2,
                valid: header.3,
            })
            .boxed();
    prop_oneof![
        link.prop_map(Message::NewLink),
        (1..=u32::MAX).prop_map(Message::DelLink),
        address.clone().prop_map(Message::NewAddress),
        address.prop_map(Message::DelAddress),
        any_route().prop_map(Message::Route),
        Just(Message::Policy),
    ]
}

fn any_route() -> impl Strategy<Value = Route> {
    let leads = prop_oneof![Just(Leads::Out), Just(Leads::Here), Just(Leads::Nowhere)];
    let gateway = proptest::option::of(any_family().prop_flat_map(any_address));
    let hop = (1..=u32::MAX, gateway, any::<bool>()).prop_map(|(link, gateway, alive)| Hop {
        link: Some(link),
        gateway,
        alive,
    });
    let hops = proptest::collection::vec(hop, 0..4);
    (any_family().prop_flat_map(any_prefix), leads, any::<bool>(), hops).prop_map(
        |((destination, prefix_len), leads, by_kernel, hops)| Route {
            destination,
            prefix_len,
            leads,
            by_kernel,
            hops,
        },
    )
}

proptest! {
    #[test]
    fn decoding_undoes_encoding(facts in proptest::collection::vec(any_fact(), 1..20)) {
        let bytes: Vec<u8> = facts.iter().flat_map(encode).collect();
        let expected: Vec<Payload> = facts.into_iter().map(Payload::Message).collect();
        prop_assert_eq!(payloads(&bytes), expected);
    }

    #[test]
    fn decoding_any_bytes_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        let found = datagram(&bytes).count();
        prop_assert!(found <= bytes.len().div_ceil(16));
    }

    #[test]
    fn decoding_any_body_never_panics(
        message_type in 0_u16..32,
        family in prop_oneof![Just(0_u8), Just(2), Just(10), any::<u8>()],
        body in proptest::collection::vec(any::<u8>(), 0..256),
    ) {
        let body = [&[family][..], &body].concat();
        prop_assert_eq!(datagram(&message(message_type, 0, &body)).count(), 1);
    }

    #[test]
    fn decoding_a_damaged_message_never_panics(
        fact in any_fact(),
        position in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = encode(&fact);
        let position = position.index(bytes.len());
        bytes[position] = byte;
        bytes.truncate(cut.index(bytes.len() + 1));
        for incoming in datagram(&bytes) {
            if let Payload::Message(Message::NewAddress(address)) = incoming.payload {
                prop_assert!(address.prefix_len <= 128 && address.link != 0);
            }
        }
    }
}

#[test]
fn a_length_of_zero_ends_the_datagram() {
    let mut bytes = message(NLMSG_NOOP, 0, &[]);
    bytes.extend([0; 64]);
    assert_eq!(payloads(&bytes), [Payload::Ignored, Payload::Garbled]);
}

#[test]
fn a_length_beyond_the_datagram_ends_it() {
    let mut bytes = encode(&Message::DelLink(3));
    bytes.pop();
    assert_eq!(payloads(&bytes), [Payload::Garbled]);
    assert_eq!(payloads(&[1, 2, 3]), [Payload::Garbled]);
    assert_eq!(payloads(&[]), []);
}

#[test]
fn the_last_message_may_lack_its_padding() {
    let mut bytes = message(NLMSG_NOOP, 0, &[0; 3]);
    bytes.pop();
    assert_eq!(payloads(&bytes), [Payload::Ignored]);
}

#[test]
fn error_done_and_overrun_messages_are_decoded() {
    let error = |code: i32| message(NLMSG_ERROR, 0, &[&code.to_ne_bytes()[..], &[0; 16]].concat());
    assert_eq!(payloads(&error(-16)), [Payload::Error(-16)]);
    assert_eq!(payloads(&error(0)), [Payload::Error(0)]);
    assert_eq!(payloads(&message(NLMSG_ERROR, 0, &[])), [Payload::Malformed]);
    assert_eq!(payloads(&message(NLMSG_DONE, 2, &[0; 4])), [Payload::Done(0)]);
    assert_eq!(payloads(&message(NLMSG_DONE, 2, &[])), [Payload::Done(0)]);
    let cut_short = message(NLMSG_DONE, 2, &(-4_i32).to_ne_bytes());
    assert_eq!(payloads(&cut_short), [Payload::Done(-4)]);
    assert_eq!(payloads(&message(NLMSG_OVERRUN, 0, &[])), [Payload::Overrun]);
    assert_eq!(payloads(&message(28, 0, &[0; 12])), [Payload::Ignored]);
}

#[test]
fn sequence_port_and_flags_come_from_the_header() {
    let bytes = message(NLMSG_DONE, 0x12, &[0; 4]);
    let incoming = datagram(&bytes).next().unwrap();
    assert_eq!((incoming.sequence, incoming.port), (5, 9));
    assert!(incoming.interrupted());
}

#[test]
fn link_messages_of_other_families_are_ignored() {
    // A device that leaves a bridge (AF_BRIDGE), and IPv6 statistics of a device.
    for family in [7, AF_INET6] {
        let body = ifinfomsg(family, 3, 0);
        assert_eq!(payloads(&message(RTM_DELLINK, 0, &body)), [Payload::Ignored]);
        assert_eq!(payloads(&message(RTM_NEWLINK, 0, &body)), [Payload::Ignored]);
    }
    let nameless = message(RTM_NEWLINK, 0, &ifinfomsg(AF_UNSPEC, 3, 0));
    assert_eq!(payloads(&nameless), [Payload::Ignored]);
}

#[test]
fn without_ifa_flags_the_flags_of_the_header_are_used() {
    let mut body = vec![AF_INET6, 64, 0x40, 0];
    body.extend(3_u32.to_ne_bytes());
    body.extend(attribute(IFA_ADDRESS, &[1; 16]));
    let decoded = payloads(&message(RTM_NEWADDR, 0, &body));
    let [Payload::Message(Message::NewAddress(address))] = &decoded[..] else {
        panic!("{decoded:?}");
    };
    assert!(address.flags.has(AddressFlags::TENTATIVE));
    assert_eq!((address.preferred, address.valid), (u32::MAX, u32::MAX));
}

#[test]
fn addresses_without_address_or_device_are_ignored_and_impossible_ones_malformed() {
    let body = |family, prefix_len, link: u32, address: &[u8]| {
        let mut body = vec![family, prefix_len, 0, 0];
        body.extend(link.to_ne_bytes());
        if !address.is_empty() {
            body.extend(attribute(IFA_ADDRESS, address));
        }
        payloads(&message(RTM_NEWADDR, 0, &body))
    };
    assert_eq!(body(AF_INET, 24, 3, &[]), [Payload::Ignored], "no address");
    assert_eq!(body(AF_INET, 24, 0, &[1; 4]), [Payload::Ignored], "no device");
    assert_eq!(body(45, 0, 3, &[1; 1]), [Payload::Ignored], "AF_MCTP");
    assert_eq!(body(AF_INET, 24, 3, &[1; 5]), [Payload::Malformed]);
    assert_eq!(body(AF_INET, 24, 3, &[1; 16]), [Payload::Malformed]);
    assert_eq!(body(AF_INET, 33, 3, &[1; 4]), [Payload::Malformed]);
    assert_eq!(body(AF_INET6, 129, 3, &[1; 16]), [Payload::Malformed]);
}

#[test]
fn the_route_type_says_whether_a_route_leads_out_here_or_nowhere() {
    let leads = |route_type, flags: u32| {
        let mut body = vec![AF_INET, 0, 0, 0, 254, 3, 0, route_type];
        body.extend(flags.to_ne_bytes());
        body.extend(attribute(RTA_OIF, &3_u32.to_ne_bytes()));
        match &payloads(&message(RTM_DELROUTE, 0, &body))[..] {
            [Payload::Message(Message::Route(route))] => (route.leads, route.hops[0].alive),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(leads(RTN_UNICAST, 0), (Leads::Out, true));
    assert_eq!(leads(RTN_LOCAL, 0), (Leads::Here, true));
    for nowhere in [0, 3, 4, 5, 6, 7, 8, 9] {
        assert_eq!(leads(nowhere, 0).0, Leads::Nowhere);
    }
    for dead in [RTNH_F_DEAD, RTNH_F_LINKDOWN] {
        assert_eq!(leads(RTN_UNICAST, dead), (Leads::Out, false));
    }
}

#[test]
fn a_next_hop_with_length_zero_is_malformed() {
    let mut body = vec![AF_INET, 0, 0, 0, 254, 3, 0, RTN_UNICAST, 0, 0, 0, 0];
    body.extend(attribute(RTA_MULTIPATH, &[0; 8]));
    assert_eq!(payloads(&message(RTM_NEWROUTE, 0, &body)), [Payload::Malformed]);
}

#[test]
fn rules_and_next_hop_objects_are_policy() {
    for policy in [RTM_NEWRULE, RTM_DELRULE, RTM_NEWNEXTHOP, RTM_DELNEXTHOP] {
        assert_eq!(payloads(&message(policy, 0, &[])), [Payload::Message(Message::Policy)]);
    }
}

/// Bytes that Linux 6.18 sent on a little-endian machine.
#[cfg(target_endian = "little")]
mod recorded {
    use super::*;

    fn fact(message_type: u16, hex: &str) -> Payload {
        let body: Vec<u8> = (0..hex.len())
            .step_by(2)
            .map(|digit| u8::from_str_radix(&hex[digit..digit + 2], 16).unwrap())
            .collect();
        let mut decoded = payloads(&message(message_type, 0, &body));
        assert_eq!(decoded.len(), 1);
        decoded.remove(0)
    }

    fn route(hex: &str) -> Route {
        let decoded = fact(RTM_NEWROUTE, hex);
        let Payload::Message(Message::Route(route)) = decoded else {
            panic!("{decoded:?}");
        };
        route
    }

    #[test]
    fn a_point_to_point_address_is_the_local_one() {
        let decoded = fact(
            RTM_NEWADDR,
            "022080000300000008000100c633640908000200c000020107000300763000000800080080000000\
             14000600ffffffffffffffffd60d0300d60d0300",
        );
        let expected = Address {
            link: 3,
            address: "192.0.2.1".parse().unwrap(),
            peer: "198.51.100.9".parse().unwrap(),
            prefix_len: 32,
            scope: 0,
            flags: AddressFlags(AddressFlags::PERMANENT),
            preferred: u32::MAX,
            valid: u32::MAX,
        };
        assert_eq!(decoded, Payload::Message(Message::NewAddress(expected)));
    }

    #[test]
    fn a_tentative_address_has_flags_and_lifetimes() {
        let decoded = fact(
            RTM_NEWADDR,
            "0a404000030000001400010020010db80000000000000000000000011400060008070000100e0000\
             f40d0300f40d03000800080040000000",
        );
        let expected = Address {
            link: 3,
            address: "2001:db8::1".parse().unwrap(),
            peer: "2001:db8::1".parse().unwrap(),
            prefix_len: 64,
            scope: 0,
            flags: AddressFlags(AddressFlags::TENTATIVE),
            preferred: 1800,
            valid: 3600,
        };
        assert_eq!(decoded, Payload::Message(Message::NewAddress(expected)));
    }

    #[test]
    fn a_port_that_left_its_bridge_is_ignored() {
        let decoded = fact(
            RTM_DELLINK,
            "07000100030000004310010000000000070003007630000008000a000400000008000400dc050000\
             05001000060000000a0001000a30bd1134f800000800050002000000",
        );
        assert_eq!(decoded, Payload::Ignored);
    }

    #[test]
    fn a_multipath_route_has_all_next_hops() {
        let route = route(
            "02180000fe0300010000000008000f00fe00000008000100cb007100240009001000000002000000\
             08000500c000020a100000000300000008000500c6336409",
        );
        assert_eq!(route.destination.to_string(), "203.0.113.0");
        let hop = |link, gateway: &str| Hop {
            link: Some(link),
            gateway: Some(gateway.parse().unwrap()),
            alive: true,
        };
        assert_eq!(route.hops, [hop(2, "192.0.2.10"), hop(3, "198.51.100.9")]);
        assert_eq!(route.leads, Leads::Out);
    }

    #[test]
    fn a_source_specific_default_route_is_a_default_route() {
        let route = route(
            "0a003000fe0300010000000008000f00fe0000001400020020010db8000100000000000000000000\
             080006000002000014000500fe800000000000000000000000000001080004000300000024000c00\
             00000000000000000000000000000000000000000000000000000000000000000500140000000000",
        );
        assert_eq!((route.prefix_len, route.hops[0].link), (0, Some(3)));
        assert_eq!(route.destination, unspecified(Family::V6));
    }

    #[test]
    fn an_ipv4_route_may_have_an_ipv6_gateway() {
        let route = route(
            "02190000fe0300010000000008000f00fe00000008000100cb007180160012000a00fe8000000000\
             0000000000000000000100000800040003000000",
        );
        assert_eq!(route.hops[0].gateway, Some("fe80::1".parse().unwrap()));
        assert_eq!((route.hops[0].link, route.prefix_len), (Some(3), 25));
    }

    #[test]
    fn an_unreachable_route_in_a_table_beyond_255_leads_nowhere() {
        let route = route("02080000fc0300070000000008000f002c010000080001000a000000");
        assert_eq!((route.leads, route.hops.len()), (Leads::Nowhere, 0));
    }
}
