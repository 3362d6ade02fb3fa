//! The oldest segments go first.

use crate::faulty_disk::{FaultyDisk, Plan};
use crate::support::{files, header, options, read, record, record_of};
use hypersentry_model::Timestamp;
use hypersentry_store::{Header, Journal, Options};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

fn total(dir: &Path) -> u64 {
    let segments = files(dir, "hsj");
    segments
        .iter()
        .map(|path| fs::metadata(path).unwrap().len())
        .sum()
}

fn first_seqs(dir: &Path) -> Vec<u64> {
    read(dir)
        .starts
        .into_iter()
        .map(|(first, _)| first)
        .collect()
}

#[test]
fn the_total_size_is_held() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        total_bytes: 4 << 20,
        ..options()
    };
    let mut journal = Journal::create(dir.path(), header(), options.clone()).unwrap();
    for seq in 1..=80 {
        journal.append_batch(&[record_of(seq, 100 << 10)]).unwrap();
        if journal.needs_rotation() {
            journal.rotate(b"state").unwrap();
        }
        assert!(total(dir.path()) <= options.total_bytes, "at {seq}");
    }
    let all = read(dir.path());
    assert_eq!(all.starts.len(), 3);
    let first = all.starts[0].0;
    assert!(first > 40);
    let seqs: Vec<_> = all.clean().iter().map(|record| record.seq).collect();
    assert_eq!(seqs, (first..=80).collect::<Vec<_>>());
    journal.close().unwrap();
    // The next run holds it too, from its start.
    let less = Options {
        total_bytes: 2 << 20,
        ..options
    };
    let journal = Journal::create(dir.path(), header(), less).unwrap();
    assert_eq!(journal.next_seq(), 81);
    assert!(total(dir.path()) <= 2 << 20);
}

#[test]
fn old_segments_go() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        max_age: Some(Duration::from_secs(60)),
        ..options()
    };
    let mut journal = Journal::create(dir.path(), header(), options.clone()).unwrap();
    let minute = |seq: u64| {
        let at = Timestamp::from_ms(1_000 + 25_000 * seq as i64);
        hypersentry_store::Record {
            core_time: at,
            ..record(seq)
        }
    };
    for seq in 1..=6 {
        journal.append_batch(&[minute(seq)]).unwrap();
        journal.rotate(b"").unwrap();
    }
    // The segment of record n ended 25 s times (6 - n) ago.
    assert_eq!(first_seqs(dir.path()), [4, 5, 6, 7]);
    journal.close().unwrap();
    let later = Header {
        created: Timestamp::from_ms(1 << 40),
        ..header()
    };
    let journal = Journal::create(dir.path(), later, options).unwrap();
    // Record 6 was superseded only now.
    assert_eq!(
        (first_seqs(dir.path()), journal.next_seq()),
        (vec![6, 7], 7)
    );
}

#[test]
fn a_segment_that_cannot_be_removed_stays_with_all_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        total_bytes: 2 << 20,
        ..options()
    };
    let disk = FaultyDisk::default();
    let mut journal = Journal::create_on(disk.boxed(), dir.path(), header(), options).unwrap();
    let fill = |journal: &mut Journal, seq: u64| {
        journal.append_batch(&[record_of(seq, 1 << 20)]).unwrap();
        journal.seal().unwrap();
    };
    fill(&mut journal, 1);
    // Of a rotation without an open frame: create, create, write, sync, rename, sync_dir, then removals.
    disk.arm(Plan {
        at: 6,
        kind: ErrorKind::PermissionDenied,
        for_good: true,
        half: false,
    });
    journal.rotate(b"").unwrap();
    assert_eq!(first_seqs(dir.path()), [1, 2]);
    disk.arm(Plan {
        at: u64::MAX / 2,
        kind: ErrorKind::Other,
        for_good: false,
        half: false,
    });
    fill(&mut journal, 2);
    journal.rotate(b"").unwrap();
    assert_eq!(first_seqs(dir.path()), [3]);
}
