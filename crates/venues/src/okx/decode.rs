//! SKELETON: to be replaced.

use crate::decode::{DecodeError, Outcome};
use hypersentry_model::{MarketEvent, Symbol};

/// SKELETON.
///
/// # Errors
/// Always.
pub fn decode_any(
    _frame: &[u8],
    _symbol: Option<Symbol>,
    _out: &mut Vec<MarketEvent>,
) -> Result<Outcome, DecodeError> {
    Err(DecodeError::new("unknown_message", "skeleton"))
}
