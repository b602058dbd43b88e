//! A certificate authority, and certificates for test servers: valid ones, and one for each fault.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "test support, shared by programs that each use a part of it"
)]

use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A private authority.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// The fault of a certificate, if it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// A valid certificate.
    Good,
    /// Signed with its own key, not by the authority.
    SelfSigned,
    /// Valid from the year 2090.
    NotYetValid,
    /// Expired in 2002.
    Expired,
    /// For another name.
    WrongName,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "test authority");
        let key = KeyPair::generate().unwrap();
        Self { issuer: CertifiedIssuer::self_signed(params, key).unwrap() }
    }

    /// Writes the authority's own certificate, for the `cacert` option.
    pub fn write_pem(&self, path: &Path) {
        std::fs::write(path, self.pem()).unwrap();
    }

    /// The authority's own certificate.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for `names` and its key in PEM, for a server of others. It is valid from the
    /// beginning of year `from` to the beginning of year `to`.
    pub fn server_pem(&self, names: &[&str], (from, to): (i32, i32)) -> (String, String) {
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(to, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// The configuration of a server with a certificate for `names` (host names or addresses).
    pub fn server(&self, names: &[&str], flavour: Flavour) -> Arc<ServerConfig> {
        let names = match flavour {
            Flavour::WrongName => vec!["other.example.org".to_owned()],
            Flavour::Good | Flavour::SelfSigned | Flavour::NotYetValid | Flavour::Expired => {
                names.iter().map(|n| (*n).to_owned()).collect()
            }
        };
        let mut params = CertificateParams::new(names).unwrap();
        match flavour {
            Flavour::NotYetValid => {
                params.not_before = date_time_ymd(2090, 1, 1);
                params.not_after = date_time_ymd(2099, 1, 1);
            }
            Flavour::Expired => {
                params.not_before = date_time_ymd(2001, 1, 1);
                params.not_after = date_time_ymd(2002, 1, 1);
            }
            Flavour::Good | Flavour::SelfSigned | Flavour::WrongName => {}
        }
        let key = KeyPair::generate().unwrap();
        let certificate = if flavour == Flavour::SelfSigned {
            params.self_signed(&key)
        } else {
            params.signed_by(&key, &self.issuer)
        };
        let chain = vec![certificate.unwrap().der().clone()];
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(chain, key)
                .unwrap();
        Arc::new(config)
    }
}
