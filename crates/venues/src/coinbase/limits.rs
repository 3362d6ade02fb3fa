//! Limits and cadences.
//!
//! What counts as proof that a quiet stream lives:
//!
//! | feed | proved by |
//! |---|---|
//! | `matches` | its own trades, and each `heartbeat` (one a second) unless it names a trade that did not come |
//! | `level2_batch` | its own changes; a heartbeat whose sequence is that of the one before, as long as the book was good then: the sequence counts all that happens to a market; else, quiet for 1.5 s, REST's best prices and sizes that are the same, while heartbeats come |
//! | `heartbeat` | its own events |
//!
//! Changes of the book are numbered by nothing: of a book it is known that it is fed, not that nothing is missing. At 250 ms a request,
//! some six quiet books that are not still can be told from dead ones at once; those of further markets are stale.

use crate::stream::Limits;
use hypersentry_model::event::Feed;
use hypersentry_model::freshness::Cadence;

/// Weight of any request: the venue counts requests ("Exchange REST API", rate limits: 10 a second an address for public endpoints,
/// bursts of 15).
pub const WEIGHT: u32 = 1;

/// How often the venue's clock is read.
pub const TIME_EVERY_MS: i64 = 7_000;

/// Trades that one request brings at most ("Exchange REST API", pagination).
pub const TRADES_PAGE: usize = 1_000;

/// Candles that one request brings at most (REST reference: Get product candles).
pub const CANDLES_PAGE: usize = 300;

/// Candles of an hour that make one of four hours, which the venue does not offer.
pub const HOURS_PER_H4: i64 = 4;

/// A heartbeat is set beside the one before it if that came at most this long before: they come every second.
pub const HEARTBEATS_APART_MS: i64 = 3_000;

/// How often a feed gives a sign of life while it is well: heartbeats come every second ("Exchange WebSocket", heartbeat channel); a book
/// that they do not prove is compared after 1.5 s.
pub const fn cadence(feed: Feed) -> Option<Cadence> {
    match feed {
        Feed::Trades => Some(Cadence::proofs(2_500)),
        Feed::Book => Some(Cadence::proofs(3_000)),
        _ => None,
    }
}

/// Times, paces and bounds of the session.
///
/// The venue cuts a connection that subscribes to nothing for 5 s ("Exchange WebSocket", overview), and takes 100 messages a second
/// ("Exchange WebSocket", rate limits): commands are few, because each names many streams.
pub const LIMITS: Limits = Limits {
    symbols_max: 200,
    streams_per_command: 90,
    command_spacing_ms: 200,
    rest_spacing_ms: 250,
    check_spacing_ms: 250,
    rest_in_flight: 4,
    trades_page: TRADES_PAGE,
    trades_pages_max: 10,
    // Of four hours a page has to fit into a request of hours.
    candles_page: CANDLES_PAGE / HOURS_PER_H4 as usize,
    candles_pages_max: 20,
    ..Limits::USUAL
};
