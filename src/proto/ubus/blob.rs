//! blobmsg: the values in ubus messages. Any bytes are accepted.
//!
//! A blob attribute is a header of 32 bits and a payload, padded with zeros to four bytes. The header
//! holds a flag (bit 31), an id (bits 24 to 30) and the length with the header but without the
//! padding. In a blobmsg attribute the flag is set, the id is the type, and the payload begins with a
//! name (openwrt libubox, `blob.h` and `blobmsg.h`). All numbers are big-endian.
//!
//! Values are read in place and one level at a time, so that deeply nested or many values do not
//! cost memory.

use crate::model::json::Json;
// enum blobmsg_type
const UNSPEC: u8 = 0;
const ARRAY: u8 = 1;
const TABLE: u8 = 2;
const STRING: u8 = 3;
const INT64: u8 = 4;
const INT32: u8 = 5;
const INT16: u8 = 6;
const INT8: u8 = 7;
const DOUBLE: u8 = 8;

/// Bytes of the header before a payload.
const HEADER: usize = 4;
const EXTENDED: u32 = 1 << 31;
const LENGTH: u32 = 0x00ff_ffff;

/// The bytes are not blobmsg, or not a ubus message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// A blob attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Whether the payload begins with a name.
    pub extended: bool,
    /// The attribute's id; the type in a blobmsg attribute.
    pub id: u8,
    /// Without the padding.
    pub payload: &'a [u8],
}

/// An iterator over blob attributes. It ends after the first malformed one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes<'a>(pub &'a [u8]);

/// An iterator over named values: the members of a table, the elements of an array (without names),
/// the data of a message. It ends after the first malformed one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Members<'a>(pub Attributes<'a>);

/// A value. Texts are bytes, because libubox does not check that they are UTF-8.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// JSON's null, and types that are not used here.
    Null,
    /// `int8`, blobmsg's boolean.
    Bool(bool),
    /// `int64`, `int32` or `int16`. blobmsg has no unsigned numbers: the upper half of their range
    /// is negative here.
    Integer(i64),
    /// `double`.
    Double(f64),
    /// `string`, without the NUL at its end.
    Text(&'a [u8]),
    /// `array`.
    Array(Members<'a>),
    /// `table`.
    Table(Members<'a>),
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<Attribute<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        // Left empty on an error, because the beginning of the next attribute is unknown.
        let bytes = std::mem::take(&mut self.0);
        Some(split(bytes).ok_or(Malformed).map(|(attribute, rest)| {
            self.0 = rest;
            attribute
        }))
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = Result<(&'a [u8], Value<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let attribute = self.0.next()?;
        let member = attribute.and_then(|attribute| member(attribute).ok_or(Malformed));
        // A caller that goes on after an error gets nothing that may have been read at a wrong place.
        if member.is_err() {
            *self = Self::default();
        }
        Some(member)
    }
}

impl<'a> Members<'a> {
    /// The value of the first member `name`, if nothing before it is malformed.
    pub fn get(self, name: &str) -> Option<Value<'a>> {
        let mut members = self.map_while(Result::ok);
        members.find(|(found, _)| *found == name.as_bytes()).map(|(_, value)| value)
    }
}

impl<'a> Value<'a> {
    /// The value as a text, if it is one and UTF-8.
    pub fn text(self) -> Option<&'a str> {
        match self {
            Self::Text(bytes) => std::str::from_utf8(bytes).ok(),
            Self::Null
            | Self::Bool(_)
            | Self::Integer(_)
            | Self::Double(_)
            | Self::Array(_)
            | Self::Table(_) => None,
        }
    }

    /// The value as an unsigned number of 32 bits, such as an object's id.
    pub fn unsigned(self) -> Option<u32> {
        match self {
            // libubox sends an unsigned number as a signed one of the same 32 bits.
            Self::Integer(number) => {
                i32::try_from(number).ok().map(i32::cast_unsigned).or(u32::try_from(number).ok())
            }
            Self::Null
            | Self::Bool(_)
            | Self::Double(_)
            | Self::Text(_)
            | Self::Array(_)
            | Self::Table(_) => None,
        }
    }

    /// The members of a table or the elements of an array; empty for any other value.
    pub fn members(self) -> Members<'a> {
        match self {
            Self::Array(members) | Self::Table(members) => members,
            Self::Null | Self::Bool(_) | Self::Integer(_) | Self::Double(_) | Self::Text(_) => {
                Members::default()
            }
        }
    }
}

/// Splits the first attribute off `bytes`.
fn split(bytes: &[u8]) -> Option<(Attribute<'_>, &[u8])> {
    let header = u32::from_be_bytes(*bytes.first_chunk()?);
    let length = usize::try_from(header & LENGTH).ok()?;
    // A length below that of the header is refused by `get` below, so that every attribute takes some bytes away.
    let (padded, rest) = bytes.split_at_checked(length.next_multiple_of(HEADER))?;
    let id = header.to_be_bytes()[0] & 0x7f;
    let payload = padded.get(HEADER..length)?;
    Some((Attribute { extended: header & EXTENDED != 0, id, payload }, rest))
}

fn member(attribute: Attribute<'_>) -> Option<(&[u8], Value<'_>)> {
    let payload = attribute.payload;
    if !attribute.extended {
        return Some((&[], value(attribute.id, payload)?));
    }
    let length = usize::from(u16::from_be_bytes(*payload.first_chunk()?));
    let end = 2 + length;
    // The NUL after the name is part of the header.
    let rest = payload.get((end + 1).next_multiple_of(HEADER)..)?;
    Some((payload.get(2..end)?, value(attribute.id, rest)?))
}

