//! Statistics on a time grid. Each is bounded, O(1) a sample, and odd or even in its input, so that no direction is preferred.

use hypersentry_model::Coverage;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Room that is made at once, at most; a ring of more samples grows beyond it.
const ROOM: usize = 16_384;

/// Gives a list that is full the room for all of its `most` samples. It is written to once, so that memory is as large with the first sample
/// as with the last.
pub(crate) fn make_room<T: Clone>(samples: &mut VecDeque<T>, most: usize, like: &T) {
    if samples.len() < samples.capacity() || samples.len() >= most.min(ROOM) {
        return;
    }
    let held = samples.len();
    samples.reserve_exact(most.min(ROOM) - held);
    samples.resize(most.min(ROOM), like.clone());
    samples.truncate(held);
}

/// The last samples, oldest first.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Ring<T> {
    samples: VecDeque<T>,
    most: usize,
}

impl<T> Ring<T> {
    /// Keeps `most` samples, at least one.
    pub const fn new(most: usize) -> Self {
        Self {
            samples: VecDeque::new(),
            most: if most == 0 { 1 } else { most },
        }
    }

    /// Adds a sample; the one that leaves comes back.
    pub fn push(&mut self, sample: T) -> Option<T>
    where
        T: Clone,
    {
        make_room(&mut self.samples, self.most, &sample);
        let gone = (self.samples.len() >= self.most)
            .then(|| self.samples.pop_front())
            .flatten();
        self.samples.push_back(sample);
        gone
    }

    /// Forgets the oldest samples, up to the first that is to stay.
    pub fn forget_while(&mut self, gone: impl Fn(&T) -> bool) {
        while self.samples.front().is_some_and(&gone) {
            self.samples.pop_front();
        }
    }

    /// The sample `back` steps before the newest.
    pub fn back(&self, back: usize) -> Option<&T> {
        self.samples
            .len()
            .checked_sub(back + 1)
            .and_then(|i| self.samples.get(i))
    }

    /// Adds to the newest sample, if there is one.
    pub fn add_to_newest(&mut self, more: T)
    where
        T: std::ops::AddAssign,
    {
        if let Some(newest) = self.samples.back_mut() {
            *newest += more;
        }
    }

    /// The newest sample.
    pub fn newest_mut(&mut self) -> Option<&mut T> {
        self.samples.back_mut()
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator + Clone {
        self.samples.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }
}

/// Which of the last samples were seen, and how many of them.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Seen {
    last: Ring<bool>,
    count: u32,
    most: u32,
}

impl Seen {
    /// Remembers `most` samples, at least one.
    pub const fn new(most: u32) -> Self {
        Self {
            last: Ring::new(most as usize),
            count: 0,
            most,
        }
    }

    /// Adds a sample.
    pub fn push(&mut self, seen: bool) {
        let gone = self.last.push(seen).unwrap_or_default();
        self.count = self.count + u32::from(seen) - u32::from(gone);
    }

    /// The share that was seen. Samples prove no completeness between them; what was before the start is missing.
    pub fn coverage(&self) -> Coverage {
        Coverage::of(0, u64::from(self.count), u64::from(self.most.max(1)))
    }
}

/// Exponentially weighted mean of squares: the variance of returns whose mean is negligible.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub struct MeanSquare {
    value: f64,
    samples: u32,
}

impl MeanSquare {
    /// Takes a sample; older ones weigh half as much after `half_life` samples.
    pub fn push(&mut self, x: f64, half_life: f64) {
        self.samples = self.samples.saturating_add(1);
        // A plain mean until the weights would be smaller than that of an average.
        let weight = (1.0 - libm::exp2(-1.0 / half_life)).max(1.0 / f64::from(self.samples));
        self.value += weight * (x * x - self.value);
    }

    /// The mean, once there are enough samples.
    pub fn get(&self, min_samples: u32) -> Option<f64> {
        (self.samples >= min_samples && self.value > 0.0).then_some(self.value)
    }

    /// How many samples there were.
    pub const fn samples(&self) -> u32 {
        self.samples
    }
}

/// Median of absolute values times 1.4826: the standard deviation of a normal sample about 0, whatever its outliers.
/// `scratch` is overwritten.
pub fn robust_scale(samples: impl Iterator<Item = f64>, scratch: &mut Vec<f64>) -> Option<f64> {
    scratch.clear();
    scratch.extend(samples.map(f64::abs));
    if scratch.is_empty() {
        return None;
    }
    let middle = scratch.len() / 2;
    let (_, median, _) = scratch.select_nth_unstable_by(middle, f64::total_cmp);
    Some(1.4826 * *median)
}

