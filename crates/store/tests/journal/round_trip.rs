//! What is written reads back.

use crate::support::{
    Read, create, drain, files, header, options, read, record, record_of, records,
};
use hypersentry_model::Timestamp;
use hypersentry_store::{
    Item, Journal, JournalReader, MAX_CHECKPOINT, MAX_PAYLOAD, Options, Record, StartAt,
};
use proptest::prelude::*;
use std::time::Duration;

#[test]
fn a_new_journal_has_a_start_and_no_records() {
    let dir = tempfile::tempdir().unwrap();
    let journal = create(dir.path());
    assert_eq!(journal.next_seq(), 1);
    let mut reader = JournalReader::open(dir.path()).unwrap();
    assert_eq!(*reader.header(), header());
    let Some(Ok(Item::Segment(start))) = reader.next() else {
        panic!("no start");
    };
    assert_eq!(
        (start.header, start.checkpoint, start.first_seq),
        (header(), vec![], 1)
    );
    assert!(reader.next().is_none());
}

#[test]
fn records_are_read_before_and_after_sealing_and_closing() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = create(dir.path());
    journal.append_batch(&records(1..=3)).unwrap();
    assert_eq!(read(dir.path()).clean(), records(1..=3));
    journal.seal().unwrap();
    journal.append_batch(&records(4..=5)).unwrap();
    assert_eq!(read(dir.path()).clean(), records(1..=5));
    journal.rotate(b"after five").unwrap();
    journal.append_batch(&records(6..=6)).unwrap();
    journal.close().unwrap();
    let all = read(dir.path());
    assert_eq!(all.starts, [(1, vec![]), (6, b"after five".to_vec())]);
    assert_eq!(all.clean(), records(1..=6));
    assert!(files(dir.path(), "tail").is_empty());
    let single = read(&files(dir.path(), "hsj")[1]);
    assert_eq!(single.clean(), records(6..=6));
}

#[test]
fn borrowed_payloads_are_taken() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = create(dir.path());
    let owned = record(1);
    let borrowed = Record {
        seq: 1,
        core_time: owned.core_time,
        receive_time: owned.receive_time,
        payload: owned.payload.as_slice(),
    };
    journal.append_batch(&[borrowed]).unwrap();
    assert_eq!(read(dir.path()).clean(), [owned]);
}

#[test]
fn a_frame_is_sealed_when_due() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = create(dir.path());
    assert_eq!(journal.seal_at(), None);
    journal.append_batch(&records(1..=2)).unwrap();
    let due = record(1).core_time.plus_ms(1_000);
    assert_eq!(journal.seal_at(), Some(due));
    assert_eq!(
        journal.seal_due(Timestamp::from_ns(due.ns() - 1)),
        Ok(false)
    );
    let tail = files(dir.path(), "tail").remove(0);
    assert!(tail.metadata().unwrap().len() > 0);
    assert_eq!(journal.seal_due(due), Ok(true));
    assert_eq!(tail.metadata().unwrap().len(), 0);
    assert_eq!(journal.seal_due(due), Ok(false));
    // 5 ms apart: the 201st after the first is 1 s later and opens another frame.
    journal.append_batch(&records(3..=202)).unwrap();
    journal.append_batch(&records(203..=203)).unwrap();
    assert_eq!(
        journal.seal_at(),
        Some(record(203).core_time.plus_ms(1_000))
    );
    assert_eq!(read(dir.path()).clean(), records(1..=203));
}

#[test]
fn large_records_have_frames_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = create(dir.path());
    let batch = [
        record(1),
        record_of(2, MAX_PAYLOAD),
        record(3),
        record_of(4, 1 << 20),
        record_of(5, 0),
    ];
    journal.append_batch(&batch).unwrap();
    assert_eq!(read(dir.path()).clean(), batch);
    assert!(journal.needs_rotation());
    journal.close().unwrap();
    assert_eq!(read(dir.path()).clean(), batch);
}

