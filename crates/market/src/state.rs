//! One market of one source: what is held, and when clients must next be told.

use crate::book::OrderBook;
use crate::guard::{self, Refusal};
use crate::tape::Tape;
use crate::view::{PROOF_REPUBLISH_MS, View};
use hypersentry_model::agg::{AggUpdate, BestPrices, Instrument, TapeRow, TsSource};
use hypersentry_model::event::{AssetContext, Feed, Loss};
use hypersentry_model::{MarketEvent, Payload, Price, Stamp, Timestamp};
use serde::{Deserialize, Serialize};

/// Stamps of each feed; `None` until its first event.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Stamps {
    pub(crate) book: Option<Stamp>,
    pub(crate) top: Option<Stamp>,
    pub(crate) bbo: Option<Stamp>,
    pub(crate) trades: Option<Stamp>,
    pub(crate) context: Option<Stamp>,
    pub(crate) mid: Option<Stamp>,
}

impl Stamps {
    const fn of(&mut self, feed: Feed) -> Option<&mut Option<Stamp>> {
        match feed {
            Feed::Book => Some(&mut self.book),
            Feed::BookTop => Some(&mut self.top),
            Feed::Bbo => Some(&mut self.bbo),
            Feed::Trades => Some(&mut self.trades),
            Feed::Context => Some(&mut self.context),
            Feed::Mids => Some(&mut self.mid),
            Feed::Candles | Feed::OpenInterest | Feed::Funding | Feed::Liquidations => None,
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct MarketState {
    pub(crate) instrument: Option<Instrument>,
    pub(crate) book: OrderBook,
    /// The faster book of the first levels, on venues that have one.
    pub(crate) top: OrderBook,
    /// The book was lost with its connection: clients keep the last levels, which age.
    pub(crate) hold_book: bool,
    /// Last trade price and its venue time in ms.
    pub(crate) price: Option<(Price, i64)>,
    pub(crate) bbo: Option<BestPrices>,
    pub(crate) tape: Tape,
    pub(crate) mid: Option<Price>,
    pub(crate) context: AssetContext,
    pub(crate) stamps: Stamps,
    /// Newest venue time since the last publication.
    venue_ms: Option<i64>,
    told: Option<View>,
    told_at: Option<Timestamp>,
    version: u64,
    due: Option<Timestamp>,
}

impl MarketState {
    pub(crate) const fn due(&self) -> Option<Timestamp> {
        self.due
    }

    pub(crate) const fn version(&self) -> u64 {
        self.version
    }

    fn due_by(&mut self, at: Timestamp) {
        self.due = Some(self.due.map_or(at, |d| d.min(at)));
    }

    fn touch(&mut self, now: Timestamp, feed: Feed, venue_time: Option<Timestamp>, grid_ms: i64) {
        if let Some(stamp) = self.stamps.of(feed) {
            stamp.get_or_insert(Stamp::at(now)).touch(now);
        }
        self.venue_ms = self.venue_ms.max(venue_time.map(Timestamp::ms));
        self.due_by(now.next_on_grid(grid_ms));
    }

    pub(crate) fn event(
        &mut self,
        now: Timestamp,
        feed: Feed,
        event: &MarketEvent,
        replayed: bool,
        grid_ms: i64,
    ) -> Result<(), Refusal> {
        match &event.payload {
            Payload::Trade(trade) => {
                guard::trade(trade)?;
                let ts_ms = event.venue_time.unwrap_or(now).ms();
                if self.price.is_none_or(|(_, held)| ts_ms >= held) {
                    self.price = Some((trade.px, ts_ms));
                }
                self.tape.push(TapeRow {
                    id: trade.id.clone(),
                    px: trade.px,
                    sz: trade.sz,
                    side: trade.side,
                    ts_ms,
                    replayed,
                });
            }
            Payload::BookSnapshot(snapshot) => {
                let book = if feed == Feed::BookTop {
                    &mut self.top
                } else {
                    &mut self.book
                };
                book.apply_snapshot(snapshot)?;
                self.hold_book = false;
            }
            Payload::BookDelta(change) => {
                self.book
                    .apply_delta(change)
                    .inspect_err(|_| self.hold_book = false)?;
            }
            Payload::Bbo(bbo) => {
                guard::bbo(bbo)?;
                self.bbo = Some(BestPrices {
                    bid: bbo.bid,
                    ask: bbo.ask,
                });
            }
            Payload::AssetContext(context) => {
                let prices = [context.mark_px, context.index_px, context.mid_px];
                if prices.iter().flatten().any(|p| !p.is_positive()) {
                    return Err(Refusal::PriceNotPositive);
                }
                if context.open_interest_base.is_some_and(|s| s.units() < 0) {
                    return Err(Refusal::SizeNotPositive);
                }
                if let Some(mid) = context.mid_px {
                    self.mid = Some(mid);
                    self.stamps.mid.get_or_insert(Stamp::at(now)).touch(now);
                }
                self.context = *context;
            }
            // Mids come through `mid`; candles are not kept.
            Payload::Mids(_)
            | Payload::Candle(_)
            | Payload::OpenInterest(_)
            | Payload::Funding(_)
            | Payload::Liquidation(_) => return Ok(()),
        }
        self.touch(now, feed, event.venue_time, grid_ms);
        Ok(())
    }

    pub(crate) fn mid(&mut self, now: Timestamp, px: Price, grid_ms: i64) -> Result<(), Refusal> {
        if !px.is_positive() {
            return Err(Refusal::PriceNotPositive);
        }
        self.mid = Some(px);
        self.touch(now, Feed::Mids, None, grid_ms);
        Ok(())
    }

    pub(crate) fn proof(&mut self, now: Timestamp, feed: Feed, grid_ms: i64) {
        if let Some(Some(stamp)) = self.stamps.of(feed) {
            stamp.prove(now);
            let at = self
                .told_at
                .map_or(now, |t| now.max(t.plus_ms(PROOF_REPUBLISH_MS - grid_ms)));
            self.due_by(at.next_on_grid(grid_ms));
        }
    }

    pub(crate) fn book_lost(&mut self, now: Timestamp, loss: Loss, grid_ms: i64) {
        self.book.lose();
        self.top.lose();
        self.hold_book = loss == Loss::Disconnected;
        self.due_by(now.next_on_grid(grid_ms));
    }

    pub(crate) fn grid(&mut self, now: Timestamp, instrument: Instrument, grid_ms: i64) {
        if self.instrument.as_ref() != Some(&instrument) {
            self.instrument = Some(instrument);
            self.due_by(now.next_on_grid(grid_ms));
        }
    }

    /// What clients must be told at `now`, if anything, with the venue time that it carries.
    pub(crate) fn publish(
        &mut self,
        now: Timestamp,
        depth: usize,
        grid_ms: i64,
    ) -> Option<(AggUpdate, i64)> {
        let mut view = View::take(self, self.told.as_ref(), depth, now);
        let update = match &self.told {
            None => {
                self.tape.take_unpublished();
                Some(view.snapshot(depth, self.tape.rows().cloned().collect()))
            }
            Some(told) => {
                let (rows, dropped) = self.tape.take_unpublished();
                view.delta(told, rows, dropped, now)
            }
        };
        self.due = view.due().map(|t| t.next_on_grid(grid_ms));
        let mut update = update?;
        update.base_version = self.told.is_some().then_some(self.version);
        self.version += 1;
        update.version = self.version;
        update.now_ms = now.ms();
        let ts_ms = self.venue_ms.take().unwrap_or_else(|| {
            update.ts_source = Some(TsSource::Receive);
            now.ms()
        });
        self.told = Some(view);
        self.told_at = Some(now);
        Some((update, ts_ms))
    }

    /// What clients know, as a snapshot of the current version.
    pub(crate) fn snapshot(&self, depth: usize) -> Option<AggUpdate> {
        let told = self.told.as_ref()?;
        let mut update = told.snapshot(depth, self.tape.published().cloned().collect());
        update.version = self.version;
        update.now_ms = self.told_at?.ms();
        Some(update)
    }
}
