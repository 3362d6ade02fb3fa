//! The stages before the conviction: each reads one kind of figure and says which way it points, from -1 to 1.
//!
//! A stage is a pure function of a small record of statistics. The record is kept in the explanation, so that the score can be
//! computed again from it. Samples are taken on a grid of time, never by counting events.
//!
//! # Why there are dead bands
//! On a driftless random walk every statistic wanders. With a dead band of half a standard deviation the engine would lean one way most of the time and trade noise, so each continuous stage is
//! silent within one and a half standard deviations and grows from there (see [`crate::stats::soft`]). A test prints how often the engine leans on noise.

/// Flow that meets a price which does not move.
pub mod absorption;
/// Aggressive buying against selling.
pub mod flow;
/// Funding against its own history.
pub mod funding;
/// Price and flow that jump together.
pub mod impulse;
/// Forced closings about the price.
pub mod liquidation;
/// Price against open interest.
pub mod regime;
/// Orders that clear the book.
pub mod sweep;
/// Compression and expansion.
pub mod volatility;
