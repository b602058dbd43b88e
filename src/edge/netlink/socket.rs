//! The rtnetlink socket: subscribes, then dumps, and reports when the kernel has dropped events.
//!
//! This file only moves bytes. `Dumps` decides which dump runs and whether its result counts;
//! [`decode`] parses the bytes.

use std::io;
use std::task::Context;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, setsockopt, sockopt};
use rtnetlink::sys;

use super::{connected, receive};
use crate::edge::clock;
use crate::edge::runtime::Watched;
use crate::model::sorted::take_first;
use crate::proto::netlink::decode::{self, Payload};
use crate::proto::netlink::dump::Dumps;
use crate::proto::netlink::{Report, Table};
use crate::time::Duration;

/// `RTNLGRP_LINK`, `_IPV4_IFADDR`, `_IPV4_ROUTE`, `_IPV4_RULE`, `_IPV6_IFADDR`, `_IPV6_ROUTE` and
/// `_IPV6_RULE` of linux/rtnetlink.h. These are group numbers, not the bits of the older `RTMGRP_*`.
const GROUPS: [u32; 7] = [1, 5, 7, 8, 9, 11, 19];
/// `RTNLGRP_NEXTHOP`, since Linux 5.3.
const NEXT_HOPS: u32 = 32;
/// How many bytes the kernel may queue for this socket. The default of 208 KiB
/// (net.core.rmem_default) overflows when a few hundred addresses or routes change at once. The
/// kernel allocates only what it queues.
const RECEIVE_BUFFER: usize = 4 << 20;
/// The kernel makes the datagrams of a dump as large as the largest read so far, but never larger
/// than this (`netlink_dump` in net/netlink/af_netlink.c).
const DATAGRAM: usize = 32 << 10;
/// Limit of the read buffer. Notifications are much smaller; a wrong length must not take all memory.
const MAX_DATAGRAM: usize = 1 << 20;
/// Most datagrams that are read for one report: not every datagram has one, and other work has to have its turn.
const TURN: usize = 64;

/// A subscription to the kernel's links, addresses, routes and rules (man 7 rtnetlink).
#[derive(Debug)]
pub struct Socket {
    socket: Watched<sys::Socket>,
    port: u32,
    buffer: Vec<u8>,
    dumps: Dumps,
    pending: Vec<Report>,
}

impl Socket {
    /// Subscribes to events. Dumps run only after [`Socket::request_dump`]. Since the subscription
    /// comes first, no change is missed between a dump and the first event. Must be called within
    /// a tokio runtime with I/O and time.
    pub fn open() -> io::Result<Self> {
        Self::open_with_buffer(RECEIVE_BUFFER)
    }

    /// Like [`Socket::open`], with another size of the kernel's queue.
    pub fn open_with_buffer(bytes: usize) -> io::Result<Self> {
        let (socket, port) = connected()?;
        // SO_RCVBUFFORCE exceeds net.core.rmem_max, but needs CAP_NET_ADMIN. SO_RCVBUF does not
        // need it and is limited to rmem_max.
        if setsockopt(&socket, sockopt::RcvBufForce, &bytes).is_err() {
            setsockopt(&socket, sockopt::RcvBuf, &bytes)?;
        }
        for group in GROUPS {
            socket.add_membership(group)?;
        }
        // Kernels before 5.3 refuse this group. They have no next-hop objects that could change.
        let _ = socket.add_membership(NEXT_HOPS);
        Ok(Self {
            socket: Watched::new(socket)?,
            port,
            buffer: vec![0; DATAGRAM],
            dumps: Dumps::new(port),
            pending: Vec::new(),
        })
    }

    /// The address of this netlink socket (`nl_pid`).
    pub fn port(&self) -> u32 {
        self.port
    }

    /// Queues a dump. Dumps run one at a time, in the order of their requests. A request for a dump
    /// that is queued already changes nothing.
    pub fn request_dump(&mut self, table: Table) {
        self.dumps.request(table);
    }

