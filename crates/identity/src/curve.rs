//! Keys on secp256k1. libsecp256k1 signs in a third of the time of a portable library, and an order waits for it.

use crate::signature::keccak;
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
use secp256k1::{Message, PublicKey, Secp256k1, SecretKey, SignOnly, VerifyOnly};
use std::sync::LazyLock;
use zeroize::Zeroizing;

/// A secret key that is wiped when it is dropped.
pub(crate) struct Key {
    secret: SecretKey,
    /// Blinded by a number that only the key's holder can know, against those who measure how a signature comes about. It changes no
    /// signature.
    context: Secp256k1<SignOnly>,
}

impl Key {
    /// `None` for the few numbers (less than one in 2^127) that are no key.
    pub(crate) fn new(bytes: &[u8; 32]) -> Option<Self> {
        let secret = SecretKey::from_byte_array(*bytes).ok()?;
        let mut context = Secp256k1::signing_only();
        let seed = Zeroizing::new(keccak(&[b"blinding", bytes]));
        context.seeded_randomize(&seed);
        Some(Self { secret, context })
    }

    pub(crate) fn bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.secret.secret_bytes())
    }

    /// The public key: 4, then both coordinates.
    pub(crate) fn point(&self) -> [u8; 65] {
        self.secret
            .public_key(&self.context)
            .serialize_uncompressed()
    }

    /// r and s of 32 bytes each, s in the lower half, and whether the curve's point is odd. The nonce follows from key and digest
    /// (RFC 6979), so that the same two give the same signature. `None` practically never.
    pub(crate) fn sign(&self, digest: &[u8; 32]) -> Option<([u8; 64], bool)> {
        let message = Message::from_digest(*digest);
        let signed = self.context.sign_ecdsa_recoverable(message, &self.secret);
        let (id, compact) = signed.serialize_compact();
        match id {
            RecoveryId::Zero => Some((compact, false)),
            RecoveryId::One => Some((compact, true)),
            // r was beyond the group's order; v cannot say so.
            RecoveryId::Two | RecoveryId::Three => None,
        }
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.secret.non_secure_erase();
    }
}

/// For what needs no secret.
static PUBLIC: LazyLock<Secp256k1<VerifyOnly>> = LazyLock::new(Secp256k1::verification_only);

fn read(compact: &[u8; 64], odd: bool) -> Option<RecoverableSignature> {
    let id = match odd {
        false => RecoveryId::Zero,
        true => RecoveryId::One,
    };
    let zero = |half: &[u8]| half.iter().all(|byte| *byte == 0);
    if zero(&compact[..32]) || zero(&compact[32..]) {
        return None;
    }
    RecoverableSignature::from_compact(compact, id).ok()
}

/// Whether r and s are numbers of the group, and whether s is in its lower half; `None` where they are not.
pub(crate) fn is_low(compact: &[u8; 64]) -> Option<bool> {
    let given = read(compact, false)?.to_standard();
    let mut low = given;
    low.normalize_s();
    Some(low == given)
}

/// The public key that signed, as [`Key::point`] gives it.
pub(crate) fn recover(compact: &[u8; 64], odd: bool, digest: &[u8; 32]) -> Option<[u8; 65]> {
    let signature = read(compact, odd)?;
    let key = PUBLIC.recover_ecdsa(Message::from_digest(*digest), &signature);
    key.ok().map(|key: PublicKey| key.serialize_uncompressed())
}
