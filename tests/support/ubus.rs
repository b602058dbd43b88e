//! A small ubusd, a netifd whose interfaces a test sets, and a client of the bus, on the socket
//! that the daemon connects to. `DDNS_NETLINK_UBUSD` names a real ubusd to use in place of the
//! small one.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "test support, shared by programs that each use a part of it"
)]

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use ddns_netlink::proto::ubus::blob::{Attributes, Members, Value, Writer};
use serde_json::{Map, Value as Json, json};

use super::process::Process;

/// Where ubusd listens.
pub const SOCKET: &str = "/var/run/ubus/ubus.sock";
/// Where ubusd listened in old releases.
pub const OLD_SOCKET: &str = "/var/run/ubus.sock";

// enum ubus_msg_type
const HELLO: u8 = 0;
const STATUS: u8 = 1;
const DATA: u8 = 2;
const LOOKUP: u8 = 4;
const INVOKE: u8 = 5;
const ADD_OBJECT: u8 = 6;
const REMOVE_OBJECT: u8 = 7;
const SUBSCRIBE: u8 = 8;
const UNSUBSCRIBE: u8 = 9;
const NOTIFY: u8 = 10;

// enum ubus_msg_attr
const A_STATUS: u8 = 1;
const A_PATH: u8 = 2;
const A_OBJECT: u8 = 3;
const A_METHOD: u8 = 4;
const A_SIGNATURE: u8 = 6;
const A_DATA: u8 = 7;
const A_TARGET: u8 = 8;
const A_ACTIVE: u8 = 9;
const A_NO_REPLY: u8 = 10;

/// How long a test waits for an event on the bus.
const LIMIT: Duration = Duration::from_secs(20);

/// A message of the bus, its attributes not decoded.
#[derive(Clone, Debug)]
struct Frame {
    kind: u8,
    seq: u16,
    peer: u32,
    attributes: BTreeMap<u8, Vec<u8>>,
}

impl Frame {
    fn new(kind: u8, seq: u16, peer: u32) -> Self {
        Self { kind, seq, peer, attributes: BTreeMap::new() }
    }

    fn attribute(mut self, id: u8, payload: impl Into<Vec<u8>>) -> Self {
        self.attributes.insert(id, payload.into());
        self
    }

    fn integer(self, id: u8, number: u32) -> Self {
        self.attribute(id, number.to_be_bytes())
    }

    fn text(self, id: u8, text: &str) -> Self {
        self.attribute(id, [text.as_bytes(), &[0]].concat())
    }

    fn json(self, id: u8, value: &Json) -> Self {
        let mut writer = Writer::default();
        for (name, value) in value.as_object().unwrap() {
            writer
                .member(name, &ddns_netlink::model::json::Json::parse(&value.to_string()).unwrap());
        }
        self.attribute(id, writer.0)
    }

    fn number(&self, id: u8) -> Option<u32> {
        let payload = self.attributes.get(&id)?;
        Some(u32::from_be_bytes(*payload.first_chunk()?))
    }

    fn name(&self, id: u8) -> Option<String> {
        let text = self.attributes.get(&id)?.split(|&byte| byte == 0).next()?;
        Some(String::from_utf8_lossy(text).into_owned())
    }

    fn data(&self) -> Json {
        let payload = self.attributes.get(&A_DATA).map(Vec::as_slice).unwrap_or_default();
        to_json(Value::Table(Members(Attributes(payload))))
    }

    fn read(mut stream: impl Read) -> io::Result<Self> {
        let mut header = [0; 12];
        stream.read_exact(&mut header)?;
        let word = u32::from_be_bytes(*header.last_chunk().unwrap());
        let mut body = vec![0; (word & 0x00ff_ffff) as usize - 4];
        stream.read_exact(&mut body)?;
        let attributes = Attributes(&body).map(|attribute| {
            let attribute = attribute.unwrap();
            (attribute.id, attribute.payload.to_vec())
        });
        Ok(Self {
            kind: header[1],
            seq: u16::from_be_bytes([header[2], header[3]]),
            peer: u32::from_be_bytes(*header[4..].first_chunk().unwrap()),
            attributes: attributes.collect(),
        })
    }

