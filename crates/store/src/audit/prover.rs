//! Proofs for one order after another from a log that is being written: every byte of it is verified once.
//!
//! Of each block of 64 records the prover holds the root and where it begins, of each order the numbers of its records: some 20 bytes a record. What
//! a proof needs of a block is read again, and has to have the root that was verified.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use hypersentry_execution::audit::{
    Checkpoint, FaultKind, Follower, Hash, PublicKey, Record, checkpoint, record, tree,
};

use super::error::{AuditError, Damage};
use super::files;
use super::frame::{Frame, PRELUDE};
use super::prove::{Proof, ProvenRecord};
use super::sign::verify_signature;
use super::verify::{Image, Passed, frames, walk};

/// Records whose leaves are not held: a whole subtree.
const BLOCK: usize = 64;
/// Bytes that a block takes at the most, each record with a checkpoint behind it.
const LONGEST_BLOCK: u64 =
    (BLOCK * (record::LONGEST_RECORD + checkpoint::LONGEST_NOTE + 2 * 9)) as u64;

/// A log that is read on from where it was read last.
#[derive(Debug)]
pub struct Prover {
    dir: PathBuf,
    /// Behind the last checkpoint that was verified.
    follower: Follower,
    segment: u64,
    offset: usize,
    checkpoint: Option<String>,
    blocks: Blocks,
    /// The numbers of each order's records, by the beginning of the hash of its id.
    orders: HashMap<[u8; 8], Vec<u64>>,
}

/// Where a record's frame begins: its segment, and the byte there.
type Place = (u64, usize);

/// A record that was read and is not signed yet.
struct Passing {
    leaf: Hash,
    order: Option<[u8; 8]>,
    place: Place,
}

fn named(order: &str) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = tree::leaf(order.as_bytes());
    [a, b, c, d, e, f, g, h]
}

impl Prover {
    /// Of the log in `dir` that `key` signs. Nothing is read yet.
    pub fn new(dir: &Path, key: PublicKey) -> Self {
        Self {
            dir: dir.to_owned(),
            follower: Follower::new(key),
            segment: 0,
            offset: 0,
            checkpoint: None,
            blocks: Blocks::default(),
            orders: HashMap::new(),
        }
    }

    /// The order's records, proven by the last checkpoint of the log, which has to reach as far as `newest`, a checkpoint that its writer gave.
    /// An end that is being written is left for the next time.
    ///
    /// # Errors
    /// [`AuditError::Damaged`] names the first record that is not proven. It is looked at again the next time.
    pub fn prove(&mut self, order: &str, newest: Option<&str>) -> Result<Proof, AuditError> {
        let key = self.follower.key();
        let newest = newest.map(|note| Checkpoint::open(note.as_bytes(), key, &verify_signature));
        let newest = newest.transpose()?;
        let unfinished = self.advance()?;
        let size = self.follower.size();
        if let Some(newest) = newest.filter(|newest| newest.size >= size) {
            let kind = match newest.size > size {
                true => Some(FaultKind::RolledBack { size: newest.size }),
                false => (newest != self.follower.head()).then_some(FaultKind::Forked),
            };
            let fault = kind.map(|kind| Damage {
                index: size,
                segment: self.segment,
                offset: self.offset as u64,
                code: kind.code(),
                detail: kind.to_string(),
            });
            if let Some(damage) = unfinished.filter(|_| newest.size > size).or(fault) {
                return Err(damage.into());
            }
        }
        let checkpoint = self.checkpoint.clone();
        let checkpoint = checkpoint.ok_or_else(|| AuditError::Missing {
            path: self.dir.clone(),
        })?;
        let records = self.records(order)?;
        Ok(Proof {
            checkpoint,
            records,
        })
    }

    /// Reads on to the last checkpoint that is there; what is wrong behind it, which may be being written.
    fn advance(&mut self) -> Result<Option<Damage>, AuditError> {
        loop {
            let segments = files::segments(&self.dir)?;
            if segments.is_empty() {
                return Err(AuditError::Missing {
                    path: self.dir.clone(),
                });
            }
            let last = segments.last() == Some(&self.segment);
            let left = self.read_on(last)?;
            if last {
                return Ok(left);
            }
            if let Some(damage) = left {
                return Err(damage.into());
            }
            let next = self.follower.size();
            if segments.binary_search(&next).is_err() || next == self.segment {
                return Err(AuditError::from(Damage {
                    index: next,
                    segment: next,
                    offset: 0,
                    code: "audit_segment_malformed",
                    detail: format!("a segment that begins with record {next} is missing"),
                }));
            }
            (self.segment, self.offset) = (next, 0);
        }
    }

