//! How much of an account's money a view may risk. Amounts are integers; what is unknown leads to a refusal, never to a default.

/// What is known of an account.
pub mod account;
/// `risk_update`.
pub mod event;

pub use account::{AccountView, EquitySource, Limits, Position};
pub use event::{Direction, Refusal, RefusalCode, RiskState, RiskUpdate};
