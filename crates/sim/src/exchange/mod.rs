//! Hyperliquid as an exchange: matching, margin, triggers, actions and their answers.
//!
//! A deterministic core: no I/O, no clock, no chance, integers only. Whoever owns it moves time forward
//! ([`Exchange::advance`]), shows it the generated market ([`Exchange::street_level`], [`Exchange::street_take`],
//! [`Exchange::move_up`], [`Exchange::mark`], [`Exchange::fund`]), hands it requests whose signer is known ([`Exchange::post`], [`Exchange::info`]) and
//! fetches what came out ([`Exchange::take_output`], [`Exchange::frames`]).
//!
//! Written from the venue's documentation ("Exchange endpoint", "Info endpoint", "Error responses", "Order types", "Take
//! profit and stop loss orders", "Margining", "Liquidations", "Funding", "Fees", "Self-trade prevention", "Nonces and API
//! wallets", "Rate limits and user limits"). Where the documentation is silent the choice is named beside the code.
//!
//! # Invariants
//! - What users, the street, the house and the backstop have adds up to what was paid in, and the lots of each market to zero.
//! - The book is not crossed after any call.
//! - The same calls give the same answers and events.
//!
//! # Not simulated
//! Sub-accounts, vaults, spot trading, builder fees, HIP-3 markets, and transfers: money comes in by [`Exchange::pay_in`] alone.

mod account;
mod action;
mod address;
mod agents;
mod block;
mod book;
mod check;
mod events;
mod fill;
mod info;
mod ledger;
mod leverage;
mod liquidate;
mod margin;
mod msgpack;
mod nonce;
mod number;
mod order;
mod outside;
mod place;
mod post;
mod records;
mod refusal;
mod saved;
mod schedule;
mod signature;
mod spec;
mod state;
mod streams;
#[cfg(test)]
mod tests;
mod trigger;
mod twap;

pub use account::{Account, Leverage, Party, Position, Schedule};
pub use address::{Address, Cloid};
pub use agents::{Agent, Agents};
pub use block::{Turn, turn_of};
pub use book::{Book, Met, Resting, Side};
pub use events::UserFrame;
pub use fill::{Fill, FundingPayment, LiquidationMark};
pub use nonce::Nonces;
pub use number::{Micro, NumberFault, USD, on_grid, parse, print, usd};
pub use order::{Closed, NewOrder, Order, Place, Tif, Tpsl, Trigger};
pub use place::Placed;
pub use post::Unreadable;
pub use records::{LedgerEntry, TwapRecord};
pub use refusal::Refusal;
pub use signature::{Network, SignatureFault, recover_signer};
pub use spec::{FeeRates, MarketSpec, OpenInterest, Rules};
pub use state::{
    Exchange, MOST_ACCOUNTS, Market, Output, PublicTrade, Street, StreetTake, UserEvent,
};
pub use trigger::{Grouping, Outcome};
pub use twap::{NewTwap, Twap};
