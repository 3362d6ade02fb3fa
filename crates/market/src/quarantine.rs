//! What is held back of a market because its price jumped, until it is known to be right or wrong.
//!
//! Guarded are the last trade, the middle of the best bid and offer, the mark and the index price. While something is held the last valid
//! value stays, and the market's quality says that something is held. What is held is right
//!
//! - when the jump stays for some events and some time (see [`crate::outlier`]);
//! - for quotes, which may stand without a further event: when no other has come for some time;
//! - for trades: when the best bid and offer stand at their level;
//! - when another venue's price of the same symbol is near.
//!
//! Trades that turn out right are taken in their order, with their own times; wrong ones are counted and forgotten. Trades that a venue
//! sends as history are not guarded: they are older than the price that they would be measured by.

use crate::outlier::{Gate, Verdict, agree};
use crate::rules::OutlierRule;
use hypersentry_model::agg::BestPrices;
use hypersentry_model::{Price, Timestamp, Trade};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Trades held at most; beyond it the oldest is refused. Thousands a second have been seen of one market, and a jump is decided in fractions
/// of one.
const MAX_TRADES: usize = 1_024;

/// Which price is guarded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Guarded {
    Trade,
    Bbo,
    Mark,
    Index,
}

impl Guarded {
    /// Quotes first: trades are judged by them.
    pub(crate) const ALL: [Self; 4] = [Self::Bbo, Self::Mark, Self::Index, Self::Trade];
}

/// A trade that waits.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct HeldTrade {
    pub(crate) venue_time: Option<Timestamp>,
    pub(crate) trade: Trade,
}

/// The guards of a market, and what they hold.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Quarantine {
    trade: Gate,
    bbo: Gate,
    mark: Gate,
    index: Gate,
    trades: VecDeque<HeldTrade>,
    best: Option<BestPrices>,
    /// Events that were wrong.
    refused: u64,
}

impl Quarantine {
    const fn gate(&self, which: Guarded) -> &Gate {
        match which {
            Guarded::Trade => &self.trade,
            Guarded::Bbo => &self.bbo,
            Guarded::Mark => &self.mark,
            Guarded::Index => &self.index,
        }
    }

    const fn gate_mut(&mut self, which: Guarded) -> &mut Gate {
        match which {
            Guarded::Trade => &mut self.trade,
            Guarded::Bbo => &mut self.bbo,
            Guarded::Mark => &mut self.mark,
            Guarded::Index => &mut self.index,
        }
    }

    /// Events that were refused as outliers.
    pub(crate) const fn refused(&self) -> u64 {
        self.refused
    }

    /// Events that are held.
    pub(crate) fn held(&self) -> u32 {
        let quotes = [Guarded::Bbo, Guarded::Mark, Guarded::Index];
        let quotes = quotes.iter().filter(|q| self.gate(**q).held().is_some());
        u32::try_from(quotes.count() + self.trades.len()).unwrap_or(u32::MAX)
    }

