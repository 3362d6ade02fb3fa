//! Wires the rooms.
//!
//! [`core::Core`] is the deterministic whole: sessions, market, conviction engine, publication grids. The rim around it owns sockets, files, the clock and the random source, puts
//! everything that enters in one order, journals it, and only then lets the core see it. Live, replay and simulation differ in the rim alone.
//!
//! What is deliberately absent: clients and their queues (`api`), and any decision about markets (`market`).
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

/// An account beside the core.
pub mod account;
/// What the engine is told at its start.
pub mod config;
/// The deterministic whole.
pub mod core;
/// The way into a running engine.
pub mod desk;
/// Why the engine cannot start or go on.
pub mod error;
/// The hash of a run.
pub mod hash;
/// What enters the core, and its form in the journal.
pub mod input;
/// What the engine says of markets to an account that trades by itself.
mod opinion;
/// What leaves the core for clients.
pub mod publication;
/// Captured venue frames.
pub mod recording;
/// Which venue market is which canonical market.
pub mod registry;
/// Journals and recordings through the core.
pub mod replay;
/// Sockets, files, clock.
mod rim;
/// The start-up order.
pub mod startup;
/// What the rim of execution needs.
pub mod trading;

pub use config::{CoreConfig, Endpoints, EngineConfig, SymbolMap};
pub use desk::Desk;
pub use error::EngineError;
pub use hypersentry_market::{Held, MarketId};
pub use publication::Publication;
pub use rim::agents::{AgentVenue, AgentVenueError};
pub use rim::clock::SystemClock;
pub use rim::tls::install as install_tls;
pub use startup::{Engine, Prepared};

/// The version of the deterministic logic. Journals replay to identical bytes within one version only.
pub const LOGIC_VERSION: u32 = 5;
