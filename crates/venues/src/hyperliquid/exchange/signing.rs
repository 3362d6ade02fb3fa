//! Actions that an agent signs: hash, digest, body.
//!
//! Source: Hyperliquid docs, API > Signing; Hyperliquid's Python SDK, `utils/signing.py`. The corpus test holds every step to published signatures.

use super::{Address, EncodeError, Network, eip712, hex, msgpack};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use std::fmt;

/// An action with what else is hashed.
#[derive(Clone, Copy, Debug)]
pub struct L1<'a, A> {
    /// The action.
    pub action: &'a A,
    /// Milliseconds, and never the same twice for a signer.
    pub nonce: u64,
    /// The vault or sub-account that is acted for, where it is not the signer's own account.
    pub vault: Option<Address>,
    /// Milliseconds: the venue refuses the action if it comes later.
    pub expires_after: Option<u64>,
}

impl<A: Serialize> L1<'_, A> {
    /// The action as it is hashed.
    ///
    /// # Errors
    /// See [`EncodeError`].
    pub fn msgpack(&self) -> Result<Vec<u8>, EncodeError> {
        let mut bytes = Vec::with_capacity(256);
        msgpack::encode(self.action, &mut bytes)?;
        Ok(bytes)
    }

    /// The hash that names the action.
    ///
    /// # Errors
    /// See [`EncodeError`].
    pub fn hash(&self) -> Result<[u8; 32], EncodeError> {
        let mut bytes = self.msgpack()?;
        bytes.extend_from_slice(&self.nonce.to_be_bytes());
        match &self.vault {
            None => bytes.push(0),
            Some(vault) => {
                bytes.push(1);
                bytes.extend_from_slice(vault.bytes());
            }
        }
        if let Some(expires) = self.expires_after {
            // A marker, also after a vault.
            bytes.push(0);
            bytes.extend_from_slice(&expires.to_be_bytes());
        }
        Ok(eip712::keccak(&[&bytes]))
    }

    /// What the agent signs.
    ///
    /// # Errors
    /// See [`EncodeError`].
    pub fn digest(&self, network: Network) -> Result<[u8; 32], EncodeError> {
        Ok(agent_digest(network, &self.hash()?))
    }

    /// The body of the request, the same over REST and WebSocket.
    ///
    /// # Errors
    /// See [`EncodeError`].
    pub fn body(&self, signature: &Signature) -> Result<Vec<u8>, EncodeError> {
        body(
            self.action,
            self.nonce,
            signature,
            self.vault,
            self.expires_after,
        )
    }
}

/// What an agent signs of an action's hash.
pub fn agent_digest(network: Network, hash: &[u8; 32]) -> [u8; 32] {
    let agent = eip712::keccak(&[&*eip712::AGENT, eip712::source(network), hash]);
    eip712::digest(&eip712::EXCHANGE, &agent)
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a, A> {
    action: &'a A,
    nonce: u64,
    signature: &'a Signature,
    // Present in any case, as the venue's own client sends them.
    vault_address: Option<Address>,
    expires_after: Option<u64>,
}

pub(super) fn body<A: Serialize>(
    action: &A,
    nonce: u64,
    signature: &Signature,
    vault_address: Option<Address>,
    expires_after: Option<u64>,
) -> Result<Vec<u8>, EncodeError> {
    let body = Body {
        action,
        nonce,
        signature,
        vault_address,
        expires_after,
    };
    let mut bytes = Vec::with_capacity(512);
    serde_json::to_writer(&mut bytes, &body).map_err(|e| EncodeError(e.to_string()))?;
    Ok(bytes)
}

/// A signature as the venue takes it: r, s, and v 27 or 28.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Signature {
    r: [u8; 32],
    s: [u8; 32],
    v: u8,
}

impl Signature {
    /// From r, s and v in 65 bytes; `None` where v is neither 27 nor 28.
    pub fn from_bytes(bytes: &[u8; 65]) -> Option<Self> {
        let (mut r, mut s, v) = ([0; 32], [0; 32], bytes[64]);
        r.copy_from_slice(&bytes[..32]);
        s.copy_from_slice(&bytes[32..64]);
        matches!(v, 27 | 28).then_some(Self { r, s, v })
    }
}

impl Serialize for Signature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // 64 digits each, leading zeros and all.
        let mut fields = serializer.serialize_struct("Signature", 3)?;
        fields.serialize_field("r", &hex::encode(&self.r))?;
        fields.serialize_field("s", &hex::encode(&self.s))?;
        fields.serialize_field("v", &self.v)?;
        fields.end()
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::super::Action;
    use super::super::action::{Nothing, ScheduleCancel};
    use super::*;

    #[test]
    fn every_field_changes_the_hash() {
        let (one, other) = (
            Action::Noop(Nothing {}),
            Action::ScheduleCancel(ScheduleCancel::default()),
        );
        let vault = Some(Address::new([7; 20]));
        let said = |action, nonce, vault, expires_after| L1 {
            action,
            nonce,
            vault,
            expires_after,
        };
        let hashes: Vec<[u8; 32]> = [
            said(&one, 1, None, None),
            said(&other, 1, None, None),
            said(&one, 2, None, None),
            said(&one, 1, vault, None),
            said(&one, 1, None, Some(1)),
            said(&one, 1, vault, Some(1)),
            said(&one, 1, None, Some(2)),
        ]
        .iter()
        .flat_map(|l1| [Network::Mainnet, Network::Testnet].map(|n| l1.digest(n).unwrap()))
        .collect();
        for (i, hash) in hashes.iter().enumerate() {
            assert!(!hashes[..i].contains(hash), "{i}");
        }
    }

    #[test]
    fn a_body_has_all_its_parts_in_their_order() {
        let mut bytes = [0; 65];
        (bytes[31], bytes[32], bytes[64]) = (1, 0xab, 28);
        let signature = Signature::from_bytes(&bytes).unwrap();
        let action = Action::ScheduleCancel(ScheduleCancel { time: Some(9) });
        let l1 = L1 {
            action: &action,
            nonce: 5,
            vault: None,
            expires_after: Some(7),
        };
        let body = String::from_utf8(l1.body(&signature).unwrap()).unwrap();
        let (r, s) = (format!("{:064x}", 1), format!("ab{}", "0".repeat(62)));
        assert_eq!(
            body,
            format!(
                r#"{{"action":{{"type":"scheduleCancel","time":9}},"nonce":5,"signature":{{"r":"0x{r}","s":"0x{s}","v":28}},"vaultAddress":null,"expiresAfter":7}}"#
            )
        );
        bytes[64] = 1;
        assert!(Signature::from_bytes(&bytes).is_none());
        assert!(!format!("{signature:?}").contains("ab"));
    }
}
