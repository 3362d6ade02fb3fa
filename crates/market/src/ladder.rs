//! Sorted levels of one side of a book.
//!
//! A single sorted vector moves half the book at each insertion deep inside it; a balanced tree scatters the levels that are read
//! most. Here the levels lie in short sorted runs: finding one costs two binary searches, inserting one moves at most a run.

use hypersentry_model::{Level, Price, Size};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A run is split when it grows past this many levels. On recorded updates (benchmark `frame_to_book`) 64 and 128 cost the same
/// within the noise, 256 about 8 % more from frame to book; 128 makes fewer runs.
const RUN: usize = 128;

/// Emptied runs that are kept for the next split: in a book that neither grows nor shrinks much, changes then allocate nothing. 16 kB.
const SPARE: usize = 4;

/// A run of no more levels than this is joined with a neighbour that has no more either, so that a book which changed for hours takes little more
/// room than a new one.
const THIN: usize = RUN / 4;

/// Which way prices get worse.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Way {
    /// Bids: the highest is best.
    Bids,
    /// Asks: the lowest is best.
    Asks,
}

/// Levels of one side, best first, each price once.
#[derive(Clone, Debug)]
pub struct Ladder {
    way: Way,
    /// The worst price of each run, as a key. Kept apart so that the first search stays within one or two cache lines.
    worst: Vec<i128>,
    runs: Vec<Vec<Entry>>,
    len: usize,
    /// Empty, each with room for a run; at most [`SPARE`].
    spare: Spare,
}

/// Room for levels to come: no part of the state, so that two sides with the same levels look the same.
#[derive(Clone)]
struct Spare(Vec<Vec<Entry>>);

impl std::fmt::Debug for Spare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Spare")
    }
}

/// A level under its key: the price for asks, its negative for bids, so that better always means smaller.
#[derive(Clone, Copy, Debug)]
struct Entry {
    key: i128,
    sz: Size,
}

impl Ladder {
    /// A side without levels.
    pub const fn new(way: Way) -> Self {
        Self {
            way,
            worst: Vec::new(),
            runs: Vec::new(),
            len: 0,
            spare: Spare(Vec::new()),
        }
    }

    /// A run without levels.
    fn run(&mut self) -> Vec<Entry> {
        let spare = self.spare.0.pop();
        spare.unwrap_or_else(|| Vec::with_capacity(RUN + 1))
    }

    fn put_away(spare: &mut Vec<Vec<Entry>>, mut run: Vec<Entry>) {
        if spare.len() < SPARE {
            run.clear();
            spare.push(run);
        }
    }

    const fn key(&self, px: Price) -> i128 {
        match self.way {
            Way::Bids => -px.units(),
            Way::Asks => px.units(),
        }
    }

    const fn level(&self, entry: Entry) -> Level {
        let units = match self.way {
            Way::Bids => -entry.key,
            Way::Asks => entry.key,
        };
        Level {
            px: Price::from_units(units),
            sz: entry.sz,
        }
    }

    /// Number of levels.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The best level.
    pub fn best(&self) -> Option<Level> {
        self.runs
            .first()
            .and_then(|run| run.first())
            .map(|e| self.level(*e))
    }

    /// All levels, best first.
    pub fn iter(&self) -> impl Iterator<Item = Level> + '_ {
        self.runs.iter().flatten().map(|e| self.level(*e))
    }

    /// Removes every level.
    pub fn clear(&mut self) {
        self.worst.clear();
        for run in self.runs.drain(..) {
            Self::put_away(&mut self.spare.0, run);
        }
        self.len = 0;
    }

    /// Replaces the content by `levels`, which are sorted best first without duplicates.
    pub fn assign(&mut self, levels: &[Level]) {
        self.clear();
        for chunk in levels.chunks(RUN / 2) {
            let mut run = self.run();
            run.extend(chunk.iter().map(|l| Entry {
                key: self.key(l.px),
                sz: l.sz,
            }));
            if let Some(last) = run.last() {
                self.worst.push(last.key);
            }
            self.runs.push(run);
        }
        self.len = levels.len();
    }

    /// Sets the size at a price; zero removes the level. Removing an unknown level is normal: it lay beyond the snapshot's depth.
    pub fn set(&mut self, level: Level) {
        let key = self.key(level.px);
        let at = self.worst.partition_point(|w| *w < key);
        if at == self.runs.len() {
            if level.sz.is_zero() {
                return;
            }
            self.append(Entry { key, sz: level.sz });
            return;
        }
        let run = &mut self.runs[at];
        match run.binary_search_by(|e| e.key.cmp(&key)) {
            Ok(i) if !level.sz.is_zero() => run[i].sz = level.sz,
            Ok(i) => {
                run.remove(i);
                self.len -= 1;
                self.shrink(at);
            }
            Err(_) if level.sz.is_zero() => {}
            Err(i) => {
                run.insert(i, Entry { key, sz: level.sz });
                self.len += 1;
                if run.len() > RUN {
                    self.split(at);
                }
            }
        }
    }

    fn append(&mut self, entry: Entry) {
        self.len += 1;
        match (self.runs.last_mut(), self.worst.last_mut()) {
            (Some(run), Some(worst)) if run.len() < RUN => {
                run.push(entry);
                *worst = entry.key;
            }
            _ => {
                let mut run = self.run();
                run.push(entry);
                self.runs.push(run);
                self.worst.push(entry.key);
            }
        }
    }

    fn split(&mut self, at: usize) {
        let mut tail = self.run();
        let run = &mut self.runs[at];
        tail.extend(run.drain(RUN / 2..));
        if let (Some(first), Some(second)) = (run.last(), tail.last()) {
            self.worst[at] = first.key;
            self.worst.insert(at + 1, second.key);
            self.runs.insert(at + 1, tail);
        }
    }

    /// Restores the invariants after a removal from run `at`: no run is empty, and the run's worst key is exact.
    fn shrink(&mut self, at: usize) {
        match self.runs[at].last() {
            None => {
                let run = self.runs.remove(at);
                Self::put_away(&mut self.spare.0, run);
                self.worst.remove(at);
            }
            Some(last) => {
                self.worst[at] = last.key;
                let thin = |i: usize| self.runs.get(i).is_some_and(|r| r.len() <= THIN);
                if thin(at) {
                    if thin(at + 1) {
                        self.join(at);
                    } else if at > 0 && thin(at - 1) {
                        self.join(at - 1);
                    }
                }
            }
        }
    }

    /// Moves the run after `at` into `at`.
    fn join(&mut self, at: usize) {
        let next = self.runs.remove(at + 1);
        self.runs[at].extend_from_slice(&next);
        Self::put_away(&mut self.spare.0, next);
        self.worst.remove(at);
    }

    /// Forgets the worst levels beyond `max`.
    pub fn truncate(&mut self, max: usize) {
        while self.len > max {
            let over = self.len - max;
            let Some(run) = self.runs.last_mut() else {
                return;
            };
            if run.len() <= over {
                self.len -= run.len();
                if let Some(run) = self.runs.pop() {
                    Self::put_away(&mut self.spare.0, run);
                }
                self.worst.pop();
            } else {
                run.truncate(run.len() - over);
                self.len -= over;
                if let (Some(last), Some(worst)) = (run.last(), self.worst.last_mut()) {
                    *worst = last.key;
                }
            }
        }
    }
}

