//! A power cut within an unsynced batch: any of its pages may be there and any other not.

use std::io::ErrorKind;
use std::path::Path;

use hypersentry_execution::audit::Entry;
use hypersentry_store::audit::{AuditError, AuditLog, AuditOptions, Cut, Image, verify};

use crate::faulty_disk::{FaultyDisk, Plan};
use crate::python::Python;
use crate::support::{QuickDisk, entry, signer};

/// What the disk loses at once: a page of the system's memory, or a sector.
const PAGE: u64 = 4096;
const SECTOR: u64 = 512;

/// SplitMix64.
fn chance(n: u64) -> u64 {
    let mut z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn last(dir: &Path) -> std::path::PathBuf {
    let names = std::fs::read_dir(dir).unwrap().map(|it| it.unwrap().path());
    let segments = names.filter(|it| it.extension().is_some_and(|ext| ext == "hsa"));
    segments.max().unwrap()
}

/// A log with a batch that was written and not synced.
struct Unsynced {
    dir: tempfile::TempDir,
    disk: FaultyDisk,
    acknowledged: u64,
    batch: u64,
}

impl Unsynced {
    /// Acknowledges batches of so many records, then fails to sync the last of them; each record has so many bytes of details.
    fn new(batches: &[u64], details: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let disk = FaultyDisk::default();
        let options = AuditOptions::default();
        let (log, _) = AuditLog::open_on(disk.boxed(), dir.path(), signer(), options).unwrap();
        let (batch, before) = batches.split_last().unwrap();
        let mut written = 0;
        let mut put = |records: u64| {
            let entries: Vec<Entry> = (written..written + records)
                .map(|n| entry(n, details))
                .collect();
            written += records;
            let (tell, told) = std::sync::mpsc::channel();
            let done = Box::new(move |outcome: Result<_, _>| tell.send(outcome.is_ok()).unwrap());
            log.submit_all(entries, done).unwrap();
            told.recv().unwrap()
        };
        for records in before {
            assert!(put(*records));
        }
        // The first batch has a reserve between its write and its sync.
        let at = if before.is_empty() { 2 } else { 1 };
        let kind = ErrorKind::Other;
        disk.arm(Plan {
            at,
            kind,
            for_good: true,
            half: false,
        });
        assert!(!put(*batch));
        drop(log);
        let acknowledged = before.iter().sum();
        Self {
            dir,
            disk,
            acknowledged,
            batch: *batch,
        }
    }

    /// Opens what is left after each loss; how many losses there were.
    fn lose(&self, python: &mut Option<Python>) -> u64 {
        let path = last(self.dir.path());
        let whole = std::fs::read(&path).unwrap();
        let mut losses = 0;
        for unit in [PAGE, SECTOR] {
            let pages = self.disk.pages_at_risk(unit);
            let every = pages <= 6;
            for number in 0..if every { 1 << pages } else { 30 } {
                let mask = |page: u64| {
                    if every {
                        number >> page & 1 == 1
                    } else {
                        // Often one page alone is lost, or one alone is there.
                        match number % 3 {
                            0 => chance(number) % pages != page,
                            1 => chance(number) % pages == page,
                            _ => chance(number * 1_000 + page).is_multiple_of(2),
                        }
                    }
                };
                for short in [false, true] {
                    std::fs::write(&path, &whole).unwrap();
                    self.disk.lose_pages(unit, short, mask);
                    self.check(&format!("{unit} {number:b} {short}"), python);
                    losses += 1;
                }
            }
        }
        losses
    }

    fn check(&self, what: &str, python: &mut Option<Python>) {
        let bytes = std::fs::read(last(self.dir.path())).unwrap();
        let sound = agreed(self.dir.path(), &bytes, python).is_none();
        let quick = QuickDisk::default().boxed();
        let options = AuditOptions::default();
        let opened = AuditLog::open_on(quick, self.dir.path(), signer(), options);
        let (log, opened) = opened.unwrap_or_else(|error| panic!("{what}: {error}"));
        // All that was acknowledged; of the batch all or nothing.
        let whole = self.acknowledged + self.batch;
        assert!([self.acknowledged, whole].contains(&opened.size), "{what}");
        assert_eq!(sound, opened.cut.is_none(), "{what}");
        log.append(entry(99, 0)).unwrap();
        drop(log);
        let verified = verify(self.dir.path(), signer().key(), None).unwrap();
        assert_eq!(verified.head.size, opened.size + 1, "{what}");
    }
}

/// What both verifiers say of a log of one segment: the code of what is wrong, if something is.
fn agreed(dir: &Path, bytes: &[u8], python: &mut Option<Python>) -> Option<&'static str> {
    let found = match verify(dir, signer().key(), None) {
        Ok(_) => None,
        Err(AuditError::Damaged { damage }) => Some(damage),
        Err(other) => panic!("{other}"),
    };
    if let Some(python) = python {
        let bytes = bytes.to_vec();
        let said = python.verify(&[Image { first: 0, bytes }], None);
        crate::python::alike(found.as_ref(), &said);
    }
    found.map(|damage| damage.code)
}

