//! The key that signs the audit log.

use crate::error::TradeError;
use hypersentry_store::audit::Signer;
use hypersentry_store::{Disk, NativeDisk};
use std::path::Path;

/// Where the log of orders is kept, and its key: made with the log, readable by its owner alone. Beside it stands the verifier key, for `--key` of the
/// verifiers.
///
/// # Errors
/// The key can be neither read nor made.
pub fn audit_signer(dir: &Path, chance: &[u8; 32]) -> Result<Signer, TradeError> {
    named_signer(dir, chance, "hypersentry/orders")
}

/// The same of a log with that name.
pub(crate) fn named_signer(
    dir: &Path,
    chance: &[u8; 32],
    name: &str,
) -> Result<Signer, TradeError> {
    let failed =
        |error: std::io::Error| TradeError::new("audit_key_unavailable", error.to_string());
    let path = dir.join("audit.key");
    NativeDisk.make_dir(dir).map_err(failed)?;
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let text: String = chance.iter().map(|byte| format!("{byte:02x}")).collect();
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&path).map_err(failed)?;
            std::io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)?;
            file.sync_all().map_err(failed)?;
            text
        }
        Err(error) => return Err(failed(error)),
    };
    let text = text.trim();
    let malformed = || {
        TradeError::new(
            "audit_key_malformed",
            "audit.key is not 64 hexadecimal digits",
        )
    };
    let mut seed = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return Err(malformed());
    }
    for (byte, at) in seed.iter_mut().zip((0..64).step_by(2)) {
        let digits = text.get(at..at + 2).ok_or_else(malformed)?;
        *byte = u8::from_str_radix(digits, 16).map_err(|_| malformed())?;
    }
    let signer = Signer::from_seed(name, &seed).map_err(|_| malformed())?;
    publish(dir, &signer);
    Ok(signer)
}

/// Without the file everything goes on: it can be written again from the key.
fn publish(dir: &Path, signer: &Signer) {
    let (path, text) = (dir.join("audit.pub"), format!("{}\n", signer.key()));
    if std::fs::read_to_string(&path).is_ok_and(|there| there == text) {
        return;
    }
    if let Err(error) = std::fs::write(&path, text) {
        tracing::warn!(path = %path.display(), %error, "the audit log's verifier key is not beside it");
    }
}
