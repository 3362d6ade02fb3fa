//! The journal on a real disk, and on one that fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod round_trip;
mod support;
