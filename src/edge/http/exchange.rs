//! One request and its answer on a connection. ureq-proto writes and reads HTTP/1.1; this carries the
//! bytes, each stage under its deadline.

use std::io;
use std::time::Duration;

use ureq::http::{HeaderMap, Request, Response, header};
use ureq_proto::client::state::{RecvBody, RecvResponse};
use ureq_proto::client::{Call as Protocol, RecvResponseResult, SendRequestResult};
use ureq_proto::{BodyMode, Error};

use super::HEADER_LIMIT;
use super::call::{Call, Deadline};
use super::head::Head;
use super::wire::Stream;

/// Room for the longest line of a request, which is that of the URL, and for what is read at once.
const BUFFER: usize = 2 * HEADER_LIMIT;

/// Why there is no whole answer.
pub(super) enum Broken {
    /// The request holds something that HTTP cannot carry. Nothing was sent.
    Unsendable,
    /// The head of the answer did not come within this time.
    NoAnswer(Duration),
    /// The connection was lost before the head of the answer had come.
    Lost(io::Error),
    /// The head of the answer is longer than [`HEADER_LIMIT`].
    LongHead,
    /// What came is not HTTP.
    NotHttp,
    /// The body did not end before the call's deadline.
    NoEnd,
    /// The connection was lost within the body.
    CutOff(io::Error),
}

/// An answer whose head has been read.
pub(super) struct Reply<'a> {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    carrier: Carrier<'a>,
    /// `None` if there is no body.
    body: Option<Protocol<RecvBody>>,
}

/// Sends `message` with `body` on `stream`, and reads the head of the answer. `origin` goes before the
/// path of the request line: a proxy wants the whole URL (RFC 9112 section 3.2.2).
///
/// # Errors
/// Why there is no head.
pub(super) fn exchange<'a>(
    stream: Stream,
    call: &'a Call,
    message: Request<()>,
    body: Option<&[u8]>,
    origin: Option<&str>,
) -> Result<Reply<'a>, Broken> {
    let (mut request, protocol) = encode(message, body).map_err(|_| Broken::Unsendable)?;
    if let Some(origin) = origin {
        request = insert_origin(&request, origin);
    }
    let mut carrier = Carrier { stream, call, input: Vec::new(), head: Head::default() };
    carrier.send(&request)?;
    let (response, body) = carrier.receive_head(protocol)?;
    let (head, ()) = response.into_parts();
    Ok(Reply { status: head.status.as_u16(), headers: head.headers, carrier, body })
}

impl Reply<'_> {
    /// Reads the body, but not much more of it than `limit` bytes.
    ///
    /// # Errors
    /// Why it did not come to its end.
    pub(super) fn read_body(&mut self, limit: usize) -> Result<Vec<u8>, Broken> {
        let mut read = Vec::new();
        let Some(mut protocol) = self.body.take() else {
            return Ok(read);
        };
        let ends_with_connection = protocol.body_mode() == BodyMode::CloseDelimited;
        let mut buffer = vec![0; BUFFER];
        while read.len() <= limit && (ends_with_connection || !protocol.can_proceed()) {
            let (used, made) =
                protocol.read(&self.carrier.input, &mut buffer).map_err(|_| Broken::NotHttp)?;
            self.carrier.input.drain(..used);
            read.extend_from_slice(buffer.get(..made).unwrap_or_default());
            if used > 0 || made > 0 {
                continue;
            }
            let amount = self.carrier.receive(self.carrier.call.deadline);
            match amount {
                Ok(0) if ends_with_connection || protocol.is_ended_chunked() => break,
                Ok(0) => return Err(Broken::CutOff(io::ErrorKind::UnexpectedEof.into())),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => return Err(Broken::NoEnd),
                Err(error) => return Err(Broken::CutOff(error)),
            }
        }
        Ok(read)
    }
}

