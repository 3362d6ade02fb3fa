//! Binance spot.
//!
//! Sources of the facts named here are the venue's public documents: "WebSocket Streams for Binance" (`web-socket-streams`) and
//! "Public Rest API for Binance" (`rest-api`), both for spot.

/// REST bodies to events.
mod bodies;
/// Frames and bodies to events.
pub mod decode;
/// Readers of the exact spelling of the frequent messages.
mod fast;
/// Limits and cadences.
pub mod limits;
/// The requests that the session makes.
mod rest;
/// The state machine behind the connection.
pub mod session;
/// The venue's messages as types.
pub mod wire;