    fn bytes(&self) -> Vec<u8> {
        let mut writer = Writer(vec![0, self.kind]);
        writer.0.extend(self.seq.to_be_bytes());
        writer.0.extend(self.peer.to_be_bytes());
        let start = writer.begin();
        for (id, payload) in &self.attributes {
            writer.attribute(*id, payload);
        }
        writer.end(start, false, 0);
        writer.0
    }

    fn send(&self, mut stream: &UnixStream) {
        let _ = stream.write_all(&self.bytes());
    }
}

/// A blobmsg value, with all that is in it, as JSON.
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

/// A running ubusd: the real one or the small one of this module.
pub enum Ubusd {
    Real(Process),
    Ours(Server),
}

impl Ubusd {
    /// Listens at [`SOCKET`].
    pub fn start() -> Self {
        Self::start_at(SOCKET)
    }

    /// Listens at this path.
    pub fn start_at(path: &str) -> Self {
        if let Some((directory, _)) = path.rsplit_once('/') {
            fs::create_dir_all(directory).unwrap();
        }
        let Some(program) = env::var_os("DDNS_NETLINK_UBUSD").filter(|path| !path.is_empty())
        else {
            return Self::Ours(Server::start(path));
        };
        let process = Process::start(Command::new(program).args(["-s", path]));
        let end = Instant::now() + LIMIT;
        while UnixStream::connect(path).is_err() {
            assert!(Instant::now() < end, "ubusd does not listen: {:?}", process.lines.all());
            thread::sleep(Duration::from_millis(5));
        }
        Self::Real(process)
    }
}

#[derive(Default)]
struct Bus {
    clients: BTreeMap<u32, UnixStream>,
    objects: BTreeMap<u32, Object>,
    /// Subscriber and target.
    subscriptions: Vec<(u32, u32)>,
    /// Listening object and pattern.
    patterns: Vec<(u32, String)>,
    last_id: u32,
}

#[derive(Clone)]
struct Object {
    client: u32,
    path: Option<String>,
    signature: Vec<u8>,
}

/// The small ubusd. When dropped it closes all connections, but leaves its socket in the file
/// system, as a ubusd that was killed does.
pub struct Server {
    bus: Arc<Mutex<Bus>>,
    path: String,
    ended: Arc<AtomicBool>,
}

