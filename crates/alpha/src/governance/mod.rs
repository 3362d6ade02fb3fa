//! How far the engine can be trusted at present: what kind of market this is, whether the model still sees the market that it
//! learned from, and how its forecasts turned out.

/// `gov_update`.
pub mod event;

pub use event::{GovUpdate, MacroRegime};
