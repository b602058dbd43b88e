//! Messages recorded from a real ubusd, dialogues, and hostile bytes.

mod codec;
mod dialogue;
mod netifd;
mod properties;

use serde_json::{Map, Value as Json};

use super::blob::{Members, Value};
use super::message::{Frame, MessageType, length, parse};

/// Id of the stand-in for netifd in the recorded messages.
const NETIFD: u32 = 0x85f6_7542;
/// Id of the listener in the recorded messages.
const LISTENER: u32 = 0x0107_2cfd;

const HELLO: &str = "00000000 1c36183b 00000004";
const LOOKUP: &str =
    "00040001 00000000 0000001c 02000016 6e657477 6f726b2e 696e7465 72666163 65000000";
const LOOKUP_DATA: &str = "00020001 00000000 00000060 02000016 6e657477 6f726b2e 696e7465 72666163 \
    65000000 03000008 85f67542 05000008 378dc2af 06000034 8200000c 00046475 6d700000 82000024 \
    00067374 61747573 00000000 85000014 0009696e 74657266 61636500 00000003";
const DUMP: &str =
    "00050002 85f67542 0000001c 03000008 85f67542 04000009 64756d70 00000000 07000004";
const DUMP_DATA: &str = "00020002 85f67542 000000b0 03000008 85f67542 070000a4 810000a0 0009696e \
    74657266 61636500 82000090 00000000 83000014 0009696e 74657266 61636500 77616e00 8700000d \
    00027570 00000000 01000000 8300001a 00096c33 5f646576 69636500 7070706f 652d7761 6e000000 \
    81000048 000c6970 76342d61 64647265 73730000 82000034 00000000 8300001c 00076164 64726573 \
    73000000 3230332e 302e3131 332e3500 85000010 00046d61 736b0000 00000020";
const DUMP_STATUS: &str = "00010002 85f67542 00000014 01000008 00000000 03000008 85f67542";
const NOT_FOUND: &str = "00010003 00000000 0000000c 01000008 00000004";
const ADD_OBJECT: &str = "00060005 00000000 00000004";
const ADD_OBJECT_DATA: &str = "00020005 00000000 0000000c 03000008 01072cfd";
const REGISTER: &str = "00050006 00000001 00000058 03000008 00000001 0400000d 72656769 73746572 \
    00000000 0700003c 85000014 00066f62 6a656374 00000000 01072cfd 83000022 00077061 74746572 \
    6e000000 6e657477 6f726b2e 696e7465 72666163 65000000";
const SUBSCRIBE: &str = "00080007 00000000 00000014 03000008 01072cfd 08000008 85f67542";
const NOTIFICATION: &str = "00050002 fb951746 0000006c 0a000005 01000000 03000008 01072cfd \
    04000015 696e7465 72666163 652e7570 64617465 00000000 0c000009 726f6f74 00000000 0d000009 \
    726f6f74 00000000 07000028 83000014 0009696e 74657266 61636500 77616e00 8700000d 00027570 \
    00000000 01000000";
const EVENT: &str = "00050001 00000000 00000054 03000008 01072cfd 04000016 6e657477 6f726b2e \
    696e7465 72666163 65000000 07000030 83000015 00066163 74696f6e 00000000 69667570 00000000 \
    83000014 0009696e 74657266 61636500 77616e00";

/// The bytes of hexadecimal numbers of 32 bits.
fn bytes(words: &str) -> Vec<u8> {
    let words = words.split_whitespace().map(|word| u32::from_str_radix(word, 16).unwrap());
    words.flat_map(u32::to_be_bytes).collect()
}

/// A message with the attributes that `fill` adds.
fn frame(
    message_type: MessageType,
    seq: u16,
    peer: u32,
    fill: impl FnOnce(Frame) -> Frame,
) -> Vec<u8> {
    fill(Frame::new(message_type, seq, peer)).finish().unwrap()
}

/// The value as JSON.
fn to_json(value: Value<'_>) -> Json {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => truth.into(),
        Value::Integer(number) => number.into(),
        Value::Double(number) => number.into(),
        Value::Text(bytes) => text(bytes).into(),
        Value::Array(elements) => elements.map(|element| to_json(element.unwrap().1)).collect(),
        Value::Table(members) => {
            let members = members.map(Result::unwrap);
            members.map(|(name, value)| (text(name), to_json(value))).collect::<Map<_, _>>().into()
        }
    }
}

fn data(members: Members<'_>) -> Json {
    to_json(Value::Table(members))
}

/// Calls `look` with the data of a message that holds `members`.
fn with_data<T>(members: &Json, look: impl FnOnce(Members<'_>) -> T) -> T {
    let bytes = frame(MessageType::Data, 1, 2, |frame| frame.data(&members.into()));
    assert_eq!(length(&bytes), Ok(Some(bytes.len())));
    look(parse(&bytes).unwrap().data)
}
