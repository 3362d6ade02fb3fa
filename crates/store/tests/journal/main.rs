//! The journal on a real disk, and on one that fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod damage;
mod faults;
#[allow(dead_code)] // The tests of the audit log use more of it.
mod faulty_disk;
mod retention;
mod round_trip;
mod support;
