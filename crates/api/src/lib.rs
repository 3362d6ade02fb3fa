//! The one API: what clients may ask, what they are answered, and the fan-out that brings events to them.
//!
//! Shells (gateway, desktop) carry these messages and decide nothing.
//!
//! What is deliberately absent: HTTP, WebSocket, Tauri. The public fan-out takes [`hypersentry_model::Public`] alone; what is private goes another
//! way, to clients of its owner, which a server without a login does not have.
//!
//! ```compile_fail
//! use hypersentry_model::{Owner, Private};
//! fn leak(hub: &hypersentry_api::Hub, relayed: Vec<hypersentry_engine::startup::Relayed>) {
//!     // A private event does not fit into the public fan-out.
//!     hub.publish(Private { owner: Owner::User("a".into()), event: relayed });
//! }
//! ```
//!
//! ```compile_fail
//! use hypersentry_engine::account::AccountEvent;
//! use hypersentry_model::Public;
//! fn leak(hub: &hypersentry_api::Hub, event: AccountEvent) {
//!     // An account's event is none of the public's, whatever it is wrapped in.
//!     hub.publish(Public(vec![event]));
//! }
//! ```
//!
//! ```
//! use hypersentry_model::Public;
//! fn tell(hub: &hypersentry_api::Hub, relayed: Vec<hypersentry_engine::startup::Relayed>) {
//!     hub.publish(Public(relayed));
//! }
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

/// The user's own account.
pub mod account;
/// What the conviction engine holds.
pub mod alpha;
/// What was said at once, on its way to clients.
mod burst;
/// The newest state of a stream.
mod current;
/// Messages to clients with their frames.
mod encoded;
/// Coded errors.
pub mod error;
/// Publications to clients.
mod hub;
/// The run and its markets.
mod listing;
/// Requests and answers.
pub mod message;
/// Paper accounts.
pub mod paper;
/// What is said of accounts, to whom, and in which place.
mod plane;
/// Tests of what reaches whom.
#[cfg(test)]
mod planes;
/// Accounts at a simulator.
pub mod practice;
/// What waits for one client.
mod queue;
/// Ages that are right at the moment of sending.
mod restamp;
/// Limits, switches and leases.
pub mod risk;
/// One client's subscriptions and events.
pub mod session;
/// Signatures of a machine's own keys, on record.
pub mod signatures;
/// Who signs for accounts.
pub mod signers;
/// Whether the terminal can be relied on.
mod status;
/// Engine and fan-out as one.
pub mod terminal;
/// Orders, as clients ask for them.
pub mod trade;

pub use encoded::{Born, Encoded};
pub use error::ApiError;
pub use hub::{Depth, Hub, MAX_CLIENTS};
pub use hypersentry_paper::Assumptions;
pub use hypersentry_trading::{AgentKind, Asker, SignRefused, Signers};
pub use plane::Access;
pub use queue::{Bell, CLASSES, Lost, Taken};
pub use session::ClientSession;
pub use terminal::{Terminal, TradingPlan};
