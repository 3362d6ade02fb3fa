//! Bybit's wire protocol, version 5, linear perpetuals: REST market data and the public WebSocket.
//!
//! Written from the venue's documentation ("Connect", "Orderbook", "Trade", "Ticker", "All Liquidation", "Rate Limit", and
//! the market endpoints). Books come in band: a snapshot, then changes, `u` counted per topic; level 1 is a snapshot each
//! time and repeats after three seconds. A ticker is told whole and then by what changed. `openInterest` counts both sides
//! and `singleOpenInterest` one. In `allLiquidation`, `S` is the side of the position: `Buy` was a long.
//!
//! Own choices where nothing is known: one wrong topic refuses its whole request; `turnover` is estimated from volume and
//! price.

mod feeds;
mod frames;
mod rest;
mod session;
mod ticker;

pub(crate) use feeds::Feeds;
pub(crate) use rest::answer;
pub(crate) use session::{open, text};
