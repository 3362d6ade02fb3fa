//! What is known of a trading account: the input that sizes are made from.

use hypersentry_model::{Price, Rate, Size, Symbol, Usd};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the equity comes from.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EquitySource {
    /// The user said so.
    Stated,
    /// The venue said so.
    Venue,
}

/// An open position.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Position {
    /// The market.
    pub symbol: Symbol,
    /// In base units; negative when short.
    pub sz: Size,
    /// Mean entry price.
    pub entry_px: Price,
}

/// What the account's owner allows.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Limits {
    /// Notional of all positions over equity.
    pub max_leverage: Rate,
    /// Share of equity that one view may lose at its stop.
    pub max_risk_share: Rate,
    /// Notional of one position.
    pub max_position_usd: Usd,
    /// A stop is at least this share of the price away.
    pub min_stop_share: Rate,
    /// Trades a day.
    pub max_daily_trades: u32,
    /// Loss in a day after which there are no further trades.
    pub max_daily_loss_usd: Usd,
    /// Positions at the same time.
    pub max_concurrent: u32,
}

const RATE_UNIT: i128 = 10i128.pow(Rate::SCALE);
const USD_UNIT: i128 = 10i128.pow(Usd::SCALE);

impl Default for Limits {
    /// Leverage 3, risk 2 %, 1,000 USD a position, stop 0.5 %, 10 trades and 100 USD of losses a day, 3 positions.
    fn default() -> Self {
        Self {
            max_leverage: Rate::from_units(3 * RATE_UNIT),
            max_risk_share: Rate::from_units(RATE_UNIT / 50),
            max_position_usd: Usd::from_units(1_000 * USD_UNIT),
            min_stop_share: Rate::from_units(RATE_UNIT / 200),
            max_daily_trades: 10,
            max_daily_loss_usd: Usd::from_units(100 * USD_UNIT),
            max_concurrent: 3,
        }
    }
}

/// The most positions that are read.
pub const MAX_POSITIONS: usize = 256;

/// The account as it was last told.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct AccountView {
    /// What the account is worth with open positions at market; absent while unknown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub equity_usd: Option<Usd>,
    /// When that was said, UTC ms.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub equity_as_of: Option<i64>,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub equity_source: Option<EquitySource>,
    /// Deposits less withdrawals since the account was first seen, so that a withdrawal is no drawdown.
    #[serde(default)]
    pub net_deposits_usd: Usd,
    /// At most [`MAX_POSITIONS`]; a list that is longer is refused as a whole.
    #[serde(default)]
    pub positions: Vec<Position>,
    /// What the owner allows.
    #[serde(default)]
    pub limits: Limits,
    /// Whether the engine may trade by itself.
    #[serde(default)]
    pub auto_mode: bool,
    /// Whether an execution client is connected.
    #[serde(default)]
    pub client_ready: bool,
}

/// Why a view of an account is not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AccountError {
    /// A limit lies outside its range.
    #[error("{field} must be {range}")]
    OutOfRange {
        /// Which.
        field: &'static str,
        /// Of what range.
        range: &'static str,
    },
    /// Too many positions.
    #[error("an account has at most {MAX_POSITIONS} positions")]
    TooManyPositions,
    /// Equity needs its time and its source.
    #[error("equity_usd needs equity_as_of and equity_source")]
    EquityWithoutSource,
}

impl AccountError {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::OutOfRange { .. } => "limit_out_of_range",
            Self::TooManyPositions => "too_many_positions",
            Self::EquityWithoutSource => "equity_without_source",
        }
    }
}

impl AccountView {
    /// Whether the view may be used.
    ///
    /// # Errors
    /// A limit outside its range, too many positions, an equity that nobody stands for.
    pub fn check(&self) -> Result<(), AccountError> {
        let l = &self.limits;
        let out = |field, range| Err(AccountError::OutOfRange { field, range });
        let rate = |r: Rate, low: i128, high: i128| (low..=high).contains(&r.units());
        if !rate(l.max_leverage, RATE_UNIT, 50 * RATE_UNIT) {
            return out("max_leverage", "1 to 50");
        }
        if !rate(l.max_risk_share, RATE_UNIT / 1_000, RATE_UNIT / 4) {
            return out("max_risk_share", "0.001 to 0.25");
        }
        if !rate(l.min_stop_share, RATE_UNIT / 400, RATE_UNIT / 5) {
            return out("min_stop_share", "0.0025 to 0.2");
        }
        if !l.max_position_usd.is_positive() {
            return out("max_position_usd", "more than 0");
        }
        if l.max_daily_loss_usd.units() < 0 {
            return out("max_daily_loss_usd", "0 or more");
        }
        if self.equity_usd.is_some_and(|e| e.units() < 0) {
            return out("equity_usd", "0 or more");
        }
        if self.positions.len() > MAX_POSITIONS {
            return Err(AccountError::TooManyPositions);
        }
        let told = self.equity_as_of.is_some() && self.equity_source.is_some();
        if self.equity_usd.is_some() && !told {
            return Err(AccountError::EquityWithoutSource);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_allowed_and_has_no_equity() {
        let view = AccountView::default();
        assert_eq!(view.check(), Ok(()));
        assert_eq!(view.equity_usd, None);
    }

    #[test]
    fn equity_needs_somebody_who_says_so() {
        let mut view = AccountView {
            equity_usd: Some(Usd::from_units(USD_UNIT)),
            ..AccountView::default()
        };
        assert_eq!(view.check().unwrap_err().code(), "equity_without_source");
        view.equity_as_of = Some(1);
        view.equity_source = Some(EquitySource::Stated);
        assert_eq!(view.check(), Ok(()));
    }

    #[test]
    fn limits_have_ranges() {
        let with = |change: fn(&mut Limits)| {
            let mut view = AccountView::default();
            change(&mut view.limits);
            view.check().unwrap_err().code()
        };
        assert_eq!(with(|l| l.max_leverage = Rate::ZERO), "limit_out_of_range");
        assert_eq!(
            with(|l| l.max_risk_share = Rate::from_units(RATE_UNIT)),
            "limit_out_of_range"
        );
        assert_eq!(
            with(|l| l.min_stop_share = Rate::ZERO),
            "limit_out_of_range"
        );
        assert_eq!(
            with(|l| l.max_position_usd = Usd::ZERO),
            "limit_out_of_range"
        );
    }
}
