//! Disks that are full or broken: what was acknowledged is there, and after a failure nothing is tried again.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::mpsc::channel;

use hypersentry_store::audit::{AuditLog, AuditOptions, prove, verify};

use crate::faulty_disk::{FaultyDisk, Plan};
use crate::support::{entry, signer};

/// Writes alone and in batches over several segments; gives the requests that were acknowledged, and whether all were.
fn write_all(log: &AuditLog) -> (BTreeSet<u64>, bool) {
    let mut acknowledged = BTreeSet::new();
    let mut failed = 0;
    for batch in 0..6 {
        let (tell, told) = channel();
        for n in 10 * batch..10 * batch + [1, 4][batch as usize % 2] {
            let tell = tell.clone();
            let done =
                Box::new(move |outcome: Result<_, _>| tell.send((n, outcome.is_ok())).unwrap());
            failed += u64::from(log.submit(entry(n, 900), done).is_err());
        }
        drop(tell);
        for (n, done) in told {
            if done {
                acknowledged.insert(n);
            } else {
                failed += 1;
            }
        }
    }
    (acknowledged, failed == 0)
}

/// The requests in the log.
fn written(dir: &Path) -> BTreeSet<u64> {
    let key = signer().key().clone();
    let of = |order: u64| {
        prove(dir, &key, &format!("o{order}"))
            .unwrap()
            .check(&key)
            .unwrap()
    };
    (0..5)
        .flat_map(of)
        .map(|record| record.entry.ids.request.as_str()[1..].parse().unwrap())
        .collect()
}

const SMALL: AuditOptions = AuditOptions {
    segment_bytes: 4096,
    queue: 64,
};

#[test]
fn nothing_acknowledged_is_missing_whatever_fails() {
    let (mut runs, mut stopped, mut refused) = (0, 0, 0);
    for kind in [ErrorKind::StorageFull, ErrorKind::Other] {
        for (for_good, half) in [(true, true), (true, false), (false, true), (false, false)] {
            for at in 0.. {
                let dir = tempfile::tempdir().unwrap();
                let disk = FaultyDisk::new(Plan {
                    at,
                    kind,
                    for_good,
                    half,
                });
                runs += 1;
                let Ok((log, _)) = AuditLog::open_on(disk.boxed(), dir.path(), signer(), SMALL)
                else {
                    refused += 1;
                    continue;
                };
                let (acknowledged, all) = write_all(&log);
                if all {
                    assert!(log.stopped().is_none());
                    break;
                }
                stopped += 1;
                assert_eq!(log.stopped().unwrap().code(), "audit_stopped");
                let changes = disk.log().len() as u64;
                assert_eq!(changes, at + 1, "something was tried after the failure");
                assert_eq!(
                    log.append(entry(99, 0)).unwrap_err().code(),
                    "audit_stopped"
                );
                drop(log);
                // A beginning of what was not synced, or any of its sectors or pages.
                match at % 3 {
                    0 => disk.cut_power(at % 11),
                    by => {
                        let page = [512, 4096][by as usize - 1];
                        disk.lose_pages(page, at % 2 == 0, |n| (at >> (n % 7)) & 1 == 1);
                    }
                }

                let (log, opened) = AuditLog::open(dir.path(), signer(), SMALL).unwrap();
                log.append(entry(98, 0)).unwrap();
                drop(log);
                verify(dir.path(), signer().key(), None).unwrap();
                let written = written(dir.path());
                assert!(
                    written.is_superset(&acknowledged),
                    "{at}: {acknowledged:?} {written:?}"
                );
                assert_eq!(written.len() as u64, opened.size + 1);
            }
        }
    }
    println!(
        "{runs} runs: {stopped} stopped while writing, {refused} refused to open; acknowledged and missing: 0"
    );
}
