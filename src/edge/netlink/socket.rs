//! The rtnetlink socket: subscribes, then dumps, and says so when it has missed something.
//!
//! What it holds of policy is pure and elsewhere: which dump runs and whether it counts in `dump`,
//! what the bytes mean in [`decode`].

use std::io::{self, IoSliceMut};
use std::os::fd::AsRawFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, NetlinkAddr, recvmsg, setsockopt, sockopt};
use rtnetlink::sys;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::edge::clock;
use crate::model::sorted::take_first;
use crate::proto::netlink::decode::{self, Payload};
use crate::proto::netlink::dump::Dumps;
use crate::proto::netlink::{Report, Table};

/// `RTNLGRP_LINK`, `_IPV4_IFADDR`, `_IPV4_ROUTE`, `_IPV4_RULE`, `_IPV6_IFADDR`, `_IPV6_ROUTE` and
/// `_IPV6_RULE` of linux/rtnetlink.h. Numbers of groups, not the bits of the older `RTMGRP_*`.
const GROUPS: [u32; 7] = [1, 5, 7, 8, 9, 11, 19];
/// `RTNLGRP_NEXTHOP`, since Linux 5.3.
const NEXT_HOPS: u32 = 32;
/// How much the kernel may hold for us. Not allocated, only allowed: the usual 208 KiB overflow
/// when a few hundred addresses or routes change at once.
const RECEIVE_BUFFER: usize = 4 << 20;
/// The kernel fills datagrams of a dump up to the size of the largest read, and at most this.
const DATAGRAM: usize = 32 << 10;
/// No notification comes near; keeps a wrong length from taking the memory.
const MAX_DATAGRAM: usize = 1 << 20;

/// A subscription to the kernel's links, addresses, routes and rules (man 7 rtnetlink).
#[derive(Debug)]
pub struct Socket {
    fd: AsyncFd<sys::Socket>,
    port: u32,
    buffer: Vec<u8>,
    dumps: Dumps,
    pending: Vec<Report>,
}

impl Socket {
    /// Subscribes. Nothing is dumped until it is asked for, so that no change can fall between
    /// a dump and the subscription. Must be called within a tokio runtime with I/O and time.
    pub fn open() -> io::Result<Self> {
        Self::open_with_buffer(RECEIVE_BUFFER)
    }

    /// Like [`Socket::open`], with another limit on what the kernel holds for us.
    #[expect(
        deprecated,
        reason = "the successor is unsafe: it has the caller promise what holds here, that the \
                  netlink socket owns one descriptor and keeps it"
    )]
    pub fn open_with_buffer(bytes: usize) -> io::Result<Self> {
        let mut socket = sys::Socket::new(sys::protocols::NETLINK_ROUTE)?;
        socket.set_non_blocking(true)?;
        // Beyond net.core.rmem_max only with CAP_NET_ADMIN, else as near as allowed.
        if setsockopt(&socket, sockopt::RcvBufForce, &bytes).is_err() {
            setsockopt(&socket, sockopt::RcvBuf, &bytes)?;
        }
        let port = socket.bind_auto()?.port_number();
        // A connected socket takes no unicast from other processes.
        socket.connect(&sys::SocketAddr::new(0, 0))?;
        for group in GROUPS {
            socket.add_membership(group)?;
        }
        // Older kernels have no next-hop objects that could change.
        let _ = socket.add_membership(NEXT_HOPS);
        Ok(Self {
            fd: AsyncFd::with_interest(socket, Interest::READABLE)?,
            port,
            buffer: vec![0; DATAGRAM],
            dumps: Dumps::new(port),
            pending: Vec::new(),
        })
    }

    /// Our address among netlink sockets (`nl_pid`).
    pub fn port(&self) -> u32 {
        self.port
    }

    /// Queues a dump. They run one at a time, in the order asked; asking again before it has begun
    /// changes nothing.
    pub fn request_dump(&mut self, table: Table) {
        self.dumps.request(table);
    }

    /// What the kernel said next. Cancel-safe: nothing is lost if the future is dropped.
    ///
    /// The socket dumps again what was interrupted or failed. So [`Report::DumpBegin`] may come
    /// twice for one [`Report::DumpEnd`]; it always means to start the mark afresh.
    ///
    /// An error is final: the socket is broken and another must be opened.
    pub async fn next(&mut self) -> io::Result<Report> {
        loop {
            // Reads below may succeed for ever under a flood, and timers want their turn.
            tokio::task::coop::consume_budget().await;
            if let Some(report) = take_first(&mut self.pending) {
                return Ok(report);
            }
            if self.receive()? {
                continue;
            }
            // Nothing left to read, which is when a dump may begin: see Dumps::start.
            let now = clock::now().up;
            self.dumps.expire(now);
            if !self.begin_dump(now)? {
                self.wait(now).await?;
            }
        }
    }

    /// Reads one datagram; false if there is none.
    fn receive(&mut self) -> io::Result<bool> {
        let buffer = &mut self.buffer;
        let received = self.fd.try_io(Interest::READABLE, |socket| {
            let mut slices = [IoSliceMut::new(buffer)];
            // With MSG_TRUNC the length is that of the datagram, also where it did not fit.
            // Not recv_from of netlink-sys: it passes the length of the address as a usize, of
            // which a 64-bit big-endian kernel reads the upper half, 0, and names no sender.
            let received =
                recvmsg::<NetlinkAddr>(socket.as_raw_fd(), &mut slices, None, MsgFlags::MSG_TRUNC)?;
            Ok((received.bytes, received.address.map(|from| from.pid())))
        });
        match received {
            Ok((length, Some(0))) => self.digest(length),
            // Processes may send to our groups, if they have CAP_NET_ADMIN.
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => match error.raw_os_error().map(Errno::from_raw) {
                Some(Errno::EINTR) => {}
                Some(Errno::ENOBUFS | Errno::ENOMEM) => self.lost(),
                Some(_) | None => return Err(error),
            },
        }
        Ok(true)
    }

    fn digest(&mut self, length: usize) {
        let Some(bytes) = self.buffer.get(..length) else {
            let larger = length.next_power_of_two().min(MAX_DATAGRAM);
            self.buffer.resize(larger.max(self.buffer.len()), 0);
            self.lost();
            return;
        };
        let now = clock::now().up;
        let mut lost = false;
        for incoming in decode::datagram(bytes) {
            let ended = self.dumps.observe(&incoming, now);
            match incoming.payload {
                Payload::Message(message) => self.pending.push(Report::Message(message)),
                Payload::Overrun | Payload::Garbled => lost = true,
                Payload::Done(_) | Payload::Error(_) | Payload::Ignored | Payload::Malformed => {}
            }
            self.pending.extend(ended.map(Report::DumpEnd));
        }
        if lost {
            self.lost();
        }
    }

    fn lost(&mut self) {
        self.dumps.lost();
        self.pending.push(Report::Lost);
    }

    /// Sends the request of the dump that is due; false if none is.
    fn begin_dump(&mut self, now: Duration) -> io::Result<bool> {
        let Some(request) = self.dumps.start(now) else {
            return Ok(false);
        };
        match self.fd.get_ref().send(&request.encode(), 0) {
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

    async fn wait(&self, now: Duration) -> io::Result<()> {
        let readable = self.fd.readable();
        match self.dumps.deadline() {
            None => drop(readable.await?),
            Some(deadline) => {
                let patience = deadline.saturating_sub(now);
                if let Ok(readable) = tokio::time::timeout(patience, readable).await {
                    drop(readable?);
                }
            }
        }
        Ok(())
    }
}
