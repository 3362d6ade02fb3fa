//! What clients see of a market: a view is taken on the grid, and only its difference to the one before is sent.

use crate::state::MarketState;
use hypersentry_model::agg::{
    AggUpdate, BestPrices, BookField, Deep, Field, FundingField, Instrument, Kind, Mark, TapeRow,
    TradesField,
};
use hypersentry_model::freshness::limit;
use hypersentry_model::{Freshness, Level, Price, Rate, Size, Stamp, Timestamp, Usd};
use serde::{Deserialize, Serialize};

/// How much a proof of life may advance before it is told to clients although nothing else changed.
pub(crate) const PROOF_REPUBLISH_MS: i64 = 1_000;

/// Levels that the faster book of a venue gives, where it has one.
const TOP_LEVELS: usize = 5;

/// A figure as it was last told.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Shown<T> {
    v: Option<T>,
    stamp: Option<Stamp>,
    limit_ms: u32,
    state: Freshness,
    /// A newer proof of life is known than clients were told.
    untold_proof: bool,
}

impl<T: Clone + PartialEq> Shown<T> {
    fn new(v: Option<T>, stamp: Option<Stamp>, limit_ms: u32, now: Timestamp) -> Self {
        // A value without a stamp cannot be shown, a stamp without a value says nothing.
        match (v, stamp) {
            (Some(v), Some(stamp)) => Self {
                v: Some(v),
                stamp: Some(stamp),
                limit_ms,
                state: stamp.freshness(now, limit_ms),
                untold_proof: false,
            },
            _ => Self {
                v: None,
                stamp: None,
                limit_ms,
                state: Freshness::Missing,
                untold_proof: false,
            },
        }
    }

    fn mark(&self) -> Mark {
        Mark {
            as_of: self.stamp.map(|s| s.as_of.ms()),
            proved_at: self.stamp.map(|s| s.proved_at.ms()),
            age_limit_ms: self.limit_ms,
            state: self.state,
        }
    }

    /// Whether clients must be told, given what they were told before.
    fn differs(&self, told: &Self, now: Timestamp) -> bool {
        if self.v != told.v || self.state != told.state {
            return true;
        }
        match (self.stamp, told.stamp) {
            (Some(new), Some(old)) => {
                new.as_of != old.as_of
                    || (new.proved_at > old.proved_at
                        && now >= old.proved_at.plus_ms(PROOF_REPUBLISH_MS))
            }
            (new, old) => new != old,
        }
    }

    /// Takes over what clients were told when the difference is not worth telling yet.
    fn settle(&mut self, told: &Self, now: Timestamp) -> bool {
        let tell = self.differs(told, now);
        if !tell {
            self.untold_proof = self.stamp != told.stamp;
            self.stamp = told.stamp;
        }
        tell
    }

    fn field(&self) -> Field<T> {
        Field {
            v: self.v.clone(),
            mark: self.mark(),
        }
    }

    /// After which point clients must be told again although no event comes: of a proof of life that they do not know, or that the
    /// figure has turned stale.
    fn due(&self) -> Option<Timestamp> {
        let stamp = self.stamp.filter(|_| self.state == Freshness::Fresh)?;
        Some(if self.untold_proof {
            stamp.proved_at.plus_ms(PROOF_REPUBLISH_MS)
        } else {
            stamp.stale_after(self.limit_ms)
        })
    }
}

/// The value of a figure that has only stamps. A checkpoint must tell it from no value, which it would not with `()`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Presence {
    /// Something was received.
    Seen,
}

/// Both sides of the book, cut to the depth in view.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Sides {
    bids: Vec<Level>,
    asks: Vec<Level>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct View {
    instrument: Option<Instrument>,
    price: Shown<Price>,
    bbo: Shown<BestPrices>,
    book: Shown<Sides>,
    /// Stamps of the levels from the fifth on, where they come from a feed of their own.
    deep: Option<Shown<Presence>>,
    trades: Shown<Presence>,
    mid: Shown<Price>,
    mark: Shown<Price>,
    index: Shown<Price>,
    funding: Shown<(Rate, Option<u32>)>,
    open_interest: Shown<Size>,
    prev_day: Shown<Price>,
    day_notional: Shown<Usd>,
}

