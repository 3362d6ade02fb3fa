//! From a ticket to orders: prices, triggers, checks of ticks and lots, and what would come of it.

use crate::error::TradeError;
use crate::ticket::{Kind, OrderSide, Ticket};
use crate::wire;
use crate::world::Sight;
use hypersentry_execution::order::{Aim, Intent, Leg, Side, Terms, Tif};
use hypersentry_execution::relay::Part;
use hypersentry_execution::risk::{Limits, Liquidation, Pricing, Wish};
use hypersentry_model::{Freshness, Price, Size, Symbol, Timestamp};
use hypersentry_venues::hyperliquid::account::Asset;
use hypersentry_venues::hyperliquid::exchange::Cloid as Name;
use hypersentry_venues::hyperliquid::exchange::check::check_orders;
use hypersentry_venues::hyperliquid::exchange::tick::{
    AssetRules, price_above, price_below, snap_size,
};

/// Hundredths of a percent in one.
const WHOLE_BPS: i128 = 10_000;

/// Orders that a ticket asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Composed {
    /// The market.
    pub symbol: Symbol,
    /// The label of its orders.
    pub strategy: String,
    /// What goes to the relay, before liquidation prices are known.
    pub parts: Vec<Part>,
    /// Whether it gets out of a position, at whatever the collar allows and however many orders were sent.
    pub urgent: bool,
}

fn shifted(px: Price, bps: i128) -> Option<Price> {
    let units = px.units().checked_mul(WHOLE_BPS + bps)? / WHOLE_BPS;
    (units > 0).then(|| Price::from_units(units))
}

/// The worst price that an order takes which may go `bps` beyond `from`: on a tick, and never beyond.
pub(crate) fn worst(rules: &AssetRules, side: Side, from: Price, bps: u32) -> Option<Price> {
    let bps = i128::from(bps);
    match side {
        Side::Buy => price_below(rules, shifted(from, bps)?),
        Side::Sell => price_above(rules, shifted(from, -bps)?),
    }
}

/// How far beyond its trigger a market stop takes: as far as the venue's own do (Hyperliquid docs, Trading > Take profit and stop loss orders: market
/// ones have a slippage tolerance of 10 %).
pub(crate) const STOP_BPS: u32 = 1_000;

/// How far beyond its trigger an order takes that acts at market then. The account's collar is for what enlarges, and for profits: a stop that
/// is held to it is passed over by the gap that it is for.
pub(crate) fn tolerance(aim: Aim, reduces: bool, limits: &Limits) -> u32 {
    if aim == Aim::Stop && reduces {
        limits.collar_bps.max(STOP_BPS)
    } else {
        limits.collar_bps
    }
}

/// The price at which a trigger is checked: its worst one, and of a market stop that only reduces its trigger.
pub(crate) fn checked_px(terms: &Terms, reduces: bool) -> Price {
    match *terms {
        Terms::Trigger {
            trigger,
            market: true,
            aim: Aim::Stop,
            ..
        } if reduces => trigger,
        _ => terms.px(),
    }
}

pub(crate) fn opposite(side: Side) -> Side {
    match side {
        Side::Buy => Side::Sell,
        Side::Sell => Side::Buy,
    }
}

/// The fresh mid, or that there is none.
pub(crate) fn mid(sight: &Sight, now: Timestamp) -> Result<Price, TradeError> {
    let mid = sight
        .mid
        .filter(|mid| mid.freshness(now) == Freshness::Fresh);
    mid.map(|mid| mid.value).ok_or_else(|| {
        let text = "the market's mid is missing or too old to reckon a price from";
        TradeError::new("market_stale", text).later()
    })
}

struct Making<'a> {
    ticket: &'a Ticket,
    symbol: Symbol,
    rules: AssetRules,
    limits: &'a Limits,
    account: &'a str,
}

