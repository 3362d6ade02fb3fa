//! The desktop shell: a window over the one API, with the engine in the same process.
//!
//! Only this room knows Tauri. It decides nothing: it starts a terminal, carries what the window asks to it, and what it answers
//! to the window. Market data is pulled: the window asks for the next frame, and one request at a time is its back-pressure.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

/// Agents of this machine's user.
mod agents;
/// The commands and their TypeScript.
mod bindings;
#[cfg(test)]
mod command_names;
/// What the window may call.
mod commands;
/// Where secrets are kept.
mod keychain;
/// How the terminal is asked for on the command line.
mod launch;
/// What is logged.
mod log;
/// The paper account.
mod paper;
/// Where data is kept.
mod places;
/// Sessions of windows.
mod sessions;
/// The terminal that the commands work on.
mod shell;
/// Where it is recorded what this machine's key signs.
mod signatures;
/// From the command line to a running terminal.
mod start;
/// A team server in place of the engine.
mod team;
#[cfg(test)]
mod tests;
/// Orders.
mod trade;
/// The page on which a wallet of the browser signs.
mod wallet_page;
/// The window and its life.
mod window;

pub use launch::Launch;
pub use window::run;
