//! Loads the certificates that servers are checked against.

use std::fs;
use std::path::{Path, PathBuf};

use ring::digest;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use webpki::{EndEntityCert, anchor_from_trusted_cert};

use crate::edge::files::read;
use crate::model::Trust;
use crate::text::pem;

/// The bundle of all certificates: of OpenWrt's `ca-bundle` and Debian, then of Alpine and BSD.
const BUNDLES: [&str; 2] = ["/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem"];
/// The directory where OpenWrt's `ca-certificates` has one file per authority.
const DIRECTORY: &str = "/etc/ssl/certs";
/// Most bytes of a file. Bundles are smaller.
const FILE_LIMIT: u64 = 4 * 1024 * 1024;

/// The certificates that servers are checked against.
#[derive(Debug)]
pub(super) struct Authorities {
    pub(super) roots: RootCertStore,
    pub(super) pins: Pins,
}

/// Loads the certificates that `trust` names.
pub(super) fn load(trust: &Trust) -> Result<Authorities, String> {
    match trust {
        Trust::System => {
            Ok(Authorities { roots: system_roots(&BUNDLES, DIRECTORY)?, pins: Pins::default() })
        }
        Trust::File(path) => named_by_owner(path, vec![path.clone()]),
        Trust::Directory(path) => named_by_owner(path, files(path)),
        Trust::Nothing => Ok(Authorities { roots: RootCertStore::empty(), pins: Pins::default() }),
    }
}

/// The certificates in `files`, which `cacert` names by `path`. They may be those of authorities or of
/// servers.
fn named_by_owner(path: &Path, files: Vec<PathBuf>) -> Result<Authorities, String> {
    let mut pins = Pins::default();
    let roots = read_all(files, &mut |certificate| {
        pins.add(certificate);
        is_authority(certificate)
    });
    if pins.is_empty() {
        return Err(format!("no certificate in {} (option cacert)", path.display()));
    }
    Ok(Authorities { roots, pins })
}

fn system_roots(bundles: &[&str], directory: &str) -> Result<RootCertStore, String> {
    for bundle in bundles {
        let store = read_all(vec![bundle.into()], &mut |_| true);
        if !store.is_empty() {
            return Ok(store);
        }
    }
    let store = read_all(files(Path::new(directory)), &mut |_| true);
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
fn read_all(files: Vec<PathBuf>, is_root: &mut dyn FnMut(&[u8]) -> bool) -> RootCertStore {
    let mut store = RootCertStore::empty();
    // A directory often has each certificate in files of two names and in a bundle as well.
    let mut seen: Vec<Vec<u8>> = Vec::new();
    for file in files {
        let Ok(text) = read(&file, FILE_LIMIT) else {
            continue;
        };
        for certificate in pem::certificates(&text) {
            if seen.contains(&certificate) {
                continue;
            }
            let der = CertificateDer::from(certificate.as_slice());
            if let Ok(anchor) = anchor_from_trusted_cert(&der)
                && is_root(&certificate)
            {
                store.roots.push(anchor.to_owned());
            }
            seen.push(certificate);
        }
    }
    store
}

/// The files of a directory, sorted by name.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        files.push(entry.path());
    }
    files.sort_unstable();
    files
}

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

    pub(super) fn contain(&self, certificate: &[u8]) -> bool {
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
pub(super) fn bytes_after<'b>(bytes: &'b [u8], mark: &[u8]) -> Option<&'b [u8]> {
    let start = bytes.windows(mark.len()).position(|window| window == mark)?;
    bytes.get(start + mark.len()..)
}

fn sha256(certificate: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, certificate).as_ref().to_vec()
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
}