impl Server {
    fn start(path: &str) -> Self {
        let _ = fs::remove_file(path);
        let listener = UnixListener::bind(path).unwrap();
        let (bus, ended) = (Arc::new(Mutex::new(Bus::default())), Arc::new(AtomicBool::new(false)));
        let (shared, ending) = (bus.clone(), ended.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                if ending.load(Ordering::SeqCst) {
                    return;
                }
                let (bus, stream) = (shared.clone(), stream.unwrap());
                let client = Bus::admit(&bus, &stream);
                thread::spawn(move || {
                    while let Ok(frame) = Frame::read(&stream) {
                        bus.lock().unwrap().handle(client, frame);
                    }
                    bus.lock().unwrap().leave(client);
                });
            }
        });
        Self { bus, path: path.to_owned(), ended }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts, which then drops the listener.
        let _ = UnixStream::connect(&self.path);
        for stream in std::mem::take(&mut self.bus.lock().unwrap().clients).into_values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Bus {
    fn admit(bus: &Mutex<Self>, stream: &UnixStream) -> u32 {
        let mut bus = bus.lock().unwrap();
        let id = bus.new_id();
        Frame::new(HELLO, 0, id).send(stream);
        bus.clients.insert(id, stream.try_clone().unwrap());
        id
    }

    /// Identifiers look random, as those of ubusd, and are all in the upper half of the range: the
    /// daemon must not take them for negative numbers.
    fn new_id(&mut self) -> u32 {
        self.last_id = self.last_id.wrapping_add(1);
        self.last_id.wrapping_mul(0x9e37_79b9) | 0x8000_0000
    }

    fn send(&self, client: u32, frame: &Frame) {
        if let Some(stream) = self.clients.get(&client) {
            frame.send(stream);
        }
    }

    fn owner(&self, object: Option<u32>) -> Option<u32> {
        Some(self.objects.get(&object?)?.client)
    }

    fn handle(&mut self, client: u32, frame: Frame) {
        let status = match frame.kind {
            ADD_OBJECT => self.add_object(client, &frame),
            REMOVE_OBJECT => self.remove_object(client, &frame),
            LOOKUP => self.look_up(client, &frame),
            INVOKE if frame.number(A_OBJECT) == Some(1) => self.register(client, &frame),
            INVOKE => self.invoke(client, &frame),
            SUBSCRIBE => self.subscribe(client, &frame),
            NOTIFY => self.notify(client, &frame),
            DATA | STATUS => self.respond(client, frame.clone()),
            _ => Some(1),
        };
        if let Some(status) = status {
            let answer = Frame::new(STATUS, frame.seq, frame.peer).integer(A_STATUS, status);
            self.send(client, &answer);
        }
    }

    fn add_object(&mut self, client: u32, frame: &Frame) -> Option<u32> {
        let path = frame.name(A_PATH);
        if path.is_some() && self.objects.values().any(|object| object.path == path) {
            return Some(2);
        }
        let id = self.new_id();
        let signature = frame.attributes.get(&A_SIGNATURE).cloned().unwrap_or_default();
        self.objects.insert(id, Object { client, path: path.clone(), signature });
        self.object_event("ubus.object.add", id, path);
        let answer = Frame::new(DATA, frame.seq, frame.peer).integer(A_OBJECT, id);
        self.send(client, &answer);
        Some(0)
    }

    fn remove_object(&mut self, client: u32, frame: &Frame) -> Option<u32> {
        let id = frame.number(A_OBJECT).filter(|id| self.owner(Some(*id)) == Some(client));
        id.map_or(Some(4), |id| {
            self.forget(id);
            Some(0)
        })
    }

    fn look_up(&mut self, client: u32, frame: &Frame) -> Option<u32> {
        let path = frame.name(A_PATH);
        let Some((id, object)) = self.objects.iter().find(|(_, object)| object.path == path) else {
            return Some(4);
        };
        let answer = Frame::new(DATA, frame.seq, frame.peer)
            .text(A_PATH, &path.unwrap_or_default())
            .integer(A_OBJECT, *id)
            .attribute(A_SIGNATURE, object.signature.clone());
        self.send(client, &answer);
        Some(0)
    }

    fn register(&mut self, client: u32, frame: &Frame) -> Option<u32> {
        let data = frame.data();
        // ubusd wants a signed number of 32 bits, too.
        let Some(object) = data["object"].as_i64().and_then(|id| i32::try_from(id).ok()) else {
            return Some(2);
        };
        let object = object.cast_unsigned();
        if self.owner(Some(object)) != Some(client) {
            return Some(6);
        }
        self.patterns.push((object, data["pattern"].as_str().unwrap().to_owned()));
        Some(0)
    }

    fn object_event(&self, name: &str, id: u32, path: Option<String>) {
        let Some(path) = path else {
            return;
        };
        let data = json!({ "id": id.cast_signed(), "path": path });
        for (listener, pattern) in &self.patterns {
            let fits = pattern.strip_suffix('*').map(|start| name.starts_with(start));
            if fits.unwrap_or(pattern == name) {
                let event = Frame::new(INVOKE, 1, 0).integer(A_OBJECT, *listener);
                let event = event.text(A_METHOD, name).json(A_DATA, &data);
                self.send(self.owner(Some(*listener)).unwrap_or_default(), &event);
            }
        }
    }

    fn invoke(&self, client: u32, frame: &Frame) -> Option<u32> {
        let Some(owner) = self.owner(frame.number(A_OBJECT)) else {
            return Some(4);
        };
        let mut call = frame.clone();
        call.peer = client;
        call.attributes.remove(&A_NO_REPLY);
        self.send(owner, &call);
        None
    }

    fn respond(&self, client: u32, mut frame: Frame) -> Option<u32> {
        let object = frame.number(A_OBJECT)?;
        if self.owner(Some(object)) == Some(client) {
            let caller = std::mem::replace(&mut frame.peer, object);
            self.send(caller, &frame);
        }
        None
    }

    fn subscribe(&mut self, client: u32, frame: &Frame) -> Option<u32> {
        let (subscriber, target) = (frame.number(A_OBJECT), frame.number(A_TARGET));
        let Some(owner) = self.owner(target).filter(|_| self.owner(subscriber) == Some(client))
        else {
            return Some(4);
        };
        let target = target.unwrap();
        let first = !self.subscriptions.iter().any(|(_, other)| *other == target);
        self.subscriptions.push((subscriber.unwrap(), target));
        if first {
            self.send(owner, &Self::activity(target, true));
        }
        Some(0)
    }

    fn activity(target: u32, active: bool) -> Frame {
        Frame::new(NOTIFY, 1, 0).integer(A_OBJECT, target).attribute(A_ACTIVE, [active.into()])
    }

    fn notify(&self, client: u32, frame: &Frame) -> Option<u32> {
        let object = frame.number(A_OBJECT);
        if self.owner(object) != Some(client) {
            return Some(6);
        }
        for (subscriber, target) in &self.subscriptions {
            if Some(*target) == object {
                let mut notification = frame.clone().integer(A_OBJECT, *subscriber);
                (notification.kind, notification.peer) = (INVOKE, client);
                self.send(self.owner(Some(*subscriber)).unwrap_or_default(), &notification);
            }
        }
        None
    }

    fn leave(&mut self, client: u32) {
        self.clients.remove(&client);
        let own = self.objects.iter().filter(|(_, object)| object.client == client);
        for id in own.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.forget(id);
        }
    }

    fn forget(&mut self, id: u32) {
        self.patterns.retain(|(listener, _)| *listener != id);
        let (touched, left) = std::mem::take(&mut self.subscriptions)
            .into_iter()
            .partition(|(subscriber, target)| *subscriber == id || *target == id);
        self.subscriptions = left;
        for (subscriber, target) in touched {
            if target == id {
                let gone = Frame::new(UNSUBSCRIBE, 1, 0);
                let gone = gone.integer(A_OBJECT, subscriber).integer(A_TARGET, target);
                self.send(self.owner(Some(subscriber)).unwrap_or_default(), &gone);
            } else if !self.subscriptions.iter().any(|(_, other)| *other == target) {
                let owner = self.owner(Some(target)).unwrap_or_default();
                self.send(owner, &Self::activity(target, false));
            }
        }
        let path = self.objects.get(&id).and_then(|object| object.path.clone());
        self.object_event("ubus.object.remove", id, path);
        self.objects.remove(&id);
    }
}

