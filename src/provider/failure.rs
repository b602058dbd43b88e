//! Why a request got no answer.

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind, for the planner.
    pub kind: FailureKind,
    /// Whether the request may have reached the provider, so that nobody knows what it did.
    pub sent: bool,
    /// A sentence for the log, without secrets.
    pub text: String,
}

impl Failure {
    /// Whether nothing left the router: no network, or no name server that answers.
    pub fn is_local(&self) -> bool {
        matches!(self.kind, FailureKind::NoNetwork | FailureKind::NotResolved)
    }

    /// A failure of what was asked.
    pub fn of_answer(text: String) -> Self {
        Self { kind: FailureKind::Other, sent: true, text }
    }
}

/// Kinds of transport failure that the planner treats differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// No route, no address to send from, device gone: the network is not there.
    NoNetwork,
    /// The certificate is not valid yet by our clock: the clock is behind.
    ClockBehind,
    /// The host name could not be resolved: the name server is not there, or not yet.
    NotResolved,
    /// Anything else: refused, timed out, TLS, protocol.
    Other,
}
