//! A way of 25 ms to a provider on the loopback, where the kernel has no `netem`.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "test support, shared by programs that each use a part of it"
)]

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::provider::now;

/// The way to the provider takes so long, and the way back again.
pub const WAY: Duration = Duration::from_millis(25);

/// Listens at one address, and carries the bytes of each connection to `provider` and back, 25 ms later. TCP's
/// handshake takes no time there, so the first bytes of a connection are delivered 50 ms later than that.
pub fn start(address: impl Into<SocketAddr>, provider: impl Into<SocketAddr>) {
    let listener = TcpListener::bind(address.into()).unwrap();
    let provider = provider.into();
    thread::spawn(move || {
        listener.incoming().flatten().for_each(|client| carry(client, provider));
    });
}

fn carry(client: TcpStream, provider: SocketAddr) {
    let server = TcpStream::connect(provider).unwrap();
    for stream in [&client, &server] {
        stream.set_nodelay(true).unwrap();
    }
    let handshake = now() + 2 * WAY;
    delay(client.try_clone().unwrap(), server.try_clone().unwrap(), handshake);
    delay(server, client, Duration::ZERO);
}

/// Delivers what comes `from` one stream `to` the other, 25 ms later. Bytes that came before `begin` count as
/// come then.
fn delay(mut from: TcpStream, mut to: TcpStream, begin: Duration) {
    let (sender, pieces) = mpsc::channel();
    thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let due = now().max(begin) + WAY;
            let _ = sender.send((due, buffer[..length].to_vec()));
        }
    });
    thread::spawn(move || {
        for (due, piece) in pieces {
            thread::sleep(due.saturating_sub(now()));
            let _ = to.write_all(&piece);
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}
