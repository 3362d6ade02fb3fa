//! The session against scripts: what it asks for, when, and what it makes of the answers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

mod books;
mod connection;
mod desk;
mod proof;
mod requests;
