//! What the market's figures say together, and why.
//!
//! ```text
//! observation ──► symbol      samples on a grid of time: prices, flow, open interest, funding, liquidations
//!                    │
//!                    ▼
//!                 evidence    the statistics of one evaluation with their feeds' ages; serialises
//!                    │ judge: a pure function
//!                    ▼
//!                 verdict     scores of the components, the conviction and its steps
//! ```
//!
//! Deterministic: no clock, no chance, no I/O; floats only with the processor's `+ - * /`, `sqrt`, and functions of `libm`.
//! The cost of a tick does not depend on how many trades there were.
//!
//! A signal is a float; an order's size and price are integers (`risk`, `plan`).
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

/// What would have come of it.
pub mod backtest;
/// The conviction arithmetic.
pub mod conviction;
/// What would have to change.
pub mod counterfactual;
/// What clients are told.
pub mod event;
/// The record of one evaluation.
pub mod evidence;
/// The feeds behind the components.
pub mod feeds;
/// The gates before an autonomous trade.
pub mod gates;
/// How far the engine can be trusted.
pub mod governance;
/// When the market last told something new.
pub mod news;
/// What the engine is shown.
pub mod observe;
/// Every constant.
pub mod params;
/// How a size would be traded.
pub mod plan;
/// How probable a move is.
pub mod probability;
/// What spans several ticks.
pub mod readings;
/// Computing an event again.
pub mod recompute;
/// How much a view may risk.
pub mod risk;
/// What is remembered, on a grid of time.
pub mod sample;
/// The stages before the conviction.
pub mod stages;
/// Statistics on a time grid.
pub mod stats;
/// One symbol.
pub mod symbol;
/// Why the engine says what it says.
pub mod why;

pub use conviction::{Bias, Conviction};
pub use event::AlphaConviction;
pub use evidence::{Component, Evidence, Verdict};
pub use params::EngineParams;
pub use readings::Readings;
pub use symbol::SymbolState;
