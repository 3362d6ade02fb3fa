//! Sweep, absorption, flow and impulse.

use super::ends;
use crate::event::Node;
use crate::evidence::{Evidence, Verdict};
use crate::params::EngineParams;
use crate::stages::flow;

/// A bucket of the flow's baseline, in ms.
const MINUTE_MS: i64 = 60_000;

pub(super) fn parts(
    evidence: &Evidence,
    verdict: &Verdict,
    params: &EngineParams,
) -> (String, Vec<Node>) {
    let shares = params.footprint.shares;
    let names = [
        ("footprint.sweep", "Sweep"),
        ("footprint.absorption", "Absorption"),
        ("footprint.flow", "Flow"),
        ("footprint.impulse", "Impulse"),
    ];
    let inner = [
        sweep(evidence, params),
        absorption(evidence, params),
        flows(evidence, params),
        impulse(evidence, params),
    ];
    let each = names
        .into_iter()
        .zip(shares)
        .zip(verdict.footprint)
        .zip(inner);
    let mut children: Vec<Node> = each
        .map(|((((id, label), share), strength), (note, children))| {
            Node::new(id, label)
                .value(strength, "signed")
                .adds(share, share * strength)
                .note(note)
                .of(children)
        })
        .collect();
    children.push(ends::trade(evidence, "footprint.trade"));
    children.push(ends::mid(evidence, "footprint.mid"));
    let [sweep, absorption, flow, impulse] = verdict.footprint;
    let strongest = [
        (sweep, "a sweep"),
        (absorption, "absorption"),
        (flow, "one-sided flow"),
        (impulse, "an impulse"),
    ];
    let said: Vec<&str> = strongest
        .into_iter()
        .filter(|(strength, _)| *strength != 0.0)
        .map(|(_, word)| word)
        .collect();
    let said = match said.is_empty() {
        true => "nothing unusual".to_owned(),
        false => said.join(", "),
    };
    (said, children)
}

/// Each with its rule, and of what it is made.
type Made = (String, Vec<Node>);

fn net(evidence: &Evidence, id: &str, usd: f64, window_ms: i64) -> Node {
    Node::new(id, "Buying less selling")
        .value(usd, "usd")
        .fed(evidence.feeds.trade.as_ref(), evidence.now_ms)
        .within(window_ms)
        .covered(evidence.feeds.trade_coverage)
}

fn sweep(evidence: &Evidence, params: &EngineParams) -> Made {
    let (i, p) = (&evidence.sweep, &params.footprint);
    let children = vec![
        net(evidence, "footprint.sweep.net", i.net_usd, p.sweep_ms),
        Node::new(
            "footprint.sweep.depth",
            "Depth of three levels that stood before",
        )
        .value(i.depth_usd, "usd")
        .fed(evidence.feeds.mid.as_ref(), evidence.now_ms),
        Node::new("footprint.sweep.levels", "Levels that were crossed")
            .value(i.depth_usd.map(|_| f64::from(i.levels)), "count")
            .fed(evidence.feeds.trade.as_ref(), evidence.now_ms)
            .within(p.sweep_ms),
        Node::new("footprint.sweep.threshold", "Net flow that is unusual")
            .value(i.threshold_usd, "usd")
            .over(p.sweep_ms, i.samples)
            .note(format!(
                "99th percentile of such windows, at least {:.0} USD",
                p.sweep_usd
            )),
    ];
    let rule = format!(
        "needs more than the threshold, more than {} of the depth, and two levels; full at {} thresholds",
        p.sweep_depth, p.sweep_full
    );
    (rule, children)
}

fn absorption(evidence: &Evidence, params: &EngineParams) -> Made {
    let (i, p) = (&evidence.absorption, &params.footprint);
    let children = vec![
        net(
            evidence,
            "footprint.absorption.net",
            i.net_usd,
            p.absorption_ms,
        ),
        Node::new(
            "footprint.absorption.excursion",
            "Highest price over lowest, less one",
        )
        .value(i.excursion, "share")
        .fed(evidence.feeds.trade.as_ref(), evidence.now_ms)
        .within(p.absorption_ms)
        .covered(evidence.feeds.trade_coverage),
        Node::new("footprint.absorption.sigma", "Usual return over the window")
            .value(i.sigma, "share")
            .fed(evidence.feeds.mid.as_ref(), evidence.now_ms)
            .over(p.absorption_ms, evidence.regime.price_samples),
    ];
    let rule = format!(
        "needs {:.0} USD one way while the price stays within {} or a quarter of sigma; full at {} times that",
        p.absorption_usd, p.absorption_move, p.absorption_full
    );
    (rule, children)
}

fn flows(evidence: &Evidence, params: &EngineParams) -> Made {
    let (i, p) = (&evidence.flow, &params.footprint);
    let sum = |id: &str, label: &str, usd: f64| {
        Node::new(id, label)
            .value(usd, "usd")
            .fed(evidence.feeds.trade.as_ref(), evidence.now_ms)
            .within(MINUTE_MS)
            .covered(evidence.feeds.trade_coverage)
    };
    let baseline_ms = MINUTE_MS * i64::from(i.samples);
    let children = vec![
        Node::new("footprint.flow.z", "Against earlier minutes")
            .value(flow::z(i, p), "sd")
            .over(baseline_ms, i.samples),
        sum("footprint.flow.buy", "Bought aggressively", i.buy_usd),
        sum("footprint.flow.sell", "Sold aggressively", i.sell_usd),
        Node::new("footprint.flow.mean", "Usual (B - S) / (B + S) of a minute")
            .value(i.mean, "signed")
            .over(baseline_ms, i.samples),
        Node::new("footprint.flow.std", "Its deviation")
            .value(i.std, "signed")
            .over(baseline_ms, i.samples),
    ];
    let rule = format!(
        "(B - S) / (B + S) of the last minute; silent within {} sd, full at {} sd; needs {} minutes and {:.0} USD",
        p.flow_band.0, p.flow_band.1, p.flow_buckets.1, p.flow_min_usd
    );
    (rule, children)
}

fn impulse(evidence: &Evidence, params: &EngineParams) -> Made {
    let (i, p) = (&evidence.impulse, &params.footprint);
    let scale = |id: &str, label: &str, value: Option<f64>, unit: &str| {
        Node::new(id, label)
            .value(value, unit)
            .over(p.impulse_ms * i64::from(i.samples), i.samples)
    };
    let children = vec![
        Node::new("footprint.impulse.x_price", "Move of the price")
            .value(i.x_price(), "sd")
            .over(p.impulse_ms, i.samples)
            .of(vec![
                Node::new("footprint.impulse.change", "Logarithmic return")
                    .value(i.change, "share")
                    .fed(evidence.feeds.mid.as_ref(), evidence.now_ms)
                    .within(p.impulse_ms),
                scale(
                    "footprint.impulse.price_scale",
                    "Usual return",
                    i.price_scale,
                    "share",
                ),
            ]),
        Node::new("footprint.impulse.x_flow", "Net flow")
            .value(i.x_flow(), "sd")
            .over(p.impulse_ms, i.samples)
            .of(vec![
                net(evidence, "footprint.impulse.net", i.net_usd, p.impulse_ms),
                scale(
                    "footprint.impulse.flow_scale",
                    "Usual net flow",
                    i.flow_scale,
                    "usd",
                ),
            ]),
    ];
    let rule = format!(
        "needs {} sd of both the same way and {:.0} USD; full when their product is {} times that",
        p.impulse_sd, p.impulse_usd, p.impulse_full
    );
    (rule, children)
}
