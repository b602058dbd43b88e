//! How servers are verified, for all threads together.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::client::danger::ServerCertVerifier;

use super::suites;
use super::verify::{CheckedCertificates, UncheckedCertificates};
use crate::model::Trust;

/// How servers are verified, and the TLS sessions with them.
pub(crate) struct TlsConfig {
    pub(super) client: Arc<ClientConfig>,
    /// `None` if every certificate is accepted.
    verifier: Option<Arc<CheckedCertificates>>,
}

impl TlsConfig {
    /// Loads the certificates, unless they are loaded.
    ///
    /// # Errors
    /// If there are none. The text names the files and the package to install.
    pub(crate) fn load(&self) -> Result<(), String> {
        match &self.verifier {
            Some(verifier) => verifier.authorities().map(drop),
            None => Ok(()),
        }
    }
}

/// How many TLS sessions are remembered. Resuming one saves most of the CPU time of a handshake.
const SESSIONS: usize = 32;

/// The TLS configurations in use, one per [`Trust`] for all threads. Certificates are freed together with
/// the last client that uses them.
// An idle daemon has no client, so it does not keep hundreds of certificates in memory.
#[derive(Default)]
pub struct TrustCache(Mutex<Vec<(Trust, Weak<TlsConfig>)>>);

impl TrustCache {
    /// The configuration for `trust`. The certificates are loaded by the first handshake.
    ///
    /// # Errors
    /// If TLS is not available.
    pub(crate) fn get(&self, trust: &Trust) -> Result<Arc<TlsConfig>, String> {
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

fn config(trust: &Trust) -> Result<TlsConfig, String> {
    let verifier = match trust {
        Trust::Nothing => None,
        Trust::System | Trust::File(_) | Trust::Directory(_) => {
            Some(Arc::new(CheckedCertificates::new(trust.clone())))
        }
    };
    let chosen: Arc<dyn ServerCertVerifier> = match &verifier {
        Some(verifier) => Arc::clone(verifier) as _,
        None => Arc::new(UncheckedCertificates),
    };
    let mut client = ClientConfig::builder_with_provider(Arc::new(suites::provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| "TLS is not available")?
        .dangerous()
        .with_custom_certificate_verifier(chosen)
        .with_no_client_auth();
    client.resumption = Resumption::in_memory_sessions(SESSIONS);
    Ok(TlsConfig { client: Arc::new(client), verifier })
}

#[cfg(test)]
mod tests {
    use super::*;

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
