//! The cryptography of TLS. It is that of rustls with ring, without these parts, to save flash:
//!
//! * QUIC.
//! * Ed25519 (20 KB of code), because no public authority signs with it.
//! * ChaCha20-Poly1305, because every server with TLS 1.3 must have AES-GCM (RFC 8446 section 9.1).

use std::sync::Arc;

use ::ring::rand::{self, SecureRandom as _};
#[cfg(test)]
use rustls::crypto::ring;
use rustls::crypto::ring::{cipher_suite as suite, kx_group};
use rustls::crypto::{
    CryptoProvider, GetRandomFailed, KeyProvider, SecureRandom, SupportedKxGroup,
    WebPkiSupportedAlgorithms,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SigningKey;
use rustls::{CipherSuiteCommon, SignatureScheme, SupportedCipherSuite, Tls13CipherSuite};
use webpki::ring as algorithm;

/// The provider of TLS.
pub(super) fn provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: vec![
            SupportedCipherSuite::Tls13(&AES_256),
            SupportedCipherSuite::Tls13(&AES_128),
            suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        ],
        kx_groups: GROUPS.to_vec(),
        signature_verification_algorithms: SIGNATURES,
        secure_random: &SystemRandom,
        key_provider: &NoKeys,
    }
}

/// The groups of key exchange. Every server with TLS 1.3 must have P-256 (RFC 8446 section 9.1), and nearly
/// all servers with TLS 1.2 have it. MIPS routers have little flash, and X25519 is 16 KB of code, so it
/// is omitted there.
const GROUPS: &[&dyn SupportedKxGroup] = match cfg!(target_arch = "mips") {
    true => &[kx_group::SECP256R1, kx_group::SECP384R1],
    false => &[kx_group::X25519, kx_group::SECP256R1, kx_group::SECP384R1],
};

static AES_256: Tls13CipherSuite = over_tcp(&suite::TLS13_AES_256_GCM_SHA384);
static AES_128: Tls13CipherSuite = over_tcp(&suite::TLS13_AES_128_GCM_SHA256);

/// A cipher suite of TLS 1.3 without its part for QUIC.
#[expect(clippy::panic, reason = "the function is const, so that a panic ends the compilation")]
const fn over_tcp(suite: &'static SupportedCipherSuite) -> Tls13CipherSuite {
    let SupportedCipherSuite::Tls13(suite) = suite else {
        panic!("not a suite of TLS 1.3");
    };
    let CipherSuiteCommon { suite: name, hash_provider, confidentiality_limit } = suite.common;
    Tls13CipherSuite {
        common: CipherSuiteCommon { suite: name, hash_provider, confidentiality_limit },
        hkdf_provider: suite.hkdf_provider,
        aead_alg: suite.aead_alg,
        quic: None,
    }
}

/// The signature algorithms of handshakes and certificates. In TLS 1.2 a scheme does not name the curve of
/// the key, so several algorithms are tried in order. TLS 1.3 uses the first one of a scheme.
pub(super) static SIGNATURES: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        algorithm::ECDSA_P256_SHA256,
        algorithm::ECDSA_P256_SHA384,
        algorithm::ECDSA_P384_SHA256,
        algorithm::ECDSA_P384_SHA384,
        algorithm::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        algorithm::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
        algorithm::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
        algorithm::RSA_PKCS1_2048_8192_SHA256,
        algorithm::RSA_PKCS1_2048_8192_SHA384,
        algorithm::RSA_PKCS1_2048_8192_SHA512,
        algorithm::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
        algorithm::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
        algorithm::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
    ],
    mapping: &[
        (
            SignatureScheme::ECDSA_NISTP384_SHA384,
            &[algorithm::ECDSA_P384_SHA384, algorithm::ECDSA_P256_SHA384],
        ),
        (
            SignatureScheme::ECDSA_NISTP256_SHA256,
            &[algorithm::ECDSA_P256_SHA256, algorithm::ECDSA_P384_SHA256],
        ),
        (SignatureScheme::RSA_PSS_SHA512, &[algorithm::RSA_PSS_2048_8192_SHA512_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA384, &[algorithm::RSA_PSS_2048_8192_SHA384_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA256, &[algorithm::RSA_PSS_2048_8192_SHA256_LEGACY_KEY]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[algorithm::RSA_PKCS1_2048_8192_SHA512]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[algorithm::RSA_PKCS1_2048_8192_SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[algorithm::RSA_PKCS1_2048_8192_SHA256]),
    ],
};

/// Random numbers of the system. The implementation of rustls is not used, because it would link all of
/// its cryptography.
#[derive(Debug)]
struct SystemRandom;

impl SecureRandom for SystemRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), GetRandomFailed> {
        rand::SystemRandom::new().fill(out).map_err(|_| GetRandomFailed)
    }
}

/// There are no client certificates. Without this type, rustls would link the code for signing.
#[derive(Debug)]
struct NoKeys;

impl KeyProvider for NoKeys {
    fn load_private_key(
        &self,
        _: PrivateKeyDer<'static>,
    ) -> Result<Arc<dyn SigningKey>, rustls::Error> {
        Err(rustls::Error::General("client certificates are not supported".into()))
    }
}

#[cfg(test)]
mod tests {
    use rustls::{CipherSuite, NamedGroup};

    use super::*;

    /// The cipher suites of a provider without ChaCha20.
    fn suites(provider: &CryptoProvider) -> Vec<CipherSuite> {
        let mut suites: Vec<_> = provider.cipher_suites.iter().map(|suite| suite.suite()).collect();
        suites.retain(|suite| !suite.as_str().unwrap_or_default().contains("CHACHA20"));
        suites
    }

    fn groups(provider: &CryptoProvider) -> Vec<NamedGroup> {
        provider.kx_groups.iter().map(|group| group.name()).collect()
    }

    /// Fails if a new version of rustls has further algorithms, so that somebody decides about them.
    #[test]
    fn the_provider_has_all_of_rustls_but_ed25519_and_chacha20() {
        let (ours, all) = (provider(), ring::default_provider());
        assert_eq!(suites(&ours), suites(&all));
        assert_eq!(ours.cipher_suites.len(), 6);
        assert_eq!(groups(&ours), groups(&all));
        let (ours, all) =
            (ours.signature_verification_algorithms, all.signature_verification_algorithms);
        let mut schemes = all.supported_schemes();
        schemes.retain(|scheme| *scheme != SignatureScheme::ED25519);
        assert_eq!(ours.supported_schemes(), schemes);
        assert_eq!(ours.all.len() + 1, all.all.len());
    }
}
