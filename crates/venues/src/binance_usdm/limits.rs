//! Limits and cadences.
//!
//! Since April 2026 the streams are spread over routes: books and best prices on `/public`, trades, mark prices and liquidations on
//! `/market`. Each is a connection of its own: lane 0 and lane 1.
//!
//! What counts as proof that a quiet stream lives: an event of it, or an answer to `LIST_SUBSCRIPTIONS` that names it, in order on the same
//! connection. Best prices carry the book's update id, so they show when depth updates stay away.

use crate::stream::Limits;
use hypersentry_model::event::Feed;
use hypersentry_model::freshness::Cadence;

/// Levels a side of the snapshot that the session asks for.
pub const BOOK_DEPTH: u32 = 1_000;

/// Weight of a snapshot of that depth, of 2,400 a minute ("Market Data Endpoints": order book).
pub const BOOK_WEIGHT: u32 = 20;

/// Levels a side of a book that stands in for a stale one.
pub const REPAIR_DEPTH: u32 = 100;

/// Weight of a snapshot of that depth.
pub const REPAIR_WEIGHT: u32 = 5;

/// Weight of the exchange information, of open interest and of the time.
pub const LIGHT_WEIGHT: u32 = 1;

/// Weight of a page of aggregate trades.
pub const TRADES_WEIGHT: u32 = 20;

/// Weight of a page of 500 to 1,000 candles.
pub const CANDLES_WEIGHT: u32 = 5;

/// Rows of a page of trades or candles.
pub const PAGE: usize = 1_000;

/// How often the open interest of a market is asked for: no stream tells it.
pub const OPEN_INTEREST_EVERY_MS: i64 = 5_000;

/// How often the list of unusual funding intervals is read.
pub const FUNDING_EVERY_MS: i64 = 3_600_000;

/// How often the venue's time is asked for.
pub const TIME_EVERY_MS: i64 = 7_000;

/// Hours between fundings, where the venue's list names no other.
pub const FUNDING_INTERVAL_H: u32 = 8;

/// How often a feed gives a sign of life while it is well.
///
/// `markPrice@1s` comes every second ("Mark Price Stream"), and tells the funding rate too. Open interest is ours to ask for, see
/// [`OPEN_INTEREST_EVERY_MS`]. The others speak on change; one that is quiet for a second is asked about.
pub const fn cadence(feed: Feed) -> Option<Cadence> {
    match feed {
        Feed::Context | Feed::Funding => Some(Cadence::events(3_000)),
        Feed::OpenInterest => Some(Cadence::events(12_000)),
        Feed::Book | Feed::Trades | Feed::Bbo | Feed::Liquidations => Some(Cadence::proofs(2_500)),
        _ => None,
    }
}

/// The session's.
pub const LIMITS: Limits = Limits {
    // 1,024 streams per connection, three each on the fuller one.
    symbols_max: 256,
    // The venue ends connections after 24 hours; we are first.
    connection_max_ms: (24 * 60 - 10) * 60_000,
    // It takes 10 messages a second, pongs included.
    command_spacing_ms: 250,
    streams_per_command: 90,
    book_depth: BOOK_DEPTH,
    repair_depth: REPAIR_DEPTH,
    // 100 seconds of updates.
    held_max: 1_024,
    book_doubt_ms: 2_000,
    // 2,400 of weight a minute are 25 ms for each. Snapshots keep the longer distance; the venue's ledger stands behind both.
    rest_spacing_ms: 50,
    rest_ms_per_weight: 12,
    rest_in_flight: 4,
    ban_min_ms: 120_000,
    ban_max_ms: 3 * 86_400_000,
    trades_page: PAGE,
    candles_page: PAGE,
    ..Limits::USUAL
};
