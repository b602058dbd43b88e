//! Verifies certificates of servers. A certificate must be signed by a trusted authority, or `cacert` must
//! name it itself.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use webpki::EndEntityCert;

use super::authorities::{self, Authorities, bytes_after};
use super::suites::SIGNATURES;
use crate::model::Trust;

/// Accepts certificates that one of the authorities has signed, and pinned ones. A pinned certificate
/// may be marked as an authority, as `openssl req -x509` marks the certificates it makes.
#[derive(Debug)]
pub(super) struct CheckedCertificates {
    trust: Trust,
    /// Reading all authorities takes time, so it is done while a server answers.
    authorities: OnceLock<Authorities>,
    /// Locked while loading, so that several threads do not load the same file at once.
    loading: Mutex<()>,
}

impl CheckedCertificates {
    pub(super) fn new(trust: Trust) -> Self {
        Self { trust, authorities: OnceLock::new(), loading: Mutex::new(()) }
    }

    /// The certificates, which are loaded at the first call.
    ///
    /// # Errors
    /// If there are none. The text names the files and the package to install.
    pub(super) fn authorities(&self) -> Result<&Authorities, String> {
        let _loading = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(authorities) = self.authorities.get() {
            return Ok(authorities);
        }
        let loaded = authorities::load(&self.trust)?;
        Ok(self.authorities.get_or_init(|| loaded))
    }
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
        // They were loaded before anything from the server was read.
        let authorities = self.authorities().map_err(Error::General)?;
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let pinned = authorities.pins.contain(end_entity);
        let signed = verify_server_cert_signed_by_trust_anchor(
            &certificate,
            &authorities.roots,
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
