//! How a server proves who it is: a certificate that an authority signed, or one that the owner has
//! named himself.

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

/// The certificates that the owner has named (`cacert`), each by its SHA-256: a bundle of authorities
/// is large, and only equality counts.
#[derive(Debug, Default)]
pub(super) struct Pins(Vec<Vec<u8>>);

impl Pins {
    /// Notes `certificate`, in DER.
    pub(super) fn add(&mut self, certificate: &[u8]) {
        self.0.push(sum(certificate));
    }

    /// Whether the owner has named none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn hold(&self, certificate: &[u8]) -> bool {
        !self.is_empty() && self.0.contains(&sum(certificate))
    }
}

/// Whether `certificate` may sign others: it is marked as an authority (RFC 5280 section 4.2.1.9), or of
/// a version that has no such mark.
pub(super) fn is_authority(certificate: &[u8]) -> bool {
    /// The object identifier 2.5.29.19 of basicConstraints.
    const MARK: &[u8] = &[0x06, 0x03, 0x55, 0x1d, 0x13];
    /// That the extension is critical.
    const CRITICAL: &[u8] = &[0x01, 0x01, 0xff];
    let Some(at) = certificate.windows(MARK.len()).position(|window| window == MARK) else {
        return EndEntityCert::try_from(&CertificateDer::from(certificate)).is_err();
    };
    let value = certificate.get(at + MARK.len()..).unwrap_or_default();
    let value = value.strip_prefix(CRITICAL).unwrap_or(value);
    matches!(value, [0x04, _, 0x30, _, 0x01, 0x01, 0xff, ..])
}

fn sum(certificate: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, certificate).as_ref().to_vec()
}

/// Checks certificates by the authorities in `roots`. A server that shows one of `pins` itself needs no
/// authority: the owner has said that this is the server. Such a certificate may be marked as an
/// authority, as `openssl req -x509` does it. One that is not marked so signs no other.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) roots: RootCertStore,
    pub(super) pins: Pins,
}

impl ServerCertVerifier for Checked {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let pinned = self.pins.hold(end_entity);
        let signed = verify_server_cert_signed_by_trust_anchor(
            &certificate,
            &self.roots,
            // What the server sends along cannot spoil a pinned certificate.
            if pinned { &[] } else { intermediates },
            now,
            SIGNATURES.all,
        );
        if let Err(error) = signed
            && !(pinned && is_about_signer(&error))
        {
            return Err(telling(error, end_entity));
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
            .map_err(|error| telling(error, certificate))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &SIGNATURES)
            .map_err(|error| telling(error, certificate))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        SIGNATURES.supported_schemes()
    }
}

/// Whether a certificate fails by who signed it, or by being an authority. webpki looks at these after
/// the dates.
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

/// Whether `certificate` has no subjectAltName and is for `name` by its common name. Authorities no
/// longer make such certificates (RFC 9525 section 6.3), but `openssl req` does.
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
    /// The object identifier 2.5.4.3.
    const COMMON_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x04, 0x03];
    let at = subject.windows(COMMON_NAME.len()).position(|window| window == COMMON_NAME)?;
    // The kind of string, its length, which is below 128 for any host name that is one, and the string.
    let (&length, text) = subject.get(at + COMMON_NAME.len() + 1..)?.split_first()?;
    text.get(..length.into())
}

/// A signature that does not verify because the key is shorter than what TLS takes today.
#[derive(Debug)]
pub(super) struct ShortKey;

impl std::fmt::Display for ShortKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RSA key too short")
    }
}

impl std::error::Error for ShortKey {}

/// `error`, or that the key of `certificate` is too short, which the cryptography does not tell from a
/// wrong signature.
fn telling(error: Error, certificate: &CertificateDer<'_>) -> Error {
    /// The object identifier 1.2.840.113549.1.1.1 of RSA keys.
    const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    /// An RSA key of 2048 bits in DER, with its identifiers, is longer.
    const SHORT: usize = 290;
    let bad_signature = Error::InvalidCertificate(CertificateError::BadSignature);
    let Ok(certificate) = EndEntityCert::try_from(certificate) else {
        return error;
    };
    let key = certificate.subject_public_key_info();
    if error == bad_signature && key.len() < SHORT && key.windows(RSA.len()).any(|it| it == RSA) {
        return CertificateError::Other(OtherError(Arc::new(ShortKey))).into();
    }
    error
}

/// `cacert IGNORE`: anything goes, as with `wget --no-check-certificate`.
#[derive(Debug)]
pub(super) struct Unchecked;

impl ServerCertVerifier for Unchecked {
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
