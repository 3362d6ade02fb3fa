//! One provider of cryptography for every TLS connection, chosen here and nowhere else.

/// Makes ring the process's provider. A shell that chose one before keeps it.
pub fn install() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may have been faster: then there is a provider, which is all that is wanted.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}
