//! Limits and cadences.
//!
//! What counts as proof that a quiet stream lives: an event of it, or the market's `heartbeat`, which comes every second. A heartbeat
//! names the newest trade, so that it also shows trades that did not come. Changes of the book are numbered by nothing: of a book it is
//! known that it is fed, not that nothing is missing.

use crate::stream::Limits;

/// Weight of any request: the venue counts requests ("Exchange REST API", rate limits: 10 a second an address for public endpoints,
/// bursts of 15).
pub const WEIGHT: u32 = 1;

/// How often the venue's clock is read.
pub const TIME_EVERY_MS: i64 = 60_000;

/// Trades that one request brings at most ("Exchange REST API", pagination).
pub const TRADES_PAGE: usize = 1_000;

/// Candles that one request brings at most (REST reference: Get product candles).
pub const CANDLES_PAGE: usize = 300;

/// Candles of an hour that make one of four hours, which the venue does not offer.
pub const HOURS_PER_H4: i64 = 4;

/// A heartbeat is set beside the one before it if that came at most this long before: they come every second.
pub const HEARTBEATS_APART_MS: i64 = 3_000;

/// Times, paces and bounds of the session.
///
/// The venue cuts a connection that subscribes to nothing for 5 s ("Exchange WebSocket", overview), and takes 100 messages a second
/// ("Exchange WebSocket", rate limits): commands are few, because each names many streams.
pub const LIMITS: Limits = Limits {
    symbols_max: 200,
    streams_per_command: 90,
    command_spacing_ms: 200,
    rest_spacing_ms: 250,
    trades_page: TRADES_PAGE,
    trades_pages_max: 10,
    // Of four hours a page has to fit into a request of hours.
    candles_page: CANDLES_PAGE / HOURS_PER_H4 as usize,
    candles_pages_max: 20,
    ..Limits::USUAL
};
