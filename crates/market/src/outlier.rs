//! Tells jumps of a price from its ordinary moves.
//!
//! A price passes if its logarithm differs from that of the last one that passed by no more than a bound: so many standard deviations of the
//! moves of one step of a grid, times the root of the steps that went by. The deviation is estimated from the median of the last absolute
//! moves, divided by 0.6745 (the median of the absolute value of a standard normal variable), so that half of them may be wild without
//! moving it (Huber and Ronchetti, Robust Statistics, section 5.1). A floor keeps quiet markets from being held at one tick.
//!
//! What does not pass is held. It is right after all if the price stays on that side of the bound for some events and some time, and wrong
//! as soon as the price is back. Up and down are treated alike.

use crate::rules::OutlierRule;
use hypersentry_model::{Price, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Moves that are remembered at most.
const MAX_SAMPLES: usize = 128;

/// One over the median of the absolute value of a standard normal variable.
const DEVIATIONS_A_MEDIAN: f64 = 1.482_602_218_505_602;

/// Steps that widen the bound at most: an hour without a price, at steps of a second.
const MAX_STEPS: f64 = 3_600.0;

/// A jump that stays open is decided after so many times the time that one needs to be right, whichever way the price goes meanwhile.
const PATIENCE: i64 = 20;

/// What is to be done with a price, and with those held before it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// It passes; what was held before was wrong.
    Pass,
    /// It is held; what was held before stays so.
    Hold,
    /// It is held; what was held before lay on the other side and was wrong.
    HoldAnew,
    /// It passes, and so does what was held before.
    Release,
}

/// A jump that is held.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
struct Held {
    up: bool,
    px: Price,
    /// Its first event.
    since: Timestamp,
    events: u32,
    /// When the first of all jumps since the last price that passed came.
    doubted: Timestamp,
}

/// The guard of one price.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Gate {
    /// The last price that passed.
    last: Option<(Price, Timestamp)>,
    /// The price that the newest move is counted from, and its step.
    sample: Option<(Price, i64)>,
    moves: VecDeque<f64>,
    /// Deviation of the moves of one step.
    sigma: f64,
    /// While nothing is held and the step is the sample's, what lies within passes: half the bound around a price that passed. The last
    /// price lies within too, so that no two of them are further apart than the bound.
    near: Option<(Price, Price)>,
    held: Option<Held>,
}

impl Gate {
    /// Judges a price.
    pub(crate) fn judge(
        &mut self,
        now: Timestamp,
        px: Price,
        tick: Option<Price>,
        rule: &OutlierRule,
    ) -> Verdict {
        if rule.sigmas == 0 {
            return Verdict::Pass;
        }
        let step = step(now, rule);
        if let (Some((low, high)), Some((_, sampled)), None) = (self.near, self.sample, self.held)
            && low <= px
            && px <= high
            && step == sampled
        {
            self.last = Some((px, now));
            return Verdict::Pass;
        }
        let Some((last, at)) = self.last else {
            self.pass(now, px, tick, rule);
            return Verdict::Pass;
        };
        let jump = log_of(px, last);
        if jump.abs() <= self.bound(last, ns_steps(now, at, rule), tick, rule) {
            self.pass(now, px, tick, rule);
            return Verdict::Pass;
        }
        let up = jump > 0.0;
        let before = self.held;
        let held = match before {
            Some(held) if held.up == up => Held {
                px,
                events: held.events.saturating_add(1),
                ..held
            },
            other => Held {
                up,
                px,
                since: now,
                events: 1,
                doubted: other.map_or(now, |held| held.doubted),
            },
        };
        let wait_ms = i64::from(rule.persist_ms);
        let stays = held.events >= rule.persist_events && now >= held.since.plus_ms(wait_ms);
        let too_long = now >= held.doubted.plus_ms(wait_ms.saturating_mul(PATIENCE));
        if stays || (too_long && before.is_some()) {
            self.pass(now, px, tick, rule);
            return Verdict::Release;
        }
        self.held = Some(held);
        match before {
            Some(before) if before.up != up => Verdict::HoldAnew,
            _ => Verdict::Hold,
        }
    }

    /// The price that is held, if any, and since when.
    pub(crate) fn held(&self) -> Option<(Price, Timestamp)> {
        self.held.map(|held| (held.px, held.since))
    }

    /// How many events of the jump are held.
    pub(crate) fn held_events(&self) -> u32 {
        self.held.map_or(0, |held| held.events)
    }

    /// The last price that passed.
    pub(crate) fn last(&self) -> Option<Price> {
        self.last.map(|(px, _)| px)
    }

    /// What is held is right: someone else says the same.
    pub(crate) fn confirm(&mut self, now: Timestamp, tick: Option<Price>, rule: &OutlierRule) {
        if let Some(held) = self.held {
            self.pass(now, held.px, tick, rule);
        }
    }

