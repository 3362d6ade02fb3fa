//! Signatures of this machine's own keys: recorded, then made.

use crate::ApiError;
use hypersentry_engine::SystemClock;
use hypersentry_identity::{Address, Refusal, Signature};
use hypersentry_model::Clock;
use hypersentry_trading::{Asker, SignatureLog, Signed, TradeError, Unsigned};
use std::collections::BTreeMap;
use std::path::PathBuf;

pub use hypersentry_trading::Signing;

/// Signs nothing of which the record is not on disk.
#[derive(Debug)]
pub struct Recorded {
    log: SignatureLog,
    clock: SystemClock,
}

/// Nothing left; the same request may pass when the log can be written.
fn unrecorded(error: &TradeError) -> ApiError {
    let text = format!(
        "nothing was signed: no record of it can be written ({})",
        error.text
    );
    ApiError {
        details: BTreeMap::from([("cause".to_owned(), error.code.clone())]),
        ..ApiError::new("signature_not_recorded", text).retryable()
    }
}

fn refused(refusal: Refusal) -> ApiError {
    ApiError::new(refusal.code(), refusal.to_string())
}

fn chance() -> Result<[u8; 32], ApiError> {
    let mut chance = [0; 32];
    getrandom::fill(&mut chance).map_err(|e| ApiError::new("entropy_failed", e.to_string()))?;
    Ok(chance)
}

impl Recorded {
    /// With its log in a directory, which is made with the first record.
    pub fn new(dir: PathBuf) -> Self {
        Self {
            log: SignatureLog::new(dir),
            clock: SystemClock::start(),
        }
    }

    /// Lets `sign` sign once the record of it is on disk.
    ///
    /// # Errors
    /// `signature_not_recorded`: nothing was signed, and `details.cause` has the audit log's code. `entropy_failed`, and what `sign` refuses with.
    pub async fn sign(
        &self,
        by: Asker,
        signing: Signing,
        signer: Address,
        digest: [u8; 32],
        sign: impl FnOnce() -> Result<Signature, Refusal>,
    ) -> Result<Signature, ApiError> {
        let signed = Signed {
            signing,
            signer: signer.to_string(),
            digest,
        };
        let written = self.log.sign(self.clock.now(), chance()?, by, signed).await;
        written.map_err(|error| unrecorded(&error))?;
        let signature = sign().map_err(refused)?;
        // A record of something else would be worth nothing.
        if signature.signer(&digest) != Ok(signer) {
            return Err(refused(Refusal::SignatureInvalid));
        }
        Ok(signature)
    }

    /// Records what was asked for and is not signed.
    pub async fn refuse(&self, by: Asker, signing: Signing, signer: Address, error: &ApiError) {
        let Ok(chance) = chance() else {
            return;
        };
        let unsigned = Unsigned {
            signing,
            signer: signer.to_string(),
            code: error.code.clone(),
            text: error.message.clone(),
        };
        self.log
            .refuse(self.clock.now(), chance, by, unsigned)
            .await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hypersentry_identity::{WalletKey, login_digest};

    fn login() -> Signing {
        Signing::Login {
            domain: "desk.example".to_owned(),
            chain_id: 1,
            nonce: None,
        }
    }

    #[tokio::test]
    async fn what_is_signed_is_what_was_recorded() {
        let dir = tempfile::tempdir().unwrap();
        let recorded = Recorded::new(dir.path().join("signing"));
        let key = WalletKey::new(&[7; 32]).unwrap();
        let (signer, digest) = (key.address(), login_digest("a text"));
        let sign = |text: &'static str| {
            let by = Asker::default();
            recorded.sign(by, login(), signer, digest, || key.sign(text))
        };
        let signature = sign("a text").await.unwrap();
        assert_eq!(signature.signer(&digest), Ok(signer));
        let other = sign("another text").await.unwrap_err();
        assert_eq!(other.code, "signature_invalid");
    }

    #[tokio::test]
    async fn without_a_record_the_key_is_not_asked() {
        let dir = tempfile::tempdir().unwrap();
        // A file where the log's directory is to be.
        let place = dir.path().join("signing");
        std::fs::write(&place, "x").unwrap();
        let recorded = Recorded::new(place);
        let signer = WalletKey::new(&[7; 32]).unwrap().address();
        let asked = std::cell::Cell::new(false);
        let sign = || {
            asked.set(true);
            Err(Refusal::SignatureInvalid)
        };
        let by = Asker::default();
        let refused = recorded.sign(by, login(), signer, [1; 32], sign).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.code, "signature_not_recorded");
        assert!(refused.retryable && refused.message.starts_with("nothing was signed"));
        assert_eq!(refused.details["cause"], "audit_key_unavailable");
        assert!(!asked.get());
    }
}
