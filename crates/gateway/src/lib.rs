//! HTTP and WebSocket shell over the API: connections, frames and limits.
//!
//! What is deliberately absent: decisions about markets, accounts or events. It carries what `hypersentry-api` says.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

/// Routes.
mod http;
/// Connections, from their acceptance to their end.
pub mod listen;
/// `/ws`.
mod ws;
