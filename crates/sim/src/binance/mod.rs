//! Binance's wire protocols: REST market data and WebSocket streams of spot and of USD-M futures.
//!
//! Written from the venue's documentation ("WebSocket Streams for Binance", "REST API", "Filters", "Errors"; for USD-M
//! "Websocket Market Streams", "How to manage a local order book", "Liquidation Order Streams") and from recorded frames.
//!
//! | | spot | USD-M |
//! |---|---|---|
//! | numbers | eight decimals | the symbol's precision |
//! | `bookTicker` | no event type, no time | both |
//! | diffs | `U` is the previous `u` plus one | each carries the previous `u` as `pu`, and a time `T` |
//! | depth without a speed | 1000 ms | 250 ms |
//! | addresses | one | `/public` (depth, `bookTicker`) and `/market` (the rest); without a route only the public streams |
//! | liquidations | none | `forceOrder`: the largest of each second and symbol |
//!
//! Own choices where nothing is known: a stream name that is well-formed but unknown, or of the other route, is accepted
//! and never sends; a connection that sends too many messages is closed with code 1008. Quote volumes of klines are
//! estimated from base volume and price, and taker volumes are half of all: the market model keeps neither.

mod control;
mod feeds;
mod frames;
mod info;
mod perp;
mod rest;
mod session;
mod stream;
mod wrong;

pub(crate) use feeds::Feeds;
pub(crate) use rest::answer;
pub(crate) use session::{control, open, text};
