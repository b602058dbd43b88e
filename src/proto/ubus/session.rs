//! A connection to ubusd as a state machine: received bytes in, bytes to send and [`UbusEvent`]s out.
//!
//! The session registers an object without a name, the listener, which gets events and
//! notifications. It looks up netifd's object `network.interface`, subscribes to it and only then
//! calls `dump`, so that no change is missed in between. If netifd goes away, its last list of
//! interfaces stays in force; ubusd reports when it is back.
//!
//! Every program on the bus can send messages to every other. So an answer counts only if it comes
//! from the peer that was asked, an event only from ubusd, and a notification only with `no_reply`,
//! which ubusd does not pass on in a call.

use super::blob::{Malformed, Value};
use super::message::{self, Frame, Message, MessageType};
use super::{netifd, object, odhcpd};
use crate::model::json::Json;
use crate::model::sorted::take_first;
use crate::proto::control::{ControlAnswer, ControlRequest};
use crate::proto::leases::Lease;
use crate::proto::ubus::netifd::Networks;

/// ubusd's own object, where clients register for events (`UBUS_SYSTEM_OBJECT_EVENT`).
const EVENTS: u32 = 1;
/// ubusd itself as a peer.
const UBUSD: u32 = 0;
/// Most events for hooks that wait for ubusd's first answers.
const MAX_EARLY: usize = 1000;
/// Answers and notifications are dropped while more unsent bytes than this wait for ubusd.
const BACKLOG: usize = 4 << 20;

// enum ubus_msg_status
const OK: u32 = 0;
const NOT_FOUND: u32 = 4;
const PERMISSION_DENIED: u32 = 6;
const NO_MEMORY: u32 = 11;

/// An event on ubus, for the daemon.
#[derive(Debug)]
pub enum UbusEvent {
    /// All of netifd's logical interfaces; `None` if netifd cannot be asked.
    Netifd(Option<Networks>),
    /// odhcpd's leases of IPv6; none if it cannot be asked.
    Leases(Vec<Lease>),
    /// A program calls our object.
    Called(MethodCall),
    /// Whether our object has subscribers now.
    Watched(bool),
    /// Something does not work: a sentence for the operator.
    Trouble(String),
}

/// A call of our object that waits for its answer.
#[derive(Debug)]
pub struct MethodCall {
    /// The caller's request.
    pub request: ControlRequest,
    seq: u16,
    peer: u32,
    object: u32,
}

/// A request of ours that has not been answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pending {
    seq: u16,
    /// The peer that must answer.
    peer: u32,
    purpose: Purpose,
}

/// What a request of ours is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// Registers the listener.
    Listener,
    /// Registers our object `ddns`.
    Object,
    /// Asks ubusd for events about objects.
    Events,
    /// Looks up netifd's object.
    LookUp,
    /// Looks up procd's object for our hotplug scripts.
    LookUpHotplug,
    /// Subscribes to netifd's notifications.
    Subscribe,
    /// Asks netifd for all logical interfaces.
    Dump,
    /// Looks up odhcpd's object.
    FindOdhcpd,
    /// Subscribes to odhcpd's notifications.
    SubscribeOdhcpd,
    /// Asks odhcpd for its leases.
    Leases,
}

/// One connection to ubusd.
#[derive(Debug)]
pub struct Session {
    /// Whether to register our object `ddns`.
    publish: bool,
    input: Vec<u8>,
    output: Vec<u8>,
    events: Vec<UbusEvent>,
    seq: u16,
    pending: Vec<Pending>,
    /// Id of the listener.
    listener: Option<u32>,
    /// Id of our object `ddns`.
    object: Option<u32>,
    netifd: Netifd,
    hotplug: Hotplug,
    odhcpd: Odhcpd,
}

/// What is known of netifd.
#[derive(Debug, Default)]
struct Netifd {
    /// Id of its object.
    object: Option<u32>,
    /// Its logical interfaces; `None` before the first dump.
    networks: Option<Networks>,
    /// The body of the answer to `dump`, until the end of the answer.
    dumped: Option<Networks>,
    /// Whether an interface came or went during a dump, which may lack it.
    dump_again: bool,
}

/// procd's object that runs our hotplug scripts. procd has one for each directory of `/etc/hotplug.d`.
#[derive(Debug)]
struct Hotplug {
    /// Its id; `None` if it is not there.
    object: Option<u32>,
    /// What hooks were to be told before ubusd has answered whether the object is there; `None` since then.
    early: Option<Vec<HookCall>>,
}