impl Making<'_> {
    fn part(
        &self,
        leg: Leg,
        name: &str,
        side: Side,
        size: Size,
        terms: Terms,
        reduce_only: bool,
    ) -> Part {
        let pricing = match terms {
            Terms::Limit { px, tif: Tif::Ioc } => Pricing::Taker { limit: px },
            Terms::Limit { px, .. } => Pricing::Limit { limit: px },
            Terms::Trigger { trigger, aim, .. } => Pricing::Trigger {
                trigger,
                limit: checked_px(&terms, reduce_only),
                // An exit sleeps until its entry is filled.
                waits: (leg == Leg::Single).then_some(aim),
            },
        };
        Part {
            cloid: *Name::of(self.account, &self.ticket.key, name).bytes(),
            leg,
            terms,
            wish: Wish {
                symbol: self.symbol,
                side,
                size,
                pricing,
                reduce_only,
                stop: match leg {
                    Leg::Entry | Leg::Single => self.ticket.stop_loss,
                    _ => None,
                },
                liquidation: Liquidation::Unknown,
            },
            replaces: None,
        }
    }

    /// A trigger that takes at any price up to the collar, or, where it only stops a loss, as far as the venue goes.
    fn exit(
        &self,
        side: Side,
        trigger: Price,
        aim: Aim,
        reduces: bool,
    ) -> Result<Terms, TradeError> {
        let px = worst(
            &self.rules,
            side,
            trigger,
            tolerance(aim, reduces, self.limits),
        );
        Ok(Terms::Trigger {
            trigger,
            px: px.ok_or_else(|| TradeError::bad("a trigger without a price below it"))?,
            market: true,
            aim,
        })
    }

    fn priced(&self) -> Result<Price, TradeError> {
        let px = self.ticket.px;
        px.ok_or_else(|| TradeError::bad("`px` is missing"))
    }

    fn trigger(&self) -> Result<Price, TradeError> {
        let px = self.ticket.trigger_px;
        px.ok_or_else(|| TradeError::bad("`trigger_px` is missing"))
    }

    fn terms(&self, side: Side, sight: &Sight, now: Timestamp) -> Result<Terms, TradeError> {
        let limit = |tif| {
            Ok(Terms::Limit {
                px: self.priced()?,
                tif,
            })
        };
        let waits = |aim, market: bool| {
            let trigger = self.trigger()?;
            if market {
                return self.exit(side, trigger, aim, self.ticket.reduce_only);
            }
            let px = self.priced()?;
            Ok(Terms::Trigger {
                trigger,
                px,
                market,
                aim,
            })
        };
        match self.ticket.kind {
            Kind::Market => {
                let most = self.limits.collar_bps;
                let bps = self.ticket.slippage_bps.unwrap_or(self.limits.slippage_bps);
                if bps > most {
                    let text = format!("`slippage_bps` is {bps}, and the account's collar {most}");
                    return Err(TradeError::bad(text));
                }
                let px = worst(&self.rules, side, mid(sight, now)?, bps);
                let px = px.ok_or_else(|| TradeError::bad("the market has no price below it"))?;
                Ok(Terms::Limit { px, tif: Tif::Ioc })
            }
            Kind::Twap => Err(TradeError::bad("a TWAP is made of market orders")),
            Kind::Limit | Kind::Scale => limit(Tif::Gtc),
            Kind::PostOnly => limit(Tif::PostOnly),
            Kind::Ioc => limit(Tif::Ioc),
            Kind::StopMarket => waits(Aim::Stop, true),
            Kind::StopLimit => waits(Aim::Stop, false),
            Kind::TakeMarket => waits(Aim::Take, true),
            Kind::TakeLimit => waits(Aim::Take, false),
        }
    }

    fn scale(&self, side: Side) -> Result<Vec<Part>, TradeError> {
        let scale = self.ticket.scale;
        let scale = scale.ok_or_else(|| TradeError::bad("`scale` is missing"))?;
        let count = i128::from(scale.orders);
        let each = Size::from_units(self.ticket.size.units() / count);
        let each = snap_size(&self.rules, each).ok_or_else(|| {
            let text = format!("the size is less than {count} lots");
            TradeError::new("size_lot", text)
        })?;
        let span = scale.to.units() - scale.from.units();
        let mut left = self.ticket.size.units();
        let mut parts = Vec::new();
        for step in 0..count {
            let px = Price::from_units(scale.from.units() + span * step / (count - 1));
            // Toward the side that costs less.
            let px = match side {
                Side::Buy => price_below(&self.rules, px),
                Side::Sell => price_above(&self.rules, px),
            };
            let px = px.ok_or_else(|| TradeError::bad("a price of the scale is not above zero"))?;
            // What does not divide goes into the last one.
            let last = step + 1 == count;
            let size = if last { Size::from_units(left) } else { each };
            left -= size.units();
            let terms = Terms::Limit { px, tif: Tif::Gtc };
            let name = format!("scale-{step}");
            parts.push(self.part(
                Leg::Scale,
                &name,
                side,
                size,
                terms,
                self.ticket.reduce_only,
            ));
        }
        Ok(parts)
    }
}

