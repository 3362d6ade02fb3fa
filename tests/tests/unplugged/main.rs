//! The engine's core against the simulator in virtual time: faults, disconnections, long runs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods
)]

mod alpha;
mod calm;
mod disconnects;
mod faults;
mod silence;
mod steps;
