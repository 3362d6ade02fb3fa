//! Journeys across rooms, through real processes, sockets and the engine, are in `tests/journeys`; the core against the simulator in virtual
//! time is in `tests/unplugged` and in `cargo xtask soak`. Here is what these share.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "it serves tests, and a test ends where it fails"
)]

pub mod model;
pub mod plant;
