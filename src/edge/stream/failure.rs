//! Why there is no connection: errors of TCP and TLS as clauses for the router's owner.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "std, rustls and webpki have many errors, and a router owner can act on few of them"
)]

use std::fmt;
use std::io;

use nix::errno::Errno;
use rustls::pki_types::ServerName;
use rustls::{AlertDescription as Alert, CertificateError, Error, OtherError, PeerIncompatible};

use super::verify::ShortKey;
use crate::edge::system_error::{is_closing, system};
use crate::provider::{Failure, FailureKind};
use crate::text::quoted::quoted;
use crate::time::Duration;
use crate::time::duration::seconds;

/// An error of a TLS connection.
pub(crate) enum TlsError {
    /// The TCP connection failed.
    Tcp(io::Error),
    /// The server broke a rule of TLS, or did not prove who it is.
    Tls(rustls::Error),
    /// The host has a name that no certificate can be for.
    Name,
    /// There are no certificates to check servers with: a sentence.
    NoCertificates(String),
}

impl From<io::Error> for TlsError {
    fn from(error: io::Error) -> Self {
        Self::Tcp(error)
    }
}

impl From<rustls::Error> for TlsError {
    fn from(error: rustls::Error) -> Self {
        Self::Tls(error)
    }
}

impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> Self {
        match error {
            TlsError::Tcp(error) => error,
            TlsError::Tls(error) => Self::new(io::ErrorKind::InvalidData, text(&error)),
            TlsError::Name | TlsError::NoCertificates(_) => io::ErrorKind::InvalidInput.into(),
        }
    }
}

/// Most names of a certificate in a message. A certificate of a large host has a hundred.
const MAX_NAMES: usize = 3;

const TOO_OLD: &str = "the server does not speak TLS 1.2 or 1.3";
const NO_ALTERNATIVE_NAME: &str = "the certificate has no subjectAltName, so it is for no name; make \
     it again with -addext subjectAltName=DNS:NAME";

/// The connection to `who`, the host or the proxy, failed before the request was sent.
pub(crate) fn unsent(who: impl fmt::Display, error: &io::Error) -> Failure {
    let text = match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".into(),
        _ if is_closing(error) => "the connection was closed".into(),
        _ => system(error),
    };
    Failure { kind: kind(error), sent: false, text: format!("{who}: {text}") }
}

/// The TLS handshake with `host` failed, for which it had the time `limit`.
pub(crate) fn handshake(error: &TlsError, host: &str, limit: Duration) -> Failure {
    let (kind, text) = match error {
        TlsError::Tls(error) => (kind_of_tls(error), text(error)),
        TlsError::Name => (FailureKind::Other, "that is not a name that TLS can check".into()),
        TlsError::NoCertificates(text) => {
            return Failure { kind: FailureKind::Other, sent: false, text: text.clone() };
        }
        TlsError::Tcp(error) => match error.kind() {
            io::ErrorKind::TimedOut => {
                (FailureKind::Other, format!("no TLS handshake within {}", seconds(limit)))
            }
            io::ErrorKind::UnexpectedEof => {
                let text = "the connection was closed during the TLS handshake";
                (FailureKind::Other, text.to_owned())
            }
            _ => return unsent(host, error),
        },
    };
    Failure { kind, sent: false, text: format!("{host}: {text}") }
}

/// The kind of a failure: whether this system lost its network.
pub(crate) fn kind(error: &io::Error) -> FailureKind {
    const NO_NETWORK: [Errno; 6] = [
        Errno::ENETUNREACH,
        Errno::EHOSTUNREACH,
        Errno::EADDRNOTAVAIL,
        Errno::ENODEV,
        Errno::ENETDOWN,
        // The kernel has no IPv6.
        Errno::EAFNOSUPPORT,
    ];
    match error.raw_os_error().map(Errno::from_raw) {
        Some(code) if NO_NETWORK.contains(&code) => FailureKind::NoNetwork,
        _ => FailureKind::Other,
    }
}

/// The kind of an error of TLS: whether the clock is the cause.
fn kind_of_tls(error: &Error) -> FailureKind {
    match error {
        // A router without a battery starts in the past. The request is sent again when the clock is set.
        Error::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        ) => FailureKind::ClockBehind,
        _ => FailureKind::Other,
    }
}

/// The cause of `error`, for the owner.
pub(super) fn text(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(CertificateError::NotValidForNameContext {
            expected,
            presented,
        }) => other_names(expected, presented),
        other => plain_text(other).into(),
    }
}

/// The cause of an error that can be told without names.
fn plain_text(error: &Error) -> &'static str {
    match error {
        Error::InvalidCertificate(CertificateError::Other(OtherError(other))) => {
            match other.downcast_ref() {
                Some(error) => chain(error),
                None if other.is::<ShortKey>() => {
                    "the RSA key of the certificate is shorter than 2048 bits"
                }
                None => "the certificate is not acceptable",
            }
        }
        Error::InvalidCertificate(bad) => certificate(bad),
        Error::AlertReceived(alert) => refusal(*alert),
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => TOO_OLD,
        Error::PeerIncompatible(_) => "the server's TLS is not compatible",
        Error::InvalidMessage(_) => "the server does not speak TLS on this port",
        Error::NoCertificatesPresented => "the server shows no certificate",
        _ => "TLS failed",
    }
}

