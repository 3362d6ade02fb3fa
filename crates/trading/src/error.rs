//! Errors as clients are told them.

use crate::view::RefusalView;
use crate::world::SignRefused;
use hypersentry_execution::keys::KeyError;
use hypersentry_execution::relay::Refused;
use hypersentry_execution::risk::{Check, LimitError, Refusal, Scope};
use hypersentry_store::audit::AuditError;
use hypersentry_venues::hyperliquid::exchange::check::CheckError;

/// Why a request was not taken. Nothing was sent.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{text}")]
pub struct TradeError {
    /// Stable.
    pub code: String,
    /// In words.
    pub text: String,
    /// Whether the same request may pass later.
    pub retryable: bool,
    /// Each check that refused.
    pub refusals: Vec<RefusalView>,
}

impl TradeError {
    /// An error without more.
    pub fn new(code: &str, text: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            text: text.into(),
            retryable: false,
            refusals: Vec::new(),
        }
    }

    pub(crate) fn bad(text: impl Into<String>) -> Self {
        Self::new("bad_request", text)
    }

    pub(crate) fn later(mut self) -> Self {
        self.retryable = true;
        self
    }

    pub(crate) fn stopping() -> Self {
        Self::new("trading_stopping", "trading is stopping: nothing was sent").later()
    }
}

impl From<Refusal> for RefusalView {
    fn from(refusal: Refusal) -> Self {
        let whose = match refusal.scope {
            Some(Scope::Desk) => ", of the desk",
            Some(Scope::Strategy) => ", of the strategy",
            Some(Scope::Account) | None => "",
        };
        // A sum over all accounts less one's own is the others', which are none of the asker's business.
        let found = if refusal.scope == Some(Scope::Desk) && sums(refusal.check) {
            None
        } else {
            Some(refusal.found)
        };
        Self {
            code: refusal.check.code().to_owned(),
            text: format!(
                "{}{whose}: {} found, {} allowed",
                words(refusal.check),
                found.as_deref().unwrap_or("more"),
                refusal.allowed
            ),
            found,
            allowed: Some(refusal.allowed),
        }
    }
}

/// Whether a check's figure is a sum over what the scope covers.
const fn sums(check: Check) -> bool {
    matches!(
        check,
        Check::SymbolExposure
            | Check::GrossExposure
            | Check::Concentration
            | Check::Leverage
            | Check::OrderRate
            | Check::DailyOrders
            | Check::DailyLoss
    )
}

/// What a check is about.
const fn words(check: Check) -> &'static str {
    match check {
        Check::Malformed => "the order",
        Check::StaleInput => "a figure that is needed",
        Check::ClockUncertain => "how well the venue's clock is known",
        Check::SymbolNotAllowed => "the market",
        Check::NotReducing => "the position that it would reduce",
        Check::KillSwitch | Check::LeaseLapsed => "what may be done",
        Check::OrderSize => "size of the order",
        Check::SymbolExposure => "exposure in this market",
        Check::GrossExposure => "exposure of all markets",
        Check::Concentration => "exposure in this market against equity",
        Check::Leverage => "exposure of all markets against equity",
        Check::Collar => "distance of the price from the mid",
        Check::Slippage => "cost of walking the book",
        Check::Depth => "depth of the book",
        Check::OrderRate => "orders within a minute",
        Check::DailyOrders => "orders of the day",
        Check::DailyLoss => "loss of the day",
        Check::StopMissing => "the stop",
        Check::StopUseless => "the stop's place",
    }
}

impl From<Refused> for TradeError {
    fn from(refused: Refused) -> Self {
        let mut error = Self::new(refused.code(), refused.to_string());
        error.retryable = matches!(
            refused,
            Refused::Locked | Refused::Busy | Refused::Key(KeyError::Full)
        );
        if let Refused::Risk(refusals) = refused {
            error.refusals = refusals.into_iter().map(RefusalView::from).collect();
            let words: Vec<&str> = error.refusals.iter().map(|r| r.text.as_str()).collect();
            error.text = words.join("; ");
        }
        error
    }
}

impl From<KeyError> for TradeError {
    fn from(error: KeyError) -> Self {
        Refused::Key(error).into()
    }
}

impl From<LimitError> for TradeError {
    fn from(error: LimitError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<CheckError> for TradeError {
    fn from(error: CheckError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<SignRefused> for TradeError {
    fn from(refused: SignRefused) -> Self {
        Self::new(&refused.code, refused.text)
    }
}

impl From<AuditError> for TradeError {
    fn from(error: AuditError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}
