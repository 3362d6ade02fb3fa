//! What the audit log says of one order.

use crate::error::TradeError;
use crate::log::Line;
use crate::view::{ProofRecord, ProofView};
use hypersentry_execution::audit::{Record, What};
use hypersentry_store::audit::{AuditError, Proof, PublicKey, prove};
use std::path::Path;
use std::time::Duration;

/// A batch may be half written when the log is read: it is read again.
const TRIES: u32 = 5;

fn read_log(dir: &Path, key: &PublicKey, cloid: &str) -> Result<Proof, AuditError> {
    let mut tries = 0;
    loop {
        match prove(dir, key, cloid) {
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

/// Reads the whole log.
pub(crate) fn read(
    dir: &Path,
    key: &PublicKey,
    account: &str,
    cloid: &str,
) -> Result<ProofView, TradeError> {
    let proof = read_log(dir, key, cloid)?;
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
        checkpoint: proof.checkpoint,
    })
}
