//! A small authoritative name server over UDP: A and AAAA records with TTL 1, NXDOMAIN for unknown
//! names; enough for `dig` and for a stub resolver. And a client that asks one server, to measure
//! when a record changes.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "test support, shared by programs that each use a part of it"
)]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

const TYPE_A: u16 = 1;
const TYPE_AAAA: u16 = 28;
const CLASS_IN: u16 = 1;

/// The answer to a question about a name.
pub enum Answer {
    /// This record exists.
    Address(IpAddr),
    /// The name exists, but has no record of this type.
    NoData,
    /// There is no such name.
    NoName,
}

/// A running name server; stops when dropped.
pub struct Server {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers on `address` with what `lookup(name, is_aaaa)` returns.
    pub fn start(
        address: SocketAddr,
        lookup: impl Fn(&str, bool) -> Answer + Send + 'static,
    ) -> Self {
        let socket =
            UdpSocket::bind(address).unwrap_or_else(|e| panic!("cannot listen on {address}: {e}"));
        let address = socket.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let ending = stop.clone();
        let thread = thread::spawn(move || {
            let mut packet = [0; 512];
            while let Ok((length, peer)) = socket.recv_from(&mut packet) {
                if ending.load(Ordering::SeqCst) {
                    return;
                }
                if let Some(reply) = respond(&packet[..length], &lookup) {
                    let _ = socket.send_to(&reply, peer);
                }
            }
        });
        Self { address, stop, thread: Some(thread) }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let here: SocketAddr = match self.address {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        if let Ok(socket) = UdpSocket::bind(here) {
            let _ = socket.send_to(&[0], self.address);
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The reply to one query (RFC 1035 section 4), or `None` if the packet is too short for one.
fn respond(query: &[u8], lookup: &impl Fn(&str, bool) -> Answer) -> Option<Vec<u8>> {
    let question = query.get(12..)?;
    let (name, used) = read_name(question)?;
    let tail = question.get(used..used + 4)?;
    let kind = u16::from_be_bytes([tail[0], tail[1]]);
    let class = u16::from_be_bytes([tail[2], tail[3]]);
    let answer = match kind {
        TYPE_A | TYPE_AAAA if class == CLASS_IN => lookup(&name, kind == TYPE_AAAA),
        _ => Answer::NoData,
    };
    let (code, count) = match answer {
        Answer::Address(_) => (0, 1),
        Answer::NoData => (0, 0),
        Answer::NoName => (3, 0),
    };
    let mut reply = query[..2].to_vec();
    // QR, AA, and the query's RD; then the response code.
    reply.extend([0x84 | query[2] & 1, code]);
    reply.extend([0, 1, 0, count, 0, 0, 0, 0]);
    reply.extend(&question[..used + 4]);
    if let Answer::Address(address) = answer {
        let data = match address {
            IpAddr::V4(a) => a.octets().to_vec(),
            IpAddr::V6(a) => a.octets().to_vec(),
        };
        reply.extend([0xc0, 12]);
        reply.extend(kind.to_be_bytes());
        reply.extend(CLASS_IN.to_be_bytes());
        reply.extend(1_u32.to_be_bytes());
        reply.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
        reply.extend(data);
    }
    Some(reply)
}

/// Reads an uncompressed name: the name in lower case, and how many bytes it takes.
fn read_name(bytes: &[u8]) -> Option<(String, usize)> {
    let (mut labels, mut position) = (Vec::new(), 0);
    loop {
        let length = usize::from(*bytes.get(position)?);
        position += 1;
        if length == 0 {
            return Some((labels.join("."), position));
        }
        let label = bytes.get(position..position + length)?;
        labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
        position += length;
    }
}

/// Asks one server for the address of a name.
pub struct Client {
    socket: UdpSocket,
}

impl Client {
    pub fn new(server: SocketAddr) -> Self {
        let here: SocketAddr = match server {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(here).unwrap();
        socket.connect(server).unwrap();
        let timeout = Some(Duration::from_millis(500));
        socket.set_read_timeout(timeout).unwrap();
        Self { socket }
    }

    /// The address of `name` on the server now; `None` without a record or an answer in 500 ms.
    pub fn ask(&self, name: &str, v6: bool) -> Option<IpAddr> {
        let mut query = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            query.push(u8::try_from(label.len()).ok()?);
            query.extend(label.bytes());
        }
        query.push(0);
        query.extend(if v6 { TYPE_AAAA } else { TYPE_A }.to_be_bytes());
        query.extend(CLASS_IN.to_be_bytes());
        self.socket.send(&query).ok()?;
        let mut reply = [0; 512];
        let length = self.socket.recv(&mut reply).ok()?;
        let data = reply.get(query.len() + 12..length)?;
        match (v6, data.len()) {
            (false, 4) => Some(IpAddr::from(<[u8; 4]>::try_from(data).ok()?)),
            (true, 16) => Some(IpAddr::from(<[u8; 16]>::try_from(data).ok()?)),
            _ => None,
        }
    }
}
