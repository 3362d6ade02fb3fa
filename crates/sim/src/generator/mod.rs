//! The market behind the venues: a pure function of seed, start time and steps.
//!
//! One efficient price per coin: `d ln P_i = beta_i dF + sigma_i V sqrt(dt) Z_i + impact`, where `F` and `V` come from
//! [`climate`], and `impact` is what the taker orders of both venues move for good (square-root law: proportional to
//! `sqrt(order / day volume)`). A weak pull to the start price with a time constant of hours keeps long runs plausible.
//! The Binance book quotes about the efficient price, the Hyperliquid book about it times one plus a basis that is an
//! Ornstein-Uhlenbeck process of a few basis points and some minutes.

mod book;
mod candles;
mod climate;
mod context;
mod flow;
mod grid;
mod history;
mod instrument;
mod maker;
mod market;
mod random;
#[cfg(test)]
mod tests;
mod venue_book;

pub(crate) use book::{Book, Level, Side, Touched};
pub(crate) use candles::{CandleSource, Interval};
pub use climate::Regime;
pub(crate) use grid::power_of_ten;
pub(crate) use history::Bar;
pub(crate) use market::{Coin, Market, PerpTrade, StepEvents};
pub(crate) use venue_book::{SpotTrade, VenueBook};
