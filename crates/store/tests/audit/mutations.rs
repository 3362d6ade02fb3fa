//! Somebody changes the log, mends every checksum, and sometimes the chain; but does not have the key.

use std::collections::{BTreeMap, BTreeSet};

use hypersentry_execution::audit::{Checkpoint, Follower, PublicKey, Record};
use hypersentry_store::audit::{AuditError, Image, Signer, verify_images};

use crate::python::{Python, alike};
use crate::support::{CHECKPOINT, Log, NAME, RECORD, count, entry, grow, log, signer};

/// How many, where `MUTATIONS=N` does not say otherwise. Each of seven kinds has a seventh of them.
const MUTATIONS: u64 = 14_000;
/// The verifier in Python is asked about each so-manieth too, where `PYTHON_EVERY=N` does not say otherwise; no multiple of seven.
const PYTHON_EVERY: u64 = 71;
const KINDS: [&str; 7] = [
    "truncation",
    "edit",
    "swap",
    "splice",
    "insertion",
    "foreign key",
    "rollback",
];

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}

/// All that the mutations are made from.
struct Stock {
    whole: Log,
    /// Another log with the same name, signed by the same key.
    other: Log,
    /// Logs that have the first batches of `whole` in common with it and went on otherwise, by number of batches.
    forks: Vec<Log>,
    foreign: Signer,
}

const BATCHES: [u64; 5] = [1, 3, 2, 1, 2];

impl Stock {
    fn new() -> Self {
        let signer = signer();
        let whole = log(&BATCHES, 0, &signer);
        let fork = |common: usize| {
            let mut follower = Follower::new(signer.key().clone());
            let records: u64 = BATCHES[..common].iter().sum();
            for n in 0..records {
                follower.append(entry(n, 3)).unwrap();
            }
            follower.mark_signed();
            let mut prefix = log(&BATCHES[..common], 0, &signer);
            if common == 0 {
                prefix = Log(Vec::new());
            }
            grow(follower, prefix, &BATCHES[common..], 1000, &signer)
        };
        Self {
            forks: (0..BATCHES.len()).map(fork).collect(),
            other: log(&BATCHES, 500, &signer),
            foreign: Signer::from_seed(NAME, &[66; 32]).unwrap(),
            whole,
        }
    }
}

/// Numbers and links all records anew, as far as they can be read.
fn rechain(log: &mut Log) {
    let mut follower = Follower::new(signer().key().clone());
    for (kind, bytes) in log.0.iter_mut().flatten() {
        if let (RECORD, Ok(record)) = (*kind, Record::from_bytes(bytes)) {
            *bytes = follower.append(record.entry).unwrap();
        }
    }
}

/// One place among all frames.
fn place(log: &Log, chance: &mut Chance) -> (usize, usize) {
    let segment = chance.below(log.0.len());
    (segment, chance.below(log.0[segment].len()))
}

fn edit(log: &mut Log, chance: &mut Chance) {
    let (segment, at) = place(log, chance);
    let bytes = &mut log.0[segment][at].1;
    let byte = chance.below(bytes.len());
    bytes[byte] ^= 1 + chance.below(255) as u8;
}

fn resign(log: &mut Log, foreign: &Signer, disguised: bool) {
    let mut follower = Follower::new(signer().key().clone());
    for (kind, bytes) in log.0.iter_mut().flatten() {
        if *kind == RECORD {
            follower
                .append(Record::from_bytes(bytes).unwrap().entry)
                .unwrap();
            continue;
        }
        let head: Checkpoint = follower.head();
        let note = foreign.note(&head).unwrap();
        let key: &PublicKey = if disguised {
            signer_key()
        } else {
            foreign.key()
        };
        let signature = signature_of(&note);
        *bytes = head.note(key, &signature).into_bytes();
    }
}

fn signer_key() -> &'static PublicKey {
    static KEY: std::sync::OnceLock<PublicKey> = std::sync::OnceLock::new();
    KEY.get_or_init(|| signer().key().clone())
}

/// The 64 bytes of the signature in a note.
fn signature_of(note: &str) -> [u8; 64] {
    let text = note.trim_end().rsplit(' ').next().unwrap();
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        bits = bits << 6 | digits.iter().position(|digit| *digit == byte).unwrap() as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes[4..].try_into().unwrap()
}