/// A program on the bus that calls objects and subscribes to them.
pub struct Client {
    stream: UnixStream,
    seq: u16,
    notifications: Vec<(String, Json)>,
}

impl Client {
    /// Connects to the ubusd that listens, at the new or at the old path.
    pub fn connect() -> Self {
        let stream = UnixStream::connect(SOCKET).or_else(|_| UnixStream::connect(OLD_SOCKET));
        let stream = stream.unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        assert_eq!(Frame::read(&stream).unwrap().kind, HELLO);
        Self { stream, seq: 0, notifications: Vec::new() }
    }

    fn next(&mut self, kind: u8, peer: u32) -> Frame {
        self.seq += 1;
        Frame::new(kind, self.seq, peer)
    }

    /// Sends a message and waits for the status of its answer: the last data, or the status as
    /// error.
    fn ask(&mut self, question: &Frame) -> Result<Frame, u32> {
        question.send(&self.stream);
        let mut data = Frame::new(DATA, 0, 0);
        loop {
            let frame = Frame::read(&self.stream).unwrap();
            let ours = (frame.seq, frame.peer) == (question.seq, question.peer);
            match frame.kind {
                DATA if ours => data = frame,
                STATUS if ours => match frame.number(A_STATUS) {
                    Some(0) => return Ok(data),
                    other => return Err(other.unwrap()),
                },
                INVOKE => self.notifications.push((frame.name(A_METHOD).unwrap(), frame.data())),
                _ => {}
            }
        }
    }

    /// Registers an object, whose calls are then among the notifications; returns its identifier.
    pub fn add_object(&mut self, path: Option<&str>) -> u32 {
        let mut question = self.next(ADD_OBJECT, 0);
        if let Some(path) = path {
            let signature = json!({ "dump": {}, "status": { "interface": 3 } });
            question = question.text(A_PATH, path).json(A_SIGNATURE, &signature);
        }
        self.ask(&question).unwrap().number(A_OBJECT).unwrap()
    }

    pub fn look_up(&mut self, path: &str) -> Option<u32> {
        let question = self.next(LOOKUP, 0).text(A_PATH, path);
        self.ask(&question).ok()?.number(A_OBJECT)
    }

