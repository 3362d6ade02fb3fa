//! A wallet that is a key of this machine: it logs its user in, and approves agents of its own account, where there is no other wallet.

use crate::curve::Key;
use crate::signature::{Signature, personal_digest};
use crate::{Address, Refusal, hex};
use std::fmt;
use zeroize::Zeroizing;

/// A key that signs login messages and approvals of agents. It does not print, serialise or copy itself, and is wiped when it is dropped.
pub struct WalletKey(Key);

impl WalletKey {
    /// From 32 bytes of chance. `None` for the few numbers (less than one in 2^127) that are no key.
    pub fn new(chance: &[u8; 32]) -> Option<Self> {
        Key::new(chance).map(Self)
    }

    /// From the 64 digits of [`Self::reveal`].
    pub fn parse(digits: &str) -> Option<Self> {
        let bytes = Zeroizing::new(hex::decode::<32>(digits)?);
        Self::new(&bytes)
    }

    /// 64 hexadecimal digits, for the keychain that keeps it and nobody else.
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.0.bytes().as_slice()))
    }

    /// What servers know it by.
    pub fn address(&self) -> Address {
        Address::of_point(&self.0.point())
    }

    /// Signs a text as a wallet does (EIP-191).
    ///
    /// # Errors
    /// `signature_invalid`: practically never.
    pub fn sign(&self, text: &str) -> Result<Signature, Refusal> {
        self.sign_digest(&personal_digest(text))
    }

    pub(crate) fn sign_digest(&self, digest: &[u8; 32]) -> Result<Signature, Refusal> {
        Signature::sign(&self.0, digest)
    }
}

impl fmt::Debug for WalletKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EoaVerifier, WalletVerifier};

    #[test]
    fn what_it_signs_is_taken_from_its_address_alone() {
        let key = WalletKey::new(&[7; 32]).unwrap();
        let kept = WalletKey::parse(&key.reveal()).unwrap();
        assert_eq!(kept.address(), key.address());
        let signature = kept.sign("a text").unwrap().to_string();
        assert_eq!(
            EoaVerifier.verify(key.address(), "a text", &signature),
            Ok(())
        );
        let other = WalletKey::new(&[8; 32]).unwrap().address();
        assert_eq!(
            EoaVerifier.verify(other, "a text", &signature),
            Err(Refusal::AddressMismatch)
        );
        assert!(!format!("{key:?}").contains("07"));
    }

    #[test]
    fn what_is_no_key_is_none() {
        assert!(WalletKey::new(&[0; 32]).is_none());
        assert!(WalletKey::new(&[0xff; 32]).is_none());
        for digits in ["", "07", &"0g".repeat(32), &"07".repeat(33)] {
            assert!(WalletKey::parse(digits).is_none(), "{digits}");
        }
    }
}
