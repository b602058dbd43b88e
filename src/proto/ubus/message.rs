//! ubus messages: their frame and their attributes. Any bytes are accepted.
//!
//! A message is a header of eight bytes and one blob attribute, whose payload is the attributes of
//! the message (openwrt ubus, `ubusmsg.h`). The header holds a version, the type, a sequence number
//! and the peer: the receiver of a message that we send, the sender of one that we get.

use super::blob::{Attributes, Malformed, Members, Writer, until_nul};
use crate::model::json::Json;

/// Most bytes of the attribute in a message, padding included (`UBUS_MAX_MSGLEN`). ubusd closes the
/// connection of a client that sends more.
pub const LIMIT: usize = 1 << 20;
/// Bytes of the header.
const HEADER: usize = 8;

// enum ubus_msg_attr
const STATUS: u8 = 1;
const OBJPATH: u8 = 2;
const OBJID: u8 = 3;
const METHOD: u8 = 4;
const SIGNATURE: u8 = 6;
const DATA: u8 = 7;
const TARGET: u8 = 8;
const ACTIVE: u8 = 9;
const NO_REPLY: u8 = 10;

/// The type of a message (`enum ubus_msg_type`), if it is used here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageType {
    /// The first message of ubusd.
    Hello = 0,
    /// The end of an answer.
    Status = 1,
    /// The body of an answer.
    Data = 2,
    /// Asks for the id of the object with a path.
    LookUp = 4,
    /// A call, an event or a notification.
    Invoke = 5,
    /// Registers an object.
    AddObject = 6,
    /// Asks for the notifications of an object.
    Subscribe = 8,
    /// An object that we have subscribed to is gone.
    Unsubscribe = 9,
    /// From us: a notification of our object. From ubusd: whether our object has subscribers.
    Notify = 10,
}

/// A received message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Message<'a> {
    /// Its type; `None` for types that are not used here.
    pub message_type: Option<MessageType>,
    /// Sequence number. An answer has that of the request.
    pub seq: u16,
    /// The client or object that sent it; 0 is ubusd.
    pub peer: u32,
    /// The result of a request: 0 is success (`enum ubus_msg_status`).
    pub status: Option<u32>,
    /// `UBUS_ATTR_OBJID`: the object that the message is about.
    pub object: Option<u32>,
    /// Name of a method, an event or a notification.
    pub method: Option<&'a [u8]>,
    /// Arguments or results.
    pub data: Members<'a>,
    /// `UBUS_ATTR_TARGET`: the object that was subscribed to.
    pub target: Option<u32>,
    /// Whether our object has subscribers.
    pub active: bool,
    /// Whether the sender wants no answer.
    pub no_reply: bool,
}

/// The number of bytes of the message at the beginning of `bytes`; `None` if the bytes are too few
/// to tell.
///
/// # Errors
/// If the bytes are not a message, or the message is too long.
pub fn length(bytes: &[u8]) -> Result<Option<usize>, Malformed> {
    let Some((header, rest)) = bytes.split_at_checked(HEADER) else {
        return Ok(None);
    };
    let Some(attribute) = rest.first_chunk() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*attribute) & 0x00ff_ffff;
    let length = usize::try_from(length).map_err(|_| Malformed)?;
    // The first byte is the version of the protocol.
    // A wrong length would have the session wait for bytes that never come, so it ends the connection.
    let is_valid = header.first() == Some(&0) && (4..=LIMIT).contains(&length);
    if is_valid { Ok(Some(HEADER + length)) } else { Err(Malformed) }
}

