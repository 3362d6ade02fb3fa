//! Parts of an order on the venue's lot. In integers: what is left over by rounding is in the first one, and the sum is the whole.

use super::event::{Action, OrderType, Slice, Strategy, Tif};
use super::grid::{OrderGrid, Toward};
use super::params::PlanParams;
use hypersentry_model::{Price, Usd};

/// What is cut.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Buys or sells.
    pub action: Action,
    /// At most so much.
    pub usd: Usd,
    /// How it trades.
    pub strategy: Strategy,
    /// From 0 to 1.
    pub urgency: f64,
    /// Best bid.
    pub bid: Price,
    /// Best offer.
    pub ask: Price,
    /// Notional on the side that would be taken from.
    pub depth_usd: Usd,
}

/// Prices of an order that takes and of one that rests. `None` where the grid has none.
fn prices(order: &Order, grid: &OrderGrid, params: &PlanParams) -> Option<(Price, Price)> {
    let moved = |px: Price, share: f64| {
        const PARTS: i128 = 1_000_000;
        let parts = PARTS + (share * PARTS as f64).round_ties_even() as i128;
        px.units()
            .checked_mul(parts)
            .map(|u| Price::from_units(u / PARTS))
    };
    Some(match order.action {
        // Never dearer than allowed, never across the touch.
        Action::Buy => (
            grid.px(moved(order.ask, params.take_share)?, Toward::Lower)?
                .max(order.ask),
            grid.px(order.bid, Toward::Lower)?,
        ),
        Action::Sell => (
            grid.px(moved(order.bid, -params.take_share)?, Toward::Higher)?
                .min(order.bid),
            grid.px(order.ask, Toward::Higher)?,
        ),
    })
}

/// Lots of each part, earlier ones larger by Almgren and Chriss's path: weights `cosh(k (1 - t))` at the middle of each step, where `k`
/// is `front_load` times the urgency. They sum to `lots`.
fn shares(lots: i128, parts: u32, urgency: f64, params: &PlanParams) -> Vec<i128> {
    let k = params.front_load * urgency;
    let weights: Vec<f64> = (0..parts)
        .map(|j| {
            let t = (f64::from(j) + 0.5) / f64::from(parts);
            libm::cosh(k * (1.0 - t))
        })
        .collect();
    let all: f64 = weights.iter().sum();
    let mut cut: Vec<i128> = weights
        .iter()
        .map(|w| (lots as f64 * (w / all)).floor() as i128)
        .collect();
    let rest = lots - cut.iter().sum::<i128>();
    if let Some(first) = cut.first_mut() {
        *first += rest;
    }
    cut
}

/// Cuts an order. `None` where not even one part reaches the venue's smallest order, or beyond the range.
pub fn cut(order: &Order, grid: &OrderGrid, params: &PlanParams) -> Option<Vec<Slice>> {
    let (take_px, rest_px) = prices(order, grid, params)?;
    // All prices are at or below the highest, so that the sum is never more than asked for.
    let lots = grid.lots(order.usd, take_px.max(rest_px))?;
    let depth = order.depth_usd.to_f64();
    let part_usd = params
        .slice_usd
        .max(params.slice_depth * depth * (1.0 + order.urgency));
    let wanted = (order.usd.to_f64() / part_usd)
        .ceil()
        .clamp(1.0, f64::from(params.most_slices)) as u32;
    // A hybrid has two orders at least. Fewer where a part would be smaller than the venue's smallest order.
    let wanted = wanted.max(if order.strategy == Strategy::Hybrid {
        2
    } else {
        1
    });
    (1..=wanted)
        .rev()
        .find_map(|parts| build(order, grid, params, (lots, parts), (take_px, rest_px)))
}

fn build(
    order: &Order,
    grid: &OrderGrid,
    params: &PlanParams,
    (lots, parts): (i128, u32),
    (take_px, rest_px): (Price, Price),
) -> Option<Vec<Slice>> {
    // A quarter at first, the rest in the other parts. Too small for two orders it takes: a rest at the touch may never trade.
    let cuts = if order.strategy == Strategy::Hybrid && parts > 1 {
        let first = (lots as f64 * params.hybrid_takes).ceil() as i128;
        let rest = shares(lots - first, parts - 1, order.urgency, params);
        std::iter::once(first).chain(rest).collect()
    } else {
        shares(lots, parts, order.urgency, params)
    };
    let horizon = params.horizon_ms as f64 * (1.0 - order.urgency);
    let step = ((horizon / f64::from(parts.max(1))) as i64).max(params.spacing_ms);
    (1u32..)
        .zip(cuts)
        .map(|(n, lots)| {
            let takes = match order.strategy {
                Strategy::Passive => false,
                Strategy::Hybrid => n == 1,
                Strategy::Aggressive => true,
            };
            let px = if takes { take_px } else { rest_px };
            let delay_ms = i64::from(n - 1) * step;
            slice(grid, n, lots, px, takes, delay_ms)
        })
        .collect()
}

fn slice(
    grid: &OrderGrid,
    n: u32,
    lots: i128,
    px: Price,
    takes: bool,
    delay_ms: i64,
) -> Option<Slice> {
    let sz = grid.size(lots);
    let usd = px.notional(sz).ok()?;
    (lots > 0 && usd >= grid.min_usd).then_some(Slice {
        n,
        order_type: OrderType::Limit,
        tif: if takes { Tif::Ioc } else { Tif::Alo },
        px,
        sz,
        usd,
        delay_ms,
    })
}