fn value(kind: u8, bytes: &[u8]) -> Option<Value<'_>> {
    Some(match kind {
        ARRAY => Value::Array(Members(Attributes(bytes))),
        TABLE => Value::Table(Members(Attributes(bytes))),
        STRING => Value::Text(until_nul(bytes)),
        INT64 => Value::Integer(i64::from_be_bytes(bytes.try_into().ok()?)),
        INT32 => Value::Integer(i32::from_be_bytes(bytes.try_into().ok()?).into()),
        INT16 => Value::Integer(i16::from_be_bytes(bytes.try_into().ok()?).into()),
        INT8 => Value::Bool(*bytes.first()? != 0),
        DOUBLE => Value::Double(f64::from_be_bytes(bytes.try_into().ok()?)),
        _ => Value::Null,
    })
}

/// A C string: the bytes before the first NUL.
pub fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// Writes attributes.
#[derive(Debug, Default)]
pub struct Writer(pub Vec<u8>);

impl Writer {
    /// Begins an attribute, and returns its position for [`Writer::end`]. Everything written in
    /// between is its payload.
    pub fn begin(&mut self) -> usize {
        let start = self.0.len();
        self.0.extend([0; HEADER]);
        start
    }

    /// Ends the attribute that began at `start`. It must be shorter than 16 MiB.
    pub fn end(&mut self, start: usize, extended: bool, id: u8) {
        let length = u32::try_from(self.0.len() - start).unwrap_or(0) & LENGTH;
        let flag = if extended { EXTENDED } else { 0 };
        let header = flag | u32::from(id & 0x7f) << 24 | length;
        if let Some(bytes) = self.0.get_mut(start..start + HEADER) {
            bytes.copy_from_slice(&header.to_be_bytes());
        }
        self.pad();
    }

    /// Writes an attribute without a name.
    pub fn attribute(&mut self, id: u8, payload: &[u8]) {
        let start = self.begin();
        self.0.extend(payload);
        self.end(start, false, id);
    }

    /// Writes a value with its name, which is empty in an array.
    pub fn member(&mut self, name: &str, value: &Json) {
        let start = self.begin();
        self.0.extend(u16::try_from(name.len()).unwrap_or(0).to_be_bytes());
        self.0.extend(name.as_bytes());
        self.0.push(0);
        self.pad();
        let kind = self.value(value);
        self.end(start, true, kind);
    }

    /// Writes a value without its header, and returns its type.
    fn value(&mut self, value: &Json) -> u8 {
        match value {
            Json::Null => UNSPEC,
            Json::Bool(truth) => {
                self.0.push(u8::from(*truth));
                INT8
            }
            Json::Number(number) => self.number(number),
            Json::Text(text) => self.text(text),
            Json::List(elements) => {
                elements.iter().for_each(|element| self.member("", element));
                ARRAY
            }
            Json::Object(members) => {
                members.iter().for_each(|(name, value)| self.member(name, value));
                TABLE
            }
        }
    }

    /// Writes a number with the type that libubox would choose (`blobmsg_add_json_element`): 32 bits
    /// if they are enough.
    fn number(&mut self, number: &str) -> u8 {
        // Programs in C read a value only with the type that they expect.
        let Ok(whole) = number.parse::<i64>() else {
            return self.fraction(number);
        };
        match i32::try_from(whole) {
            Ok(short) => {
                self.0.extend(short.to_be_bytes());
                INT32
            }
            Err(_) => {
                self.0.extend(whole.to_be_bytes());
                INT64
            }
        }
    }

    /// Writes a decimal as a double. A negative one, or one with an exponent, would be written as a text. The
    /// program makes no such numbers.
    fn fraction(&mut self, number: &str) -> u8 {
        let Some(bits) = double(number) else {
            return self.text(number);
        };
        self.0.extend(bits.to_be_bytes());
        DOUBLE
    }

    fn text(&mut self, text: &str) -> u8 {
        self.0.extend(text.as_bytes());
        self.0.push(0);
        STRING
    }

    fn pad(&mut self) {
        self.0.resize(self.0.len().next_multiple_of(HEADER), 0);
    }
}

/// The bits of the double (IEEE 754 binary64) nearest to a decimal such as `12.345`, which is below 2^40 and has at
/// most 18 digits behind the point. `None` for any other number.
///
/// It calculates with whole numbers only. A router has no floating point unit, and the software that stands in for
/// one would be in the program for this alone.
fn double(decimal: &str) -> Option<u64> {
    let (whole, digits) = decimal.split_once('.').unwrap_or((decimal, "0"));
    if digits.len() > 18 {
        return None;
    }
    let unit = 10_u64.pow(u32::try_from(digits.len()).ok()?);
    // The number is always (`significand` + `rest` / `unit`) × 2^`exponent`.
    let mut significand: u64 = whole.parse().ok()?;
    let mut rest: u64 = digits.parse().ok()?;
    if significand >> 40 != 0 {
        return None;
    }
    let mut exponent = 0_i64;
    if significand == 0 && rest == 0 {
        return Some(0);
    }
    // A double has 53 bits. One more bit says whether they are rounded up.
    while significand >> 53 == 0 {
        rest *= 2;
        let bit = u64::from(rest >= unit);
        rest -= bit * unit;
        significand = significand * 2 + bit;
        exponent -= 1;
    }
    let rounded = significand.div_ceil(2);
    // The highest of the 53 bits is not stored. Here it adds 1 to the exponent, to which 1023 is added.
    let stored = u64::try_from(exponent + 1 + 52 + 1023 - 1).ok()?;
    Some((stored << 52) + rounded)
}
