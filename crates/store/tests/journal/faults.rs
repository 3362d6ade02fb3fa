//! Disks that fail, processes that die, power that goes.

use crate::faulty_disk::{FaultyDisk, Plan};
use crate::support::{create, files, header, options, read, record_of, records};
use hypersentry_store::{Journal, JournalError, Options};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// A payload that fills a frame.
const LARGE: usize = 4 << 10;

/// How far a run got before it failed.
#[derive(Debug)]
struct Progress {
    tried: u64,
    acknowledged: u64,
    durable: u64,
}

/// A run of every kind of call, until one fails.
fn run(disk: &FaultyDisk, dir: &Path, progress: &mut Progress) -> Result<(), JournalError> {
    let options = Options {
        frame_bytes: LARGE,
        ..options()
    };
    let mut journal = Journal::create_on(disk.boxed(), dir, header(), options)?;
    let result = use_up(&mut journal, progress);
    let Err(error) = result else {
        journal.close()?;
        progress.durable = progress.acknowledged;
        return Ok(());
    };
    assert_eq!(journal.failure(), Some(&error));
    let before = disk.log().len();
    let next = records(journal.next_seq()..=journal.next_seq());
    assert_eq!(journal.append_batch(&next), Err(error.clone()));
    assert_eq!(journal.seal(), Err(error.clone()));
    assert_eq!(journal.seal_due(next[0].core_time), Err(error.clone()));
    assert_eq!(journal.rotate(b"later"), Err(error.clone()));
    assert_eq!(journal.close(), Err(error.clone()));
    assert_eq!(
        disk.log().len(),
        before,
        "a failed writer leaves the disk alone"
    );
    Err(error)
}

fn use_up(journal: &mut Journal, progress: &mut Progress) -> Result<(), JournalError> {
    let first = journal.next_seq();
    let append = |journal: &mut Journal, progress: &mut Progress, count: u64| {
        let next = journal.next_seq();
        progress.tried = next + count - 1;
        journal.append_batch(&records(next..next + count))?;
        progress.acknowledged = progress.tried;
        Ok::<_, JournalError>(())
    };
    append(journal, progress, 3)?;
    append(journal, progress, 2)?;
    journal.seal()?;
    progress.durable = progress.acknowledged;
    append(journal, progress, 2)?;
    journal.rotate(format!("after {}", first + 6).as_bytes())?;
    progress.durable = progress.acknowledged;
    append(journal, progress, 1)?;
    // A frame comes to be sealed in the midst of a batch.
    let next = journal.next_seq();
    progress.tried = next + 3;
    let mut batch = records(next..next + 4);
    batch[2].payload = record_of(1, LARGE).payload;
    journal.append_batch(&batch)?;
    progress.acknowledged = progress.tried;
    journal.seal()?;
    progress.durable = progress.acknowledged;
    append(journal, progress, 2)
}

/// Asserts that between `least` and `most` records are read, and that the next run goes on there.
fn assert_sound(dir: &Path, least: u64, most: u64, case: &str) {
    let first = read(dir);
    assert_eq!(first.error, None, "{case}");
    let count = first.records.len() as u64;
    assert!(
        (least..=most).contains(&count),
        "{case}: {count} of {least} to {most}"
    );
    for (index, (read, written)) in first.records.iter().zip(records(1..=count)).enumerate() {
        let large = read.payload.len() == LARGE;
        assert!(large || *read == written, "{case}: record {index}");
    }
    let mut journal = create(dir);
    assert_eq!(journal.next_seq(), count + 1, "{case}");
    let more = records(count + 1..=count + 3);
    journal.append_batch(&more).unwrap();
    journal.close().unwrap();
    let second = read(dir).clean();
    assert!(second[..first.records.len()] == first.records, "{case}");
    assert_eq!(second[first.records.len()..], more, "{case}");
}

/// Runs until the plan's change is beyond the end, with an earlier run that crashed to be put in order at the start.
fn sweep(plan: Plan, mut check: impl FnMut(&FaultyDisk, &Path, &Progress, &str)) {
    for at in 0.. {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = create(dir.path());
        journal.append_batch(&records(1..=2)).unwrap();
        journal.seal().unwrap();
        journal.append_batch(&records(3..=4)).unwrap();
        drop(journal);
        let disk = FaultyDisk::new(Plan { at, ..plan });
        let mut progress = Progress {
            tried: 4,
            acknowledged: 4,
            durable: 2,
        };
        let result = run(&disk, dir.path(), &mut progress);
        let case = format!("change {at} {:?} {plan:?}", disk.log().get(at as usize));
        match result {
            Ok(()) if at >= disk.log().len() as u64 => {
                assert!(at > 30, "the run makes many changes: {at}");
                return;
            }
            // What cannot be removed is left.
            Ok(()) => assert_eq!(disk.log()[at as usize], "remove", "{case}"),
            Err(error) => assert_eq!(error.code(), expected_code(plan.kind), "{case}"),
        }
        check(&disk, dir.path(), &progress, &case);
    }
}

const fn expected_code(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::StorageFull => "journal_full",
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => "journal_read_only",
        _ => "journal_io",
    }
}

#[test]
fn whatever_fails_what_was_acknowledged_is_read() {
    let kinds = [
        ErrorKind::StorageFull,
        ErrorKind::ReadOnlyFilesystem,
        ErrorKind::Other,
    ];
    for kind in kinds {
        for (for_good, half) in [(false, false), (false, true), (true, true)] {
            let plan = Plan {
                at: 0,
                kind,
                for_good,
                half,
            };
            sweep(plan, |_, dir, progress, case| {
                assert_sound(dir, progress.acknowledged, progress.tried, case);
            });
        }
    }
}

