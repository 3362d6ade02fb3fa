//! One prover over the life of a log: it says what a verification of the whole says, and reads no byte twice.

use hypersentry_store::audit::{AuditError, AuditLog, AuditOptions, Prover, prove};

use crate::support::{QuickDisk, entry, signer};

const SMALL: AuditOptions = AuditOptions {
    segment_bytes: 40_000,
    queue: 4096,
};

/// Appends so many records in batches of different sizes.
fn grow(log: &AuditLog, from: u64, records: u64) {
    let mut at = from;
    while at < from + records {
        let batch = (1 + at % 9).min(from + records - at);
        let (tell, told) = std::sync::mpsc::channel();
        let entries = (at..at + batch)
            .map(|n| entry(n, (n % 50) as usize))
            .collect();
        let done = Box::new(move |outcome: Result<_, _>| tell.send(outcome.is_ok()).unwrap());
        log.submit_all(entries, done).unwrap();
        assert!(told.recv().unwrap());
        at += batch;
    }
}

#[test]
fn a_prover_that_reads_on_says_what_a_whole_verification_says() {
    let dir = tempfile::tempdir().unwrap();
    let quick = QuickDisk::default().boxed();
    let (log, _) = AuditLog::open_on(quick, dir.path(), signer(), SMALL).unwrap();
    let key = signer().key().clone();
    let mut prover = Prover::new(dir.path(), key.clone());
    let (mut size, mut compared) = (0, 0);
    for more in [1, 1, 5, 56, 1, 1, 62, 1, 3, 200, 700, 17, 1_000] {
        grow(&log, size, more);
        size += more;
        let newest = log.checkpoint().unwrap();
        for order in ["o0", "o1", "o2", "o3", "o4", "unheard-of"] {
            let proof = prover.prove(order, Some(&newest)).unwrap();
            assert_eq!(
                proof,
                prove(dir.path(), &key, order).unwrap(),
                "{order} at {size}"
            );
            assert_eq!(proof.checkpoint, newest);
            compared += proof.check(&key).unwrap().len();
        }
    }
    assert!(
        std::fs::read_dir(dir.path()).unwrap().count() > 6,
        "several segments"
    );
    println!("{size} records; {compared} proven records, the same by both");
}

#[test]
fn an_end_that_is_being_written_waits_and_what_is_missing_or_changed_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let quick = QuickDisk::default().boxed();
    let (log, _) = AuditLog::open_on(quick, dir.path(), signer(), AuditOptions::default()).unwrap();
    let key = signer().key().clone();
    grow(&log, 0, 150);
    let older = log.checkpoint().unwrap();
    let path = dir.path().join("00000000000000000000.hsa");
    let before = std::fs::read(&path).unwrap();
    grow(&log, 150, 30);
    let newest = log.checkpoint().unwrap();
    let after = std::fs::read(&path).unwrap();
    let code = |outcome: Result<_, AuditError>| match outcome {
        Err(AuditError::Damaged { damage }) => damage.code,
        Err(other) => panic!("{other}"),
        Ok(_) => "sound",
    };
    let mut prover = Prover::new(dir.path(), key);
    // Half of a batch.
    let written = before.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let mut half = after[..written + 300].to_vec();
    half.resize(after.len(), 0);
    std::fs::write(&path, &half).unwrap();
    assert_eq!(prover.prove("o1", Some(&older)).unwrap().checkpoint, older);
    // Its writer says that there is more.
    assert_eq!(
        code(prover.prove("o1", Some(&newest))),
        "audit_frame_broken"
    );
    std::fs::write(&path, &before).unwrap();
    assert_eq!(code(prover.prove("o1", Some(&newest))), "audit_rolled_back");
    std::fs::write(&path, &after).unwrap();
    let proof = prover.prove("o1", Some(&newest)).unwrap();
    assert_eq!(
        (proof.checkpoint, proof.records.len()),
        (newest.clone(), 36)
    );
    // What was verified once is not what is there any more: told where a proof needs it.
    let mut changed = after;
    changed[200] ^= 1;
    std::fs::write(&path, &changed).unwrap();
    assert_eq!(
        code(prover.prove("o1", Some(&newest))),
        "audit_checkpoint_mismatch"
    );
    drop(log);
}
