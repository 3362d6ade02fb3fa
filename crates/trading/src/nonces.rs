//! The nonces of each signer, with their mark on disk.

use hypersentry_store::{Disk, NativeDisk};
use hypersentry_venues::hyperliquid::exchange::Address;
use hypersentry_venues::hyperliquid::exchange::nonce::{
    HighWater, NonceError, Nonces, NotKept, VenueTime,
};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// Signers of one process. An account has at most a few, and there are at most 64 accounts.
const MOST: usize = 1_024;

/// All signers' nonces of one network.
#[derive(Debug)]
pub(crate) struct NonceBook {
    dir: PathBuf,
    /// At most [`MOST`].
    signers: Mutex<BTreeMap<Address, (Nonces, MarkFile)>>,
}

#[derive(Debug)]
struct MarkFile(PathBuf);

impl HighWater for MarkFile {
    /// Written beside and renamed, so that a crash leaves the old or the new mark.
    fn keep(&mut self, mark: u64) -> Result<(), NotKept> {
        let write = || -> std::io::Result<()> {
            let draft = self.0.with_extension("draft");
            let mut file = NativeDisk.create(&draft)?;
            file.write(mark.to_string().as_bytes())?;
            file.sync()?;
            NativeDisk.rename(&draft, &self.0)?;
            self.0
                .parent()
                .map_or(Ok(()), |dir| NativeDisk.sync_dir(dir))
        };
        write().map_err(|error| {
            tracing::error!(path = %self.0.display(), %error, "the mark of nonces cannot be kept");
            NotKept
        })
    }
}

impl NonceBook {
    pub(crate) fn open(dir: PathBuf) -> std::io::Result<Self> {
        NativeDisk.make_dir(&dir)?;
        Ok(Self {
            dir,
            signers: Mutex::default(),
        })
    }

    /// The signer's next nonce.
    pub(crate) fn next(&self, signer: Address, time: Option<VenueTime>) -> Result<u64, NonceError> {
        let mut signers = self.signers.lock().unwrap_or_else(PoisonError::into_inner);
        if !signers.contains_key(&signer) {
            if signers.len() >= MOST {
                return Err(NotKept.into());
            }
            let path = self.dir.join(signer.to_string());
            let mark = match std::fs::read_to_string(&path) {
                Ok(text) => Some(text.trim().parse().map_err(|_| NotKept)?),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
                Err(_) => return Err(NotKept.into()),
            };
            signers.insert(signer, (Nonces::restore(mark), MarkFile(path)));
        }
        match signers.get_mut(&signer) {
            Some((nonces, file)) => nonces.next(time, file),
            None => Err(NotKept.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_outlives_its_process_and_a_broken_one_gives_no_nonce() {
        let dir = tempfile::tempdir().unwrap();
        let signer = Address::new([7; 20]);
        let at = |ms| {
            Some(VenueTime {
                ms,
                uncertainty_ms: 5,
            })
        };
        let book = NonceBook::open(dir.path().join("nonces")).unwrap();
        assert_eq!(book.next(signer, at(1_000_000)), Ok(1_000_000));
        assert_eq!(book.next(signer, at(999_000)), Ok(1_000_001));
        let again = NonceBook::open(dir.path().join("nonces")).unwrap();
        let first = again.next(signer, at(1_000_000)).unwrap();
        assert!(first > 1_000_001, "{first}");
        std::fs::write(dir.path().join("nonces").join(signer.to_string()), "x").unwrap();
        let broken = NonceBook::open(dir.path().join("nonces")).unwrap();
        let refused = broken.next(signer, at(1_000_000)).unwrap_err();
        assert_eq!(refused.code(), "nonce_not_kept");
    }
}