#[test]
fn a_batch_that_was_not_acknowledged_keeps_no_log_from_opening_whatever_pages_are_lost() {
    let mut python = Python::start();
    let mut losses = 0;
    for (batches, details) in [
        (&[3][..], 900),
        (&[1, 6], 900),
        (&[40, 1, 9], 300),
        (&[2, 3], 4_000),
        (&[5, 1], 10),
        (&[1, 40], 2_000),
    ] {
        losses += Unsynced::new(batches, details).lose(&mut python);
    }
    println!("{losses} losses of pages, each opened with all that was acknowledged");
}

/// Where the checkpoints of a segment's bytes begin and end.
fn checkpoints(bytes: &[u8]) -> Vec<(usize, usize)> {
    let (mut at, mut found) = (16, Vec::new());
    while let Some(length) = bytes[at..].first_chunk::<4>() {
        let end = at + 8 + u32::from_le_bytes(*length) as usize;
        if bytes[at + 8] == 2 {
            found.push((at, end));
        }
        at = end;
    }
    found
}

/// Opens a changed log: whether it was refused and left alone, or what was set aside.
fn open_changed(dir: &Path, bytes: &[u8]) -> Option<Cut> {
    std::fs::write(last(dir), bytes).unwrap();
    let quick = QuickDisk::default().boxed();
    match AuditLog::open_on(quick, dir, signer(), AuditOptions::default()) {
        Ok((_, opened)) => Some(opened.cut.expect("something is wrong with it")),
        Err(AuditError::Damaged { .. }) => {
            assert_eq!(std::fs::read(last(dir)).unwrap(), bytes);
            None
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_changed_byte_of_an_acknowledged_batch_is_refused_and_a_lost_sector_of_the_last_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut python = Python::start();
    let quick = QuickDisk::default().boxed();
    let options = AuditOptions::default();
    let (log, _) = AuditLog::open_on(quick, dir.path(), signer(), options).unwrap();
    for records in [0..2_u64, 2..5, 5..9] {
        let entries = records.clone().map(|n| entry(n, 400)).collect();
        log.submit_all(entries, Box::new(|_| ())).unwrap();
        while log
            .checkpoint()
            .is_none_or(|note| !note.contains(&format!("\n{}\n", records.end)))
        {
            std::thread::yield_now();
        }
    }
    drop(log);
    let whole = &std::fs::read(last(dir.path())).unwrap();
    let [(_, first), (second_from, second), (_, third)] = checkpoints(whole)[..] else {
        panic!("three batches");
    };
    assert_eq!(third, whole.len());
    let mut flips = 0;
    for byte in 16..whole.len() {
        let bit = (byte + byte / 8) % 8;
        let mut bytes = whole.clone();
        bytes[byte] ^= 1 << bit;
        let cut = open_changed(dir.path(), &bytes);
        assert_eq!(cut, None, "bit {bit} of byte {byte} of {}", whole.len());
        if byte % 32 == 0 {
            let code = agreed(dir.path(), &bytes, &mut python).unwrap();
            assert_ne!(code, "audit_torn_batch");
        }
        flips += 1;
    }
    let (mut refused, mut told) = (0, 0);
    for sector in 0..whole.len().div_ceil(512) {
        let (from, to) = (
            (sector * 512).max(16),
            ((sector + 1) * 512).min(whole.len()),
        );
        let mut bytes = whole.clone();
        bytes[from..to].fill(0);
        std::fs::write(last(dir.path()), &bytes).unwrap();
        let code = agreed(dir.path(), &bytes, &mut python).unwrap();
        let cut = open_changed(dir.path(), &bytes);
        // Behind a checkpoint that is there something follows: its batch was synced.
        if to <= second_from || from < first {
            assert_eq!(cut, None, "sector {sector}");
            assert_ne!(code, "audit_torn_batch");
            refused += 1;
            continue;
        }
        assert_eq!(code, "audit_torn_batch", "sector {sector}");
        let cut = cut.unwrap();
        let checkpoint = (to < whole.len()).then_some(9);
        assert_eq!(cut.checkpoint, checkpoint, "sector {sector}");
        // Nothing is thrown away.
        let kept = std::fs::read(&cut.kept_in).unwrap();
        let begin = if from < second { first } else { second };
        let end = if to == whole.len() {
            from
        } else {
            to.max(whole.len())
        };
        assert_eq!(kept, bytes[begin..end]);
        told += 1;
    }
    assert!(refused > 2 && told > 2);
    println!(
        "{flips} flipped bits refused; lost sectors: {refused} of earlier batches refused, {told} of the last set aside and told"
    );
}
