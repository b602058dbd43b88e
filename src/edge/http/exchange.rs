//! Sends one request on a connection and reads its answer. ureq-proto encodes and parses HTTP/1.1; this
//! file moves the bytes, each stage with a deadline.

use std::io;

use ureq::http::{HeaderMap, Response};
use ureq_proto::client::state::{RecvBody, RecvResponse, SendRequest};
use ureq_proto::client::{Call, RecvBodyResult, RecvResponseResult, SendRequestResult};
use ureq_proto::{BodyMode, Error};

use super::call::HttpCall;
use super::head::Head;
use super::{HEADER_LIMIT, request};
use crate::edge::stream::{Deadline, Stream};
use crate::edge::system_error::is_closing;
use crate::time::Duration;

/// Size of the buffers for encoding and parsing. The longest line of a request, which has the URL, must
/// fit.
const BUFFER: usize = 2 * HEADER_LIMIT;

/// Why there is no complete answer.
pub(super) enum ExchangeError {
    /// The head of the answer did not arrive within this time.
    NoAnswer(Duration),
    /// The server closed the connection before the first byte of the answer.
    Closed,
    /// The connection was lost before the end of the answer's head.
    Lost(io::Error),
    /// The head of the answer is longer than [`HEADER_LIMIT`], or what belongs to neither head nor content.
    LongHead,
    /// The answer is not HTTP.
    NotHttp,
    /// The body did not end before the deadline.
    NoEnd,
    /// The connection was lost within the body.
    CutOff(io::Error),
}

/// An answer whose head has been read.
pub(super) struct HttpReply<'a> {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    connection: HttpConnection<'a>,
    /// The state for reading the body; `None` if there is no body, or if it was read.
    body: Option<Call<RecvBody>>,
    /// Whether the answer has been read to its end and leaves the connection open (RFC 9112 section 9.3).
    reusable: bool,
}

/// Sends a request on `stream`, and reads the head of the answer. The answer is on the heap, because the state
/// of ureq-proto is large.
///
/// # Errors
/// Why there is no head.
pub(super) fn exchange(
    stream: Stream,
    call: &HttpCall,
    request: Box<Encoded>,
) -> Result<Box<HttpReply<'_>>, ExchangeError> {
    let mut connection = HttpConnection {
        stream,
        call,
        input: Vec::new(),
        without_content: 0,
        head: Head::default(),
        answered: false,
    };
    connection.send(&request.bytes)?;
    let (response, after_head) = connection.receive_head(request.protocol)?;
    let (head, ()) = response.into_parts();
    let (body, reusable) = match after_head {
        Some(RecvResponseResult::RecvBody(body)) => (Some(body), false),
        Some(RecvResponseResult::Cleanup(end)) => (None, !end.must_close_connection()),
        // The body of a redirect is not read, so the connection cannot carry another request.
        Some(RecvResponseResult::Redirect(_)) | None => (None, false),
    };
    Ok(Box::new(HttpReply {
        status: head.status.as_u16(),
        headers: head.headers,
        connection,
        body,
        reusable,
    }))
}

impl HttpReply<'_> {
    /// Reads the body to its end, or until it is longer than `limit` bytes.
    ///
    /// # Errors
    /// Why the body did not end.
    #[inline(never)] // so that its variables do not widen the frame of its caller
    pub(super) fn read_body(&mut self, limit: usize) -> Result<Vec<u8>, ExchangeError> {
        let mut read = Vec::new();
        let Some(mut protocol) = self.body.take() else {
            return Ok(read);
        };
        let ends_with_connection = protocol.body_mode() == BodyMode::CloseDelimited;
        let mut buffer = vec![0; BUFFER];
        while read.len() <= limit && (ends_with_connection || !protocol.can_proceed()) {
            let (used, written) = protocol
                .read(&self.connection.input, &mut buffer)
                .map_err(|_| ExchangeError::NotHttp)?;
            self.connection.consume(used, written)?;
            read.extend_from_slice(buffer.get(..written).unwrap_or_default());
            if used > 0 || written > 0 {
                continue;
            }
            match self.connection.receive(self.connection.call.deadline) {
                Ok(0) if ends_with_connection || protocol.is_ended_chunked() => break,
                Ok(0) => return Err(ExchangeError::CutOff(io::ErrorKind::UnexpectedEof.into())),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    return Err(ExchangeError::NoEnd);
                }
                Err(error) => return Err(ExchangeError::CutOff(error)),
            }
        }
        if let Some(RecvBodyResult::Cleanup(end)) = protocol.proceed() {
            self.reusable = !end.must_close_connection();
        }
        Ok(read)
    }

    /// The connection, if it can carry another request.
    pub(super) fn into_stream(self: Box<Self>) -> Option<Stream> {
        // Further bytes cannot belong to an answer, because no request is open.
        if self.reusable && self.connection.input.is_empty() {
            return Some(self.connection.stream);
        }
        None
    }
}

/// A request that can be sent.
pub(super) struct Encoded {
    /// Head and body together.
    pub(super) bytes: Vec<u8>,
    /// The state for reading the answer.
    protocol: Call<RecvResponse>,
}

