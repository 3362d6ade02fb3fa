//! A venue simulator: a seeded market behind the wire protocols of Hyperliquid and Binance spot, on one port.
//!
//! | path | protocol |
//! |---|---|
//! | `POST /hyperliquid/info`, `GET /hyperliquid/ws` | Hyperliquid |
//! | `GET /binance-spot/api/v3/{ping,time,depth,exchangeInfo}` | Binance spot REST |
//! | `GET /binance-spot/ws`, `/binance-spot/ws/<stream>`, `/binance-spot/stream?streams=<a>/<b>` | Binance spot streams |
//!
//! It is written from the venues' documentation and shares no type and no codec with the engine, so that one checks the
//! other. It simulates market data only: there are no accounts and no orders.
//!
//! # Invariants
//! - No book is ever crossed, unless a fault says so; trades happen at prices that the book had and consume it.
//! - The market is a function of seed, start time and steps: no clock and no other chance enters it.
//! - A Binance snapshot plus the diffs after its `lastUpdateId` equals every later snapshot, as deep as both reach.
//! - Everything is bounded: clients' queues, windows, candles, trades. A client that does not keep up is disconnected.
//!
//! # Faults
//! By a test through [`Faults::apply`], or by a [`Scenario`] file; both use [`Fault`].
//!
//! | `kind` | a real venue's ... | what a client sees |
//! |---|---|---|
//! | `drop_connections` | crash, reset | TCP ends with no close frame |
//! | `refuse_connections` | maintenance | status 503 instead of an upgrade |
//! | `silence_channel` | stuck publisher | one feed stops, the socket and all else live on |
//! | `silence_venue` | half-open connection | nothing arrives, not even pongs; REST still answers |
//! | `duplicate_trades` | replay, at-least-once delivery | the same trade ids twice |
//! | `delay` | congestion | all frames late, in order |
//! | `skip_depth_diff` | lost message | a gap in `U`/`u` of `@depth@100ms` |
//! | `send_frame` | defect, new feature | one frame: `crossed_book`, `crossed_bbo`, `malformed_json`, `missing_field`, `unknown_channel`, `server_shutdown` |
//! | `rate_limit_storm` | shared address over its limit | REST status 429 |
//! | `slow_rest` | overload | REST answers late |
//! | `hold_regime` | (the market) | `quiet`, `chop`, `trend` or `burst` |
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod binance;
mod bybit;
mod clock;
mod coinbase;
mod decimal;
mod door;
mod driver;
mod error;
mod faults;
mod generator;
mod hub;
mod hyperliquid;
mod limits;
mod okx;
mod rest;
mod server;
mod session;
mod venue;
mod world;

pub use driver::{Driver, DriverSocket};
pub use error::SimError;
pub use faults::{Fault, FrameForm, Scenario, ScenarioStep};
pub use generator::Regime;
pub use limits::{
    BinanceLimits, BybitLimits, CoinbaseLimits, HyperliquidLimits, Limits, OkxLimits,
};
pub use rest::{RestAnswer, RestRequest, Usage};
pub use server::{Faults, PRACTICE_SYMBOLS, SimConfig, Simulator, start};
pub use session::Received;
pub use venue::Venue;
