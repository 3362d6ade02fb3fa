//! What the market core refuses. A refused event changes nothing.

use hypersentry_model::event::{AssetContext, Bbo, BookDelta, BookSnapshot, Candle, Liquidation};
use hypersentry_model::{Level, Trade};

/// Why an event was refused. Each has a stable code.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, thiserror::Error)]
pub enum Refusal {
    /// A price of zero or below.
    #[error("a price is not positive")]
    PriceNotPositive,
    /// A size of zero where none may be, or below zero.
    #[error("a size is not positive")]
    SizeNotPositive,
    /// Best bid at or above best ask.
    #[error("the book is crossed")]
    CrossedBook,
    /// Snapshot levels that are not strictly sorted, best first.
    #[error("levels are not sorted")]
    UnsortedLevels,
    /// An update that does not follow from what is held.
    #[error("the update is out of sequence")]
    OutOfSequence,
    /// An update for a book that has no snapshot.
    #[error("the book has no snapshot")]
    BookNotSynced,
    /// More markets than the core holds.
    #[error("too many markets")]
    TooManyMarkets,
    /// More levels than any venue sends.
    #[error("too many levels")]
    TooManyLevels,
    /// A whole book that nothing numbers, far beyond the best prices that the venue tells beside it.
    #[error("the book contradicts the best prices")]
    BeyondBest,
    /// A candle whose high is not the highest, whose low is not the lowest, or that does not begin where candles of its length do.
    #[error("the candle contradicts itself")]
    CandleMalformed,
    /// Price times size is past the range of an amount.
    #[error("price times size is out of range")]
    TooLarge,
    /// A price that jumped and came back. It is counted when it turns out wrong, see [`crate::Market::outliers`].
    #[error("the price was an outlier")]
    Outlier,
}

impl Refusal {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::PriceNotPositive => "price_not_positive",
            Self::SizeNotPositive => "size_not_positive",
            Self::CrossedBook => "crossed_book",
            Self::UnsortedLevels => "unsorted_levels",
            Self::OutOfSequence => "out_of_sequence",
            Self::BookNotSynced => "book_not_synced",
            Self::TooManyMarkets => "too_many_markets",
            Self::TooManyLevels => "too_many_levels",
            Self::BeyondBest => "book_beyond_best",
            Self::CandleMalformed => "candle_malformed",
            Self::TooLarge => "notional_out_of_range",
            Self::Outlier => "outlier_jump",
        }
    }
}

/// Levels a side that a book holds at most. The deepest snapshot of any venue has 5,000; updates may add as many again.
pub const MAX_LEVELS: usize = 20_000;

fn positive(level: &Level) -> Result<(), Refusal> {
    if !level.px.is_positive() {
        Err(Refusal::PriceNotPositive)
    } else if !level.sz.is_positive() {
        Err(Refusal::SizeNotPositive)
    } else {
        Ok(())
    }
}

pub(crate) fn trade(trade: &Trade) -> Result<(), Refusal> {
    positive(&Level {
        px: trade.px,
        sz: trade.sz,
    })
}

pub(crate) fn liquidation(what: &Liquidation) -> Result<(), Refusal> {
    positive(&Level {
        px: what.px,
        sz: what.sz,
    })?;
    if what.notional_usd.is_positive() {
        Ok(())
    } else {
        Err(Refusal::SizeNotPositive)
    }
}

pub(crate) fn candle(candle: &Candle, len_ms: i64) -> Result<(), Refusal> {
    let Candle { o, h, l, c, .. } = candle;
    if [o, h, l, c].into_iter().any(|px| !px.is_positive()) {
        Err(Refusal::PriceNotPositive)
    } else if candle.volume_base.units() < 0 {
        Err(Refusal::SizeNotPositive)
    } else if h < o || h < c || l > o || l > c || candle.open_ms.rem_euclid(len_ms) != 0 {
        Err(Refusal::CandleMalformed)
    } else {
        Ok(())
    }
}

pub(crate) fn bbo(bbo: &Bbo) -> Result<(), Refusal> {
    bbo.bid.iter().chain(&bbo.ask).try_for_each(positive)?;
    match (bbo.bid, bbo.ask) {
        (Some(bid), Some(ask)) if bid.px >= ask.px => Err(Refusal::CrossedBook),
        _ => Ok(()),
    }
}

pub(crate) fn snapshot(book: &BookSnapshot) -> Result<(), Refusal> {
    if book.bids.len().max(book.asks.len()) > MAX_LEVELS {
        return Err(Refusal::TooManyLevels);
    }
    book.bids.iter().chain(&book.asks).try_for_each(positive)?;
    let bids_sorted = book.bids.windows(2).all(|w| w[0].px > w[1].px);
    let asks_sorted = book.asks.windows(2).all(|w| w[0].px < w[1].px);
    if !bids_sorted || !asks_sorted {
        return Err(Refusal::UnsortedLevels);
    }
    match (book.bids.first(), book.asks.first()) {
        (Some(bid), Some(ask)) if bid.px >= ask.px => Err(Refusal::CrossedBook),
        _ => Ok(()),
    }
}

pub(crate) fn context(context: &AssetContext) -> Result<(), Refusal> {
    let prices = [
        context.mark_px,
        context.index_px,
        context.mid_px,
        context.prev_day_px,
    ];
    if prices.iter().flatten().any(|p| p.units() < 0)
        || prices[..3].iter().flatten().any(|p| p.is_zero())
    {
        return Err(Refusal::PriceNotPositive);
    }
    if context.open_interest_base.is_some_and(|s| s.units() < 0)
        || context.day_notional_usd.is_some_and(|u| u.units() < 0)
    {
        return Err(Refusal::SizeNotPositive);
    }
    Ok(())
}

/// Checks form only: whether the change fits the book is the book's question.
pub(crate) fn delta(change: &BookDelta) -> Result<(), Refusal> {
    if change.bids.len().max(change.asks.len()) > MAX_LEVELS {
        return Err(Refusal::TooManyLevels);
    }
    for level in change.bids.iter().chain(&change.asks) {
        if !level.px.is_positive() {
            return Err(Refusal::PriceNotPositive);
        }
        if level.sz.units() < 0 {
            return Err(Refusal::SizeNotPositive);
        }
    }
    Ok(())
}