/// Encodes `message` with `body`. `origin` is inserted before the path of the request line, because a
/// proxy needs the whole URL there (RFC 9112 section 3.2.2). The result is on the heap, because the state of
/// ureq-proto is large.
///
/// # Errors
/// If it cannot be a request of HTTP.
pub(super) fn encode(
    message: Call<SendRequest>,
    body: &[u8],
    origin: &str,
) -> Result<Box<Encoded>, &'static str> {
    try_encode(message, body, origin).map_err(|_| request::REFUSED)
}

fn try_encode(
    mut message: Call<SendRequest>,
    body: &[u8],
    origin: &str,
) -> Result<Box<Encoded>, Error> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; BUFFER];
    // One call writes as many whole lines as fit into the buffer.
    while !message.can_proceed() {
        let written = message.write(&mut buffer)?;
        bytes.extend_from_slice(buffer.get(..written).unwrap_or_default());
    }
    // The first '/' begins the path: ureq-proto got only path and query, and no method has a '/'.
    let path = bytes.iter().position(|&byte| byte == b'/').unwrap_or_default();
    let (method, rest) = bytes.split_at(path);
    bytes = [method, origin.as_bytes(), rest].concat();
    match message.proceed()? {
        Some(SendRequestResult::RecvResponse(protocol)) => {
            Ok(Box::new(Encoded { bytes, protocol }))
        }
        Some(SendRequestResult::SendBody(mut protocol)) => {
            bytes.extend_from_slice(body);
            protocol.consume_direct_write(body.len())?;
            let protocol = protocol.proceed().ok_or(Error::BodyIsChunked)?;
            Ok(Box::new(Encoded { bytes, protocol }))
        }
        // Requests have no header Expect, so no 100 (Continue) is waited for.
        Some(SendRequestResult::Await100(_)) | None => Err(Error::BodyNotAllowed),
    }
}

/// The connection of one request.
struct HttpConnection<'a> {
    stream: Stream,
    call: &'a HttpCall,
    /// Bytes that were received and not parsed yet.
    input: Vec<u8>,
    /// How many bytes were parsed since the last content.
    without_content: usize,
    head: Head,
    /// Whether the server has sent anything since the request.
    answered: bool,
}

impl HttpConnection<'_> {
    fn send(&mut self, request: &[u8]) -> Result<(), ExchangeError> {
        self.stream.set_deadline(self.call.deadline);
        // It is noted before writing: after an error, a part of the request may have left.
        self.call.set_sent();
        match self.stream.write_all(request) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                Err(ExchangeError::NoAnswer(self.call.limits.total))
            }
            Err(error) => Err(self.lost(error)),
            Ok(()) => Ok(()),
        }
    }

    /// Why the head of the answer is missing, after this error of the connection.
    fn lost(&self, error: io::Error) -> ExchangeError {
        if is_closing(&error) && !self.answered {
            return ExchangeError::Closed;
        }
        ExchangeError::Lost(error)
    }

    #[inline(never)] // so that its variables do not widen the frame of its caller
    fn receive_head(
        &mut self,
        mut protocol: Call<RecvResponse>,
    ) -> Result<(Response<()>, Option<RecvResponseResult>), ExchangeError> {
        let until = self.call.stage(self.call.limits.first_byte);
        loop {
            let parsed = protocol.try_response(&self.input, false);
            let (used, response) = parsed.map_err(|_| ExchangeError::NotHttp)?;
            if let Some(response) = response {
                self.input.drain(..used);
                return Ok((response, protocol.proceed()));
            }
            self.consume(used, 0)?;
            if used > 0 {
                // This was an interim answer (1xx). The final one follows.
                continue;
            }
            match self.receive(until) {
                Ok(0) => return Err(self.lost(io::ErrorKind::UnexpectedEof.into())),
                Ok(_) => self.answered = true,
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    return Err(ExchangeError::NoAnswer(self.limit_of(until)));
                }
                Err(error) => return Err(self.lost(error)),
            }
        }
    }

    /// Removes `used` bytes from the input, which gave `written` bytes of the body.
    ///
    /// # Errors
    /// The server sends more than [`HEADER_LIMIT`] bytes without content. Interim answers, the line of a
    /// chunk's size and trailers may go on without end, and parsing them takes all of the processor's time.
    fn consume(&mut self, used: usize, written: usize) -> Result<(), ExchangeError> {
        self.input.drain(..used);
        self.without_content = if written > 0 { 0 } else { self.without_content + used };
        let unparsed = if used == 0 && written == 0 { self.input.len() } else { 0 };
        if self.without_content > HEADER_LIMIT || unparsed > HEADER_LIMIT {
            return Err(ExchangeError::LongHead);
        }
        Ok(())
    }

    /// The limit that ends at `until`, for the message.
    fn limit_of(&self, until: Deadline) -> Duration {
        if until == self.call.deadline {
            return self.call.limits.total;
        }
        self.call.limits.first_byte
    }

    /// Appends what the server sends next to the input. Returns the number of bytes; 0 at the end of the
    /// connection.
    fn receive(&mut self, until: Deadline) -> io::Result<usize> {
        self.stream.set_deadline(until);
        let begin = self.input.len();
        self.input.resize(begin + HEADER_LIMIT, 0);
        let read = self.stream.read(self.input.get_mut(begin..).unwrap_or_default());
        self.input.truncate(begin + read.as_ref().map_or(0, |amount| *amount));
        self.head.normalize(self.input.get_mut(begin..).unwrap_or_default());
        read
    }
}
