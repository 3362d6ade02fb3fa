//! Why the engine says what it says.

/// The text.
pub mod lines;
