//! Trading by itself, for one account: from what the engine says of a market to a plan's orders, under somebody's explicit leave that ends by
//! itself.
//!
//! [`Auto`] is a function of what it is told: evaluations with their times, how the account stands, the clock. It says what is to be done and why
//! not; it sends nothing. Nothing of it outlives the process but what the audit log tells it again: the trades that are still open and when each
//! market was traded last ([`Auto::recall`]). The leave itself never does.
//!
//! A trade begins when every gate ([`GateName`]) holds at one evaluation. From then on its plan is followed slice by slice, each an order with a stop
//! and a target of its own. The plan ends when the bias is not the plan's any more, when a feed behind it goes stale, when its time is
//! up, when an order is refused, and with the leave. What was filled keeps its stop and its target.

mod facts;
mod gates;
#[cfg(test)]
mod plan_tests;
#[cfg(test)]
mod proptests;
mod step;
#[cfg(test)]
mod tests;
mod trade;
mod words;

pub use facts::{
    AccountFacts, Conviction, Enablement, MOST_MINUTES, MOST_SLICES, MOST_SYMBOLS, MarketFacts,
    Opinion, Plan, Reason, Rules, Slice, TradeFacts,
};
pub use gates::{Gate, GateName};
pub use step::Auto;
pub use trade::Trade;
pub use words::{Input, Outcome, OutcomeKind, Output};