/// Makes one; `None` if chance changed nothing or made another kind of it.
fn mutate(kind: &str, stock: &Stock, chance: &mut Chance) -> Option<(Vec<Image>, Option<Vec<u8>>)> {
    let mut log = stock.whole.clone();
    let checkpoints = stock.whole.checkpoints();
    match kind {
        "truncation" => {
            let mut images = log.images();
            let segment = chance.below(images.len());
            if chance.below(20) == 0 {
                // A segment is gone; if it is the last, that is a rollback.
                images.remove(segment);
                return (segment < images.len()).then_some((images, None));
            }
            let length = chance.below(images[segment].bytes.len());
            images[segment].bytes.truncate(length);
            if segment + 1 == images.len() || chance.below(2) == 0 {
                images.truncate(segment + 1);
                // What ends behind a checkpoint is a rollback; so is a segment without frames.
                let mut ends = vec![16];
                let mut at = 16;
                for (kind, bytes) in &log.0[segment] {
                    at += 9 + bytes.len();
                    ends.extend((*kind == CHECKPOINT).then_some(at));
                }
                if ends.contains(&length) {
                    return None;
                }
            }
            return Some((images, None));
        }
        "edit" => {
            edit(&mut log, chance);
            if chance.below(2) == 0 {
                rechain(&mut log);
            }
        }
        "swap" => {
            let (a, b) = (place(&log, chance), place(&log, chance));
            let held = log.0[a.0][a.1].clone();
            log.0[a.0][a.1] = std::mem::replace(&mut log.0[b.0][b.1], held);
            if chance.below(2) == 0 {
                rechain(&mut log);
            }
        }
        "splice" => {
            let (segment, at) = place(&log, chance);
            log.0[segment].truncate(at);
            log.0[segment].extend_from_slice(&stock.other.0[segment][at..]);
            if chance.below(2) == 0 {
                log.0.truncate(segment + 1);
                log.0.extend_from_slice(&stock.other.0[segment + 1..]);
            }
            if log == stock.other {
                return None;
            }
        }
        "insertion" => {
            let (segment, at) = place(&log, chance);
            let donor = if chance.below(2) == 0 {
                &stock.whole
            } else {
                &stock.other
            };
            let (from, frame) = place(donor, chance);
            log.0[segment].insert(at, donor.0[from][frame].clone());
            if chance.below(2) == 0 {
                rechain(&mut log);
            }
        }
        "foreign key" => {
            edit_details(&mut log, chance);
            rechain(&mut log);
            resign(&mut log, &stock.foreign, chance.below(2) == 0);
        }
        _ => {
            let batches = chance.below(BATCHES.len());
            let records: u64 = BATCHES[..batches].iter().sum();
            let later: Vec<_> = checkpoints
                .iter()
                .filter(|(size, _)| *size > records)
                .collect();
            let kept = later[chance.below(later.len())].1.clone();
            if chance.below(2) == 0 {
                // It went on from there, signed with the true key.
                return Some((stock.forks[batches].images(), Some(kept)));
            }
            let mut left = batches;
            for segment in &mut log.0 {
                segment.retain(|(kind, _)| {
                    let stays = left > 0;
                    left -= usize::from(stays && *kind == CHECKPOINT);
                    stays
                });
            }
            log.0.retain(|segment| !segment.is_empty());
            if log.0.is_empty() {
                log.0.push(Vec::new());
            }
            return Some((log.images(), Some(kept)));
        }
    }
    (log != stock.whole).then(|| (log.images(), None))
}

/// Changes what a record tells and leaves it a record.
fn edit_details(log: &mut Log, chance: &mut Chance) {
    loop {
        let (segment, at) = place(log, chance);
        let (kind, bytes) = &mut log.0[segment][at];
        if *kind == RECORD {
            let last = bytes.len() - 1;
            bytes[last] ^= 1 + chance.below(255) as u8;
            return;
        }
    }
}

#[test]
fn every_mutation_is_detected() {
    let stock = Stock::new();
    let mutations = count("MUTATIONS", MUTATIONS) as usize;
    let key = signer_key();
    let last = stock.whole.checkpoints().pop().unwrap().1;
    for (_, kept) in stock.whole.checkpoints() {
        verify_images(&stock.whole.images(), key, Some(&kept)).unwrap();
    }
    verify_images(&stock.other.images(), key, None).unwrap();
    for (common, fork) in stock.forks.iter().enumerate() {
        verify_images(&fork.images(), key, None).unwrap();
        assert!(
            verify_images(&fork.images(), key, Some(&last)).is_err(),
            "fork after {common}"
        );
    }
    let every = count("PYTHON_EVERY", PYTHON_EVERY) as usize;
    let part = |from: usize| {
        let mut counts = BTreeMap::new();
        let mut python = Python::start();
        let mut asked = 0;
        for number in (from..mutations).step_by(2) {
            let kind = KINDS[number % KINDS.len()];
            let mut chance = Chance(number as u64);
            let (images, kept) = std::iter::repeat_with(|| mutate(kind, &stock, &mut chance))
                .flatten()
                .next()
                .unwrap();
            match verify_images(&images, key, kept.as_deref()) {
                Err(AuditError::Damaged { damage }) => {
                    *counts.entry((kind, damage.code)).or_insert(0_usize) += 1;
                    // Two segments with one name cannot be written.
                    let names: BTreeSet<u64> = images.iter().map(|image| image.first).collect();
                    if number.is_multiple_of(every)
                        && names.len() == images.len()
                        && let Some(python) = &mut python
                    {
                        let said = python.verify(&images, kept.as_deref());
                        alike(Some(&damage), &said);
                        asked += 1;
                    }
                }
                other => panic!("{kind} with seed {number} was not detected: {other:?}"),
            }
        }
        (counts, asked)
    };
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut asked = 0;
    std::thread::scope(|scope| {
        let part = &part;
        let halves = [0, 1].map(|from| scope.spawn(move || part(from)));
        for half in halves {
            let (found, by_python) = half.join().unwrap();
            asked += by_python;
            for (of, count) in found {
                *counts.entry(of).or_default() += count;
            }
        }
    });
    for kind in KINDS {
        let of = counts.iter().filter(|((k, _), _)| *k == kind);
        let total: usize = of.clone().map(|(_, count)| count).sum();
        let codes: Vec<_> = of
            .map(|((_, code), count)| format!("{code} {count}"))
            .collect();
        println!("{kind}: {total} detected ({})", codes.join(", "));
    }
    println!(
        "{mutations} mutations, each detected; {asked} of them by the verifier in Python too, at the same record"
    );
    assert_eq!(counts.values().sum::<usize>(), mutations);
}
