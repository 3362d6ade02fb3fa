//! Signatures of wallets: one form alone is taken, so that no signature has a second spelling.

use crate::curve::{self, Key};
use crate::{Address, Refusal, hex};
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

/// The 32 bytes that are signed of a login message.
pub fn login_digest(message: &str) -> [u8; 32] {
    personal_digest(message)
}

/// A signature in its canonical form: 65 bytes, s in the lower half, v 27 or 28.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Signature {
    /// r and s.
    halves: [u8; 64],
    odd: bool,
}

impl Signature {
    /// Signs a digest.
    ///
    /// # Errors
    /// `signature_invalid`: practically never, the key being whole.
    pub(crate) fn sign(key: &Key, digest: &[u8; 32]) -> Result<Self, Refusal> {
        let (halves, odd) = key.sign(digest).ok_or(Refusal::SignatureInvalid)?;
        Ok(Self { halves, odd })
    }

    /// Whose it is.
    ///
    /// # Errors
    /// `signature_invalid`: no key has signed this.
    pub fn signer(&self, digest: &[u8; 32]) -> Result<Address, Refusal> {
        let point = curve::recover(&self.halves, self.odd, digest);
        point
            .map(|point| Address::of_point(&point))
            .ok_or(Refusal::SignatureInvalid)
    }

    /// r, s and v.
    pub fn to_bytes(&self) -> [u8; 65] {
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&self.halves);
        bytes[64] = self.v();
        bytes
    }

    /// The first half, 0x and 64 digits.
    pub fn r(&self) -> String {
        format!("0x{}", hex::encode(&self.halves[..32]))
    }

    /// The second half, 0x and 64 digits.
    pub fn s(&self) -> String {
        format!("0x{}", hex::encode(&self.halves[32..]))
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
        let mut halves = [0; 64];
        halves.copy_from_slice(&bytes[..64]);
        // For each signature there is a second one with the other s and the other v, which anybody can make.
        match curve::is_low(&halves) {
            None => Err(Refusal::SignatureInvalid),
            Some(false) => Err(Refusal::SignatureMalleable),
            Some(true) => Ok(Self { halves, odd }),
        }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(&self.to_bytes()))
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

    fn key() -> Key {
        Key::new(&[7; 32]).unwrap()
    }

    #[test]
    fn one_form_of_each_signature_is_taken() {
        let key = key();
        let wallet = Address::of_point(&key.point());
        let good = Signature::sign(&key, &personal_digest("text")).unwrap();
        let text = good.to_string();
        assert_eq!(EoaVerifier.verify(wallet, "text", &text), Ok(()));
        assert_eq!(
            EoaVerifier.verify(wallet, "Text", &text),
            Err(Refusal::AddressMismatch)
        );
        // The twin: n - s and the other v. It recovers to the same key, and is refused for its form.
        let low = k256::ecdsa::Signature::from_slice(&good.halves).unwrap();
        let high = k256::ecdsa::Signature::from_scalars(low.r(), -low.s()).unwrap();
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
        let wallet = Address::of_point(&key().point());
        assert!(EoaVerifier.verify(wallet, "text", &ones).is_err());
    }

    /// Another library signs the same bytes, and finds the same signer.
    #[test]
    fn two_libraries_agree() {
        for n in 1..=64u8 {
            let digest = keccak(&[&[n]]);
            let secret = keccak(&[b"key", &[n]]);
            let ours = Signature::sign(&Key::new(&secret).unwrap(), &digest).unwrap();
            let other = k256::ecdsa::SigningKey::from_slice(&secret).unwrap();
            let (signed, id) = other.sign_prehash_recoverable(&digest).unwrap();
            assert_eq!(ours.halves.as_slice(), signed.to_bytes().as_slice());
            assert_eq!(ours.v(), 27 + id.to_byte());
            let point = other.verifying_key().to_encoded_point(false);
            let address = Address::of_point(point.as_bytes().try_into().unwrap());
            assert_eq!(ours.signer(&digest), Ok(address));
            assert_eq!(ours.to_string().parse(), Ok(ours));
        }
    }
}
