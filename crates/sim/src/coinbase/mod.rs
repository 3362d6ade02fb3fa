//! Coinbase Exchange's wire protocol: REST products and the WebSocket feed.
//!
//! Written from the venue's documentation ("WebSocket overview", "WebSocket channels", "Rate limits", "Pagination",
//! "Get product book", "Get product trades", "Get product candles") and from recorded frames. `side` of a match is the
//! maker's. `level2_batch` is a snapshot and then, every 50 ms, the absolute sizes of what changed, without any sequence;
//! `level2`, `level3` and `full` need a login, which is not simulated. A connection must subscribe within five seconds.
//!
//! Own choices where nothing is known: too many messages end the connection with code 1008.

mod feeds;
mod frames;
mod rest;
mod session;

pub(crate) use feeds::Feeds;
pub(crate) use rest::answer;
pub(crate) use session::{open, text};