/// What hooks are told: the data of the event, and the environment of the scripts.
type HookCall = (Json, Vec<String>);

/// What is known of odhcpd.
#[derive(Debug, Default)]
struct Odhcpd {
    /// Whether its leases are wanted.
    is_wanted: bool,
    /// Id of its object, as ubusd said last.
    object: Option<u32>,
    /// Id of the object whose notifications are subscribed to.
    followed: Option<u32>,
    /// The body of an answer, until the end of the answer.
    leases: Vec<Lease>,
}

impl Session {
    /// A session that waits for ubusd's hello. `publish`: whether to register our object `ddns`.
    pub fn new(publish: bool) -> Self {
        Self {
            publish,
            input: Vec::new(),
            output: Vec::new(),
            events: Vec::new(),
            seq: 0,
            pending: Vec::new(),
            listener: None,
            object: None,
            netifd: Netifd::default(),
            hotplug: Hotplug { object: None, early: Some(Vec::new()) },
            odhcpd: Odhcpd::default(),
        }
    }

    /// Asks odhcpd for its leases, now or as soon as it is there, and again whenever it reports news.
    pub fn ask_leases(&mut self) {
        self.odhcpd.is_wanted = true;
        // Before the listener is there, ubusd's hello has not come.
        if self.listener.is_some() {
            self.odhcpd.object = None;
            self.look_up(Purpose::FindOdhcpd, odhcpd::PATH);
        }
    }

