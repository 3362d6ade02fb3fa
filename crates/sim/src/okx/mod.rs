//! OKX's wire protocol, version 5, perpetual swaps margined in USDT: REST market data and the public WebSocket.
//!
//! Written from the venue's documentation ("WebSocket: overview, connect, subscribe", "Trades channel", "Order book
//! channel", "Open interest channel", "Funding rate channel", "Mark price channel", "Index tickers channel", "Liquidation
//! orders channel", and the public and market endpoints) and from recorded frames. Sizes are contracts of `ctVal` base
//! units. `books` is a snapshot of 400 levels and then changes, each naming the `seqId` before it; the checksum is 0.
//! `trades` may put fills of one taker order and price into one row with a `count` and the last id. `liquidation-orders`
//! is subscribed by type of instrument and tells one order a second and contract. The keep-alive is the text `ping`.

mod feeds;
mod frames;
mod rest;
mod session;

pub(crate) use feeds::Feeds;
pub(crate) use rest::answer;
pub(crate) use session::{open, text};

/// What connections are told before an upgrade.
pub(crate) const NOTICE: &str = r#"{"event":"notice","code":"64008","msg":"The connection will soon be closed for a service upgrade. Please reconnect.","connId":"a4d3ae55"}"#;
