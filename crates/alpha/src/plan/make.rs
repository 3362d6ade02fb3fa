//! From a size to a plan, or to the reasons why there is none.

use super::event::{Action, Guard, PlanState, Slice, Slippage, Strategy};
use super::grid::OrderGrid;
use super::guard::{Scene, guard};
use super::params::PlanParams;
use super::slices::{Order, cut};
use super::slippage::{Question, depth, slippage};
use super::urgency::{strategy, taken, urgency};
use crate::evidence::Verdict;
use crate::governance::event::MacroRegime;
use crate::risk::event::{Direction, Refusal, RefusalCode};
use hypersentry_model::{Level, Price, Size, Usd};

/// The market that would be traded, as it stands.
#[derive(Clone, Copy, Debug)]
pub struct Scenery<'a> {
    /// Bids, best first; none while the book is missing or stale.
    pub bids: &'a [Level],
    /// Offers, best first.
    pub asks: &'a [Level],
    /// Tick, lot and smallest order.
    pub grid: Option<OrderGrid>,
    /// What the market trades in a minute, in USD; `None` while unknown.
    pub volume_usd_per_min: Option<f64>,
    /// Standard deviation of the return over one hour.
    pub sigma_1h: Option<f64>,
    /// The market's kind.
    pub macro_regime: MacroRegime,
}

impl Scenery<'_> {
    /// Best bid and offer, if they do not cross.
    pub fn touch(&self) -> Option<(Price, Price)> {
        let (bid, ask) = (self.bids.first()?.px, self.asks.first()?.px);
        (bid.is_positive() && bid < ask).then_some((bid, ask))
    }

    /// The mid price.
    pub fn mid(&self) -> Option<Price> {
        let (bid, ask) = self.touch()?;
        Some(Price::from_units((bid.units() + ask.units()) / 2))
    }

    /// Distance of best bid and offer over the mid price.
    pub fn spread_share(&self) -> Option<f64> {
        let ((bid, ask), mid) = (self.touch()?, self.mid()?);
        Some((ask.to_f64() - bid.to_f64()) / mid.to_f64())
    }
}

/// A plan without its place in a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What it says.
    pub state: PlanState,
    /// How much of it takes liquidity.
    pub strategy: Option<Strategy>,
    /// From 0 to 1.
    pub urgency: Option<f64>,
    /// What was asked for.
    pub requested_usd: Usd,
    /// Sum of the slices.
    pub total_usd: Usd,
    /// Sum of the slices in base units.
    pub total_sz: Size,
    /// The orders.
    pub slices: Vec<Slice>,
    /// What it would cost.
    pub slippage: Option<Slippage>,
    /// What speaks against it.
    pub guard: Guard,
    /// Why there is nothing to trade.
    pub refusals: Vec<Refusal>,
}

impl Plan {
    /// Nothing to trade, for this reason.
    pub fn refused(requested_usd: Usd, code: RefusalCode, text: &str) -> Self {
        Self {
            state: PlanState::Refused,
            strategy: None,
            urgency: None,
            requested_usd,
            total_usd: Usd::ZERO,
            total_sz: Size::ZERO,
            slices: Vec::new(),
            slippage: None,
            guard: Guard::default(),
            refusals: vec![Refusal::new(code, text)],
        }
    }
}

/// Plans `usd` in this direction.
pub fn make(
    direction: Direction,
    usd: Usd,
    verdict: &Verdict,
    scenery: &Scenery<'_>,
    params: &PlanParams,
) -> Plan {
    let refused = |code, text| Plan::refused(usd, code, text);
    if !usd.is_positive() {
        return refused(RefusalCode::NoSize, "there is no size to trade");
    }
    let Some(grid) = scenery.grid else {
        return refused(
            RefusalCode::NoGrid,
            "the market's tick and lot at Hyperliquid are not known, and orders go nowhere else",
        );
    };
    let (Some((bid, ask)), Some(mid), Some(spread)) =
        (scenery.touch(), scenery.mid(), scenery.spread_share())
    else {
        return refused(RefusalCode::NoBook, "the book is missing or stale");
    };
    let action = Action::from(direction);
    let (Some(bids_usd), Some(asks_usd)) = (depth(scenery.bids), depth(scenery.asks)) else {
        return refused(
            RefusalCode::NoBook,
            "the book's depth is beyond what can be held",
        );
    };
    let (levels, depth_usd) = match action {
        Action::Buy => (scenery.asks, asks_usd),
        Action::Sell => (scenery.bids, bids_usd),
    };
    if usd < grid.min_usd {
        return refused(
            RefusalCode::BelowMinimum,
            "the size is smaller than the venue's smallest order",
        );
    }
    if depth_usd < usd {
        return refused(
            RefusalCode::DepthTooSmall,
            "the book in view holds less than the order",
        );
    }
    let (Some(sigma_1h), Some(volume)) = (
        scenery.sigma_1h,
        scenery.volume_usd_per_min.filter(|v| *v > 0.0),
    ) else {
        return refused(
            RefusalCode::CostUnknown,
            "volatility or traded volume is not known, so the cost is not",
        );
    };
    let urgency = urgency(verdict, Some(sigma_1h), scenery.macro_regime, params);
    let strategy = strategy(urgency, params);
    let order = Order {
        action,
        usd,
        strategy,
        urgency,
        bid,
        ask,
        depth_usd,
    };
    let Some(slices) = cut(&order, &grid, params) else {
        return refused(
            RefusalCode::BelowMinimum,
            "no part of the size reaches the venue's smallest order",
        );
    };
    let cost = slippage(
        &Question {
            action,
            usd,
            taken: taken(strategy, params),
            levels,
            mid,
            horizon_ms: slices.last().map_or(0, |s| s.delay_ms),
            volume_usd_per_min: volume,
            sigma_1h,
        },
        params,
    );
    let [sweep, ..] = verdict.footprint;
    let guard = guard(
        &Scene {
            action,
            usd,
            bids_usd,
            asks_usd,
            spread_bps: spread * 1e4,
            sweep,
            slippage: cost.as_ref(),
        },
        params,
    );
    let mut plan = Plan {
        state: PlanState::Blocked,
        strategy: Some(strategy),
        urgency: Some(urgency),
        requested_usd: usd,
        total_usd: Usd::ZERO,
        total_sz: Size::ZERO,
        slices: Vec::new(),
        slippage: cost,
        refusals: Vec::new(),
        guard,
    };
    if !plan.guard.safe {
        let failed: Vec<&str> = plan
            .guard
            .checks
            .iter()
            .filter(|c| !c.ok)
            .map(|c| c.text.as_str())
            .collect();
        plan.refusals
            .push(Refusal::new(RefusalCode::Unsafe, failed.join("; ")));
        return plan;
    }
    let sums = slices
        .iter()
        .try_fold((Usd::ZERO, Size::ZERO), |(u, s), slice| {
            Some((u.checked_add(slice.usd)?, s.checked_add(slice.sz)?))
        });
    let Some((total_usd, total_sz)) = sums else {
        return refused(RefusalCode::NoSize, "the size is beyond what can be held");
    };
    plan.state = PlanState::Ready;
    (plan.total_usd, plan.total_sz, plan.slices) = (total_usd, total_sz, slices);
    plan
}
