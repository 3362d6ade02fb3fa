//! Trades booked on both sides: cash, positions, fees and records.

use super::account::{Account, Party, Position, keep};
use super::address::Address;
use super::book::Side;
use super::fill::{Fill, LiquidationMark};
use super::number::div_up;
use super::state::{Exchange, PublicTrade, UserEvent, notional, push, trade_number};

impl Exchange {
    /// Books one trade on both sides. Orders are made smaller, books are not touched.
    pub(super) fn trade(
        &mut self,
        coin: usize,
        (px, lots): (i64, i64),
        (taker, side): (Party, Side),
        maker: Party,
        liquidation: Option<LiquidationMark>,
    ) {
        self.last_tid += 1;
        let tid = trade_number(self.last_tid);
        let user = |party: Party| match party {
            Party::Street => None,
            Party::User { owner, .. } => Some(owner),
        };
        let users = match side {
            Side::Buy => [user(taker), user(maker)],
            Side::Sell => [user(maker), user(taker)],
        };
        let trade = PublicTrade {
            coin,
            px,
            lots,
            taker: side,
            tid,
            users,
        };
        self.out.lost += push(&mut self.out.trades, trade);
        for (party, side, crossed) in [(taker, side, true), (maker, side.opposite(), false)] {
            match party {
                Party::Street => {
                    self.street.cash -= notional(side.sign() * lots, px);
                    *self.street.szi.entry(coin).or_default() += side.sign() * lots;
                }
                Party::User { owner, oid } => {
                    let fill = FillOf {
                        owner,
                        oid,
                        side,
                        crossed,
                        tid,
                    };
                    self.book_fill(coin, (px, lots), fill, liquidation);
                }
            }
        }
    }

    fn book_fill(
        &mut self,
        coin: usize,
        (px, lots): (i64, i64),
        of: FillOf,
        liquidation: Option<LiquidationMark>,
    ) {
        let max = self.markets[coin].spec.max_leverage();
        let rate = if of.crossed {
            self.rules.fees.taker
        } else {
            self.rules.fees.maker
        };
        let worth = notional(lots, px);
        // Rounded in the house's favour.
        let fee = div_up(worth * i128::from(rate), 1_000_000);
        let Some(account) = self.accounts.get_mut(&of.owner) else {
            return;
        };
        let change = account.trade(coin, of.side.sign() * lots, px, max);
        account.cash -= fee;
        account.volume += worth;
        self.house += fee;
        let (cloid, twap) = match self.orders.get_mut(&of.oid) {
            Some(order) => {
                order.left -= lots;
                (order.asked.cloid, order.twap)
            }
            None => (None, None),
        };
        let fill = Fill {
            coin,
            px,
            lots,
            side: of.side,
            time_ms: self.now_ms,
            before: change.before,
            closed_pnl: change.closed_pnl,
            oid: of.oid,
            crossed: of.crossed,
            fee,
            tid: of.tid,
            cloid,
            twap,
            liquidation,
        };
        let records = if twap.is_some() {
            &mut account.twap_fills
        } else {
            &mut account.fills
        };
        keep(records, fill.clone(), super::account::MOST_FILLS);
        self.tell(of.owner, UserEvent::Fill(fill));
    }
}

/// Whose fill it is.
#[derive(Debug, Clone, Copy)]
struct FillOf {
    owner: Address,
    oid: u64,
    side: Side,
    crossed: bool,
    tid: u64,
}

impl Account {
    /// Moves a position by signed lots at a price, with the cash that goes with it. An isolated position takes the margin of
    /// what it opens from the account and gives back its share when it closes.
    pub(super) fn trade(
        &mut self,
        coin: usize,
        lots: i64,
        px: i64,
        max: u32,
    ) -> super::account::Change {
        let leverage = self.leverage(coin, max);
        let position = self.positions.entry(coin).or_insert_with(|| Position {
            isolated: (!leverage.is_cross).then_some(0),
            ..Position::default()
        });
        let before = position.szi;
        let closing = if before.signum() * lots.signum() < 0 {
            before.abs().min(lots.abs())
        } else {
            0
        };
        if let Some(own) = &mut position.isolated {
            if closing > 0 {
                let equity = *own + notional(before, px);
                let share = equity.max(0) * i128::from(closing) / i128::from(before.abs());
                *own -= share;
                self.cash += share;
            }
            let opening = lots.abs() - closing;
            let margin = div_up(notional(opening, px), i128::from(leverage.value.max(1)));
            *own += margin - notional(lots, px);
            self.cash -= margin;
        } else {
            self.cash -= notional(lots, px);
        }
        let change = position.add(lots, px);
        if position.szi == 0 {
            self.cash += position.isolated.unwrap_or(0);
            self.positions.remove(&coin);
        }
        change
    }
}