#[test]
fn a_large_checkpoint_reads_back_and_a_larger_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = create(dir.path());
    journal.append_batch(&records(1..=1)).unwrap();
    let error = journal.rotate(&vec![0; MAX_CHECKPOINT + 1]).unwrap_err();
    assert_eq!(error.code(), "journal_record");
    let checkpoint = record_of(9, (3 << 20) + 17).payload;
    journal.rotate(&checkpoint).unwrap();
    assert_eq!(read(dir.path()).starts[1], (2, checkpoint));
    journal.append_batch(&records(2..=2)).unwrap();
    let largest = vec![7; MAX_CHECKPOINT];
    journal.rotate(&largest).unwrap();
    assert_eq!(read(dir.path()).starts[2], (3, largest));
}

#[test]
fn a_segment_without_records_is_not_rotated() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = create(dir.path());
    journal.rotate(b"x").unwrap();
    assert_eq!(read(dir.path()).starts, [(1, vec![])]);
}

#[test]
fn records_out_of_order_are_refused_and_do_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = create(dir.path());
    journal.append_batch(&records(1..=2)).unwrap();
    let early = Record {
        core_time: Timestamp::from_ms(1),
        ..record(4)
    };
    let wrong = [
        vec![record(4)],
        vec![record(3), record(3)],
        vec![record(3), early],
        vec![record(3), record_of(4, MAX_PAYLOAD + 1)],
    ];
    for batch in wrong {
        assert_eq!(
            journal.append_batch(&batch).unwrap_err().code(),
            "journal_record"
        );
    }
    assert_eq!(journal.failure(), None);
    journal.append_batch(&records(3..=3)).unwrap();
    assert_eq!(read(dir.path()).clean(), records(1..=3));
}

#[test]
fn the_next_run_goes_on_numbering() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = create(dir.path());
    journal.append_batch(&records(1..=4)).unwrap();
    drop(journal);
    let journal = create(dir.path());
    assert_eq!((journal.next_seq(), journal.recovery().recovered), (5, 4));
    drop(journal);
    // A run without records leaves no segment behind when the next begins.
    let mut journal = create(dir.path());
    assert_eq!((journal.next_seq(), journal.recovery().recovered), (5, 0));
    journal.append_batch(&records(5..=6)).unwrap();
    journal.close().unwrap();
    let all = read(dir.path());
    assert_eq!(all.starts, [(1, vec![]), (5, vec![])]);
    assert_eq!(all.clean(), records(1..=6));
}

#[test]
fn reading_starts_at_the_segment_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = create(dir.path());
    for first in [1, 11, 21] {
        journal.append_batch(&records(first..first + 10)).unwrap();
        journal.rotate(&[first as u8]).unwrap();
    }
    journal.append_batch(&records(31..=31)).unwrap();
    let first_of = |start| {
        let mut all = Read::default();
        drain(JournalReader::open_at(dir.path(), start).unwrap(), &mut all);
        let first = all.starts[0].0;
        assert_eq!(all.clean(), records(first..=31));
        first
    };
    let by_seq = [
        (0, 1),
        (1, 1),
        (10, 1),
        (11, 11),
        (30, 21),
        (31, 31),
        (99, 31),
    ];
    for (seq, first) in by_seq {
        assert_eq!(first_of(StartAt::Seq(seq)), first);
    }
    assert_eq!(first_of(StartAt::Time(Timestamp::from_ms(0))), 1);
    for seq in 1..=31 {
        // A segment starts at the core time of the record before it, which could have equals behind it.
        let first = (seq - 1) / 10 * 10 + 1;
        assert_eq!(first_of(StartAt::Time(record(seq).core_time)), first);
    }
    assert_eq!(first_of(StartAt::Time(Timestamp::from_ms(1 << 40))), 31);
    assert_eq!(first_of(StartAt::Oldest), 1);
}

#[test]
fn a_reader_follows_a_writer() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = create(dir.path());
    let mut reader = JournalReader::open(dir.path()).unwrap();
    assert!(matches!(reader.next(), Some(Ok(Item::Segment(_)))));
    let mut next = |what: &str| match reader.next() {
        Some(Ok(Item::Record(record))) => record.seq,
        Some(Ok(Item::Segment(start))) => 1_000 + start.first_seq,
        other => panic!("{what}: {other:?}"),
    };
    journal.append_batch(&records(1..=3)).unwrap();
    assert_eq!((next("tail"), next("tail")), (1, 2));
    // The frame is sealed under the reader's feet, and the tail starts over.
    journal.seal().unwrap();
    journal.append_batch(&records(4..=5)).unwrap();
    assert_eq!((next("sealed"), next("tail")), (3, 4));
    journal.append_batch(&records(6..=6)).unwrap();
    journal.rotate(b"six").unwrap();
    journal.append_batch(&records(7..=7)).unwrap();
    journal.rotate(b"seven").unwrap();
    assert_eq!((next("sealed"), next("sealed")), (5, 6));
    assert_eq!(
        (next("start"), next("record"), next("start")),
        (1_007, 7, 1_008)
    );
    assert!(reader.next().is_none());
}

