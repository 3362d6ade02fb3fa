//! What a client would hold of each market: books, mark prices, funding, kept from what is published.

use hypersentry_model::agg::{AggUpdate, BookField, Kind};
use hypersentry_model::{Envelope, Freshness, Level, Price, Rate, Size, Source, Symbol};
use std::collections::BTreeMap;

/// Levels a side that a backtest may walk.
const LEVELS: usize = 100;

/// One market. Its book has as many levels as the server keeps in view.
#[derive(Debug, Default)]
struct Held {
    bids: BTreeMap<Price, Size>,
    asks: BTreeMap<Price, Size>,
    /// When the book was proved last, and the limit for its age.
    proved: Option<(i64, u32)>,
    sz_decimals: Option<u32>,
    mark: Option<Price>,
    funding: Option<(Rate, u32)>,
}

/// All markets of a replay.
#[derive(Debug, Default)]
pub(super) struct Markets {
    held: BTreeMap<(Source, Symbol), Held>,
}

/// A market at a moment.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) bids: Vec<Level>,
    pub(super) asks: Vec<Level>,
    pub(super) sz_decimals: Option<u32>,
    pub(super) mark: Option<Price>,
    pub(super) funding: Option<(Rate, u32)>,
}

impl Markets {
    /// Takes what is published.
    pub(super) fn take(&mut self, event: &Envelope<AggUpdate>) {
        let held = self.held.entry((event.source, event.symbol)).or_default();
        let update = &event.data;
        if update.kind == Kind::Snapshot {
            *held = Held::default();
        }
        if let Some(instrument) = &update.instrument {
            held.sz_decimals = Some(instrument.sz_decimals);
        }
        if let Some(mark) = &update.mark_price {
            held.mark = mark.v;
        }
        if let Some(funding) = &update.funding_rate {
            held.funding = funding.v.zip(funding.interval_h);
        }
        if let Some(book) = &update.book {
            held.book(book, update.kind);
        }
    }

    /// The market at `now_ms`: without a book where it is missing or past its limit.
    pub(super) fn seen(&self, source: Option<Source>, symbol: Symbol, now_ms: i64) -> Seen {
        let Some(held) = source.and_then(|source| self.held.get(&(source, symbol))) else {
            return Seen::default();
        };
        let mut seen = Seen {
            sz_decimals: held.sz_decimals,
            mark: held.mark,
            funding: held.funding,
            ..Seen::default()
        };
        let live = |(proved, limit): (i64, u32)| now_ms - proved <= i64::from(limit);
        if held.proved.is_some_and(live) {
            let level = |(px, sz): (&Price, &Size)| Level { px: *px, sz: *sz };
            seen.bids = held.bids.iter().rev().take(LEVELS).map(level).collect();
            seen.asks = held.asks.iter().take(LEVELS).map(level).collect();
        }
        seen
    }
}

impl Held {
    fn book(&mut self, book: &BookField, kind: Kind) {
        if book.mark.state == Freshness::Missing || kind == Kind::Snapshot {
            self.bids.clear();
            self.asks.clear();
            self.proved = None;
        }
        self.proved = book.mark.proved_at.map(|at| (at, book.mark.age_limit_ms));
        for (side, levels) in [(&mut self.bids, &book.bids), (&mut self.asks, &book.asks)] {
            for level in levels.iter().flatten() {
                if level.sz.is_zero() {
                    side.remove(&level.px);
                } else {
                    side.insert(level.px, level.sz);
                }
            }
        }
    }
}
