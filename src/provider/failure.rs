//! Failures of the transport: why a request got no answer.

/// Why a request got no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure it is.
    pub kind: FailureKind,
    /// Whether the request may have reached the provider, so that nobody knows whether it was carried out.
    pub sent: bool,
    /// A sentence for the log, without secrets.
    pub text: String,
}

impl Failure {
    /// Whether the request did not leave the router: no network, or no name server that answers.
    pub fn is_local(&self) -> bool {
        matches!(self.kind, FailureKind::NoNetwork | FailureKind::NotResolved)
    }

    /// A failure of the other side, after the request was sent.
    pub fn of_answer(text: String) -> Self {
        Self { kind: FailureKind::Other, sent: true, text }
    }
}

/// The kinds of failure that the engine treats differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// There is no network: no route, no address to send from, or the device is gone.
    NoNetwork,
    /// The router's clock is behind: by it, the server's certificate is not valid yet.
    ClockBehind,
    /// The host name could not be resolved, for example because the name server does not answer yet.
    NotResolved,
    /// A failure of requests that only read, so that the records are certainly as they were.
    NothingWritten,
    /// Any other failure: connection refused, timeout, TLS, protocol.
    Other,
}
