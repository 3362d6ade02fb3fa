//! Limits and cadences.
//!
//! What counts as proof that a quiet stream lives: an event of it, or an answer to `LIST_SUBSCRIPTIONS` that names it. The answer
//! comes in order on the same connection, so whatever the venue had to say on the stream before it has arrived. One exception:
//! best prices carry the book's update id, so they show when depth updates stay away; see [`Limits::book_doubt_ms`].

use crate::stream::Limits;
use hypersentry_model::event::Feed;
use hypersentry_model::freshness::Cadence;

/// Diffs that are held back while a snapshot is fetched: more than a minute and a half of them.
pub const BUFFER_MAX: usize = 1_024;

/// Levels a side of the snapshot that the session asks for. It weighs 50 of the 6,000 a minute ("Public Rest API": order book).
pub const BOOK_DEPTH: u32 = 1_000;

/// Weight of a snapshot of that depth ("Public Rest API": order book).
pub const BOOK_WEIGHT: u32 = 50;

/// Levels a side of a book that stands in for a stale one.
pub const REPAIR_DEPTH: u32 = 100;

/// Weight of a snapshot of that depth.
pub const REPAIR_WEIGHT: u32 = 5;

/// Weight of the exchange information ("Public Rest API": exchange information).
pub const LISTING_WEIGHT: u32 = 20;

/// Weight of a page of aggregate trades ("Public Rest API": compressed/aggregate trades list).
pub const TRADES_WEIGHT: u32 = 4;

/// Weight of a page of candles ("Public Rest API": kline/candlestick data).
pub const CANDLES_WEIGHT: u32 = 2;

/// Weight of the venue's time.
pub const TIME_WEIGHT: u32 = 1;

/// Rows of a page of trades or candles.
pub const PAGE: usize = 1_000;

/// How often the venue's time is asked for.
pub const TIME_EVERY_MS: i64 = 7_000;

/// How often a feed gives a sign of life while it is well. All speak on change; one that is quiet for a second is asked about, and the
/// answer is awaited for little more than another.
pub const fn cadence(feed: Feed) -> Option<Cadence> {
    match feed {
        Feed::Book | Feed::Trades | Feed::Bbo => Some(Cadence::proofs(2_500)),
        _ => None,
    }
}

/// The session's.
pub const LIMITS: Limits = Limits {
    // 1,024 streams per connection ("WebSocket Streams": general information), three each.
    symbols_max: 340,
    // The venue ends connections after 24 hours ("WebSocket Streams": general information); we are first.
    connection_max_ms: (24 * 60 - 10) * 60_000,
    // It cuts a connection that sends more than 5 messages a second, pongs included.
    command_spacing_ms: 350,
    // 30 symbols.
    streams_per_command: 90,
    book_depth: BOOK_DEPTH,
    repair_depth: REPAIR_DEPTH,
    held_max: BUFFER_MAX,
    // Depth updates follow best prices within 100 ms.
    book_doubt_ms: 2_000,
    // The venue allows 300 attempts to connect in 5 minutes.
    reconnect_ms: 500,
    reconnect_max_ms: 5_000,
    // At most 12,000 of weight a minute even if all were books, and the venue slows us down before that with status 429.
    rest_spacing_ms: 250,
    // The shortest and the longest ban ("Public Rest API": IP limits: 2 minutes to 3 days).
    ban_min_ms: 120_000,
    ban_max_ms: 3 * 86_400_000,
    // Keeps the URL short; the whole list has more than 10 MB.
    listings_per_request: Some(100),
    trades_page: PAGE,
    candles_page: PAGE,
    ..Limits::USUAL
};
