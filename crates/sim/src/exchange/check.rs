//! What is refused before an order reaches the book.

use super::account::Account;
use super::address::Address;
use super::book::Side;
use super::number::{on_grid, print};
use super::order::{NewOrder, Tif};
use super::refusal::Refusal;
use super::spec::OpenInterest;
use super::state::{Exchange, notional};

/// What surrounds an order.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Around {
    /// The order that it replaces.
    pub(super) replaces: Option<u64>,
    /// Belongs to the position as a whole: its size may be 0.
    pub(super) of_position: bool,
    /// Waits for another order, so that neither position nor price say anything yet.
    pub(super) dormant: bool,
    /// The TWAP that sends it.
    pub(super) twap: Option<u64>,
}

impl Exchange {
    /// Open orders that an account may have: 1000, and one more for each 5M USDC traded, at most 5000 ("Rate limits and user
    /// limits").
    pub(super) fn open_order_cap(&self, account: &Account) -> usize {
        let earned = account.volume / (5_000_000 * super::number::USD);
        let earned = usize::try_from(earned).unwrap_or(usize::MAX);
        self.rules
            .open_orders
            .saturating_add(earned)
            .min(self.rules.most_open_orders)
    }

    /// Whether a client id is still taken: by an open order or by one that the venue had accepted.
    fn cloid_is_taken(&self, account: &Account, order: &NewOrder, around: Around) -> bool {
        let Some(oid) = order.cloid.and_then(|cloid| account.cloids.get(&cloid)) else {
            return false;
        };
        if Some(*oid) == around.replaces {
            return false;
        }
        self.orders.contains_key(oid)
            || account.closed(*oid).is_some_and(|ended| {
                !ended.status.ends_with("Rejected") && ended.status != "rejected"
            })
    }

    /// Checks an order in the order of the rules below; the first that it breaks is the answer.
    pub(super) fn check(
        &self,
        owner: Address,
        order: &NewOrder,
        around: Around,
    ) -> Result<(), Refusal> {
        let (Some(account), Some(market)) =
            (self.accounts.get(&owner), self.markets.get(order.coin))
        else {
            return Err(Refusal::NoAsset(order.coin as u64));
        };
        let decimals = market.spec.px_decimals();
        let whole_position = around.of_position && order.lots == 0;
        if order.px <= 0 {
            return Err(Refusal::BadPrice);
        }
        if order.lots == 0 && !whole_position {
            return Err(Refusal::ZeroSize);
        }
        if !on_grid(order.px, decimals)
            || order
                .trigger
                .is_some_and(|trigger| !on_grid(trigger.px, decimals))
        {
            return Err(Refusal::Tick);
        }
        // Whether the venue exempts reduce-only orders is not documented; here what closes may be small.
        if !order.reduce_only
            && around.twap.is_none()
            && notional(order.lots, order.px) < self.rules.least_order
        {
            return Err(Refusal::MinTradeNtl);
        }
        if self.cloid_is_taken(account, order, around) {
            return Err(Refusal::DuplicateCloid);
        }
        let cap = self.open_order_cap(account);
        let open = account.open.len() - usize::from(around.replaces.is_some());
        // From a thousand on, new reduce-only and trigger orders are refused.
        let base = self.rules.open_orders;
        if open >= cap || (open >= base && (order.reduce_only || order.trigger.is_some())) {
            return Err(Refusal::OpenOrders(cap));
        }
        let (Some(mark), Some(oracle)) = (market.mark, market.oracle) else {
            return Err(Refusal::Oracle);
        };
        // The distance is not documented; more than 95 % of the oracle price away is refused.
        if i128::from((order.px - oracle).abs()) * 100 > i128::from(oracle) * 95 {
            return Err(Refusal::Oracle);
        }
        let szi = account.szi(order.coin);
        let reduces = szi.signum() * order.side.sign() < 0;
        let enlarges = !reduces || order.lots > szi.abs();
        if let Some(trigger) = order.trigger {
            if trigger.px <= 0 || (!around.dormant && trigger.is_met(order.side, mark)) {
                return Err(Refusal::BadTriggerPx);
            }
            if around.of_position && !reduces {
                return Err(Refusal::ReduceOnly);
            }
            return Ok(());
        }
        if order.reduce_only {
            if !reduces {
                return Err(Refusal::ReduceOnly);
            }
        } else if enlarges {
            let beyond = order.side.sign() * (order.px - oracle) > 0;
            match market.open_interest {
                OpenInterest::Free => {}
                OpenInterest::Capped if reduces => {
                    return Err(Refusal::PositionFlipAtOpenInterestCap);
                }
                OpenInterest::Capped if beyond => {
                    return Err(Refusal::TooAggressiveAtOpenInterestCap);
                }
                OpenInterest::Capped => return Err(Refusal::PositionIncreaseAtOpenInterestCap),
                OpenInterest::TooFast => return Err(Refusal::OpenInterestIncrease),
            }
            let after = (szi + order.side.sign() * order.lots).abs();
            let leverage = account.leverage(order.coin, market.spec.max_leverage());
            if leverage.value > market.spec.max_leverage_at(notional(after, mark)) {
                return Err(Refusal::PerpMaxPosition);
            }
            let adds = (order.coin, order.side, order.lots);
            if !self.can_carry(account, adds, order.px, around.replaces) {
                return Err(Refusal::PerpMargin);
            }
        }
        let met = market.book.meet(owner, order.side, order.px);
        match order.tif {
            Tif::Alo if met.is_some() => {
                let side = |side| {
                    market
                        .book
                        .best(side)
                        .map_or_else(|| "none".to_owned(), |px| print(px.into(), decimals))
                };
                let bbo = format!("{}@{}", side(Side::Buy), side(Side::Sell));
                Err(Refusal::BadAloPx { bbo })
            }
            Tif::Ioc if market.book.best(order.side.opposite()).is_none() => {
                Err(Refusal::MarketOrderNoLiquidity)
            }
            Tif::Ioc if met.is_none() => Err(Refusal::IocCancel),
            _ => Ok(()),
        }
    }
}
