//! Files that are not what was written.

use crate::support::{Read, create, drain, files, header, options, read, record, records};
use hypersentry_store::{Item, Journal, JournalReader, SegmentStart, Torn};
use std::fs;
use std::path::{Path, PathBuf};

fn len(path: &Path) -> u64 {
    fs::metadata(path).unwrap().len()
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    files(dir, "hsj")
}

/// Frames of three records each; the lengths of the last segment before the first and after each.
fn framed(dir: &Path, frames: u64) -> (Journal, Vec<u64>) {
    let mut journal = create(dir);
    let path = segments(dir).remove(0);
    let mut ends = vec![len(&path)];
    for frame in 0..frames {
        journal
            .append_batch(&records(frame * 3 + 1..=frame * 3 + 3))
            .unwrap();
        journal.seal().unwrap();
        ends.push(len(&path));
    }
    (journal, ends)
}

/// Reads `file`, which has been damaged such that `torn` is left, and lets a run go on there.
fn assert_torn(dir: &Path, file: &Path, valid: u64, boundary: u64) {
    let expected = records(1..=valid);
    let all = read(dir);
    assert_eq!((&all.records, &all.error), (&expected, &None));
    let lost_bytes = len(file) - boundary;
    let torn = Torn {
        segment: file.to_owned(),
        offset: boundary,
        lost_bytes,
    };
    let torn = if lost_bytes == 0 { vec![] } else { vec![torn] };
    assert_eq!(all.torn, torn);
    let mut journal = create(dir);
    assert_eq!(
        (journal.next_seq(), &journal.recovery().torn),
        (valid + 1, &torn)
    );
    journal.append_batch(&[record(valid + 1)]).unwrap();
    drop(journal);
    assert_eq!(read(dir).clean(), records(1..=valid + 1));
}

#[test]
fn a_segment_cut_at_any_byte_reads_up_to_the_last_whole_frame() {
    let origin = tempfile::tempdir().unwrap();
    let (journal, ends) = framed(origin.path(), 5);
    journal.close().unwrap();
    let bytes = fs::read(&segments(origin.path())[0]).unwrap();
    for cut in ends[2]..=ends[5] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir
            .path()
            .join(segments(origin.path())[0].file_name().unwrap());
        fs::write(&path, &bytes[..cut as usize]).unwrap();
        let whole = ends.iter().rposition(|end| *end <= cut).unwrap();
        assert_torn(dir.path(), &path, whole as u64 * 3, ends[whole]);
    }
    // Before the first frame nothing can be torn, since a segment has its name only when it is whole that far.
    for cut in 0..ends[0] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir
            .path()
            .join(segments(origin.path())[0].file_name().unwrap());
        fs::write(&path, &bytes[..cut as usize]).unwrap();
        assert_eq!(read(dir.path()).code(), Some("journal_corrupt"), "{cut}");
        let error = Journal::create(dir.path(), header(), options()).unwrap_err();
        assert_eq!(error.code(), "journal_corrupt");
    }
}

#[test]
fn a_tail_cut_at_any_byte_reads_up_to_the_last_whole_record() {
    let origin = tempfile::tempdir().unwrap();
    let (mut journal, _) = framed(origin.path(), 1);
    let tail = files(origin.path(), "tail").remove(0);
    let mut ends = vec![0];
    for seq in 4..=7 {
        journal.append_batch(&[record(seq)]).unwrap();
        ends.push(len(&tail));
    }
    drop(journal);
    let segment = &segments(origin.path())[0];
    for cut in 0..=ends[4] {
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &Path| dir.path().join(path.file_name().unwrap());
        fs::copy(segment, at(segment)).unwrap();
        fs::write(at(&tail), &fs::read(&tail).unwrap()[..cut as usize]).unwrap();
        let whole = ends.iter().rposition(|end| *end <= cut).unwrap();
        assert_torn(dir.path(), &at(&tail), 3 + whole as u64, ends[whole]);
    }
}

