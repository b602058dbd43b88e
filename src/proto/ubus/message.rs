//! Frames and attributes of ubus. Pure, total, and it never reads past the end.
//!
//! A message is eight bytes of header and one blob attribute, whose payload is the attributes of the
//! message (openwrt ubus, `ubusmsg.h`). The header holds a version, the type, a sequence number and
//! the peer: whom it goes to, or where it comes from.

use serde_json::Value as Json;

use super::blob::{Attributes, Broken, Members, Writer, until_nul};

/// Most bytes of the attribute in a message, padding included (`UBUS_MAX_MSGLEN`). ubusd hangs up on
/// whoever sends more.
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

/// What a message is (`enum ubus_msg_type`), as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The first message of ubusd.
    Hello = 0,
    /// The end of an answer.
    Status = 1,
    /// The body of an answer.
    Data = 2,
    /// Which object has this path?
    LookUp = 4,
    /// A call, an event or a notification.
    Invoke = 5,
    /// Here is an object.
    AddObject = 6,
    /// Notifications of an object are wanted.
    Subscribe = 8,
    /// An object that was subscribed to is gone.
    Unsubscribe = 9,
    /// From us: a notification of our object. From ubusd: whether that has subscribers.
    Notify = 10,
}

/// What is read of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Message<'a> {
    /// What it is; `None` for the rest.
    pub kind: Option<Kind>,
    /// Answers have that of their question.
    pub seq: u16,
    /// A client or an object; 0 is ubusd.
    pub peer: u32,
    /// How it went: 0 is well (`enum ubus_msg_status`).
    pub status: Option<u32>,
    /// An object.
    pub object: Option<u32>,
    /// Name of a method, an event or a notification.
    pub method: Option<&'a [u8]>,
    /// Arguments or results.
    pub data: Members<'a>,
    /// The other object.
    pub target: Option<u32>,
    /// Whether there are subscribers.
    pub active: bool,
    /// Whether no answer is wanted.
    pub no_reply: bool,
}

/// The number of bytes of the message at the beginning of `bytes`, if that can be told already.
///
/// # Errors
/// If what is there is no message, or one that is too long.
pub fn length(bytes: &[u8]) -> Result<Option<usize>, Broken> {
    let Some((header, rest)) = bytes.split_at_checked(HEADER) else {
        return Ok(None);
    };
    let Some(word) = rest.first_chunk() else {
        return Ok(None);
    };
    let length = usize::try_from(u32::from_be_bytes(*word) & 0x00ff_ffff).map_err(|_| Broken)?;
    let sound = header.first() == Some(&0) && (4..=LIMIT).contains(&length);
    if sound { Ok(Some(HEADER + length)) } else { Err(Broken) }
}

/// Reads one whole message.
///
/// # Errors
/// If its attributes do not fit into it.
pub fn parse(bytes: &[u8]) -> Result<Message<'_>, Broken> {
    let (header, body) = bytes.split_first_chunk::<HEADER>().ok_or(Broken)?;
    let &[_, kind, seq_high, seq_low, p0, p1, p2, p3] = header;
    let mut message = Message {
        kind: Kind::of(kind),
        seq: u16::from_be_bytes([seq_high, seq_low]),
        peer: u32::from_be_bytes([p0, p1, p2, p3]),
        ..Message::default()
    };
    // The length of the outermost attribute is that of the frame, whatever follows in `bytes`.
    for attribute in Attributes(body.get(4..).ok_or(Broken)?) {
        let attribute = attribute?;
        let payload = attribute.payload;
        let number = || payload.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
        let truth = || payload.first().is_some_and(|&byte| byte != 0);
        match attribute.id {
            STATUS => message.status = number(),
            OBJID => message.object = number(),
            METHOD => message.method = Some(until_nul(payload)),
            DATA => message.data = Members(Attributes(payload)),
            TARGET => message.target = number(),
            ACTIVE => message.active = truth(),
            NO_REPLY => message.no_reply = truth(),
            _ => {}
        }
    }
    Ok(message)
}

impl Kind {
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

/// A message in the making.
#[derive(Debug)]
pub struct Frame(Writer);

impl Frame {
    /// A message to `peer`: an object, a client, or 0 for ubusd.
    pub fn new(kind: Kind, seq: u16, peer: u32) -> Self {
        let mut bytes = vec![0, kind as u8];
        bytes.extend(seq.to_be_bytes());
        bytes.extend(peer.to_be_bytes());
        let mut writer = Writer(bytes);
        writer.begin();
        Self(writer)
    }

    /// How it went.
    pub fn status(self, status: u32) -> Self {
        self.attribute(STATUS, &status.to_be_bytes())
    }

    /// The object that is meant.
    pub fn object(self, id: u32) -> Self {
        self.attribute(OBJID, &id.to_be_bytes())
    }

    /// The other object.
    pub fn target(self, id: u32) -> Self {
        self.attribute(TARGET, &id.to_be_bytes())
    }

    /// The path of an object.
    pub fn path(self, path: &str) -> Self {
        self.text(OBJPATH, path)
    }

    /// The name of a method, an event or a notification.
    pub fn method(self, name: &str) -> Self {
        self.text(METHOD, name)
    }

    /// No answer is wanted.
    pub fn no_reply(self) -> Self {
        self.attribute(NO_REPLY, &[1])
    }

    /// Whether an object has subscribers; ubusd says that.
    pub fn active(self, active: bool) -> Self {
        self.attribute(ACTIVE, &[active.into()])
    }

    /// The methods of an object, each with the types of its arguments.
    pub fn signature(self, methods: &Json) -> Self {
        self.members(SIGNATURE, methods)
    }

    /// Arguments or results: the members of a JSON object.
    pub fn data(self, data: &Json) -> Self {
        self.members(DATA, data)
    }

    /// The bytes to send; `None` if they are too many.
    pub fn finish(mut self) -> Option<Vec<u8>> {
        self.0.end(HEADER, false, 0);
        (self.0.0.len() <= HEADER + LIMIT).then_some(self.0.0)
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
        for (name, value) in members.as_object().into_iter().flatten() {
            self.0.member(name, value);
        }
        self.0.end(start, false, id);
        self
    }
}
