//! Prices on their way into a market: past the guard, or held by it.

use super::MarketState;
use crate::given::give;
use crate::guard::{self, Refusal};
use crate::quarantine::{Guarded, HeldTrade, Released, middle};
use crate::rules::OutlierRule;
use hypersentry_model::agg::BestPrices;
use hypersentry_model::event::{AssetContext, Bbo, BookSnapshot, Feed};
use hypersentry_model::freshness::limit;
use hypersentry_model::{Freshness, Level, Price, Stamp, Timestamp, Trade};
use std::collections::VecDeque;

/// Best prices that were proved within this time say where a book must be.
const BESIDE_MS: i64 = 1_000;

impl MarketState {
    /// The smallest step of the price, where it is known.
    fn tick(&self) -> Option<Price> {
        let decimals = self.instrument.as_ref()?.px_decimals;
        let units = 10i128.checked_pow(Price::SCALE.checked_sub(decimals)?)?;
        Some(Price::from_units(units))
    }

    /// Takes a trade that is no history. Whether it was taken; else it is held.
    pub(super) fn guarded_trade(
        &mut self,
        now: Timestamp,
        feed: Feed,
        venue_time: Option<Timestamp>,
        trade: &Trade,
        rule: &OutlierRule,
    ) -> Result<bool, Refusal> {
        guard::trade(trade)?;
        let tick = self.tick();
        let Some(before) = self.quarantine.trade(now, venue_time, trade, tick, rule) else {
            return Ok(false);
        };
        self.take_trades(now, feed, before);
        self.trade(now, feed, venue_time, trade, false)?;
        Ok(true)
    }

    fn take_trades(&mut self, now: Timestamp, feed: Feed, held: VecDeque<HeldTrade>) {
        for HeldTrade { venue_time, trade } in held {
            // Its form was checked before it was held; what is past the range of an amount is left out.
            let _ = self.trade(now, feed, venue_time, &trade, false);
        }
    }

    /// As [`Self::guarded_trade`], for the best bid and offer.
    pub(super) fn guarded_bbo(
        &mut self,
        now: Timestamp,
        feed: Feed,
        bbo: &Bbo,
        rule: &OutlierRule,
    ) -> Result<bool, Refusal> {
        guard::bbo(bbo)?;
        let best = BestPrices {
            bid: bbo.bid,
            ask: bbo.ask,
        };
        let passes = self.quarantine.best(now, best, self.tick(), rule);
        if passes {
            give(&mut self.given.bbo, Some(best), feed, now);
        }
        Ok(passes)
    }

    /// Takes the slow figures, of mark and index only what passes. Whether all was taken.
    pub(super) fn guarded_context(
        &mut self,
        now: Timestamp,
        feed: Feed,
        context: &AssetContext,
        rule: &OutlierRule,
    ) -> Result<bool, Refusal> {
        guard::context(context)?;
        let tick = self.tick();
        let mut passes = |which, px: Option<Price>| {
            px.filter(|px| self.quarantine.quote(which, now, *px, tick, rule))
        };
        let taken = AssetContext {
            mark_px: passes(Guarded::Mark, context.mark_px),
            index_px: passes(Guarded::Index, context.index_px),
            ..*context
        };
        self.given.context(&taken, feed, now);
        Ok(taken == *context)
    }

    /// Refuses a whole book that nothing numbers, so that nothing else shows that it is wrong, if its best prices lie beyond those that the
    /// same venue tells beside it by more than always passes.
    pub(super) fn beside_best(
        &self,
        now: Timestamp,
        book: &BookSnapshot,
        rule: &OutlierRule,
    ) -> Result<(), Refusal> {
        let told = self.given.bbo.as_ref();
        let told = told.filter(|told| told.stamp.proved_at.plus_ms(BESIDE_MS) > now);
        let (None, Some(told), 1..) = (book.last_seq, told, rule.sigmas) else {
            return Ok(());
        };
        // While best prices are held back themselves, they say nothing of the book.
        if self
            .quarantine
            .held_prices()
            .any(|(which, _)| which == Guarded::Bbo)
        {
            return Ok(());
        }
        let beyond = |low: Option<Price>, high: Option<Price>| {
            low.zip(high).is_some_and(|(low, high)| {
                let (low, high) = (low.units(), high.units());
                low > high.saturating_add(high / 10_000 * i128::from(rule.floor_bps))
            })
        };
        let px = |level: Option<&Level>| level.map(|level| level.px);
        if beyond(px(book.bids.first()), px(told.v.ask.as_ref()))
            || beyond(px(told.v.bid.as_ref()), px(book.asks.first()))
        {
            return Err(Refusal::BeyondBest);
        }
        Ok(())
    }

    /// Takes what was held of this price: someone else says the same, or it has stood long enough.
    pub(crate) fn release(&mut self, which: Guarded, now: Timestamp, rule: &OutlierRule) {
        let tick = self.tick();
        match self.quarantine.release(which, now, tick, rule) {
            Some(Released::Trades(held)) => {
                self.take_trades(now, Feed::Trades, held);
                self.trades_stamp.get_or_insert(Stamp::at(now)).touch(now);
            }
            Some(Released::Best(best)) => give(&mut self.given.bbo, Some(best), Feed::Bbo, now),
            Some(Released::Mark(px)) => give(&mut self.given.mark, Some(px), Feed::Context, now),
            Some(Released::Index(px)) => give(&mut self.given.index, Some(px), Feed::Context, now),
            None => {}
        }
    }

    /// Takes what has stood long enough by `now`.
    pub(super) fn release_standing(&mut self, now: Timestamp, rule: &OutlierRule) {
        for which in Guarded::ALL {
            if self.quarantine.stands(which, now, rule) {
                self.release(which, now, rule);
            }
        }
    }

    /// Prices of this market that are fresh, for the guards of other venues' markets.
    pub(crate) fn witnesses(&self, now: Timestamp) -> impl Iterator<Item = Price> + '_ {
        let given = &self.given;
        let best = given.bbo.as_ref();
        let best = best.and_then(|g| Some((middle(&g.v)?, g.stamp)));
        let single = [&given.price, &given.mark].map(|g| g.as_ref().map(|g| (g.v, g.stamp)));
        let all = single.into_iter().chain([best]).flatten();
        all.filter(move |(_, stamp)| stamp.freshness(now, limit::PRICE_MS) == Freshness::Fresh)
            .map(|(px, _)| px)
    }
}
