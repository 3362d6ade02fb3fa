//! Binance USD-M: perpetuals margined in USDT and USDC.
//!
//! Sources of the facts named here are the venue's public documents for USD-M futures ("Websocket Market Streams", "Market Data
//! Endpoints", "How to manage a local order book correctly") and recorded traffic of 2021 and 2024.

/// REST bodies to events.
mod bodies;
/// Frames and bodies to events.
pub mod decode;
/// Events from the venue's words.
mod events;
/// Readers of the exact spelling of the frequent messages.
mod fast;
/// Limits and cadences.
pub mod limits;
/// The requests that the session makes.
mod rest;
/// The state machine behind the connections.
pub mod session;
/// The venue's messages as types.
pub mod wire;
