//! What clients are told: the bodies of events and answers. Signals are numbers; what is not known is absent or null, never 0.

/// What would have to change.
pub mod change;
/// `alpha_conviction`.
pub mod conviction;
/// The gates before an autonomous trade.
pub mod gate;
/// The tree of a conviction's inputs.
pub mod node;

pub use change::{Change, Target};
pub use conviction::{
    AlphaConviction, Average, BtcStep, Context, Part, Probability, ProbabilityState, Steps, Streak,
};
pub use gate::{Gate, GateName, GateState, Gates, NearVerdict, Scope};
pub use node::Node;
