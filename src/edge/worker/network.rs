//! Carries jobs out: requests over HTTP, queries over DNS, scripts in a shell.

use std::sync::Arc;

use super::drive::{self, TimedCarrier, unsent};
use super::{Delivery, Lane, Publication};
use crate::config::{self, Lookup};
use crate::edge::dns;
use crate::edge::http::{Client, KeptConnection, Limits, Shared, proxy_secrets};
use crate::edge::script::{ScriptServices, ScriptUpdate, UPDATE_TIMEOUT};
use crate::edge::stream::Stream;
use crate::engine::event::{Finished, JobId};
use crate::model::{Notice, Transport};
use crate::provider::{Answer, Carrier, Failure, Query, Request};
use crate::time::Duration;

/// Time for a look-up that a script waits for.
const LOOK_UP_FIRST: Duration = Duration::from_secs(5);
/// Clients a thread keeps. Sections of one router rarely differ in their transport.
const MAX_CLIENTS: usize = 4;

/// Sends jobs to their providers, or has scripts publish them.
pub struct Network;

impl Delivery for Network {
    fn lane(&self, publication: &Publication) -> Lane {
        let section = &publication.section;
        match section.provider.script() {
            Some(script) => Lane::Apart(script.file.display().to_string()),
            None => Lane::Host(config::hosts(section).into_iter().next().unwrap_or_default()),
        }
    }

    fn publish(
        &self,
        publication: Publication,
        clients: &mut Clients,
        say: &dyn Fn(Notice),
    ) -> Finished {
        let call = script_call(&publication);
        let Publication { id, section, job, transport, .. } = publication;
        let kept = clients.take_connection();
        let client = clients.get(&transport);
        let mut carrier = NetworkCarrier {
            client,
            transport: &transport,
            kept,
            name_server: None,
            sent_at: None,
        };
        let finished = match call {
            Some(call) => run_script(id, &call, &mut carrier, say),
            None => {
                let secrets = proxy_secrets(&transport);
                drive::publish(id, &section.provider, &job, &mut carrier, &secrets)
            }
        };
        clients.kept = carrier.kept;
        finished
    }
}

/// What the script of the section is to do, if a script publishes for it. A job for a script has one
/// change, and a script cannot remove a record.
fn script_call(publication: &Publication) -> Option<ScriptUpdate> {
    let section = &publication.section;
    let script = section.provider.script()?.clone();
    let change = publication.job.changes.first()?.clone();
    let address = change.address()?;
    let global = Arc::clone(&publication.global);
    Some(ScriptUpdate { section: Arc::clone(section), script, change, address, global })
}

/// Publishes by a script.
// Not inlined, so that requests do not have the state of a script on their stack.
#[inline(never)]
fn run_script(
    id: JobId,
    call: &ScriptUpdate,
    carrier: &mut NetworkCarrier<'_>,
    say: &dyn Fn(Notice),
) -> Finished {
    let transport = carrier.transport;
    let trusts = &carrier.client.shared().trust;
    let look_up = |lookup: &Lookup, family| {
        let way = transport.into();
        let found = dns::look_up(lookup, family, None, &way, trusts, LOOK_UP_FIRST).ok()?;
        found.addresses.first().copied()
    };
    let hands =
        ScriptServices { send: &mut |request| carrier.send(request), look_up: &look_up, say };
    let done = call.run(UPDATE_TIMEOUT, hands);
    Finished {
        sent_at: done.sent_at,
        requests: u32::from(done.sent_at.is_some()),
        request: call.shown(),
        answer: done.answer,
        ..unsent(id, vec![done.outcome.into()])
    }
}

/// Carries the requests of one job.
struct NetworkCarrier<'a> {
    client: &'a Client,
    transport: &'a Transport,
    /// The connection of the last request, for the next one.
    kept: Option<KeptConnection>,
    /// The connection to the name server, for the next message.
    name_server: Option<Stream>,
    /// When the last request left, since boot.
    sent_at: Option<Duration>,
}

impl Carrier for NetworkCarrier<'_> {
    fn send(&mut self, request: &Request) -> Result<Answer, Failure> {
        self.sent_at = None;
        self.client.converse(request, &mut self.kept, &mut self.sent_at)
    }

    fn ask(&mut self, query: &Query) -> Result<Answer, Failure> {
        self.sent_at = None;
        let trusts = &self.client.shared().trust;
        let way = self.transport.into();
        dns::send(query, &way, trusts, &mut self.name_server, &mut self.sent_at)
    }

    fn wait(&mut self, time: Duration) {
        self.client.wait(time, self.kept.as_ref());
    }
}

impl TimedCarrier for NetworkCarrier<'_> {
    fn sent_at(&self) -> Option<Duration> {
        self.sent_at
    }
}

/// The HTTP clients of one thread, the one used last at the end.
pub struct Clients {
    shared: Arc<Shared>,
    clients: Vec<Client>,
    /// The connection of the last job, for the next one.
    kept: Option<KeptConnection>,
}

impl Clients {
    /// No clients yet. They will use the connections and certificates in `shared`.
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, clients: Vec::new(), kept: None }
    }

    /// Whether a connection is open.
    pub(super) fn is_connected(&self) -> bool {
        self.kept.is_some()
    }

    /// Closes the connection that is open.
    pub(super) fn disconnect(&mut self) {
        self.kept = None;
    }

    /// The open connection for a new job, unless its source address was removed.
    fn take_connection(&mut self) -> Option<KeptConnection> {
        self.kept.take().filter(|kept| !self.shared.is_cut(kept))
    }

    /// A client for one request over `transport` within `limits`.
    pub(super) fn quick(&self, transport: &Transport, limits: Limits) -> Client {
        Client::with_limits(transport, Arc::clone(&self.shared), limits)
    }

    /// The client for `transport`, made if the thread has none.
    pub(super) fn get(&mut self, transport: &Transport) -> &Client {
        let known = self.clients.iter().position(|client| client.transport() == transport);
        let client = match known {
            Some(index) => self.clients.remove(index),
            None => Client::new(transport, Arc::clone(&self.shared)),
        };
        if self.clients.len() >= MAX_CLIENTS {
            self.clients.remove(0);
        }
        let last = self.clients.len();
        self.clients.push(client);
        &self.clients[last]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::fixture::transport;

    #[test]
    fn a_thread_keeps_few_clients() {
        let mut clients = Clients::new(Arc::default());
        for i in 0..10 {
            let mut transport = transport();
            transport.user_agent = i.to_string();
            clients.get(&transport);
            clients.get(&transport);
        }
        assert_eq!(clients.clients.len(), MAX_CLIENTS);
        assert_eq!(clients.clients[MAX_CLIENTS - 1].transport().user_agent, "9");
    }
}
