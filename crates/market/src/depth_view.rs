//! What the levels in view say: the imbalance of the nearest, and walls.
//!
//! Both are worked out when the market is told, from what clients then see, never per update. Walls are recognised from one telling to the
//! next by their price.

use crate::book_view::BookShown;
use crate::ratio::ratio;
use crate::rules::WallRule;
use crate::shown::{Figure, Shown};
use hypersentry_model::agg::{AggUpdate, Wall, WallsField};
use hypersentry_model::{Level, Price, Rate, Timestamp};
use serde::{Deserialize, Serialize};

/// Levels a side that the imbalance counts.
const IMBALANCE_LEVELS: usize = 10;

/// Decimals of the imbalance.
const IMBALANCE_DECIMALS: u32 = 4;

/// Decimals of a wall's multiple of the median.
const TIMES_DECIMALS: u32 = 1;

/// The walls of both sides, nearest first.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Walls {
    bids: Vec<Wall>,
    asks: Vec<Wall>,
}

impl Figure for Walls {
    type Field = WallsField;

    fn field(shown: &Shown<Self>) -> WallsField {
        WallsField {
            bids: shown.v.as_ref().map(|w| w.bids.clone()),
            asks: shown.v.as_ref().map(|w| w.asks.clone()),
            mark: shown.mark(),
        }
    }
}

/// What the levels said as it was last told.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct DepthShown {
    imbalance: Shown<Rate>,
    walls: Shown<Walls>,
}

impl DepthShown {
    /// What `book` says at `now`; `told` is the view before.
    pub(crate) fn take(
        book: &BookShown,
        told: Option<&Self>,
        rule: &WallRule,
        now: Timestamp,
    ) -> Self {
        let (stamp, limit_ms) = book.whole_stamp();
        let standing = told.and_then(|t| t.walls.v.as_ref());
        let both = book.sides().zip(stamp);
        let imbalance =
            both.and_then(|((bids, asks), stamp)| Some((imbalance(bids, asks)?, stamp)));
        let walls = both.map(|((bids, asks), stamp)| {
            let of = |levels, held: Option<&Vec<Wall>>| {
                walls(levels, held.map_or(&[], Vec::as_slice), rule, now.ms())
            };
            let walls = Walls {
                bids: of(bids, standing.map(|w| &w.bids)),
                asks: of(asks, standing.map(|w| &w.asks)),
            };
            (walls, stamp)
        });
        Self {
            imbalance: Shown::new(imbalance, limit_ms, now),
            walls: Shown::new(walls, limit_ms, now),
        }
    }

    pub(crate) fn due(&self) -> Option<Timestamp> {
        let dues = [self.imbalance.due(), self.walls.due()];
        dues.into_iter().flatten().min()
    }

    pub(crate) fn snapshot(&self, update: &mut AggUpdate) {
        update.imbalance = self.imbalance.v.is_some().then(|| self.imbalance.field());
        update.walls = self.walls.v.is_some().then(|| self.walls.field());
    }

    pub(crate) fn delta(&mut self, told: &Self, now: Timestamp, update: &mut AggUpdate) {
        update.imbalance = self.imbalance.changed(&told.imbalance, now);
        update.walls = self.walls.changed(&told.walls, now);
    }
}

/// (bids - asks) / (bids + asks) by notional of the nearest levels. `None` while both sides are empty.
fn imbalance(bids: &[Level], asks: &[Level]) -> Option<Rate> {
    let notional = |levels: &[Level]| {
        let nearest = levels.iter().take(IMBALANCE_LEVELS);
        nearest
            .map(|l| l.px.notional(l.sz).ok())
            .try_fold(0i128, |sum, usd| sum.checked_add(usd?.units()))
    };
    let (bids, asks) = (notional(bids)?, notional(asks)?);
    ratio(bids - asks, bids + asks, 0, IMBALANCE_DECIMALS)
}

/// The walls among `levels`, best first. One that stands already (`held`) stays until it falls below the lower bound.
fn walls(levels: &[Level], held: &[Wall], rule: &WallRule, now_ms: i64) -> Vec<Wall> {
    let Some((best, median)) = levels.first().zip(median(levels)) else {
        return Vec::new();
    };
    if levels.len() < rule.min_levels {
        return Vec::new();
    }
    let mut found: Vec<Wall> = levels
        .iter()
        .take_while(|l| within(best.px, l.px, rule.distance_bps))
        .filter_map(|l| {
            let standing = held.iter().find(|w| w.px == l.px);
            let times = if standing.is_some() {
                rule.keep_times
            } else {
                rule.times
            };
            let bound = median.checked_mul(i128::from(times.max(1)))?;
            (l.sz.units() >= bound).then_some(Wall {
                px: l.px,
                sz: l.sz,
                times_median: ratio(l.sz.units(), median, 0, TIMES_DECIMALS)?,
                since_ms: standing.map_or(now_ms, |w| w.since_ms),
            })
        })
        .collect();
    if found.len() > rule.max_a_side {
        // The largest ones, then nearest first again. Ties go to the nearer.
        found.sort_by_key(|w| std::cmp::Reverse(w.sz));
        found.truncate(rule.max_a_side);
        found.sort_by_key(|w| (w.px.units() - best.px.units()).unsigned_abs());
    }
    found
}

