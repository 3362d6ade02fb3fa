//! Limits, cadences, and what counts as proof of life.
//!
//! | feed | proved by |
//! |---|---|
//! | `books` | its own updates; quiet for 1.5 s, REST's best 20 levels that are the same, while pings are answered. The venue itself repeats an unchanged book after a minute only |
//! | `trades` | its own trades; quiet for 2.5 s, REST's newest trade that came already, while pings are answered |
//! | `bbo-tbt`, `mark-price`, `index-tickers`, `funding-rate`, `liquidation-orders` | their own events, and a `pong`: they speak on change, and the answer comes after all that the connection had to say before it |
//! | `open-interest` | its own events alone: it speaks every 3 s |
//!
//! Of books 12 a second can be compared and of trades 25, at most, and both share what orders leave: some 40 markets in which nothing at
//! all happens can be told from dead ones at once; those of further markets are stale.
//!
//! Sources: `docs-v5`, Overview > WebSocket > Connect and Subscribe, and the rate limit that stands at each REST request.

use crate::stream::Limits;
use hypersentry_model::event::Feed;
use hypersentry_model::freshness::Cadence;

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

/// Levels a side of a book that is compared with a quiet stream's.
pub const CHECK_DEPTH: u32 = 20;

/// The venue limits the requests to each endpoint in two seconds, not a sum of weights. We count all of them together, in
/// two-hundredths of two seconds: this is one for an endpoint that may be asked 40 times (books, candles).
pub const WEIGHT: u32 = 5;

/// One that may be asked 100 times: the newest trades.
pub const TRADES_WEIGHT: u32 = 2;

/// One that may be asked 20 times: instruments, past trades, past candles.
pub const SLOW_WEIGHT: u32 = 10;

/// One that may be asked 10 times: the clock.
pub const TIME_WEIGHT: u32 = 20;

/// Time between two requests for the venue's clock.
pub const TIME_MS: i64 = 7_000;

/// Candles of the newest span that `GET /api/v5/market/candles` gives; older ones come from `history-candles`.
pub const RECENT_CANDLES: i64 = 1_440;

/// Most candles that one request brings, and most trades. `history-candles` and `history-trades` allow 100.
pub const PAGE: usize = 100;

/// How often a feed gives a sign of life while it is well.
///
/// An unchanged mark price comes every 10 s (`docs-v5`, Public Data > Mark price channel), open interest every 3 s (Open interest
/// channel), the funding rate every 30 to 90 s (Funding rate channel). The others speak on change; a quiet one is asked about after a
/// second; books and trades are compared, see above.
pub const fn cadence(feed: Feed) -> Option<Cadence> {
    match feed {
        Feed::Book => Some(Cadence::proofs(3_000)),
        Feed::Trades => Some(Cadence::proofs(4_000)),
        Feed::Bbo | Feed::Liquidations => Some(Cadence::proofs(2_500)),
        Feed::Context => Some(Cadence::events(12_000)),
        Feed::OpenInterest => Some(Cadence::events(8_000)),
        Feed::Funding => Some(Cadence::events(100_000)),
        _ => None,
    }
}

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
    // A two-hundredth of 2 s is 10 ms; a fifth is left to orders.
    rest_spacing_ms: 20,
    rest_ms_per_weight: 13,
    check_spacing_ms: 20,
    rest_in_flight: 16,
    trades_page: PAGE,
    trades_pages_max: 20,
    candles_page: PAGE,
    candles_pages_max: 10,
    ..Limits::USUAL
};
