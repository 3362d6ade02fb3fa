//! Orders and what else an account may ask of Hyperliquid: the actions, their bytes, what a signer signs, requests and their answers.
//!
//! Everything here is a function of its input. Keys stay outside: this folder says what is to be signed ([`L1::digest`],
//! [`UserSigned::digest`]) and takes the signature back. So does the network: a request is bytes, and an answer is bytes.

/// What an account asks for, in the order of the wire.
pub mod action;
/// What the venue would refuse, refused before anything is sent.
pub mod check;
/// Typed data (EIP-712), as far as the venue uses it.
mod eip712;
/// Bytes as hexadecimal digits.
mod hex;
/// The encoding that is hashed.
mod msgpack;
/// The nonces of a signer.
pub mod nonce;
/// Orders, their changes and their ends.
pub mod order;
/// Requests over the WebSocket that wait for their answers.
pub mod posts;
/// How an unknown outcome ends.
pub mod proof;
/// What the venue answers, and what follows from it.
pub mod reply;
/// Requests as bytes.
pub mod request;
/// Actions that an agent signs: hash, digest, body.
mod signing;
/// Which prices and sizes the venue takes.
pub mod tick;
/// Actions that the account's own wallet signs.
pub mod user_signed;
/// Addresses, client order ids, numbers.
mod values;

pub use action::Action;
pub use signing::{L1, Signature, agent_digest};
pub use user_signed::{Message, UserSigned};
pub use values::{Address, Cloid, InvalidText, Network, Number};

/// An action that cannot be written, with the reason: a kind of value that the venue's encoding does not have. None of the actions
/// here has one.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the action cannot be encoded: {0}")]
pub struct EncodeError(pub(crate) String);

impl EncodeError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        "action_not_encodable"
    }
}
