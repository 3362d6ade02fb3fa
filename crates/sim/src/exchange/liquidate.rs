//! Liquidation ("Liquidations").
//!
//! When an account, or an isolated position, is worth less than its maintenance margin, its orders are cancelled and its
//! positions are sold to the book by market orders. Of a position above 100,000 USDC a fifth goes first; for 30 s after that
//! the whole position goes. Below two thirds of the maintenance margin the backstop takes positions and cash over at the mark
//! price, whatever they are worth. Where the market order moves the price by more than half, the rest waits for the next mark.

use super::account::{Party, Position};
use super::address::Address;
use super::book::{Met, Side};
use super::fill::{Fill, LiquidationMark};
use super::number::{Micro, USD};
use super::state::{Exchange, StreetTake, UserEvent, notional, trade_number};

const LARGE: Micro = 100_000 * USD;
const COOLDOWN_MS: i64 = 30_000;

impl Exchange {
    pub(super) fn liquidate_all(&mut self) {
        let users: Vec<Address> = self
            .accounts
            .iter()
            .filter(|(_, account)| !account.positions.is_empty())
            .map(|(user, _)| *user)
            .collect();
        for user in users {
            self.liquidate_isolated(user);
            self.liquidate_cross(user);
        }
    }

    fn positions(&self, user: Address, isolated: bool) -> Vec<(usize, Position)> {
        self.accounts.get(&user).map_or_else(Vec::new, |account| {
            account
                .positions
                .iter()
                .filter(|(_, position)| position.isolated.is_some() == isolated)
                .map(|(coin, position)| (*coin, *position))
                .collect()
        })
    }

    fn liquidate_isolated(&mut self, user: Address) {
        for (coin, position) in self.positions(user, true) {
            let equity = position.isolated.unwrap_or(0) + position.value(self.mark_px(coin));
            let maintenance = self.maintenance(coin, &position);
            if equity >= maintenance {
                continue;
            }
            self.cancel_for_liquidation(user, Some(coin));
            self.tell_liquidation(user, &[(coin, position)], equity);
            if equity * 3 < maintenance * 2 {
                self.take_over(user, coin);
            } else {
                self.sell_off(user, coin);
            }
        }
    }

    /// Worth and maintenance margin of the cross part.
    fn cross_state(&self, user: Address) -> Option<(Micro, Micro)> {
        let account = self.accounts.get(&user)?;
        Some((self.cross_equity(account), self.cross_maintenance(account)))
    }

    fn liquidate_cross(&mut self, user: Address) {
        let mut positions = self.positions(user, false);
        let Some((equity, maintenance)) = self.cross_state(user) else {
            return;
        };
        if positions.is_empty() || equity >= maintenance {
            return;
        }
        self.cancel_for_liquidation(user, None);
        self.tell_liquidation(user, &positions, equity);
        if equity * 3 >= maintenance * 2 {
            positions.sort_by_key(|(coin, position)| {
                (-position.value(self.mark_px(*coin)).abs(), *coin)
            });
            for (coin, _) in &positions {
                self.sell_off(user, *coin);
                let safe = self
                    .cross_state(user)
                    .is_none_or(|(equity, maintenance)| equity >= maintenance);
                if safe {
                    return;
                }
            }
        }
        let Some((equity, maintenance)) = self.cross_state(user) else {
            return;
        };
        if equity * 3 < maintenance * 2 {
            for (coin, _) in self.positions(user, false) {
                self.take_over(user, coin);
            }
            if let Some(account) = self.accounts.get_mut(&user) {
                self.backstop.cash += account.cash;
                account.cash = 0;
            }
        }
    }

    fn cancel_for_liquidation(&mut self, user: Address, coin: Option<usize>) {
        let oids: Vec<u64> = self
            .orders
            .values()
            .filter(|order| order.owner == user && coin.is_none_or(|coin| order.asked.coin == coin))
            .map(|order| order.oid)
            .collect();
        for oid in oids {
            self.finish(oid, "liquidatedCanceled");
        }
    }

    fn tell_liquidation(
        &mut self,
        user: Address,
        positions: &[(usize, Position)],
        account_value: Micro,
    ) {
        self.last_lid += 1;
        let notional = positions
            .iter()
            .map(|(coin, position)| position.value(self.mark_px(*coin)).abs())
            .sum();
        let event = UserEvent::Liquidation {
            lid: self.last_lid,
            notional,
            account_value,
        };
        self.tell(user, event);
    }

