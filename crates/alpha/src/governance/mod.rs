//! How far the engine can be trusted at present: what kind of market this is, whether the model still sees the market that it
//! learned from, and how its forecasts turned out.

/// How the forecasts of this run turned out.
pub mod calibration;
/// Whether the model still sees the market that it learned from.
pub mod drift;
/// `gov_update`.
pub mod event;
/// One symbol's governance.
pub mod governor;
/// Forecasts that wait for their hour.
pub mod outcomes;
/// The market's kind.
pub mod regime;
/// The models that are known.
pub mod registry;
/// Whether a challenger is better.
pub mod shadow;
/// A challenger's trial.
pub mod trial;

pub use event::{GovUpdate, MacroRegime};
pub use governor::{Governor, Run};
pub use registry::Registry;
pub use trial::Pair;
