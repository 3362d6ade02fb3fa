//! What is held of a market, for whoever judges it: the figures as clients were last told them, with their stamps.

use super::{Market, MarketId};
use crate::flow::Flow;
use crate::heard::HeardTrade;
use crate::state::MarketState;
use crate::view::View;
use hypersentry_model::agg::{Instrument, TapeRow};
use hypersentry_model::event::{Feed, LiquidationCoverage};
use hypersentry_model::freshness::limit;
use hypersentry_model::{Coverage, Level, Price, Rate, Size, Stamp, Symbol, Timestamp, Venue};

/// One market of a venue. A figure that was never told is absent.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    state: &'a MarketState,
    told: &'a View,
}

/// A book in view.
#[derive(Clone, Copy, Debug)]
pub struct HeldBook<'a> {
    /// Best first.
    pub bids: &'a [Level],
    /// Best first.
    pub asks: &'a [Level],
    /// Of the first levels.
    pub stamp: Stamp,
    /// Age limit of the first levels in milliseconds.
    pub limit_ms: u32,
}

/// A funding rate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HeldFunding {
    /// The rate per interval.
    pub rate: Rate,
    /// Hours between fundings, where known.
    pub interval_h: Option<u32>,
    /// When it is paid next, UTC ms, where known.
    pub next_ms: Option<i64>,
    /// Its stamps.
    pub stamp: Stamp,
}

impl<'a> Held<'a> {
    /// The book, cut to the depth that clients see. After a lost connection the last one, which ages; none where it may be wrong.
    pub fn book(&self) -> Option<HeldBook<'a>> {
        let (bids, asks) = self.told.book().sides()?;
        Some(HeldBook {
            bids,
            asks,
            stamp: self.told.book().stamp()?,
            limit_ms: limit::BOOK_MS,
        })
    }

    /// The last price that was traded, with the stamps of the trade feed.
    pub fn last_trade(&self) -> Option<(Price, Stamp)> {
        let (price, _) = self.told.figures().told_price()?;
        Some((price, self.told.trades_stamp()?))
    }

    /// How much of the trades of the last `seconds` was seen.
    pub fn trades_seen(&self, now: Timestamp, seconds: i64) -> Coverage {
        let from_ms = Flow::begin_ms(now, seconds);
        self.state.coverage(Feed::Trades, from_ms, now)
    }

    /// Open interest in base units.
    pub fn open_interest(&self) -> Option<(Size, Stamp)> {
        self.told.figures().told_open_interest_base()
    }

    /// Funding.
    pub fn funding(&self) -> Option<HeldFunding> {
        let (terms, stamp) = self.told.figures().told_funding()?;
        Some(HeldFunding {
            rate: terms.rate,
            interval_h: terms.interval_h,
            next_ms: terms.next_ms,
            stamp,
        })
    }

    /// Mark price.
    pub fn mark(&self) -> Option<(Price, Stamp)> {
        self.told.figures().told_mark()
    }

    /// Index price; of a venue with an oracle, the oracle's.
    pub fn index(&self) -> Option<(Price, Stamp)> {
        self.told.figures().told_index()
    }

    /// The last trades that clients were told of, oldest first.
    pub fn trades(&self) -> impl Iterator<Item = &'a TapeRow> + use<'a> {
        self.state.tape.published()
    }

    /// The market's tick and lot, where known.
    pub fn instrument(&self) -> Option<&'a Instrument> {
        self.state.instrument.as_ref()
    }
}

impl Market {
    /// What is held of a market; nothing before clients were first told of it.
    pub fn held(&self, id: MarketId) -> Option<Held<'_>> {
        let state = self.markets.get(&id)?;
        let told = state.told()?;
        Some(Held { state, told })
    }

    /// Stamps of a market's liquidation feed, once it is followed, and how much of the liquidations it tells, once it said so.
    pub fn liquidation_feed(&self, id: MarketId) -> Option<(Stamp, Option<LiquidationCoverage>)> {
        self.liquidations.get(&id)?.feed()
    }

    /// Moves the trades of a market since the last call to `out`, oldest first. From the first call on they are kept for the next one,
    /// until [`Self::hush`].
    pub fn take_heard(&mut self, id: MarketId, out: &mut Vec<HeardTrade>) {
        if let Some(state) = self.markets.get_mut(&id) {
            state.heard.get_or_insert_default().take(out);
        }
    }

    /// Keeps no more trades of a market for [`Self::take_heard`].
    pub fn hush(&mut self, id: MarketId) {
        if let Some(state) = self.markets.get_mut(&id) {
            state.heard = None;
        }
    }

    /// The symbols of which a venue told something, each once, in order.
    pub fn symbols(&self) -> impl Iterator<Item = Symbol> + '_ {
        let mut symbols: Vec<Symbol> = self
            .ids()
            .filter(|id| id.source.venue().is_some())
            .map(|id| id.symbol)
            .collect();
        symbols.sort_unstable();
        symbols.dedup();
        symbols.into_iter()
    }

    /// Whether a venue told something of a symbol.
    pub fn has_told(&self, venue: Venue, symbol: Symbol) -> bool {
        let state = self.markets.get(&MarketId::at(venue, symbol));
        state.is_some_and(|s| s.told().is_some())
    }
}
