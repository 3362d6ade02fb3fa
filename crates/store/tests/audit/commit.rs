//! Who writes at once shares a sync, and nobody is told before it.

use std::sync::mpsc::{TryRecvError, channel};
use std::thread;

use hypersentry_execution::audit::{Entry, RecordError, record};
use hypersentry_store::audit::{AuditError, AuditLog, AuditOptions, Rollback, prove, verify};

use crate::support::{QuickDisk, entry, signer};

#[test]
fn a_batch_shares_one_sync_and_nobody_is_told_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let disk = QuickDisk::default();
    let options = AuditOptions::default();
    let (log, opened) = AuditLog::open_on(disk.boxed(), dir.path(), signer(), options).unwrap();
    assert_eq!((opened.size, opened.cut), (0, None));
    let before = disk.syncs();
    disk.close();
    let (tell, told) = channel();
    let submit = |n| {
        let tell = tell.clone();
        let done = Box::new(move |outcome| tell.send((n, outcome)).unwrap());
        log.submit(entry(n, 0), done).unwrap();
    };
    submit(0);
    disk.await_waiting();
    for n in 1..=100 {
        submit(n);
    }
    assert_eq!(told.try_recv().unwrap_err(), TryRecvError::Empty);
    assert_eq!(log.checkpoint(), None);
    disk.open();
    for n in 0..=100 {
        let (of, outcome) = told.recv().unwrap();
        assert_eq!((of, outcome.unwrap().index), (n, n));
    }
    assert_eq!(disk.syncs() - before, 2);
    let kept = log.checkpoint().unwrap();
    drop(log);
    let verified = verify(dir.path(), signer().key(), Some(kept.as_bytes())).unwrap();
    assert_eq!((verified.head.size, verified.checkpoints), (101, 2));
    assert_eq!(verified.rollback, Rollback::Excluded { up_to: 101 });
}

#[test]
fn a_full_queue_refuses_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let disk = QuickDisk::default();
    let options = AuditOptions {
        queue: 4,
        ..AuditOptions::default()
    };
    let (log, _) = AuditLog::open_on(disk.boxed(), dir.path(), signer(), options).unwrap();
    disk.close();
    log.submit(entry(0, 0), Box::new(|_| ())).unwrap();
    disk.await_waiting();
    for n in 1..=4 {
        log.submit(entry(n, 0), Box::new(|_| ())).unwrap();
    }
    let refused = log.append(entry(5, 0)).unwrap_err();
    assert_eq!(refused.code(), "audit_busy");
    disk.open();
    // Dropping writes what waits.
    drop(log);
    let verified = verify(dir.path(), signer().key(), None).unwrap();
    assert_eq!(verified.head.size, 5);
    assert_eq!(verified.rollback, Rollback::NotChecked);
}

#[test]
fn records_that_belong_together_are_taken_together_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let disk = QuickDisk::default();
    let options = AuditOptions {
        queue: 4,
        ..AuditOptions::default()
    };
    let (log, _) = AuditLog::open_on(disk.boxed(), dir.path(), signer(), options).unwrap();
    disk.close();
    log.submit(entry(0, 0), Box::new(|_| ())).unwrap();
    disk.await_waiting();
    let (tell, told) = channel();
    let three = |first| (first..first + 3).map(|n| entry(n, 0)).collect();
    let tell = Box::new(move |outcome| {
        let _ = tell.send(outcome);
    });
    log.submit_all(three(1), tell).unwrap();
    let refused = log.submit_all(three(4), Box::new(|_| panic!("it was not taken")));
    assert_eq!(refused.unwrap_err().code(), "audit_busy");
    let mut wrong: Vec<Entry> = three(4);
    wrong[1].details = vec![0; record::LONGEST_DETAILS + 1];
    wrong.pop();
    disk.open();
    // It is told once, of the last.
    assert_eq!(told.recv().unwrap().unwrap().index, 3);
    assert!(told.recv().is_err());
    let refused = log.submit_all(wrong, Box::new(|_| panic!("it was not taken")));
    assert_eq!(refused.unwrap_err().code(), "audit_record");
    drop(log);
    let verified = verify(dir.path(), signer().key(), None).unwrap();
    assert_eq!(verified.head.size, 4);
}

