//! What a user says of the own account.

use crate::ApiError;
use hypersentry_alpha::risk::{AccountView, EquitySource, Limits};
use hypersentry_model::{Rate, Usd};
use serde::{Deserialize, Serialize};

/// The account as its owner states it. Amounts are decimal strings.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, specta::Type)]
pub struct AccountSettings {
    /// What it is worth in USD; without it there are no sizes.
    pub equity_usd: Option<String>,
    /// When that was said, UTC ms as a decimal string; ignored when it is told.
    pub equity_as_of: Option<String>,
    /// Whether the engine may trade by itself.
    pub auto_mode: bool,
    /// Notional of all positions over equity.
    pub max_leverage: String,
    /// Share of equity that one view may lose at its stop.
    pub max_risk_share: String,
    /// Notional of one position in USD.
    pub max_position_usd: String,
    /// A stop is at least this share of the price away.
    pub min_stop_share: String,
    /// Trades a day.
    pub max_daily_trades: u32,
    /// Loss in USD in a day after which there are no further trades.
    pub max_daily_loss_usd: String,
    /// Positions at the same time.
    pub max_concurrent: u32,
}

fn bad(name: &str, error: impl std::fmt::Display) -> ApiError {
    ApiError::new("bad_request", format!("`{name}`: {error}"))
}

fn usd(name: &str, text: &str) -> Result<Usd, ApiError> {
    Usd::parse(text).map_err(|e| bad(name, e))
}

fn rate(name: &str, text: &str) -> Result<Rate, ApiError> {
    Rate::parse(text).map_err(|e| bad(name, e))
}

impl AccountSettings {
    pub(crate) fn of(view: &AccountView) -> Self {
        let limits = &view.limits;
        Self {
            equity_usd: view.equity_usd.map(|usd| usd.to_string()),
            equity_as_of: view.equity_as_of.map(|at| at.to_string()),
            auto_mode: view.auto_mode,
            max_leverage: limits.max_leverage.to_string(),
            max_risk_share: limits.max_risk_share.to_string(),
            max_position_usd: limits.max_position_usd.to_string(),
            min_stop_share: limits.min_stop_share.to_string(),
            max_daily_trades: limits.max_daily_trades,
            max_daily_loss_usd: limits.max_daily_loss_usd.to_string(),
            max_concurrent: limits.max_concurrent,
        }
    }

    /// As the engine takes it, stated at `now_ms`.
    pub(crate) fn view(&self, now_ms: i64) -> Result<AccountView, ApiError> {
        let equity_usd = self.equity_usd.as_deref();
        let equity_usd = equity_usd.map(|text| usd("equity_usd", text)).transpose()?;
        Ok(AccountView {
            equity_usd,
            equity_as_of: equity_usd.map(|_| now_ms),
            equity_source: equity_usd.map(|_| EquitySource::Stated),
            limits: Limits {
                max_leverage: rate("max_leverage", &self.max_leverage)?,
                max_risk_share: rate("max_risk_share", &self.max_risk_share)?,
                max_position_usd: usd("max_position_usd", &self.max_position_usd)?,
                min_stop_share: rate("min_stop_share", &self.min_stop_share)?,
                max_daily_trades: self.max_daily_trades,
                max_daily_loss_usd: usd("max_daily_loss_usd", &self.max_daily_loss_usd)?,
                max_concurrent: self.max_concurrent,
            },
            auto_mode: self.auto_mode,
            ..AccountView::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stated_reads_back() {
        let mut stated = AccountSettings::of(&AccountView::default());
        assert_eq!(stated.equity_usd, None);
        assert_eq!(stated.view(5).unwrap(), AccountView::default());
        stated.equity_usd = Some("25000.50".into());
        stated.auto_mode = true;
        let view = stated.view(5).unwrap();
        assert_eq!(view.equity_as_of, Some(5));
        assert_eq!(view.check(), Ok(()));
        let back = AccountSettings::of(&view);
        assert_eq!(back.equity_usd.as_deref(), Some("25000.5"));
        assert!(back.auto_mode);
    }

    #[test]
    fn what_is_no_amount_is_refused_by_name() {
        let mut stated = AccountSettings::of(&AccountView::default());
        stated.equity_usd = Some("1e9".into());
        let error = stated.view(5).unwrap_err();
        assert_eq!(error.code, "bad_request");
        assert!(error.message.contains("equity_usd"), "{error}");
    }
}
