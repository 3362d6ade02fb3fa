//! What the venue would refuse, refused before anything is sent, with the nearest value that it takes.
//!
//! Sources: Hyperliquid docs, API > Tick and lot size, API > Error responses, API > Exchange endpoint.

use super::action::{ScheduleCancel, Twap, UpdateLeverage};
use super::order::{Grouping, Order, OrderKind, Orders, Tif};
use super::tick::{
    AssetRules, is_on_lot, is_on_tick, price_above, price_below, size_above, snap_size,
};
use super::{InvalidText, Number};
use hypersentry_model::{Price, Size, Usd};
use std::fmt;

/// Least value of an order. Hyperliquid docs, API > Error responses, `MinTradeNtl`.
pub const MIN_NOTIONAL: Usd = Usd::from_units(10_000_000_000_000);
/// Least value of a TWAP. The venue's documentation of TWAP orders.
pub const MIN_TWAP_NOTIONAL: Usd = Usd::from_units(100_000_000_000_000);
/// Minutes of a TWAP: five to seven days. The same.
pub const TWAP_MINUTES: (u32, u32) = (5, 10_080);
/// A scheduled cancellation is at least so far ahead. Hyperliquid docs, API > Exchange endpoint > Schedule cancel.
pub const SCHEDULE_AHEAD_MS: u64 = 5_000;

/// Why an action is not sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CheckError {
    /// Nothing is known of this asset.
    AssetUnknown(u32),
    /// There is no order in it.
    Empty,
    /// Not a number.
    Number(InvalidText),
    /// The venue would hash another text: this is the one.
    NotCanonical(Number),
    /// A price must be more than nothing.
    PriceNotPositive,
    /// Between two ticks.
    PriceTick {
        /// The next one below, where there is one.
        below: Option<Price>,
        /// The next one above.
        above: Option<Price>,
    },
    /// A size must be more than nothing.
    SizeNotPositive,
    /// Between two lots.
    SizeLot {
        /// The next one below, where there is one.
        below: Option<Size>,
        /// The next one above.
        above: Option<Size>,
    },
    /// Worth too little.
    MinNotional {
        /// What it must be worth.
        least: Usd,
        /// The least size at this price.
        size: Option<Size>,
    },
    /// Price times size is beyond any market.
    Overflow,
    /// Reduce-only, and the position is not known.
    PositionUnknown,
    /// Reduce-only, and there is no position.
    NoPosition,
    /// Reduce-only, and the order is on the position's own side.
    WouldIncrease,
    /// A trigger for a position that is not reduce-only.
    TriggerNotReduceOnly,
    /// An entry's triggers must be on the other side of the same asset.
    TriggerSide,
    /// Priority is for orders that are all IOC, or all post-only and not reduce-only.
    PriorityMixed,
    /// Beyond the asset's bounds.
    Leverage {
        /// The nearest that it takes.
        nearest: u32,
    },
    /// The asset's margin cannot be shared.
    OnlyIsolated,
    /// Too short or too long.
    TwapMinutes {
        /// The nearest that it takes.
        nearest: u32,
    },
    /// Too soon.
    ScheduleTooSoon {
        /// The earliest time, in milliseconds.
        earliest: u64,
    },
}

impl CheckError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AssetUnknown(_) => "asset_unknown",
            Self::Empty => "orders_empty",
            Self::Number(error) => error.code(),
            Self::NotCanonical(_) => "number_not_canonical",
            Self::PriceNotPositive => "price_not_positive",
            Self::PriceTick { .. } => "price_tick",
            Self::SizeNotPositive => "size_not_positive",
            Self::SizeLot { .. } => "size_lot",
            Self::MinNotional { .. } => "min_notional",
            Self::Overflow => "notional_overflow",
            Self::PositionUnknown => "position_unknown",
            Self::NoPosition => "reduce_only_no_position",
            Self::WouldIncrease => "reduce_only_would_increase",
            Self::TriggerNotReduceOnly => "trigger_not_reduce_only",
            Self::TriggerSide => "trigger_side",
            Self::PriorityMixed => "priority_mixed",
            Self::Leverage { .. } => "leverage_bounds",
            Self::OnlyIsolated => "only_isolated",
            Self::TwapMinutes { .. } => "twap_minutes",
            Self::ScheduleTooSoon { .. } => "schedule_too_soon",
        }
    }
}

