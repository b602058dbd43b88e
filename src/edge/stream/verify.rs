//! Verifies certificates of servers. A certificate must be signed by a trusted authority, or `cacert` must
//! name it itself.

use std::sync::Arc;

use ring::digest;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};
use webpki::EndEntityCert;

use super::suites::SIGNATURES;

/// The certificates that `cacert` names, by their SHA-256 sums. The certificates themselves would take
/// more memory and are only compared.
#[derive(Debug, Default)]
pub(super) struct Pins(Vec<Vec<u8>>);

impl Pins {
    /// Adds `certificate`, in DER.
    pub(super) fn add(&mut self, certificate: &[u8]) {
        self.0.push(sha256(certificate));
    }

    /// Whether `cacert` names no certificate.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn contain(&self, certificate: &[u8]) -> bool {
        !self.is_empty() && self.0.contains(&sha256(certificate))
    }
}

/// Whether `certificate` may sign others: it is marked as an authority (RFC 5280 section 4.2.1.9), or it
/// is of version 1, which has no such mark.
pub(super) fn is_authority(certificate: &[u8]) -> bool {
    /// The object identifier of basicConstraints, 2.5.29.19, in DER.
    const BASIC_CONSTRAINTS: &[u8] = &[0x06, 0x03, 0x55, 0x1d, 0x13];
    /// The flag of a critical extension, in DER.
    const CRITICAL: &[u8] = &[0x01, 0x01, 0xff];
    let Some(value) = bytes_after(certificate, BASIC_CONSTRAINTS) else {
        // webpki parses certificates of version 3 only.
        return EndEntityCert::try_from(&CertificateDer::from(certificate)).is_err();
    };
    let value = value.strip_prefix(CRITICAL).unwrap_or(value);
    // An octet string with a sequence whose first element is the flag CA:TRUE.
    matches!(value, [0x04, _, 0x30, _, 0x01, 0x01, 0xff, ..])
}

/// The bytes after the first `mark` in `bytes`.
fn bytes_after<'b>(bytes: &'b [u8], mark: &[u8]) -> Option<&'b [u8]> {
    let start = bytes.windows(mark.len()).position(|window| window == mark)?;
    bytes.get(start + mark.len()..)
}

fn sha256(certificate: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, certificate).as_ref().to_vec()
}

/// Accepts certificates that an authority of `roots` has signed, and those in `pins`. A certificate in
/// `pins` may be marked as an authority, as `openssl req -x509` marks the certificates it makes.
#[derive(Debug)]
pub(super) struct CheckedCertificates {
    pub(super) roots: RootCertStore,
    pub(super) pins: Pins,
}

impl ServerCertVerifier for CheckedCertificates {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let pinned = self.pins.contain(end_entity);
        let signed = verify_server_cert_signed_by_trust_anchor(
            &certificate,
            &self.roots,
            // Further certificates of the server are not needed for a pinned one, and may be invalid.
            if pinned { &[] } else { intermediates },
            now,
            SIGNATURES.all,
        );
        if let Err(error) = signed
            && !(pinned && is_about_signer(&error))
        {
            return Err(or_short_key(error, end_entity));
        }
        if let Err(error) = verify_server_name(&certificate, server_name)
            && !(pinned && is_common_name(&error, end_entity, server_name))
        {
            return Err(error);
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &SIGNATURES)
            .map_err(|error| or_short_key(error, certificate))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &SIGNATURES)
            .map_err(|error| or_short_key(error, certificate))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        SIGNATURES.supported_schemes()
    }
}

/// Whether a certificate was refused because of its signer, or because it is marked as an authority.
/// webpki checks the dates before, so a pinned certificate must still be valid.
fn is_about_signer(error: &Error) -> bool {
    use CertificateError as Bad;
    let Error::InvalidCertificate(bad) = error else {
        return false;
    };
    if let Bad::Other(OtherError(other)) = bad {
        return matches!(other.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity));
    }
    matches!(
        bad,
        Bad::UnknownIssuer
            | Bad::BadSignature
            | Bad::UnsupportedSignatureAlgorithmContext { .. }
            | Bad::UnsupportedSignatureAlgorithmForPublicKeyContext { .. }
    )
}

/// Whether `certificate` has no subjectAltName and its common name is `name`. Public authorities make no
/// such certificates any more (RFC 9525 section 6.3), but `openssl req` does.
fn is_common_name(error: &Error, certificate: &CertificateDer<'_>, name: &ServerName<'_>) -> bool {
    let no_names = matches!(error, Error::InvalidCertificate(
        CertificateError::NotValidForNameContext { presented, .. }
    ) if presented.is_empty());
    let Ok(certificate) = EndEntityCert::try_from(certificate) else {
        return false;
    };
    let common = common_name(certificate.subject()).unwrap_or_default();
    no_names && common.eq_ignore_ascii_case(name.to_str().as_bytes())
}

/// The first common name in a subject (RFC 5280 section 4.1.2.4, in DER).
fn common_name(subject: &[u8]) -> Option<&[u8]> {
    /// The object identifier of commonName, 2.5.4.3, in DER.
    const COMMON_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x04, 0x03];
    // The type of the string, its length in one byte, since host names have less than 128 characters, and
    // the string.
    let [_string_type, length, text @ ..] = bytes_after(subject, COMMON_NAME)? else {
        return None;
    };
    text.get(..usize::from(*length))
}

/// The RSA key of a certificate is shorter than 2048 bits.
#[derive(Debug)]
pub(super) struct ShortKey;

impl std::fmt::Display for ShortKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RSA key too short")
    }
}

impl std::error::Error for ShortKey {}

/// `error`, or [`ShortKey`] if that is its cause: ring returns the error of a wrong signature for a key
/// that is too short.
fn or_short_key(error: Error, certificate: &CertificateDer<'_>) -> Error {
    /// The object identifier of RSA keys, 1.2.840.113549.1.1.1, in DER.
    const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    /// A SubjectPublicKeyInfo with an RSA key of 2048 bits has more bytes.
    const SHORT: usize = 290;
    let bad_signature = Error::InvalidCertificate(CertificateError::BadSignature);
    let Ok(certificate) = EndEntityCert::try_from(certificate) else {
        return error;
    };
    let key = certificate.subject_public_key_info();
    if error == bad_signature && key.len() < SHORT && bytes_after(&key, RSA).is_some() {
        return CertificateError::Other(OtherError(Arc::new(ShortKey))).into();
    }
    error
}

/// Accepts every certificate, for `cacert IGNORE`, as `wget --no-check-certificate` does.
#[derive(Debug)]
pub(super) struct UncheckedCertificates;

impl ServerCertVerifier for UncheckedCertificates {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        SIGNATURES.supported_schemes()
    }
}