/// The text for a certificate that is for `names` and not for `wanted`, the host of the request.
fn other_names(wanted: &ServerName<'_>, names: &[String]) -> String {
    let mut shown = Vec::new();
    for name in names {
        shown.extend(plain_name(name));
    }
    if shown.is_empty() {
        return NO_ALTERNATIVE_NAME.into();
    }
    if shown.len() > MAX_NAMES {
        shown.truncate(MAX_NAMES);
        shown.push("others".into());
    }
    let names = shown.join(", ");
    if let ServerName::IpAddress(_) = wanted {
        return format!(
            "the certificate is not for this address: it is for {names}; name the server so"
        );
    }
    format!("the certificate is for another name: it is for {names}")
}

/// The name in the form of webpki, such as `DnsName("www.example.com")`.
fn plain_name(name: &str) -> Option<String> {
    let name = name.strip_prefix("DnsName(").or_else(|| name.strip_prefix("IpAddress("))?;
    let name = quoted(name.trim_end_matches(')').trim_matches('"'));
    Some(name.to_string().trim_matches('"').to_owned())
}

fn certificate(bad: &CertificateError) -> &'static str {
    use CertificateError as Bad;
    match bad {
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
            "the certificate is not valid yet: is the clock of this router right?"
        }
        Bad::Expired | Bad::ExpiredContext { .. } => "the certificate has expired",
        Bad::UnknownIssuer => {
            "the certificate is not trusted (self-signed, or its authority is not in the bundle); \
             option 'cacert' can name a file with it"
        }
        Bad::Revoked => "the certificate has been revoked",
        Bad::BadSignature => {
            "the signature of the certificate does not verify: 'cacert' may hold another certificate \
             of the same name, such as the one before"
        }
        Bad::UnsupportedSignatureAlgorithmContext { .. }
        | Bad::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "the certificate is signed in a way that is not supported; supported are SHA-256 or \
             stronger with RSA of 2048 bits or more, P-256 or P-384"
        }
        Bad::InvalidPurpose | Bad::InvalidPurposeContext { .. } => {
            "the certificate is not for servers (extendedKeyUsage without serverAuth)"
        }
        Bad::BadEncoding => "the certificate is malformed",
        _ => "the certificate is not acceptable",
    }
}

/// The text for an error of webpki that rustls has no variant for.
fn chain(error: &webpki::Error) -> &'static str {
    match error {
        webpki::Error::CaUsedAsEndEntity => {
            "the certificate is marked as an authority (CA:TRUE) and used as the server's own; name \
             its file in 'cacert', or reissue it with CA:FALSE"
        }
        webpki::Error::EndEntityUsedAsCa => {
            "the issuer of the certificate is not an authority (CA:FALSE)"
        }
        webpki::Error::NameConstraintViolation => {
            "the authority of the certificate may not sign for this name (name constraints)"
        }
        webpki::Error::PathLenConstraintViolated => {
            "the certificate has more authorities above it than they allow (pathlen)"
        }
        webpki::Error::UnsupportedCriticalExtension => {
            "the certificate has an extension that is critical and not known here"
        }
        // A certificate of version 1 has no extensions, so no subjectAltName.
        webpki::Error::UnsupportedCertVersion => NO_ALTERNATIVE_NAME,
        _ => "the certificate is not acceptable",
    }
}

/// The text for an alert with which the server ended the handshake.
fn refusal(alert: Alert) -> &'static str {
    match alert {
        Alert::ProtocolVersion => TOO_OLD,
        Alert::HandshakeFailure | Alert::InsufficientSecurity => {
            "the server refuses the TLS handshake: it may know nothing newer than TLS 1.1, want a \
             certificate of its client, or have a key that is not supported (supported are RSA, \
             P-256 and P-384)"
        }
        Alert::UnrecognisedName => {
            "the server refuses the TLS handshake: it does not know this name"
        }
        Alert::CertificateRequired => "the server wants a certificate of its client",
        _ => "the server refuses the TLS handshake",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_for_other_names_is_reported_with_these_names() {
        let start = "the certificate is for another name: it is for ";
        for (names, rest) in [
            (&["DnsName(\"*.example.com\")"][..], "*.example.com"),
            (&["IpAddress(192.0.2.1)", "Unsupported(0x01)"], "192.0.2.1"),
            (&["DnsName(\"a\u{1b}[31m\")"], "a\\u{1b}[31m"),
            (
                &["DnsName(\"a\")", "DnsName(\"b\")", "DnsName(\"c\")", "DnsName(\"d\")"],
                "a, b, c, others",
            ),
        ] {
            assert_eq!(text_for("host.example", names), format!("{start}{rest}"));
        }
        let address = "the certificate is not for this address: it is for a; name the server so";
        assert_eq!(text_for("192.0.2.1", &["DnsName(\"a\")"]), address);
        assert!(text_for("host.example", &["Unsupported(0x01)"]).contains("no subjectAltName"));
        assert!(text_for("host.example", &[]).contains("no subjectAltName"));
    }

    #[test]
    fn a_server_with_old_tls_is_named_as_such() {
        use PeerIncompatible as Peer;
        for error in [
            Error::AlertReceived(Alert::ProtocolVersion),
            Error::PeerIncompatible(Peer::ServerDoesNotSupportTls12Or13),
            Error::PeerIncompatible(Peer::ServerTlsVersionIsDisabledByOurConfig),
        ] {
            assert_eq!(text(&error), "the server does not speak TLS 1.2 or 1.3", "{error:?}");
        }
        let refused = text(&Error::AlertReceived(Alert::HandshakeFailure));
        assert!(refused.contains("nothing newer than TLS 1.1"), "{refused}");
    }

    fn text_for(wanted: &str, names: &[&str]) -> String {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        other_names(&ServerName::try_from(wanted).unwrap(), &names)
    }
}
