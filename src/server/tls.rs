//! The certificate that podgate shows, and how a new one takes its place while calls go on.
//!
//! A pair is swapped as a whole and only for one that is sound; otherwise the last good one stays. New connections get
//! the new one at once, open ones end by their age.

pub mod files;
pub mod pair;
pub mod self_signed;

use std::io;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::server::tls::pair::Pair;

/// A certificate that cannot be used, or the time of the next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("`{path}` cannot be read: {error}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// A file does not hold what it should.
    #[error("`{path}` {what}")]
    Unusable {
        /// The file.
        path: String,
        /// What is wrong with it.
        what: String,
    },
    /// The TLS library refuses.
    #[error("the TLS library refuses: {0}")]
    Tls(#[from] rustls::Error),
    /// A certificate cannot be made.
    #[error("a certificate cannot be made: {0}")]
    Made(#[from] rcgen::Error),
}

/// The pair that is shown to whoever connects now.
#[derive(Debug)]
pub struct Certificates {
    current: ArcSwap<Pair>,
}

impl Certificates {
    /// Shows `pair`.
    pub fn new(pair: Pair) -> Self {
        Certificates { current: ArcSwap::from_pointee(pair) }
    }

    /// The pair that is shown.
    pub fn current(&self) -> Arc<Pair> {
        self.current.load_full()
    }

    /// Shows another pair from now on.
    pub fn replace(&self, pair: Pair) {
        self.current.store(Arc::new(pair));
    }
}

impl ResolvesServerCert for Certificates {
    /// The one certificate, whatever name was asked for: it is the caller who verifies names.
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.load().key))
    }
}

/// The cryptography that is used.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// How connections are taken: HTTP/1.1 only, and with `client_ca` only from callers whose certificate it signed.
///
/// # Errors
/// If the TLS library refuses the authorities.
pub fn config(certificates: Arc<Certificates>, client_ca: Option<RootCertStore>) -> Result<ServerConfig, Error> {
    let provider = provider();
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(roots) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            let verifier = verifier.map_err(|error| rustls::Error::General(error.to_string()))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // The API server does not resume sessions, so keeping them would only take memory.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// The authorities in a PEM file.
///
/// # Errors
/// If it cannot be read, or holds none.
pub fn authorities(path: &std::path::Path) -> Result<RootCertStore, Error> {
    let name = path.display().to_string();
    let pem = std::fs::read(path).map_err(|error| Error::Unreadable { path: name.clone(), error })?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let added = certificate.map_err(|error| error.to_string());
        let added = added.and_then(|certificate| roots.add(certificate).map_err(|error| error.to_string()));
        added.map_err(|error| Error::Unusable {
            path: name.clone(),
            what: format!("holds a bad certificate: {error}"),
        })?;
    }
    if roots.is_empty() {
        return Err(Error::Unusable { path: name, what: "holds no certificate".to_owned() });
    }
    Ok(roots)
}
