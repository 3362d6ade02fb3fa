//! Agent keys: made here, shown nowhere, kept sealed.

use crate::curve::Key;
use crate::signature::Signature;
use crate::{Address, Refusal, hex};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// A key that signs for an account. It does not print, serialise or copy itself, and is wiped when it is dropped.
pub struct AgentKey(Key);

impl AgentKey {
    /// From 32 bytes of chance. `None` for the few numbers (less than one in 2^127) that are no key.
    pub fn new(chance: &[u8; 32]) -> Option<Self> {
        Key::new(chance).map(Self)
    }

    /// What the venue knows it by.
    pub fn address(&self) -> Address {
        Address::of_point(&self.0.point())
    }

    /// Signs a digest.
    ///
    /// # Errors
    /// `signature_invalid`: practically never.
    pub fn sign(&self, digest: &[u8; 32]) -> Result<Signature, Refusal> {
        Signature::sign(&self.0, digest)
    }
}

impl fmt::Debug for AgentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The key under which agent keys are sealed. It comes from outside and is never kept beside what it seals.
pub struct MasterKey([u8; 32]);

impl MasterKey {
    /// From 64 hexadecimal digits, with white space around them.
    pub fn parse(text: &str) -> Option<Self> {
        hex::decode(text.trim()).map(Self)
    }

    /// From 32 bytes of chance.
    pub const fn new(chance: [u8; 32]) -> Self {
        Self(chance)
    }

    /// 64 hexadecimal digits, for the keychain that keeps it and nobody else.
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(&self.0))
    }

    /// Seals a key for one user and one agent. `chance` is 24 fresh bytes.
    ///
    /// # Errors
    /// `keystore_seal_broken`: practically never.
    pub(crate) fn seal(
        &self,
        key: &AgentKey,
        bound_to: &str,
        chance: [u8; 24],
    ) -> Result<Sealed, Refusal> {
        let plain = key.0.bytes();
        let payload = Payload {
            msg: plain.as_slice(),
            aad: bound_to.as_bytes(),
        };
        let sealed = XChaCha20Poly1305::new((&self.0).into()).encrypt(&chance.into(), payload);
        Ok(Sealed {
            nonce: hex::encode(&chance),
            text: hex::encode(&sealed.map_err(|_| Refusal::KeystoreSealBroken)?),
        })
    }

    /// Opens what was sealed for the same user and agent.
    ///
    /// # Errors
    /// `keystore_seal_broken`: another master key, another user or agent, or changed bytes.
    pub(crate) fn open(&self, sealed: &Sealed, bound_to: &str) -> Result<AgentKey, Refusal> {
        let broken = Refusal::KeystoreSealBroken;
        let nonce = hex::decode::<24>(&sealed.nonce).ok_or(broken)?;
        let text = hex::decode_vec(&sealed.text).ok_or(broken)?;
        let payload = Payload {
            msg: &text,
            aad: bound_to.as_bytes(),
        };
        let plain = XChaCha20Poly1305::new((&self.0).into()).decrypt(&nonce.into(), payload);
        let plain = Zeroizing::new(plain.map_err(|_| broken)?);
        let bytes: Option<&[u8; 32]> = plain.as_slice().try_into().ok();
        bytes.and_then(AgentKey::new).ok_or(broken)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Drop for MasterKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// A sealed key (XChaCha20-Poly1305), bound to its user and agent.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Sealed {
    /// 48 digits.
    nonce: String,
    /// The sealed key and its tag.
    text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_opens_for_its_user_and_agent_alone() {
        let master = MasterKey::parse(&"0b".repeat(32)).unwrap();
        let key = AgentKey::new(&[9; 32]).unwrap();
        let sealed = master.seal(&key, "u1/a1", [3; 24]).unwrap();
        let opened = master.open(&sealed, "u1/a1").unwrap();
        assert_eq!(opened.address(), key.address());
        let broken = |r: Result<AgentKey, Refusal>| r.unwrap_err() == Refusal::KeystoreSealBroken;
        assert!(broken(master.open(&sealed, "u2/a1")));
        assert!(broken(master.open(&sealed, "u1/a2")));
        let other = MasterKey::parse(&"0c".repeat(32)).unwrap();
        assert!(broken(other.open(&sealed, "u1/a1")));
        let mut changed = sealed.clone();
        let last = if changed.text.pop() == Some('0') {
            '1'
        } else {
            '0'
        };
        changed.text.push(last);
        assert!(broken(master.open(&changed, "u1/a1")));
        let printed = format!("{key:?} {master:?} {sealed:?}");
        assert!(!printed.contains("090909") && !printed.contains("0b0b0b"));
    }
}
