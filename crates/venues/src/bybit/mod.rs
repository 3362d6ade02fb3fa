//! Bybit v5: linear perpetuals.
//!
//! Sources of the facts named here are the venue's public documents, "V5 API": "WebSocket Stream" (connect, public topics) and
//! "Market". The same spelling exists in several of the venue's categories (spot, linear, inverse, option), each with a connection of
//! its own: what is decoded here is read as linear, where sizes are base units.

/// REST bodies to events.
mod bodies;
/// Frames and bodies to events.
pub mod decode;
/// Readers of the exact spelling of the frequent messages.
mod fast;
/// The list of markets.
mod instruments;
/// Limits and cadences.
pub mod limits;
/// The requests that the session makes.
mod rest;
/// The state machine behind the connection.
pub mod session;
/// Mark, index, open interest and funding.
pub mod ticker;
/// The venue's messages as types.
pub mod wire;
