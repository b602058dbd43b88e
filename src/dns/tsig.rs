//! Transaction signatures (RFC 8945): who sends a message, and that nobody changed it.

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

/// A key that both sides know.
#[derive(Clone)]
pub struct Key {
    name: Name,
    algorithm: Name,
    key: hmac::Key,
}

/// What is wrong with the signature of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The server did not sign, or not with our key: anybody may have sent it.
    Unsigned,
    /// The server does not know the key.
    Key,
    /// The server knows another secret for the key, or the algorithm is another one.
    Signature,
    /// The clocks differ by more than five minutes.
    Time,
}

impl Key {
    /// The key `name`, or `algorithm:name` as nsupdate's `-y` has it, with its secret in base64.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it, without the secret.
    pub fn parse(name: &str, secret: &Secret) -> Result<Self, String> {
        let (algorithm, name) = name.split_once(':').unwrap_or(("hmac-sha256", name));
        let kind = match algorithm.trim_end_matches('.').to_ascii_lowercase().as_str() {
            "hmac-sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            "hmac-sha256" => hmac::HMAC_SHA256,
            "hmac-sha384" => hmac::HMAC_SHA384,
            "hmac-sha512" => hmac::HMAC_SHA512,
            _ => {
                let known = "hmac-sha256, hmac-sha384, hmac-sha512 and hmac-sha1";
                return Err(format!("the key algorithm {} is none of {known}", quoted(algorithm)));
            }
        };
        let secret = base64::decode(secret.expose()).filter(|secret| !secret.is_empty());
        let secret = secret.ok_or("the secret of the key is not base64")?;
        let named = |text: &str| {
            Name::parse(text)
                .map_err(|why| format!("{} cannot be the name of a key: {why}", quoted(text)))
        };
        Ok(Self {
            name: named(name)?,
            algorithm: named(&algorithm.to_ascii_lowercase())?,
            key: hmac::Key::new(kind, &secret),
        })
    }

    /// The wire form of `message` with a signature as of `now`, and the signature.
    ///
    /// # Errors
    /// As [`Message::encode`].
    pub fn sign(
        &self,
        message: &Message,
        now: UnixSeconds,
    ) -> Result<(Vec<u8>, Vec<u8>), &'static str> {
        let unsigned = message.encode()?;
        let variables = self.variables(&time(now), FUDGE, 0, &[]);
        let mac = hmac::sign(&self.key, &[&unsigned[..], &variables].concat());
        let mut signed = message.clone();
        signed.additionals.push(self.record(mac.as_ref(), now, message.id));
        Ok((signed.encode()?, mac.as_ref().to_vec()))
    }

    /// The response `wire` to a request with the signature `request`, if the server signed it.
    ///
    /// # Errors
    /// What is wrong with the signature. An error of the server's about ours comes without one.
    pub fn verify(
        &self,
        wire: &[u8],
        request: &[u8],
        now: UnixSeconds,
    ) -> Result<Message, Problem> {
        let (stripped, record) = Message::split_last(wire).ok_or(Problem::Unsigned)?;
        let tsig = Tsig::read(&record).ok_or(Problem::Unsigned)?;
        match tsig.error {
            BADKEY => return Err(Problem::Key),
            BADSIG | BADTRUNC => return Err(Problem::Signature),
            _ => {}
        }
        if record.name != self.name || tsig.algorithm != self.algorithm {
            return Err(Problem::Unsigned);
        }
        let length = u16::try_from(request.len()).unwrap_or_default().to_be_bytes();
        let original = [&tsig.original_id[..], stripped.get(2..).unwrap_or_default()].concat();
        let variables = self.variables(tsig.time, tsig.fudge, tsig.error, tsig.other);
        let signed = [&length[..], request, &original, &variables].concat();
        hmac::verify(&self.key, &signed, tsig.mac).map_err(|_| Problem::Unsigned)?;
        let theirs = tsig.time.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
        if tsig.error == BADTIME || theirs.abs_diff(now) > u64::from(tsig.fudge) {
            return Err(Problem::Time);
        }
        Message::decode(&stripped).map_err(|_| Problem::Unsigned)
    }

    /// A response with the signature that a server gives it.
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

    /// What is signed beside the message (RFC 8945 section 4.3.3).
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

/// The lower 48 bits.
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
        let (algorithm, at) = Name::read(&record.rdata, 0).filter(|_| record.kind == TYPE_TSIG)?;
        let rest = record.rdata.get(at..)?;
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
