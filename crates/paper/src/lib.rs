//! Paper accounts: Hyperliquid's exchange, as the simulator has it, with the market from outside.
//!
//! Money, margin, order rules, triggers, funding, `/info` and the streams are the simulator's exchange ([`hypersentry_sim::exchange`]), one for each
//! account, so that no paper account trades with another. What it shows as the street, and which resting orders are filled, comes from the venue's
//! book and prints as the engine sees them:
//!
//! - An order arrives after a latency, and meets at most a share of each level that is visible then ([`Taken`]). What it took is not there again until
//!   the venue shows new size at that price.
//! - An order that rests queues behind the size that was shown at its price when it came ([`Queue`]). Prints at its price serve that size first; what
//!   leaves without a print is spread evenly over the level; prints through its price fill it, at its own price.
//! - Without a fresh book nothing is filled, no mark price counts, and orders wait.
//!
//! [`Venue`] and all below it are functions of their input: market, requests and times in, answers and frames out. [`PaperDoor`] is the rim around
//! it: the way by which `trading` reaches it, exactly as it reaches the real venue.
//!
//! `docs/paper.md` has each assumption with its source.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod account;
mod assumptions;
mod door;
mod eyes;
mod market;
mod queue;
mod requests;
mod saved;
mod shown;
mod specs;
mod taken;
mod venue;

pub use assumptions::Assumptions;
pub use door::PaperDoor;
pub use eyes::PaperEyes;
pub use market::{Glance, Levels, Markets};
pub use queue::{Hit, Print, Queue};
pub use requests::{Answer, Answered};
pub use shown::Shown;
pub use specs::specs;
pub use taken::Taken;
pub use venue::{BEGINS_WITH, Look, MOST_ACCOUNTS, Prices, Venue};
