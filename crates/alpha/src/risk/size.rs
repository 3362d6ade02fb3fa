//! From a view and an account to a size, or to the reasons why there is none.
//!
//! ```text
//! stop   = clamp(2 sigma_1h, the account's least stop, 20 %)          the only place where volatility counts
//! b      = (rr stop - cost) / (stop + cost)                           reward to risk after fees and spread
//! W      = probability of the target before the stop                  risk::kelly
//! f      = min(20 %, half of Kelly's share at W and b, shrunk)
//! share  = min(the account's largest risk, f * regime * drawdown * correlation)
//! size   = equity * share / stop, cut to the account's limits, rounded down to cents
//! risk   = size * stop / equity                                       after all limits
//! ```

use super::account::{AccountView, EquitySource};
use super::event::{Breakdown, Direction, Equity, Refusal, RefusalCode};
use super::kelly::{kelly, shrink, win_probability};
use super::params::RiskParams;
use super::{correlation, drawdown};
use crate::evidence::{Component, Verdict};
use crate::governance::event::MacroRegime;
use crate::probability::{MOVE, NamedModel, Probability, ProbabilityState};
use hypersentry_model::{Price, Rate, Symbol, Usd};

/// What the engine thinks of a market.
#[derive(Clone, Debug)]
pub struct View<'a> {
    /// The market.
    pub symbol: Symbol,
    /// Which way.
    pub direction: Direction,
    /// The verdict behind it.
    pub verdict: &'a Verdict,
    /// Standard deviation of the return over one hour.
    pub sigma_1h: Option<f64>,
    /// The mid price of the market that is traded.
    pub mid: Option<Price>,
    /// Distance of best bid and offer over the mid price.
    pub spread_share: Option<f64>,
    /// The probabilities.
    pub probability: Option<&'a Probability>,
    /// The model behind them.
    pub model: Option<&'a NamedModel>,
    /// The market's kind.
    pub macro_regime: MacroRegime,
}

/// What the account adds.
#[derive(Clone, Copy, Debug)]
pub struct Funds<'a> {
    /// The account as it was last told.
    pub account: &'a AccountView,
    /// Share lost since the highest equity; `None` while unknown.
    pub drawdown: Option<f64>,
    /// Correlation of the new position with the book; `None` while unknown.
    pub correlation: Option<f64>,
}

/// A size and how it came about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sizing {
    /// Zero if and only if there are refusals.
    pub size_usd: Usd,
    /// Why there is none.
    pub refusals: Vec<Refusal>,
    /// What it was made from.
    pub equity: Option<Equity>,
    /// Stop.
    pub stop_px: Option<Price>,
    /// Target.
    pub target_px: Option<Price>,
    /// Share of equity lost at the stop.
    pub risk_share: Option<f64>,
    /// The factors.
    pub breakdown: Breakdown,
}

const CENT: i128 = 10i128.pow(Usd::SCALE - 2);

/// Components without whose feeds no money is risked.
const CRITICAL: [Component; 3] = [
    Component::Regime,
    Component::Footprint,
    Component::Volatility,
];