    /// Reads a segment to its last checkpoint; what is wrong behind that.
    fn read_on(&mut self, last: bool) -> Result<Option<Damage>, AuditError> {
        let (segment, base) = (self.segment, self.offset);
        let mut bytes = files::read_from(&self.dir, segment, base, u64::MAX)?;
        if last {
            files::leave_off(&mut bytes, if base == 0 { PRELUDE } else { 0 });
        }
        let mut image = Image {
            first: segment,
            bytes,
        };
        let (mut passing, mut signed, mut note) = (Vec::new(), (0, 0), None);
        let mut at = if base == 0 { PRELUDE } else { 0 };
        let mut follower = self.follower.clone();
        let mut pass = |passed: Passed<'_>| match passed {
            Passed::Record { bytes, record } => {
                let order = record.entry.ids.order.as_str();
                passing.push(Passing {
                    leaf: tree::leaf(bytes),
                    order: (!order.is_empty()).then(|| named(order)),
                    place: (segment, base + at),
                });
                at += Frame::Record(bytes).length();
            }
            Passed::Checkpoint { note: told, end } => {
                signed = (passing.len(), end);
                note = Some(String::from_utf8_lossy(told).into_owned());
                at = end;
            }
        };
        let walked = go(&image, base, &mut follower, &mut pass);
        let mut damage = walked.err().map(|damage| Damage {
            offset: damage.offset + base as u64,
            ..damage
        });
        if damage.is_none() && follower.signed() != follower.size() {
            let kind = FaultKind::Unsigned;
            damage = Some(Damage {
                index: follower.signed(),
                segment,
                offset: (base + image.bytes.len()) as u64,
                code: kind.code(),
                detail: kind.to_string(),
            });
        }
        let (records, end) = signed;
        if end == 0 {
            return Ok(damage);
        }
        if damage.is_some() {
            // Only now is it known what of it is signed.
            image.bytes.truncate(end);
            follower = self.follower.clone();
            go(&image, base, &mut follower, &mut |_| {})?;
        }
        for (number, record) in (self.follower.size()..).zip(passing.into_iter().take(records)) {
            self.blocks.push(record.leaf, record.place);
            if let Some(order) = record.order {
                self.orders.entry(order).or_default().push(number);
            }
        }
        (self.follower, self.offset, self.checkpoint) = (follower, base + end, note);
        Ok(damage)
    }

    fn records(&self, order: &str) -> Result<Vec<ProvenRecord>, AuditError> {
        let numbers = self.orders.get(&named(order));
        let mut records = Vec::new();
        let mut read: Option<(u64, Vec<Vec<u8>>)> = None;
        for index in numbers.into_iter().flatten() {
            let block = index / BLOCK as u64;
            let (_, bytes) = match read.take().filter(|(number, _)| *number == block) {
                Some(held) => read.insert(held),
                None => read.insert((block, self.read_block(block)?)),
            };
            let leaves: Vec<Hash> = bytes.iter().map(|bytes| tree::leaf(bytes)).collect();
            let record = bytes.get(*index as usize % BLOCK).cloned();
            let record = record.unwrap_or_default();
            // Two orders may share the beginning of a hash.
            let is = Record::from_bytes(&record);
            if is.is_ok_and(|record| record.entry.ids.order.as_str() == order) {
                records.push(ProvenRecord {
                    index: *index,
                    record,
                    path: self.blocks.path(*index, &leaves),
                });
            }
        }
        Ok(records)
    }

    /// The records of a block as they are on disk, which are those that were verified.
    fn read_block(&self, block: u64) -> Result<Vec<Vec<u8>>, AuditError> {
        let first = block * BLOCK as u64;
        let count = (self.follower.size() - first).min(BLOCK as u64) as usize;
        let starts = &self.blocks.starts;
        let (mut segment, mut offset) = starts.get(block as usize).copied().unwrap_or_default();
        let mut records: Vec<Vec<u8>> = Vec::with_capacity(count);
        while records.len() < count {
            let bytes = match files::read_from(&self.dir, segment, offset, LONGEST_BLOCK) {
                Ok(bytes) => bytes,
                // A frame that is not sound ends the segment here, and no other begins with the record behind it.
                Err(_) if !records.is_empty() => break,
                Err(error) => return Err(error),
            };
            let mut at = if offset == 0 { PRELUDE } else { 0 };
            let before = records.len();
            while let Some((frame, end)) = Frame::read(&bytes, at).filter(|_| records.len() < count)
            {
                if let Frame::Record(record) = frame {
                    records.push(record.to_vec());
                }
                at = end;
            }
            let next = first + records.len() as u64;
            if records.len() < count && (records.len() == before && offset == 0 || next == segment)
            {
                break;
            }
            (segment, offset) = (next, 0);
        }
        let leaves: Vec<Hash> = records.iter().map(|bytes| tree::leaf(bytes)).collect();
        if records.len() != count || !self.blocks.holds(block as usize, &leaves) {
            return Err(AuditError::from(Damage {
                index: first,
                segment,
                offset: offset as u64,
                code: "audit_checkpoint_mismatch",
                detail: "it, or one of those behind it, is not as it was verified before"
                    .to_owned(),
            }));
        }
        Ok(records)
    }
}

