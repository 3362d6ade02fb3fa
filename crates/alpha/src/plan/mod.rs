//! How a size would be traded: slices on the venue's grid, what they would cost, and what speaks against it now. A plan is not an
//! order: nothing here leaves the house.

/// `exec_plan`.
pub mod event;

pub use event::{ExecPlan, PlanState, Slice};
