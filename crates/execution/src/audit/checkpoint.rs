//! Checkpoints: the size and the root of the tree, signed, as a text that anybody may keep (C2SP tlog-checkpoint and signed-note).
//!
//! ```text
//! audit.example.com/desk
//! 64
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//!
//! — audit.example.com/desk Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
//! ```

use std::fmt::{self, Write as _};

use super::{base64, sha256, tree::Hash};

/// Bytes of a checkpoint with its signatures. A kept one may carry those of witnesses.
pub const LONGEST_NOTE: usize = 16_384;
/// Characters of a log's name.
pub const LONGEST_NAME: usize = 128;
/// The type of an Ed25519 key in a signed note.
const ED25519: u8 = 1;

/// Says whether a signature (last) of a message is by an Ed25519 public key (first).
pub type Verify<'a> = &'a dyn Fn(&[u8; 32], &[u8], &[u8; 64]) -> bool;

/// Size and root of a log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checkpoint {
    /// The log's name, which is also the key's.
    pub origin: String,
    /// How many records.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn body(&self) -> String {
        format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            base64::encode(&self.root)
        )
    }

    /// The text with a signature of its [`body`](Self::body).
    pub fn note(&self, key: &PublicKey, signature: &[u8; 64]) -> String {
        let signed = [&key.id[..], signature].concat();
        format!(
            "{}\n\u{2014} {} {}\n",
            self.body(),
            key.name,
            base64::encode(&signed)
        )
    }

    /// Reads a checkpoint that `key` signed. Signatures of others are not looked at.
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn open(note: &[u8], key: &PublicKey, verify: Verify<'_>) -> Result<Self, NoteError> {
        Ok(Self::open_signed(note, key, verify)?.0)
    }

    /// Reads a checkpoint that has this key's signature and nothing besides, in its one form.
    pub(super) fn open_exactly(
        note: &[u8],
        key: &PublicKey,
        verify: Verify<'_>,
    ) -> Result<Self, NoteError> {
        let (checkpoint, signature) = Self::open_signed(note, key, verify)?;
        if checkpoint.note(key, &signature).as_bytes() == note {
            Ok(checkpoint)
        } else {
            Err(NoteError::Form)
        }
    }

    fn open_signed(
        note: &[u8],
        key: &PublicKey,
        verify: Verify<'_>,
    ) -> Result<(Self, [u8; 64]), NoteError> {
        if note.len() > LONGEST_NOTE {
            return Err(NoteError::Form);
        }
        let note = std::str::from_utf8(note).map_err(|_| NoteError::Form)?;
        let (body, signatures) = note.rsplit_once("\n\n").ok_or(NoteError::Form)?;
        let body = &note[..=body.len()];
        let signature = signatures
            .lines()
            .find_map(|line| key.signature_in(line))
            .ok_or(NoteError::Unsigned)?;
        if !verify(&key.public, body.as_bytes(), &signature) {
            return Err(NoteError::Signature);
        }
        let mut lines = body.lines();
        let mut line = || lines.next().ok_or(NoteError::Form);
        let (origin, size, root) = (line()?, line()?, line()?);
        let checkpoint = Self {
            origin: origin.to_owned(),
            size: size.parse().map_err(|_| NoteError::Form)?,
            root: base64::decode(root)
                .and_then(|bytes| bytes.try_into().ok())
                .ok_or(NoteError::Form)?,
        };
        if checkpoint.origin != key.name {
            return Err(NoteError::Origin);
        }
        // Extension lines are not ours, and a size has one spelling.
        if checkpoint.body() != body {
            return Err(NoteError::Form);
        }
        Ok((checkpoint, signature))
    }
}

/// Why a text is no checkpoint of this log.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NoteError {
    /// Not the form of a checkpoint.
    #[error("the text is not a checkpoint")]
    Form,
    /// There is no signature by this key.
    #[error("the checkpoint is not signed by this key")]
    Unsigned,
    /// The signature is not of this text.
    #[error("the signature of the checkpoint is wrong")]
    Signature,
    /// It speaks of another log.
    #[error("the checkpoint is of another log")]
    Origin,
    /// Not a verifier's key.
    #[error("the key is not an Ed25519 verifier key of a signed note (name+hash+key)")]
    Key,
}

/// Who signs a log: its name, and the Ed25519 key with which its checkpoints are verified.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PublicKey {
    name: String,
    id: [u8; 4],
    public: [u8; 32],
}

impl PublicKey {
    /// A key under a name: 1 to 128 visible characters of ASCII without `+`.
    ///
    /// # Errors
    /// [`NoteError::Key`].
    pub fn new(name: &str, public: [u8; 32]) -> Result<Self, NoteError> {
        let fits = (1..=LONGEST_NAME).contains(&name.len());
        if !fits || !name.bytes().all(|b| b.is_ascii_graphic() && b != b'+') {
            return Err(NoteError::Key);
        }
        let hash = sha256(&[name.as_bytes(), &[b'\n', ED25519], &public]);
        let id = [hash[0], hash[1], hash[2], hash[3]];
        let name = name.to_owned();
        Ok(Self { name, id, public })
    }

    /// Reads a verifier key, as [`Display`](fmt::Display) writes it.
    ///
    /// # Errors
    /// [`NoteError::Key`].
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let text = text.trim();
        let (name, rest) = text.split_once('+').ok_or(NoteError::Key)?;
        let (_, key) = rest.split_once('+').ok_or(NoteError::Key)?;
        let bytes = base64::decode(key).ok_or(NoteError::Key)?;
        let [ED25519, public @ ..] = bytes.as_slice() else {
            return Err(NoteError::Key);
        };
        let key = Self::new(name, public.try_into().map_err(|_| NoteError::Key)?)?;
        if key.to_string() == text {
            Ok(key)
        } else {
            Err(NoteError::Key)
        }
    }

    /// The log's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The signature in a line of a note, if it is by this key.
    fn signature_in(&self, line: &str) -> Option<[u8; 64]> {
        let (name, signed) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
        let signed = base64::decode(signed)?;
        let (id, signature) = signed.split_first_chunk::<4>()?;
        (name == self.name && *id == self.id)
            .then(|| signature.try_into().ok())
            .flatten()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut id = String::with_capacity(8);
        for byte in self.id {
            write!(id, "{byte:02x}")?;
        }
        let key = base64::encode(&[&[ED25519], &self.public[..]].concat());
        write!(f, "{}+{id}+{key}", self.name)
    }
}

#[cfg(test)]
#[path = "checkpoint_tests.rs"]
mod tests;