fn layered(state: &MarketState, depth: usize) -> Option<Sides> {
    let cut = |side: &crate::ladder::Ladder| side.iter().take(depth).collect::<Vec<_>>();
    let full = state.book.read();
    let Some(top) = state.top.read() else {
        return full.map(|b| Sides {
            bids: cut(b.bids),
            asks: cut(b.asks),
        });
    };
    let mut bids: Vec<Level> = top.bids.iter().take(TOP_LEVELS).collect();
    let mut asks: Vec<Level> = top.asks.iter().take(TOP_LEVELS).collect();
    if let Some(full) = full {
        // The slower book is older: only what lies strictly beyond the faster one's last price can still be right. A faster book
        // with fewer levels than it may have is the whole side.
        if let (Some(last), true) = (bids.last().copied(), bids.len() == TOP_LEVELS) {
            bids.extend(
                full.bids
                    .iter()
                    .filter(|l| l.px < last.px)
                    .take(depth - TOP_LEVELS),
            );
        }
        if let (Some(last), true) = (asks.last().copied(), asks.len() == TOP_LEVELS) {
            asks.extend(
                full.asks
                    .iter()
                    .filter(|l| l.px > last.px)
                    .take(depth - TOP_LEVELS),
            );
        }
    }
    Some(Sides { bids, asks })
}

impl View {
    /// What can be seen of `state` at `now`. `told` is the view before: a disconnected book keeps its last levels, which age.
    pub(crate) fn take(
        state: &MarketState,
        told: Option<&Self>,
        depth: usize,
        now: Timestamp,
    ) -> Self {
        let stamps = &state.stamps;
        let layered_top = state.top.is_synced();
        let sides = layered(state, depth);
        let held = sides.is_none() && state.hold_book;
        let book = if held {
            let told = told.map(|t| &t.book);
            let levels = told.and_then(|t| t.v.clone());
            Shown::new(levels, told.and_then(|t| t.stamp), limit::BOOK_MS, now)
        } else {
            let stamp = if layered_top { stamps.top } else { stamps.book };
            Shown::new(sides, stamp, limit::BOOK_MS, now)
        };
        let deep = if held {
            told.and_then(|t| t.deep.as_ref())
                .map(|d| Shown::new(d.v, d.stamp, d.limit_ms, now))
        } else {
            (layered_top && state.book.is_synced())
                .then(|| Shown::new(Some(Presence::Seen), stamps.book, limit::BOOK_DEEP_MS, now))
        };
        let context = &state.context;
        let slow = |limit_ms: u32| (stamps.context, limit_ms);
        let (context_stamp, oi_limit) = slow(limit::OPEN_INTEREST_MS);
        Self {
            instrument: state.instrument.clone(),
            price: Shown::new(
                state.price.map(|p| p.0),
                stamps.trades,
                limit::PRICE_MS,
                now,
            ),
            bbo: Shown::new(state.bbo, stamps.bbo, limit::PRICE_MS, now),
            book,
            deep,
            trades: Shown::new(
                stamps.trades.map(|_| Presence::Seen),
                stamps.trades,
                limit::TRADES_MS,
                now,
            ),
            mid: Shown::new(state.mid, stamps.mid, limit::PRICE_MS, now),
            mark: Shown::new(context.mark_px, context_stamp, limit::PRICE_MS, now),
            index: Shown::new(context.index_px, context_stamp, limit::PRICE_MS, now),
            funding: Shown::new(
                context
                    .funding_rate
                    .map(|r| (r, context.funding_interval_h)),
                context_stamp,
                oi_limit,
                now,
            ),
            open_interest: Shown::new(context.open_interest_base, context_stamp, oi_limit, now),
            prev_day: Shown::new(context.prev_day_px, context_stamp, oi_limit, now),
            day_notional: Shown::new(context.day_notional_usd, context_stamp, oi_limit, now),
        }
    }