    fn pass(&mut self, now: Timestamp, px: Price, tick: Option<Price>, rule: &OutlierRule) {
        self.last = Some((px, now));
        self.held = None;
        let step = step(now, rule);
        match self.sample {
            Some((from, at)) if step > at => {
                let steps = (step - at) as f64;
                self.moves
                    .push_back(log_of(px, from).abs() / steps.min(MAX_STEPS).sqrt());
                let over = self
                    .moves
                    .len()
                    .saturating_sub(rule.samples.clamp(1, MAX_SAMPLES));
                self.moves.drain(..over);
                self.sigma = DEVIATIONS_A_MEDIAN * median(&self.moves);
                self.sample = Some((px, step));
            }
            Some(_) => {}
            None => self.sample = Some((px, step)),
        }
        let half = self.bound(px, 0.0, tick, rule) / 2.0;
        // x / (1 + x) up and down is less than x in logarithms, both ways.
        let parts = (half / (1.0 + half) * 1e6) as i128;
        let away = px.units().saturating_mul(parts) / 1_000_000;
        self.near = Some((
            Price::from_units(px.units() - away),
            Price::from_units(px.units() + away),
        ));
    }

    /// How far the logarithm may be from that of `last` after so many steps.
    fn bound(&self, last: Price, steps: f64, tick: Option<Price>, rule: &OutlierRule) -> f64 {
        let bps = if self.moves.len() < rule.min_samples {
            rule.cold_bps
        } else {
            rule.floor_bps
        };
        let floor = f64::from(bps) / 1e4;
        let ticks = tick.map_or(0.0, |tick| {
            f64::from(rule.floor_ticks) * tick.to_f64() / last.to_f64()
        });
        let widened = (1.0 + steps.min(MAX_STEPS)).sqrt();
        let sigmas = f64::from(rule.sigmas) * self.sigma * widened;
        sigmas.max(floor).max(ticks)
    }
}

/// Whether two prices are so near that one confirms the other.
pub(crate) fn agree(a: Price, b: Price, rule: &OutlierRule) -> bool {
    log_of(a, b).abs() <= f64::from(rule.peer_bps) / 1e4
}

/// The logarithm of a quotient. Both prices are positive: the guard refuses others before.
fn log_of(px: Price, from: Price) -> f64 {
    libm::log(px.to_f64() / from.to_f64())
}

fn step(at: Timestamp, rule: &OutlierRule) -> i64 {
    at.ms().div_euclid(i64::from(rule.step_ms.max(1)))
}

fn ns_steps(now: Timestamp, at: Timestamp, rule: &OutlierRule) -> f64 {
    now.ns_since(at).max(0) as f64 / (f64::from(rule.step_ms.max(1)) * 1e6)
}