/// That an order which waits for its trigger does not go off at once; without a mid the risk checks refuse it.
fn waits(side: Side, terms: Terms, mid: Option<Price>) -> Result<(), TradeError> {
    let (Terms::Trigger { trigger, aim, .. }, Some(mid)) = (terms, mid) else {
        return Ok(());
    };
    let above = (side == Side::Buy) == (aim == Aim::Stop);
    if trigger != mid && (trigger > mid) == above {
        return Ok(());
    }
    let text = format!("at a mid of {mid} a trigger at {trigger} would go off at once");
    Err(TradeError::new("exit_side", text))
}

/// The price that an exit has to lie beyond. What takes at once is filled from the mid on and up to its worst price: a stop is beyond both, or the next
/// mark sets it off, and a profit begins at the mid. What rests is filled at its own price.
fn exit_from(side: Side, terms: Terms, aim: Aim, mid: Option<Price>) -> Price {
    let px = terms.px();
    let Some(mid) = mid else {
        return px;
    };
    let takes = matches!(terms, Terms::Limit { tif: Tif::Ioc, .. });
    match (aim, side) {
        (Aim::Take, _) if takes => mid,
        (Aim::Take, _) => px,
        (Aim::Stop, Side::Buy) => px.min(mid),
        (Aim::Stop, Side::Sell) => px.max(mid),
    }
}

/// Makes a ticket's orders. `position` is what the account holds in the market, where that is known.
///
/// # Errors
/// `bad_request`, `market_stale`, and the codes of the venue's rules with the nearest values that it takes.
pub fn compose(
    ticket: &Ticket,
    asset: &Asset,
    position: Option<Size>,
    sight: &Sight,
    limits: &Limits,
    now: Timestamp,
) -> Result<Composed, TradeError> {
    ticket.check()?;
    let symbol = ticket.symbol()?;
    let making = Making {
        ticket,
        symbol,
        rules: asset.rules,
        limits,
        account: &ticket.account,
    };
    let side = wire::ours(ticket.side);
    let exits = ticket.take_profit.is_some() || ticket.stop_loss.is_some();
    let parts = if ticket.kind == Kind::Scale {
        making.scale(side)?
    } else {
        let terms = making.terms(side, sight, now)?;
        let (leg, name) = if exits {
            (Leg::Entry, "entry")
        } else {
            (Leg::Single, "single")
        };
        let mut parts = vec![making.part(leg, name, side, ticket.size, terms, ticket.reduce_only)];
        let mid = mid(sight, now).ok();
        waits(side, terms, mid)?;
        for (px, leg, name, aim) in [
            (
                ticket.take_profit,
                Leg::TakeProfit,
                "take_profit",
                Aim::Take,
            ),
            (ticket.stop_loss, Leg::StopLoss, "stop_loss", Aim::Stop),
        ] {
            let Some(px) = px else { continue };
            let from = exit_from(side, terms, aim, mid);
            let gains = (px > from) == (side == Side::Buy);
            if px == from || gains != (aim == Aim::Take) {
                let text = format!("`{name}` at {px} lies on the wrong side of {from}");
                return Err(TradeError::new("exit_side", text));
            }
            let against = opposite(side);
            let terms = making.exit(against, px, aim, true)?;
            parts.push(making.part(leg, name, against, ticket.size, terms, true));
        }
        parts
    };
    let first = parts.first().map(|part| part.cloid).unwrap_or_default();
    let intents: Vec<Intent> = parts.iter().map(|part| intent(part, first, now)).collect();
    let orders = wire::place(&intents, asset.place);
    check_orders(&orders, |_| Some((asset.rules, position))).map_err(|(_, error)| error)?;
    let strategy = ticket.strategy.clone();
    Ok(Composed {
        symbol,
        strategy,
        parts,
        urgent: false,
    })
}

/// The intent of a part, for looking at.
pub(crate) fn intent(part: &Part, group: [u8; 16], expires_after: Timestamp) -> Intent {
    Intent {
        cloid: part.cloid,
        group,
        leg: part.leg,
        terms: part.terms,
        symbol: part.wish.symbol,
        side: part.wish.side,
        size: part.wish.size,
        reduce_only: part.wish.reduce_only,
        expires_after,
        replaces: part.replaces,
    }
}

/// The side of the book that an order takes from.
pub(crate) fn against(
    sight: &Sight,
    side: OrderSide,
) -> Option<&hypersentry_model::Stamped<Vec<(Price, Size)>>> {
    match side {
        OrderSide::Buy => sight.asks.as_ref(),
        OrderSide::Sell => sight.bids.as_ref(),
    }
}

#[cfg(test)]
mod tests;
