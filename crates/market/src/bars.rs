//! Candles of one length in the order of their times: the newest ones as they are, older ones packed.
//!
//! Nearly every trade changes the newest candle alone. Whatever changes an older one opens its pack and packs it again.

use crate::bar::{Bar, Pack};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::VecDeque;
use std::ops::Range;

/// Candles of a pack. A pack that grows to twice as many, because candles were put between others, becomes two.
const PACK: usize = 16;

/// Newest candles that are not packed, at most: 5.8 kB.
const LOOSE: usize = 2 * PACK;

/// The candles, oldest first. Of more than [`LOOSE`], each takes some 42 bytes with its part of the pack.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bars {
    packs: VecDeque<Pack>,
    /// How many are packed.
    packed: usize,
    /// Younger than those that are packed; empty only if there are none at all.
    loose: VecDeque<Bar>,
}

impl Bars {
    pub(crate) fn len(&self) -> usize {
        self.packed + self.loose.len()
    }

    pub(crate) fn newest(&self) -> Option<&Bar> {
        self.loose.back()
    }

    pub(crate) fn newest_mut(&mut self) -> Option<&mut Bar> {
        self.loose.back_mut()
    }

    /// Which pack has the candle at a place, and the place within.
    fn pack_of(&self, at: usize) -> Option<(usize, usize)> {
        let mut within = at;
        for (n, pack) in self.packs.iter().enumerate() {
            if within < pack.len() {
                return Some((n, within));
            }
            within -= pack.len();
        }
        None
    }

    pub(crate) fn get(&self, at: usize) -> Option<Bar> {
        if let Some(loose) = at.checked_sub(self.packed) {
            return self.loose.get(loose).cloned();
        }
        let (n, within) = self.pack_of(at)?;
        self.packs.get(n)?.open().into_iter().nth(within)
    }

    /// Changes the candles of these places, but not their times.
    pub(crate) fn change(&mut self, places: Range<usize>, mut change: impl FnMut(&mut Bar)) {
        let mut begin = 0;
        for pack in &mut self.packs {
            let end = begin + pack.len();
            if begin < places.end && places.start < end {
                let mut bars = pack.open();
                let from = places.start.saturating_sub(begin);
                let to = places.end.min(end) - begin;
                bars.iter_mut().take(to).skip(from).for_each(&mut change);
                *pack = Pack::of(&bars);
            }
            begin = end;
        }
        let from = places.start.saturating_sub(begin).min(self.loose.len());
        let to = places.end.saturating_sub(begin).min(self.loose.len());
        self.loose.range_mut(from..to).for_each(change);
    }

    /// Gives all candles that clients do not know as they are to `each`, newest first, as long as it wants more.
    pub(crate) fn untold(&mut self, mut each: impl FnMut(&mut Bar) -> bool) {
        for bar in self.loose.iter_mut().rev().filter(|bar| bar.untold) {
            if !each(bar) {
                return;
            }
        }
        for pack in self.packs.iter_mut().rev().filter(|p| p.untold() > 0) {
            let mut bars = pack.open();
            let mut untold = bars.iter_mut().rev().filter(|bar| bar.untold);
            let more = untold.all(&mut each);
            *pack = Pack::of(&bars);
            if !more {
                return;
            }
        }
    }

    /// Puts a candle before the one at a place, whose time is later.
    pub(crate) fn insert(&mut self, at: usize, bar: Bar) {
        if let Some(loose) = at.checked_sub(self.packed) {
            if self.loose.capacity() == 0 {
                self.loose.reserve_exact(LOOSE);
            }
            self.loose.insert(loose.min(self.loose.len()), bar);
        } else if let Some((n, within)) = self.pack_of(at) {
            let mut bars = self.packs[n].open();
            bars.insert(within, bar);
            self.packed += 1;
            if bars.len() < 2 * PACK {
                self.packs[n] = Pack::of(&bars);
            } else {
                let (older, younger) = bars.split_at(PACK);
                self.packs[n] = Pack::of(older);
                self.packs.insert(n + 1, Pack::of(younger));
            }
        }
        if self.loose.len() == LOOSE {
            let bars: Vec<Bar> = self.loose.drain(..PACK).collect();
            self.packed += PACK;
            self.packs.push_back(Pack::of(&bars));
        }
    }

    /// Puts candles before all that are there, of which there must be some; oldest first, each once.
    pub(crate) fn prepend(&mut self, bars: &[Bar]) {
        for chunk in bars.rchunks(PACK) {
            self.packed += chunk.len();
            self.packs.push_front(Pack::of(chunk));
        }
    }

    /// Takes the oldest one away.
    pub(crate) fn pop_oldest(&mut self) -> Option<Bar> {
        let Some(pack) = self.packs.front_mut() else {
            return self.loose.pop_front();
        };
        self.packed -= 1;
        let mut bars = pack.open();
        let oldest = bars.remove(0);
        if bars.is_empty() {
            self.packs.pop_front();
        } else {
            *pack = Pack::of(&bars);
        }
        Some(oldest)
    }

