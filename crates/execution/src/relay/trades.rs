//! What the account's trades say of a bracket's share of the position.
//!
//! Side and size of a position do not tell whose it is: one that was closed elsewhere and opened anew looks the same. But each trade says how much was held
//! before it (`startPosition`, Hyperliquid docs, API > Websocket > Subscriptions, `WsFill`). What was left of the position at a moment is the most that a
//! bracket had then, and since then it has got what its own orders traded. So a trade of any order that takes the position to zero ends what brackets had
//! filled before it.
//!
//! Only trades of other orders say so: within one block the bracket's own may be told in any order, and its orders say themselves what they filled.

use hypersentry_model::{Size, Symbol, Timestamp};
use std::collections::BTreeMap;

use super::Relay;
use super::bracket::Bracket;
use super::gauge::Gauge;
use crate::order::{Cloid, Leg, Side, State};

/// A bracket's own trades that are told apart.
const MOST_OWN: usize = 1_024;

/// By so much a trade may bear a later time than the end of its order that was heard of: the venue's clock is not known exactly.
const SLACK_MS: i64 = 1_000;

/// A trade of the account.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Trade {
    /// The venue's id of it.
    pub id: u64,
    /// The venue's time.
    pub at: Timestamp,
    /// The name of its order, where that is known.
    pub cloid: Option<Cloid>,
    /// The market.
    pub symbol: Symbol,
    /// Bought or sold.
    pub side: Side,
    /// Base units; above zero.
    pub size: Size,
    /// Base units held before it, below zero where it was short.
    pub before: Size,
}

/// The least that was left of a position.
#[derive(Clone, Copy, Debug)]
struct Low {
    at: Timestamp,
    /// Of which trade.
    id: u64,
    units: i128,
}

/// What trades say of one bracket.
#[derive(Clone, Debug, Default)]
pub(super) struct Trades {
    /// Its own: above zero where the entry was filled, below where an exit was. At most [`MOST_OWN`], the newest.
    own: BTreeMap<(Timestamp, u64), i128>,
    low: Option<Low>,
}

impl Trades {
    /// The most that may be left of it; nothing where no trade says so.
    pub(super) fn most(&self) -> Option<i128> {
        let low = self.low?;
        Some((low.units + self.since(low.at)).max(0))
    }

    /// What its own trades made of it. Of those of the same moment what was filled counts as later, and what was closed as earlier: what is held has to have
    /// its stop.
    fn since(&self, at: Timestamp) -> i128 {
        let since = self.own.range((at, 0)..);
        let since = since.filter(|((when, _), units)| **units > 0 || *when > at);
        since.map(|(_, units)| units).sum()
    }

    fn own(&mut self, trade: &Trade, units: i128) {
        if self.low.is_some_and(|low| low.id == trade.id) {
            // It was told without its name before.
            self.low = None;
        }
        self.own.insert((trade.at, trade.id), units);
        if self.own.len() > MOST_OWN
            && let Some(((at, _), units)) = self.own.pop_first()
            && let Some(low) = self.low.as_mut().filter(|low| at > low.at)
        {
            low.units += units;
        }
    }

    fn other(&mut self, trade: &Trade, units: i128) {
        let (at, id) = (trade.at, trade.id);
        if self.own.contains_key(&(at, id)) {
            return;
        }
        let most = units + self.since(at);
        if self.most().is_none_or(|before| most <= before) {
            self.low = Some(Low { at, id, units });
        }
    }
}

impl Relay {
    /// A trade of the account, of whichever order.
    pub(super) fn traded(&mut self, trade: &Trade) {
        let of = trade.cloid.and_then(|cloid| self.order(&cloid));
        let of = of.map(|order| order.intent().group);
        let market = self.brackets.iter();
        let market = market.filter(|(_, it)| it.symbol == trade.symbol);
        let groups: Vec<Cloid> = market.map(|(group, _)| *group).collect();
        for group in groups {
            let unnamed = of.is_none() && trade.cloid.is_none() && self.awaits(&group, trade);
            let Some(bracket) = self.brackets.get_mut(&group).filter(|_| !unnamed) else {
                continue;
            };
            let before = bracket.trades.most();
            let closes = trade.side == bracket.side;
            let size = trade.size.units();
            if of == Some(group) {
                bracket.trades.own(trade, if closes { -size } else { size });
            } else {
                let held = match bracket.side {
                    Side::Sell => trade.before.units(),
                    Side::Buy => -trade.before.units(),
                };
                let left = if closes { held - size } else { held };
                bracket.trades.other(trade, left.max(0));
            }
            if bracket.trades.most() != before {
                self.stirred.insert(group);
            }
        }
    }

    /// Whether a trade without a name may be one of the entry's, of which less was told one by one than in all.
    fn awaits(&self, group: &Cloid, trade: &Trade) -> bool {
        let legs = self.groups.get(group).map(Vec::as_slice);
        let mut legs = legs
            .unwrap_or_default()
            .iter()
            .filter_map(|leg| self.order(leg));
        legs.any(|order| {
            let entry = order.intent().leg == Leg::Entry && order.intent().side == trade.side;
            let end = self.venue_time(order.since()).plus_ms(SLACK_MS);
            let over = order.state().is_terminal() && trade.at > end;
            // Of an order that was found in the log it may not be known yet that anything was filled.
            let more = order.state() == State::Unknown || order.uncounted() >= trade.size;
            entry && more && !over
        })
    }

    /// Settles what trades show to be closed. Where not all of the bracket's own are known yet a look at the account has to tell first.
    pub(super) fn closed_elsewhere(
        &self,
        now: Timestamp,
        bracket: &mut Bracket,
        gauge: &mut Gauge,
    ) {
        let over = bracket.over(gauge);
        if over == 0 {
            return;
        }
        if self.unmatched || bracket.found || gauge.unsure || gauge.uncounted {
            bracket.doubt.get_or_insert(now);
            return;
        }
        bracket.settle(now, over);
        gauge.needed -= over;
    }
}

impl Bracket {
    /// How much of what it filled was closed by trades of other orders.
    pub(super) fn over(&self, gauge: &Gauge) -> i128 {
        let most = self.trades.most();
        most.map_or(0, |most| (gauge.needed - most).max(0))
    }
}