#[test]
fn whenever_the_power_goes_what_was_sealed_is_read() {
    for kept in [0, 3, 10] {
        let plan = Plan {
            at: 0,
            kind: ErrorKind::Other,
            for_good: true,
            half: true,
        };
        sweep(plan, |disk, dir, progress, case| {
            disk.cut_power(kept);
            let case = format!("{case}, {kept}/10 kept");
            assert_sound(dir, progress.durable, progress.tried, &case);
        });
    }
}

#[test]
fn a_refused_batch_is_taken_back_from_the_tail() {
    let dir = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::default();
    let mut journal = Journal::create_on(disk.boxed(), dir.path(), header(), options()).unwrap();
    journal.append_batch(&records(1..=3)).unwrap();
    disk.arm(Plan {
        at: 0,
        kind: ErrorKind::StorageFull,
        for_good: false,
        half: true,
    });
    let error = journal.append_batch(&records(4..=9)).unwrap_err();
    assert_eq!(error.code(), "journal_full");
    assert_eq!(read(dir.path()).clean(), records(1..=3));
}

#[test]
fn a_batch_is_one_write_and_a_seal_one_write_and_one_sync() {
    let dir = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::default();
    let mut journal = Journal::create_on(disk.boxed(), dir.path(), header(), options()).unwrap();
    let before = disk.log().len();
    journal.append_batch(&records(1..=100)).unwrap();
    journal.append_batch(&records(101..=102)).unwrap();
    journal.seal().unwrap();
    journal.seal().unwrap();
    journal.append_batch(&records([])).unwrap();
    assert_eq!(
        disk.log()[before..],
        ["write", "write", "write", "sync", "cut"]
    );
}

#[test]
fn creation_that_fails_leaves_no_segment() {
    for at in 0.. {
        let dir = tempfile::tempdir().unwrap();
        let plan = Plan {
            at,
            kind: ErrorKind::StorageFull,
            for_good: false,
            half: true,
        };
        let disk = FaultyDisk::new(plan);
        match Journal::create_on(disk.boxed(), dir.path(), header(), options()) {
            Ok(_) => {
                assert!(at > 6);
                return;
            }
            Err(error) => assert_eq!(error.code(), "journal_full"),
        }
        for extension in ["hsj", "tail", "hsj-draft"] {
            assert_eq!(
                files(dir.path(), extension),
                Vec::<std::path::PathBuf>::new(),
                "{at}"
            );
        }
        assert_eq!(read(dir.path()).code(), Some("journal_empty"));
    }
}

#[test]
fn a_crash_between_seal_and_restart_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = create(dir.path());
    journal.append_batch(&records(1..=2)).unwrap();
    journal.seal().unwrap();
    journal.append_batch(&records(3..=7)).unwrap();
    let tail = files(dir.path(), "tail").remove(0);
    let stale = fs::read(&tail).unwrap();
    journal.seal().unwrap();
    drop(journal);
    fs::write(&tail, &stale).unwrap();
    assert_eq!(read(dir.path()).clean(), records(1..=7));
    let journal = create(dir.path());
    assert_eq!((journal.next_seq(), journal.recovery().recovered), (8, 0));
    assert_eq!(journal.recovery().torn, []);
    drop(journal);
    assert_eq!(read(dir.path()).clean(), records(1..=7));
}

#[test]
fn a_restarted_tail_with_its_old_length_ends_at_its_own_records() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = create(dir.path());
    let same_length = |seq| record_of(seq, 50);
    let first: Vec<_> = (1..=6).map(same_length).collect();
    journal.append_batch(&first).unwrap();
    let tail = files(dir.path(), "tail").remove(0);
    let old = fs::read(&tail).unwrap();
    journal.seal().unwrap();
    journal
        .append_batch(&[same_length(7), same_length(8)])
        .unwrap();
    drop(journal);
    let mut mixed = fs::read(&tail).unwrap();
    let own = mixed.len();
    mixed.extend_from_slice(&old[own..]);
    fs::write(&tail, &mixed).unwrap();
    let all = read(dir.path());
    let expected: Vec<_> = (1..=8).map(same_length).collect();
    assert_eq!((&all.records, &all.error), (&expected, &None));
    assert_eq!(all.torn.len(), 1);
    assert_eq!(
        (all.torn[0].offset, all.torn[0].lost_bytes),
        (own as u64, 4 * 82)
    );
}

#[test]
fn one_writer_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let journal = create(dir.path());
    let error = Journal::create(dir.path(), header(), options()).unwrap_err();
    assert_eq!(error.code(), "journal_locked");
    assert!(read(dir.path()).clean().is_empty(), "readers take no lock");
    journal.close().unwrap();
    create(dir.path()).close().unwrap();
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, b"in the way").unwrap();
    for place in [file.clone(), file.join("below")] {
        let error = Journal::create(&place, header(), options()).unwrap_err();
        assert_eq!(error.code(), "journal_read_only", "{error}");
    }
    assert_eq!(fs::read(&file).unwrap(), b"in the way");
    let plan = Plan {
        at: 0,
        kind: ErrorKind::ReadOnlyFilesystem,
        for_good: true,
        half: false,
    };
    let disk = FaultyDisk::new(plan);
    let error = Journal::create_on(disk.boxed(), dir.path(), header(), options()).unwrap_err();
    assert_eq!(error.code(), "journal_read_only");
}
