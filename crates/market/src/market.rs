//! All markets, and the grid on which clients are told of them.

use crate::guard::Refusal;
use crate::state::MarketState;
use hypersentry_model::agg::{AggUpdate, Instrument, TsSource};
use hypersentry_model::event::{Feed, Loss};
use hypersentry_model::{
    Envelope, EventType, MarketEvent, Mode, Price, Source, Symbol, Timestamp, Venue,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One market of one venue, under its canonical symbol.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct MarketId {
    /// The venue.
    pub venue: Venue,
    /// The canonical symbol.
    pub symbol: Symbol,
}

/// How the core publishes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct MarketConfig {
    /// The run, told in snapshots.
    pub run_id: String,
    /// Whether the figures are real, told in snapshots.
    pub mode: Mode,
    /// Step of the publication grid in milliseconds, from 1.
    pub grid_ms: i64,
    /// Levels a side in view, from 6.
    pub depth: usize,
}

/// Markets held at most; a further one is refused.
pub const MAX_MARKETS: usize = 1_024;

/// The market core.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Market {
    config: MarketConfig,
    markets: BTreeMap<MarketId, MarketState>,
    due: BTreeSet<(Timestamp, MarketId)>,
}

impl Market {
    /// A core that has seen nothing.
    pub fn new(config: MarketConfig) -> Self {
        let config = MarketConfig {
            grid_ms: config.grid_ms.max(1),
            depth: config.depth.max(6),
            ..config
        };
        Self {
            config,
            markets: BTreeMap::new(),
            due: BTreeSet::new(),
        }
    }

    /// Lets all snapshots say this mode from now on.
    pub const fn show_as(&mut self, mode: Mode) {
        self.config.mode = mode;
    }

    fn update<T>(
        &mut self,
        id: MarketId,
        change: impl FnOnce(&mut MarketState, i64) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        if !self.markets.contains_key(&id) && self.markets.len() >= MAX_MARKETS {
            return Err(Refusal::TooManyMarkets);
        }
        let state = self.markets.entry(id).or_default();
        let before = state.due();
        let result = change(state, self.config.grid_ms);
        let after = state.due();
        if before != after {
            if let Some(at) = before {
                self.due.remove(&(at, id));
            }
            if let Some(at) = after {
                self.due.insert((at, id));
            }
        }
        result
    }

    /// Takes an event of `feed`, received at `now`.
    ///
    /// # Errors
    /// The event is refused and changes nothing, except that a refused book change withdraws the book.
    pub fn event(
        &mut self,
        now: Timestamp,
        id: MarketId,
        feed: Feed,
        event: &MarketEvent,
        replayed: bool,
    ) -> Result<(), Refusal> {
        self.update(id, |state, grid| {
            state.event(now, feed, event, replayed, grid)
        })
    }

    /// Takes a mid price.
    ///
    /// # Errors
    /// The price is not positive.
    pub fn mid(&mut self, now: Timestamp, id: MarketId, px: Price) -> Result<(), Refusal> {
        self.update(id, |state, grid| state.mid(now, px, grid))
    }

    /// Notes that a feed lives although it sent no event. A feed that never sent one stays missing.
    pub fn proof(&mut self, now: Timestamp, id: MarketId, feed: Feed) {
        if self.markets.contains_key(&id) {
            // The closure cannot refuse, and the market exists.
            let _ = self.update(id, |state, grid| {
                state.proof(now, feed, grid);
                Ok(())
            });
        }
    }

    /// Withdraws the book until its next snapshot.
    pub fn book_lost(&mut self, now: Timestamp, id: MarketId, loss: Loss) {
        if self.markets.contains_key(&id) {
            let _ = self.update(id, |state, grid| {
                state.book_lost(now, loss, grid);
                Ok(())
            });
        }
    }

    /// Notes a market's tick and lot.
    ///
    /// # Errors
    /// There are too many markets.
    pub fn instrument(
        &mut self,
        now: Timestamp,
        id: MarketId,
        instrument: Instrument,
    ) -> Result<(), Refusal> {
        self.update(id, |state, grid| {
            state.grid(now, instrument, grid);
            Ok(())
        })
    }

    /// When [`Self::publish`] is wanted next. It falls on the grid.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Tells clients of every market that is due at `now`, in the order of markets.
    pub fn publish(&mut self, now: Timestamp, out: &mut Vec<Envelope<AggUpdate>>) {
        while let Some((at, id)) = self.due.first().copied()
            && at <= now
        {
            let depth = self.config.depth;
            let told = self.update(id, |state, grid| Ok(state.publish(now, depth, grid)));
            if let Ok(Some((data, ts_ms))) = told {
                out.push(self.envelope(id, data, ts_ms));
            }
        }
    }

    fn envelope(&self, id: MarketId, mut data: AggUpdate, ts_ms: i64) -> Envelope<AggUpdate> {
        if data.base_version.is_none() {
            data.run_id = Some(self.config.run_id.clone());
            data.mode = Some(self.config.mode);
        }
        Envelope {
            event_type: EventType::AggUpdate,
            symbol: id.symbol,
            ts_ms,
            source: Source::Venue(id.venue),
            seq: data.version,
            data,
        }
    }

    /// What clients have been told of a market, as a snapshot of its current version. It consumes no version.
    pub fn snapshot(&self, source: Source, symbol: Symbol) -> Option<Envelope<AggUpdate>> {
        let Source::Venue(venue) = source else {
            return None;
        };
        let id = MarketId { venue, symbol };
        let state = self.markets.get(&id)?;
        let mut data = state.snapshot(self.config.depth)?;
        data.ts_source = Some(TsSource::Receive);
        let now_ms = data.now_ms;
        Some(self.envelope(id, data, now_ms))
    }

    /// Whether the book of a market may be read.
    pub fn book_is_synced(&self, id: MarketId) -> bool {
        self.markets
            .get(&id)
            .is_some_and(|s| s.book.is_synced() || s.top.is_synced())
    }

    /// The markets that were seen.
    pub fn ids(&self) -> impl Iterator<Item = MarketId> + '_ {
        self.markets
            .iter()
            .filter(|(_, s)| s.version() > 0)
            .map(|(id, _)| *id)
    }
}
