//! Aggressive buying less aggressive selling over the last minutes of event time, at a constant cost for each trade.

use crate::shown::{Figure, Shown};
use hypersentry_model::agg::WindowField;
use hypersentry_model::{Coverage, Side, Timestamp, Usd};
use serde::{Deserialize, Serialize};

/// Seconds of the longer window, which are the seconds that are kept.
pub(crate) const LONG_S: i64 = 300;

/// Seconds of the shorter window.
pub(crate) const SHORT_S: i64 = 60;

/// The windows' sums. A window of n seconds is the present second, as far as it has come, and the n - 1 before it.
///
/// A trade counts in the second of its own time. A time in the future is a clock that runs ahead of ours and counts as the present.
/// 4.8 kB of a market that trades, nothing of one that does not.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Flow {
    /// The newest second that is kept, since 1970.
    head: i64,
    /// Net of each second, at the second's remainder by [`LONG_S`]; empty before the first trade.
    seconds: Vec<Usd>,
    long: Usd,
    short: Usd,
    /// Trades that came after their second had left the longer window.
    too_late: u64,
}

fn plus(a: Usd, b: i128) -> Usd {
    Usd::from_units(a.units().saturating_add(b))
}

const fn second(at: Timestamp) -> i64 {
    at.ms().div_euclid(1_000)
}

impl Flow {
    fn net(&mut self, second: i64) -> &mut Usd {
        &mut self.seconds[second.rem_euclid(LONG_S) as usize]
    }

    /// Lets the windows end at `now`. Amortised over the seconds that pass, at most [`LONG_S`] at once.
    pub(crate) fn advance(&mut self, now: Timestamp) {
        let now = second(now);
        if self.seconds.is_empty() || now <= self.head {
            return;
        }
        if now - self.head >= LONG_S {
            self.seconds.fill(Usd::ZERO);
            (self.long, self.short) = (Usd::ZERO, Usd::ZERO);
            self.head = now;
            return;
        }
        while self.head < now {
            self.head += 1;
            let leaves_short = self.net(self.head - SHORT_S).units();
            self.short = plus(self.short, -leaves_short);
            // The second that leaves the longer window lay where the new one goes.
            let leaves_long = std::mem::take(self.net(self.head)).units();
            self.long = plus(self.long, -leaves_long);
        }
    }

    /// Counts a trade of that time.
    pub(crate) fn trade(&mut self, now: Timestamp, at: Timestamp, side: Side, notional: Usd) {
        if self.seconds.is_empty() {
            self.seconds = vec![Usd::ZERO; LONG_S as usize];
            self.head = second(now);
        }
        self.advance(now);
        let at = second(at).min(self.head);
        if at <= self.head - LONG_S {
            self.too_late += 1;
            return;
        }
        let net = match side {
            Side::Buy => notional.units(),
            Side::Sell => -notional.units(),
        };
        *self.net(at) = plus(*self.net(at), net);
        self.long = plus(self.long, net);
        if at > self.head - SHORT_S {
            self.short = plus(self.short, net);
        }
    }

    /// The longer window's sum, as of the last trade or [`Self::advance`].
    pub(crate) const fn long(&self) -> Usd {
        self.long
    }

    /// The shorter window's sum.
    pub(crate) const fn short(&self) -> Usd {
        self.short
    }

    /// Begin of the window of that many seconds that ends at `now`, in UTC ms.
    pub(crate) const fn begin_ms(now: Timestamp, seconds: i64) -> i64 {
        (second(now) + 1 - seconds) * 1_000
    }
}

/// The sum of a window of `MS` milliseconds, with how much of it was seen.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct WindowSum<const MS: u32> {
    pub(crate) net: Usd,
    pub(crate) coverage: Coverage,
}

impl<const MS: u32> Figure for WindowSum<MS> {
    type Field = WindowField;

    fn field(shown: &Shown<Self>) -> WindowField {
        WindowField {
            v: shown.v.map(|w| w.net),
            window_ms: MS,
            coverage: shown.v.map_or(Coverage::NONE, |w| w.coverage),
            mark: shown.mark(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Wait(i64),
        Idle,
        /// How long ago in ms (negative: in the future), US dollars with the side as sign.
        Trade(i64, i64),
    }

    fn step() -> impl Strategy<Value = Step> {
        let late = prop_oneof![4 => -500i64..3_000, 1 => 0i64..400_000];
        prop_oneof![
            3 => (1i64..4_000).prop_map(Step::Wait),
            1 => (50_000i64..700_000).prop_map(Step::Wait),
            1 => Just(Step::Idle),
            6 => (late, -50i64..50).prop_map(|(late, usd)| Step::Trade(late, usd)),
        ]
    }

    proptest! {
        /// Against the list of all trades. Where the windows are moved on although nothing came makes no difference.
        #[test]
        fn equals_a_naive_reference(steps in prop::collection::vec(step(), 1..150)) {
            let (mut flow, mut idle) = (Flow::default(), Flow::default());
            let mut trades: Vec<(i64, i64)> = Vec::new();
            let mut too_late = 0;
            let mut now = Timestamp::from_ms(1_700_000_000_123);
            for step in steps {
                match step {
                    Step::Wait(ms) => now = now.plus_ms(ms),
                    Step::Idle => idle.advance(now),
                    Step::Trade(late, usd) => {
                        let at = now.plus_ms(-late);
                        let side = if usd < 0 { Side::Sell } else { Side::Buy };
                        let notional = Usd::from_units(i128::from(usd.abs()));
                        flow.trade(now, at, side, notional);
                        idle.trade(now, at, side, notional);
                        let second_of = second(at.min(now));
                        if second_of > second(now) - LONG_S {
                            trades.push((second_of, usd));
                        } else {
                            too_late += 1;
                        }
                    }
                }
            }
            flow.advance(now);
            idle.advance(now);
            let sum = |seconds: i64| {
                let kept = trades.iter().filter(|(at, _)| *at > second(now) - seconds);
                Usd::from_units(kept.map(|(_, usd)| i128::from(*usd)).sum())
            };
            for flow in [&flow, &idle] {
                prop_assert_eq!((flow.long(), flow.short()), (sum(LONG_S), sum(SHORT_S)));
                prop_assert_eq!(flow.too_late, too_late);
            }
        }
    }

    #[test]
    fn windows_begin_with_a_whole_second() {
        let now = Timestamp::from_ms(1_000_250);
        assert_eq!(Flow::begin_ms(now, SHORT_S), 941_000);
        let mut flow = Flow::default();
        flow.trade(
            now,
            Timestamp::from_ms(941_000),
            Side::Buy,
            Usd::from_units(1),
        );
        flow.trade(
            now,
            Timestamp::from_ms(940_999),
            Side::Buy,
            Usd::from_units(10),
        );
        assert_eq!((flow.short().units(), flow.long().units()), (1, 11));
    }
}
