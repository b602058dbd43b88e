//! The name server of an account: signed messages to it, and the meaning of its response codes.

use crate::dns::Protocol;
use crate::dns::message::{Message, NOERROR, NXDOMAIN};
use crate::dns::name::Name;
use crate::dns::tsig::{Problem, TsigKey};
use crate::model::HostPort;
use crate::provider::api::rest::refuse_account;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Outcome, Query, Scope, Verdict};
use crate::time::UnixSeconds;

/// Longer messages are sent over TCP. This many octets fit into a packet on any path (RFC 9715).
const PACKET: usize = 1400;

/// Response codes (RFC 1035 section 4.1.1, RFC 2136 section 2.2).
const FORMERR: u16 = 1;
const SERVFAIL: u16 = 2;
const NOTIMP: u16 = 4;
pub(super) const REFUSED: u16 = 5;
const YXDOMAIN: u16 = 6;
pub(super) const YXRRSET: u16 = 7;
pub(super) const NXRRSET: u16 = 8;
const NOTAUTH: u16 = 9;
const NOTZONE: u16 = 10;

/// The server, and the key for messages to it.
pub(super) struct Server<'a> {
    /// `dns_server`.
    pub(super) address: &'a HostPort,
    /// How messages travel.
    protocol: Protocol,
    /// The key and the time of the signatures; `None` if messages are not signed.
    /// In a box, because a key is large.
    key: Option<(Box<TsigKey>, UnixSeconds)>,
}

impl<'a> Server<'a> {
    /// The server of the account.
    ///
    /// # Errors
    /// If the key is invalid, or if the clock is not set.
    pub(super) fn of(talk: &Conversation<'a>) -> ApiResult<Self> {
        let account = talk.account;
        let mut key = None;
        if !account.username.is_empty() {
            let parsed = TsigKey::parse(&account.username, &account.password)
                .map_err(|why| refuse_account(why, "correct 'username' and 'password'"))?;
            key = Some((Box::new(parsed), talk.wall()?));
        }
        // Unreachable: without 'dns_server' a section has an error and does not run.
        let address = account.server.as_ref().ok_or_else(|| {
            Verdict::refused(Scope::Record, "there is no name server".into(), "set 'dns_server'")
        })?;
        Ok(Self { address, protocol: account.protocol, key })
    }

    /// Sends `message`, signed if there is a key, and returns the response. `shown` describes the
    /// message for the log.
    ///
    /// # Errors
    /// If there is no response, if it is no DNS message, or if its signature is wrong.
    pub(super) fn ask(
        &self,
        talk: &mut Conversation<'_>,
        mut message: Message,
        shown: &str,
    ) -> ApiResult<Message> {
        message.id = talk.query_id();
        let encoded = match &self.key {
            Some((key, now)) => key.sign(&mut message, *now),
            None => message.encode().map(|wire| (wire, Vec::new())),
        };
        let (wire, mac) = encoded
            .map_err(|why| Verdict::refused(Scope::Record, why.into(), "shorten the name"))?;
        let is_long = self.protocol == Protocol::Udp && wire.len() > PACKET;
        let protocol = if is_long { Protocol::Tcp } else { self.protocol };
        let shown = format!("{shown}, to {}", self.address);
        let response = talk.ask(&Query { server: self.address.clone(), protocol, wire, shown })?;
        // Also where messages are signed: what no name server has sent lacks more than a signature.
        let Ok(message) = Message::decode(&response) else {
            let reason = format!("the response of {} is not a DNS message", self.address);
            return Err(talk.unanswered(reason));
        };
        let Some((key, now)) = &self.key else { return Ok(message) };
        key.verify(&response, &mac, *now).map_err(|problem| self.distrusted(talk, problem))
    }

    /// Ends the conversation because the response cannot be trusted.
    fn distrusted(&self, talk: &Conversation<'_>, problem: Problem) -> Box<Verdict> {
        let server = self.address;
        match problem {
            Problem::Key => refuse_account(
                format!("{server} does not know the key, or not for this zone (BADKEY)"),
                "correct 'username' and 'password', the TSIG key; without an algorithm before its \
                 name it is one for hmac-sha256 here, where nsupdate may take it for hmac-md5",
            ),
            Problem::Signature => refuse_account(
                format!("{server} has another secret or algorithm for the key (BADSIG)"),
                "correct 'username' and 'password', the TSIG key",
            ),
            Problem::Time => Verdict::clock_behind(format!(
                "the clocks of the router and of {server} differ by more than five minutes (BADTIME)"
            )),
            Problem::Unsigned => {
                let reason = format!("the response of {server} is not signed with the key");
                talk.unanswered(reason)
            }
        }
    }

    /// The verdict for the response code of an update.
    pub(super) fn verdict(&self, rcode: u16, zone: &Name) -> Box<Verdict> {
        let server = self.address;
        // The refusals below are about the record, and not the account: the key may be good for other zones.
        let (reason, advice) = match rcode {
            NOERROR => return Outcome::Updated.into(),
            REFUSED => (
                format!("{server} refuses to change {zone} (REFUSED)"),
                "allow the key or this router to update the zone and this type of record",
            ),
            NOTAUTH => (
                format!("{server} is not the server of {zone}, or wants a key (NOTAUTH)"),
                "name the zone's primary server in 'dns_server', and a key in 'username'",
            ),
            NOTZONE => {
                (format!("the name is not in {zone} (NOTZONE)"), "correct 'domain' or 'zone'")
            }
            NOTIMP | FORMERR => (
                format!("{server} does not take updates ({})", rcode_name(rcode)),
                "choose a server that does, or another provider",
            ),
            _ if is_failed_prerequisite(rcode) => {
                let code = rcode_name(rcode);
                let reason = format!("the record changed meanwhile at {server} ({code})");
                return Verdict::retry(Scope::Record, reason, None);
            }
            _ => {
                let reason = format!("{server} has a problem ({})", rcode_name(rcode));
                return Verdict::retry(Scope::Account, reason, None);
            }
        };
        Verdict::refused(Scope::Record, reason, advice)
    }
}

/// Whether the response code means that a prerequisite is not true: the records at the server are not
/// what we expect.
pub(super) fn is_failed_prerequisite(rcode: u16) -> bool {
    matches!(rcode, NXDOMAIN | YXDOMAIN | YXRRSET | NXRRSET)
}

/// The name of a response code.
fn rcode_name(rcode: u16) -> String {
    match rcode {
        FORMERR => "FORMERR".into(),
        SERVFAIL => "SERVFAIL".into(),
        NOTIMP => "NOTIMP".into(),
        NXDOMAIN => "NXDOMAIN".into(),
        YXDOMAIN => "YXDOMAIN".into(),
        YXRRSET => "YXRRSET".into(),
        NXRRSET => "NXRRSET".into(),
        rcode => format!("response code {rcode}"),
    }
}
