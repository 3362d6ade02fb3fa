//! The words of HyperSentry.
//!
//! Ids, fixed-point money, time, market events, the envelope that carries them, freshness, and the split between public and
//! private. Every other room speaks in these types.
//!
//! What is deliberately absent: input and output of any kind, clocks, randomness, and knowledge of any venue's wire format.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

/// What the terminal is told about one market of one source.
pub mod agg;
/// How much of a window was seen.
pub mod coverage;
/// Fixed-point numbers: `Price`, `Size`, `Usd`, `Rate`.
pub mod decimal;
/// The envelope around every event.
pub mod envelope;
/// Normalised market events: what a venue's frame means.
pub mod event;
/// How old a figure is and when it stops being good.
pub mod freshness;
/// Venues, symbols, sources.
pub mod ids;
/// Lengths of candles.
pub mod interval;
/// Liquidations, told in batches.
pub mod liquidation;
/// Who may see an event.
pub mod privacy;
/// What the terminal is told about a venue's feeds.
pub mod status;
/// Points in time and the clock that gives them.
pub mod time;

pub use coverage::{Coverage, Grade, Share};
pub use decimal::{DecimalError, Price, Rate, Size, Usd};
pub use envelope::{Envelope, EventType, StreamKey};
pub use event::{Level, MarketEvent, Payload, Side, Trade, TradeId};
pub use freshness::{Freshness, Stamp, Stamped};
pub use ids::{Mode, Source, Symbol, SymbolError, UnknownVenue, Venue};
pub use interval::Interval;
pub use privacy::{Owner, Private, Public};
pub use time::{Clock, ManualClock, Timestamp};
