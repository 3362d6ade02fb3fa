//! One candle as it is held.

use crate::completeness::{Completeness, Seen, Span};
use hypersentry_model::agg::CandleRow;
use hypersentry_model::event::Candle;
use hypersentry_model::{Coverage, Price, Share, Side, Size, Usd};
use serde::{Deserialize, Serialize};

/// Candles in few bytes.
mod pack;

pub(crate) use pack::Pack;

/// Where a trade stands among the others. Trades of the same millisecond are told apart by their number, where they have one.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
struct Place {
    ms: i64,
    id: u64,
}

/// A trade as candles need it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Print {
    /// The venue's time, in UTC ms; never in the future.
    pub(crate) ms: i64,
    /// The venue's number; 0 where it has none.
    pub(crate) id: u64,
    pub(crate) px: Price,
    pub(crate) sz: Size,
    pub(crate) notional: Usd,
    pub(crate) side: Side,
    /// It fills a gap, so that it may be older than what is held.
    pub(crate) replayed: bool,
}

impl Print {
    const fn place(&self) -> Place {
        Place {
            ms: self.ms,
            id: self.id,
        }
    }

    const fn bought(&self) -> Size {
        match self.side {
            Side::Buy => self.sz,
            Side::Sell => Size::ZERO,
        }
    }
}

/// Whose figures a candle has.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Origin {
    /// The trades that we saw.
    Trades,
    /// The trades that we saw; the venue's own candle is the same, so that none is missing.
    Agreed,
    /// The venue's own.
    Venue,
    /// The venue's own, without the number of trades.
    VenueUncounted,
}

/// A candle. 176 bytes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Bar {
    pub(crate) open_ms: i64,
    o: Price,
    h: Price,
    l: Price,
    c: Price,
    volume: Size,
    /// Aggressive buying; of our trades only.
    buy: Size,
    /// Of our trades only.
    notional: Usd,
    trades: u64,
    first: Place,
    last: Place,
    /// Milliseconds that were seen, verified and unverified, in spans that the ledger has forgotten since.
    kept: (u32, u32),
    pub(crate) origin: Origin,
    /// Clients do not know it as it is.
    pub(crate) untold: bool,
}

fn sum(a: Size, b: Size) -> Size {
    Size::from_units(a.units().saturating_add(b.units()))
}

impl Bar {
    /// A candle that begins with this trade, and that clients do not know.
    pub(crate) const fn begin(open_ms: i64, print: &Print) -> Self {
        Self {
            open_ms,
            o: print.px,
            h: print.px,
            l: print.px,
            c: print.px,
            volume: print.sz,
            buy: print.bought(),
            notional: print.notional,
            trades: 1,
            first: print.place(),
            last: print.place(),
            kept: (0, 0),
            origin: Origin::Trades,
            untold: true,
        }
    }

    /// The venue's own candle.
    pub(crate) fn of_venue(candle: &Candle) -> Self {
        let place = Place {
            ms: candle.open_ms,
            id: 0,
        };
        Self {
            open_ms: candle.open_ms,
            o: candle.o,
            h: candle.h,
            l: candle.l,
            c: candle.c,
            volume: candle.volume_base,
            buy: Size::ZERO,
            notional: Usd::ZERO,
            trades: candle.trades.unwrap_or(0),
            first: place,
            last: place,
            kept: (0, 0),
            origin: if candle.trades.is_some() {
                Origin::Venue
            } else {
                Origin::VenueUncounted
            },
            untold: false,
        }
    }

    const fn is_of_trades(&self) -> bool {
        matches!(self.origin, Origin::Trades | Origin::Agreed)
    }

    /// Adds a trade, in whatever order they come. Whether that changed anything: the venue's own candle has all trades already.
    pub(crate) fn add(&mut self, print: &Print) -> bool {
        if self.origin != Origin::Trades {
            return false;
        }
        let place = print.place();
        // What the venue sends live comes in its order. Of what fills a gap only the number tells.
        let (opens, closes) = if print.replayed {
            (place < self.first, place > self.last)
        } else {
            (place.ms < self.first.ms, place.ms >= self.last.ms)
        };
        if opens {
            (self.first, self.o) = (place, print.px);
        }
        if closes {
            (self.last, self.c) = (place, print.px);
        }
        self.h = self.h.max(print.px);
        self.l = self.l.min(print.px);
        self.volume = sum(self.volume, print.sz);
        self.buy = sum(self.buy, print.bought());
        let notional = self.notional.units();
        self.notional = Usd::from_units(notional.saturating_add(print.notional.units()));
        self.trades += 1;
        true
    }

    /// Whether the venue's candle has the same figures.
    pub(crate) fn agrees(&self, candle: &Candle) -> bool {
        (self.o, self.h, self.l, self.c, self.volume)
            == (candle.o, candle.h, candle.l, candle.c, candle.volume_base)
    }

    /// Keeps what was seen of a span that the ledger forgets.
    pub(crate) fn keep(&mut self, span: &Span, len_ms: i64) {
        let mut seen = Seen {
            verified: self.kept.0.into(),
            unverified: self.kept.1.into(),
        };
        seen.add(span.grade, span.within(self.open_ms, self.open_ms + len_ms));
        // A day has less than 2^32 milliseconds.
        self.kept = (
            u32::try_from(seen.verified).unwrap_or(u32::MAX),
            u32::try_from(seen.unverified).unwrap_or(u32::MAX),
        );
    }

    /// How much of it was seen by `now_ms`.
    fn coverage(&self, len_ms: i64, feed: Option<&Completeness>, now_ms: i64) -> Coverage {
        if self.origin != Origin::Trades {
            return Coverage::of(1, 0, 1);
        }
        let until = now_ms.clamp(self.open_ms + 1, self.open_ms + len_ms);
        let seen = feed.map_or_else(Seen::default, |f| f.seen(self.open_ms, until));
        Coverage::of(
            seen.verified + u64::from(self.kept.0),
            seen.unverified + u64::from(self.kept.1),
            u64::try_from(until - self.open_ms).unwrap_or(0),
        )
    }

    /// Whether every trade of its time is known to be in it.
    pub(crate) fn is_whole(&self, len_ms: i64, feed: Option<&Completeness>) -> bool {
        self.is_of_trades() && self.coverage(len_ms, feed, i64::MAX).verified == Share::ONE
    }

    /// The candle as clients see it at `now_ms`; `feed` is the ledger of the trades.
    pub(crate) fn row(&self, len_ms: i64, feed: Option<&Completeness>, now_ms: i64) -> CandleRow {
        CandleRow {
            open_ms: self.open_ms,
            o: self.o,
            h: self.h,
            l: self.l,
            c: self.c,
            volume_base: self.volume,
            buy_base: self.is_of_trades().then_some(self.buy),
            notional_usd: self.is_of_trades().then_some(self.notional),
            trades: (self.origin != Origin::VenueUncounted).then_some(self.trades),
            closed: now_ms >= self.open_ms + len_ms,
            coverage: self.coverage(len_ms, feed, now_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_large_as_stated() {
        assert_eq!(size_of::<Bar>(), 176);
    }
}
