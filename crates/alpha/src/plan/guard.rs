//! What speaks against trading now. The questions depend on the direction: a buyer fears that bids vanish and that sellers sweep,
//! a seller the opposite.

use super::event::{Action, Check, Guard, Slippage};
use super::params::PlanParams;
use hypersentry_model::Usd;

/// What is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// Buys or sells.
    pub action: Action,
    /// Notional of the order.
    pub usd: Usd,
    /// Notional of all bids in view.
    pub bids_usd: Usd,
    /// Notional of all offers in view.
    pub asks_usd: Usd,
    /// Distance of best bid and offer, in basis points of the mid price.
    pub spread_bps: f64,
    /// Signed strength of a sweep, from -1 (sellers) to 1 (buyers).
    pub sweep: f64,
    /// What it would cost.
    pub slippage: Option<&'a Slippage>,
}

/// Judges.
pub fn guard(scene: &Scene<'_>, params: &PlanParams) -> Guard {
    let (behind, ahead, others) = match scene.action {
        Action::Buy => (scene.bids_usd, scene.asks_usd, -scene.sweep),
        Action::Sell => (scene.asks_usd, scene.bids_usd, scene.sweep),
    };
    let support = if ahead.is_positive() {
        behind.to_f64() / ahead.to_f64()
    } else {
        0.0
    };
    let (side, foe) = match scene.action {
        Action::Buy => ("bids", "sellers"),
        Action::Sell => ("offers", "buyers"),
    };
    let mut checks = vec![
        check(
            "spread",
            scene.spread_bps.is_finite() && scene.spread_bps <= params.max_spread_bps,
            format!("{:.2} bps", scene.spread_bps),
            format!("{} bps or less", params.max_spread_bps),
            ["the spread is narrow", "the spread is too wide"],
        ),
        check(
            "depth",
            ahead >= scene.usd,
            format!("{:.0} USD", ahead.to_f64()),
            format!("{:.0} USD or more", scene.usd.to_f64()),
            [
                "the book holds the order",
                "the book holds less than the order",
            ],
        ),
        check(
            "book_support",
            support >= params.min_support,
            format!("{support:.2}"),
            format!("{} or more", params.min_support),
            [
                &format!("{side} stand behind the order"),
                &format!("{side} have collapsed"),
            ],
        ),
        check(
            "sweep",
            others <= 0.0,
            format!("{others:.2}"),
            "0".to_owned(),
            [
                &format!("no sweep by {foe}"),
                &format!("{foe} sweep the book"),
            ],
        ),
    ];
    let cost = scene.slippage.map(|s| s.expected_bps);
    checks.push(check(
        "slippage",
        cost.is_some_and(|bps| bps <= params.max_slippage_bps),
        cost.map_or_else(|| "unknown".to_owned(), |bps| format!("{bps:.2} bps")),
        format!("{} bps or less", params.max_slippage_bps),
        ["the cost is small", "the cost is too high or not known"],
    ));
    Guard {
        safe: checks.iter().all(|c| c.ok),
        checks,
    }
}

fn check(name: &str, ok: bool, value: String, limit: String, [yes, no]: [&str; 2]) -> Check {
    Check {
        name: name.to_owned(),
        ok,
        value,
        limit,
        text: if ok { yes } else { no }.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene(action: Action) -> Scene<'static> {
        let usd = |text| Usd::parse(text).unwrap();
        Scene {
            action,
            usd: usd("1000"),
            bids_usd: usd("100000"),
            asks_usd: usd("100000"),
            spread_bps: 1.0,
            sweep: 0.0,
            slippage: None,
        }
    }

    fn failed(scene: &Scene<'_>) -> Vec<String> {
        let cost = Slippage {
            expected_bps: 2.0,
            book_bps: 1.0,
            impact_bps: 1.0,
            expected_usd: Usd::ZERO,
            depth_usd: Usd::ZERO,
        };
        let scene = Scene {
            slippage: Some(&cost),
            ..*scene
        };
        let guard = guard(&scene, &PlanParams::default());
        let failed: Vec<String> = guard
            .checks
            .iter()
            .filter(|c| !c.ok)
            .map(|c| c.name.clone())
            .collect();
        assert_eq!(guard.safe, failed.is_empty());
        failed
    }

    #[test]
    fn a_quiet_market_is_safe_both_ways() {
        assert!(failed(&scene(Action::Buy)).is_empty());
        assert!(failed(&scene(Action::Sell)).is_empty());
    }

    #[test]
    fn the_direction_decides() {
        let thin = |action| Scene {
            bids_usd: Usd::parse("5000").unwrap(),
            ..scene(action)
        };
        assert_eq!(failed(&thin(Action::Buy)), ["book_support"]);
        assert!(failed(&thin(Action::Sell)).is_empty());
        let swept = |action| Scene {
            sweep: -0.5,
            ..scene(action)
        };
        assert_eq!(failed(&swept(Action::Buy)), ["sweep"]);
        assert!(failed(&swept(Action::Sell)).is_empty());
    }

    #[test]
    fn an_unknown_cost_is_unsafe() {
        assert!(!guard(&scene(Action::Buy), &PlanParams::default()).safe);
    }
}
