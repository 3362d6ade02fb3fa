//! Why an order is not sent.

use serde::{Deserialize, Serialize};

use super::limits::Scope;

/// What a check looks at.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The order is of nothing, or its price is.
    Malformed,
    /// A figure that a check needs is missing or past its age limit.
    StaleInput,
    /// The venue's clock is not known well enough for a signature.
    ClockUncertain,
    /// The market is not on the allow-list.
    SymbolNotAllowed,
    /// It says that it only reduces, and would not.
    NotReducing,
    /// A kill switch is on.
    KillSwitch,
    /// A lease lapsed.
    LeaseLapsed,
    /// Notional of the order.
    OrderSize,
    /// Exposure in the symbol.
    SymbolExposure,
    /// Exposure of all symbols.
    GrossExposure,
    /// Exposure in the symbol against equity.
    Concentration,
    /// Exposure of all symbols against equity.
    Leverage,
    /// Its price lies too far from the mid.
    Collar,
    /// Walking the book costs too much.
    Slippage,
    /// The book that is known does not hold so much within the order's price.
    Depth,
    /// Orders in a minute.
    OrderRate,
    /// Orders in a day.
    DailyOrders,
    /// The day's loss.
    DailyLoss,
    /// No stop, where one is asked for.
    StopMissing,
    /// The stop would not stop: it lies on the wrong side of the price, or the position is liquidated first.
    StopUseless,
}

impl Check {
    /// Every check.
    pub const ALL: [Self; 20] = [
        Self::Malformed,
        Self::StaleInput,
        Self::ClockUncertain,
        Self::SymbolNotAllowed,
        Self::NotReducing,
        Self::KillSwitch,
        Self::LeaseLapsed,
        Self::OrderSize,
        Self::SymbolExposure,
        Self::GrossExposure,
        Self::Concentration,
        Self::Leverage,
        Self::Collar,
        Self::Slippage,
        Self::Depth,
        Self::OrderRate,
        Self::DailyOrders,
        Self::DailyLoss,
        Self::StopMissing,
        Self::StopUseless,
    ];

    /// The stable code of a refusal by this check.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "risk_order_malformed",
            Self::StaleInput => "risk_stale_input",
            Self::ClockUncertain => "risk_clock_uncertain",
            Self::SymbolNotAllowed => "risk_symbol_not_allowed",
            Self::NotReducing => "risk_not_reducing",
            Self::KillSwitch => "kill_switch_on",
            Self::LeaseLapsed => "lease_lapsed",
            Self::OrderSize => "risk_order_size",
            Self::SymbolExposure => "risk_symbol_exposure",
            Self::GrossExposure => "risk_gross_exposure",
            Self::Concentration => "risk_concentration",
            Self::Leverage => "risk_leverage",
            Self::Collar => "risk_collar",
            Self::Slippage => "risk_slippage",
            Self::Depth => "risk_depth",
            Self::OrderRate => "risk_order_rate",
            Self::DailyOrders => "risk_daily_orders",
            Self::DailyLoss => "risk_daily_loss",
            Self::StopMissing => "risk_stop_missing",
            Self::StopUseless => "risk_stop_useless",
        }
    }
}

/// One refusal, with what was found and what is allowed, as they are shown.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Refusal {
    /// Which check.
    pub check: Check,
    /// Whose limit; nothing where it is no matter of limits.
    pub scope: Option<Scope>,
    /// What was found, with its unit: `1250 USD`, `31 bps`.
    pub found: String,
    /// What is allowed.
    pub allowed: String,
}

impl Refusal {
    pub(super) fn plain(
        check: Check,
        found: impl Into<String>,
        allowed: impl Into<String>,
    ) -> Self {
        Self {
            check,
            scope: None,
            found: found.into(),
            allowed: allowed.into(),
        }
    }

    pub(super) fn of(
        scope: Scope,
        check: Check,
        found: impl Into<String>,
        allowed: impl Into<String>,
    ) -> Self {
        Self {
            scope: Some(scope),
            ..Self::plain(check, found, allowed)
        }
    }
}
