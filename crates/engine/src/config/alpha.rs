//! Whether the conviction engine's parameters can be meant.

use hypersentry_alpha::EngineParams;

/// Samples of one kind that a symbol may be asked to remember: eight bytes each.
const MAX_SAMPLES: usize = 50_000;

/// The longest span that makes sense anywhere, in milliseconds: a day.
const DAY_MS: i64 = 86_400_000;

/// Shares of Bitcoin's signal that may be configured.
const MAX_COEFFICIENTS: usize = 64;

/// A value, its name, and its range.
type Bounded = (f64, &'static str, f64, f64);

/// What is wrong first, as a sentence.
pub(super) fn fault(params: &EngineParams) -> Option<String> {
    let out_of_range = |(value, name, low, high): &Bounded| {
        let within = value.is_finite() && *value >= *low && *value <= *high;
        (!within).then(|| format!("`alpha.{name}` is from {low} to {high}"))
    };
    let checks = conviction(params).into_iter().chain(stages(params));
    let mut checks = checks.chain(footprint(params)).collect::<Vec<_>>();
    checks.extend(gates(params));
    let ranges = checks.iter().find_map(out_of_range);
    ranges.or_else(|| together(params))
}

fn conviction(params: &EngineParams) -> Vec<Bounded> {
    let c = &params.conviction;
    let mut all: Vec<Bounded> = c
        .weights
        .all()
        .map(|w| (w, "conviction.weights", 0.0, 1.0))
        .into();
    all.extend(
        c.btc_coefficients
            .values()
            .map(|share| (*share, "conviction.btc_coefficients", 0.0, 1.0)),
    );
    all.extend([
        (c.fresh_ms as f64, "conviction.fresh_ms", 0.0, DAY_MS as f64),
        (
            c.half_life_ms as f64,
            "conviction.half_life_ms",
            1.0,
            DAY_MS as f64,
        ),
        (c.own_share, "conviction.own_share", 0.0, 1.0),
        (
            c.btc_max_age_ms as f64,
            "conviction.btc_max_age_ms",
            0.0,
            DAY_MS as f64,
        ),
        (c.power, "conviction.power", 0.05, 10.0),
        (f64::from(c.long_from), "conviction.long_from", 51.0, 100.0),
        (f64::from(c.short_to), "conviction.short_to", 0.0, 49.0),
        (c.rr_base, "conviction.rr_base", 1.0, 5.0),
        (c.rr_compression, "conviction.rr_compression", 1.0, 5.0),
        (c.rr_expansion, "conviction.rr_expansion", 1.0, 5.0),
        (c.rr_strong, "conviction.rr_strong", 0.1, 10.0),
    ]);
    all
}

fn stages(params: &EngineParams) -> Vec<Bounded> {
    let (r, v, l, f) = (
        &params.regime,
        &params.volatility,
        &params.liquidation,
        &params.funding,
    );
    let most = MAX_SAMPLES as f64;
    vec![
        // The prices of two minutes are remembered.
        (r.window_s as f64, "regime.window_s", 5.0, 120.0),
        (r.dead_band, "regime.dead_band", 0.0, 100.0),
        (
            r.full_at - r.dead_band,
            "regime.full_at less regime.dead_band",
            0.001,
            100.0,
        ),
        (r.oi_scale_floor, "regime.oi_scale_floor", 1e-12, 1.0),
        (r.lean, "regime.lean", 0.0, 1.0),
        (
            v.short_bars as f64,
            "volatility.short_bars",
            1.0,
            v.long_bars as f64,
        ),
        (v.long_bars as f64, "volatility.long_bars", 1.0, 1_440.0),
        (v.history as f64, "volatility.history", 1.0, most),
        (v.compressed_from, "volatility.compressed_from", 0.0, 1.0),
        (v.expanded_to, "volatility.expanded_to", 0.0, 1.0),
        (
            l.max_age_ms as f64,
            "liquidation.max_age_ms",
            1.0,
            DAY_MS as f64,
        ),
        (l.shrink_usd, "liquidation.shrink_usd", 1.0, 1e12),
        (l.shrink_oi, "liquidation.shrink_oi", 0.0, 1.0),
        (f.history as f64, "funding.history", 1.0, most),
        (f.std_floor, "funding.std_floor", 1e-12, 1.0),
        (f.dead_band, "funding.dead_band", 0.0, 100.0),
    ]
}

fn footprint(params: &EngineParams) -> Vec<Bounded> {
    let p = &params.footprint;
    let mut all: Vec<Bounded> = p
        .shares
        .map(|share| (share, "footprint.shares", 0.0, 1.0))
        .into();
    all.extend([
        // The trades of half a minute are remembered.
        (p.sweep_ms as f64, "footprint.sweep_ms", 200.0, 10_000.0),
        (p.sweep_usd, "footprint.sweep_usd", 1.0, 1e12),
        (p.sweep_depth, "footprint.sweep_depth", 0.01, 100.0),
        (p.sweep_full, "footprint.sweep_full", 0.01, 1_000.0),
        (
            p.absorption_ms as f64,
            "footprint.absorption_ms",
            200.0,
            30_000.0,
        ),
        (p.absorption_usd, "footprint.absorption_usd", 1.0, 1e12),
        (p.absorption_move, "footprint.absorption_move", 1e-9, 1.0),
        (
            p.absorption_full,
            "footprint.absorption_full",
            0.01,
            1_000.0,
        ),
        (p.flow_min_usd, "footprint.flow_min_usd", 0.0, 1e12),
        (
            p.flow_band.1 - p.flow_band.0,
            "footprint.flow_band's width",
            0.001,
            100.0,
        ),
        (
            p.flow_buckets.0 as f64,
            "footprint.flow_buckets",
            1.0,
            MAX_SAMPLES as f64,
        ),
        // The flow of a minute is remembered.
        (
            p.impulse_ms as f64,
            "footprint.impulse_ms",
            1_000.0,
            60_000.0,
        ),
        (p.impulse_sd, "footprint.impulse_sd", 0.0, 100.0),
        (p.impulse_usd, "footprint.impulse_usd", 0.0, 1e12),
        (p.impulse_full, "footprint.impulse_full", 0.01, 1_000.0),
    ]);
    all
}

fn gates(params: &EngineParams) -> Vec<Bounded> {
    let g = &params.gates;
    vec![
        (f64::from(g.long_from), "gates.long_from", 51.0, 100.0),
        (f64::from(g.short_to), "gates.short_to", 0.0, 49.0),
        (
            f64::from(g.streak_ticks),
            "gates.streak_ticks",
            1.0,
            10_000.0,
        ),
        (
            g.cooldown_ms as f64,
            "gates.cooldown_ms",
            0.0,
            DAY_MS as f64,
        ),
    ]
}

/// What several values must be together.
fn together(params: &EngineParams) -> Option<String> {
    let c = &params.conviction;
    let sum: f64 = c.weights.all().iter().sum();
    if (sum - 1.0).abs() > 1e-9 {
        return Some(format!(
            "`alpha.conviction.weights` add up to {sum} instead of 1"
        ));
    }
    if c.btc_coefficients.len() > MAX_COEFFICIENTS {
        return Some(format!(
            "`alpha.conviction.btc_coefficients` are at most {MAX_COEFFICIENTS}"
        ));
    }
    let shares: f64 = params.footprint.shares.iter().sum();
    if shares > 1.0 + 1e-9 {
        return Some(format!(
            "`alpha.footprint.shares` add up to {shares}, which is more than 1"
        ));
    }
    let l = &params.liquidation;
    if !l.bands.is_sorted_by(|a, b| a < b) || l.bands.iter().any(|b| !(1e-6..=1.0).contains(b)) {
        return Some("`alpha.liquidation.bands` ascend, and are shares of the price".to_owned());
    }
    if l.scored_band >= l.bands.len() {
        return Some("`alpha.liquidation.scored_band` names none of the bands".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_can_be_meant() {
        assert_eq!(fault(&EngineParams::default()), None);
    }

    #[test]
    fn what_cannot_be_is_named() {
        let with = |change: fn(&mut EngineParams)| {
            let mut params = EngineParams::default();
            change(&mut params);
            fault(&params).unwrap()
        };
        for (found, named) in [
            (with(|p| p.conviction.weights.regime = 0.9), "add up"),
            (with(|p| p.conviction.weights.regime = f64::NAN), "weights"),
            (with(|p| p.conviction.half_life_ms = 0), "half_life_ms"),
            (with(|p| p.conviction.long_from = 50), "long_from"),
            (with(|p| p.funding.history = usize::MAX), "funding.history"),
            (with(|p| p.regime.window_s = 500), "window_s"),
            (with(|p| p.regime.full_at = p.regime.dead_band), "full_at"),
            (with(|p| p.liquidation.scored_band = 4), "scored_band"),
            (with(|p| p.gates.streak_ticks = 0), "streak_ticks"),
        ] {
            assert!(found.contains(named), "{found}");
        }
    }
}
