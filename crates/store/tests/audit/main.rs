//! The audit log: on a real disk, on one that fails, and in the hands of somebody who changes it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod commit;
mod damage;
mod faults;
#[path = "../journal/faulty_disk.rs"]
#[allow(dead_code)] // The journal's tests use more of it.
mod faulty_disk;
mod mutations;
mod pages;
mod prover;
mod python;
mod support;
