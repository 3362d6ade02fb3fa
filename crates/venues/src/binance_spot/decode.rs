//! Frames and bodies to events.

use crate::decode::{DecodeError, Outcome};
use hypersentry_model::{MarketEvent, Symbol};

/// Decodes one message.
///
/// # Errors
/// See [`DecodeError::code`].
pub fn decode_any(
    _frame: &[u8],
    _symbol: Option<Symbol>,
    _out: &mut Vec<MarketEvent>,
) -> Result<Outcome, DecodeError> {
    Err(DecodeError::new(
        "unknown_message",
        "no message is known yet",
    ))
}
