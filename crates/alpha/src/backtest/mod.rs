//! What would have come of trading the engine's views by fixed rules, on the evaluations and the books of a replay.
//!
//! The evaluations are those of the run itself: the same core makes them from the same inputs. Everything that is paid is counted: fees, the
//! book that is walked, funding when it is due, the time until an order arrives. What was not seen is not traded.

/// Trades as CSV.
pub mod csv;
/// What followed on convictions of each strength.
pub mod deciles;
/// Cash, positions and what is paid.
pub mod ledger;
/// One market.
mod market;
/// What came of it.
pub mod metrics;
/// One position.
pub mod position;
/// When to trade, and how much.
pub mod rules;
/// The run.
pub mod run;
/// The equity as a picture.
pub mod svg;
/// Other constants and rules.
pub mod variant;

pub use deciles::Decile;
pub use metrics::Metrics;
pub use position::{Exit, Trade};
pub use rules::Rules;
pub use run::{Backtest, Finished, Step};
pub use variant::Variant;