/// Sizes a view for an account at `now_ms`.
pub fn size(now_ms: i64, view: &View<'_>, funds: &Funds<'_>, params: &RiskParams) -> Sizing {
    let mut out = Sizing::default();
    let mut refuse = |code, text: &str| out.refusals.push(Refusal::new(code, text));
    let stale = stale(view.verdict);
    if !stale.is_empty() {
        refuse(RefusalCode::StaleInputs, &stale_text(&stale));
    }
    if view.model.is_none() {
        refuse(
            RefusalCode::Untrained,
            "no model of the probabilities is loaded: without one there are no odds to size by",
        );
    } else if !trained(view) && view.sigma_1h.is_some() {
        refuse(
            RefusalCode::Untrained,
            "the model says nothing of what it is shown: there are no odds to size by",
        );
    } else if view
        .model
        .and_then(NamedModel::least_skill)
        .is_none_or(|skill| skill <= 0.0)
    {
        refuse(
            RefusalCode::NoSkill,
            "the model did not beat the base rate in its own test",
        );
    }
    let account = funds.account;
    let equity = equity_of(account);
    match &equity {
        None => refuse(
            RefusalCode::NoEquity,
            "nobody has said what the account is worth",
        ),
        Some(e) if !e.usd.is_positive() => {
            refuse(RefusalCode::NoEquity, "the account is worth nothing")
        }
        Some(e) if e.source == EquitySource::Venue && now_ms - e.as_of > params.equity_limit_ms => {
            refuse(
                RefusalCode::StaleEquity,
                "the venue's word about the account's equity is too old",
            );
        }
        Some(_) => {}
    }
    if view.sigma_1h.is_none() {
        refuse(RefusalCode::NoVolatility, "the volatility is not known yet");
    }
    if view.mid.is_none() || view.spread_share.is_none() {
        refuse(
            RefusalCode::NoPrice,
            "the book that would be traded has no price",
        );
    }
    out.equity = equity;
    let b = &mut out.breakdown;
    b.reward_risk = Some(view.verdict.conviction.rr_target);
    b.regime = Some(regime_factor(view.macro_regime, params));
    b.drawdown = funds
        .drawdown
        .map(|d| drawdown::factor(d, params.drawdown_free, params.drawdown_least));
    b.correlation = Some(correlation::factor(funds.correlation));
    if let Some(sigma) = view.sigma_1h {
        let least = rate(account.limits.min_stop_share);
        let stop = (params.stop_sigmas * sigma)
            .max(least)
            .min(params.max_stop_share);
        b.stop_share = Some(stop);
        if let Some(mid) = view.mid {
            let sign = view.direction.sign();
            out.stop_px = moved(mid, -sign * stop);
            out.target_px = moved(mid, sign * stop * view.verdict.conviction.rr_target);
        }
    }
    if trained(view) {
        odds(view, &mut out, params);
    }
    if out.refusals.is_empty() {
        amount(view, account, &mut out, params);
    }
    out
}

fn trained(view: &View<'_>) -> bool {
    view.model.is_some()
        && view
            .probability
            .is_some_and(|p| p.state == ProbabilityState::Trained)
}

/// Components without whose feeds no money is risked and that are stale or missing.
pub fn stale(verdict: &Verdict) -> Vec<Component> {
    let all = Component::ALL.into_iter().zip(&verdict.standings);
    all.filter(|(c, standing)| CRITICAL.contains(c) && !standing.speaks())
        .map(|(c, _)| c)
        .collect()
}

fn stale_text(stale: &[Component]) -> String {
    let names: Vec<String> = stale.iter().map(|c| c.name().to_owned()).collect();
    format!("stale or missing: {}", names.join(", "))
}

fn equity_of(account: &AccountView) -> Option<Equity> {
    Some(Equity {
        usd: account.equity_usd?,
        as_of: account.equity_as_of?,
        source: account.equity_source?,
    })
}

/// A market whose kind is not known is treated as one in crisis.
fn regime_factor(regime: MacroRegime, params: &RiskParams) -> f64 {
    let factors = &params.regime;
    match regime {
        MacroRegime::NormalMarket => 1.0,
        MacroRegime::TrendingHighVol => factors.trending_high_vol,
        MacroRegime::ChopLowVol => factors.chop_low_vol,
        MacroRegime::Squeeze => factors.squeeze,
        MacroRegime::Crisis | MacroRegime::Unknown => factors.crisis,
    }
}

fn rate(rate: Rate) -> f64 {
    rate.to_f64()
}

/// The price moved by a share of itself.
fn moved(px: Price, share: f64) -> Option<Price> {
    const PARTS: i128 = 1_000_000_000;
    let parts = PARTS + (share * PARTS as f64).round_ties_even() as i128;
    let units = px.units().checked_mul(parts)? / PARTS;
    Some(Price::from_units(units)).filter(|p| p.is_positive())
}