#[test]
fn junk_behind_the_end_is_torn() {
    let noise: Vec<u8> = (0..100_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    for junk in [vec![0; 5], vec![0; 5_000], noise, b"HSJR".repeat(50_000)] {
        for extension in ["hsj", "tail"] {
            let dir = tempfile::tempdir().unwrap();
            let (journal, _) = framed(dir.path(), 3);
            drop(journal);
            let path = files(dir.path(), extension).remove(0);
            let boundary = len(&path);
            let mut bytes = fs::read(&path).unwrap();
            bytes.extend_from_slice(&junk);
            fs::write(&path, bytes).unwrap();
            assert_torn(dir.path(), &path, 9, boundary);
        }
    }
}

#[test]
fn a_partly_sealed_frame_is_read_from_the_tail() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, ends) = framed(dir.path(), 2);
    journal.append_batch(&records(7..=9)).unwrap();
    let tail = files(dir.path(), "tail").remove(0);
    let unsealed = fs::read(&tail).unwrap();
    journal.seal().unwrap();
    drop(journal);
    let path = segments(dir.path()).remove(0);
    let mut sealed = fs::read(&path).unwrap();
    sealed.pop();
    fs::write(&path, &sealed).unwrap();
    fs::write(&tail, &unsealed).unwrap();
    let all = read(dir.path());
    assert_eq!((&all.records, &all.error), (&records(1..=9), &None));
    assert_eq!((all.torn.len(), all.torn[0].offset), (1, ends[2]));
    let journal = create(dir.path());
    assert_eq!((journal.next_seq(), journal.recovery().recovered), (10, 3));
    drop(journal);
    assert_eq!(read(dir.path()).clean(), records(1..=9));
}

#[test]
fn every_bit_counts() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = create(dir.path());
    journal.append_batch(&records(1..=2)).unwrap();
    journal.seal().unwrap();
    journal.append_batch(&records(3..=4)).unwrap();
    journal.rotate(b"the state after four records").unwrap();
    journal.append_batch(&records(5..=6)).unwrap();
    journal.seal().unwrap();
    journal.append_batch(&records(7..=8)).unwrap();
    drop(journal);
    let starts: Vec<_> = [(1, &b""[..]), (5, b"the state after four records")]
        .into_iter()
        .zip([header().created, record(4).core_time])
        .map(|((first_seq, checkpoint), created)| {
            let mut header = header();
            header.created = created;
            SegmentStart {
                header,
                checkpoint: checkpoint.to_vec(),
                first_seq,
            }
        })
        .collect();
    let written = records(1..=8);
    let mut paths = segments(dir.path());
    paths.extend(files(dir.path(), "tail"));
    assert_eq!(paths.len(), 3);
    for path in paths {
        let whole = fs::read(&path).unwrap();
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &bytes).unwrap();
            let (mut seen, mut count, mut noticed) = (0, 0, false);
            let items: Box<dyn Iterator<Item = _>> = match JournalReader::open(dir.path()) {
                Ok(reader) => Box::new(reader),
                Err(error) => Box::new(std::iter::once(Err(error))),
            };
            for item in items {
                match item {
                    Ok(Item::Segment(start)) => {
                        assert_eq!(start, starts[seen], "bit {bit} of {}", path.display());
                        seen += 1;
                    }
                    Ok(Item::Record(record)) => {
                        assert_eq!(record, written[count], "bit {bit} of {}", path.display());
                        count += 1;
                    }
                    Ok(Item::Torn(_)) => noticed = true,
                    Err(error) => {
                        assert_eq!(error.code(), "journal_corrupt");
                        noticed = true;
                    }
                }
            }
            assert!(noticed, "bit {bit} of {} has no meaning", path.display());
        }
        fs::write(&path, &whole).unwrap();
    }
    assert_eq!(read(dir.path()).clean(), written);
}

#[test]
fn a_broken_frame_before_a_sound_one_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, ends) = framed(dir.path(), 4);
    drop(journal);
    let path = segments(dir.path()).remove(0);
    let whole = fs::read(&path).unwrap();
    for at in ends[1]..ends[2] {
        let mut bytes = whole.clone();
        bytes[at as usize] ^= 0x10;
        fs::write(&path, &bytes).unwrap();
        let all = read(dir.path());
        assert_eq!((all.records, all.torn), (records(1..=3), vec![]));
        let error = all.error.unwrap();
        assert_eq!(error.code(), "journal_corrupt");
        assert!(
            error
                .to_string()
                .contains(&format!("at byte {} of", ends[1])),
            "{error}"
        );
        let error = Journal::create(dir.path(), header(), options()).unwrap_err();
        assert_eq!(error.code(), "journal_corrupt");
        assert_eq!(fs::read(&path).unwrap(), bytes, "damage is left as it is");
    }
    // Bytes taken out of the middle.
    let mut bytes = whole;
    bytes.drain(ends[1] as usize + 3..ends[2] as usize + 5);
    fs::write(&path, &bytes).unwrap();
    assert_eq!(read(dir.path()).code(), Some("journal_corrupt"));
}

