//! What becomes of an order: deterministic, without clock, socket or disk.
//!
//! | module | holds |
//! |---|---|
//! | [`order`] | one order's life cycle: the table of steps, and what the venue's words mean for it |
//! | [`keys`] | idempotency: the same request twice is one order |
//! | [`ledger`] | what the account has, from what happened to it |
//! | [`reconcile`] | what we hold against what the venue says |
//! | [`relay`] | one account's way from a request to the end of its order |
//! | [`risk`] | the checks that every order passes before anything is signed |
//! | [`auto`] | trading by itself: the gates before it, the leave for it, and the plan that it follows |
//! | [`audit`] | the audit log: records, chain, tree, checkpoints, proofs |
//!
//! The rim writes down an intent before the first byte leaves, sends, listens and asks; it tells this room what happened, and this room says
//! what is known. It never guesses: where the venue's answer was lost the order is `unknown`, and stays so until a fact ends it.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod audit;
pub mod auto;
mod hex;
pub mod keys;
pub mod ledger;
pub mod order;
pub mod reconcile;
pub mod relay;
pub mod risk;
