//! A venue simulator: one seeded market behind the wire protocols of six venues, on one port.
//!
//! | venue | REST | WebSocket |
//! |---|---|---|
//! | Hyperliquid | `POST /hyperliquid/info`, `POST /hyperliquid/exchange` | `/hyperliquid/ws` |
//! | Binance spot | `/binance-spot/api/v3/{ping,time,exchangeInfo,depth,aggTrades,klines}` | `/binance-spot/ws`, `/ws/<stream>`, `/stream?streams=<a>/<b>` |
//! | Binance USD-M | `/binance-usdm/fapi/v1/{ping,time,exchangeInfo,depth,aggTrades,klines,openInterest,premiumIndex,fundingInfo}` | the same below `/binance-usdm/public` and `/binance-usdm/market` |
//! | Coinbase Exchange | `/coinbase/{time,products}`, `/coinbase/products/<id>/{book,trades,candles}` | `/coinbase/ws` |
//! | Bybit, linear | `/bybit/v5/market/{time,instruments-info,orderbook,recent-trade,kline,tickers}` | `/bybit/v5/public/linear` |
//! | OKX, swaps | `/okx/api/v5/public/{time,instruments,open-interest,funding-rate}`, `/okx/api/v5/market/{books,trades,history-trades,candles,history-candles}` | `/okx/ws/v5/public` |
//!
//! The venues quote one underlying price with a basis and a book each. Perpetuals have open interest that moves with their
//! trades, funding from their premium, mark and index prices, and leveraged positions that are closed by force when the
//! mark price reaches them. kPEPE (Hyperliquid) and 1000PEPEUSDT (Binance USD-M, Bybit) are a thousand PEPE, PEPEUSDT
//! (Binance spot), PEPE-USD and PEPE-USDT-SWAP one. HYPE is not listed at Binance spot and Coinbase.
//!
//! It is written from the venues' documentation and shares no type and no codec with the engine, so that one checks the
//! other. Hyperliquid is an exchange too ([`exchange`]): accounts that were paid in
//! ([`Simulator::pay_in`]) trade with signed requests. The other venues have market data only.
//!
//! # Invariants
//! - No book is ever crossed, unless a fault says so; trades happen at prices that the book had and consume it.
//! - The market is a function of seed, start time and steps: no clock and no other chance enters it.
//! - A book's snapshot plus the changes after it equals every later snapshot, as deep as both reach; ids have no gaps.
//! - Longs and shorts are treated alike.
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
//! | `skip_frames` | lost message | the next frames of a feed do not come |
//! | `duplicate_frames` | at-least-once delivery | the next frames of a feed come twice |
//! | `reorder_frames` | parallel senders | a frame comes after the one that follows it |
//! | `late_frames` | slow publisher | one feed is late, all else in time |
//! | `wrong_snapshot` | defect, stale cache | snapshots one percent too high, so that changes cross them |
//! | `clock_step` | time correction | all times of the venue are off by so much more |
//! | `outlier_print` | fat finger, defect | one trade far from the market |
//! | `maintenance` | upgrade | a notice where the venue has one, close frames, status 503 |
//! | `ban` | address banned | 418 (Binance), 403 (Bybit), 429 (OKX, Coinbase, Hyperliquid), with `Retry-After` |
//! | `send_frame` | defect, new feature | one frame: `crossed_book`, `crossed_bbo`, `malformed_json`, `missing_field`, `unknown_channel`, `server_shutdown` |
//! | `rate_limit_storm` | shared address over its limit | REST status 429 |
//! | `slow_rest` | overload | REST answers late |
//! | `lose_answers` | timeout behind the gateway | Hyperliquid's next signed requests without an answer, performed or not |
//! | `fail_requests` | 429, 502, 503 | Hyperliquid's next signed requests with an error status, performed or not |
//! | `late_answers` | a slow path to or from the venue | Hyperliquid's next signed requests answered late, performed in time or late |
//! | `hold_regime` | (the market) | `quiet`, `chop`, `trend` or `burst` |
//! | `price_shock` | (the market) | all coins move together; liquidations follow |
//!
//! `docs/practice.md` shows users how to train with them.
//!
//! # Without sockets
//! [`Driver`] steps the same world through virtual time and is called instead of connected to. It also shows the books as they are.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod binance;
mod bybit;
mod clock;
mod coinbase;
mod decimal;
mod door;
mod driver;
mod error;
pub mod exchange;
mod faults;
mod generator;
mod hub;
mod hyperliquid;
mod limits;
mod okx;
mod rest;
mod server;
mod session;
mod text;
mod truth;
mod venue;
mod view;
mod world;

pub use driver::{Driver, DriverSocket};
pub use error::SimError;
pub use faults::{Fault, FrameForm, Scenario, ScenarioStep};
pub use generator::Regime;
pub use limits::{
    BinanceLimits, BybitLimits, CoinbaseLimits, HyperliquidLimits, Limits, OkxLimits,
};
pub use rest::{RestAnswer, RestRequest, Usage};
pub use server::{Faults, PRACTICE_SYMBOLS, Practice, SimConfig, Simulator, start};
pub use session::Received;
pub use truth::TrueBook;
pub use venue::Venue;
