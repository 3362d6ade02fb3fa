//! When clients are told of what: markets and composites on one grid, liquidations on another.

use super::{Market, MarketConfig, MarketId, Told, move_due};
use crate::composite::{self, Composite, Parts};
use crate::flow::Flow;
use crate::liquidations::{Header, Liquidations};
use hypersentry_model::agg::{AggUpdate, TsSource};
use hypersentry_model::event::Feed;
use hypersentry_model::liquidation::LiquidationBatch;
use hypersentry_model::{Coverage, Envelope, EventType, Source, Symbol, Timestamp, Venue};

impl Market {
    /// When [`Self::publish`] is wanted next. It falls on a grid.
    pub fn next_due(&self) -> Option<Timestamp> {
        let markets = self.due.first().map(|(at, _)| *at);
        [markets, self.liquidations_due].into_iter().flatten().min()
    }

    /// Tells clients of every market that is due at `now`, in the order of markets, then of liquidations in the same order.
    pub fn publish(&mut self, now: Timestamp, out: &mut Vec<Told>) {
        while let Some((at, id)) = self.due.first().copied()
            && at <= now
        {
            let Some(venue) = id.source.venue() else {
                self.publish_composite(now, at, id, out);
                continue;
            };
            let told = self.update_by(id, |state, config| {
                Ok(state.publish(now, config.depth, &config.rules, config.grid_ms))
            });
            if let Ok(Some((data, ts_ms))) = told {
                out.push(Told::Agg(Box::new(self.envelope(id, data, ts_ms))));
                if composite::takes_part(venue) {
                    // Sorts behind all venues of the same point of the grid.
                    self.composite_due(id.symbol, at);
                }
            }
        }
        if self.liquidations_due.is_some_and(|at| at <= now) {
            self.publish_liquidations(now, out);
        }
    }

    pub(super) fn composite_due(&mut self, symbol: Symbol, at: Timestamp) {
        let id = MarketId {
            source: Source::Composite,
            symbol,
        };
        let numbers = &mut self.numbers;
        let held = self
            .composites
            .entry(symbol)
            .or_insert_with(|| Composite::begin(numbers.take_agg(id)));
        let before = held.due();
        held.due_at(at);
        move_due(&mut self.due, id, before, held.due());
    }

    fn publish_composite(
        &mut self,
        now: Timestamp,
        due: Timestamp,
        id: MarketId,
        out: &mut Vec<Told>,
    ) {
        let parts = self.parts(id.symbol);
        let grid_ms = self.config.grid_ms;
        let Some(held) = self.composites.get_mut(&id.symbol) else {
            self.due.remove(&(due, id));
            return;
        };
        let before = held.due();
        let told = held.publish(now, &parts, grid_ms);
        move_due(&mut self.due, id, before, held.due());
        if let Some(data) = told {
            out.push(Told::Agg(Box::new(self.envelope(id, data, now.ms()))));
        }
    }

    fn parts(&self, symbol: Symbol) -> Parts {
        let market = |venue| self.markets.get(&MarketId::at(venue, symbol));
        let listed = self.listed.get(&symbol);
        // Without word of the listings, a venue of a kind that is there counts as having it: it may only be late.
        let kind_is_there = |venue: Venue| {
            let alike = Venue::ALL
                .into_iter()
                .filter(|v| v.is_perp() == venue.is_perp());
            alike
                .filter(|v| composite::takes_part(*v))
                .any(|v| market(v).is_some())
        };
        Parts::gather(
            &self.config.rules.composite,
            |venue| listed.map_or_else(|| kind_is_there(venue), |l| l.contains(&venue)),
            |venue| market(venue)?.told(),
        )
    }

    fn publish_liquidations(&mut self, now: Timestamp, out: &mut Vec<Told>) {
        let header = header(&self.config);
        for (id, held) in &mut self.liquidations {
            let state = self.markets.get(id);
            let coverage = |ms: u32| {
                let from_ms = Flow::begin_ms(now, i64::from(ms) / 1_000);
                state.map_or(Coverage::NONE, |s| {
                    s.coverage(Feed::Liquidations, from_ms, now)
                })
            };
            if held.due().is_some_and(|at| at <= now)
                && let Some((seq, batch)) = held.publish(now, header, coverage)
            {
                out.push(Told::Liquidations(Box::new(batched(*id, seq, batch))));
            }
        }
        let due = self.liquidations.values().filter_map(Liquidations::due);
        self.liquidations_due = due.min();
    }

    /// The newest liquidation batch of a market, with the rows before it. It consumes no place in the stream.
    pub fn liquidations(
        &self,
        source: Source,
        symbol: Symbol,
    ) -> Option<Envelope<LiquidationBatch>> {
        let id = MarketId { source, symbol };
        let (seq, batch) = self.liquidations.get(&id)?.snapshot(header(&self.config))?;
        Some(batched(id, seq, batch))
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
            source: id.source,
            seq: data.version,
            data,
        }
    }

    /// What clients have been told of a market, as a snapshot of its current version. It consumes no version.
    pub fn snapshot(&self, source: Source, symbol: Symbol) -> Option<Envelope<AggUpdate>> {
        let id = MarketId { source, symbol };
        let mut data = match source {
            Source::Composite => self.composites.get(&symbol)?.snapshot()?,
            Source::Venue(_) => self.markets.get(&id)?.snapshot(self.config.depth)?,
            Source::Alpha | Source::Account | Source::Execution => return None,
        };
        data.ts_source = Some(TsSource::Receive);
        let now_ms = data.now_ms;
        Some(self.envelope(id, data, now_ms))
    }
}

fn header(config: &MarketConfig) -> Header<'_> {
    Header {
        run_id: &config.run_id,
        mode: config.mode,
        batch_ms: config.rules.liquidations_ms.max(1),
    }
}

const fn batched(id: MarketId, seq: u64, batch: LiquidationBatch) -> Envelope<LiquidationBatch> {
    Envelope {
        event_type: EventType::LiquidationBatch,
        symbol: id.symbol,
        ts_ms: batch.now_ms,
        source: id.source,
        seq,
        data: batch,
    }
}
