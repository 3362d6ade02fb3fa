//! The root, and the arithmetic between it and the components.

use super::lines::BTC_MISSING;
use super::{footprint, parts};
use crate::event::{Node, Probability, ProbabilityState};
use crate::evidence::{Component, Evidence, Verdict};
use crate::params::EngineParams;

/// The tree of an evaluation. The contributions of the five components add up to the normalised sum; the root's note has the steps from there.
pub fn tree(evidence: &Evidence, params: &EngineParams, probability: Option<&Probability>) -> Node {
    let verdict = evidence.judge(params);
    let c = &verdict.conviction;
    let mut children: Vec<Node> = Component::ALL
        .into_iter()
        .map(|component| component_node(component, evidence, &verdict, params))
        .collect();
    children.push(decay(evidence, &verdict, params));
    children.extend(btc(evidence, &verdict, params));
    children.extend(probability.map(|p| odds(p, evidence)));
    let mut root = Node::new("conviction", "Conviction")
        .value(f64::from(c.score), "score")
        .note(format!(
            "normalised {:+.4}, after decay {:+.4}, after Bitcoin {:+.4}, strength {:+.4} = sgn(n) |n|^{}, score = round((strength + 1) 50); \
             confidence {:.4} = |strength| times trust {:.4}",
            c.normalised, c.decayed, c.blended, c.strength, params.conviction.power, verdict.confidence, verdict.trust
        ))
        .of(children);
    root.as_of = evidence.signal_ms;
    root.decay = Some(c.decay);
    root
}

fn component_node(
    component: Component,
    evidence: &Evidence,
    verdict: &Verdict,
    params: &EngineParams,
) -> Node {
    let index = component as usize;
    let standing = verdict.standings[index];
    let weight = params.conviction.weights.all()[index];
    let counted = verdict.scores.all()[index];
    let (said, children) = match component {
        Component::Regime => parts::regime(evidence, verdict, params),
        Component::Footprint => footprint::parts(evidence, verdict, params),
        Component::Volatility => parts::volatility(evidence, verdict, params),
        Component::Funding => parts::funding(evidence, params),
        Component::Liquidation => parts::liquidation(evidence, params),
    };
    let silent = match standing.speaks() {
        true => String::new(),
        false => " (silent: its feed is stale or missing, so it counts as 0)".to_owned(),
    };
    let mut node = Node::new(component.name(), component.label())
        .value(counted, "signed")
        .standing(&standing, evidence.feeds.sources(component))
        .adds(weight, verdict.conviction.contribution(weight, counted))
        .note(format!("{said}{silent}"))
        .of(children);
    node.decay = Some(verdict.conviction.decay);
    node
}

fn decay(evidence: &Evidence, verdict: &Verdict, params: &EngineParams) -> Node {
    let p = &params.conviction;
    let mut age = Node::new(
        "decay.age",
        "Age of the newest price, trade or open interest",
    )
    .value(evidence.age_ms().map(|ms| ms as f64), "ms");
    age.as_of = evidence.signal_ms;
    Node::new("decay", "Decay")
        .value(verdict.conviction.decay, "ratio")
        .note(format!(
            "1 up to {} s of age, then halved every {} s",
            p.fresh_ms / 1_000,
            p.half_life_ms / 1_000
        ))
        .of(vec![age])
}

fn btc(evidence: &Evidence, verdict: &Verdict, params: &EngineParams) -> Option<Node> {
    let Some(btc) = evidence.btc else {
        let missing = Node::new("btc", "Bitcoin's conviction");
        return evidence.btc_missing.then(|| missing.note(BTC_MISSING));
    };
    let share = (1.0 - params.conviction.own_share) * btc.coefficient;
    let mut node = Node::new("btc", "Bitcoin's conviction").value(btc.score, "score");
    node.as_of = Some(btc.ts_ms);
    Some(match verdict.conviction.btc_influence {
        Some(influence) => node.adds(share, influence).note(format!(
            "{} of the own sum and {share:.3} of (score - 50) / 50, its coefficient being {}",
            params.conviction.own_share, btc.coefficient
        )),
        None => node.note(format!(
            "not blended in: its signal is {} s old or older, or nothing else is known",
            params.conviction.btc_max_age_ms / 1_000
        )),
    })
}

fn odds(probability: &Probability, evidence: &Evidence) -> Node {
    let note = match (&probability.model, probability.state) {
        (Some(model), _) => format!("of the model {model}"),
        (None, ProbabilityState::Trained) => "of a model".to_owned(),
        (None, ProbabilityState::Untrained) => {
            "untrained: a driftless walk with the measured volatility".to_owned()
        }
    };
    let horizon = probability.horizon_ms;
    let side = |id, label, value: f64| Node::new(id, label).value(value, "share").within(horizon);
    Node::new("probability", "Probability of a large move")
        .value(probability.distance, "share")
        .within(horizon)
        .note(note)
        .of(vec![
            side("probability.up", "Up", probability.p_up),
            side("probability.down", "Down", probability.p_down),
            parts::sigma_1h(evidence, "probability.sigma_1h"),
        ])
}
