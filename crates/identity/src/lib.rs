//! Who may do what: wallet login, sessions, users with roles and grants, agent credentials.
//!
//! Rules are functions of what they are given: the present and chance come from outside ([`hypersentry_model::Clock`], [`Entropy`]). What is decided
//! is a list of [`Change`]s, which a [`Repository`] keeps before anybody is told; then the state in memory takes it. So a failed write
//! changes nothing, and nothing that was answered is forgotten.
//!
//! What is deliberately absent: HTTP, cookies, sockets, the network. Contract wallets have a place ([`WalletVerifier`]) and no implementation.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

/// Ethereum addresses.
mod address;
/// Agent credentials.
pub mod agent;
/// Texts that wallets sign to log in.
mod challenge;
/// What happens to the state.
mod change;
/// Keys on secp256k1.
mod curve;
/// Users, roles, grants: what an admin or owner changes.
mod desk;
/// Coded refusals.
mod error;
/// Bytes as hexadecimal digits.
mod hex;
/// The whole of it: decisions, in order and kept.
mod identity;
/// Agent keys, sealed.
mod keystore;
/// A machine's own user.
mod local;
/// Where changes are kept.
pub mod repository;
/// Roles and grants.
mod role;
/// Sessions.
mod session;
/// Signatures of wallets.
mod signature;
/// Signatures by agents.
mod signing;
/// Users, sessions, grants and agents in memory.
mod state;
/// Hyperliquid's approval of an agent as typed data.
mod typed_data;
/// Keys of this machine that log in.
mod wallet_key;

pub use address::Address;
pub use challenge::{Chain, Issued, LoginPolicy};
pub use change::{AuditEntry, Change};
pub use desk::GrantRow;
pub use error::Refusal;
pub use identity::{Authenticated, LoggedIn, Login};
pub use identity::{Entropy, EntropyFailure, Identity, Settings};
pub use keystore::{AgentKey, MasterKey, Sealed};
pub use local::LOCAL;
pub use repository::{Repository, StoreFailure};
pub use role::{Grants, Role};
pub use session::{Client, EndReason, Session, SessionPolicy, Token};
pub use signature::{EoaVerifier, Signature, WalletVerifier, login_digest};
pub use state::User;
pub use wallet_key::WalletKey;