/// Goes through a segment from its beginning, or through what follows `base` bytes of it.
fn go(
    image: &Image,
    base: usize,
    follower: &mut Follower,
    passed: &mut dyn FnMut(Passed<'_>),
) -> Result<(), Damage> {
    if base == 0 {
        walk(image, follower, passed)
    } else {
        frames(image, 0, follower, passed)
    }
}

/// The tree over all records, without the leaves of whole blocks.
#[derive(Debug, Default)]
struct Blocks {
    /// Roots of whole blocks, then of pairs of them, and so on.
    levels: Vec<Vec<Hash>>,
    /// Where each block begins, the last one too.
    starts: Vec<Place>,
    /// Leaves of the last block, which is not whole.
    tail: Vec<Hash>,
}

impl Blocks {
    fn push(&mut self, leaf: Hash, place: Place) {
        if self.tail.is_empty() {
            self.starts.push(place);
        }
        self.tail.push(leaf);
        if self.tail.len() < BLOCK {
            return;
        }
        let mut root = tree::root(&std::mem::take(&mut self.tail));
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let Some(roots) = self.levels.get_mut(level) else {
                return;
            };
            roots.push(root);
            let [.., left, right] = roots.as_slice() else {
                return;
            };
            if roots.len() % 2 == 1 {
                return;
            }
            root = tree::inner(left, right);
        }
    }

    /// How many leaves there are.
    fn size(&self) -> usize {
        self.levels.first().map_or(0, Vec::len) * BLOCK + self.tail.len()
    }

    /// Whether a block has these leaves.
    fn holds(&self, block: usize, leaves: &[Hash]) -> bool {
        match self.levels.first().and_then(|roots| roots.get(block)) {
            Some(root) => leaves.len() == BLOCK && tree::root(leaves) == *root,
            None => self.tail == leaves,
        }
    }

    /// The root over `size` leaves from `from` on, which is a multiple of the power of two that holds them. `leaves` are those of one block, of
    /// which a smaller part may be asked for; of the last block they are held.
    fn root(&self, from: usize, size: usize, leaves: &[Hash]) -> Hash {
        if size < BLOCK {
            let tail = self.size() - self.tail.len();
            let held = if from >= tail { &self.tail } else { leaves };
            let from = from % BLOCK;
            return tree::root(held.get(from..from + size).unwrap_or_default());
        }
        if size.is_power_of_two() {
            let level = self.levels.get((size / BLOCK).ilog2() as usize);
            let root = level.and_then(|roots| roots.get(from / size));
            return root.copied().unwrap_or_default();
        }
        let left = tree::split(size);
        tree::inner(
            &self.root(from, left, leaves),
            &self.root(from + left, size - left, leaves),
        )
    }

    /// The path of a leaf to the root over all, the lowest first, with the leaves of its block.
    fn path(&self, index: u64, leaves: &[Hash]) -> Vec<Hash> {
        let (index, mut from, mut size) = (index as usize, 0, self.size());
        let mut path = Vec::new();
        while size > 1 {
            let left = tree::split(size);
            if index < from + left {
                path.push(self.root(from + left, size - left, leaves));
                size = left;
            } else {
                path.push(self.root(from, left, leaves));
                (from, size) = (from + left, size - left);
            }
        }
        path.reverse();
        path
    }
}
