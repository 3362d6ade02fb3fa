//! Limits and cadences.
//!
//! What counts as proof that a quiet stream lives:
//!
//! | feed | proved by |
//! |---|---|
//! | `orderbook.200` | its own updates; quiet for 1.5 s, REST's best 20 levels that are the same, while pings are answered |
//! | `publicTrade` | its own trades; quiet for 2.5 s, REST's newest trade that came already, while pings are answered |
//! | `tickers`, `allLiquidation` | their own events, and a pong: it comes in order on the same connection, after whatever the venue had to say before it |
//!
//! Updates of a book are counted by one, so that a missing one is seen. Trades have ids without order: one that is missing between others
//! cannot be seen, the last one by comparing. A quiet book is compared every three seconds and quiet trades every four, 50 comparisons a
//! second at most: some 80 markets in which nothing at all happens can be told from dead ones; those of further markets are stale.

use crate::stream::Limits;
use hypersentry_model::event::Feed;
use hypersentry_model::freshness::Cadence;

/// Weight of any request: the venue counts requests ("V5 API", rate limit: 600 in 5 s an address).
pub const WEIGHT: u32 = 1;

/// Levels a side of the book that is subscribed: every 100 ms. The next smaller one has 50 every 20 ms, which of a market with a fine
/// tick is too little to show where size stands.
pub const BOOK_DEPTH: u32 = 200;

/// Levels a side of a book that is compared with a quiet stream's.
pub const CHECK_DEPTH: u32 = 20;

/// Trades that are asked for to compare the newest with a quiet stream's.
pub const CHECK_TRADES: u32 = 5;

/// How often the venue's clock is read.
pub const TIME_EVERY_MS: i64 = 7_000;

/// Trade ids that are remembered for each market: more than a message brings (1,024; WebSocket Stream: Trade).
pub const TRADES_REMEMBERED: usize = 2_048;

/// Trades that one request brings at most (Market: recent public trades).
pub const TRADES_PAGE: usize = 1_000;

/// Markets that one request brings at most (Market: instruments info). The venue lists fewer linear ones.
pub const INSTRUMENTS_PAGE: usize = 1_000;

/// Candles that one request brings at most (Market: kline).
pub const CANDLES_PAGE: usize = 1_000;

/// Markets of which figures are held: all that a session or a recording may have.
pub const HELD_MAX: usize = 512;

/// How often a feed gives a sign of life while it is well. All speak on change: books and tickers every 100 ms, liquidations every 500 ms,
/// trades at once (WebSocket Stream: Orderbook, Ticker, All Liquidation, Trade). A quiet stream is asked about after a second; books and
/// trades are compared, see above.
pub const fn cadence(feed: Feed) -> Option<Cadence> {
    match feed {
        Feed::Book => Some(Cadence::proofs(3_000)),
        Feed::Trades => Some(Cadence::proofs(4_000)),
        Feed::Context | Feed::OpenInterest | Feed::Funding | Feed::Liquidations => {
            Some(Cadence::proofs(2_500))
        }
        _ => None,
    }
}

/// Times, paces and bounds of the session.
///
/// The arguments of a connection's subscriptions may have 21,000 characters together (WebSocket Stream: Connect): the four of a market
/// with the longest of names have 141, which leaves room for 148 markets. A ping is due every 20 s; ours go out every 10 s, and every second while a stream is quiet.
pub const LIMITS: Limits = Limits {
    symbols_max: 148,
    streams_per_command: 100,
    command_spacing_ms: 200,
    book_depth: BOOK_DEPTH,
    // 250 of 600 in 5 s at most.
    rest_spacing_ms: 20,
    check_spacing_ms: 20,
    rest_in_flight: 16,
    trades_page: TRADES_PAGE,
    candles_page: CANDLES_PAGE,
    ..Limits::USUAL
};