    /// Waits until there is an object of this path; returns its identifier.
    pub fn wait_for(&mut self, path: &str) -> u32 {
        let end = Instant::now() + LIMIT;
        loop {
            if let Some(id) = self.look_up(path) {
                return id;
            }
            assert!(Instant::now() < end, "there is no object {path}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// `ubus call PATH METHOD DATA`.
    pub fn call(&mut self, path: &str, method: &str, data: &Json) -> Result<Json, u32> {
        let id = self.look_up(path).ok_or(4_u32)?;
        let question = self.next(INVOKE, id).integer(A_OBJECT, id);
        let question = question.text(A_METHOD, method).json(A_DATA, data);
        Ok(self.ask(&question)?.data())
    }

    /// `ubus subscribe PATH`.
    pub fn subscribe(&mut self, path: &str) {
        let target = self.wait_for(path);
        let listener = self.add_object(None);
        let question =
            self.next(SUBSCRIBE, 0).integer(A_OBJECT, listener).integer(A_TARGET, target);
        self.ask(&question).unwrap();
    }

    /// Waits for the next notification, however long that takes; `None` if the bus has ended.
    pub fn next_notification(&mut self) -> Option<(String, Json)> {
        self.stream.set_read_timeout(None).unwrap();
        loop {
            let frame = Frame::read(&self.stream).ok()?;
            if frame.kind == INVOKE {
                return Some((frame.name(A_METHOD)?, frame.data()));
            }
        }
    }

    /// Waits for the next notification: its method and data.
    pub fn notified(&mut self) -> (String, Json) {
        while self.notifications.is_empty() {
            let frame = Frame::read(&self.stream).unwrap();
            if frame.kind == INVOKE {
                self.notifications.push((frame.name(A_METHOD).unwrap(), frame.data()));
            }
        }
        self.notifications.remove(0)
    }

    /// Waits for a notification whose data `wanted` accepts; drops those before it.
    pub fn wait_notified(&mut self, wanted: impl Fn(&Json) -> bool) -> Json {
        loop {
            let (_, data) = self.notified();
            if wanted(&data) {
                return data;
            }
        }
    }
}

/// A netifd that answers `network.interface dump` with the rows a test sets. Leaves the bus when
/// dropped.
pub struct Netifd {
    stream: UnixStream,
    object: u32,
    rows: Arc<Mutex<Vec<Json>>>,
    dumps: Arc<AtomicUsize>,
    /// One message for each call of `dump`.
    asked: Receiver<()>,
}

/// An odhcpd that answers `dhcp ipv6leases` with what a test sets.
pub struct Odhcpd {
    stream: UnixStream,
    object: u32,
    leases: Arc<Mutex<Json>>,
}

impl Odhcpd {
    /// Joins the bus. `leases` are rows of `(name, duid, address)`, all of the device `br-lan`.
    pub fn start(leases: &[(&str, &str, &str)]) -> Self {
        let mut client = Client::connect();
        let object = client.add_object(Some("dhcp"));
        let stream = client.stream.try_clone().unwrap();
        stream.set_read_timeout(None).unwrap();
        let leases = Arc::new(Mutex::new(lease_list(leases)));
        let (reader, answered) = (client.stream, leases.clone());
        thread::spawn(move || {
            while let Ok(frame) = Frame::read(&reader) {
                if frame.kind == INVOKE && frame.name(A_METHOD).as_deref() == Some("ipv6leases") {
                    let answer =
                        |kind| Frame::new(kind, frame.seq, frame.peer).integer(A_OBJECT, object);
                    let leases = answered.lock().unwrap();
                    answer(DATA).json(A_DATA, &leases).send(&reader);
                    answer(STATUS).integer(A_STATUS, 0).send(&reader);
                }
            }
        });
        Self { stream, object, leases }
    }

    /// Has other leases, and notifies the subscribers.
    pub fn set(&self, leases: &[(&str, &str, &str)]) {
        *self.leases.lock().unwrap() = lease_list(leases);
        Frame::new(NOTIFY, 1, self.object)
            .integer(A_OBJECT, self.object)
            .text(A_METHOD, "dhcp.lease6")
            .attribute(A_NO_REPLY, [1])
            .json(A_DATA, &json!({}))
            .send(&self.stream);
    }
}

impl Drop for Odhcpd {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

/// The answer of odhcpd (openwrt odhcpd, `ubus.c`).
fn lease_list(leases: &[(&str, &str, &str)]) -> Json {
    let row = |(name, duid, address): &(&str, &str, &str)| {
        json!({
            "duid": duid, "iaid": 1, "hostname": name, "accept-reconf": false, "assigned": 16,
            "flags": ["bound"], "valid": 3600,
            "ipv6-addr": [
                { "address": address, "preferred-lifetime": 1800, "valid-lifetime": 3600 }
            ]
        })
    };
    json!({ "device": { "br-lan": { "leases": leases.iter().map(row).collect::<Vec<_>>() } } })
}

/// A row of the answer to `dump`: an interface that is up.
pub fn up(name: &str, device: &str, addresses: &[&str]) -> Json {
    let (ipv6, ipv4): (Vec<&str>, Vec<&str>) =
        addresses.iter().partition(|address| address.contains(':'));
    json!({
        "interface": name, "up": true, "pending": false, "available": true, "autostart": true,
        "dynamic": false, "uptime": 5, "l3_device": device, "proto": "static", "device": device,
        "metric": 0, "delegation": true,
        "ipv4-address": with_mask(&ipv4, 24), "ipv6-address": with_mask(&ipv6, 64),
        "ipv6-prefix": [], "ipv6-prefix-assignment": [], "route": [], "dns-server": [],
        "inactive": { "ipv4-address": [], "route": [] }, "data": { "zone": name }
    })
}

fn with_mask(addresses: &[&str], mask: u8) -> Json {
    addresses.iter().map(|address| json!({ "address": address, "mask": mask })).collect()
}

/// A row of the answer to `dump`: an interface that is down or being set up.
pub fn down(name: &str, device: &str) -> Json {
    json!({
        "interface": name, "up": false, "pending": true, "available": true, "autostart": true,
        "dynamic": false, "proto": "dhcp", "device": device, "data": {}
    })
}

impl Netifd {
    /// Joins the bus with these rows.
    pub fn start(rows: &[Json]) -> Self {
        Self::begin(rows, true)
    }

    /// Joins the bus, but never answers.
    pub fn silent() -> Self {
        Self::begin(&[], false)
    }

    fn begin(rows: &[Json], answers: bool) -> Self {
        let mut client = Client::connect();
        let object = client.add_object(Some("network.interface"));
        let rows = Arc::new(Mutex::new(rows.to_vec()));
        let dumps = Arc::new(AtomicUsize::new(0));
        let (asking, asked) = mpsc::channel();
        let stream = client.stream.try_clone().unwrap();
        stream.set_read_timeout(None).unwrap();
        let (reader, answered, count) = (client.stream, rows.clone(), dumps.clone());
        thread::spawn(move || {
            while let Ok(frame) = Frame::read(&reader) {
                if frame.kind != INVOKE || frame.name(A_METHOD).as_deref() != Some("dump") {
                    continue;
                }
                count.fetch_add(1, Ordering::SeqCst);
                let _ = asking.send(());
                if answers {
                    let answer =
                        |kind| Frame::new(kind, frame.seq, frame.peer).integer(A_OBJECT, object);
                    // Locked until the answer is sent, so that a notification of newer rows comes
                    // after it.
                    let rows = answered.lock().unwrap();
                    answer(DATA).json(A_DATA, &json!({ "interface": *rows })).send(&reader);
                    answer(STATUS).integer(A_STATUS, 0).send(&reader);
                }
            }
        });
        Self { stream, object, rows, dumps, asked }
    }

    /// The number of calls of `dump`.
    pub fn dumps(&self) -> usize {
        self.dumps.load(Ordering::SeqCst)
    }

    /// Waits for the next call of `dump`.
    pub fn wait_asked(&self) {
        self.asked.recv_timeout(LIMIT).unwrap();
    }

    /// Sets the row of one interface and notifies the subscribers.
    pub fn set(&self, row: &Json) {
        let mut rows = self.rows.lock().unwrap();
        rows.retain(|old| old["interface"] != row["interface"]);
        rows.push(row.clone());
        let name = if row["up"] == true { "interface.update" } else { "interface.down" };
        Frame::new(NOTIFY, 1, self.object)
            .integer(A_OBJECT, self.object)
            .text(A_METHOD, name)
            .attribute(A_NO_REPLY, [1])
            .json(A_DATA, row)
            .send(&self.stream);
    }
}

impl Drop for Netifd {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}
