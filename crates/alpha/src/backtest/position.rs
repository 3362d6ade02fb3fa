//! One position, from its entry to a finished trade.

use super::ledger::{Fill, share};
use super::rules::Rules;
use super::run::Step;
use crate::plan::event::Action;
use crate::risk::event::Direction;
use hypersentry_model::{Price, Size, Symbol, Usd};
use serde::{Deserialize, Serialize};

/// Why a position was closed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Exit {
    /// The stop was touched.
    Stop,
    /// The target was touched.
    Target,
    /// The score left the position's side.
    Score,
    /// The longest time was over.
    Time,
    /// The data ended.
    End,
}

/// A finished trade.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Trade {
    /// The market.
    pub symbol: Symbol,
    /// Which way.
    pub direction: Direction,
    /// First fill of the entry, UTC ms.
    pub entry_ms: i64,
    /// Last fill of the exit, UTC ms.
    pub exit_ms: i64,
    /// Score at the decision.
    pub score: u8,
    /// In base units.
    pub sz: Size,
    /// Notional of the entry.
    pub entry_usd: Usd,
    /// Notional of the exit.
    pub exit_usd: Usd,
    /// Fees of both.
    pub fees_usd: Usd,
    /// Funding paid; negative when it was received.
    pub funding_usd: Usd,
    /// Cost of both fills against the mid price then.
    pub slippage_usd: Usd,
    /// After fees and funding.
    pub pnl_usd: Usd,
    /// Gain in units of what was to be lost at the stop.
    pub r: f64,
    /// Why it ended.
    pub exit: Exit,
}

/// An open position.
#[derive(Clone, Debug)]
pub(super) struct Position {
    pub(super) direction: Direction,
    pub(super) entry_ms: i64,
    pub(super) score: u8,
    pub(super) sz: Size,
    pub(super) entry_usd: Usd,
    pub(super) stop_share: f64,
    pub(super) rr: f64,
    pub(super) closed: Fill,
    pub(super) fees: Usd,
    pub(super) funding: Usd,
    pub(super) slippage: Usd,
    pub(super) closing: Option<(i64, Exit)>,
}

/// What a fill cost against the mid price.
pub(super) fn against(action: Action, fill: Fill, mid: Price) -> Option<Usd> {
    let fair = mid.notional(fill.sz).ok()?;
    match action {
        Action::Buy => fill.usd.checked_sub(fair),
        Action::Sell => fair.checked_sub(fill.usd),
    }
}

impl Position {
    /// Why it would be closed at this mid price.
    pub(super) fn wish(&self, step: &Step<'_>, mid: Price, rules: &Rules) -> Option<Exit> {
        let entry = self.entry_usd.to_f64() / self.sz.to_f64();
        let moved = self.direction.sign() * (mid.to_f64() / entry - 1.0);
        let other_side = match self.direction {
            Direction::Long => step.score < 50,
            Direction::Short => step.score > 50,
        };
        if moved <= -self.stop_share {
            Some(Exit::Stop)
        } else if moved >= self.stop_share * self.rr {
            Some(Exit::Target)
        } else if rules.exit_at_neutral && other_side {
            Some(Exit::Score)
        } else if rules.max_hold_ms > 0 && step.now_ms - self.entry_ms >= rules.max_hold_ms {
            Some(Exit::Time)
        } else {
            None
        }
    }

    pub(super) fn close(
        &mut self,
        fill: Fill,
        mid: Price,
        rules: &Rules,
        cash: &mut Usd,
    ) -> Option<()> {
        let fee = share(fill.usd, rules.fee)?;
        let action = match self.direction {
            Direction::Long => Action::Sell,
            Direction::Short => Action::Buy,
        };
        *cash = match action {
            Action::Sell => cash.checked_add(fill.usd)?,
            Action::Buy => cash.checked_sub(fill.usd)?,
        }
        .checked_sub(fee)?;
        self.fees = self.fees.checked_add(fee)?;
        self.slippage = self.slippage.checked_add(against(action, fill, mid)?)?;
        self.closed = self.closed.with(fill)?;
        Some(())
    }

    pub(super) fn trade(self, symbol: Symbol, exit_ms: i64, exit: Exit) -> Option<Trade> {
        let gross = match self.direction {
            Direction::Long => self.closed.usd.checked_sub(self.entry_usd)?,
            Direction::Short => self.entry_usd.checked_sub(self.closed.usd)?,
        };
        let pnl_usd = gross.checked_sub(self.fees)?.checked_sub(self.funding)?;
        Some(Trade {
            symbol,
            direction: self.direction,
            entry_ms: self.entry_ms,
            exit_ms,
            score: self.score,
            sz: self.sz,
            entry_usd: self.entry_usd,
            exit_usd: self.closed.usd,
            fees_usd: self.fees,
            funding_usd: self.funding,
            slippage_usd: self.slippage,
            pnl_usd,
            r: pnl_usd.to_f64() / (self.entry_usd.to_f64() * self.stop_share),
            exit,
        })
    }
}