    /// Handles received bytes, which may end within a message.
    ///
    /// # Errors
    /// If the bytes are not ubus messages. The connection must then be closed.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        let mut input = std::mem::take(&mut self.input);
        input.extend(bytes);
        let mut rest = input.as_slice();
        while let Some(length) = message::length(rest)? {
            let Some((frame, after)) = rest.split_at_checked(length) else {
                break;
            };
            self.handle(&message::parse(frame)?);
            rest = after;
        }
        // Only a part of a message is kept. Otherwise the memory of the last input is freed.
        let handled = input.len() - rest.len();
        if handled < input.len() {
            input.drain(..handled);
            self.input = input;
        }
        Ok(())
    }

    /// The next event, in the order of the messages.
    pub fn next_event(&mut self) -> Option<UbusEvent> {
        take_first(&mut self.events)
    }

    /// Bytes to send.
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// Removes the first `count` bytes of the output, which have been sent.
    pub fn sent(&mut self, count: usize) {
        self.output.drain(..count.min(self.output.len()));
        // Frees the memory of a long answer.
        if self.output.is_empty() {
            self.output = Vec::new();
        }
    }

    /// Answers a call. A call of an earlier connection gets no answer.
    pub fn answer(&mut self, call: &MethodCall, answer: ControlAnswer) {
        if self.object == Some(call.object) && self.output.len() < BACKLOG {
            self.reply(call.seq, call.peer, call.object, object::result(answer));
        }
    }

    /// Sends a notification to the subscribers of our object.
    pub fn notify(&mut self, name: &str, data: &Json) {
        let Some(object) = self.object else {
            return;
        };
        // A ubusd that does not read must not fill the router's memory.
        if self.output.len() < BACKLOG {
            let frame = self.frame(MessageType::Notify, object).object(object).method(name);
            self.send(frame.no_reply().data(data));
        }
    }

    /// Tells hooks what has happened: as the event [`object::EVENT`] with `data`, and to the scripts in
    /// `/etc/hotplug.d/ddns` with `environment`.
    pub fn tell_hooks(&mut self, data: &Json, environment: &[String]) {
        if self.output.len() >= BACKLOG {
            return;
        }
        // The first address is often accepted before ubusd has answered.
        if let Some(early) = &mut self.hotplug.early {
            if early.len() < MAX_EARLY {
                early.push((data.clone(), environment.to_vec()));
            }
            return;
        }
        // As `ubus_send_event` of libubus does.
        let event = &mut [("id", object::EVENT.into()), ("data", data.clone())];
        self.call(EVENTS, "send", &Json::object(event));
        if let Some(hotplug) = self.hotplug.object {
            let environment = environment.iter().map(|entry| entry.as_str().into()).collect();
            self.call(hotplug, "call", &Json::object(&mut [("env", environment)]));
        }
    }

    /// Tells hooks what had to wait for ubusd's first answers.
    fn tell_early(&mut self) {
        for (data, environment) in self.hotplug.early.take().unwrap_or_default() {
            self.tell_hooks(&data, &environment);
        }
    }

    /// Calls a method of `object`, and wants no answer.
    fn call(&mut self, object: u32, method: &str, data: &Json) {
        let frame = self.frame(MessageType::Invoke, object).object(object).method(method);
        self.send(frame.no_reply().data(data));
    }

    fn handle(&mut self, message: &Message<'_>) {
        let Some(message_type) = message.message_type else {
            return;
        };
        match message_type {
            MessageType::Hello => self.begin(),
            MessageType::Data => self.answer_body(message),
            MessageType::Status => self.answer_end(message),
            MessageType::Invoke => self.invoked(message),
            MessageType::Unsubscribe if message.target == self.netifd.object => self.netifd_gone(),
            MessageType::Notify if message.object == self.object => {
                self.events.push(UbusEvent::Watched(message.active));
            }
            MessageType::LookUp
            | MessageType::AddObject
            | MessageType::Subscribe
            | MessageType::Unsubscribe
            | MessageType::Notify => {}
        }
    }

    fn begin(&mut self) {
        // A second hello must not register the objects twice.
        if self.seq != 0 {
            return;
        }
        let frame = self.frame(MessageType::AddObject, UBUSD);
        self.request(Purpose::Listener, UBUSD, frame);
        self.publish();
    }

    fn publish(&mut self) {
        if self.publish && self.object.is_none() {
            let frame = self.frame(MessageType::AddObject, UBUSD).path(object::PATH);
            self.request(Purpose::Object, UBUSD, frame.signature(&object::signature()));
        }
    }

    /// Keeps the data of an answer until its end, which has the status.
    fn answer_body(&mut self, message: &Message<'_>) {
        let Some(index) = self.answered(message) else {
            return;
        };
        match self.pending[index].purpose {
            Purpose::Listener => self.listener = message.object,
            Purpose::Object => self.object = message.object,
            Purpose::LookUp => self.netifd.object = message.object,
            Purpose::LookUpHotplug => self.hotplug.object = message.object,
            Purpose::Dump => self.netifd.dumped = netifd::dump(message.data).ok(),
            Purpose::FindOdhcpd => self.odhcpd.object = message.object,
            Purpose::Leases => {
                self.odhcpd.leases = odhcpd::leases(message.data).unwrap_or_default();
            }
            Purpose::Events | Purpose::Subscribe | Purpose::SubscribeOdhcpd => {}
        }
    }

    fn answer_end(&mut self, message: &Message<'_>) {
        let Some(index) = self.answered(message) else {
            return;
        };
        let purpose = self.pending.remove(index).purpose;
        let status = message.status.unwrap_or(OK);
        match purpose {
            Purpose::Listener => self.look_for_netifd(),
            Purpose::FindOdhcpd => self.found_odhcpd(),
            Purpose::Leases => {
                let leases = std::mem::take(&mut self.odhcpd.leases);
                self.events.push(UbusEvent::Leases(leases));
            }
            Purpose::LookUp if status == OK => self.found(self.netifd.object),
            Purpose::LookUp if status != NOT_FOUND => self.denied(),
            Purpose::Dump => self.dump_ended(status),
            Purpose::Object if status != OK => self.trouble(
                "ubus refuses the object 'ddns': another program has that name, or this user may \
                 not publish it",
            ),
            Purpose::Events | Purpose::Subscribe if status != OK => {
                self.trouble("ubus does not report netifd's changes to this user");
            }
            Purpose::LookUpHotplug => self.tell_early(),
            Purpose::LookUp
            | Purpose::Object
            | Purpose::Events
            | Purpose::Subscribe
            | Purpose::SubscribeOdhcpd => {}
        }
    }

    /// The index of the pending request that `message` answers, if the right peer sent it.
    fn answered(&self, message: &Message<'_>) -> Option<usize> {
        let mut pending = self.pending.iter();
        pending.position(|request| request.seq == message.seq && request.peer == message.peer)
    }

    fn look_for_netifd(&mut self) {
        let Some(listener) = self.listener else {
            return self.denied();
        };
        // blobmsg has no unsigned numbers.
        let object = Json::Number(listener.cast_signed().to_string().into());
        let data = Json::object(&mut [("object", object), ("pattern", "ubus.object.*".into())]);
        self.ask(Purpose::Events, EVENTS, "register", &data);
        // After the registration, so that netifd cannot start unnoticed in between.
        self.look_up(Purpose::LookUp, netifd::PATH);
        if self.publish {
            self.look_up(Purpose::LookUpHotplug, object::HOTPLUG);
        }
        if self.odhcpd.is_wanted {
            self.ask_leases();
        }
    }

    /// Asks odhcpd for its leases, if it is there.
    fn found_odhcpd(&mut self) {
        let (Some(id), Some(listener)) = (self.odhcpd.object, self.listener) else {
            self.events.push(UbusEvent::Leases(Vec::new()));
            return;
        };
        if self.odhcpd.followed != Some(id) {
            self.odhcpd.followed = Some(id);
            self.subscribe(Purpose::SubscribeOdhcpd, listener, id);
        }
        self.ask(Purpose::Leases, id, odhcpd::LEASES, &Json::Null);
    }

    /// Follows the object of netifd. It has no id if the ACL hides it from this user.
    fn found(&mut self, netifd: Option<u32>) {
        let (Some(id), Some(listener)) = (netifd, self.listener) else {
            return self.denied();
        };
        // A restarted netifd has another id, and what was asked of the old one is not answered.
        self.netifd_gone();
        self.netifd.object = Some(id);
        self.subscribe(Purpose::Subscribe, listener, id);
        self.dump();
    }

    /// Asks netifd for all interfaces. If a dump is running, the next one begins at its end.
    fn dump(&mut self) {
        let Some(id) = self.netifd.object else {
            return;
        };
        let is_running = self.pending.iter().any(|request| request.purpose == Purpose::Dump);
        self.netifd.dump_again = is_running;
        if !is_running {
            self.ask(Purpose::Dump, id, netifd::DUMP, &Json::Null);
        }
    }

    fn dump_ended(&mut self, status: u32) {
        match (self.netifd.dumped.take(), status) {
            (Some(networks), OK) => self.replace_networks(networks),
            (_, PERMISSION_DENIED) => self.denied(),
            _ => self.trouble("netifd's list of interfaces cannot be read"),
        }
        if std::mem::take(&mut self.netifd.dump_again) {
            self.dump();
        }
    }

    fn netifd_gone(&mut self) {
        self.netifd.object = None;
        self.netifd.dumped = None;
        // ubusd does not answer requests to an object that has gone away.
        self.pending.retain(|request| match request.purpose {
            Purpose::Subscribe | Purpose::Dump => false,
            Purpose::Listener
            | Purpose::Object
            | Purpose::Events
            | Purpose::LookUp
            | Purpose::LookUpHotplug
            | Purpose::FindOdhcpd
            | Purpose::SubscribeOdhcpd
            | Purpose::Leases => true,
        });
    }

    fn replace_networks(&mut self, networks: Networks) {
        if networks.len() >= netifd::MAX_NETWORKS {
            self.trouble("netifd has too many logical interfaces: only the first 1024 are used");
        }
        // A dump often brings nothing new, and an event makes the engine choose addresses again.
        if self.netifd.networks.as_ref() != Some(&networks) {
            self.netifd.networks = Some(networks.clone());
            self.events.push(UbusEvent::Netifd(Some(networks)));
        }
    }

    fn denied(&mut self) {
        self.trouble(
            "ubus does not let this user ask netifd: names of interfaces are taken as names of \
             kernel devices",
        );
        self.events.push(UbusEvent::Netifd(None));
    }

    fn trouble(&mut self, text: &str) {
        self.events.push(UbusEvent::Trouble(text.into()));
    }

    fn invoked(&mut self, message: &Message<'_>) {
        let Some(method) = message.method else {
            return;
        };
        if message.object == self.object {
            self.called(method, message);
        } else if message.object == self.listener {
            match message.peer {
                UBUSD => self.object_event(method, message),
                _ if message.no_reply => self.notified(method, message),
                _ => {}
            }
        }
    }

    fn called(&mut self, method: &[u8], message: &Message<'_>) {
        let (Some(object), seq, peer) = (self.object, message.seq, message.peer) else {
            return;
        };
        match object::request(method, message.data) {
            Ok(request) => {
                self.events.push(UbusEvent::Called(MethodCall { request, seq, peer, object }));
            }
            Err(status) => self.reply(seq, peer, object, Err(status)),
        }
    }

    /// Handles ubusd's event that an object was added or removed.
    fn object_event(&mut self, event: &[u8], message: &Message<'_>) {
        let path = message.data.get("path").and_then(Value::text).unwrap_or_default();
        let id = message.data.get("id").and_then(Value::unsigned);
        // Compared with `==`, because a pattern of bytes is compiled byte by byte.
        let is_added = event == b"ubus.object.add";
        let is_removed = event == b"ubus.object.remove";
        match path {
            netifd::PATH if is_added && id != self.netifd.object => self.found(id),
            netifd::PATH if is_removed && id == self.netifd.object => self.netifd_gone(),
            object::HOTPLUG if is_added => self.hotplug.object = id,
            object::HOTPLUG if is_removed => self.hotplug.object = None,
            // The program that had our name has left.
            object::PATH if is_removed => self.publish(),
            odhcpd::PATH if is_added && self.odhcpd.is_wanted => self.ask_leases(),
            // netifd has an object for each logical interface, such as `network.interface.wan`.
            _ if path.strip_prefix(netifd::PATH).is_some_and(|rest| rest.starts_with('.')) => {
                self.dump();
            }
            _ => {}
        }
    }

    /// Handles netifd's notification of the new state of one logical interface. Before the first
    /// dump has ended it is ignored, because the dump will contain it.
    fn notified(&mut self, name: &[u8], message: &Message<'_>) {
        // dhcp.lease6, dhcp.expire6
        if name.starts_with(b"dhcp.") && name.ends_with(b"6") && self.odhcpd.is_wanted {
            return self.found_odhcpd();
        }
        let Some(networks) = &mut self.netifd.networks else {
            return;
        };
        if name != b"interface.update" && name != b"interface.down" {
            return;
        }
        if let Ok(Some((name, network))) = netifd::update(message.data)
            && networks.get(&name) != Some(&network)
        {
            netifd::put(networks, name, network);
            self.events.push(UbusEvent::Netifd(Some(networks.clone())));
        }
    }

    fn reply(&mut self, seq: u16, peer: u32, object: u32, result: Result<Json, u32>) {
        let status = match result {
            Ok(data) => {
                let frame = Frame::new(MessageType::Data, seq, peer).object(object).data(&data);
                if self.send(frame) { OK } else { NO_MEMORY }
            }
            Err(status) => status,
        };
        self.send(Frame::new(MessageType::Status, seq, peer).status(status).object(object));
    }

    /// Asks ubusd for the id of the object with this path.
    fn look_up(&mut self, purpose: Purpose, path: &str) {
        let frame = self.frame(MessageType::LookUp, UBUSD).path(path);
        self.request(purpose, UBUSD, frame);
    }

    /// Subscribes the listener to the notifications of `object`.
    fn subscribe(&mut self, purpose: Purpose, listener: u32, object: u32) {
        let frame = self.frame(MessageType::Subscribe, UBUSD).object(listener).target(object);
        self.request(purpose, UBUSD, frame);
    }

    /// Calls a method of `object`, and wants its answer.
    fn ask(&mut self, purpose: Purpose, object: u32, method: &str, data: &Json) {
        let frame = self.frame(MessageType::Invoke, object).object(object).method(method);
        self.request(purpose, object, frame.data(data));
    }

    /// Sends the request that [`Session::frame`] has just begun, and notes that `peer` must answer.
    fn request(&mut self, purpose: Purpose, peer: u32, frame: Frame) {
        self.pending.push(Pending { seq: self.seq, peer, purpose });
        self.send(frame);
    }

    /// Begins a message with the next sequence number.
    fn frame(&mut self, message_type: MessageType, peer: u32) -> Frame {
        // 0 means that nothing was sent yet, see `begin`.
        self.seq = self.seq.wrapping_add(1).max(1);
        Frame::new(message_type, self.seq, peer)
    }

    /// Queues a message for sending; false if it is too long for ubus.
    fn send(&mut self, frame: Frame) -> bool {
        let bytes = frame.finish();
        self.output.extend(bytes.iter().flatten());
        bytes.is_some()
    }
}
