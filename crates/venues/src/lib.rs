//! One folder per venue, all laid out alike: bytes in, normalised events out.
//!
//! | file | what it holds |
//! |---|---|
//! | `wire.rs` | the venue's messages as types |
//! | `decode.rs` | a frame or a REST body to a message and its events; a pure function |
//! | `session.rs` | the state machine behind a connection: subscribe, acknowledge, heartbeat, splice, de-duplicate, reconnect |
//! | `rest.rs` | the requests that the session makes |
//! | `limits.rs` | the venue's limits, cadences and what counts as proof of life |
//!
//! Sessions are deterministic: they get time, frames and answers as [`session::Input`] and say what they want as
//! [`session::Output`]. They own no socket, read no clock and spawn nothing, so a journal of their inputs replays them.
//!
//! What is deliberately absent: any knowledge of books, snapshots for clients, or other venues.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

/// Binance spot.
pub mod binance_spot;
/// Binance USD-M.
pub mod binance_usdm;
/// Bybit.
pub mod bybit;
/// Coinbase.
pub mod coinbase;
/// What decoding gives, and how it is refused.
pub mod decode;
/// Decimal digits, eight bytes at a time.
mod digits;
/// Hyperliquid.
pub mod hyperliquid;
/// What the general readers of several venues share.
mod json;
/// What may be asked of a venue, and when.
pub mod ledger;
/// The offset of a venue's clock.
pub mod offset;
/// OKX.
pub mod okx;
/// Lists of levels, used again and again.
pub mod rooms;
/// Cursor primitives for hand-written JSON readers.
mod scan;
/// What a session is told and what it asks for.
pub mod session;
/// The state machine behind a venue's connections.
pub mod stream;