/// `a or b`, as far as there is one.
fn nearest<T: fmt::Display>(below: Option<&T>, above: Option<&T>) -> String {
    match (below, above) {
        (Some(below), Some(above)) => format!("the nearest are {below} and {above}"),
        (Some(one), None) | (None, Some(one)) => format!("the nearest is {one}"),
        (None, None) => "there is none near it".to_owned(),
    }
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AssetUnknown(asset) => write!(f, "nothing is known of asset {asset}"),
            Self::Empty => f.write_str("there is no order"),
            Self::Number(error) => error.fmt(f),
            Self::NotCanonical(number) => write!(f, "the number must be written {number}"),
            Self::PriceNotPositive => f.write_str("a price must be more than 0"),
            Self::PriceTick { below, above } => {
                let nearest = nearest(below.as_ref(), above.as_ref());
                write!(f, "the price is not on a tick: {nearest}")
            }
            Self::SizeNotPositive => f.write_str("a size must be more than 0"),
            Self::SizeLot { below, above } => {
                let nearest = nearest(below.as_ref(), above.as_ref());
                write!(f, "the size is not a whole number of lots: {nearest}")
            }
            Self::MinNotional { least, size } => {
                let nearest = nearest(None, size.as_ref());
                write!(f, "the order is worth less than ${least}: {nearest}")
            }
            Self::Overflow => f.write_str("price times size is out of range"),
            Self::PositionUnknown => {
                f.write_str("the order is reduce-only and the position is not known")
            }
            Self::NoPosition => f.write_str("the order is reduce-only and there is no position"),
            Self::WouldIncrease => {
                f.write_str("the order is reduce-only and would make the position larger")
            }
            Self::TriggerNotReduceOnly => {
                f.write_str("a stop or take of a position must be reduce-only")
            }
            Self::TriggerSide => f.write_str(
                "stops and takes of an entry must be triggers on the other side of its asset",
            ),
            Self::PriorityMixed => f.write_str(
                "priority is for orders that are all IOC, or all post-only and not reduce-only",
            ),
            Self::Leverage { nearest } => {
                write!(
                    f,
                    "the asset does not allow this leverage: the nearest is {nearest}"
                )
            }
            Self::OnlyIsolated => f.write_str("the asset allows isolated margin only"),
            Self::TwapMinutes { nearest } => {
                write!(
                    f,
                    "a TWAP cannot take so long or short: the nearest is {nearest} minutes"
                )
            }
            Self::ScheduleTooSoon { earliest } => {
                write!(f, "the time is too soon: the earliest is {earliest}")
            }
        }
    }
}

impl std::error::Error for CheckError {}

impl From<InvalidText> for CheckError {
    fn from(error: InvalidText) -> Self {
        Self::Number(error)
    }
}

fn price(number: &Number, rules: &AssetRules) -> Result<Price, CheckError> {
    let px = Price::parse(number.text()).map_err(InvalidText::Number)?;
    if !px.is_positive() {
        return Err(CheckError::PriceNotPositive);
    }
    if !is_on_tick(rules, px) {
        return Err(CheckError::PriceTick {
            below: price_below(rules, px),
            above: price_above(rules, px),
        });
    }
    canonical(number, px.into())?;
    Ok(px)
}

fn size(number: &Number, rules: &AssetRules) -> Result<Size, CheckError> {
    let sz = Size::parse(number.text()).map_err(InvalidText::Number)?;
    if !sz.is_positive() {
        return Err(CheckError::SizeNotPositive);
    }
    if !is_on_lot(rules, sz) {
        return Err(CheckError::SizeLot {
            below: snap_size(rules, sz),
            above: size_above(rules, sz),
        });
    }
    canonical(number, sz.into())?;
    Ok(sz)
}

/// The venue drops trailing zeros before it hashes: a text with them is signed by nobody that it knows.
fn canonical(given: &Number, canonical: Number) -> Result<(), CheckError> {
    match *given == canonical {
        true => Ok(()),
        false => Err(CheckError::NotCanonical(canonical)),
    }
}

fn worth(px: Price, sz: Size, least: Usd, rules: &AssetRules) -> Result<(), CheckError> {
    if px.notional(sz).map_err(|_| CheckError::Overflow)? >= least {
        return Ok(());
    }
    // Rounded up, then up to a lot: what is named would pass.
    let unit = 10i128.pow(Size::SCALE);
    let scaled = least.units().checked_mul(unit);
    let units = scaled.map(|v| (v + px.units() - 1) / px.units());
    let size = units.and_then(|units| size_above(rules, Size::from_units(units)));
    Err(CheckError::MinNotional { least, size })
}

