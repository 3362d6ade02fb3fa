//! Binance spot's wire protocol: REST market data and WebSocket streams.
//!
//! Written from the venue's documentation ("WebSocket Streams for Binance", "REST API", "Filters", "Errors") and from
//! recorded frames: `bookTicker` has neither event type nor time, diffs carry only changed levels, a diff's `U` is the
//! previous diff's `u` plus one, all numbers have eight decimals.
//!
//! Own choices where nothing is known: a stream name that is well-formed but unknown is accepted and never sends; a
//! connection that sends too many messages is closed with code 1008.

mod control;
mod feeds;
mod frames;
mod rest;
mod session;
mod stream;
mod wrong;

pub(crate) use feeds::Feeds;
pub(crate) use rest::{depth, exchange_info, ping, time};
pub(crate) use session::{connect_combined, connect_raw, connect_stream};
