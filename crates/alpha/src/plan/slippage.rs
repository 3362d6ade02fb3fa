//! What a plan would cost against the mid price, beside fees.
//!
//! What takes liquidity walks the book as it stands, exactly. All of it moves the market besides: `eta sigma_day (Q / V)^0.6`, where `V` is
//! what the market is expected to trade while the plan runs (Almgren, Thum, Hauptmann and Li 2005, eta 0.142).

use super::event::{Action, Slippage};
use super::params::PlanParams;
use hypersentry_model::{Level, Price, Usd};

/// Notional of all levels. `None` beyond the range.
pub fn depth(levels: &[Level]) -> Option<Usd> {
    levels.iter().try_fold(Usd::ZERO, |sum, l| {
        sum.checked_add(l.px.notional(l.sz).ok()?)
    })
}

/// Mean price at which `usd` is traded through `levels`, best first; the last level is used in part. `None` where they hold less.
pub fn walk(levels: &[Level], usd: Usd) -> Option<f64> {
    let mut left = usd;
    let mut base = 0.0;
    for level in levels {
        let all = level.px.notional(level.sz).ok()?;
        if all >= left {
            base += left.to_f64() / level.px.to_f64();
            return (base > 0.0).then(|| usd.to_f64() / base);
        }
        left = left.checked_sub(all)?;
        base += level.sz.to_f64();
    }
    None
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Buys or sells.
    pub action: Action,
    /// Notional.
    pub usd: Usd,
    /// Share of it that takes liquidity.
    pub taken: f64,
    /// The side that would be taken from, best first.
    pub levels: &'a [Level],
    /// The mid price.
    pub mid: Price,
    /// How long the plan runs, in milliseconds.
    pub horizon_ms: i64,
    /// What the market trades in a minute, in USD.
    pub volume_usd_per_min: f64,
    /// Standard deviation of the return over one hour.
    pub sigma_1h: f64,
}

/// The answer. `None` where the book holds less than what would be taken.
pub fn slippage(q: &Question<'_>, params: &PlanParams) -> Option<Slippage> {
    let mid = q.mid.to_f64();
    let takes = q.taken > 0.0 && q.usd.is_positive();
    let book = if takes {
        // What takes is a share of money that stays in USD: rounded up to a cent.
        let cents = (q.usd.to_f64() * q.taken * 100.0).ceil() as i128;
        let part = Usd::from_units(cents * 10i128.pow(Usd::SCALE - 2)).min(q.usd);
        let px = walk(q.levels, part)?;
        let against = match q.action {
            Action::Buy => px / mid - 1.0,
            Action::Sell => 1.0 - px / mid,
        };
        against * q.taken * 1e4
    } else {
        0.0
    };
    let minutes = (q.horizon_ms as f64 / 60_000.0).max(1.0);
    let traded = q.volume_usd_per_min * minutes;
    let share = q.usd.to_f64() / traded;
    let sigma_day = q.sigma_1h * 24.0f64.sqrt();
    let impact = params.impact * sigma_day * libm::pow(share, params.impact_power) * 1e4;
    let bps = book + impact;
    let micro = (q.usd.to_f64() * bps * 100.0).round_ties_even();
    Some(Slippage {
        expected_bps: bps,
        book_bps: book,
        impact_bps: impact,
        // In millionths of a dollar: an estimate, not an amount that is booked.
        expected_usd: Usd::from_units(micro as i128 * 10i128.pow(Usd::SCALE - 6)),
        depth_usd: depth(q.levels)?,
    })
    .filter(|s| s.expected_bps.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hypersentry_model::Size;

    fn book(levels: &[(&str, &str)]) -> Vec<Level> {
        let level = |(px, sz): &(&str, &str)| Level {
            px: Price::parse(px).unwrap(),
            sz: Size::parse(sz).unwrap(),
        };
        levels.iter().map(level).collect()
    }

    fn usd(text: &str) -> Usd {
        Usd::parse(text).unwrap()
    }

    #[test]
    fn walks_levels_exactly() {
        let asks = book(&[("100", "1"), ("101", "1"), ("102", "10")]);
        assert_eq!(walk(&asks, usd("100")), Some(100.0));
        // 100 at 100 and 101 at 101: two coins for 201.
        assert!((walk(&asks, usd("201")).unwrap() - 100.5).abs() < 1e-12);
        assert_eq!(walk(&asks, usd("1222")), None);
        assert_eq!(walk(&[], usd("1")), None);
        assert_eq!(depth(&asks), Some(usd("1221")));
    }

    fn ask(usd_text: &str, taken: f64, action: Action, levels: &[Level]) -> Option<Slippage> {
        let q = Question {
            action,
            usd: usd(usd_text),
            taken,
            levels,
            mid: Price::parse("100").unwrap(),
            horizon_ms: 60_000,
            volume_usd_per_min: 100_000.0,
            sigma_1h: 0.005,
        };
        slippage(&q, &PlanParams::default())
    }

    #[test]
    fn taking_costs_on_both_sides_and_resting_does_not_walk() {
        let asks = book(&[("100.1", "100")]);
        let bids = book(&[("99.9", "100")]);
        let (buy, sell) = (
            ask("1000", 1.0, Action::Buy, &asks).unwrap(),
            ask("1000", 1.0, Action::Sell, &bids).unwrap(),
        );
        assert!((buy.book_bps - 10.0).abs() < 1e-9 && (sell.book_bps - 10.0).abs() < 1e-9);
        assert!(buy.impact_bps > 0.0);
        assert!(ask("1000", 0.0, Action::Buy, &asks).unwrap().book_bps == 0.0);
        assert_eq!(ask("20000", 1.0, Action::Buy, &asks), None);
    }

    #[test]
    fn a_thousand_dollars_into_a_deep_market_cost_little() {
        let asks = book(&[("100.005", "10000")]);
        let cost = ask("1000", 1.0, Action::Buy, &asks).unwrap();
        assert!(cost.expected_bps < 5.0, "{cost:?}");
    }
}
