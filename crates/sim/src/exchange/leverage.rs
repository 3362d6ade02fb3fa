//! Leverage and the margin of isolated positions.

use super::account::Leverage;
use super::address::Address;
use super::margin::Change;
use super::number::{Micro, div_up};
use super::refusal::Refusal;
use super::state::Exchange;

impl Exchange {
    /// Sets an account's leverage in a coin. With an open position the kind of margin cannot change; an isolated position
    /// whose new leverage asks for more margin takes it from the account.
    ///
    /// # Errors
    /// [`Refusal::BadLeverage`], [`Refusal::LeverageType`], [`Refusal::PerpMargin`].
    pub fn update_leverage(
        &mut self,
        owner: Address,
        coin: usize,
        wanted: Leverage,
    ) -> Result<(), Refusal> {
        let Some(market) = self.markets.get(coin) else {
            return Err(Refusal::NoAsset(coin as u64));
        };
        let mark = self.mark_px(coin);
        let most = market.spec.max_leverage();
        if wanted.value == 0 || wanted.value > most {
            return Err(Refusal::BadLeverage);
        }
        let Some(account) = self.accounts.get(&owner) else {
            return Err(Refusal::MustDeposit(owner));
        };
        let mut changed = account.clone();
        changed.leverage.insert(coin, wanted);
        let mut moved = 0;
        if let Some(position) = changed.positions.get_mut(&coin) {
            if position.isolated.is_some() == wanted.is_cross {
                return Err(Refusal::LeverageType);
            }
            let worth = position.value(mark);
            if wanted.value > market.spec.max_leverage_at(worth.abs()) {
                return Err(Refusal::BadLeverage);
            }
            if let Some(own) = &mut position.isolated {
                let needed = div_up(worth.abs(), i128::from(wanted.value));
                moved = (needed - (*own + worth)).max(0);
                *own += moved;
            }
        }
        changed.cash -= moved;
        let none = Change::default();
        let lowered = wanted.value < account.leverage(coin, most).value;
        if lowered && self.initial(&changed, none) > self.cross_equity(&changed) {
            return Err(Refusal::PerpMargin);
        }
        self.accounts.insert(owner, changed);
        Ok(())
    }

    /// Moves margin into an isolated position, or out of it with a negative amount; what stays must cover its initial margin
    /// and a tenth of its worth.
    ///
    /// # Errors
    /// [`Refusal::IsolatedMargin`].
    pub fn update_isolated_margin(
        &mut self,
        owner: Address,
        coin: usize,
        amount: Micro,
    ) -> Result<(), Refusal> {
        let mark = self.mark_px(coin);
        let withdrawable = self.withdrawable(owner);
        let (Some(market), Some(account)) = (self.markets.get(coin), self.accounts.get_mut(&owner))
        else {
            return Err(Refusal::NoAsset(coin as u64));
        };
        let leverage = account.leverage(coin, market.spec.max_leverage());
        let Some(position) = account.positions.get_mut(&coin) else {
            return Err(Refusal::IsolatedMargin);
        };
        let worth = position.value(mark);
        let Some(own) = &mut position.isolated else {
            return Err(Refusal::IsolatedMargin);
        };
        let held =
            div_up(worth.abs(), i128::from(leverage.value.max(1))).max(div_up(worth.abs(), 10));
        let stays = *own + worth + amount;
        if amount > withdrawable || (amount < 0 && stays < held) {
            return Err(Refusal::IsolatedMargin);
        }
        *own += amount;
        account.cash -= amount;
        Ok(())
    }
}