/// Checks one order. `position` is the signed position of its asset: `None` if it is not known, zero if there is none.
///
/// An order that closes the whole position may be worth less than $10, or small positions could not be closed; the documentation does not
/// say so, and where the venue thinks otherwise its answer is a documented refusal.
///
/// # Errors
/// See [`CheckError`].
pub fn check_order(
    order: &Order,
    rules: &AssetRules,
    position: Option<Size>,
) -> Result<(), CheckError> {
    let (px, sz) = (price(&order.px, rules)?, size(&order.sz, rules)?);
    if let OrderKind::Trigger { trigger_px, .. } = &order.kind {
        price(trigger_px, rules)?;
    }
    if order.reduce_only {
        let held = position.ok_or(CheckError::PositionUnknown)?;
        if held.is_zero() {
            return Err(CheckError::NoPosition);
        }
        if held.is_positive() == order.is_buy {
            return Err(CheckError::WouldIncrease);
        }
        if sz.units().unsigned_abs() >= held.units().unsigned_abs() {
            return Ok(());
        }
    }
    worth(px, sz, MIN_NOTIONAL, rules)
}

/// Checks the orders of one request together. `known` gives the rules of an asset and its position as [`check_order`] takes it.
///
/// # Errors
/// The place of the first order that is refused (0 for what is wrong with all of them), and why.
pub fn check_orders(
    orders: &Orders,
    known: impl Fn(u32) -> Option<(AssetRules, Option<Size>)>,
) -> Result<(), (usize, CheckError)> {
    let first = orders.orders.first().ok_or((0, CheckError::Empty))?;
    if let Grouping::Priority(_) = orders.grouping {
        let all = |tif, open: bool| {
            orders
                .orders
                .iter()
                .all(|o| o.kind == OrderKind::Limit { tif } && !(open && o.reduce_only))
        };
        if !all(Tif::Ioc, false) && !all(Tif::Alo, true) {
            return Err((0, CheckError::PriorityMixed));
        }
    }
    for (place, order) in orders.orders.iter().enumerate() {
        let at = |error| (place, error);
        let unknown = CheckError::AssetUnknown(order.asset);
        let (rules, mut position) = known(order.asset).ok_or((place, unknown))?;
        let triggers = matches!(order.kind, OrderKind::Trigger { .. });
        let child = match orders.grouping {
            Grouping::NormalTpsl => place > 0,
            Grouping::PositionTpsl => true,
            Grouping::Na | Grouping::Priority(_) => false,
        };
        if child && !triggers {
            return Err(at(CheckError::TriggerSide));
        }
        if child && !order.reduce_only {
            return Err(at(CheckError::TriggerNotReduceOnly));
        }
        if child && orders.grouping == Grouping::NormalTpsl {
            if order.asset != first.asset || order.is_buy == first.is_buy {
                return Err(at(CheckError::TriggerSide));
            }
            // It waits for the entry, whose size it has: that will be the position.
            let entry = size(&first.sz, &rules).map_err(|error| (0, error))?;
            let sign = if first.is_buy { 1 } else { -1 };
            position = Some(Size::from_units(sign * entry.units()));
        }
        check_order(order, &rules, position).map_err(at)?;
    }
    Ok(())
}

/// Checks a change of leverage.
///
/// # Errors
/// See [`CheckError`].
pub fn check_leverage(update: &UpdateLeverage, rules: &AssetRules) -> Result<(), CheckError> {
    let nearest = update.leverage.clamp(1, rules.max_leverage.max(1));
    if nearest != update.leverage {
        return Err(CheckError::Leverage { nearest });
    }
    match update.is_cross && rules.only_isolated {
        true => Err(CheckError::OnlyIsolated),
        false => Ok(()),
    }
}

/// Checks a TWAP, valued at `mark`.
///
/// # Errors
/// See [`CheckError`].
pub fn check_twap(twap: &Twap, rules: &AssetRules, mark: Price) -> Result<(), CheckError> {
    if !mark.is_positive() {
        return Err(CheckError::PriceNotPositive);
    }
    let sz = size(&twap.sz, rules)?;
    let nearest = twap.minutes.clamp(TWAP_MINUTES.0, TWAP_MINUTES.1);
    if nearest != twap.minutes {
        return Err(CheckError::TwapMinutes { nearest });
    }
    worth(mark, sz, MIN_TWAP_NOTIONAL, rules)
}

/// Checks a scheduled cancellation against the latest that the venue's clock may show, in milliseconds.
///
/// # Errors
/// See [`CheckError`].
pub fn check_schedule(schedule: &ScheduleCancel, now_ms: u64) -> Result<(), CheckError> {
    let earliest = now_ms.saturating_add(SCHEDULE_AHEAD_MS);
    match schedule.time {
        Some(time) if time < earliest => Err(CheckError::ScheduleTooSoon { earliest }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
