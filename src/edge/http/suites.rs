//! The cryptography of TLS: what rustls offers with ring, but neither QUIC, nor Ed25519, which no public
//! authority signs with (20 KB of code), nor ChaCha20-Poly1305, which no server has without AES-GCM: every
//! one of TLS 1.3 must have that (RFC 8446 section 9.1).

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

/// Of key exchange. Every server of TLS 1.3 has P-256 (RFC 8446 section 9.1), and servers of TLS 1.2
/// that have elliptic curves nearly all do. On MIPS, whose flash is small, X25519 would be 16 KB of code
/// for nobody else.
const GROUPS: &[&dyn SupportedKxGroup] = match cfg!(target_arch = "mips") {
    true => &[kx_group::SECP256R1, kx_group::SECP384R1],
    false => &[kx_group::X25519, kx_group::SECP256R1, kx_group::SECP384R1],
};

static AES_256: Tls13CipherSuite = over_tcp(&suite::TLS13_AES_256_GCM_SHA384);
static AES_128: Tls13CipherSuite = over_tcp(&suite::TLS13_AES_128_GCM_SHA256);

/// A suite of TLS 1.3 without its half for QUIC.
#[expect(clippy::panic, reason = "only a compiler could see it")]
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

/// Of handshakes and certificates. The order within a scheme counts: TLS 1.2 does not say which curve
/// a key has, and TLS 1.3 takes the first.
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

/// Random numbers of the system. Said here, because the provider that rustls has would bring all of
/// its cryptography along.
#[derive(Debug)]
struct SystemRandom;

impl SecureRandom for SystemRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), GetRandomFailed> {
        rand::SystemRandom::new().fill(out).map_err(|_| GetRandomFailed)
    }
}

/// We show no certificate of our own. Saying so keeps everything that signs out of the binary.
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
    use super::*;

    /// An update of rustls that has more is to be looked at.
    #[test]
    fn everything_that_rustls_offers_but_ed25519_and_chacha20() {
        let (ours, all) = (provider(), ring::default_provider());
        let suites = |p: &CryptoProvider| {
            let mut names: Vec<_> = p.cipher_suites.iter().map(|it| it.suite()).collect();
            names.retain(|name| !name.as_str().is_some_and(|name| name.contains("CHACHA20")));
            names
        };
        assert_eq!(suites(&ours), suites(&all));
        assert_eq!(ours.cipher_suites.len(), 6);
        let groups = |p: &CryptoProvider| p.kx_groups.iter().map(|g| g.name()).collect::<Vec<_>>();
        assert_eq!(groups(&ours), groups(&all));
        let (ours, all) =
            (ours.signature_verification_algorithms, all.signature_verification_algorithms);
        let mut schemes = all.supported_schemes();
        schemes.retain(|scheme| *scheme != SignatureScheme::ED25519);
        assert_eq!(ours.supported_schemes(), schemes);
        assert_eq!(ours.all.len() + 1, all.all.len());
    }
}
