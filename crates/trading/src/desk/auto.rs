//! Trading by itself, asked for.

use super::{Asker, Trading};
use crate::account::{AskAuto, Asked};
use crate::error::TradeError;
use crate::view::{AutoSymbol, AutoView, SetAuto};
use hypersentry_model::Symbol;

impl Trading {
    /// How an account trades by itself.
    ///
    /// # Errors
    /// As [`Self::state`].
    pub async fn auto(&self, account: &str) -> Result<AutoView, TradeError> {
        self.ask(account, |answer| Asked::Auto(AskAuto::View(answer)))
            .await
    }

    /// Gives leave to trade by itself, or takes it back.
    ///
    /// # Errors
    /// `acknowledge_required`, `bad_request`, `unknown_symbol`, `model_required`, `kill_switch_on`, `idempotency_conflict`; that nobody may sign.
    pub async fn set_auto(&self, asked: SetAuto, by: Asker) -> Result<AutoView, TradeError> {
        let account = asked.account.clone();
        let by = by.into();
        self.ask(&account, |answer| {
            Asked::Auto(AskAuto::Set(asked, by, answer))
        })
        .await?
    }

    /// Asks the gates of a market at once, all of them, and trades if they hold.
    ///
    /// # Errors
    /// As [`Self::state`].
    pub async fn trigger_auto(
        &self,
        account: &str,
        symbol: Symbol,
    ) -> Result<AutoSymbol, TradeError> {
        self.ask(account, |answer| {
            Asked::Auto(AskAuto::Trigger(symbol, answer))
        })
        .await
    }
}
