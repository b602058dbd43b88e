//! What server certificates are checked against.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::{pem, suites};
use crate::config::Trust;
use crate::sorted::Set;

/// Where distributions keep the bundle: OpenWrt's `ca-bundle` and Debian, then Alpine and BSD.
const BUNDLES: [&str; 2] = ["/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem"];
/// Where OpenWrt's `ca-certificates` keeps one file per authority.
const DIRECTORY: &str = "/etc/ssl/certs";
/// No bundle is larger; a directory may hold anything.
const FILE_LIMIT: u64 = 4 * 1024 * 1024;
/// TLS sessions that can be taken up again, which saves a router most of a handshake.
const SESSIONS: usize = 32;

/// TLS configurations in use, one per [`Trust`] however many threads need it. The last client that
/// goes away takes the certificates with it.
#[derive(Default)]
pub struct TrustCache(Mutex<Vec<(Trust, Weak<ClientConfig>)>>);

impl TrustCache {
    /// The configuration for `trust`, loaded if nobody has it.
    ///
    /// # Errors
    /// Which file was looked for and which package has it.
    pub(super) fn get(&self, trust: &Trust) -> Result<Arc<ClientConfig>, String> {
        // Held while loading: thirty threads that start at once shall not read it thirty times.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(_, config)| config.strong_count() > 0);
        let found = known.iter().find(|(of, _)| of == trust);
        if let Some(config) = found.and_then(|(_, config)| config.upgrade()) {
            return Ok(config);
        }
        let config = Arc::new(config(trust)?);
        known.push((trust.clone(), Arc::downgrade(&config)));
        Ok(config)
    }
}

fn config(trust: &Trust) -> Result<ClientConfig, String> {
    let provider = Arc::new(suites::provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|_| "TLS is not available")?;
    let builder = match trust {
        Trust::Nothing => {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Unchecked(provider)))
        }
        Trust::System | Trust::File(_) | Trust::Directory(_) => {
            builder.with_root_certificates(roots(trust)?)
        }
    };
    let mut config = builder.with_no_client_auth();
    config.resumption = Resumption::in_memory_sessions(SESSIONS);
    Ok(config)
}

fn roots(trust: &Trust) -> Result<RootCertStore, String> {
    match trust {
        Trust::System => system_roots(&BUNDLES, DIRECTORY),
        Trust::File(path) => {
            let store = load([path.clone()]);
            let none = || format!("no certificate in {} (option cacert)", path.display());
            (!store.is_empty()).then_some(store).ok_or_else(none)
        }
        Trust::Directory(path) => {
            let store = load(files(path));
            let none = || format!("no certificate in {} (option cacert)", path.display());
            (!store.is_empty()).then_some(store).ok_or_else(none)
        }
        Trust::Nothing => Ok(RootCertStore::empty()),
    }
}

fn system_roots(bundles: &[&str], directory: &str) -> Result<RootCertStore, String> {
    for bundle in bundles {
        let store = load([PathBuf::from(bundle)]);
        if !store.is_empty() {
            return Ok(store);
        }
    }
    let store = load(files(Path::new(directory)));
    if store.is_empty() {
        return Err(format!(
            "no certificates to check servers with: looked for {}; install the package ca-bundle \
             (OpenWrt) or ca-certificates (Debian)",
            bundles.join(" and ")
        ));
    }
    Ok(store)
}

/// Every certificate in `files` that can be used. A broken one is worth nothing but spoils nothing.
fn load(files: impl IntoIterator<Item = PathBuf>) -> RootCertStore {
    let mut store = RootCertStore::empty();
    // A directory often holds each certificate under two names and in a bundle as well.
    let mut seen = Set::new();
    for file in files {
        let Some(text) = read(&file) else {
            continue;
        };
        for certificate in pem::certificates(&text) {
            if seen.insert(certificate.clone()) {
                let _ = store.add(certificate.into());
            }
        }
    }
    store
}

fn read(file: &Path) -> Option<Vec<u8>> {
    // A pipe would block us here.
    if !fs::metadata(file).ok()?.is_file() {
        return None;
    }
    let mut text = Vec::new();
    let file = fs::File::open(file).ok()?;
    file.take(FILE_LIMIT).read_to_end(&mut text).ok()?;
    Some(text)
}

/// The files of a directory, in order.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.sort_unstable();
    files
}

/// `cacert IGNORE`: anything goes, as with `wget --no-check-certificate`.
#[derive(Debug)]
struct Unchecked(Arc<CryptoProvider>);

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_bundle_says_what_to_install() {
        let error = system_roots(&["/nonexistent/a.crt", "/nonexistent/b.pem"], "/nonexistent")
            .err()
            .unwrap();
        assert!(error.contains("/nonexistent/a.crt and /nonexistent/b.pem"), "{error}");
        assert!(error.contains("ca-bundle"), "{error}");
    }

    #[test]
    fn threads_share_one_configuration_as_long_as_it_is_used() {
        let cache = TrustCache::default();
        let first = cache.get(&Trust::Nothing).unwrap();
        assert!(Arc::ptr_eq(&first, &cache.get(&Trust::Nothing).unwrap()));
        let weak = Arc::downgrade(&first);
        drop(first);
        assert!(weak.upgrade().is_none());
    }
}
