//! A model as a file: JSON with figures alone, and a checksum over them. Nothing in it is ever executed.
//!
//! ```json
//! {"format": "hypersentry-probability", "version": 1, "sha256": "...", "model": {...}}
//! ```
//!
//! The checksum is over the bytes of `model` as they stand in the file. It tells damage, not forgery: whoever may write the file may
//! write the checksum.

use super::features::NAMES;
use super::model::{Model, NamedModel};
use hypersentry_model::Mode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// What the file says it is.
const FORMAT: &str = "hypersentry-probability";
/// Of this form.
const VERSION: u32 = 1;
/// Larger files are not read. A model with two isotonic maps of ten thousand rows has less than a tenth of it.
pub const MOST_BYTES: usize = 8 * 1024 * 1024;

/// Why a model is not taken.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// More than [`MOST_BYTES`].
    #[error("the model has more than {MOST_BYTES} bytes")]
    TooLarge,
    /// Not JSON, or not these fields.
    #[error("not a model file: {0}")]
    Malformed(String),
    /// Another format.
    #[error("the file says it is {0:?}, not {FORMAT:?}")]
    Foreign(String),
    /// Another version.
    #[error("form {0} of the file is not read by this build, which reads {VERSION}")]
    Version(u32),
    /// The figures are not those that were written.
    #[error("the checksum does not fit: the file was damaged or changed")]
    Checksum,
    /// It answers another question, or from other features.
    #[error("the model is for other features or another question; this build has {features}", features = NAMES.join(", "))]
    OtherFeatures,
    /// Figures that cannot be used.
    #[error("the model's figures cannot be used: {0}")]
    Unsound(&'static str),
    /// Made from a simulated market and asked about a real one.
    #[error("the model was trained on a simulated market and is not used for a real one")]
    SimulatedModel,
}

impl ModelError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "model_too_large",
            Self::Malformed(_) => "model_malformed",
            Self::Foreign(_) => "model_foreign",
            Self::Version(_) => "model_version",
            Self::Checksum => "model_checksum",
            Self::OtherFeatures => "model_other_features",
            Self::Unsound(_) => "model_unsound",
            Self::SimulatedModel => "model_simulated",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head<'a> {
    format: String,
    version: u32,
    sha256: String,
    #[serde(borrow)]
    model: &'a RawValue,
}

#[derive(Serialize)]
struct Written<'a> {
    format: &'a str,
    version: u32,
    sha256: String,
    model: Box<RawValue>,
}

fn digest(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter()
        .fold(String::with_capacity(64), |mut out, byte| {
            // Writing to a string cannot fail.
            let _ = write!(out, "{byte:02x}");
            out
        })
}

fn name(digest: &str) -> String {
    digest.chars().take(16).collect()
}

/// The file's bytes, and the model with its name.
///
/// # Errors
/// Figures that cannot be used.
pub fn write(model: Model) -> Result<(Vec<u8>, NamedModel), ModelError> {
    if let Some(fault) = model.fault() {
        return Err(ModelError::Unsound(fault));
    }
    let malformed = |e: serde_json::Error| ModelError::Malformed(e.to_string());
    let text = serde_json::to_string(&model).map_err(malformed)?;
    let sha256 = digest(&text);
    let id = name(&sha256);
    let file = Written {
        format: FORMAT,
        version: VERSION,
        sha256,
        model: RawValue::from_string(text).map_err(malformed)?,
    };
    let mut bytes = serde_json::to_vec(&file).map_err(malformed)?;
    bytes.push(b'\n');
    Ok((bytes, NamedModel { id, model }))
}

/// Reads a file's bytes.
///
/// # Errors
/// Damaged, foreign, of another form, or with figures that cannot be used.
pub fn read(bytes: &[u8]) -> Result<NamedModel, ModelError> {
    if bytes.len() > MOST_BYTES {
        return Err(ModelError::TooLarge);
    }
    let malformed = |e: serde_json::Error| ModelError::Malformed(e.to_string());
    let head: Head<'_> = serde_json::from_slice(bytes).map_err(malformed)?;
    if head.format != FORMAT {
        return Err(ModelError::Foreign(head.format.chars().take(64).collect()));
    }
    if head.version != VERSION {
        return Err(ModelError::Version(head.version));
    }
    let sha256 = digest(head.model.get());
    if sha256 != head.sha256 {
        return Err(ModelError::Checksum);
    }
    let model: Model = serde_json::from_str(head.model.get()).map_err(malformed)?;
    if !model.is_ours() {
        return Err(ModelError::OtherFeatures);
    }
    if let Some(fault) = model.fault() {
        return Err(ModelError::Unsound(fault));
    }
    let id = name(&sha256);
    Ok(NamedModel { id, model })
}

/// Whether the model may speak about a market of this mode.
///
/// # Errors
/// It learned from a simulated market and this one is real.
pub fn admit(model: &NamedModel, mode: Mode) -> Result<(), ModelError> {
    let simulated = model.model.metadata.trained_on == Mode::Simulated;
    match mode {
        Mode::Live if simulated => Err(ModelError::SimulatedModel),
        _ => Ok(()),
    }
}
