//! All markets, and the grid on which clients are told of them.

use crate::composite::Composite;
use crate::given::Given;
use crate::guard::{self, Refusal};
use crate::liquidations::Liquidations;
use crate::outlier::agree;
use crate::pace::Paces;
use crate::rules::Rules;
use crate::state::MarketState;
use hypersentry_model::agg::{AggUpdate, CandleRow, Instrument};
use hypersentry_model::event::{BookSnapshot, Candle, Feed, Loss};
use hypersentry_model::freshness::{Cadence, limit};
use hypersentry_model::liquidation::LiquidationBatch;
use hypersentry_model::{
    Envelope, Grade, Interval, MarketEvent, Mode, Payload, Price, Source, Stamped, Symbol,
    Timestamp, Venue,
};
use serde::{Deserialize, Serialize};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// What is held, for whoever judges it.
mod held;
/// The grid: when clients are told of what.
mod publish;
/// Which markets there are, and what of one that is followed no more.
mod scope;

pub use held::{Held, HeldBook, HeldFunding};

/// One market of one source, under its canonical symbol.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct MarketId {
    /// The venue, or what is combined from several.
    pub source: Source,
    /// The canonical symbol.
    pub symbol: Symbol,
}

impl MarketId {
    /// A market of a venue.
    pub const fn at(venue: Venue, symbol: Symbol) -> Self {
        Self {
            source: Source::Venue(venue),
            symbol,
        }
    }
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
    /// How figures are derived and judged.
    pub rules: Rules,
    /// How often the feeds of a venue's markets give a sign of life; a feed that is absent here is not judged.
    #[serde(default)]
    pub cadences: BTreeMap<Venue, Vec<(Feed, Cadence)>>,
}

impl MarketConfig {
    fn paces(&self, source: Source) -> Paces {
        let of = source.venue().and_then(|venue| self.cadences.get(&venue));
        Paces::new(of.into_iter().flatten().copied())
    }
}

/// What clients are told.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Told {
    /// A market of a source.
    Agg(Box<Envelope<AggUpdate>>),
    /// Liquidations of a market of a venue.
    Liquidations(Box<Envelope<LiquidationBatch>>),
}

/// Markets held at most; a further one is refused.
pub const MAX_MARKETS: usize = 1_024;

/// Markets of which only the mid price is held, at most; a further one is refused.
pub const MAX_MIDS: usize = 8_192;