    /// How many open before this time.
    pub(crate) fn before(&self, open_ms: i64) -> usize {
        if self.loose.front().is_some_and(|b| b.open_ms <= open_ms) {
            return self.packed + self.loose.partition_point(|b| b.open_ms < open_ms);
        }
        let n = self.packs.partition_point(|p| p.last_ms() < open_ms);
        let before: usize = self.packs.range(..n).map(Pack::len).sum();
        let pack = self.packs.get(n).map(Pack::open).unwrap_or_default();
        before + pack.partition_point(|b| b.open_ms < open_ms)
    }

    /// The place of the candle that opens at this time, or where it would be.
    pub(crate) fn find(&self, open_ms: i64) -> Result<usize, usize> {
        let at = self.before(open_ms);
        if self.get(at).is_some_and(|bar| bar.open_ms == open_ms) {
            Ok(at)
        } else {
            Err(at)
        }
    }

    /// The candles from a place on, oldest first.
    pub(crate) fn tail(&self, at: usize) -> impl Iterator<Item = Bar> + '_ {
        let n = self.pack_of(at).map_or(self.packs.len(), |(n, _)| n);
        let before: usize = self.packs.range(..n).map(Pack::len).sum();
        let packed = self.packs.range(n..).flat_map(Pack::open);
        packed.chain(self.loose.iter().cloned()).skip(at - before)
    }
}

/// As the list of the candles.
impl Serialize for Bars {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.tail(0))
    }
}

impl<'de> Deserialize<'de> for Bars {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut bars = Self::default();
        for bar in Vec::<Bar>::deserialize(from)? {
            bars.insert(bars.len(), bar);
        }
        Ok(bars)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bar::Print;
    use hypersentry_model::{Price, Side, Size, Usd};
    use proptest::prelude::*;

    fn bar(open_ms: i64) -> Bar {
        let print = Print {
            ms: open_ms + 5,
            id: open_ms.unsigned_abs() * 3,
            px: Price::from_units(i128::from(open_ms) * 1_000_000),
            sz: Size::from_units(7),
            notional: Usd::from_units(i128::from(open_ms)),
            side: Side::Buy,
            replayed: false,
        };
        Bar::begin(open_ms, &print)
    }

    #[derive(Clone, Debug)]
    enum Step {
        Insert(i64),
        Prepend(i64),
        Pop,
        Mark(usize, usize),
        Tell(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            8 => (0_i64..400).prop_map(Step::Insert),
            1 => (1_i64..70).prop_map(Step::Prepend),
            1 => Just(Step::Pop),
            1 => (0_usize..200, 0_usize..40).prop_map(|(at, len)| Step::Mark(at, len)),
            1 => (0_usize..60).prop_map(Step::Tell),
        ]
    }

    proptest! {
        /// Against a plain list.
        #[test]
        fn equal_a_plain_list(steps in prop::collection::vec(step(), 1..400), probe in -400_i64..400, at in 0_usize..400) {
            let mut bars = Bars::default();
            let mut plain: Vec<Bar> = Vec::new();
            for step in steps {
                match step {
                    Step::Insert(time) => {
                        let found = plain.binary_search_by_key(&time, |b| b.open_ms);
                        prop_assert_eq!(bars.find(time), found);
                        if let Err(at) = found {
                            bars.insert(at, bar(time));
                            plain.insert(at, bar(time));
                        }
                    }
                    Step::Prepend(count) => {
                        if let Some(oldest) = plain.first().map(|b| b.open_ms) {
                            let more: Vec<Bar> = (oldest - count..oldest).map(bar).collect();
                            bars.prepend(&more);
                            plain.splice(0..0, more);
                        }
                    }
                    Step::Pop => {
                        let oldest = (!plain.is_empty()).then(|| plain.remove(0));
                        prop_assert_eq!(bars.pop_oldest(), oldest);
                    }
                    Step::Mark(at, len) => {
                        bars.change(at..at + len, |b| b.untold = true);
                        plain.iter_mut().skip(at).take(len).for_each(|b| b.untold = true);
                    }
                    Step::Tell(most) => {
                        let mut told = Vec::new();
                        bars.untold(|b| {
                            if told.len() == most {
                                return false;
                            }
                            b.untold = false;
                            told.push(b.open_ms);
                            true
                        });
                        let untold = plain.iter_mut().rev().filter(|b| b.untold).take(most);
                        let expected: Vec<i64> = untold.map(|b| { b.untold = false; b.open_ms }).collect();
                        prop_assert_eq!(told, expected);
                    }
                }
                prop_assert_eq!(bars.len(), plain.len());
                prop_assert_eq!(bars.newest(), plain.last());
                prop_assert!(bars.loose.len() < LOOSE && bars.packs.iter().all(|p| p.len() < 2 * PACK));
            }
            prop_assert_eq!(bars.before(probe), plain.partition_point(|b| b.open_ms < probe));
            prop_assert_eq!(bars.get(at), plain.get(at).cloned());
            let at = at.min(plain.len());
            prop_assert_eq!(bars.tail(at).collect::<Vec<_>>(), &plain[at..]);
        }
    }
}
