//! Signatures of checkpoints: Ed25519 (RFC 8032).

use std::fmt;

use hypersentry_execution::audit::{Checkpoint, NoteError, PublicKey};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

/// Who signs a log.
pub struct Signer {
    key: PublicKey,
    pair: Ed25519KeyPair,
}

impl Signer {
    /// Signs under a name with the key of this seed, the private key of RFC 8032.
    ///
    /// # Errors
    /// [`NoteError::Key`]: not a name for a log.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| NoteError::Key)?;
        let public = pair.public_key().as_ref();
        let public = public.try_into().map_err(|_| NoteError::Key)?;
        Ok(Self {
            key: PublicKey::new(name, public)?,
            pair,
        })
    }

    /// With what its checkpoints are verified.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The checkpoint as a signed note.
    ///
    /// # Errors
    /// [`NoteError::Signature`]: the signature has another length than it has.
    pub fn note(&self, checkpoint: &Checkpoint) -> Result<String, NoteError> {
        let signature = self.pair.sign(checkpoint.body().as_bytes());
        let signature = signature.as_ref();
        let signature = signature.try_into().map_err(|_| NoteError::Signature)?;
        Ok(checkpoint.note(&self.key, &signature))
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.key)
    }
}

/// Whether `signature` is of `message` by the key `public`.
pub fn verify_signature(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    UnparsedPublicKey::new(&ED25519, public)
        .verify(message, signature)
        .is_ok()
}