/// Parses one whole message.
///
/// # Errors
/// If an attribute is longer than the message.
pub fn parse(bytes: &[u8]) -> Result<Message<'_>, Malformed> {
    let (header, body) = bytes.split_first_chunk::<HEADER>().ok_or(Malformed)?;
    let &[_, message_type, seq_high, seq_low, p0, p1, p2, p3] = header;
    let mut message = Message {
        message_type: MessageType::of(message_type),
        seq: u16::from_be_bytes([seq_high, seq_low]),
        peer: u32::from_be_bytes([p0, p1, p2, p3]),
        ..Message::default()
    };
    // The caller has cut `bytes` at the length of the outermost attribute.
    for attribute in Attributes(body.get(4..).ok_or(Malformed)?) {
        let attribute = attribute?;
        let payload = attribute.payload;
        match attribute.id {
            STATUS => message.status = number(payload),
            OBJID => message.object = number(payload),
            METHOD => message.method = Some(until_nul(payload)),
            DATA => message.data = Members(Attributes(payload)),
            TARGET => message.target = number(payload),
            ACTIVE => message.active = truth(payload),
            NO_REPLY => message.no_reply = truth(payload),
            _ => {}
        }
    }
    Ok(message)
}

fn number(payload: &[u8]) -> Option<u32> {
    payload.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

fn truth(payload: &[u8]) -> bool {
    payload.first().is_some_and(|&byte| byte != 0)
}

impl MessageType {
    fn of(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Hello,
            1 => Self::Status,
            2 => Self::Data,
            4 => Self::LookUp,
            5 => Self::Invoke,
            6 => Self::AddObject,
            8 => Self::Subscribe,
            9 => Self::Unsubscribe,
            10 => Self::Notify,
            _ => return None,
        })
    }
}

/// Builds a message to send.
#[derive(Debug)]
pub struct Frame(Writer);

impl Frame {
    /// A message to `peer`: an object, a client, or 0 for ubusd.
    pub fn new(message_type: MessageType, seq: u16, peer: u32) -> Self {
        let mut bytes = vec![0, message_type as u8];
        bytes.extend(seq.to_be_bytes());
        bytes.extend(peer.to_be_bytes());
        let mut writer = Writer(bytes);
        writer.begin();
        Self(writer)
    }

    /// Adds the result of a request.
    pub fn status(self, status: u32) -> Self {
        self.attribute(STATUS, &status.to_be_bytes())
    }

    /// Adds the id of the object that the message is about.
    pub fn object(self, id: u32) -> Self {
        self.attribute(OBJID, &id.to_be_bytes())
    }

    /// Adds the id of the object to subscribe to.
    pub fn target(self, id: u32) -> Self {
        self.attribute(TARGET, &id.to_be_bytes())
    }

    /// Adds the path of an object.
    pub fn path(self, path: &str) -> Self {
        self.text(OBJPATH, path)
    }

    /// Adds the name of a method, an event or a notification.
    pub fn method(self, name: &str) -> Self {
        self.text(METHOD, name)
    }

    /// Tells the receiver not to answer.
    pub fn no_reply(self) -> Self {
        self.attribute(NO_REPLY, &[1])
    }

    /// Adds whether an object has subscribers, as ubusd does.
    pub fn active(self, active: bool) -> Self {
        self.attribute(ACTIVE, &[active.into()])
    }

    /// Adds the methods of an object, each with the types of its arguments.
    pub fn signature(self, methods: &Json) -> Self {
        self.members(SIGNATURE, methods)
    }

    /// Adds arguments or results: the members of a JSON object.
    pub fn data(self, data: &Json) -> Self {
        self.members(DATA, data)
    }

    /// The bytes to send; `None` if the message is longer than [`LIMIT`].
    pub fn finish(mut self) -> Option<Vec<u8>> {
        self.0.end(HEADER, false, 0);
        let bytes = self.0.0;
        if bytes.len() <= HEADER + LIMIT { Some(bytes) } else { None }
    }

    fn attribute(mut self, id: u8, payload: &[u8]) -> Self {
        self.0.attribute(id, payload);
        self
    }

    fn text(mut self, id: u8, text: &str) -> Self {
        let start = self.0.begin();
        self.0.0.extend(text.as_bytes());
        self.0.0.push(0);
        self.0.end(start, false, id);
        self
    }

    fn members(mut self, id: u8, members: &Json) -> Self {
        let start = self.0.begin();
        if let Some(members) = members.members() {
            members.iter().for_each(|(name, value)| self.0.member(name, value));
        }
        self.0.end(start, false, id);
        self
    }
}
