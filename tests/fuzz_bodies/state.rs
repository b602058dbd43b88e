//! The state file, damaged in any way.

use ddns_netlink::state::{MAX_RECORDS, State};

use super::Target;

pub(super) const TARGET: Target = Target {
    name: "state_file",
    body: state_file,
    seeds: &[
        b"ddns-netlink state 1\n\
          record section=home name=home.example.com family=A fingerprint=00c0ffee00c0ffee \
          published=192.0.2.1 at=1800000000 unconfirmed=1 refused=badauth \
          remedy=check%20100%25%20of%20%3D%20the%0Alogin hold=1800003600 sum=c5ec55fe\n",
        b"ddns-netlink state 1\n\
          record section=home name=home.example.com family=AAAA fingerprint=1 published=2001:db8::1\n\
          record section=home name=HOME.example.com family=AAAA fingerprint=2\n\
          record section=%C3%A9 name=*.example.com family=A fingerprint=+3 hold=+0 refused=\n",
        b"ddns-netlink state 2\nprovider something=new\nrecord section=a name=b@c family=A \
          fingerprint=ffffffffffffffff at=18446744073709551615 colour=blue unconfirmed=0\n\n",
    ],
    words: &[
        "record ",
        " section=",
        " name=",
        " family=A",
        " family=AAAA",
        " fingerprint=",
        " published=",
        "192.0.2.1",
        "::ffff:192.0.2.1",
        " at=",
        " unconfirmed=",
        " hidden=",
        " seen=",
        " alone=",
        " corrected=",
        " alarm=",
        " refused=",
        " remedy=",
        " hold=",
        " sum=",
        "%00",
        "%0A",
        "%ff",
        "\r\n",
    ],
};

/// The state that was read can be written and read again without a change or a complaint. The lines
/// are also tried with right checksums, without which hardly any mutated line would be read.
pub(crate) fn state_file(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    check_round_trip(&text);
    check_round_trip(&text.lines().map(with_checksum).collect::<String>());
}

fn check_round_trip(text: &str) {
    let (state, complaints) = State::from_text(text);
    assert!(state.records.len() <= MAX_RECORDS);
    assert!(complaints.iter().all(|line| !line.contains(char::is_control)), "{complaints:?}");
    let written = state.to_text();
    assert!(written.bytes().all(|byte| byte == b'\n' || byte == b' ' || byte.is_ascii_graphic()));
    assert_eq!(State::from_text(&written), (state, vec![]), "{written}");
}

/// The line with a right checksum (FNV-1a), if it is a record.
fn with_checksum(line: &str) -> String {
    if !line.starts_with("record ") {
        return format!("{line}\n");
    }
    let body = line.rsplit_once(" sum=").map_or(line, |(body, _)| body);
    let sum = body
        .bytes()
        .fold(0x811c_9dc5_u32, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{body} sum={sum:08x}\n")
}