/// Mean and population standard deviation.
pub fn mean_and_std(samples: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    let count = samples.clone().count() as f64;
    if count < 1.0 {
        return None;
    }
    let mean = samples.clone().sum::<f64>() / count;
    let variance = samples.map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
    Some((mean, variance.sqrt()))
}

/// Nothing inside of the dead band, then a straight line to the full strength of one. Odd.
pub fn soft(x: f64, dead: f64, full: f64) -> f64 {
    let strength = ((x.abs() - dead) / (full - dead)).clamp(0.0, 1.0);
    if x < 0.0 { -strength } else { strength }
}

/// A histogram of positive amounts over powers of the fourth root of two: quantiles within 19 %, in constant space and time.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Amounts {
    counts: Vec<u32>,
    total: u32,
}

/// From 1 to 2^40, in quarters of a power of two.
const BINS: usize = 160;
/// All counts are halved at this total, so that old amounts fade.
const FADE_AT: u32 = 20_000;

impl Default for Amounts {
    fn default() -> Self {
        Self {
            counts: vec![0; BINS],
            total: 0,
        }
    }
}

impl Amounts {
    /// Counts an amount.
    pub fn push(&mut self, amount: f64) {
        let bin = (4.0 * libm::log2(amount.max(1.0))) as usize;
        if let Some(count) = self.counts.get_mut(bin.min(BINS - 1)) {
            *count += 1;
            self.total += 1;
        }
        if self.total >= FADE_AT {
            self.counts.iter_mut().for_each(|c| *c /= 2);
            self.total = self.counts.iter().sum();
        }
    }

    /// How many are counted, after fading.
    pub const fn total(&self) -> u32 {
        self.total
    }

    /// The amount that a share `q` of all stay below, or at most the next bin's; `None` below `min` amounts.
    pub fn quantile(&self, q: f64, min: u32) -> Option<f64> {
        if self.total < min.max(1) {
            return None;
        }
        let wanted = q * f64::from(self.total);
        let mut seen = 0.0;
        for (bin, count) in self.counts.iter().enumerate() {
            seen += f64::from(*count);
            if seen >= wanted {
                return Some(libm::exp2((bin as f64 + 1.0) / 4.0));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rings_keep_the_last() {
        let mut ring = Ring::new(3);
        let gone: Vec<Option<i32>> = (1..=5).map(|x| ring.push(x)).collect();
        assert_eq!(gone, [None, None, None, Some(1), Some(2)]);
        assert_eq!(
            (ring.back(0), ring.back(2), ring.back(3)),
            (Some(&5), Some(&3), None)
        );
    }

    #[test]
    fn what_was_seen_is_counted_over_the_last_samples() {
        let mut seen = Seen::new(4);
        assert_eq!(seen.coverage(), Coverage::NONE);
        let counts = [true, true, false, true, true, false].map(|s| {
            seen.push(s);
            seen.coverage()
        });
        let of = |count| Coverage::of(0, count, 4);
        assert_eq!(counts, [of(1), of(2), of(2), of(3), of(3), of(2)]);
    }

    #[test]
    fn mean_square_begins_as_a_plain_mean() {
        let mut square = MeanSquare::default();
        for x in [1.0, -3.0] {
            square.push(x, 60.0);
        }
        assert!((square.get(2).unwrap() - 5.0).abs() < 1e-12);
        assert_eq!(square.get(3), None);
    }

    #[test]
    fn soft_is_silent_then_straight() {
        assert!(soft(0.99, 1.0, 3.0) == 0.0);
        assert!((soft(-2.0, 1.0, 3.0) + 0.5).abs() < 1e-12);
        assert!(soft(9.0, 1.0, 3.0) == 1.0);
    }

    proptest! {
        #[test]
        fn quantiles_lie_within_a_bin(amounts in prop::collection::vec(1.0..1e9f64, 50..300)) {
            let mut histogram = Amounts::default();
            amounts.iter().for_each(|a| histogram.push(*a));
            let mut sorted = amounts.clone();
            sorted.sort_by(f64::total_cmp);
            let exact = sorted[(0.99 * sorted.len() as f64).ceil() as usize - 1];
            let got = histogram.quantile(0.99, 1).unwrap();
            prop_assert!(got >= exact * 0.999 && got <= exact * 1.2, "{} {}", got, exact);
        }
    }
}
