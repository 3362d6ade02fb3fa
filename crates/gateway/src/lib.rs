//! HTTP and WebSocket shell over the API: connections, frames and limits.
//!
//! What is deliberately absent: decisions about markets, accounts or events. It carries what `hypersentry-api` says.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

/// Logins, sessions and roles.
pub mod auth;
/// What every request passes.
mod guard;
/// Routes.
mod http;
/// How much may be asked.
pub mod limits;
/// Connections, from their acceptance to their end.
pub mod listen;
/// Counts for operators.
mod metrics;
/// What is served, for those who write clients.
mod openapi;
/// Which pages may speak.
pub mod origin;
/// TLS of the listener.
pub mod tls;
/// `/ws`.
mod ws;
