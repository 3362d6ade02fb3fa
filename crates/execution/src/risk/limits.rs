//! What an account, a strategy or a desk may do.

use std::collections::BTreeSet;

use hypersentry_model::{Symbol, Timestamp, Usd};
use serde::{Deserialize, Serialize};

/// Symbols on an allow-list at the most.
pub const MOST_SYMBOLS: usize = 1_000;

/// Hundredths of a percent in one.
pub(super) const WHOLE_BPS: i128 = 10_000;

/// Whose limits they are. All that cover an order are checked; the narrowest refusal is not the only one told.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// One trading account.
    Account,
    /// One label on orders, at one account.
    Strategy,
    /// All accounts of a gateway together.
    Desk,
}

/// Limits of one scope. There is no "unlimited": whoever wants more says how much.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Notional of one order.
    pub order_usd: Usd,
    /// Exposure in one symbol: the position, and the resting orders that would enlarge it.
    pub symbol_usd: Usd,
    /// Exposure of all symbols, each counted positive.
    pub gross_usd: Usd,
    /// Exposure in one symbol against equity, in basis points.
    pub concentration_bps: u32,
    /// Exposure of all symbols against equity, in percent: 300 is three times.
    pub leverage_percent: u32,
    /// How far from the mid an order's limit price may lie on the side that costs, in basis points.
    pub collar_bps: u32,
    /// What walking the book may cost against the mid, in basis points.
    pub slippage_bps: u32,
    /// Orders within 60 s.
    pub orders_per_minute: u32,
    /// Orders within the UTC day that may open or enlarge a position.
    pub orders_per_day: u32,
    /// Loss of the UTC day, realised and unrealised together, from which on nothing is enlarged.
    pub daily_loss_usd: Usd,
    /// Bound of the venue clock's offset, in milliseconds, beyond which nothing is signed.
    pub clock_bound_ms: u32,
    /// Whether an order that enlarges a position has to come with a stop.
    pub stop_required: bool,
    /// Markets that may be traded; none given means every market.
    pub symbols: Option<BTreeSet<Symbol>>,
}

/// Whole dollars.
const fn usd(dollars: i128) -> Usd {
    Usd::from_units(dollars * 1_000_000_000_000)
}

impl Default for Limits {
    /// The specification's defaults where it names one (position 1,000 USD, leverage 3); the rest is as small as a first day asks for.
    fn default() -> Self {
        Self {
            order_usd: usd(1_000),
            symbol_usd: usd(1_000),
            gross_usd: usd(3_000),
            concentration_bps: 10_000,
            leverage_percent: 300,
            collar_bps: 100,
            slippage_bps: 30,
            orders_per_minute: 30,
            orders_per_day: 100,
            daily_loss_usd: usd(500),
            clock_bound_ms: 1_000,
            stop_required: false,
            symbols: None,
        }
    }
}

/// One limit by its name in configuration.
pub type LimitName = &'static str;

impl Limits {
    /// The same for `times` as many: what adds up (money but that of one order, orders) is so many times as much, the rest is as it is.
    #[must_use]
    pub fn times(&self, times: u32) -> Self {
        let more = |usd: Usd| Usd::from_units(usd.units().saturating_mul(times.into()));
        Self {
            symbol_usd: more(self.symbol_usd),
            gross_usd: more(self.gross_usd),
            daily_loss_usd: more(self.daily_loss_usd),
            orders_per_minute: self.orders_per_minute.saturating_mul(times),
            orders_per_day: self.orders_per_day.saturating_mul(times),
            ..self.clone()
        }
    }

