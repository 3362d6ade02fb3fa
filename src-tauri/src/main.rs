//! The desktop binary.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    hypersentry_desktop::run(hypersentry_desktop::Launch::parse())
}
