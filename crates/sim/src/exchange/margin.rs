//! Margin ("Margining", "Liquidations"): initial margin is notional over leverage at the mark price, maintenance margin half
//! of the initial margin at the coin's most leverage.
//!
//! A resting order that may enlarge a position reserves margin for the worst case of its coin: all buys filled, or all sells.
//! The venue does not document how it reserves for open orders; this is our choice. Triggers reserve nothing until they go
//! off, reduce-only orders never.

use super::account::{Account, Position};
use super::address::Address;
use super::book::Side;
use super::number::{Micro, div_up};
use super::order::Place;
use super::state::{Exchange, notional};

/// An order to be counted that is not there yet, and one not to be counted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Change {
    /// Market, side and lots.
    pub(super) with: Option<(usize, Side, i64)>,
    /// An order that it replaces.
    pub(super) without: Option<u64>,
}

impl Exchange {
    pub(super) fn mark_px(&self, coin: usize) -> i64 {
        self.markets
            .get(coin)
            .and_then(|market| market.mark)
            .unwrap_or(0)
    }

    /// Worth of the cross part of an account.
    pub(super) fn cross_equity(&self, account: &Account) -> Micro {
        let positions: Micro = account
            .positions
            .iter()
            .filter(|(_, position)| position.isolated.is_none())
            .map(|(coin, position)| position.value(self.mark_px(*coin)))
            .sum();
        account.cash + positions
    }

    /// Worth of an account.
    pub(super) fn equity(&self, account: &Account) -> Micro {
        let isolated: Micro = account
            .positions
            .iter()
            .filter_map(|(coin, position)| {
                Some(position.isolated? + position.value(self.mark_px(*coin)))
            })
            .sum();
        self.cross_equity(account) + isolated
    }

    /// Maintenance margin of a position.
    pub(super) fn maintenance(&self, coin: usize, position: &Position) -> Micro {
        let worth = position.value(self.mark_px(coin)).abs();
        let most = self.markets[coin].spec.max_leverage_at(worth);
        div_up(worth, 2 * i128::from(most.max(1)))
    }

    /// Maintenance margin of all cross positions.
    pub(super) fn cross_maintenance(&self, account: &Account) -> Micro {
        account
            .positions
            .iter()
            .filter(|(_, position)| position.isolated.is_none())
            .map(|(coin, position)| self.maintenance(*coin, position))
            .sum()
    }

    /// The largest position that orders in the book can lead to, in lots.
    fn worst(&self, account: &Account, coin: usize, change: Change) -> i64 {
        let (mut buys, mut sells) = (0, 0);
        let mut count = |side, lots| match side {
            Side::Buy => buys += lots,
            Side::Sell => sells += lots,
        };
        for oid in &account.open {
            if Some(*oid) == change.without {
                continue;
            }
            if let Some(order) = self.orders.get(oid)
                && order.asked.coin == coin
                && !order.asked.reduce_only
                && matches!(order.place, Place::Resting | Place::Taking)
            {
                count(order.asked.side, order.left);
            }
        }
        if let Some((at, side, lots)) = change.with
            && at == coin
        {
            count(side, lots);
        }
        let szi = account.szi(coin);
        szi.abs().max((szi + buys).abs()).max((szi - sells).abs())
    }

    /// Initial margin that the cross part must hold, for its positions and for all open orders.
    pub(super) fn initial(&self, account: &Account, change: Change) -> Micro {
        let mut coins: Vec<usize> = account.positions.keys().copied().collect();
        coins.extend(
            account
                .open
                .iter()
                .filter_map(|oid| Some(self.orders.get(oid)?.asked.coin)),
        );
        coins.extend(change.with.map(|(coin, _, _)| coin));
        coins.sort_unstable();
        coins.dedup();
        coins
            .into_iter()
            .map(|coin| {
                let leverage = account.leverage(coin, self.markets[coin].spec.max_leverage());
                let mut lots = self.worst(account, coin, change);
                if !leverage.is_cross {
                    // The position has its own margin already.
                    lots -= account.szi(coin).abs();
                }
                let value = i128::from(leverage.value.max(1));
                div_up(notional(lots, self.mark_px(coin)), value)
            })
            .sum()
    }

    /// Whether an account can carry another order. What enlarges no position needs no margin.
    pub(super) fn can_carry(
        &self,
        account: &Account,
        (coin, side, lots): (usize, Side, i64),
        px: i64,
        without: Option<u64>,
    ) -> bool {
        let change = Change {
            with: Some((coin, side, lots)),
            without,
        };
        let before = Change {
            with: None,
            without,
        };
        if self.worst(account, coin, change) <= self.worst(account, coin, before) {
            return true;
        }
        // What is bought above the mark is worth less at once.
        let beyond = (side.sign() * (px - self.mark_px(coin))).max(0);
        let fee = div_up(
            notional(lots, px) * i128::from(self.rules.fees.taker.max(0)),
            1_000_000,
        );
        self.initial(account, change) + notional(lots, beyond) + fee <= self.cross_equity(account)
    }

    /// Cash that may leave: what is left above the initial margin and above a tenth of all cross positions.
    #[must_use]
    pub fn withdrawable(&self, user: Address) -> Micro {
        let Some(account) = self.accounts.get(&user) else {
            return 0;
        };
        let worth: Micro = account
            .positions
            .iter()
            .filter(|(_, position)| position.isolated.is_none())
            .map(|(coin, position)| position.value(self.mark_px(*coin)).abs())
            .sum();
        let held = self
            .initial(account, Change::default())
            .max(div_up(worth, 10));
        (self.cross_equity(account) - held).max(0)
    }

    /// The mark price at which a position is liquidated while all else stays as it is; none where no price does it.
    pub(super) fn liquidation_px(
        &self,
        account: &Account,
        coin: usize,
        position: &Position,
    ) -> Option<i64> {
        let mark = self.mark_px(coin);
        let (equity, maintenance) = match position.isolated {
            Some(own) => (own + position.value(mark), self.maintenance(coin, position)),
            None => (self.cross_equity(account), self.cross_maintenance(account)),
        };
        let most = i128::from(
            self.markets[coin]
                .spec
                .max_leverage_at(position.value(mark).abs()),
        );
        let side = i128::from(position.szi.signum());
        let size = i128::from(position.szi.abs());
        let steps = size * (2 * most - side);
        if steps == 0 {
            return None;
        }
        let away = (equity - maintenance) * 2 * most / steps;
        let px = i64::try_from(i128::from(mark) - side * away).ok()?;
        (px > 0).then_some(px)
    }
}
