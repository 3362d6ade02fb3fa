//! Errors as clients see them: they act on the code, people read the message.

use hypersentry_engine::EngineError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An error of the API.
#[derive(
    Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize, specta::Type, thiserror::Error,
)]
#[error("{message}")]
pub struct ApiError {
    /// Stable code.
    pub code: String,
    /// One sentence for a person.
    pub message: String,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// Further facts by name.
    pub details: BTreeMap<String, String>,
}

impl ApiError {
    /// An error that repeating the request does not mend.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            retryable: false,
            details: BTreeMap::new(),
        }
    }

    /// The same error, said to be passing.
    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}