    /// Which limits `new` loosens. A change that loosens none takes effect at once; the others need a second person where there is one.
    pub fn loosened_by(&self, new: &Self) -> Vec<LimitName> {
        let numbers: [(LimitName, i128, i128); 11] = [
            ("order_usd", self.order_usd.units(), new.order_usd.units()),
            (
                "symbol_usd",
                self.symbol_usd.units(),
                new.symbol_usd.units(),
            ),
            ("gross_usd", self.gross_usd.units(), new.gross_usd.units()),
            (
                "concentration_bps",
                self.concentration_bps.into(),
                new.concentration_bps.into(),
            ),
            (
                "leverage_percent",
                self.leverage_percent.into(),
                new.leverage_percent.into(),
            ),
            ("collar_bps", self.collar_bps.into(), new.collar_bps.into()),
            (
                "slippage_bps",
                self.slippage_bps.into(),
                new.slippage_bps.into(),
            ),
            (
                "orders_per_minute",
                self.orders_per_minute.into(),
                new.orders_per_minute.into(),
            ),
            (
                "orders_per_day",
                self.orders_per_day.into(),
                new.orders_per_day.into(),
            ),
            (
                "daily_loss_usd",
                self.daily_loss_usd.units(),
                new.daily_loss_usd.units(),
            ),
            (
                "clock_bound_ms",
                self.clock_bound_ms.into(),
                new.clock_bound_ms.into(),
            ),
        ];
        let mut loosened: Vec<LimitName> = numbers
            .iter()
            .filter(|(_, old, new)| new > old)
            .map(|(name, _, _)| *name)
            .collect();
        if self.stop_required && !new.stop_required {
            loosened.push("stop_required");
        }
        let wider = match (&self.symbols, &new.symbols) {
            (Some(_), None) => true,
            (Some(old), Some(new)) => !new.is_subset(old),
            (None, _) => false,
        };
        if wider {
            loosened.push("symbols");
        }
        loosened
    }
}

/// A change of limits that waits for a second person.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// User who asked for it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What the limits would be.
    pub limits: Limits,
}

/// Why a change of limits was not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LimitError {
    /// It loosens a limit, and whoever asked for it cannot be who agrees to it.
    #[error("looser limits need the word of a second risk manager")]
    SecondPersonNeeded,
    /// Nobody asked for a change.
    #[error("no change of limits waits")]
    NothingProposed,
    /// The allow-list is too long.
    #[error("an allow-list has at most {MOST_SYMBOLS} symbols")]
    TooManySymbols,
    /// A limit below zero.
    #[error("a limit is not below zero")]
    Negative,
}

impl LimitError {
    /// The stable code of this error.
    pub fn code(self) -> &'static str {
        match self {
            Self::SecondPersonNeeded => "limits_second_person_needed",
            Self::NothingProposed => "limits_nothing_proposed",
            Self::TooManySymbols => "limits_too_many_symbols",
            Self::Negative => "limits_negative",
        }
    }
}

/// The limits of one scope, and the change that waits, if any.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Governed {
    limits: Limits,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    waiting: Option<Proposal>,
}

impl Governed {
    /// Begins with these limits.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            waiting: None,
        }
    }

    /// What holds now.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What waits for a second person.
    pub fn waiting(&self) -> Option<&Proposal> {
        self.waiting.as_ref()
    }

    /// Asks for other limits. `alone`: there is nobody else with the risk role. True where they hold now; the caller records the change either way.
    ///
    /// # Errors
    /// [`LimitError::TooManySymbols`] and [`LimitError::Negative`]; nothing changes then.
    pub fn propose(
        &mut self,
        by: &str,
        at: Timestamp,
        limits: Limits,
        alone: bool,
    ) -> Result<bool, LimitError> {
        if limits
            .symbols
            .as_ref()
            .is_some_and(|list| list.len() > MOST_SYMBOLS)
        {
            return Err(LimitError::TooManySymbols);
        }
        let money = [
            limits.order_usd,
            limits.symbol_usd,
            limits.gross_usd,
            limits.daily_loss_usd,
        ];
        if money.iter().any(|usd| *usd < Usd::ZERO) {
            return Err(LimitError::Negative);
        }
        if alone || self.limits.loosened_by(&limits).is_empty() {
            self.limits = limits;
            self.waiting = None;
            return Ok(true);
        }
        let by = by.to_owned();
        self.waiting = Some(Proposal { by, at, limits });
        Ok(false)
    }

    /// A second person agrees.
    ///
    /// # Errors
    /// [`LimitError::NothingProposed`], and [`LimitError::SecondPersonNeeded`] where it is the same person.
    pub fn agree(&mut self, by: &str) -> Result<(), LimitError> {
        let Some(waiting) = self.waiting.take() else {
            return Err(LimitError::NothingProposed);
        };
        if waiting.by == by {
            self.waiting = Some(waiting);
            return Err(LimitError::SecondPersonNeeded);
        }
        self.limits = waiting.limits;
        Ok(())
    }

    /// Takes back or turns down what waits.
    pub fn withdraw(&mut self) {
        self.waiting = None;
    }
}
