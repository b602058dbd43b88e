//! Transaction signatures (RFC 8945): they prove who has sent a message, and that it is unchanged.

use ring::hmac;

use super::message::{Message, Record, TYPE_TSIG};
use super::name::Name;
use crate::model::secret::Secret;
use crate::text::base64;
use crate::text::quoted::quoted;
use crate::time::UnixSeconds;

/// How far the clocks of both sides may differ, in seconds (RFC 8945 section 10).
const FUDGE: u16 = 300;
const CLASS_ANY: u16 = 255;

/// Error codes of a TSIG record (RFC 8945 section 3).
const BADSIG: u16 = 16;
const BADKEY: u16 = 17;
const BADTIME: u16 = 18;
const BADTRUNC: u16 = 22;

/// A key that is shared with the server.
#[derive(Clone)]
pub struct TsigKey {
    name: Name,
    algorithm: Name,
    key: hmac::Key,
}

/// Why a response cannot be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The response is not signed with our key: any host may have sent it.
    Unsigned,
    /// The server does not know the key.
    Key,
    /// The server has another secret or another algorithm for the key.
    Signature,
    /// The clocks differ by more than five minutes.
    Time,
}

impl TsigKey {
    /// The key `name`, or `algorithm:name` as in nsupdate's `-y`, with its secret in base64.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the name or the secret, without the secret.
    pub fn parse(name: &str, secret: &Secret) -> Result<Self, String> {
        let (algorithm, name) = name.split_once(':').unwrap_or(("hmac-sha256", name));
        let hmac_algorithm = match algorithm.trim_end_matches('.').to_ascii_lowercase().as_str() {
            "hmac-sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            "hmac-sha256" => hmac::HMAC_SHA256,
            "hmac-sha384" => hmac::HMAC_SHA384,
            "hmac-sha512" => hmac::HMAC_SHA512,
            _ => {
                // hmac-md5 must not be used any more (RFC 8945 section 6), and ring does not have it.
                let supported = "hmac-sha256, hmac-sha384, hmac-sha512 and hmac-sha1";
                let given = quoted(algorithm);
                return Err(format!("the key algorithm {given} is none of {supported}"));
            }
        };
        let secret = base64::decode(secret.expose()).filter(|secret| !secret.is_empty());
        let secret = secret.ok_or("the secret of the key is not base64")?;
        Ok(Self {
            name: key_name(name)?,
            algorithm: key_name(&algorithm.to_ascii_lowercase())?,
            key: hmac::Key::new(hmac_algorithm, &secret),
        })
    }