    /// After which point clients must be told again although no event comes.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        [
            self.price.due(),
            self.bbo.due(),
            self.book.due(),
            self.deep.as_ref().and_then(Shown::due),
            self.trades.due(),
            self.mid.due(),
            self.mark.due(),
            self.index.due(),
            self.funding.due(),
            self.open_interest.due(),
            self.prev_day.due(),
            self.day_notional.due(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn deep_field(&self) -> Option<Deep> {
        self.deep.as_ref().map(|d| Deep {
            from: TOP_LEVELS as u32,
            mark: d.mark(),
        })
    }

    fn funding_field(&self) -> FundingField {
        FundingField {
            v: self.funding.v.map(|f| f.0),
            interval_h: self.funding.v.and_then(|f| f.1),
            next_ms: None,
            mark: self.funding.mark(),
        }
    }

    /// Every field that the source has, with `rows` of the tape. A field that was never seen is there too, as missing, if its feed exists.
    pub(crate) fn snapshot(&self, depth: usize, rows: Vec<TapeRow>) -> AggUpdate {
        let mut update = empty(Kind::Snapshot);
        update.instrument = self.instrument.clone();
        update.price = Some(self.price.field());
        update.bbo = Some(self.bbo.field());
        update.book = Some(BookField {
            bids: self.book.v.as_ref().map(|b| b.bids.clone()),
            asks: self.book.v.as_ref().map(|b| b.asks.clone()),
            depth: Some(depth as u32),
            deep: self.deep_field(),
            mark: self.book.mark(),
        });
        update.trades = Some(TradesField {
            v: self.trades.v.map(|Presence::Seen| rows),
            dropped: None,
            mark: self.trades.mark(),
        });
        let told = |present: bool| present.then_some(());
        update.mid_price = told(self.mid.v.is_some()).map(|()| self.mid.field());
        update.mark_price = told(self.mark.v.is_some()).map(|()| self.mark.field());
        update.index_price = told(self.index.v.is_some()).map(|()| self.index.field());
        update.funding_rate = told(self.funding.v.is_some()).map(|()| self.funding_field());
        update.open_interest_base =
            told(self.open_interest.v.is_some()).map(|()| self.open_interest.field());
        update.prev_day_price = told(self.prev_day.v.is_some()).map(|()| self.prev_day.field());
        update.day_notional_usd =
            told(self.day_notional.v.is_some()).map(|()| self.day_notional.field());
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
        let mut update = empty(Kind::Delta);
        if self.instrument != told.instrument {
            update.instrument = self.instrument.clone();
        }
        update.price = self
            .price
            .settle(&told.price, now)
            .then(|| self.price.field());
        update.bbo = self.bbo.settle(&told.bbo, now).then(|| self.bbo.field());
        update.book = self.book_delta(told, now);
        if self.trades.settle(&told.trades, now) || !rows.is_empty() {
            update.trades = Some(TradesField {
                v: self.trades.v.map(|Presence::Seen| rows),
                dropped: (dropped > 0).then_some(dropped),
                mark: self.trades.mark(),
            });
        }
        update.mid_price = self.mid.settle(&told.mid, now).then(|| self.mid.field());
        update.mark_price = self.mark.settle(&told.mark, now).then(|| self.mark.field());
        update.index_price = self
            .index
            .settle(&told.index, now)
            .then(|| self.index.field());
        update.funding_rate = self
            .funding
            .settle(&told.funding, now)
            .then(|| self.funding_field());
        update.open_interest_base = self
            .open_interest
            .settle(&told.open_interest, now)
            .then(|| self.open_interest.field());
        update.prev_day_price = self
            .prev_day
            .settle(&told.prev_day, now)
            .then(|| self.prev_day.field());
        update.day_notional_usd = self
            .day_notional
            .settle(&told.day_notional, now)
            .then(|| self.day_notional.field());
        (update != empty(Kind::Delta)).then_some(update)
    }

    fn book_delta(&mut self, told: &Self, now: Timestamp) -> Option<BookField> {
        let deep_differs = match (&mut self.deep, &told.deep) {
            (Some(new), Some(old)) => new.settle(old, now),
            (new, old) => new.is_some() != old.is_some(),
        };
        let book_differs = self.book.settle(&told.book, now);
        if !book_differs && !deep_differs {
            return None;
        }
        let nothing = Sides::default();
        let old = told.book.v.as_ref().unwrap_or(&nothing);
        Some(BookField {
            bids: self
                .book
                .v
                .as_ref()
                .map(|b| changes(&old.bids, &b.bids, |x, y| x > y)),
            asks: self
                .book
                .v
                .as_ref()
                .map(|b| changes(&old.asks, &b.asks, |x, y| x < y)),
            depth: None,
            deep: self.deep_field(),
            mark: self.book.mark(),
        })
    }
}

const fn empty(kind: Kind) -> AggUpdate {
    AggUpdate {
        kind,
        version: 0,
        base_version: None,
        now_ms: 0,
        ts_source: None,
        run_id: None,
        mode: None,
        instrument: None,
        price: None,
        bbo: None,
        book: None,
        trades: None,
        mid_price: None,
        mark_price: None,
        index_price: None,
        funding_rate: None,
        open_interest_base: None,
        open_interest_usd: None,
        basis_bps: None,
        imbalance: None,
        walls: None,
        cvd_venue: None,
        cvd_venue_1m: None,
        cvd_spot_1m: None,
        cvd_spot_5m: None,
        cvd_source: None,
        oi_total: None,
        oi_hl: None,
        oi_binance_perp: None,
        oi_source: None,
        candles: None,
        quality: None,
        prev_day_price: None,
        day_notional_usd: None,
    }
}

/// The levels to set, zero meaning remove, that turn `old` into `new`. Both are sorted best first by `better`.
fn changes(old: &[Level], new: &[Level], better: impl Fn(Price, Price) -> bool) -> Vec<Level> {
    let mut out = Vec::new();
    let (mut i, mut j) = (0, 0);
    loop {
        match (old.get(i), new.get(j)) {
            (None, None) => return out,
            (Some(o), Some(n)) if o.px == n.px => {
                if o.sz != n.sz {
                    out.push(*n);
                }
                i += 1;
                j += 1;
            }
            (Some(o), n) if n.is_none_or(|n| better(o.px, n.px)) => {
                out.push(Level {
                    px: o.px,
                    sz: Size::ZERO,
                });
                i += 1;
            }
            (_, Some(n)) => {
                out.push(*n);
                j += 1;
            }
            // The arm above with a guard covers every remaining `Some` on the old side.
            (Some(_), None) => i += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn levels(map: &BTreeMap<i128, i128>) -> Vec<Level> {
        map.iter()
            .map(|(p, s)| Level {
                px: Price::from_units(*p),
                sz: Size::from_units(*s),
            })
            .collect()
    }

    proptest! {
        #[test]
        fn changes_turn_old_into_new(
            old in prop::collection::btree_map(1i128..40, 1i128..4, 0..30),
            new in prop::collection::btree_map(1i128..40, 1i128..4, 0..30),
        ) {
            let mut applied = old.clone();
            for level in changes(&levels(&old), &levels(&new), |x, y| x < y) {
                if level.sz.is_zero() {
                    prop_assert!(applied.remove(&level.px.units()).is_some());
                } else {
                    prop_assert_ne!(applied.insert(level.px.units(), level.sz.units()), Some(level.sz.units()));
                }
            }
            prop_assert_eq!(applied, new);
        }
    }
}
