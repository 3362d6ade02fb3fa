//! TLS of the listener: a certificate and its key out of files, which may be replaced while the server runs.

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};
use tokio_rustls::TlsAcceptor;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(5);

/// The largest file that is read: chains have some kilobytes.
const MAX_FILE: u64 = 1 << 20;

/// The one protocol that is spoken: sockets are opened with it.
const HTTP1: &[u8] = b"http/1.1";

/// A certificate or a key that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{message} [{code}]")]
pub struct BadTls {
    /// Stable.
    pub code: &'static str,
    /// What to do.
    pub message: String,
}

impl BadTls {
    fn because(code: &'static str, path: &Path, what: impl std::fmt::Display) -> Self {
        Self {
            code,
            message: format!("{}: {what}", path.display()),
        }
    }
}

/// Where they are.
#[derive(Clone, Debug)]
struct Files {
    cert: PathBuf,
    key: PathBuf,
}

/// What tells one state of the files from another.
type Stamp = [Option<(SystemTime, u64)>; 2];

impl Files {
    fn stamp(&self) -> Stamp {
        [&self.cert, &self.key].map(|path| {
            let seen = std::fs::metadata(path).ok()?;
            Some((seen.modified().ok()?, seen.len()))
        })
    }

    fn load(&self, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, BadTls> {
        let read = |path: &Path, code| {
            let size = std::fs::metadata(path).map_err(|e| BadTls::because(code, path, e))?;
            if size.len() > MAX_FILE {
                return Err(BadTls::because(
                    code,
                    path,
                    "is no PEM file: it is too large",
                ));
            }
            std::fs::read(path).map_err(|e| BadTls::because(code, path, e))
        };
        let text = read(&self.cert, "tls_cert_unreadable")?;
        let bad = |what: String| BadTls::because("tls_cert_invalid", &self.cert, what);
        let chain = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|e| bad(format!("is no PEM file: {e}")))?;
        if chain.is_empty() {
            return Err(bad("has no certificate (`BEGIN CERTIFICATE`)".into()));
        }
        let text = read(&self.key, "tls_key_unreadable")?;
        let bad = |what: String| BadTls::because("tls_key_invalid", &self.key, what);
        let key = PrivateKeyDer::from_pem_slice(&text).map_err(|e| match e {
            pem::Error::NoItemsFound => bad("has no private key (`BEGIN PRIVATE KEY`)".into()),
            other => bad(format!("is no PEM file: {other}")),
        })?;
        let loaded = CertifiedKey::from_der(chain, key, provider);
        loaded.map(Arc::new).map_err(|e| match e {
            rustls::Error::InconsistentKeys(_) => BadTls::because(
                "tls_key_mismatch",
                &self.key,
                format!("is not the key of {}", self.cert.display()),
            ),
            rustls::Error::InvalidCertificate(e) => {
                BadTls::because("tls_cert_invalid", &self.cert, format!("{e:?}"))
            }
            other => BadTls::because("tls_key_invalid", &self.key, other),
        })
    }
}

/// The certificate of the moment.
#[derive(Debug)]
struct Held(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Held {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&held))
    }
}

/// A certificate with its key, ready to serve.
#[derive(Debug)]
pub struct Tls {
    files: Files,
    provider: Arc<CryptoProvider>,
    stamp: Stamp,
    held: Arc<Held>,
    config: Arc<ServerConfig>,
}

impl Tls {
    /// Reads a chain of certificates and the key of its first, both PEM.
    ///
    /// # Errors
    /// What is wrong with the files.
    pub fn read(cert: &Path, key: &Path) -> Result<Self, BadTls> {
        let files = Files {
            cert: cert.to_owned(),
            key: key.to_owned(),
        };
        // The process's own, where one was chosen.
        let provider = CryptoProvider::get_default()
            .map_or_else(|| Arc::new(ring::default_provider()), Arc::clone);
        let stamp = files.stamp();
        let held = Arc::new(Held(RwLock::new(files.load(&provider)?)));
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|e| BadTls::because("tls_unavailable", cert, e))?;
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Held>::clone(&held);
        let mut config = config.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![HTTP1.to_vec()];
        Ok(Self {
            files,
            provider,
            stamp,
            held,
            config: Arc::new(config),
        })
    }

    /// What takes connections.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }

    /// Takes new files when they are there. Files that cannot be used change nothing, and are told once.
    pub(crate) async fn follow(mut self) {
        loop {
            tokio::time::sleep(LOOK).await;
            let stamp = self.files.stamp();
            if stamp == self.stamp {
                continue;
            }
            self.stamp = stamp;
            match self.files.load(&self.provider) {
                Ok(key) => {
                    *self.held.0.write().unwrap_or_else(PoisonError::into_inner) = key;
                    tracing::info!("the certificate was replaced");
                }
                Err(error) => {
                    tracing::warn!(%error, "the certificate was not replaced");
                }
            }
        }
    }
}