/// The upper median; 0 of nothing.
fn median(moves: &VecDeque<f64>) -> f64 {
    let mut sorted: Vec<f64> = moves.iter().copied().collect();
    if sorted.is_empty() {
        return 0.0;
    }
    let middle = sorted.len() / 2;
    *sorted.select_nth_unstable_by(middle, f64::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_700_000_000_000 + ms)
    }

    /// 1,000 USD times e to the power `log`.
    fn px(log: f64) -> Price {
        Price::from_units((libm::exp(log) * 1e15) as i128)
    }

    /// A gate that knows a market which moves about `bps` a second; and the price and the time of its last event.
    fn trained(bps: f64, seed: u64) -> (Gate, f64, i64) {
        let rule = OutlierRule::default();
        let (mut gate, mut log, mut chance) = (Gate::default(), 0.0, seed);
        for s in 0..100 {
            chance = chance
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            log += bps / 1e4 * if chance >> 63 == 0 { 1.0 } else { -1.0 };
            assert_eq!(
                gate.judge(at(s * 1_000), px(log), None, &rule),
                Verdict::Pass
            );
        }
        (gate, log, 99_000)
    }

    #[test]
    fn an_ordinary_market_passes_and_quiet_ones_may_tick() {
        let (mut gate, log, ms) = trained(3.0, 1);
        let rule = OutlierRule::default();
        assert_eq!(
            gate.judge(at(ms + 10), px(log + 0.004), None, &rule),
            Verdict::Pass
        );
        assert_eq!(
            gate.judge(at(ms + 20), px(log + 0.020), None, &rule),
            Verdict::Hold
        );
        // Four ticks of 1 USD are 40 bps of 1,000 USD, four of 10 USD are 4 %.
        let mut quiet = trained(0.0, 1).0;
        let tick = Some(Price::from_units(10_000_000_000_000));
        assert_eq!(
            quiet.clone().judge(at(ms + 10), px(0.02), None, &rule),
            Verdict::Hold
        );
        assert_eq!(
            quiet.judge(at(ms + 10), px(0.02), tick, &rule),
            Verdict::Pass
        );
    }

    #[test]
    fn a_pause_widens_the_bound() {
        let (gate, log, ms) = trained(5.0, 7);
        let rule = OutlierRule::default();
        let after = |pause, jump| {
            gate.clone()
                .judge(at(ms + pause), px(log + jump), None, &rule)
        };
        assert_eq!(after(1_000, 0.03), Verdict::Hold);
        assert_eq!(after(100_000, 0.03), Verdict::Pass);
    }

    #[test]
    fn confirmed_prices_are_the_new_level() {
        let (mut gate, log, ms) = trained(3.0, 1);
        let rule = OutlierRule::default();
        assert_eq!(
            gate.judge(at(ms + 10), px(log + 0.1), None, &rule),
            Verdict::Hold
        );
        assert_eq!(gate.held().map(|(_, since)| since), Some(at(ms + 10)));
        assert!(agree(px(log + 0.1), px(log + 0.104), &rule));
        assert!(!agree(px(log + 0.1), px(log + 0.106), &rule));
        gate.confirm(at(ms + 20), None, &rule);
        assert_eq!((gate.held(), gate.last()), (None, Some(px(log + 0.1))));
        assert_eq!(
            gate.judge(at(ms + 30), px(log + 0.101), None, &rule),
            Verdict::Pass
        );
    }

    fn size() -> impl Strategy<Value = f64> {
        (0.01f64..2.0, any::<bool>()).prop_map(|(size, up)| if up { size } else { -size })
    }

    proptest! {
        /// However large, near or often repeated within the time: a spike that the price comes back from never passes.
        #[test]
        fn a_lone_spike_never_passes(seed: u64, sizes in prop::collection::vec(size(), 1..20), step in 1i64..12) {
            let (mut gate, log, ms) = trained(3.0, seed);
            let rule = OutlierRule::default();
            for (n, size) in sizes.iter().enumerate() {
                let verdict = gate.judge(at(ms + step * n as i64), px(log + size), None, &rule);
                prop_assert!(matches!(verdict, Verdict::Hold | Verdict::HoldAnew), "{verdict:?}");
            }
            let back = gate.judge(at(ms + 5_000), px(log), None, &rule);
            prop_assert_eq!(back, Verdict::Pass);
            prop_assert_eq!(gate.last(), Some(px(log)));
        }

        /// A price that stays where it jumped to passes with the first event after both conditions.
        #[test]
        fn a_true_jump_passes_in_time(seed: u64, size in size(), step in 1i64..400) {
            let (mut gate, log, ms) = trained(3.0, seed);
            let rule = OutlierRule::default();
            let mut held = 0;
            let passed = loop {
                let now = at(ms + 1 + step * held);
                match gate.judge(now, px(log + size), None, &rule) {
                    Verdict::Hold => held += 1,
                    Verdict::Release => break step * held,
                    other => prop_assert!(false, "{other:?}"),
                }
            };
            let events = i64::from(rule.persist_events) - 1;
            prop_assert!(held >= events && passed >= i64::from(rule.persist_ms));
            prop_assert!(held == events || passed - step < i64::from(rule.persist_ms), "not later than that");
        }

        /// A market that jumps for ever, up and down, is not held for ever.
        #[test]
        fn doubt_ends(seed: u64, size in 0.1f64..1.0) {
            let (mut gate, log, ms) = trained(3.0, seed);
            let rule = OutlierRule::default();
            let bound = PATIENCE * i64::from(rule.persist_ms) / 100;
            let released = (0..=bound).any(|n| {
                let side = if n % 2 == 0 { size } else { -size };
                gate.judge(at(ms + n * 100), px(log + side), None, &rule) == Verdict::Release
            });
            prop_assert!(released);
        }

        /// Turned upside down, the same prices get the same verdicts; and the short way to one changes none.
        #[test]
        fn up_and_down_are_alike(moves in prop::collection::vec((0i64..3_000, prop_oneof![8 => -0.002f64..0.002, 1 => -0.2f64..0.2]), 1..200)) {
            let rule = OutlierRule { min_samples: 3, samples: 8, ..OutlierRule::default() };
            let (mut up, mut down, mut slow) = (Gate::default(), Gate::default(), Gate::default());
            let (mut log, mut ms) = (0.0, 0);
            for (pause, jump) in moves {
                ms += pause;
                log = if jump.abs() > 0.01 { jump } else { log + jump };
                let verdict = up.judge(at(ms), px(log), None, &rule);
                prop_assert_eq!(verdict, down.judge(at(ms), px(-log), None, &rule));
                slow.near = None;
                prop_assert_eq!(verdict, slow.judge(at(ms), px(log), None, &rule));
            }
            prop_assert_eq!(up.last(), slow.last());
        }
    }
}