    /// The prices that are held.
    pub(crate) fn held_prices(&self) -> impl Iterator<Item = (Guarded, Price)> + '_ {
        let held = |which| Some((which, self.gate(which).held()?.0));
        Guarded::ALL.into_iter().filter_map(held)
    }

    /// Judges a trade. It may be taken if trades come back, after these; else it is held.
    pub(crate) fn trade(
        &mut self,
        now: Timestamp,
        venue_time: Option<Timestamp>,
        trade: &Trade,
        tick: Option<Price>,
        rule: &OutlierRule,
    ) -> Option<VecDeque<HeldTrade>> {
        let verdict = self.trade.judge(now, trade.px, tick, rule);
        if matches!(verdict, Verdict::Pass | Verdict::HoldAnew) && !self.trades.is_empty() {
            self.refused += self.trades.len() as u64;
            self.trades.clear();
        }
        match verdict {
            Verdict::Pass => Some(VecDeque::new()),
            Verdict::Release => Some(std::mem::take(&mut self.trades)),
            Verdict::Hold | Verdict::HoldAnew => {
                if self.trades.len() == MAX_TRADES {
                    self.trades.pop_front();
                    self.refused += 1;
                }
                self.trades.push_back(HeldTrade {
                    venue_time,
                    trade: trade.clone(),
                });
                None
            }
        }
    }

    /// Judges the best bid and offer by their middle. Whether they may be taken; else they are held.
    pub(crate) fn best(
        &mut self,
        now: Timestamp,
        best: BestPrices,
        tick: Option<Price>,
        rule: &OutlierRule,
    ) -> bool {
        let Some(middle) = middle(&best) else {
            return true;
        };
        let passes = self.quote(Guarded::Bbo, now, middle, tick, rule);
        self.best = (!passes).then_some(best);
        passes
    }

    /// Judges a quote. Whether it may be taken; else it is held.
    pub(crate) fn quote(
        &mut self,
        which: Guarded,
        now: Timestamp,
        px: Price,
        tick: Option<Price>,
        rule: &OutlierRule,
    ) -> bool {
        let gate = self.gate_mut(which);
        let before = gate.held_events();
        let verdict = gate.judge(now, px, tick, rule);
        if matches!(verdict, Verdict::Pass | Verdict::HoldAnew) {
            self.refused += u64::from(before);
        }
        matches!(verdict, Verdict::Pass | Verdict::Release)
    }

    /// Whether what is held of this price has stood long enough: a quote by itself, trades where the best bid and offer stand.
    pub(crate) fn stands(&self, which: Guarded, now: Timestamp, rule: &OutlierRule) -> bool {
        let Some((px, since)) = self.gate(which).held() else {
            return false;
        };
        if now < since.plus_ms(wait_ms(which, rule)) {
            return false;
        }
        let best = self.bbo.last().filter(|_| self.bbo.held().is_none());
        which != Guarded::Trade || best.is_some_and(|best| agree(px, best, rule))
    }

    /// When [`Self::stands`] is to be asked, if nothing comes before.
    pub(crate) fn due(&self, now: Timestamp, rule: &OutlierRule) -> Option<Timestamp> {
        let dues = Guarded::ALL.into_iter().filter_map(|which| {
            let (_, since) = self.gate(which).held()?;
            Some(since.plus_ms(wait_ms(which, rule)))
        });
        dues.filter(|at| *at > now).min()
    }

    /// What is held of this price is right: it is given back.
    pub(crate) fn release(
        &mut self,
        which: Guarded,
        now: Timestamp,
        tick: Option<Price>,
        rule: &OutlierRule,
    ) -> Option<Released> {
        let gate = self.gate_mut(which);
        let (px, _) = gate.held()?;
        gate.confirm(now, tick, rule);
        match which {
            Guarded::Trade => Some(Released::Trades(std::mem::take(&mut self.trades))),
            Guarded::Bbo => self.best.take().map(Released::Best),
            Guarded::Mark => Some(Released::Mark(px)),
            Guarded::Index => Some(Released::Index(px)),
        }
    }
}

fn wait_ms(which: Guarded, rule: &OutlierRule) -> i64 {
    i64::from(match which {
        Guarded::Trade => rule.persist_ms,
        Guarded::Bbo | Guarded::Mark | Guarded::Index => rule.stand_ms,
    })
}

/// What was held and is right.
#[derive(Clone, Debug)]
pub(crate) enum Released {
    Trades(VecDeque<HeldTrade>),
    Best(BestPrices),
    Mark(Price),
    Index(Price),
}

/// The middle of the best bid and offer, or the one that there is.
pub(crate) fn middle(best: &BestPrices) -> Option<Price> {
    match (best.bid, best.ask) {
        (Some(bid), Some(ask)) => {
            let sum = bid.px.checked_add(ask.px)?;
            Some(Price::from_units(sum.units() / 2))
        }
        (Some(one), None) | (None, Some(one)) => Some(one.px),
        (None, None) => None,
    }
}
