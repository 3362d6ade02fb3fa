//! Bits that flip, and ends that are torn.

use hypersentry_store::audit::{AuditError, AuditLog, AuditOptions, Image, verify, verify_images};

use crate::support::{CHECKPOINT, Log, QuickDisk, RECORD, count, entry, frame, log, signer, write};

/// Where each frame of a segment begins and ends, with its kind and the number of records before it.
fn frames(log: &Log, segment: usize, mut records: u64) -> Vec<(usize, usize, u8, u64)> {
    let mut at = 16;
    let frames = log.0[segment].iter().map(|(kind, bytes)| {
        let end = at + frame(*kind, bytes).len();
        let found = (at, end, *kind, records);
        at = end;
        records += u64::from(*kind == RECORD);
        found
    });
    frames.collect()
}

#[test]
fn every_flipped_bit_is_found_at_its_record() {
    let signer = signer();
    let records = count("FLIPPED_RECORDS", 96);
    let log = log(&[records / 6; 6], 0, &signer);
    let images = log.images();
    let key = signer.key();
    verify_images(&images, key, None).unwrap();
    let flip = |mut images: Vec<Image>, segment: usize| {
        let first = images[segment].first;
        let places = frames(&log, segment, first);
        let mut flips = 0;
        for byte in 0..images[segment].bytes.len() {
            // A checkpoint's damage shows at the record that would follow.
            let named = places
                .iter()
                .find(|(from, to, ..)| (*from..*to).contains(&byte))
                .map_or(first, |(.., records)| *records);
            for bit in 0..8 {
                images[segment].bytes[byte] ^= 1 << bit;
                match verify_images(&images, key, None) {
                    Err(AuditError::Damaged { damage }) => assert_eq!(damage.index, named),
                    other => panic!("bit {bit} of byte {byte}: {other:?}"),
                }
                images[segment].bytes[byte] ^= 1 << bit;
                flips += 1;
            }
        }
        flips
    };
    let flips: u64 = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..images.len())
            .map(|segment| {
                let images = images.clone();
                scope.spawn(move || flip(images, segment))
            })
            .collect();
        parts.into_iter().map(|part| part.join().unwrap()).sum()
    });
    println!("{records} records, {flips} bits flipped, each found at its record");
}

/// Cuts the last segment at each byte of its last frames, with or without `spare` bytes set aside behind, opens it, and looks at what is there.
fn cut_each_byte(batches: &[u64], frames_cut: usize, spare: usize) -> u64 {
    let signer = signer();
    let log = log(batches, 0, &signer);
    let images = log.images();
    let (last, before) = images.split_last().unwrap();
    let places = frames(&log, images.len() - 1, last.first);
    let start = places[places.len() - frames_cut].0;
    let mut cuts = 0;
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), before);
    for end in start..last.bytes.len() {
        let mut bytes = last.bytes[..end].to_vec();
        bytes.resize(end + spare, 0);
        let first = last.first;
        write(dir.path(), &[Image { first, bytes }]);
        // What ends with zeros cannot be told from space behind it, and no checkpoint does.
        let zeros = last.bytes[16..end].iter().rev().take_while(|b| **b == 0);
        let end = end - zeros.count();
        let whole = places
            .iter()
            .rev()
            .find(|(_, to, kind, _)| *kind == CHECKPOINT && *to <= end);
        let (kept, size) = whole.map_or((16, first), |(_, to, _, records)| (*to, *records));
        assert_eq!(
            verify(dir.path(), signer.key(), None).is_ok(),
            kept == end,
            "cut at {end}"
        );

        let disk = QuickDisk::default().boxed();
        let (log, opened) = AuditLog::open_on(
            disk,
            dir.path(),
            crate::support::signer(),
            // Little space to set aside, thousands of times.
            AuditOptions {
                segment_bytes: 16 << 10,
                ..AuditOptions::default()
            },
        )
        .unwrap();
        assert_eq!(opened.size, size, "cut at {end}");
        assert_eq!(
            opened.cut.as_ref().map_or(0, |cut| cut.bytes),
            (end - kept) as u64
        );
        if let Some(cut) = opened.cut {
            assert_eq!(std::fs::read(cut.kept_in).unwrap(), last.bytes[kept..end]);
        }
        assert_eq!(log.append(entry(7, 0)).unwrap().index, size);
        drop(log);
        verify(dir.path(), signer.key(), None).unwrap();
        cuts += 1;
    }
    cuts
}