    /// A market order of the venue for a user's position.
    fn sell_off(&mut self, user: Address, coin: usize) {
        let mark = self.mark_px(coin);
        let now_ms = self.now_ms;
        let position = self
            .accounts
            .get_mut(&user)
            .and_then(|account| account.positions.get_mut(&coin));
        let Some(position) = position else { return };
        let mut left = position.szi.abs();
        let side = if position.szi > 0 {
            Side::Sell
        } else {
            Side::Buy
        };
        if notional(left, mark) > LARGE && now_ms >= position.cooldown_until {
            left = (left / 5).max(1);
            position.cooldown_until = now_ms + COOLDOWN_MS;
        }
        self.last_oid += 1;
        let oid = self.last_oid;
        let note = Some(LiquidationMark {
            user,
            mark,
            method: "market",
        });
        let limit = match side {
            Side::Buy => mark * 2,
            Side::Sell => mark / 2,
        };
        let taker = (Party::User { owner: user, oid }, side);
        let against = side.opposite();
        while left > 0
            && let Some(met) = self.markets[coin].book.meet(user, side, limit)
        {
            match met {
                Met::Own { oid } => self.finish(oid, "liquidatedCanceled"),
                Met::Street { px, lots } => {
                    let lots = lots.min(left);
                    left -= lots;
                    self.markets[coin].book.take_street(against, px, lots);
                    self.told_take(StreetTake {
                        coin,
                        side: against,
                        px,
                        lots,
                    });
                    self.trade(coin, (px, lots), taker, Party::Street, note);
                }
                Met::User { oid, px, lots } => {
                    let lots = lots.min(left);
                    left -= self.fill_for(oid, px, lots, taker, note);
                }
            }
        }
    }

    /// Fills a user's resting order against a liquidation; 0 if it had to go instead.
    fn fill_for(
        &mut self,
        oid: u64,
        px: i64,
        lots: i64,
        taker: (Party, Side),
        note: Option<LiquidationMark>,
    ) -> i64 {
        let Some(order) = self.orders.get(&oid) else {
            return 0;
        };
        let (owner, asked) = (order.owner, order.asked);
        let carried = asked.reduce_only
            || self.accounts.get(&owner).is_some_and(|account| {
                self.can_carry(account, (asked.coin, asked.side, lots), px, Some(oid))
            });
        if !carried {
            self.finish(oid, "marginCanceled");
            return 0;
        }
        self.markets[asked.coin]
            .book
            .reduce(asked.side, px, oid, lots);
        let maker = Party::User { owner, oid };
        self.trade(asked.coin, (px, lots), taker, maker, note);
        if self.orders.get(&oid).is_some_and(|order| order.left <= 0) {
            self.finish(oid, "filled");
        }
        self.sweep(owner, asked.coin);
        lots
    }

    /// The backstop takes a position over at the mark price, with its isolated margin.
    fn take_over(&mut self, user: Address, coin: usize) {
        let mark = self.mark_px(coin);
        let max = self.markets[coin].spec.max_leverage();
        let Some(account) = self.accounts.get_mut(&user) else {
            return;
        };
        let Some(position) = account.positions.get(&coin).copied() else {
            return;
        };
        let margin = position
            .isolated
            .map_or(0, |own| own + position.value(mark));
        let change = account.trade(coin, -position.szi, mark, max);
        // What the isolated position was worth came back to the account, and goes on.
        account.cash -= margin;
        self.backstop.trade(coin, position.szi, mark, max);
        self.backstop.cash += margin;
        self.last_oid += 1;
        self.last_tid += 1;
        let tid = trade_number(self.last_tid);
        let fill = Fill {
            coin,
            px: mark,
            lots: position.szi.abs(),
            side: if position.szi > 0 {
                Side::Sell
            } else {
                Side::Buy
            },
            time_ms: self.now_ms,
            before: change.before,
            closed_pnl: change.closed_pnl,
            oid: self.last_oid,
            crossed: true,
            fee: 0,
            tid,
            cloid: None,
            twap: None,
            liquidation: Some(LiquidationMark {
                user,
                mark,
                method: "backstop",
            }),
        };
        super::account::keep(&mut account.fills, fill.clone(), super::account::MOST_FILLS);
        self.tell(user, UserEvent::Fill(fill));
    }
}
