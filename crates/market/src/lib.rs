//! The market core: canonical state per market and source, built from normalised events.
//!
//! Order books, trade tape, last price, best bid and offer, slow figures, the freshness of each, and the versioned snapshots and deltas that clients see.
//!
//! A pure state machine: every call gets the core time, nothing is read from outside, and the same calls give the same bytes.
//! What is deliberately absent: sockets, clocks, venue wire formats, and clients.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

/// One candle as it is held.
mod bar;
/// Candles of one length in a row.
mod bars;
/// Order book with a state that says whether it may be read.
pub mod book;
/// The book as clients see it.
mod book_view;
/// The newest candles as clients see them.
mod candle_view;
/// Candles of all lengths.
mod candles;
/// Which stretches of a feed were seen.
mod completeness;
/// What is combined from several venues.
mod composite;
/// Imbalance and walls as clients see them.
mod depth_view;
/// The figures that are single values.
mod figures;
/// Signed volume over windows of event time.
mod flow;
/// A value that a feed gave, and when.
mod given;
/// What is refused, and with which code.
pub mod guard;
/// Trades that wait for whoever samples them.
pub mod heard;
/// Sorted levels of one side.
pub mod ladder;
/// Liquidations, batched and summed.
mod liquidations;
/// The core: all markets, and the grid on which they are published.
pub mod market;
/// Jumps of a price told from its ordinary moves.
mod outlier;
/// Whether feeds keep their cadence.
mod pace;
/// What is held back because its price jumped.
mod quarantine;
/// Rounded quotients.
mod ratio;
/// What may be configured.
pub mod rules;
/// From a venue's units to those of the canonical market.
pub mod scale;
/// A figure as clients were last told it.
mod shown;
/// One market of one source.
mod state;
/// The trade tape.
mod tape;
/// What clients see of a market, and the differences between two such views.
mod view;

pub use candles::kept;
pub use guard::Refusal;
pub use heard::HeardTrade;
pub use market::{Held, HeldBook, HeldFunding, Market, MarketConfig, MarketId, Told};
pub use rules::Rules;
pub use scale::Scale;
