//! The explanation in words, written from the record and its verdict. Nothing is ever read back out of these lines.

use crate::evidence::{Component, Evidence, Verdict};
use crate::feeds::Standing;
use crate::params::EngineParams;
use crate::stages::{flow, funding};
use hypersentry_model::Freshness;

/// A decay is worth a line below this factor. Specification of the system that is described: 0.95.
const DECAY_TOLD: f64 = 0.95;
/// Bitcoin's influence is worth a line beyond this size.
const INFLUENCE_TOLD: f64 = 0.02;

/// What is said where a symbol shares some of Bitcoin's conviction and there is none.
pub(super) const BTC_MISSING: &str =
    "missing, nothing was judged of it at the tick before, so that nothing of it is blended in";

/// One line a component, then decay, Bitcoin and reward to risk where they apply.
pub fn of(evidence: &Evidence, verdict: &Verdict, params: &EngineParams) -> Vec<String> {
    let mut lines: Vec<String> = Component::ALL
        .into_iter()
        .zip(verdict.standings)
        .map(|(component, standing)| {
            let said = match component {
                Component::Regime => regime(evidence, verdict, params),
                Component::Footprint => footprint(evidence, verdict, params),
                Component::Volatility => volatility(evidence, verdict, params),
                Component::Funding => rates(evidence, params),
                Component::Liquidation => closings(evidence, params),
            };
            match silence(&standing, evidence.now_ms) {
                Some(why) => format!("{}: silent, {why}", component.label()),
                None => format!("{}: {said}", component.label()),
            }
        })
        .collect();
    let c = &verdict.conviction;
    if c.decay < DECAY_TOLD {
        lines.push(match evidence.age_ms() {
            Some(age) => format!(
                "Decay: {:.0} % of the strength is left after {:.0} s without news",
                c.decay * 100.0,
                age as f64 / 1_000.0
            ),
            None => "Decay: no price, trade or open interest was seen yet".to_owned(),
        });
    }
    if let (Some(btc), Some(influence)) = (evidence.btc, c.btc_influence)
        && influence.abs() > INFLUENCE_TOLD
    {
        let wind = if influence > 0.0 {
            "tailwind"
        } else {
            "headwind"
        };
        lines.push(format!(
            "Bitcoin: {wind} of {influence:+.3} from its score {:.0}, shared to {:.2}",
            btc.score, btc.coefficient
        ));
    }
    if evidence.btc_missing {
        lines.push(format!("Bitcoin: {BTC_MISSING}"));
    }
    if c.rr_target != params.conviction.rr_base {
        lines.push(format!("Reward to risk: {:.1}", c.rr_target));
    }
    lines
}

/// Why a component says nothing, if its feeds are the reason.
fn silence(standing: &Standing, now_ms: i64) -> Option<String> {
    match (standing.state, standing.proved_at) {
        (Freshness::Fresh, _) => None,
        (Freshness::Stale, Some(proved_at)) => Some(format!(
            "its feed is stale (last proved {:.1} s ago)",
            now_ms.saturating_sub(proved_at) as f64 / 1_000.0
        )),
        _ => Some("its feed is missing".to_owned()),
    }
}

fn regime(evidence: &Evidence, verdict: &Verdict, params: &EngineParams) -> String {
    let (i, p) = (&evidence.regime, &params.regime);
    let (Some(price), Some(interest)) = (i.x_price(p), i.x_oi(p)) else {
        return format!(
            "not enough history ({} returns, {} of {} minutes of open interest)",
            i.price_samples, i.oi_samples, p.oi_min_samples
        );
    };
    format!(
        "{}, strength {:.2} (price {price:+.1} sd, open interest {interest:+.1} sd over {} s)",
        verdict.regime.regime.words(),
        verdict.regime.strength,
        p.window_s
    )
}

fn footprint(evidence: &Evidence, verdict: &Verdict, params: &EngineParams) -> String {
    let [sweep, absorption, _, impulse] = verdict.footprint;
    let mut said = Vec::new();
    for (strength, up, down) in [
        (sweep, "buy sweep", "sell sweep"),
        (absorption, "selling absorbed", "buying absorbed"),
        (impulse, "upward impulse", "downward impulse"),
    ] {
        if strength != 0.0 {
            let name = if strength > 0.0 { up } else { down };
            said.push(format!("{name} {:.2}", strength.abs()));
        }
    }
    let (i, p) = (&evidence.flow, &params.footprint);
    said.push(match flow::z(i, p) {
        Some(z) if z.abs() > p.flow_band.0 => {
            let side = if z > 0.0 { "buying" } else { "selling" };
            format!("{side} at {z:+.1} sd")
        }
        Some(z) => format!("ordinary flow at {z:+.1} sd"),
        None if i.mean.is_none() => {
            format!(
                "flow without enough history ({} of {} minutes)",
                i.samples, p.flow_buckets.1
            )
        }
        None => "too little flow to judge".to_owned(),
    });
    said.join(", ")
}

fn volatility(evidence: &Evidence, verdict: &Verdict, params: &EngineParams) -> String {
    match evidence.volatility.compression {
        Some(compression) => format!(
            "{} (compression {compression:.2}); it has no direction",
            verdict.volatility_regime.words()
        ),
        None => format!(
            "not enough history ({} of {} minutes of ratios); it has no direction",
            evidence.volatility.samples, params.volatility.min_samples
        ),
    }
}

fn rates(evidence: &Evidence, params: &EngineParams) -> String {
    let (i, p) = (&evidence.funding, &params.funding);
    let Some(z) = funding::z(i, p) else {
        return format!(
            "not enough history ({} of {} minutes)",
            i.samples, p.min_samples
        );
    };
    let class = if z.abs() <= p.dead_band {
        "ordinary"
    } else if z > 0.0 {
        "longs are crowded, which points down"
    } else {
        "shorts are crowded, which points up"
    };
    let rate = i.hourly.unwrap_or_default() * 10_000.0;
    format!("{rate:+.3} bps an hour, {z:+.1} sd: {class}")
}

fn closings(evidence: &Evidence, params: &EngineParams) -> String {
    let band = evidence.liquidation.scored(&params.liquidation);
    let minutes = params.liquidation.max_age_ms as f64 / 60_000.0;
    if band.prints == 0 {
        return format!("none near the price in {minutes:.0} min");
    }
    format!(
        "shorts closed {:.0} USD above, longs closed {:.0} USD below, within {:.1} % and {minutes:.0} min",
        band.up_usd,
        band.down_usd,
        band.width * 100.0
    )
}