#[test]
fn a_torn_end_is_cut_to_what_is_signed_at_every_byte() {
    // Each record with its own checkpoint; then three records with one; then a segment that holds nothing else.
    let kinds: [(&[u64], _); 4] = [
        (&[5, 1, 1, 1, 1], 4),
        (&[1, 1, 1, 1, 1, 1], 6),
        (&[5, 3], 4),
        (&[1, 1, 1, 3], 4),
    ];
    let cuts = kinds.map(|(batches, frames)| {
        cut_each_byte(batches, frames, 0) + cut_each_byte(batches, frames, 300)
    });
    println!(
        "cut at {} bytes, each opened to what was signed",
        cuts.iter().sum::<u64>()
    );
}

#[test]
fn space_is_set_aside_while_a_log_is_open_and_given_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("00000000000000000000.hsa");
    let disk = QuickDisk::default().boxed();
    let options = AuditOptions::default();
    let (log, _) = AuditLog::open_on(disk, dir.path(), signer(), options).unwrap();
    log.append(entry(0, 100)).unwrap();
    let open = std::fs::read(&path).unwrap();
    log.append(entry(1, 100)).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().len(), open.len() as u64);
    // As it stands, a copy is whole.
    let kept = verify(dir.path(), signer().key(), None).unwrap();
    assert_eq!(kept.head.size, 2);
    drop(log);
    let closed = std::fs::read(&path).unwrap();
    assert!(closed.len() < 2_000, "{}", closed.len());
    assert!(open[16..].starts_with(&closed[16..200]));
    assert_eq!(verify(dir.path(), signer().key(), None).unwrap(), kept);
}

#[test]
fn space_behind_an_earlier_segment_or_something_in_it_is_damage() {
    let images = log(&[1, 1, 1, 2], 0, &signer()).images();
    let dir = tempfile::tempdir().unwrap();
    let damaged = |segment: usize, behind: &[u8]| {
        let mut images = images.clone();
        images[segment].bytes.extend_from_slice(behind);
        write(dir.path(), &images);
        match verify(dir.path(), signer().key(), None) {
            Err(AuditError::Damaged { damage }) => Some((damage.index, damage.code)),
            Ok(_) => None,
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!(damaged(1, &[0; 40]), None);
    assert_eq!(damaged(0, &[0; 40]), Some((3, "audit_frame_broken")));
    let mut dirty = [0; 40];
    dirty[30] = 1;
    assert_eq!(damaged(1, &dirty), Some((5, "audit_frame_broken")));
}

#[test]
fn damage_before_a_signed_end_is_refused_and_left_alone() {
    let signer = signer();
    let log = log(&[2, 2], 0, &signer);
    let mut images = log.images();
    let places = frames(&log, 0, 0);
    // The middle of the third record: the checkpoint behind it is sound, so that no crash did this.
    images[0].bytes[places[3].0 + 20] ^= 1;
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &images);
    let opened = AuditLog::open(
        dir.path(),
        crate::support::signer(),
        AuditOptions::default(),
    );
    match opened.unwrap_err() {
        AuditError::Damaged { damage } => assert_eq!(damage.index, 2),
        other => panic!("{other}"),
    }
    let there = std::fs::read(dir.path().join("00000000000000000000.hsa")).unwrap();
    assert_eq!(there, images[0].bytes);
}

#[test]
fn a_wrong_key_opens_nothing_and_cuts_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let images = log(&[2, 2], 0, &signer()).images();
    write(dir.path(), &images);
    let other =
        hypersentry_store::audit::Signer::from_seed(crate::support::NAME, &[2; 32]).unwrap();
    let opened = AuditLog::open(dir.path(), other, AuditOptions::default());
    assert_eq!(opened.unwrap_err().code(), "audit_damaged");
    let there = std::fs::read(dir.path().join("00000000000000000000.hsa")).unwrap();
    assert_eq!(there, images[0].bytes);
}