#[test]
fn somebody_who_panics_when_told_stops_the_log_and_keeps_nobody_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let disk = QuickDisk::default();
    let options = AuditOptions::default();
    let (log, _) = AuditLog::open_on(disk.boxed(), dir.path(), signer(), options).unwrap();
    disk.close();
    log.submit(entry(0, 0), Box::new(|_| panic!("on purpose")))
        .unwrap();
    disk.await_waiting();
    let told = thread::scope(|scope| {
        let waits = scope.spawn(|| log.append(entry(1, 0)));
        disk.open();
        waits.join().unwrap()
    });
    assert_eq!(told.unwrap_err().code(), "audit_stopped");
    assert_eq!(log.append(entry(2, 0)).unwrap_err().code(), "audit_stopped");
    drop(log);
    // It was durable before anybody was told.
    let verified = verify(dir.path(), signer().key(), None).unwrap();
    assert_eq!(verified.head.size, 1);
}

#[test]
fn many_writers_get_a_number_each_and_every_order_is_proven() {
    let dir = tempfile::tempdir().unwrap();
    let disk = QuickDisk::default();
    let options = AuditOptions {
        segment_bytes: 4096,
        ..AuditOptions::default()
    };
    let (log, _) = AuditLog::open_on(disk.boxed(), dir.path(), signer(), options).unwrap();
    let mut numbers: Vec<u64> = thread::scope(|scope| {
        let log = &log;
        let writers: Vec<_> = (0..16)
            .map(|w| {
                scope.spawn(move || {
                    (0..25)
                        .map(|n| log.append(entry(w * 25 + n, 40)).unwrap().index)
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        writers
            .into_iter()
            .flat_map(|writer| writer.join().unwrap())
            .collect()
    });
    drop(log);
    numbers.sort_unstable();
    assert_eq!(numbers, (0..400).collect::<Vec<_>>());
    let segments = std::fs::read_dir(dir.path()).unwrap().filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .path()
            .extension()
            .is_some_and(|e| e == "hsa")
    });
    assert!(segments.count() > 5);
    let key = signer().key().clone();
    let mut proven = 0;
    for order in 0..5 {
        let proof = prove(dir.path(), &key, &format!("o{order}")).unwrap();
        proven += proof.check(&key).unwrap().len();
        let mut wrong = proof.clone();
        wrong.records[3].record[60] ^= 1;
        assert!(wrong.check(&key).is_err());
        wrong = proof.clone();
        wrong.records[3].path[0][0] ^= 1;
        assert!(wrong.check(&key).is_err());
        wrong = proof.clone();
        wrong.records[3].index += 1;
        assert!(wrong.check(&key).is_err());
    }
    assert_eq!(proven, 400);
    assert!(
        prove(dir.path(), &key, "unheard-of")
            .unwrap()
            .records
            .is_empty()
    );
}

#[test]
fn what_breaks_a_rule_is_refused_and_harms_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = AuditLog::open(dir.path(), signer(), AuditOptions::default()).unwrap();
    let refused = log.append(entry(0, 4097)).unwrap_err();
    assert_eq!(refused, AuditError::Record(RecordError::Details));
    assert_eq!(log.append(entry(0, 4096)).unwrap().index, 0);
    let second = AuditLog::open(dir.path(), signer(), AuditOptions::default());
    assert_eq!(second.unwrap_err().code(), "audit_locked");
    assert_eq!(log.append(entry(1, 0)).unwrap().index, 1);
    assert_eq!(log.stopped(), None);
    drop(log);
    let (log, opened) = AuditLog::open(dir.path(), signer(), AuditOptions::default()).unwrap();
    assert_eq!((opened.size, opened.cut), (2, None));
    assert_eq!(log.append(entry(2, 0)).unwrap().index, 2);
}