    /// When to call [`Socket::next_report`] even if there is nothing to read, since boot.
    pub fn deadline(&self) -> Option<Duration> {
        if self.pending.is_empty() { self.dumps.deadline() } else { Some(Duration::ZERO) }
    }

    /// Whether there may be a report, at the time `now` since boot.
    pub fn is_ready(&self, now: Duration, context: &mut Context<'_>) -> bool {
        self.socket.is_readable(context) || self.deadline().is_some_and(|deadline| deadline <= now)
    }

    /// The next report of the kernel; `None` if there is none now.
    ///
    /// The socket repeats a dump that was interrupted or failed. So [`Report::DumpBegin`] may come
    /// twice for one [`Report::DumpEnd`]. Each time, all entries count as not yet seen again.
    ///
    /// An error is final: the socket is broken and another must be opened.
    pub fn next_report(&mut self) -> io::Result<Option<Report>> {
        for _ in 0..TURN {
            if let Some(report) = take_first(&mut self.pending) {
                return Ok(Some(report));
            }
            if self.receive()? {
                continue;
            }
            // The queue is empty: only then may a dump begin, see Dumps::start.
            let now = clock::uptime();
            self.dumps.expire(now);
            if !self.begin_dump(now)? {
                break;
            }
        }
        Ok(None)
    }

    /// Reads one datagram; false if there is none.
    fn receive(&mut self) -> io::Result<bool> {
        // With MSG_TRUNC the kernel returns the length of the datagram even if the buffer was too small for it.
        match receive(self.socket.get(), &mut self.buffer, MsgFlags::MSG_TRUNC) {
            Ok((length, Some(0))) => self.process(length),
            // The sender is not the kernel. Processes with CAP_NET_ADMIN may send to these groups.
            Ok(_) | Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => {
                self.socket.wait_to_read();
                return Ok(false);
            }
            // ENOBUFS: the queue overflowed and the kernel dropped events (man 7 netlink).
            Err(Errno::ENOBUFS | Errno::ENOMEM) => self.report_loss(),
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }

    /// Makes reports of the first `length` bytes of the buffer. A datagram that did not fit counts
    /// as lost, and the buffer grows for the next one.
    fn process(&mut self, length: usize) {
        let Some(bytes) = self.buffer.get(..length) else {
            self.grow_buffer(length);
            self.report_loss();
            return;
        };
        let now = clock::uptime();
        let mut lost = false;
        for incoming in decode::datagram(bytes) {
            let ended_dump = self.dumps.observe(&incoming, now);
            match incoming.payload {
                Payload::Message(message) => self.pending.push(Report::Message(message)),
                Payload::Overrun | Payload::Garbled => lost = true,
                Payload::Neighbour(..)
                | Payload::Done(_)
                | Payload::Error(_)
                | Payload::Ignored
                | Payload::Malformed => {}
            }
            if let Some(table) = ended_dump {
                self.pending.push(Report::DumpEnd(table));
            }
        }
        if lost {
            self.report_loss();
        }
    }

    /// Makes room for datagrams of `length` bytes, which is the full length of one that did not fit, because of
    /// MSG_TRUNC.
    fn grow_buffer(&mut self, length: usize) {
        let larger = length.next_power_of_two().min(MAX_DATAGRAM);
        self.buffer.resize(larger.max(self.buffer.len()), 0);
    }

    fn report_loss(&mut self) {
        self.dumps.lost();
        self.pending.push(Report::Lost);
    }

    /// Sends the request of the dump that is due; false if no dump is due.
    fn begin_dump(&mut self, now: Duration) -> io::Result<bool> {
        let Some(request) = self.dumps.start(now) else {
            return Ok(false);
        };
        match self.socket.get().send(&request.encode(), 0) {
            Ok(_) => self.pending.push(Report::DumpBegin(request.table)),
            Err(error) => match error.raw_os_error().map(Errno::from_raw) {
                Some(Errno::EINTR | Errno::EAGAIN | Errno::ENOBUFS | Errno::ENOMEM) => {
                    self.dumps.failed(now);
                }
                Some(_) | None => return Err(error),
            },
        }
        Ok(true)
    }
}
