//! The dialogue with ubusd as a state machine: bytes in, bytes and [`Word`]s out. Pure.
//!
//! An object without a name is what events and notifications are sent to; `network.interface` is
//! looked up, subscribed to and only then asked for its book, so that no change falls in between.
//! When netifd goes, its book stays; when it comes, ubusd says so.
//!
//! Every program on the bus can send to every other. An answer counts only from whom it was asked of,
//! an event only from ubusd, and a notification only with the mark that no call can carry.

use serde_json::{Value as Json, json};

use super::blob::{Broken, Value};
use super::message::{self, Frame, Kind, Message};
use super::{netifd, object};
use crate::model::sorted::take_first;
use crate::proto::control::{Answer, Ask};
use crate::proto::ubus::netifd::Networks;

/// ubusd's own object that events are registered at (`UBUS_SYSTEM_OBJECT_EVENT`).
const EVENTS: u32 = 1;
/// ubusd itself as a peer.
const UBUSD: u32 = 0;
/// Most bytes that wait for ubusd before answers and notifications are dropped.
const BACKLOG: usize = 4 << 20;

// enum ubus_msg_status
const OK: u32 = 0;
const NOT_FOUND: u32 = 4;
const PERMISSION_DENIED: u32 = 6;
const NO_MEMORY: u32 = 11;

/// What the daemon hears of ubus.
#[derive(Debug)]
pub enum Word {
    /// netifd's book, all of it; `None` if nobody will tell.
    Netifd(Option<Networks>),
    /// Somebody calls our object.
    Called(Call),
    /// Whether our object has subscribers.
    Watched(bool),
    /// Something does not work: a sentence for the operator.
    Trouble(String),
}

/// A call that waits for its answer.
#[derive(Debug)]
pub struct Call {
    /// What is asked.
    pub ask: Ask,
    seq: u16,
    peer: u32,
    object: u32,
}

/// A question of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    /// For the object that listens.
    Listener,
    /// For the object that is called.
    Object,
    /// For news of objects.
    Events,
    /// For netifd's object.
    LookUp,
    /// For netifd's notifications.
    Subscribe,
    /// For netifd's book.
    Dump,
}

/// One connection.
#[derive(Debug)]
pub struct Session {
    publish: bool,
    input: Vec<u8>,
    output: Vec<u8>,
    words: Vec<Word>,
    seq: u16,
    /// What was asked: its number and of whom.
    questions: Vec<(u16, u32, Question)>,
    listener: Option<u32>,
    object: Option<u32>,
    netifd: Option<u32>,
    networks: Option<Networks>,
    /// What the dump has brought that is being answered.
    dumped: Option<Networks>,
    /// Something changed during a dump that may not be in it.
    again: bool,
}

impl Session {
    /// A dialogue that begins when ubusd has said hello. `publish` says whether our object is wanted.
    pub fn new(publish: bool) -> Self {
        Self {
            publish,
            input: Vec::new(),
            output: Vec::new(),
            words: Vec::new(),
            seq: 0,
            questions: Vec::new(),
            listener: None,
            object: None,
            netifd: None,
            networks: None,
            dumped: None,
            again: false,
        }
    }

