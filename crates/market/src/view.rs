//! What clients see of a market: a view is taken on the grid, and only its difference to the one before is sent.

use crate::book_view::BookShown;
use crate::depth_view::DepthShown;
use crate::figures::Figures;
use crate::rules::Rules;
use crate::shown::{Presence, Shown};
use crate::state::MarketState;
use hypersentry_model::Timestamp;
use hypersentry_model::agg::{AggUpdate, Instrument, Kind, Quality, TapeRow, TradesField};
use hypersentry_model::freshness::limit;
use serde::{Deserialize, Serialize};

/// A market as it was last told.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct View {
    instrument: Option<Instrument>,
    figures: Figures,
    book: BookShown,
    depth: DepthShown,
    trades: Shown<Presence>,
    quality: Quality,
}

impl View {
    /// What can be seen of `state` at `now`. `told` is the view before.
    pub(crate) fn take(
        state: &MarketState,
        told: Option<&Self>,
        depth: usize,
        rules: &Rules,
        now: Timestamp,
    ) -> Self {
        let book = BookShown::take(state, told.map(|t| &t.book), depth, now);
        let trades = state.trades_stamp.map(|s| (Presence::Seen, s));
        Self {
            instrument: state.instrument.clone(),
            figures: Figures::take(state, now),
            depth: DepthShown::take(&book, told.map(|t| &t.depth), &rules.walls, now),
            book,
            trades: Shown::new(trades, limit::TRADES_MS, now),
            quality: state.quality(now),
        }
    }

    /// After which point clients must be told again although no event comes.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        let dues = [
            self.figures.due(),
            self.book.due(),
            self.depth.due(),
            self.trades.due(),
        ];
        dues.into_iter().flatten().min()
    }

    fn trades_field(&self, rows: Vec<TapeRow>, dropped: u32) -> TradesField {
        TradesField {
            v: self.trades.v.map(|Presence::Seen| rows),
            dropped: (dropped > 0).then_some(dropped),
            mark: self.trades.mark(),
        }
    }

    /// Every field that the source has, with `rows` of the tape.
    pub(crate) fn snapshot(&self, depth: usize, rows: Vec<TapeRow>) -> AggUpdate {
        let mut update = AggUpdate::empty(Kind::Snapshot);
        update.instrument = self.instrument.clone();
        self.figures.snapshot(&mut update);
        update.book = Some(self.book.snapshot(depth));
        self.depth.snapshot(&mut update);
        update.trades = Some(self.trades_field(rows, 0));
        update.quality = (self.quality != Quality::default()).then(|| self.quality.clone());
        update
    }

    /// What changed since `told`, with the tape's new `rows`; `None` if nothing worth telling did. `self` becomes what clients then know.
    pub(crate) fn delta(
        &mut self,
        told: &Self,
        rows: Vec<TapeRow>,
        dropped: u32,
        now: Timestamp,
    ) -> Option<AggUpdate> {
        let mut update = AggUpdate::empty(Kind::Delta);
        if self.instrument != told.instrument {
            update.instrument = self.instrument.clone();
        }
        self.figures.delta(&told.figures, now, &mut update);
        update.book = self.book.delta(&told.book, now);
        self.depth.delta(&told.depth, now, &mut update);
        if self.trades.settle(&told.trades, now) || !rows.is_empty() {
            update.trades = Some(self.trades_field(rows, dropped));
        }
        if self.quality != told.quality {
            update.quality = Some(self.quality.clone());
        }
        (update != AggUpdate::empty(Kind::Delta)).then_some(update)
    }
}
