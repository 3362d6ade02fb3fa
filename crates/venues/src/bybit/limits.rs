//! Limits and cadences.
//!
//! What counts as proof that a quiet stream lives: an event of it, or a pong, which comes in order on the same connection, so that
//! whatever the venue had to say before it has arrived. Updates of a book are counted by one, so that a missing one is seen. Trades have
//! ids without order: whether one is missing cannot be seen.

use crate::stream::Limits;

/// Weight of any request: the venue counts requests ("V5 API", rate limit: 600 in 5 s an address).
pub const WEIGHT: u32 = 1;

/// Levels a side of the book that is subscribed: every 100 ms. The next smaller one has 50 every 20 ms, which of a market with a fine
/// tick is too little to show where size stands.
pub const BOOK_DEPTH: u32 = 200;

/// How often the venue's clock is read.
pub const TIME_EVERY_MS: i64 = 60_000;

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

/// Times, paces and bounds of the session.
///
/// The arguments of a connection's subscriptions may have 21,000 characters together (WebSocket Stream: Connect): the four of a market
/// with the longest of names have 141, which leaves room for 148 markets. A ping is due every 20 s; ours go out every 10 s, and every second while a stream is quiet.
pub const LIMITS: Limits = Limits {
    symbols_max: 148,
    streams_per_command: 100,
    command_spacing_ms: 200,
    book_depth: BOOK_DEPTH,
    rest_spacing_ms: 100,
    trades_page: TRADES_PAGE,
    candles_page: CANDLES_PAGE,
    ..Limits::USUAL
};