/// Win probability, reward to risk after costs, Kelly's share.
fn odds(view: &View<'_>, out: &mut Sizing, params: &RiskParams) {
    let b = &mut out.breakdown;
    let (Some(p), Some(stop), Some(spread)) = (view.probability, b.stop_share, view.spread_share)
    else {
        return;
    };
    let rr = view.verdict.conviction.rr_target;
    let (with, against) = match view.direction {
        Direction::Long => (p.p_up, p.p_down),
        Direction::Short => (p.p_down, p.p_up),
    };
    let cost = 2.0 * params.fee_share + spread;
    let net = (rr * stop - cost) / (stop + cost);
    let w = win_probability(with, against, MOVE, stop, rr);
    b.cost_share = Some(cost);
    b.reward_risk_net = Some(net);
    b.win_probability = w;
    let share = w.map_or(0.0, |w| kelly(w, net));
    b.kelly = Some(share);
    let trials = view
        .model
        .map_or(0.0, |m| m.model.metadata.independent_hours as f64);
    let factor = w.map_or(0.0, |w| shrink(w, net, trials));
    b.shrink = Some(factor);
    b.half_kelly_capped = Some((0.5 * share * factor).min(params.kelly_cap));
    if share <= 0.0 {
        out.refusals.push(Refusal::new(
            RefusalCode::NoEdge,
            "after fees and spread the odds are not in favour",
        ));
    }
}

fn amount(view: &View<'_>, account: &AccountView, out: &mut Sizing, params: &RiskParams) {
    let b = &mut out.breakdown;
    let limits = &account.limits;
    let (Some(equity), Some(half), Some(stop), Some(drawdown)) =
        (out.equity, b.half_kelly_capped, b.stop_share, b.drawdown)
    else {
        out.refusals.push(Refusal::new(
            RefusalCode::NoEquity,
            "the account's highest equity is not known",
        ));
        return;
    };
    let factors =
        b.regime.unwrap_or(params.regime.crisis) * drawdown * b.correlation.unwrap_or(0.5);
    let most = rate(limits.max_risk_share);
    let mut share = half * factors;
    if share > most {
        share = most;
        b.caps.push("max_risk_share".to_owned());
    }
    // Down to cents: a float at this seam alone, and never more than it says.
    let usd = (equity.usd.to_f64() * share / stop * 100.0).floor();
    let mut cents = if usd.is_finite() && usd > 0.0 {
        usd as i128
    } else {
        0
    };
    let (gross, same) = open(account, view.symbol, view.direction);
    let room = |all: Option<i128>, used: Option<i128>| {
        let left = all
            .zip(used)
            .map_or(0, |(all, used)| all.saturating_sub(used));
        left.max(0) / CENT
    };
    for (name, room) in [
        (
            "max_leverage",
            room(times(equity.usd, limits.max_leverage), gross),
        ),
        (
            "max_position",
            room(Some(limits.max_position_usd.units()), same),
        ),
    ] {
        if cents > room {
            cents = room;
            b.caps.push(name.to_owned());
        }
    }
    if cents == 0 {
        out.refusals.push(Refusal::new(
            RefusalCode::LimitsReached,
            "the account's limits leave no room, or the size is below a cent",
        ));
        return;
    }
    out.size_usd = Usd::from_units(cents * CENT);
    out.risk_share = Some(out.size_usd.to_f64() * stop / equity.usd.to_f64());
}

/// Notional of all positions, and of those in this market that go the same way, at entry prices. `None` beyond the range.
fn open(
    account: &AccountView,
    symbol: Symbol,
    direction: Direction,
) -> (Option<i128>, Option<i128>) {
    let (mut gross, mut same) = (Some(0i128), Some(0i128));
    for position in &account.positions {
        let usd = position.entry_px.notional(position.sz).ok();
        let usd = usd.map(|u| u.units().saturating_abs());
        let add = |sum: Option<i128>| sum.zip(usd).and_then(|(a, b)| a.checked_add(b));
        gross = add(gross);
        let long = position.sz.is_positive();
        if position.symbol == symbol && long == (direction == Direction::Long) {
            same = add(same);
        }
    }
    (gross, same)
}

/// An amount times a rate, in units of [`Usd`]. `None` beyond the range.
fn times(usd: Usd, rate: Rate) -> Option<i128> {
    // Twelve of the rate's eighteen decimals are enough for a leverage.
    const PARTS: i128 = 10i128.pow(12);
    let parts = rate.units() / 10i128.pow(Rate::SCALE - 12);
    let (whole, rest) = (usd.units() / PARTS, usd.units() % PARTS);
    whole
        .checked_mul(parts)
        .zip(rest.checked_mul(parts))
        .and_then(|(w, r)| w.checked_add(r / PARTS))
}