/// The market core.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Market {
    config: MarketConfig,
    markets: BTreeMap<MarketId, Box<MarketState>>,
    /// Markets of which nothing but a mid price is known: some hundred bytes each, against the kilobytes of a full state.
    mids: BTreeMap<MarketId, Given<Price>>,
    due: BTreeSet<(Timestamp, MarketId)>,
    /// Only of symbols with a market that takes part.
    composites: BTreeMap<Symbol, Composite>,
    /// Which venues have a symbol, where that was told.
    listed: BTreeMap<Symbol, BTreeSet<Venue>>,
    /// Only of markets whose feed is followed or spoke, so at most [`MAX_MARKETS`].
    liquidations: BTreeMap<MarketId, Liquidations>,
    /// When the first of them has something to tell.
    liquidations_due: Option<Timestamp>,
    /// Where the streams of markets that were released go on.
    #[serde(default)]
    numbers: scope::Numbers,
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
            mids: BTreeMap::new(),
            due: BTreeSet::new(),
            composites: BTreeMap::new(),
            listed: BTreeMap::new(),
            liquidations: BTreeMap::new(),
            liquidations_due: None,
            numbers: scope::Numbers::default(),
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
        self.update_by(id, |state, config| change(state, config.grid_ms))
    }

    fn update_by<T>(
        &mut self,
        id: MarketId,
        change: impl FnOnce(&mut MarketState, &MarketConfig) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let held = self.markets.len();
        let state = match self.markets.entry(id) {
            Entry::Occupied(state) => state.into_mut(),
            Entry::Vacant(_) if held >= MAX_MARKETS => return Err(Refusal::TooManyMarkets),
            Entry::Vacant(room) => {
                let paces = self.config.paces(id.source);
                let begun = MarketState::begin(paces, self.numbers.take_agg(id));
                room.insert(Box::new(begun.with_mid(self.mids.remove(&id))))
            }
        };
        let before = state.due();
        let result = change(state, &self.config);
        let after = state.due();
        move_due(&mut self.due, id, before, after);
        result
    }

    /// A change that nothing refuses, of a market that is held.
    fn note(&mut self, id: MarketId, change: impl FnOnce(&mut MarketState, i64)) {
        if self.markets.contains_key(&id) {
            // Neither can it be one market too many.
            let _ = self.update(id, |state, grid| {
                change(state, grid);
                Ok(())
            });
        }
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
        if let Payload::Liquidation(what) = &event.payload {
            guard::liquidation(what)?;
            self.note(id, |state, grid| state.heard(now, feed, grid));
            return self.liquidations_of(id, |held, step| {
                held.add(now, event.venue_time, what, step);
            });
        }
        self.guarded(now, id, feed, event, replayed, false)
    }

    /// Gives an event to its market. What the market holds back as an outlier is taken at once if another venue says the same.
    fn guarded(
        &mut self,
        now: Timestamp,
        id: MarketId,
        feed: Feed,
        event: &MarketEvent,
        replayed: bool,
        rest: bool,
    ) -> Result<(), Refusal> {
        let taken = self.update_by(id, |state, config| {
            state.event(now, feed, event, replayed, rest, config)
        })?;
        if !taken {
            self.ask_others(now, id);
        }
        Ok(())
    }

    /// How many events of a venue's markets turned out to be outliers, where any did.
    pub fn outliers(&self, venue: Venue) -> impl Iterator<Item = (Symbol, u64)> + '_ {
        let of = self.markets.iter();
        let of = of.filter(move |(id, _)| id.source == Source::Venue(venue));
        of.map(|(id, state)| (id.symbol, state.quarantine.refused()))
            .filter(|(_, count)| *count > 0)
    }

    fn ask_others(&mut self, now: Timestamp, id: MarketId) {
        let Some(state) = self.markets.get(&id) else {
            return;
        };
        let rule = &self.config.rules.outliers;
        let others = Venue::ALL.map(|venue| MarketId::at(venue, id.symbol));
        let others = others.iter().filter(|other| **other != id);
        let states: Vec<_> = others.filter_map(|id| self.markets.get(id)).collect();
        let held = state.quarantine.held_prices();
        let confirmed: Vec<_> = held
            .filter(|(_, px)| {
                let mut witnesses = states.iter().flat_map(|s| s.witnesses(now));
                witnesses.any(|witness| agree(*px, witness, rule))
            })
            .map(|(which, _)| which)
            .collect();
        for which in confirmed {
            // The market is held, and nothing refuses.
            let _ = self.update_by(id, |state, config| {
                state.release(which, now, &config.rules.outliers);
                Ok(())
            });
        }
    }

    /// Takes a mid price. It creates no full state: one message has the mids of a thousand markets, most of which nobody watches. A market
    /// of which nothing else came is not published; [`Self::mids`] has it.
    ///
    /// # Errors
    /// The price is not positive, or there are too many markets.
    pub fn mid(&mut self, now: Timestamp, id: MarketId, px: Price) -> Result<(), Refusal> {
        if self.markets.contains_key(&id) {
            return self.update(id, |state, grid| state.mid(now, px, grid));
        }
        if !px.is_positive() {
            return Err(Refusal::PriceNotPositive);
        }
        if !self.mids.contains_key(&id) && self.mids.len() >= MAX_MIDS {
            return Err(Refusal::TooManyMarkets);
        }
        match self.mids.entry(id) {
            Entry::Occupied(held) => held.into_mut().set(px, Feed::Mids, now),
            Entry::Vacant(slot) => {
                slot.insert(Given::new(px, Feed::Mids, now));
            }
        }
        Ok(())
    }

    /// The mid prices of a source, of watched markets and others, by symbol within each.
    pub fn mids(&self, source: Source) -> impl Iterator<Item = (Symbol, Stamped<Price>)> + '_ {
        let of = move |id: &MarketId, given: &Given<Price>| {
            (id.source == source).then_some((
                id.symbol,
                Stamped {
                    value: given.v,
                    stamp: given.stamp,
                    source,
                    limit_ms: limit::PRICE_MS,
                },
            ))
        };
        let watched = self
            .markets
            .iter()
            .filter_map(move |(id, state)| of(id, state.given.mid.as_ref()?));
        watched.chain(self.mids.iter().filter_map(move |(id, mid)| of(id, mid)))
    }

    /// Notes that a feed lives although it sent no event. A feed that never sent one stays missing.
    pub fn proof(&mut self, now: Timestamp, id: MarketId, feed: Feed) {
        if feed == Feed::Liquidations {
            if self.liquidations.contains_key(&id) {
                let _ = self.liquidations_of(id, |held, step| held.prove(now, step));
            }
            self.note(id, |state, grid| state.proof(now, feed, grid));
            return;
        }
        if let Some(mid) = self.mids.get_mut(&id) {
            mid.prove(feed, now);
        }
        self.note(id, |state, grid| state.proof(now, feed, grid));
    }

    /// From now on nothing of this feed is missed.
    pub fn following(&mut self, now: Timestamp, id: MarketId, feed: Feed, grade: Grade) {
        if feed == Feed::Liquidations {
            let _ = self.liquidations_of(id, |held, step| held.follow(now, step));
        }
        // Mids alone make no full state. One market too many is refused with its events.
        if feed != Feed::Mids || self.markets.contains_key(&id) {
            let _ = self.update(id, |state, grid| {
                state.following(now, feed, grade, grid);
                Ok(())
            });
        }
    }

    /// Nothing is known of this feed after `since`, until it is followed again.
    pub fn broken(&mut self, now: Timestamp, id: MarketId, feed: Feed, since: Timestamp) {
        self.note(id, |state, grid| state.broken(now, feed, since, grid));
    }

    /// All that the feed would have said between `from` and `to` was given as replayed events, or is known to be nothing.
    pub fn repaired(
        &mut self,
        now: Timestamp,
        id: MarketId,
        feed: Feed,
        from: Timestamp,
        to: Timestamp,
    ) {
        self.note(id, |state, grid| state.repaired(now, feed, from, to, grid));
    }

    /// Takes a figure that was asked for over REST because its feed is stale or lost. It stands until the feed speaks again.
    ///
    /// # Errors
    /// As [`Self::event`].
    pub fn repair(
        &mut self,
        now: Timestamp,
        id: MarketId,
        feed: Feed,
        event: &MarketEvent,
    ) -> Result<(), Refusal> {
        self.guarded(now, id, feed, event, false, true)
    }

    /// Takes past candles of the venue itself, oldest first.
    ///
    /// # Errors
    /// There are too many markets, or a candle is malformed.
    pub fn past_candles(
        &mut self,
        now: Timestamp,
        id: MarketId,
        interval: Interval,
        candles: &[Candle],
    ) -> Result<(), Refusal> {
        self.update(id, |state, grid| {
            state.past_candles(now, interval, candles, grid)
        })
    }

    /// The newest `limit` candles of a market, oldest first, as of the last thing that happened there.
    pub fn candles(&self, id: MarketId, interval: Interval, limit: usize) -> Vec<CandleRow> {
        let state = self.markets.get(&id);
        state.map_or_else(Vec::new, |s| s.candles(interval, limit))
    }

    /// Whether the first levels of a market's book are those of `first`, as many as it has; `None` while the book may not be read.
    pub fn book_agrees(&self, id: MarketId, first: &BookSnapshot) -> Option<bool> {
        self.markets.get(&id)?.book_agrees(first)
    }

    /// Withdraws the book until its next snapshot.
    pub fn book_lost(&mut self, now: Timestamp, id: MarketId, loss: Loss) {
        self.note(id, |state, grid| state.book_lost(now, loss, grid));
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

    fn liquidations_of(
        &mut self,
        id: MarketId,
        change: impl FnOnce(&mut Liquidations, i64),
    ) -> Result<(), Refusal> {
        if !self.liquidations.contains_key(&id) && self.liquidations.len() >= MAX_MARKETS {
            return Err(Refusal::TooManyMarkets);
        }
        let numbers = &mut self.numbers;
        let held = self
            .liquidations
            .entry(id)
            .or_insert_with(|| Liquidations::begin(numbers.take_liquidations(id)));
        change(held, i64::from(self.config.rules.liquidations_ms.max(1)));
        let due = [self.liquidations_due, held.due()];
        self.liquidations_due = due.into_iter().flatten().min();
        Ok(())
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
            .filter(|(_, s)| s.told().is_some())
            .map(|(id, _)| *id)
    }
}

fn move_due(
    due: &mut BTreeSet<(Timestamp, MarketId)>,
    id: MarketId,
    before: Option<Timestamp>,
    after: Option<Timestamp>,
) {
    if before != after {
        if let Some(at) = before {
            due.remove(&(at, id));
        }
        if let Some(at) = after {
            due.insert((at, id));
        }
    }
}
