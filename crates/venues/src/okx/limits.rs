//! Limits, cadences, and what counts as proof of life.
//!
//! | feed | proved by |
//! |---|---|
//! | `books`, `bbo-tbt`, `trades`, `mark-price`, `index-tickers`, `funding-rate`, `liquidation-orders` | their own events, and a `pong`: they speak on change, and the answer comes after all that the connection had to say before it |
//! | `open-interest` | its own events alone: it speaks every 3 s |
//!
//! Sources: `docs-v5`, Overview > WebSocket > Connect and Subscribe, and the rate limit that stands at each REST request.

use crate::stream::Limits;

/// Levels a side of a book channel. `docs-v5`, Market Data > Order book channel.
pub const fn book_depth(channel: &str) -> Option<u32> {
    match channel.as_bytes() {
        b"books" | b"books-l2-tbt" => Some(400),
        b"books50-l2-tbt" => Some(50),
        b"books5" => Some(5),
        _ => None,
    }
}

/// Levels a side of a book that is asked for over REST, to stand in for a silent stream.
pub const REPAIR_DEPTH: u32 = 50;

/// Each REST request counts as one: the venue limits the number of requests to each endpoint in two seconds, not a sum of weights.
pub const WEIGHT: u32 = 1;

/// The clock may be asked for half as often as the other endpoints.
pub const TIME_WEIGHT: u32 = 2;

/// Time between two requests for the venue's clock.
pub const TIME_MS: i64 = 30_000;

/// Candles of the newest span that `GET /api/v5/market/candles` gives; older ones come from `history-candles`.
pub const RECENT_CANDLES: i64 = 1_440;

/// Most candles that one request brings, and most trades. `history-candles` and `history-trades` allow 100.
pub const PAGE: usize = 100;

/// Times, paces and bounds of the session.
pub const LIMITS: Limits = Limits {
    // The server cuts a connection on which nothing went for 30 s; a ping is sent before.
    probe_max_ms: 10_000,
    silence_ms: 20_000,
    // Three requests a second; pings count too.
    command_spacing_ms: 400,
    // 480 requests to subscribe and unsubscribe an hour and connection.
    subscribes_per_hour: Some(480),
    // A command has 64 KB at most; a stream takes some 60 bytes.
    streams_per_command: 200,
    book_depth: 400,
    // The slowest endpoint that is used in numbers allows 20 requests in 2 s.
    rest_spacing_ms: 200,
    trades_page: PAGE,
    trades_pages_max: 20,
    candles_page: PAGE,
    candles_pages_max: 10,
    ..Limits::USUAL
};