    /// Takes in what was received.
    ///
    /// # Errors
    /// If that is not ubus: nothing more can be understood.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        let mut input = std::mem::take(&mut self.input);
        input.extend(bytes);
        let mut rest = input.as_slice();
        while let Some(length) = message::length(rest)? {
            let Some((frame, after)) = rest.split_at_checked(length) else {
                break;
            };
            self.heard(&message::parse(frame)?);
            rest = after;
        }
        let done = input.len() - rest.len();
        if done < input.len() {
            input.drain(..done);
            self.input = input;
        }
        Ok(())
    }

    /// What happened, one after another.
    pub fn next_word(&mut self) -> Option<Word> {
        take_first(&mut self.words)
    }

    /// What is to be sent.
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// So many bytes of it were sent.
    pub fn sent(&mut self, count: usize) {
        self.output.drain(..count.min(self.output.len()));
        if self.output.is_empty() {
            self.output = Vec::new();
        }
    }

    /// Answers a call; one of an earlier connection is not answered any more.
    pub fn answer(&mut self, call: &Call, answer: Answer) {
        if self.object == Some(call.object) && self.output.len() < BACKLOG {
            self.reply(call.seq, call.peer, call.object, object::result(answer));
        }
    }

    /// Tells the subscribers of our object.
    pub fn notify(&mut self, name: &str, data: &Json) {
        if let Some(object) = self.object.filter(|_| self.output.len() < BACKLOG) {
            let frame = self.frame(Kind::Notify, object).object(object).method(name);
            self.send(frame.no_reply().data(data));
        }
    }

    fn heard(&mut self, message: &Message<'_>) {
        match message.kind {
            Some(Kind::Hello) => self.begin(),
            Some(Kind::Data) => self.brought(message),
            Some(Kind::Status) => self.answered(message),
            Some(Kind::Invoke) => self.invoked(message),
            Some(Kind::Unsubscribe) if message.target == self.netifd => self.netifd_gone(),
            Some(Kind::Notify) if message.object == self.object => {
                self.words.push(Word::Watched(message.active));
            }
            Some(
                Kind::LookUp | Kind::AddObject | Kind::Subscribe | Kind::Unsubscribe | Kind::Notify,
            )
            | None => {}
        }
    }

    fn begin(&mut self) {
        if self.seq != 0 {
            return;
        }
        let frame = self.frame(Kind::AddObject, UBUSD);
        self.ask(Question::Listener, UBUSD, frame);
        self.publish();
    }

    fn publish(&mut self) {
        if self.publish && self.object.is_none() {
            let frame = self.frame(Kind::AddObject, UBUSD).path(object::PATH);
            self.ask(Question::Object, UBUSD, frame.signature(&object::signature()));
        }
    }

    /// The body of an answer.
    fn brought(&mut self, message: &Message<'_>) {
        let Some((_, question)) = self.question(message) else {
            return;
        };
        match question {
            Question::Listener => self.listener = message.object,
            Question::Object => self.object = message.object,
            Question::LookUp => self.netifd = message.object,
            Question::Dump => self.dumped = netifd::dump(message.data).ok(),
            Question::Events | Question::Subscribe => {}
        }
    }

    /// The end of an answer.
    fn answered(&mut self, message: &Message<'_>) {
        let Some((at, question)) = self.question(message) else {
            return;
        };
        self.questions.remove(at);
        let status = message.status.unwrap_or(OK);
        match question {
            Question::Listener => self.look_for_netifd(),
            Question::LookUp if status == OK => self.found(self.netifd),
            Question::LookUp if status != NOT_FOUND => self.denied(),
            Question::Dump => self.dump_ended(status),
            Question::Object if status != OK => {
                self.trouble(
                    "ubus does not take an object 'ddns': it has one, or this user may not",
                );
            }
            Question::Events | Question::Subscribe if status != OK => {
                self.trouble("ubus does not tell this user what changes at netifd");
            }
            Question::LookUp | Question::Object | Question::Events | Question::Subscribe => {}
        }
    }

    /// The question that is being answered, if it was asked of whoever answers.
    fn question(&self, message: &Message<'_>) -> Option<(usize, Question)> {
        let mut all = self.questions.iter().enumerate();
        let of = |(seq, peer)| (seq, peer) == (message.seq, message.peer);
        all.find(|(_, (seq, peer, _))| of((*seq, *peer))).map(|(at, (.., asked))| (at, *asked))
    }

    fn look_for_netifd(&mut self) {
        let Some(listener) = self.listener else {
            return self.denied();
        };
        // blobmsg has no unsigned numbers.
        let data = json!({ "object": listener.cast_signed(), "pattern": "ubus.object.*" });
        let frame = self.frame(Kind::Invoke, EVENTS).object(EVENTS).method("register");
        self.ask(Question::Events, EVENTS, frame.data(&data));
        let frame = self.frame(Kind::LookUp, UBUSD).path(netifd::PATH);
        self.ask(Question::LookUp, UBUSD, frame);
    }

    /// netifd's object is this one; one that may not be seen has no id.
    fn found(&mut self, netifd: Option<u32>) {
        let (Some(id), Some(listener)) = (netifd, self.listener) else {
            return self.denied();
        };
        self.netifd_gone();
        self.netifd = Some(id);
        let frame = self.frame(Kind::Subscribe, UBUSD).object(listener).target(id);
        self.ask(Question::Subscribe, UBUSD, frame);
        self.dump();
    }

    /// Asks netifd for its book, after the present answer if one is on its way.
    fn dump(&mut self) {
        let Some(id) = self.netifd else {
            return;
        };
        self.again = self.questions.iter().any(|(.., asked)| *asked == Question::Dump);
        if !self.again {
            let frame = self.frame(Kind::Invoke, id).object(id).method(netifd::DUMP);
            self.ask(Question::Dump, id, frame.data(&Json::Null));
        }
    }

    fn dump_ended(&mut self, status: u32) {
        match (self.dumped.take(), status) {
            (Some(networks), OK) => self.adopt(networks),
            (_, PERMISSION_DENIED) => self.denied(),
            _ => self.trouble("netifd gave no list of its interfaces that can be read"),
        }
        if std::mem::take(&mut self.again) {
            self.dump();
        }
    }

    /// Questions to it will not be answered any more; ubusd does not do that in its place.
    fn netifd_gone(&mut self) {
        self.netifd = None;
        self.dumped = None;
        let asked = |question| matches!(question, Question::Subscribe | Question::Dump);
        self.questions.retain(|(.., question)| !asked(*question));
    }

    fn adopt(&mut self, networks: Networks) {
        if networks.len() >= netifd::MAX_NETWORKS {
            self.trouble("netifd has too many logical interfaces: only the first 1024 are known");
        }
        if self.networks.as_ref() != Some(&networks) {
            self.networks = Some(networks.clone());
            self.words.push(Word::Netifd(Some(networks)));
        }
    }

    fn denied(&mut self) {
        self.trouble("ubus does not let this user ask netifd: names of interfaces are taken for kernel devices");
        self.words.push(Word::Netifd(None));
    }

    fn trouble(&mut self, text: &str) {
        self.words.push(Word::Trouble(text.into()));
    }

    fn invoked(&mut self, message: &Message<'_>) {
        let Some(method) = message.method else {
            return;
        };
        if message.object == self.object {
            self.called(method, message);
        } else if message.object == self.listener {
            match message.peer {
                UBUSD => self.object_news(method, message),
                _ if message.no_reply => self.notified(method, message),
                _ => {}
            }
        }
    }

    fn called(&mut self, method: &[u8], message: &Message<'_>) {
        let (Some(object), seq, peer) = (self.object, message.seq, message.peer) else {
            return;
        };
        match object::ask(method, message.data) {
            Ok(ask) => self.words.push(Word::Called(Call { ask, seq, peer, object })),
            Err(status) => self.reply(seq, peer, object, Err(status)),
        }
    }

    /// An object of somebody came or went.
    fn object_news(&mut self, event: &[u8], message: &Message<'_>) {
        let path = message.data.get("path").and_then(Value::text).unwrap_or_default();
        let id = message.data.get("id").and_then(Value::word);
        let below = path.strip_prefix(netifd::PATH);
        match (event, below) {
            (b"ubus.object.add", Some("")) if id != self.netifd => self.found(id),
            (b"ubus.object.remove", Some("")) if id == self.netifd => self.netifd_gone(),
            (_, Some(one)) if one.starts_with('.') => self.dump(),
            // Whoever had our name has left.
            (b"ubus.object.remove", None) if path == object::PATH => self.publish(),
            _ => {}
        }
    }

    /// netifd says how a logical interface is now. Before the first dump has come this is in it.
    fn notified(&mut self, name: &[u8], message: &Message<'_>) {
        let Some(networks) = &mut self.networks else {
            return;
        };
        if !matches!(name, b"interface.update" | b"interface.down") {
            return;
        }
        if let Ok(Some((name, network))) = netifd::update(message.data)
            && networks.get(&name) != Some(&network)
        {
            netifd::put(networks, name, network);
            self.words.push(Word::Netifd(Some(networks.clone())));
        }
    }

    fn reply(&mut self, seq: u16, peer: u32, object: u32, result: Result<Json, u32>) {
        let head = |kind| Frame::new(kind, seq, peer);
        let mut status = result.as_ref().err().copied().unwrap_or(OK);
        if let Ok(data) = result {
            let sent = self.send(head(Kind::Data).object(object).data(&data));
            status = if sent { OK } else { NO_MEMORY };
        }
        self.send(head(Kind::Status).status(status).object(object));
    }

    /// Sends the newest message and remembers what it asks of `peer`.
    fn ask(&mut self, question: Question, peer: u32, frame: Frame) {
        self.questions.push((self.seq, peer, question));
        self.send(frame);
    }

    /// A message with the next number.
    fn frame(&mut self, kind: Kind, peer: u32) -> Frame {
        self.seq = self.seq.wrapping_add(1).max(1);
        Frame::new(kind, self.seq, peer)
    }

    /// Whether it is short enough to be sent.
    fn send(&mut self, frame: Frame) -> bool {
        let bytes = frame.finish();
        self.output.extend(bytes.iter().flatten());
        bytes.is_some()
    }
}
