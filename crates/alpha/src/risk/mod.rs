//! How much of an account's money a view may risk. Amounts are integers; what is unknown leads to a refusal, never to a default.

/// What is known of an account.
pub mod account;
/// How much the open book carries already.
pub mod correlation;
/// How far below its height the account stands.
pub mod drawdown;
/// `risk_update`.
pub mod event;
/// What the odds deserve.
pub mod kelly;
/// The house's constants.
pub mod params;
/// From a view to a size.
pub mod size;

pub use account::{AccountView, EquitySource, Limits, Position};
pub use event::{Direction, Refusal, RefusalCode, RiskState, RiskUpdate};
pub use params::RiskParams;
