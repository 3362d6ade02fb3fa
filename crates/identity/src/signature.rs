//! Signatures of wallets: one form alone is taken, so that no signature has a second spelling.

use crate::{Address, Refusal, hex};
use k256::ecdsa::{RecoveryId, SigningKey, VerifyingKey};
use sha3::{Digest, Keccak256};
use std::fmt;
use std::str::FromStr;

/// Keccak-256 of the parts, one after the other.
pub(crate) fn keccak(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Keccak256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// What a wallet signs of a text (EIP-191, version 0x45).
pub(crate) fn personal_digest(text: &str) -> [u8; 32] {
    let head = format!("\x19Ethereum Signed Message:\n{}", text.len());
    keccak(&[head.as_bytes(), text.as_bytes()])
}

/// A signature in its canonical form: 65 bytes, s in the lower half, v 27 or 28.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Signature {
    inner: k256::ecdsa::Signature,
    odd: bool,
}

impl Signature {
    /// Signs a digest.
    ///
    /// # Errors
    /// `signature_invalid`: practically never, the key being whole.
    pub(crate) fn sign(key: &SigningKey, digest: &[u8; 32]) -> Result<Self, Refusal> {
        let signed = key.sign_prehash_recoverable(digest);
        let (inner, id) = signed.map_err(|_| Refusal::SignatureInvalid)?;
        Ok(Self {
            inner,
            odd: id.is_y_odd(),
        })
    }

    /// Whose it is.
    ///
    /// # Errors
    /// `signature_invalid`: no key has signed this.
    pub fn signer(&self, digest: &[u8; 32]) -> Result<Address, Refusal> {
        let id = RecoveryId::new(self.odd, false);
        let key = VerifyingKey::recover_from_prehash(digest, &self.inner, id);
        key.map(|key| Address::of_key(&key))
            .map_err(|_| Refusal::SignatureInvalid)
    }

    /// The first half, 0x and 64 digits.
    pub fn r(&self) -> String {
        format!("0x{}", hex::encode(&self.inner.r().to_bytes()))
    }

    /// The second half, 0x and 64 digits.
    pub fn s(&self) -> String {
        format!("0x{}", hex::encode(&self.inner.s().to_bytes()))
    }

    /// 27 or 28.
    pub fn v(&self) -> u8 {
        27 + u8::from(self.odd)
    }
}

impl FromStr for Signature {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let digits = text.strip_prefix("0x").ok_or(Refusal::SignatureInvalid)?;
        let bytes = hex::decode::<65>(digits).ok_or(Refusal::SignatureInvalid)?;
        let odd = match bytes[64] {
            27 => false,
            28 => true,
            _ => return Err(Refusal::SignatureInvalid),
        };
        let inner = k256::ecdsa::Signature::from_slice(&bytes[..64])
            .map_err(|_| Refusal::SignatureInvalid)?;
        // For each signature there is a second one with the other s and the other v, which anybody can make.
        if inner.normalize_s().is_some() {
            return Err(Refusal::SignatureMalleable);
        }
        Ok(Self { inner, odd })
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "0x{}{:02x}",
            hex::encode(&self.inner.to_bytes()),
            self.v()
        )
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature([redacted])")
    }
}

/// Says whether a wallet signed a text. A wallet that is a contract (EIP-1271) would be asked through a node; nothing does so yet.
pub trait WalletVerifier: Send + Sync + fmt::Debug {
    /// Whether `wallet` signed `text`.
    ///
    /// # Errors
    /// Why it did not.
    fn verify(&self, wallet: Address, text: &str, signature: &str) -> Result<(), Refusal>;
}

/// Wallets that are one key.
#[derive(Clone, Copy, Debug, Default)]
pub struct EoaVerifier;

impl WalletVerifier for EoaVerifier {
    fn verify(&self, wallet: Address, text: &str, signature: &str) -> Result<(), Refusal> {
        let signature: Signature = signature.parse()?;
        if signature.signer(&personal_digest(text))? == wallet {
            Ok(())
        } else {
            Err(Refusal::AddressMismatch)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_slice(&[7; 32]).unwrap()
    }

    #[test]
    fn one_form_of_each_signature_is_taken() {
        let key = key();
        let wallet = Address::of_key(key.verifying_key());
        let good = Signature::sign(&key, &personal_digest("text")).unwrap();
        let text = good.to_string();
        assert_eq!(EoaVerifier.verify(wallet, "text", &text), Ok(()));
        assert_eq!(
            EoaVerifier.verify(wallet, "Text", &text),
            Err(Refusal::AddressMismatch)
        );
        // The twin: n - s and the other v. It recovers to the same key, and is refused for its form.
        let high = k256::ecdsa::Signature::from_scalars(good.inner.r(), -good.inner.s()).unwrap();
        let twin = format!("0x{}{:02x}", hex::encode(&high.to_bytes()), 55 - good.v());
        assert_eq!(twin.parse::<Signature>(), Err(Refusal::SignatureMalleable));
        for v in ["00", "01", "1a", "1d", "25", "ff"] {
            let odd = format!("{}{v}", &text[..130]);
            assert_eq!(
                odd.parse::<Signature>(),
                Err(Refusal::SignatureInvalid),
                "{v}"
            );
        }
    }

    #[test]
    fn junk_is_refused() {
        for bytes in [0, 1, 32, 64, 66, 130] {
            for fill in ["00", "11", "ff"] {
                let junk = format!("0x{}", fill.repeat(bytes));
                assert_eq!(junk.parse::<Signature>(), Err(Refusal::SignatureInvalid));
            }
        }
        let zero = format!("0x{}1b", "00".repeat(64));
        assert_eq!(zero.parse::<Signature>(), Err(Refusal::SignatureInvalid));
        // Numbers that are in range and no signature of anything that this wallet signed.
        let ones = format!("0x{}1b", "01".repeat(64));
        let wallet = Address::of_key(key().verifying_key());
        assert!(EoaVerifier.verify(wallet, "text", &ones).is_err());
    }
}
