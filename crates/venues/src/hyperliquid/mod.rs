//! Hyperliquid: perpetuals and spot pairs.
//!
//! Every book message is a whole book, there are no sequence numbers anywhere, and the trades of the last minutes come again
//! with every subscription. So this folder needs no splicing; it needs to notice silence and to drop what it has seen.

/// What is told of an account.
pub mod account;
/// REST bodies, told apart by their shape.
mod bodies;
/// Frames and bodies to events.
pub mod decode;
/// The venue's figures to events.
mod events;
/// Orders, and what else an account may ask for.
pub mod exchange;
/// A reader of the exact spelling of order books.
mod fast;
/// Limits, cadences, and what counts as proof of life.
pub mod limits;
/// The requests that the session makes.
pub mod rest;
/// The state machine behind the connection.
pub mod session;
/// The venue's messages as types.
pub mod wire;
