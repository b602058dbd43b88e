//! What server certificates are checked against.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustls::client::Resumption;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use webpki::anchor_from_trusted_cert;

use super::suites;
use super::verify::{Checked, Pins, Unchecked, is_authority};
use crate::model::Trust;
use crate::model::sorted::Set;
use crate::text::pem;

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
    let verifier: Arc<dyn ServerCertVerifier> = match trust {
        Trust::System => {
            let roots = system_roots(&BUNDLES, DIRECTORY)?;
            Arc::new(Checked { roots, pins: Pins::default() })
        }
        Trust::File(path) => Arc::new(named_by_owner(path, [path.clone()])?),
        Trust::Directory(path) => Arc::new(named_by_owner(path, files(path))?),
        Trust::Nothing => Arc::new(Unchecked),
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

/// The certificates in `files`, which the owner named as `path`: authorities, or servers themselves.
fn named_by_owner(
    path: &Path,
    files: impl IntoIterator<Item = PathBuf>,
) -> Result<Checked, String> {
    let mut pins = Pins::default();
    let roots = load(files, |certificate| {
        pins.add(certificate);
        is_authority(certificate)
    });
    if pins.is_empty() {
        return Err(format!("no certificate in {} (option cacert)", path.display()));
    }
    Ok(Checked { roots, pins })
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

/// The certificates in `files` that `is_root` takes for authorities; it is shown every one of them once.
/// A broken one is worth nothing but spoils nothing.
fn load(
    files: impl IntoIterator<Item = PathBuf>,
    mut is_root: impl FnMut(&[u8]) -> bool,
) -> RootCertStore {
    let mut store = RootCertStore::empty();
    // A directory often holds each certificate under two names and in a bundle as well.
    let mut seen = Set::new();
    for file in files {
        let Some(text) = read(&file) else {
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
