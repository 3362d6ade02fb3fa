//! Typed data (EIP-712), as far as the venue uses it: flat messages in two domains.

use super::Network;
use sha3::{Digest, Keccak256};
use std::sync::LazyLock;

const DOMAIN: &[u8] =
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";

/// Keccak-256 of the parts, one after the other.
pub(super) fn keccak(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Keccak256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// A `uint64`.
pub(super) fn number(value: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&value.to_be_bytes());
    word
}

/// A `bool`.
pub(super) fn flag(value: bool) -> [u8; 32] {
    number(u64::from(value))
}

/// An `address`.
pub(super) fn address(bytes: &[u8; 20]) -> [u8; 32] {
    let mut word = [0; 32];
    word[12..].copy_from_slice(bytes);
    word
}

/// A `string`.
pub(super) fn text(value: &str) -> [u8; 32] {
    keccak(&[value.as_bytes()])
}

/// The separator of a domain of version 1 without a contract.
pub(super) fn domain(name: &str, chain_id: u64) -> [u8; 32] {
    keccak(&[
        &keccak(&[DOMAIN]),
        &text(name),
        &text("1"),
        &number(chain_id),
        &[0; 32],
    ])
}

/// What is signed of a message in a domain.
pub(super) fn digest(domain: &[u8; 32], message: &[u8; 32]) -> [u8; 32] {
    keccak(&[b"\x19\x01", domain, message])
}

/// The domain of agents' signatures, the same on both chains. Hyperliquid's Python SDK, `signing.l1_payload`.
pub(super) static EXCHANGE: LazyLock<[u8; 32]> = LazyLock::new(|| domain("Exchange", 1337));

/// What an agent's message calls a chain, hashed: it is part of every signature.
static SOURCES: LazyLock<[[u8; 32]; 2]> =
    LazyLock::new(|| [Network::Mainnet, Network::Testnet].map(|network| text(network.source())));

/// The hash of a chain's name in an agent's message.
pub(super) fn source(network: Network) -> &'static [u8; 32] {
    let [mainnet, testnet] = &*SOURCES;
    match network {
        Network::Mainnet => mainnet,
        Network::Testnet => testnet,
    }
}

/// The type of an agent's message.
pub(super) static AGENT: LazyLock<[u8; 32]> =
    LazyLock::new(|| keccak(&[b"Agent(string source,bytes32 connectionId)"]));