#[test]
fn a_hole_is_damage_and_a_missing_beginning_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = create(dir.path());
    for first in [1, 4, 7] {
        journal.append_batch(&records(first..first + 3)).unwrap();
        journal.rotate(b"").unwrap();
    }
    journal.append_batch(&records(10..=12)).unwrap();
    drop(journal);
    let paths = segments(dir.path());
    // A segment that is not the last has lost its end.
    let whole = fs::read(&paths[0]).unwrap();
    fs::write(&paths[0], &whole[..whole.len() - 1]).unwrap();
    assert_eq!(read(dir.path()).code(), Some("journal_corrupt"));
    assert_eq!(read(&paths[0]).torn.len(), 1, "by itself it is the last");
    fs::remove_file(&paths[0]).unwrap();
    assert_eq!(read(dir.path()).clean(), records(4..=12));
    let moved = dir.path().join("elsewhere");
    fs::rename(&paths[2], &moved).unwrap();
    let all = read(dir.path());
    assert_eq!(
        (all.code(), all.records),
        (Some("journal_corrupt"), records(4..=6))
    );
    // A segment under another's name.
    fs::copy(&paths[1], &paths[2]).unwrap();
    assert_eq!(read(dir.path()).code(), Some("journal_corrupt"));
    fs::rename(&moved, &paths[2]).unwrap();
    assert_eq!(read(dir.path()).clean(), records(4..=12));
    // The tail goes on where the segment does not.
    let tail = files(dir.path(), "tail").remove(0);
    let bytes = fs::read(&tail).unwrap();
    fs::write(&tail, &bytes[32 + record(10).payload.len()..]).unwrap();
    let all = read(dir.path());
    assert_eq!(
        (all.code(), all.records),
        (Some("journal_corrupt"), records(4..=9))
    );
}

#[test]
fn a_newer_format_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = framed(dir.path(), 1);
    drop(journal);
    let path = segments(dir.path()).remove(0);
    let mut bytes = fs::read(&path).unwrap();
    bytes[8] = 2;
    let crc = crc32c::crc32c(&bytes[..12]).to_le_bytes();
    bytes[12..16].copy_from_slice(&crc);
    fs::write(&path, &bytes).unwrap();
    assert_eq!(read(dir.path()).code(), Some("journal_version"));
    let error = Journal::create(dir.path(), header(), options()).unwrap_err();
    assert_eq!(error.code(), "journal_version");
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn what_is_no_journal_is_named() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(read(dir.path()).code(), Some("journal_empty"));
    assert_eq!(
        read(&dir.path().join("none")).code(),
        Some("journal_missing")
    );
    let file = dir.path().join("notes.txt");
    fs::write(&file, "something else altogether").unwrap();
    assert_eq!(read(&file).code(), Some("journal_corrupt"));
    assert_eq!(read(dir.path()).code(), Some("journal_empty"));
}

#[test]
fn a_reader_overtaken_by_retention_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = create(dir.path());
    journal.append_batch(&records(1..=3)).unwrap();
    let mut reader = JournalReader::open(dir.path()).unwrap();
    assert!(reader.next().is_some());
    for first in [4, 7] {
        journal.rotate(b"").unwrap();
        journal.append_batch(&records(first..first + 3)).unwrap();
    }
    for path in &segments(dir.path())[..2] {
        // An open file stays readable on unix only.
        if fs::remove_file(path).is_err() {
            return;
        }
    }
    let mut rest = Read::default();
    drain(reader, &mut rest);
    assert_eq!(
        (rest.code(), rest.records),
        (Some("journal_missing"), records(1..=3))
    );
}
