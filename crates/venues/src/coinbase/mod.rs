//! Coinbase Exchange.

/// Frames and bodies to events.
pub mod decode;
/// The state machine behind the connection.
pub mod session;
