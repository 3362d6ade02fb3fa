//! The market behind the venues: a pure function of seed, start time and steps.
//!
//! One efficient price per coin: `d ln P_i = beta_i dF + sigma_i V sqrt(dt) Z_i + impact`, where `F` and `V` come from
//! [`climate`], and `impact` is the change of what the net volume of the last minutes moves at each venue ([`footprint`]).
//! A weak pull to the start price with a time constant of hours keeps long runs plausible.
//! Binance spot quotes about the efficient price; every other venue's book about it times one plus a basis of its own, an
//! Ornstein-Uhlenbeck process of a few basis points and some minutes. Forced orders of leveraged positions ([`positions`])
//! hit the books when a venue's mark price reaches them, and move the price like any other order.

mod book;
mod candles;
mod climate;
mod coin;
mod context;
mod day;
mod flow;
mod footprint;
mod grid;
mod guests;
mod history;
mod instrument;
mod listing;
mod maker;
mod market;
mod outlet;
mod positions;
mod random;
#[cfg(test)]
mod tests;
mod venue_book;
mod wide;

pub(crate) use book::{Book, Level, Side, Touched};
pub(crate) use candles::{CandleSource, Interval};
pub use climate::Regime;
pub(crate) use coin::{Coin, PerpTrade};
pub(crate) use day::Day;
pub(crate) use grid::power_of_ten;
pub(crate) use guests::Guest;
pub(crate) use history::Bar;
pub(crate) use listing::Place;
pub(crate) use market::{Market, OutlierAt, StepEvents};
pub(crate) use outlet::{Liquidation, Outlet, Trade};
pub(crate) use random::mix;
pub(crate) use venue_book::{SpotTrade, VenueBook};
pub(crate) use wide::{MOST_COINS, symbols};
