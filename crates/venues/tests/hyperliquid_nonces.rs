//! Ten million nonces over threads, restarts, clocks that jump and a disk that fails: none comes twice.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

use hypersentry_venues::hyperliquid::exchange::nonce::{
    HighWater, NonceError, Nonces, NotKept, VenueTime,
};
use std::sync::Mutex;

const THREADS: u64 = 4;
const OF_EACH: usize = 2_500_000;
const START_MS: i64 = 1_795_000_000_000;
const HOUR: i64 = 3_600_000;

/// A seeded chance (xorshift64*).
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) % n
    }
}

/// A disk that keeps one number, and fails in both ways: before it is written, and after.
struct Disk {
    mark: Option<u64>,
    chance: Chance,
    failures: u64,
}

impl HighWater for Disk {
    fn keep(&mut self, mark: u64) -> Result<(), NotKept> {
        let luck = self.chance.below(20);
        if luck == 0 {
            self.failures += 1;
            return Err(NotKept);
        }
        self.mark = Some(mark);
        if luck == 1 {
            self.failures += 1;
            return Err(NotKept);
        }
        Ok(())
    }
}

struct Signer {
    nonces: Nonces,
    disk: Disk,
    chance: Chance,
    asked: u64,
    jump_ms: i64,
    jumps: u64,
    restarts: u64,
    refused: [u64; 3],
}

impl Signer {
    fn draw(&mut self) -> Option<u64> {
        self.asked += 1;
        if self.chance.below(1_000) == 0 {
            self.jumps += 1;
            // Mostly within the window, now and then far behind it.
            let hours = match self.chance.below(25) {
                0 => -40,
                _ => i64::try_from(self.chance.below(18)).unwrap() - 9,
            };
            let rest = i64::try_from(self.chance.below(3_600_000)).unwrap();
            self.jump_ms = hours * HOUR + rest;
        }
        if self.chance.below(10_000) == 0 {
            self.restarts += 1;
            self.nonces = Nonces::restore(self.disk.mark);
        }
        let passed = i64::try_from(self.asked / 2).unwrap();
        let time = VenueTime {
            ms: START_MS + passed + self.jump_ms,
            uncertainty_ms: i64::try_from(self.chance.below(500)).unwrap(),
        };
        match self.nonces.next(Some(time), &mut self.disk) {
            Ok(nonce) => Some(nonce),
            Err(error) => {
                self.refused[match error {
                    NonceError::OutsideWindow { .. } => 0,
                    NonceError::Doubtful { .. } => 1,
                    NonceError::NotKept(_) => 2,
                    NonceError::TimeUnknown => panic!("the time was told"),
                }] += 1;
                None
            }
        }
    }
}

#[test]
fn ten_million_nonces_and_none_twice() {
    let signer = Mutex::new(Signer {
        nonces: Nonces::restore(None),
        disk: Disk {
            mark: None,
            chance: Chance(7),
            failures: 0,
        },
        chance: Chance(11),
        asked: 0,
        jump_ms: 0,
        jumps: 0,
        restarts: 0,
        refused: [0; 3],
    });
    let worker = || {
        let mut given = Vec::with_capacity(OF_EACH);
        while given.len() < OF_EACH {
            let mut signer = signer.lock().unwrap();
            assert!(
                signer.asked < 40_000_000,
                "refused too often: {:?}",
                signer.refused
            );
            given.extend(signer.draw());
        }
        assert!(given.is_sorted_by(|a, b| a < b), "a thread saw them fall");
        given
    };
    let mut all = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS).map(|_| scope.spawn(worker)).collect();
        let given = workers.into_iter().map(|w| w.join().unwrap());
        given.flatten().collect::<Vec<u64>>()
    });
    let total = all.len();
    all.sort_unstable();
    all.dedup();
    let signer = signer.into_inner().unwrap();
    let [outside, doubtful, not_kept] = signer.refused;
    println!(
        "{total} nonces, {} repeats; {} restarts, {} jumps of the clock, {} failures of the disk; refused {outside} outside the window, {doubtful} doubtful, {not_kept} not kept",
        total - all.len(),
        signer.restarts,
        signer.jumps,
        signer.disk.failures
    );
    assert_eq!(all.len(), total);
    assert!(signer.restarts > 500 && signer.jumps > 5_000);
    assert!(outside > 0 && not_kept > 0);
}
