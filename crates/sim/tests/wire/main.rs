//! The simulator as a client sees it, over real sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod binance_spot;
mod binance_usdm;
mod client;
mod faults;
mod hyperliquid;
mod hyperliquid_actions;
mod start_up;