#[test]
fn a_reader_and_a_writer_race() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_owned();
    let last = 20_000;
    let mut journal = create(&path);
    let writer = std::thread::spawn(move || {
        for seq in 1..=last {
            journal.append_batch(&[record(seq)]).unwrap();
            if seq % 37 == 0 {
                journal.seal().unwrap();
            }
            if seq % 501 == 0 {
                journal.rotate(&seq.to_le_bytes()).unwrap();
            }
        }
    });
    let mut rounds = 0;
    while !writer.is_finished() {
        let all = read(&path);
        assert_eq!(all.error, None);
        let count = all.records.len() as u64;
        assert!(all.records == records(1..=count), "round {rounds}");
        rounds += 1;
    }
    writer.join().unwrap();
    assert_eq!(read(&path).clean().len() as u64, last);
    assert!(rounds > 0);
}

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<(i64, i64, Vec<u8>)>),
    Seal,
    SealDue(i64),
    Rotate(Vec<u8>),
    Reopen { close: bool },
}

fn step() -> impl Strategy<Value = Step> {
    let payload = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        (0..3000_usize, any::<u8>()).prop_map(|(len, byte)| vec![byte; len]),
    ];
    let input = (0..400_000_000_i64, any::<i64>(), payload);
    prop_oneof![
        6 => prop::collection::vec(input, 0..12).prop_map(Step::Append),
        1 => Just(Step::Seal),
        1 => (0..2_000_000_000_i64).prop_map(Step::SealDue),
        1 => prop::collection::vec(any::<u8>(), 0..200).prop_map(Step::Rotate),
        1 => any::<bool>().prop_map(|close| Step::Reopen { close }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn any_sequence_reads_back(steps in prop::collection::vec(step(), 0..25)) {
        let dir = tempfile::tempdir().unwrap();
        let options = Options { frame_bytes: 4 << 10, frame_age: Duration::from_millis(300), ..options() };
        let open = || Journal::create(dir.path(), header(), options.clone()).unwrap();
        let mut journal = open();
        let mut core = 0;
        let mut written: Vec<Record> = Vec::new();
        let mut starts = vec![(1, Vec::new())];
        for step in steps {
            let next = written.len() as u64 + 1;
            let fresh = starts.last().is_some_and(|(first, _)| *first == next);
            match step {
                Step::Append(inputs) => {
                    let batch: Vec<_> = (next..).zip(inputs).map(|(seq, (gap, receive, payload))| {
                        core += gap;
                        let core_time = Timestamp::from_ns(core);
                        Record { seq, core_time, receive_time: Timestamp::from_ns(receive), payload }
                    }).collect();
                    journal.append_batch(&batch).unwrap();
                    written.extend(batch);
                }
                Step::Seal => journal.seal().unwrap(),
                Step::SealDue(after) => {
                    journal.seal_due(Timestamp::from_ns(core + after)).unwrap();
                }
                Step::Rotate(checkpoint) => {
                    journal.rotate(&checkpoint).unwrap();
                    if !fresh {
                        starts.push((next, checkpoint));
                    }
                }
                Step::Reopen { close } => {
                    if close {
                        journal.close().unwrap();
                    } else {
                        drop(journal);
                    }
                    journal = open();
                    if fresh {
                        starts.pop();
                    }
                    starts.push((next, Vec::new()));
                }
            }
            prop_assert_eq!(journal.next_seq(), written.len() as u64 + 1);
        }
        let all = read(dir.path());
        prop_assert_eq!(&all.starts, &starts);
        prop_assert_eq!(all.clean(), written);
    }
}