    /// The wire form of `message` with a signature made at `now`, and that signature alone, which
    /// [`TsigKey::verify`] needs. Adds the signature to `message`.
    ///
    /// # Errors
    /// As [`Message::encode`].
    pub fn sign(
        &self,
        message: &mut Message,
        now: UnixSeconds,
    ) -> Result<(Vec<u8>, Vec<u8>), &'static str> {
        let unsigned = message.encode()?;
        let variables = self.variables(&time(now), FUDGE, 0, &[]);
        let mac = hmac::sign(&self.key, &[&unsigned[..], &variables].concat());
        // The message is encoded again with the record, which also counts it in the header.
        message.additionals.push(self.record(mac.as_ref(), now, message.id));
        Ok((message.encode()?, mac.as_ref().to_vec()))
    }

    /// The response in `wire` without its signature, if the server has signed it. `request` is the
    /// signature of the request.
    ///
    /// # Errors
    /// Why the response cannot be trusted. A server that rejects our signature reports that in an
    /// unsigned response (RFC 8945 section 5.2).
    pub fn verify(
        &self,
        wire: &[u8],
        request: &[u8],
        now: UnixSeconds,
    ) -> Result<Message, Problem> {
        let (stripped, record) = Message::split_last(wire).ok_or(Problem::Unsigned)?;
        let tsig = Tsig::read(&record).ok_or(Problem::Unsigned)?;
        // Before the signature is checked: a response with these errors has none.
        match tsig.error {
            BADKEY => return Err(Problem::Key),
            BADSIG | BADTRUNC => return Err(Problem::Signature),
            _ => {}
        }
        // A response that is signed with another key may be from anybody who has that key.
        if record.name != self.name || tsig.algorithm != self.algorithm {
            return Err(Problem::Unsigned);
        }
        // A response is signed together with the signature of its request (RFC 8945 section 5.3), so
        // that a recorded response to another request is not accepted.
        let length = u16::try_from(request.len()).unwrap_or_default().to_be_bytes();
        // A forwarder may have changed the id of the message. The original one was signed.
        let original = [&tsig.original_id[..], stripped.get(2..).unwrap_or_default()].concat();
        let variables = self.variables(tsig.time, tsig.fudge, tsig.error, tsig.other);
        let signed = [&length[..], request, &original, &variables].concat();
        hmac::verify(&self.key, &signed, tsig.mac).map_err(|_| Problem::Unsigned)?;
        let theirs = tsig.time.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
        // After the signature, because only a signed time can be trusted.
        if tsig.error == BADTIME || theirs.abs_diff(now) > u64::from(tsig.fudge) {
            return Err(Problem::Time);
        }
        Message::decode(&stripped).map_err(|_| Problem::Unsigned)
    }

    /// Signs a response as a server does.
    #[cfg(test)]
    pub(crate) fn sign_response(
        &self,
        message: &Message,
        request: &[u8],
        now: UnixSeconds,
    ) -> Vec<u8> {
        let length = u16::try_from(request.len()).unwrap().to_be_bytes();
        let variables = self.variables(&time(now), FUDGE, 0, &[]);
        let unsigned = message.encode().unwrap();
        let mac = hmac::sign(&self.key, &[&length[..], request, &unsigned, &variables].concat());
        let mut signed = message.clone();
        signed.additionals.push(self.record(mac.as_ref(), now, message.id));
        signed.encode().unwrap()
    }

    /// The TSIG variables, which are signed with the message (RFC 8945 section 4.3.3).
    fn variables(&self, time: &[u8], fudge: u16, error: u16, other: &[u8]) -> Vec<u8> {
        let other_length = u16::try_from(other.len()).unwrap_or_default();
        [
            self.name.wire(),
            &CLASS_ANY.to_be_bytes(),
            &[0; 4],
            self.algorithm.wire(),
            time,
            &fudge.to_be_bytes(),
            &error.to_be_bytes(),
            &other_length.to_be_bytes(),
            other,
        ]
        .concat()
    }

    fn record(&self, mac: &[u8], now: UnixSeconds, id: u16) -> Record {
        let rdata = [
            self.algorithm.wire(),
            &time(now),
            &FUDGE.to_be_bytes(),
            &u16::try_from(mac.len()).unwrap_or_default().to_be_bytes(),
            mac,
            &id.to_be_bytes(),
            &[0; 4],
        ]
        .concat();
        Record { name: self.name.clone(), kind: TYPE_TSIG, class: CLASS_ANY, ttl: 0, rdata }
    }
}

fn key_name(text: &str) -> Result<Name, String> {
    Name::parse(text).map_err(|why| format!("{} cannot be the name of a key: {why}", quoted(text)))
}

/// The time as TSIG writes it: the lower 48 bits.
fn time(now: UnixSeconds) -> [u8; 6] {
    let [_, _, rest @ ..] = now.to_be_bytes();
    rest
}

/// The data of a TSIG record (RFC 8945 section 4.2).
struct Tsig<'a> {
    algorithm: Name,
    time: &'a [u8],
    fudge: u16,
    mac: &'a [u8],
    original_id: [u8; 2],
    error: u16,
    other: &'a [u8],
}

impl<'a> Tsig<'a> {
    fn read(record: &'a Record) -> Option<Self> {
        if record.kind != TYPE_TSIG {
            return None;
        }
        let (algorithm, end) = Name::read(&record.rdata, 0)?;
        let rest = record.rdata.get(end..)?;
        let (time, rest) = rest.split_at_checked(6)?;
        let (fudge, rest) = number(rest)?;
        let (length, rest) = number(rest)?;
        let (mac, rest) = rest.split_at_checked(length.into())?;
        let (original_id, rest) = number(rest)?;
        let (error, rest) = number(rest)?;
        let (length, rest) = number(rest)?;
        let other = rest.get(..length.into())?;
        let original_id = original_id.to_be_bytes();
        Some(Self { algorithm, time, fudge, mac, original_id, error, other })
    }
}

fn number(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u16::from_be_bytes(*number), rest))
}
