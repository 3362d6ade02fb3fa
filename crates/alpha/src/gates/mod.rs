//! The gates before an autonomous trade, judged for every evaluation. Specification, section 22; all of them are asked on the server.
//!
//! A gate that cannot be answered does not open. Gates of an account that nobody named are unknown.

/// Those that ask about an account.
mod account;
/// What they said.
mod record;

pub use account::AccountFacts;
pub use record::NearRecord;

use crate::event::{Gate, GateName, GateState, Gates, Scope, Streak};
use crate::evidence::{Component, Verdict};
use crate::params::GateParams;
use crate::risk::Direction;
use hypersentry_model::Freshness;

/// What is known of the market.
#[derive(Clone, Copy, Debug)]
pub struct MarketFacts<'a> {
    /// Time of the evaluation, UTC ms.
    pub now_ms: i64,
    /// The evaluation.
    pub verdict: &'a Verdict,
    /// How long its bias has stood.
    pub streak: Streak,
    /// The model that gave the probabilities; `None` while untrained.
    pub model: Option<&'a str>,
}

/// Which way a score leans.
pub fn side(score: u8) -> Option<Direction> {
    match score {
        51.. => Some(Direction::Long),
        0..=49 => Some(Direction::Short),
        _ => None,
    }
}

/// Whether a score comes near to a trade.
pub const fn is_near(score: u8, params: &GateParams) -> bool {
    score >= params.long_from || score <= params.short_to
}

/// Asks all gates. `account` is `None` for somebody who is not logged in.
pub fn judge(
    market: &MarketFacts<'_>,
    account: Option<&AccountFacts<'_>>,
    params: &GateParams,
) -> Gates {
    let score = market.verdict.conviction.score;
    let mut gates = vec![
        distance(score, params),
        streak(market.streak, score, params),
        fresh_inputs(market.verdict),
        trained_model(market.model),
    ];
    gates.extend(account::gates(market.now_ms, account, params));
    Gates {
        side: side(score),
        near: is_near(score, params),
        would_trade: gates.iter().all(|g| g.state == GateState::Pass),
        gates,
    }
}

fn gate(
    name: GateName,
    scope: Scope,
    passes: bool,
    value: String,
    threshold: String,
    text: String,
) -> Gate {
    Gate {
        name,
        state: match passes {
            true => GateState::Pass,
            false => GateState::Fail,
        },
        value: Some(value),
        threshold,
        text,
        scope,
    }
}

fn distance(score: u8, params: &GateParams) -> Gate {
    let (long, short) = (params.long_from, params.short_to);
    let (passes, threshold, text) = match side(score) {
        Some(Direction::Short) if score <= short => (
            true,
            format!("{short} or less"),
            format!("The score {score} is far enough below neutral for a SHORT trade"),
        ),
        Some(Direction::Short) => (
            false,
            format!("{short} or less"),
            format!("The score {score} is not low enough for a SHORT trade"),
        ),
        Some(Direction::Long) if score >= long => (
            true,
            format!("{long} or more"),
            format!("The score {score} is far enough above neutral for a LONG trade"),
        ),
        Some(Direction::Long) => (
            false,
            format!("{long} or more"),
            format!("The score {score} is not high enough for a LONG trade"),
        ),
        None => (
            false,
            format!("{long} or more, or {short} or less"),
            "The score is neutral".to_owned(),
        ),
    };
    gate(
        GateName::Score,
        Scope::Market,
        passes,
        score.to_string(),
        threshold,
        text,
    )
}

fn streak(streak: Streak, score: u8, params: &GateParams) -> Gate {
    let side = side(score);
    let ticks = match Direction::of(streak.bias) == side && side.is_some() {
        true => streak.ticks,
        false => 0,
    };
    let wanted = params.streak_ticks;
    let passes = ticks >= wanted;
    let text = match passes {
        true => format!("The bias has stood for {ticks} evaluations"),
        false => {
            format!("The bias has stood for {ticks} evaluations of the {wanted} that are asked for")
        }
    };
    gate(
        GateName::Streak,
        Scope::Market,
        passes,
        ticks.to_string(),
        format!("{wanted} or more"),
        text,
    )
}

/// Components whose feeds are stale or missing, in words. That no venue tells a market's liquidations is a fact about the venues, and their component is then
/// neutral.
pub fn wrong_inputs(verdict: &Verdict) -> Vec<String> {
    Component::ALL
        .into_iter()
        .zip(verdict.standings)
        .filter_map(|(component, standing)| {
            let word = match (standing.state, component) {
                (Freshness::Fresh, _) | (Freshness::Missing, Component::Liquidation) => None,
                (Freshness::Stale, _) => Some("stale"),
                (Freshness::Missing, _) => Some("missing"),
            };
            Some(format!("{} {}", component.name(), word?))
        })
        .collect()
}

/// Every feed must be fresh.
fn fresh_inputs(verdict: &Verdict) -> Gate {
    let wrong = wrong_inputs(verdict);
    let (value, text) = match wrong.is_empty() {
        true => (
            "all fresh".to_owned(),
            "Every feed behind the score is fresh".to_owned(),
        ),
        false => {
            let list = wrong.join(", ");
            (list.clone(), format!("Not every feed is fresh: {list}"))
        }
    };
    gate(
        GateName::FreshInputs,
        Scope::Market,
        wrong.is_empty(),
        value,
        "no feed stale or missing".to_owned(),
        text,
    )
}

fn trained_model(model: Option<&str>) -> Gate {
    let (value, text) = match model {
        Some(id) => (
            id.to_owned(),
            format!("The probabilities come from the model {id}"),
        ),
        None => (
            "untrained".to_owned(),
            "There is no trained model of the probabilities".to_owned(),
        ),
    };
    gate(
        GateName::TrainedModel,
        Scope::Market,
        model.is_some(),
        value,
        "trained".to_owned(),
        text,
    )
}

#[cfg(test)]
mod tests;
