//! Hyperliquid's wire protocol: `POST /info`, `POST /exchange` and the WebSocket.
//!
//! Written from the venue's documentation ("API: WebSocket", "Subscriptions", "Timeouts and heartbeats", "Post requests",
//! "Info endpoint", "Rate limits and user limits", "Tick and lot size") and from frames that the venue was seen to send
//! where it says less or something else: the standard `l2Book` comes about every 5 s and the `fast` one about every 0.5 s,
//! `trades` begins with some 30 recent ones without any mark, `pong` has no `data`, a subscription to an unknown coin ends
//! the connection without a frame.
//!
//! Own choices where nothing is known: buckets of `3d` and `1w` candles are counted from the epoch; refusals beyond a limit
//! (see [`crate::limits`]).

mod actions;
mod decimal;
mod feeds;
mod frames;
mod info;
mod mempool;
mod rounding;
mod session;
mod subscription;
#[cfg(test)]
mod tests;
mod trading;
mod wrong;

pub(crate) use actions::deliver;
pub(crate) use feeds::Feeds;
pub(crate) use info::answer;
pub(crate) use session::{open, text};
use subscription::Subscription;
pub(crate) use trading::{Trading, publish, repeat_states};