impl PartialEq for Ladder {
    fn eq(&self, other: &Self) -> bool {
        self.way == other.way && self.len == other.len && self.iter().eq(other.iter())
    }
}

// A checkpoint holds the levels, not how they happen to be cut into runs.
impl Serialize for Ladder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.way, self.iter().collect::<Vec<_>>()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Ladder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (way, levels) = <(Way, Vec<Level>)>::deserialize(deserializer)?;
        let mut ladder = Self::new(way);
        ladder.assign(&levels);
        Ok(ladder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn level(px: i128, sz: i128) -> Level {
        Level {
            px: Price::from_units(px),
            sz: Size::from_units(sz),
        }
    }

    fn check(ladder: &Ladder, reference: &BTreeMap<i128, i128>) {
        let mut expected: Vec<Level> = reference.iter().map(|(p, s)| level(*p, *s)).collect();
        if ladder.way == Way::Bids {
            expected.reverse();
        }
        assert_eq!(ladder.iter().collect::<Vec<_>>(), expected);
        assert_eq!(ladder.len(), reference.len());
        assert_eq!(ladder.best(), expected.first().copied());
        assert_eq!(ladder.runs.len(), ladder.worst.len());
        for (run, worst) in ladder.runs.iter().zip(&ladder.worst) {
            assert!(!run.is_empty() && run.len() <= RUN);
            assert_eq!(run.last().unwrap().key, *worst);
        }
    }

    proptest! {
        #[test]
        fn equals_a_naive_map(
            bids in any::<bool>(),
            start in 0usize..600,
            changes in prop::collection::vec((1i128..900, 0i128..4), 0..600),
        ) {
            let way = if bids { Way::Bids } else { Way::Asks };
            let mut reference: BTreeMap<i128, i128> = (1..=start as i128).map(|p| (p, p)).collect();
            let mut levels: Vec<Level> = reference.iter().map(|(p, s)| level(*p, *s)).collect();
            if bids { levels.reverse(); }
            let mut ladder = Ladder::new(way);
            ladder.assign(&levels);
            check(&ladder, &reference);
            for (px, sz) in changes {
                ladder.set(level(px, sz));
                if sz == 0 { reference.remove(&px); } else { reference.insert(px, sz); }
            }
            check(&ladder, &reference);
        }

        #[test]
        fn truncation_keeps_the_best(n in 0usize..500, max in 0usize..500) {
            let levels: Vec<Level> = (1..=n as i128).map(|p| level(p, 1)).collect();
            let mut ladder = Ladder::new(Way::Asks);
            ladder.assign(&levels);
            ladder.truncate(max);
            prop_assert_eq!(ladder.iter().collect::<Vec<_>>(), levels[..n.min(max)].to_vec());
        }
    }

    #[test]
    fn runs_are_used_again() {
        let mut ladder = Ladder::new(Way::Asks);
        ladder.assign(&(1..=400).map(|p| level(p * 10, 1)).collect::<Vec<_>>());
        let mut room = Vec::new();
        for _ in 0..50 {
            // Fills two runs until they split, then thins them until they join.
            for sz in [1, 0] {
                (1_000..1_300).for_each(|px| ladder.set(level(px, sz)));
            }
            room.push(ladder.runs.iter().chain(&ladder.spare.0).count());
        }
        assert!(
            room[5..].iter().all(|n| *n == room[5]),
            "no run is made once the book is as large as it gets: {room:?}"
        );
        let capacities = ladder.runs.iter().chain(&ladder.spare.0);
        assert!(capacities.map(Vec::capacity).all(|c| c == RUN + 1));
    }

    #[test]
    fn thinning_joins_runs() {
        let levels: Vec<Level> = (1..=1000).map(|p| level(p, 1)).collect();
        let mut ladder = Ladder::new(Way::Asks);
        ladder.assign(&levels);
        for px in 1..=1000 {
            if px % 50 != 0 {
                ladder.set(level(px, 0));
            }
        }
        assert_eq!(ladder.len(), 20);
        assert!(
            ladder.runs.len() <= 4,
            "{} runs for 20 levels",
            ladder.runs.len()
        );
    }
}
