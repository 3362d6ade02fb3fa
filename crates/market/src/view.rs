//! What clients see of a market: a view is taken on the grid, and only its difference to the one before is sent.

use crate::book_view::BookShown;
use crate::candle_view::CandlesShown;
use crate::candles::ByInterval;
use crate::depth_view::DepthShown;
use crate::figures::Figures;
use crate::rules::Rules;
use crate::shown::{Presence, Shown};
use crate::state::MarketState;
use hypersentry_model::agg::{
    AggUpdate, CandleRow, Instrument, Kind, Quality, TapeRow, TradesField,
};
use hypersentry_model::freshness::limit;
use hypersentry_model::{Stamp, Timestamp};
use serde::{Deserialize, Serialize};

/// A market as it was last told.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct View {
    instrument: Option<Instrument>,
    figures: Figures,
    book: BookShown,
    depth: DepthShown,
    trades: Shown<Presence>,
    candles: CandlesShown,
    quality: Quality,
}

/// What came since the view before and is told once.
#[derive(Debug)]
pub(crate) struct News {
    /// Of the tape.
    pub(crate) rows: Vec<TapeRow>,
    /// Rows that were lost between.
    pub(crate) dropped: u32,
    /// Changed candles, unless it is too early to tell them.
    pub(crate) candles: Option<ByInterval<Vec<CandleRow>>>,
    /// There are more of them.
    pub(crate) more_candles: bool,
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
        let trades = Shown::new(trades, limit::TRADES_MS, now);
        Self {
            instrument: state.instrument.clone(),
            figures: Figures::take(state, now),
            depth: DepthShown::take(&book, told.map(|t| &t.depth), &rules.walls, now),
            book,
            candles: CandlesShown::new(state.last_candles(now), trades.mark(), now),
            trades,
            quality: state.quality(now),
        }
    }

    pub(crate) const fn book(&self) -> &BookShown {
        &self.book
    }

    /// Stamps of the trade feed.
    pub(crate) const fn trades_stamp(&self) -> Option<Stamp> {
        self.trades.stamp
    }

    pub(crate) const fn figures(&self) -> &Figures {
        &self.figures
    }

    /// After which point clients must be told again although no event comes.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        let dues = [
            self.figures.due(),
            self.book.due(),
            self.depth.due(),
            self.trades.due(),
            self.candles.due(),
        ];
        dues.into_iter().flatten().min()
    }

    /// Whether candles may be told again after this view.
    pub(crate) fn may_tell_candles(&self, now: Timestamp) -> bool {
        self.candles.ready(now)
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
        update.candles = self.candles.snapshot();
        update.quality = (self.quality != Quality::default()).then(|| self.quality.clone());
        update
    }

    /// What changed since `told`, with the `news`; `None` if nothing worth telling did. `self` becomes what clients then know.
    pub(crate) fn delta(&mut self, told: &Self, news: News, now: Timestamp) -> Option<AggUpdate> {
        let mut update = AggUpdate::empty(Kind::Delta);
        if self.instrument != told.instrument {
            update.instrument = self.instrument.clone();
        }
        self.figures.delta(&told.figures, now, &mut update);
        update.book = self.book.delta(&told.book, now);
        self.depth.delta(&told.depth, now, &mut update);
        if self.trades.settle(&told.trades, now) || !news.rows.is_empty() {
            update.trades = Some(self.trades_field(news.rows, news.dropped));
        }
        let mark = self.trades.mark();
        update.candles = self
            .candles
            .delta(&told.candles, news.candles, news.more_candles, mark);
        if self.quality != told.quality {
            update.quality = Some(self.quality.clone());
        }
        (update != AggUpdate::empty(Kind::Delta)).then_some(update)
    }
}
