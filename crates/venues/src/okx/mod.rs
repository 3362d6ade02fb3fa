//! OKX: perpetual swaps, and the decoding of its other markets.
//!
//! Sizes of derivatives are counts of contracts on the wire and base units everywhere else in this program, so that decoding them
//! needs the contract's value, which the venue's list of instruments tells and may change. Sources of the facts named here are
//! the venue's public document "OKX API guide v5" (`docs-v5`) and recorded frames.

/// REST bodies to events.
mod bodies;
/// What a contract stands for.
pub mod contracts;
/// Frames and bodies to events.
pub mod decode;
/// The venue's figures to events.
mod events;
/// Readers of the exact spelling of the frequent messages.
mod fast;
/// Limits and cadences.
pub mod limits;
/// The requests that the session makes.
pub mod rest;
/// The state machine behind the connection.
pub mod session;
/// The venue's messages as types.
pub mod wire;
