//! Loads the certificates that servers are checked against.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustls::client::Resumption;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use webpki::anchor_from_trusted_cert;

use super::suites;
use super::verify::{CheckedCertificates, Pins, UncheckedCertificates, is_authority};
use crate::edge::files::read;
use crate::model::Trust;
use crate::model::sorted::Set;
use crate::text::pem;

/// The bundle of all certificates: of OpenWrt's `ca-bundle` and Debian, then of Alpine and BSD.
const BUNDLES: [&str; 2] = ["/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem"];
/// The directory where OpenWrt's `ca-certificates` has one file per authority.
const DIRECTORY: &str = "/etc/ssl/certs";
/// Most bytes of a file. Bundles are smaller.
const FILE_LIMIT: u64 = 4 * 1024 * 1024;
/// How servers are verified, and the TLS sessions with them.
pub(crate) type TlsConfig = ClientConfig;

/// How many TLS sessions are remembered. Resuming one saves most of the CPU time of a handshake.
const SESSIONS: usize = 32;

/// The TLS configurations in use, one per [`Trust`] for all threads. Certificates are freed together with
/// the last client that uses them.
#[derive(Default)]
pub struct TrustCache(Mutex<Vec<(Trust, Weak<ClientConfig>)>>);

impl TrustCache {
    /// The configuration for `trust`. It is loaded if no client uses it yet.
    ///
    /// # Errors
    /// If there are no certificates. The text names the files and the package to install.
    pub(crate) fn get(&self, trust: &Trust) -> Result<Arc<TlsConfig>, String> {
        // Locked while loading, so that several threads do not load the same file at once.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(_, config)| config.strong_count() > 0);
        let found = known.iter().find(|(known, _)| known == trust);
        if let Some(config) = found.and_then(|(_, config)| config.upgrade()) {
            return Ok(config);
        }
        let config = Arc::new(config(trust)?);
        known.push((trust.clone(), Arc::downgrade(&config)));
        Ok(config)
    }
}

fn config(trust: &Trust) -> Result<ClientConfig, String> {
    let verifier: Arc<dyn ServerCertVerifier> = match trust {
        Trust::System => {
            let roots = system_roots(&BUNDLES, DIRECTORY)?;
            Arc::new(CheckedCertificates { roots, pins: Pins::default() })
        }
        Trust::File(path) => Arc::new(named_by_owner(path, [path.clone()])?),
        Trust::Directory(path) => Arc::new(named_by_owner(path, files(path))?),
        Trust::Nothing => Arc::new(UncheckedCertificates),
    };
    let mut config = ClientConfig::builder_with_provider(Arc::new(suites::provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| "TLS is not available")?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.resumption = Resumption::in_memory_sessions(SESSIONS);
    Ok(config)
}

/// The certificates in `files`, which `cacert` names by `path`. They may be those of authorities or of
/// servers.
fn named_by_owner(
    path: &Path,
    files: impl IntoIterator<Item = PathBuf>,
) -> Result<CheckedCertificates, String> {
    let mut pins = Pins::default();
    let roots = load(files, |certificate| {
        pins.add(certificate);
        is_authority(certificate)
    });
    if pins.is_empty() {
        return Err(format!("no certificate in {} (option cacert)", path.display()));
    }
    Ok(CheckedCertificates { roots, pins })
}

fn system_roots(bundles: &[&str], directory: &str) -> Result<RootCertStore, String> {
    for bundle in bundles {
        let store = load([PathBuf::from(bundle)], |_| true);
        if !store.is_empty() {
            return Ok(store);
        }
    }
    let store = load(files(Path::new(directory)), |_| true);
    if store.is_empty() {
        return Err(format!(
            "no certificates to check servers with: looked for {}; install the package ca-bundle \
             (OpenWrt) or ca-certificates (Debian)",
            bundles.join(" and ")
        ));
    }
    Ok(store)
}

/// The certificates in `files` for which `is_root` is true. It is called once for each certificate. Invalid
/// certificates are skipped.
fn load(
    files: impl IntoIterator<Item = PathBuf>,
    mut is_root: impl FnMut(&[u8]) -> bool,
) -> RootCertStore {
    let mut store = RootCertStore::empty();
    // A directory often has each certificate in files of two names and in a bundle as well.
    let mut seen = Set::new();
    for file in files {
        let Ok(text) = read(&file, FILE_LIMIT) else {
            continue;
        };
        for certificate in pem::certificates(&text) {
            if !seen.insert(certificate.clone()) {
                continue;
            }
            let der = CertificateDer::from(certificate.as_slice());
            if let Ok(anchor) = anchor_from_trusted_cert(&der)
                && is_root(&certificate)
            {
                store.roots.push(anchor.to_owned());
            }
        }
    }
    store
}

/// The files of a directory, sorted by name.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.sort_unstable();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_certificates_the_error_names_the_package_to_install() {
        let error = system_roots(&["/nonexistent/a.crt", "/nonexistent/b.pem"], "/nonexistent")
            .err()
            .unwrap();
        assert!(error.contains("/nonexistent/a.crt and /nonexistent/b.pem"), "{error}");
        assert!(error.contains("ca-bundle"), "{error}");
    }

    #[test]
    fn a_configuration_is_shared_while_it_is_used_and_freed_afterwards() {
        let cache = TrustCache::default();
        let first = cache.get(&Trust::Nothing).unwrap();
        assert!(Arc::ptr_eq(&first, &cache.get(&Trust::Nothing).unwrap()));
        let weak = Arc::downgrade(&first);
        drop(first);
        assert!(weak.upgrade().is_none());
    }
}