/// A request as it is sent, head and body in one piece.
fn encode(
    message: Request<()>,
    body: Option<&[u8]>,
) -> Result<(Vec<u8>, Protocol<RecvResponse>), Error> {
    let mut protocol = Protocol::new(message)?;
    if let Some(body) = body {
        protocol.header(header::CONTENT_LENGTH, body.len())?;
        protocol.force_send_body();
    }
    let mut protocol = protocol.proceed();
    let mut request = Vec::new();
    let mut buffer = vec![0; BUFFER];
    while !protocol.can_proceed() {
        let made = protocol.write(&mut buffer)?;
        request.extend_from_slice(buffer.get(..made).unwrap_or_default());
    }
    match protocol.proceed()? {
        Some(SendRequestResult::RecvResponse(protocol)) => Ok((request, protocol)),
        Some(SendRequestResult::SendBody(mut protocol)) => {
            let body = body.unwrap_or_default();
            request.extend_from_slice(body);
            protocol.consume_direct_write(body.len())?;
            protocol.proceed().map(|protocol| (request, protocol)).ok_or(Error::BodyIsChunked)
        }
        // No request of ours expects 100 (Continue).
        Some(SendRequestResult::Await100(_)) | None => Err(Error::BodyNotAllowed),
    }
}

/// The connection, and what came on it.
struct Carrier<'a> {
    stream: Stream,
    call: &'a Call,
    /// What came and has not been used.
    input: Vec<u8>,
    head: Head,
}

impl Carrier<'_> {
    fn send(&mut self, request: &[u8]) -> Result<(), Broken> {
        self.stream.set_deadline(self.call.deadline);
        self.call.set_sent();
        match self.stream.write_all(request) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                Err(Broken::NoAnswer(self.call.limits.total))
            }
            Err(error) => Err(Broken::Lost(error)),
            Ok(()) => Ok(()),
        }
    }

    fn receive_head(
        &mut self,
        mut protocol: Protocol<RecvResponse>,
    ) -> Result<(Response<()>, Option<Protocol<RecvBody>>), Broken> {
        let until = self.call.stage(self.call.limits.first_byte);
        loop {
            let found = protocol.try_response(&self.input, false);
            let (used, response) = found.map_err(|_| Broken::NotHttp)?;
            self.input.drain(..used);
            if let Some(response) = response {
                let body = match protocol.proceed() {
                    Some(RecvResponseResult::RecvBody(body)) => Some(body),
                    Some(RecvResponseResult::Redirect(_) | RecvResponseResult::Cleanup(_))
                    | None => None,
                };
                return Ok((response, body));
            }
            if used > 0 {
                // An answer that is not the last one (1xx).
                continue;
            }
            if self.input.len() > HEADER_LIMIT {
                return Err(Broken::LongHead);
            }
            match self.receive(until) {
                Ok(0) => return Err(Broken::Lost(io::ErrorKind::UnexpectedEof.into())),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    return Err(Broken::NoAnswer(self.limit_of(until)));
                }
                Err(error) => return Err(Broken::Lost(error)),
            }
        }
    }

    /// Which time is over at `until`.
    fn limit_of(&self, until: Deadline) -> Duration {
        if until == self.call.deadline {
            return self.call.limits.total;
        }
        self.call.limits.first_byte
    }

    /// Takes in what comes next; 0 at the end of the connection.
    fn receive(&mut self, until: Deadline) -> io::Result<usize> {
        self.stream.set_deadline(until);
        let begin = self.input.len();
        self.input.resize(begin + HEADER_LIMIT, 0);
        let read = self.stream.read(self.input.get_mut(begin..).unwrap_or_default());
        self.input.truncate(begin + read.as_ref().map_or(0, |amount| *amount));
        self.head.tidy(self.input.get_mut(begin..).unwrap_or_default());
        read
    }
}

/// `GET /path` becomes `GET http://host/path`.
fn insert_origin(request: &[u8], origin: &str) -> Vec<u8> {
    let after_method = request.iter().position(|&byte| byte == b' ');
    let (method, rest) = request.split_at(after_method.map_or(0, |space| space + 1));
    [method, origin.as_bytes(), rest].concat()
}
