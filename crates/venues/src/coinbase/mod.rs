//! Coinbase Exchange: spot.
//!
//! Sources of the facts named here are the venue's public documents: "Exchange WebSocket" (overview, channels, rate limits) and the
//! "Exchange REST API" reference. The venue has a second API, Advanced Trade, whose messages are recognised and not used: its
//! sequence numbers count per connection over all markets, so that one gap taints every market, and its documents do not settle whose
//! side a trade names.

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
/// Points in time as the venue writes them.
mod time;
/// The venue's messages as types.
pub mod wire;
