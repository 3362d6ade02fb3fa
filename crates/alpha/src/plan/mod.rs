//! How a size would be traded: slices on the venue's grid, what they would cost, and what speaks against it now. A plan is not an
//! order: nothing here leaves the house.

/// One account at the table.
pub mod desk;
/// `exec_plan`.
pub mod event;
/// What the venue accepts.
pub mod grid;
/// What speaks against trading now.
pub mod guard;
/// From a size to a plan.
pub mod make;
/// Constants.
pub mod params;
/// Parts of an order.
pub mod slices;
/// What it would cost.
pub mod slippage;
/// How much time there is.
pub mod urgency;

pub use desk::{Desk, DeskParams, Opinion, Said};
pub use event::{ExecPlan, PlanState, Slice};
pub use grid::OrderGrid;
pub use params::PlanParams;
