//! What the market holds, as the conviction engine is shown it. Here money becomes floats, and nowhere else: what is traded stays integer.

use hypersentry_alpha::observe::{
    Book, ForcedClose, Funding, Level, Observation, OpenInterest, Print, Reading,
};
use hypersentry_market::rules::CompositeRule;
use hypersentry_market::{HeardTrade, Held, Market, MarketId};
use hypersentry_model::event::{Liquidated, Liquidation, LiquidationCoverage};
use hypersentry_model::freshness::limit;
use hypersentry_model::{Coverage, Side, Source, Stamp, Symbol, Timestamp, Venue};

/// Levels a side that are shown: as many as the imbalance of the book looks at.
const LEVELS: usize = 25;

/// Trades of so many seconds are said to be covered or not.
const COVERED_S: i64 = 300;

/// One symbol as it is shown; the buffers serve one symbol after another.
#[derive(Debug, Default)]
pub(super) struct Sight {
    heard: Vec<HeardTrade>,
    bids: Vec<Level>,
    asks: Vec<Level>,
    mid: Option<Reading>,
    trades: Vec<Print>,
    last_trade: Option<Reading>,
    trade_coverage: Option<Coverage>,
    open_interest: Vec<OpenInterest>,
    funding: Vec<Funding>,
    liquidations: Vec<ForcedClose>,
    liquidation_feeds: Vec<Reading>,
}

fn reading(value: f64, venue: Venue, stamp: Stamp, limit_ms: u32) -> Reading {
    Reading {
        value,
        source: Source::Venue(venue),
        as_of: stamp.as_of.ms(),
        proved_at: stamp.proved_at.ms(),
        limit_ms,
    }
}

/// A liquidation as the engine takes it.
pub(super) fn forced_close(
    venue: Venue,
    what: &Liquidation,
    venue_time: Option<Timestamp>,
    now: Timestamp,
) -> ForcedClose {
    ForcedClose {
        px: what.px.to_f64(),
        usd: what.notional_usd.to_f64(),
        long: what.liquidated == Liquidated::Long,
        source: Source::Venue(venue),
        // A venue's clock that runs ahead is taken for ours.
        ts_ms: venue_time.map_or(now, |at| at.min(now)).ms(),
    }
}

impl Sight {
    /// Looks at a symbol: book and trades of the venue that is traded against, the slow figures of all perpetuals.
    pub(super) fn look(
        &mut self,
        market: &mut Market,
        rule: &CompositeRule,
        (symbol, lead): (Symbol, Venue),
        liquidations: impl Iterator<Item = ForcedClose>,
        now: Timestamp,
    ) {
        let id = MarketId::at(lead, symbol);
        self.heard.clear();
        market.take_heard(id, &mut self.heard);
        self.trades.clear();
        self.trades.extend(self.heard.iter().map(|trade| Print {
            px: trade.px.to_f64(),
            usd: trade.notional.to_f64(),
            buy: trade.side == Side::Buy,
            ts_ms: trade.at.ms(),
        }));
        self.liquidations.clear();
        self.liquidations.extend(liquidations);
        let held = market.held(id);
        self.book(lead, held);
        self.last_trade = held
            .and_then(|h| h.last_trade())
            .map(|(px, stamp)| reading(px.to_f64(), lead, stamp, limit::TRADES_MS));
        self.trade_coverage = held.map(|h| h.trades_seen(now, COVERED_S));
        self.open_interest.clear();
        self.funding.clear();
        self.liquidation_feeds.clear();
        for venue in Venue::ALL.into_iter().filter(|venue| venue.is_perp()) {
            self.slow_figures(market, rule, MarketId::at(venue, symbol), venue);
        }
    }

    fn book(&mut self, lead: Venue, held: Option<Held<'_>>) {
        self.bids.clear();
        self.asks.clear();
        self.mid = None;
        let Some(book) = held.and_then(|h| h.book()) else {
            return;
        };
        if let (Some(bid), Some(ask)) = (book.bids.first(), book.asks.first()) {
            let mid = (bid.px.to_f64() + ask.px.to_f64()) / 2.0;
            self.mid = Some(reading(mid, lead, book.stamp, book.limit_ms));
        }
        for (out, side) in [(&mut self.bids, book.bids), (&mut self.asks, book.asks)] {
            let cut = side.iter().take(LEVELS);
            out.extend(cut.map(|level| (level.px.to_f64(), level.sz.to_f64())));
        }
    }

    fn slow_figures(&mut self, market: &Market, rule: &CompositeRule, id: MarketId, venue: Venue) {
        if let Some((stamp, coverage)) = market.liquidation_feed(id) {
            // A feed that has not said how much it tells is taken to sample.
            let all = coverage == Some(LiquidationCoverage::All);
            let feed = reading(
                f64::from(u8::from(all)),
                venue,
                stamp,
                limit::LIQUIDATIONS_MS,
            );
            self.liquidation_feeds.push(feed);
        }
        let Some(held) = market.held(id) else {
            return;
        };
        let weight = match venue {
            Venue::Hyperliquid => rule.oi_hl.to_f64(),
            Venue::BinanceUsdm => rule.oi_binance.to_f64(),
            _ => 0.0,
        };
        // A venue without a weight in the composite says nothing about it, nor does its age.
        if let (true, Some((base, stamp))) = (weight > 0.0, held.open_interest()) {
            let base = reading(base.to_f64(), venue, stamp, limit::OPEN_INTEREST_MS);
            self.open_interest.push(OpenInterest { base, weight });
        }
        // A rate without its interval cannot be compared with others.
        if let Some(funding) = held.funding()
            && let Some(interval_h) = funding.interval_h
        {
            let rate = funding.rate.to_f64();
            let rate = reading(rate, venue, funding.stamp, limit::OPEN_INTEREST_MS);
            self.funding.push(Funding { rate, interval_h });
        }
    }

    /// Whether anything happened that is given only once.
    pub(super) fn has_prints(&self) -> bool {
        !self.trades.is_empty() || !self.liquidations.is_empty()
    }

    /// Liquidations since the tick before, oldest first.
    pub(super) fn liquidations(&self) -> &[ForcedClose] {
        &self.liquidations
    }

    /// As the engine takes it.
    pub(super) fn observation(&self) -> Observation<'_> {
        Observation {
            book: self.mid.map(|mid| Book {
                bids: &self.bids,
                asks: &self.asks,
                mid,
            }),
            open_interest: &self.open_interest,
            funding: &self.funding,
            trades: &self.trades,
            last_trade: self.last_trade,
            trade_coverage: self.trade_coverage,
            liquidations: &self.liquidations,
            liquidation_feeds: &self.liquidation_feeds,
        }
    }
}
