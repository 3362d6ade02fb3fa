//! What the engine is shown of a symbol at a tick of its grid. Figures are floats here: they are signals, never money.

use hypersentry_model::{Coverage, Source};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// No figure of a market is larger: sums and squares of such figures stay numbers.
const LARGEST: f64 = 1e15;
/// No price is smaller.
const SMALLEST_PRICE: f64 = 1e-15;

/// Not a number compares with nothing.
const fn is_price(px: f64) -> bool {
    px >= SMALLEST_PRICE && px <= LARGEST
}

const fn is_amount(amount: f64) -> bool {
    amount >= 0.0 && amount <= LARGEST
}

/// A figure with its source and its age.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Reading {
    /// The value, finite.
    pub value: f64,
    /// Who says so.
    pub source: Source,
    /// Receive time of its newest event, UTC ms.
    pub as_of: i64,
    /// Receive time of the newest proof that its feed lives, UTC ms.
    pub proved_at: i64,
    /// Age of the proof at which the figure is stale, in milliseconds.
    pub limit_ms: u32,
}

impl Reading {
    /// Whether the value is a number. What is none is treated as if nobody had told it.
    pub const fn is_number(&self) -> bool {
        self.value.abs() <= LARGEST
    }

    /// Whether the value can be a price.
    pub const fn is_price(&self) -> bool {
        is_price(self.value)
    }

    /// Age of the proof at `now_ms`.
    pub const fn age_ms(&self, now_ms: i64) -> i64 {
        now_ms.saturating_sub(self.proved_at)
    }

    /// Whether the figure is past its limit.
    pub fn is_stale(&self, now_ms: i64) -> bool {
        self.age_ms(now_ms) > i64::from(self.limit_ms)
    }

    /// What is left of the trust in the figure: all within its limit, nothing at four times the limit, a straight line between.
    pub fn trust(&self, now_ms: i64) -> f64 {
        let limits = self.age_ms(now_ms) as f64 / f64::from(self.limit_ms.max(1));
        ((4.0 - limits) / 3.0).clamp(0.0, 1.0)
    }
}

/// One venue's open interest.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct OpenInterest {
    /// In base units.
    pub base: Reading,
    /// Weight in the composite.
    pub weight: f64,
}

/// One venue's funding.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Funding {
    /// The rate per interval.
    pub rate: Reading,
    /// Hours between fundings.
    pub interval_h: u32,
}

/// A trade.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Print {
    /// Price in USD.
    pub px: f64,
    /// Price times size.
    pub usd: f64,
    /// The aggressor bought.
    pub buy: bool,
    /// The venue's time, UTC ms.
    pub ts_ms: i64,
}

impl Print {
    /// Whether it can have happened.
    pub const fn is_sane(&self) -> bool {
        is_price(self.px) && is_amount(self.usd)
    }
}

impl ForcedClose {
    /// Whether it can have happened.
    pub const fn is_sane(&self) -> bool {
        is_price(self.px) && is_amount(self.usd)
    }
}

/// A forced closing of a position.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct ForcedClose {
    /// Price in USD.
    pub px: f64,
    /// Price times size.
    pub usd: f64,
    /// A long was closed.
    pub long: bool,
    /// Who tells it.
    pub source: Source,
    /// The venue's time, UTC ms.
    pub ts_ms: i64,
}

/// A level of the book: price in USD and size in base units.
pub type Level = (f64, f64);

/// The first levels that can be in a book.
pub(crate) fn sane_levels(side: &[Level], most: usize) -> impl Iterator<Item = Level> + '_ {
    let sane = |(px, sz): &Level| is_price(*px) && is_amount(*sz);
    side.iter().take(most).copied().filter(sane)
}

/// The book of the first venue.
#[derive(Clone, Copy, Debug)]
pub struct Book<'a> {
    /// Best first.
    pub bids: &'a [Level],
    /// Best first.
    pub asks: &'a [Level],
    /// Stamps of the book; its value is the mid price.
    pub mid: Reading,
}

/// All that came since the tick before, and what stands. What is absent is not known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Observation<'a> {
    /// The book that is traded against.
    pub book: Option<Book<'a>>,
    /// Open interest of each perpetual venue.
    pub open_interest: &'a [OpenInterest],
    /// Funding of each perpetual venue.
    pub funding: &'a [Funding],
    /// Trades of the flow feed since the tick before, oldest first.
    pub trades: &'a [Print],
    /// The newest trade's stamps; the value is its price.
    pub last_trade: Option<Reading>,
    /// How much of the last five minutes of trades was seen.
    pub trade_coverage: Option<Coverage>,
    /// Liquidations since the tick before, oldest first.
    pub liquidations: &'a [ForcedClose],
    /// Stamps of each venue's liquidation feed. The value is 1 where the feed tells every closing, and 0 where it samples them.
    pub liquidation_feeds: &'a [Reading],
}
