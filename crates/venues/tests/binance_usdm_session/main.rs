//! The session against a venue that keeps the truth: whatever is lost, doubled or late, no book is wrong and no trade is counted twice.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

mod properties;
mod scripts;
mod venue;
