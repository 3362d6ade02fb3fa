//! Logs for tests: made in memory from the documented bytes, or by the writer on a disk that does not sync.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};

use hypersentry_execution::audit::{Entry, Follower, Id, Ids, What};
use hypersentry_execution::order::TABLE;
use hypersentry_model::Timestamp;
use hypersentry_store::audit::{Image, Signer};
use hypersentry_store::{Disk, DiskFile, NativeDisk};

pub(crate) const NAME: &str = "audit.test/desk";

pub(crate) fn signer() -> Signer {
    Signer::from_seed(NAME, &[1; 32]).unwrap()
}

/// A record of order `o<n modulo 5>`, whose request is `r<n>`.
pub(crate) fn entry(n: u64, details: usize) -> Entry {
    let (from, step, to) = TABLE[n as usize % TABLE.len()];
    let id = |text: String| Id::new(&text).unwrap();
    Entry {
        at: Timestamp::from_ns(1_700_000_000_000_000_000 + n as i64),
        what: match n % 7 {
            0 => What::Created,
            1 => What::Signed,
            _ => What::Step { from, step, to },
        },
        ids: Ids {
            request: id(format!("r{n}")),
            order: id(format!("o{}", n % 5)),
            ..Ids::default()
        },
        details: vec![b'd'; details],
    }
}

/// How many, unless the environment says otherwise.
#[allow(
    clippy::disallowed_methods,
    reason = "tests are asked for more through the environment"
)]
pub(crate) fn count(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap())
}

/// Whether everything has to be there that a test can do without elsewhere.
#[allow(clippy::disallowed_methods, reason = "the CI says that it is one")]
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some()
}

pub(crate) const RECORD: u8 = 1;
pub(crate) const CHECKPOINT: u8 = 2;

/// A log as the frames of its segments.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Log(pub(crate) Vec<Vec<(u8, Vec<u8>)>>);

/// A log of batches, three to a segment; record `n` is `entry(from + n)`.
pub(crate) fn log(batches: &[u64], from: u64, signer: &Signer) -> Log {
    grow(
        Follower::new(signer.key().clone()),
        Log(Vec::new()),
        batches,
        from,
        signer,
    )
}

pub(crate) fn grow(
    mut follower: Follower,
    mut log: Log,
    batches: &[u64],
    from: u64,
    signer: &Signer,
) -> Log {
    for size in batches {
        let full = |segment: &Vec<(u8, Vec<u8>)>| {
            segment
                .iter()
                .filter(|(kind, _)| *kind == CHECKPOINT)
                .count()
                >= 3
        };
        if log.0.last().is_none_or(full) {
            log.0.push(Vec::new());
        }
        let segment = log.0.last_mut().unwrap();
        for _ in 0..*size {
            let bytes = follower.append(entry(from + follower.size(), 3)).unwrap();
            segment.push((RECORD, bytes));
        }
        let note = signer.note(&follower.head()).unwrap();
        segment.push((CHECKPOINT, note.into_bytes()));
        follower.mark_signed();
    }
    log
}

pub(crate) fn frame(kind: u8, bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u32 + 1).to_le_bytes();
    let body = [&[kind], bytes].concat();
    let crc = crc32c::crc32c(&[&length[..], &body].concat());
    [&length[..], &crc.to_le_bytes(), &body].concat()
}

impl Log {
    pub(crate) fn images(&self) -> Vec<Image> {
        let mut first = 0;
        let image = |segment: &Vec<(u8, Vec<u8>)>| {
            let mut bytes = b"HSAUDIT\x01".to_vec();
            bytes.extend(u64::to_be_bytes(first));
            for (kind, content) in segment {
                bytes.extend(frame(*kind, content));
            }
            let image = Image { first, bytes };
            first += segment.iter().filter(|(kind, _)| *kind == RECORD).count() as u64;
            image
        };
        self.0.iter().map(image).collect()
    }

    /// The checkpoints with the number of records that each covers.
    pub(crate) fn checkpoints(&self) -> Vec<(u64, Vec<u8>)> {
        let (mut size, mut found) = (0, Vec::new());
        for (kind, bytes) in self.0.iter().flatten() {
            match *kind {
                RECORD => size += 1,
                _ => found.push((size, bytes.clone())),
            }
        }
        found
    }
}

pub(crate) fn write(dir: &Path, images: &[Image]) {
    for image in images {
        std::fs::write(dir.join(format!("{:020}.hsa", image.first)), &image.bytes).unwrap();
    }
}

/// A disk that never syncs and counts how often it was asked to; a closed gate holds who syncs.
#[derive(Clone, Debug, Default)]
pub(crate) struct QuickDisk(Arc<(Mutex<Gate>, Condvar)>);

#[derive(Debug, Default)]
struct Gate {
    closed: bool,
    waiting: bool,
    syncs: u64,
}

impl QuickDisk {
    pub(crate) fn boxed(&self) -> Box<dyn Disk> {
        Box::new(self.clone())
    }

    pub(crate) fn syncs(&self) -> u64 {
        self.0.0.lock().unwrap().syncs
    }

    pub(crate) fn close(&self) {
        self.0.0.lock().unwrap().closed = true;
    }

    pub(crate) fn open(&self) {
        self.0.0.lock().unwrap().closed = false;
        self.0.1.notify_all();
    }

    /// Until somebody waits at the closed gate.
    pub(crate) fn await_waiting(&self) {
        let gate = self.0.0.lock().unwrap();
        let bound = std::time::Duration::from_secs(60);
        let (gate, _) = self
            .0
            .1
            .wait_timeout_while(gate, bound, |gate| !gate.waiting)
            .unwrap();
        assert!(gate.waiting, "nobody syncs");
    }

    fn pass(&self) {
        let mut gate = self.0.0.lock().unwrap();
        gate.waiting = true;
        self.0.1.notify_all();
        let mut gate = self.0.1.wait_while(gate, |gate| gate.closed).unwrap();
        gate.waiting = false;
        gate.syncs += 1;
    }
}

#[derive(Debug)]
struct QuickFile(QuickDisk, Box<dyn DiskFile>);

impl Disk for QuickDisk {
    fn make_dir(&self, dir: &Path) -> io::Result<()> {
        NativeDisk.make_dir(dir)
    }
    fn lock(&self, path: &Path) -> io::Result<File> {
        NativeDisk.lock(path)
    }
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(QuickFile(self.clone(), NativeDisk.create(path)?)))
    }
    fn extend(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        NativeDisk.extend(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        NativeDisk.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        NativeDisk.remove(path)
    }
    fn sync_dir(&self, _dir: &Path) -> io::Result<()> {
        Ok(())
    }
}

impl DiskFile for QuickFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.1.write(bytes)
    }
    fn reserve(&mut self, spare: usize) -> io::Result<()> {
        self.1.reserve(spare)
    }
    fn sync(&mut self) -> io::Result<()> {
        self.0.pass();
        Ok(())
    }
    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.1.cut(len)
    }
}
