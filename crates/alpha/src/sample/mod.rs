//! What the engine remembers of a symbol, sampled on a grid of time. Bounded: about 180 kB a symbol, most of it a week of funding.

/// Trades, in slots of the evaluation grid.
pub mod flow;
/// Funding, a sample a minute.
pub mod funding;
/// Open interest, a sample a second.
pub mod interest;
/// The lean of the book, a sample a second.
pub mod lean;
/// The mid price, a sample a second, and minute bars.
pub mod prices;
/// Liquidations about the price.
pub mod prints;
