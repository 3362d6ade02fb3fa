//! What the audit log says of one order.

use crate::error::TradeError;
use crate::log::Line;
use crate::view::{ProofRecord, ProofView};
use hypersentry_execution::audit::{Record, What};
use hypersentry_store::audit::{AuditError, AuditLog, Proof, Prover, PublicKey};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// A batch may be half written when the log is read: it is read again.
const TRIES: u32 = 5;
/// How long a request waits for the one before it. The first of a process reads the whole log, the others what is new.
const WAIT: Duration = Duration::from_secs(2);

/// Proofs of one log, one at a time.
#[derive(Debug)]
pub(crate) struct Proofs {
    key: PublicKey,
    prover: Arc<Mutex<Prover>>,
    turn: Arc<Semaphore>,
}

impl Proofs {
    pub(crate) fn new(dir: &Path, key: PublicKey) -> Self {
        Self {
            prover: Arc::new(Mutex::new(Prover::new(dir, key.clone()))),
            key,
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// The records of an order of the account.
    ///
    /// # Errors
    /// `order_unknown`, `proof_busy`; the audit log's codes.
    pub(crate) async fn read(
        &self,
        log: &AuditLog,
        account: &str,
        cloid: &str,
    ) -> Result<ProofView, TradeError> {
        let turn = Arc::clone(&self.turn).acquire_owned();
        let Ok(Ok(turn)) = tokio::time::timeout(WAIT, turn).await else {
            let text = "the log is being read for another proof: ask again";
            return Err(TradeError::new("proof_busy", text).later());
        };
        let (prover, key) = (Arc::clone(&self.prover), self.key.clone());
        let (account, cloid) = (account.to_owned(), cloid.to_ascii_lowercase());
        let newest = log.checkpoint();
        // It goes on where nobody waits any more, and so does its turn.
        let read = move || {
            let _turn = turn;
            let mut prover = prover.lock().unwrap_or_else(PoisonError::into_inner);
            let proof = prove(&mut prover, &cloid, newest.as_deref())?;
            drop(prover);
            view(&proof, &key, &account)
        };
        let read = tokio::task::spawn_blocking(read).await;
        read.map_err(|_| TradeError::stopping())?
    }
}

fn prove(prover: &mut Prover, cloid: &str, newest: Option<&str>) -> Result<Proof, AuditError> {
    let mut tries = 0;
    loop {
        match prover.prove(cloid, newest) {
            Err(_) if tries < TRIES => {
                tries += 1;
                std::thread::sleep(Duration::from_millis(20));
            }
            result => return result,
        }
    }
}

fn shown(record: Record) -> ProofRecord {
    let entry = record.entry;
    let (what, from, step, to) = match entry.what {
        What::Created => ("created", None, None, None),
        What::Step { from, step, to } => ("step", Some(from), Some(step), Some(to)),
        What::Contradiction { state, step } => ("contradiction", Some(state), Some(step), None),
        What::Signed => ("signed", None, None, None),
        What::SigningRefused => ("signing_refused", None, None, None),
        What::Noted => ("noted", None, None, None),
    };
    ProofRecord {
        index: record.index,
        at_ms: entry.at.ms(),
        what,
        from,
        step,
        to,
        user: entry.ids.user.to_string(),
        session: entry.ids.session.to_string(),
        request: entry.ids.request.to_string(),
        details: String::from_utf8_lossy(&entry.details).into_owned(),
    }
}

fn view(proof: &Proof, key: &PublicKey, account: &str) -> Result<ProofView, TradeError> {
    let checked = proof.check(key);
    let records =
        checked.map_err(|error| TradeError::new("audit_proof_broken", error.to_string()))?;
    // The order's intent names the account that it belongs to.
    let owned = records.iter().any(|record| {
        serde_json::from_slice::<Line>(&record.entry.details)
            .is_ok_and(|line| line.account.eq_ignore_ascii_case(account))
    });
    if !owned {
        return Err(TradeError::new(
            "order_unknown",
            "the log has no such order of this account",
        ));
    }
    // The second line of a checkpoint is how many records it covers.
    let size = proof
        .checkpoint
        .lines()
        .nth(1)
        .and_then(|line| line.parse().ok());
    Ok(ProofView {
        size: size.unwrap_or_default(),
        records: records.into_iter().map(shown).collect(),
        key: key.to_string(),
        proof: proof.to_json(),
        checkpoint: proof.checkpoint.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hypersentry_store::audit::{AuditOptions, Signer};

    #[tokio::test]
    async fn a_second_proof_waits_for_the_first_and_is_refused_if_that_takes_long() {
        let dir = tempfile::tempdir().unwrap();
        let signer = Signer::from_seed("audit.test/desk", &[1; 32]).unwrap();
        let key = signer.key().clone();
        let (log, _) = AuditLog::open(dir.path(), signer, AuditOptions::default()).unwrap();
        let proofs = Proofs::new(dir.path(), key);
        let code = async || proofs.read(&log, "0x1", "0x2").await.unwrap_err();
        // There is nothing to prove yet, which is no reason to keep anybody waiting.
        assert_eq!(code().await.code, "audit_missing");
        let turn = Arc::clone(&proofs.turn).acquire_owned().await.unwrap();
        let busy = code().await;
        assert_eq!((busy.code.as_str(), busy.retryable), ("proof_busy", true));
        drop(turn);
        assert_eq!(code().await.code, "audit_missing");
    }
}
