//! Who signed a request ("Signing", "Nonces and API wallets").
//!
//! L1 actions: Keccak of the packed action, the nonce, the vault and the expiry is the connection id of a phantom agent, whose
//! EIP-712 hash is signed. User-signed actions have typed data of their own. A signature names no key: the address that it
//! recovers to is the signer, so that anything wrong with the bytes shows as an unknown address, as at the venue.

use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use serde::Deserialize;
use serde_json::Value;
use sha3::{Digest, Keccak256};

use super::action::{Action, Envelope};
use super::address::Address;
use super::msgpack;
use super::post::Unreadable;

/// Which chain signatures are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Source `a`.
    Mainnet,
    /// Source `b`; what the official client signs for any address that is not the venue's own.
    Testnet,
}

/// Why there is no signer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFault {
    /// The request is none.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// Not a point on the curve, or for another chain.
    #[error("Unable to recover signer.")]
    NoSigner,
}

#[derive(Deserialize)]
struct SignatureWire {
    r: String,
    s: String,
    v: u8,
}

type Hash = [u8; 32];

fn keccak(parts: &[&[u8]]) -> Hash {
    let mut hasher = Keccak256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

fn word(value: u64) -> Hash {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&value.to_be_bytes());
    word
}

/// EIP-712's domain with the zero address as contract.
fn domain(name: &str, chain: u64) -> Hash {
    let kind = keccak(&[
        b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
    ]);
    let (name, version) = (keccak(&[name.as_bytes()]), keccak(&[b"1"]));
    keccak(&[&kind, &name, &version, &word(chain), &[0; 32]])
}

fn typed(domain: Hash, message: Hash) -> Hash {
    keccak(&[&[0x19, 0x01], &domain, &message])
}

/// The hash that an L1 action's signer signed.
fn l1_hash(envelope: &Envelope, packed: &[u8], network: Network) -> Hash {
    let mut data = packed.to_vec();
    data.extend(envelope.nonce.to_be_bytes());
    match envelope.vault_address {
        None => data.push(0),
        Some(vault) => {
            data.push(1);
            data.extend(vault.0);
        }
    }
    if let Some(time) = envelope.expires_after {
        data.push(0);
        data.extend(time.to_be_bytes());
    }
    let source: &[u8] = match network {
        Network::Mainnet => b"a",
        Network::Testnet => b"b",
    };
    let kind = keccak(&[b"Agent(string source,bytes32 connectionId)"]);
    let message = keccak(&[&kind, &keccak(&[source]), &keccak(&[&data])]);
    typed(domain("Exchange", 1_337), message)
}

/// Left-padded: the official client prints integers without leading zeros.
fn scalar(text: &str) -> Option<Hash> {
    let digits = text.strip_prefix("0x")?;
    if digits.is_empty() || digits.len() > 64 {
        return None;
    }
    let padded = format!("{digits:0>64}");
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(padded.as_bytes().chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(bytes)
}

fn signer(hash: &Hash, wire: &SignatureWire) -> Option<Address> {
    let signature = Signature::from_scalars(scalar(&wire.r)?, scalar(&wire.s)?).ok()?;
    let parity = match wire.v {
        0 | 27 => 0,
        1 | 28 => 1,
        _ => return None,
    };
    let recovery = RecoveryId::from_byte(parity)?;
    let key = VerifyingKey::recover_from_prehash(hash, &signature, recovery).ok()?;
    let point = key.to_encoded_point(false);
    let hash = keccak(&[point.as_bytes().get(1..)?]);
    let mut address = [0; 20];
    address.copy_from_slice(&hash[12..]);
    Some(Address(address))
}

/// The hash that an agent's approval is signed with. Without a name the client signs an empty one and posts none.
fn approval_hash(action: &Action, network: Network) -> Option<Hash> {
    let Action::ApproveAgent {
        agent_address,
        agent_name,
        nonce,
        signature_chain_id,
        hyperliquid_chain,
    } = action
    else {
        return None;
    };
    let wanted = match network {
        Network::Mainnet => "Mainnet",
        Network::Testnet => "Testnet",
    };
    if hyperliquid_chain != wanted {
        return None;
    }
    let chain = u64::from_str_radix(signature_chain_id.strip_prefix("0x")?, 16).ok()?;
    let kind = keccak(&[b"HyperliquidTransaction:ApproveAgent(string hyperliquidChain,address agentAddress,string agentName,uint64 nonce)"]);
    let mut agent = [0; 32];
    agent[12..].copy_from_slice(&agent_address.0);
    let name = agent_name.as_deref().unwrap_or("");
    let message = keccak(&[
        &kind,
        &keccak(&[wanted.as_bytes()]),
        &agent,
        &keccak(&[name.as_bytes()]),
        &word(*nonce),
    ]);
    Some(typed(domain("HyperliquidSignTransaction", chain), message))
}

/// The address that a request to `/exchange` was signed with.
///
/// # Errors
/// [`SignatureFault`]; a signature of something else recovers to an address that nobody has.
pub fn recover_signer(body: &Value, network: Network) -> Result<Address, SignatureFault> {
    let envelope = Envelope::read(body).ok_or(Unreadable)?;
    let wire = SignatureWire::deserialize(&body["signature"]).map_err(|_| Unreadable)?;
    let hash = match msgpack::pack(&envelope.action) {
        Some(packed) => Some(l1_hash(&envelope, &packed, network)),
        None => approval_hash(&envelope.action, network),
    };
    hash.and_then(|hash| signer(&hash, &wire))
        .ok_or(SignatureFault::NoSigner)
}
