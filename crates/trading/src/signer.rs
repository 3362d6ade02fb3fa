//! The key that signs the audit log.

use crate::error::TradeError;
use hypersentry_store::audit::Signer;
use hypersentry_store::{Disk, NativeDisk};
use std::path::Path;

/// Where a log is kept, and its key: made with the log, readable by its owner alone.
///
/// # Errors
/// The key can be neither read nor made.
pub fn audit_signer(dir: &Path, chance: &[u8; 32]) -> Result<Signer, TradeError> {
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
    Signer::from_seed("hypersentry/orders", &seed).map_err(|_| malformed())
}