/// The lower median of the sizes; never zero.
fn median(levels: &[Level]) -> Option<i128> {
    let mut sizes: Vec<i128> = levels.iter().map(|l| l.sz.units()).collect();
    let middle = sizes.len().checked_sub(1)? / 2;
    let (_, median, _) = sizes.select_nth_unstable(middle);
    Some(*median).filter(|m| *m > 0)
}

fn within(best: Price, px: Price, bps: u32) -> bool {
    let away = (px.units() - best.units()).checked_mul(10_000);
    let bound = best.units().checked_mul(i128::from(bps));
    away.zip(bound)
        .is_some_and(|(away, bound)| away.abs() <= bound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hypersentry_model::Size;
    use proptest::prelude::*;

    const UNIT: i128 = 1_000_000_000_000;

    fn side(sizes: &[i128], step: i128) -> Vec<Level> {
        let at = |n: usize| 1_000 + step * n as i128;
        sizes
            .iter()
            .enumerate()
            .map(|(n, sz)| Level {
                px: Price::from_units(at(n) * UNIT),
                sz: Size::from_units(sz * UNIT),
            })
            .collect()
    }

    fn rule() -> WallRule {
        WallRule {
            distance_bps: 10_000,
            min_levels: 3,
            ..WallRule::default()
        }
    }

    #[test]
    fn imbalance_is_by_notional_of_ten_levels() {
        let bids = side(&[3; 12], -1);
        let asks = side(&[1; 12], 1);
        let rate = imbalance(&bids, &asks).expect("levels");
        // Bids 3 * (1000 + ... + 991), asks 1000 + ... + 1009: 29,865 and 10,045.
        assert_eq!(rate.to_string(), "0.4966");
        assert_eq!(imbalance(&bids, &[]).expect("levels").to_string(), "1");
        assert_eq!(imbalance(&[], &asks).expect("levels").to_string(), "-1");
        assert_eq!(imbalance(&[], &[]), None);
    }

    #[test]
    fn a_wall_keeps_its_age_while_it_stands() {
        let now = |sizes: &[i128], held: &[Wall], ms| walls(&side(sizes, 1), held, &rule(), ms);
        let first = now(&[1, 1, 1, 8, 1, 1], &[], 100);
        assert_eq!(first.len(), 1);
        assert_eq!(
            (first[0].times_median.to_string(), first[0].since_ms),
            ("8".into(), 100)
        );
        // Below the bound for new walls, above that for standing ones.
        let kept = now(&[1, 1, 1, 6, 1, 1], &first, 200);
        assert_eq!((kept.len(), kept[0].since_ms), (1, 100));
        assert_eq!(now(&[1, 1, 1, 6, 1, 1], &[], 200), []);
        let fallen = now(&[1, 1, 1, 5, 1, 1], &kept, 300);
        assert_eq!(fallen, []);
        let again = now(&[1, 1, 1, 9, 1, 1], &fallen, 400);
        assert_eq!(again[0].since_ms, 400, "it did not stand all the time");
    }

    #[test]
    fn far_levels_and_thin_books_have_no_walls() {
        let near = WallRule {
            distance_bps: 20,
            ..rule()
        };
        let levels = side(&[1, 1, 9, 9, 1, 1, 1], 1);
        assert_eq!(
            walls(&levels, &[], &near, 0).len(),
            1,
            "the fourth is 30 bps away"
        );
        assert_eq!(walls(&side(&[1, 99], 1), &[], &rule(), 0), []);
        assert_eq!(walls(&[], &[], &rule(), 0), []);
    }

    proptest! {
        /// At most so many, nearest first, each as large as its bound says, whatever the side.
        #[test]
        fn walls_are_few_and_sorted(sizes in prop::collection::vec(prop_oneof![8 => 1i128..4, 2 => 1i128..200], 0..60), up: bool) {
            let levels = side(&sizes, if up { 1 } else { -1 });
            let found = walls(&levels, &[], &rule(), 7);
            prop_assert!(found.len() <= rule().max_a_side);
            let away = |w: &Wall| (w.px.units() - 1_000 * UNIT).abs();
            prop_assert!(found.windows(2).all(|w| away(&w[0]) < away(&w[1])));
            let mut sorted: Vec<i128> = sizes.clone();
            sorted.sort_unstable();
            let expect = |sz: i128| sizes.len() >= 3 && sz >= 8 * sorted[(sizes.len() - 1) / 2];
            let all = sizes.iter().filter(|sz| expect(**sz)).count();
            prop_assert_eq!(found.len(), all.min(rule().max_a_side));
            prop_assert!(found.iter().all(|w| expect(w.sz.units() / UNIT)));
        }
    }
}
