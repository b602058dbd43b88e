//! Why there is no TLS with a server, as a sentence for a router owner. Pure.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the errors of rustls and webpki are long lists that grow; few of them mean something to \
              a router owner"
)]

use rustls::{AlertDescription as Alert, CertificateError, Error, OtherError, PeerIncompatible};

use super::verify::ShortKey;
use crate::provider::FailureKind;

/// Most names of a certificate that a message repeats.
const MAX_NAMES: usize = 3;

const TOO_OLD: &str = "the server does not speak TLS 1.2 or 1.3";
const NO_ALTERNATIVE_NAME: &str = "the certificate has no subjectAltName, so it is for no name; make \
     it again with -addext subjectAltName=DNS:NAME";

/// How the planner should see `error`.
pub(super) fn kind(error: &Error) -> FailureKind {
    match error {
        Error::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        ) => FailureKind::ClockBehind,
        _ => FailureKind::Other,
    }
}

/// What is wrong.
pub(super) fn text(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(CertificateError::NotValidForNameContext {
            presented, ..
        }) => for_others(presented),
        Error::InvalidCertificate(CertificateError::Other(OtherError(other))) => {
            match other.downcast_ref() {
                Some(error) => of_chain(error).into(),
                None if other.is::<ShortKey>() => {
                    "the RSA key of the certificate is shorter than 2048 bits".into()
                }
                None => "the certificate is not acceptable".into(),
            }
        }
        Error::InvalidCertificate(bad) => certificate(bad).into(),
        Error::AlertReceived(alert) => refusal(*alert).into(),
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => TOO_OLD.into(),
        Error::PeerIncompatible(_) => "the server's TLS is not compatible".into(),
        Error::InvalidMessage(_) => "the server does not speak TLS on this port".into(),
        Error::NoCertificatesPresented => "the server shows no certificate".into(),
        _ => "TLS failed".into(),
    }
}

/// The certificate is for `names` (as webpki writes them: `DnsName("www.example.com")`) and not for the
/// host that was asked.
fn for_others(names: &[String]) -> String {
    let inside = |name: &String| {
        let name = name.strip_prefix("DnsName(").or_else(|| name.strip_prefix("IpAddress("))?;
        Some(name.trim_end_matches(')').trim_matches('"').escape_default().to_string())
    };
    let mut names: Vec<String> = names.iter().filter_map(inside).collect();
    if names.is_empty() {
        return NO_ALTERNATIVE_NAME.into();
    }
    if names.len() > MAX_NAMES {
        names.truncate(MAX_NAMES);
        names.push("others".into());
    }
    format!("the certificate is for another name: it is for {}", names.join(", "))
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

/// What webpki finds that rustls has no name for.
fn of_chain(error: &webpki::Error) -> &'static str {
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
        // It knows no extensions.
        webpki::Error::UnsupportedCertVersion => NO_ALTERNATIVE_NAME,
        _ => "the certificate is not acceptable",
    }
}

/// Why the server ended the handshake.
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
    fn the_names_of_a_certificate_are_told() {
        let told = |names: &[&str]| {
            for_others(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
        };
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
            assert_eq!(told(names), format!("{start}{rest}"));
        }
        assert!(told(&["Unsupported(0x01)"]).contains("no subjectAltName"));
        assert!(told(&[]).contains("no subjectAltName"));
    }
}
