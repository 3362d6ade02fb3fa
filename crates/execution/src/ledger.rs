//! What an account has, from what happened to it: double entry, in integers.
//!
//! Every entry moves the same amount out of one book and into another, so that the books always add up to nothing. A perpetual's position is
//! held at its cost; the cost of a part that is closed leaves with it (average cost), and what is over is realised profit, in cash.
//!
//! | entry | into | out of |
//! |---|---|---|
//! | a position is enlarged by `q` at `p` | position `p q` | notional `p q` |
//! | a part of cost `c` is closed for `v` | notional `c`, cash `v - c` | position `c`, realised `v - c` |
//! | fee `f` | fees `f` | cash `f` |
//! | funding `u` was received | cash `u` | funding `u` |
//! | `d` came in | cash `d` | transfers `d` |
//!
//! Equity is cash and what the positions would realise at the mark price. Hyperliquid's account value is compared with it; a difference of more
//! than a cent is a break, and is shown.

use std::collections::{BTreeMap, BTreeSet};

use hypersentry_model::{Price, Size, Symbol, Timestamp, Usd};
use serde::{Deserialize, Serialize};

use crate::order::Side;

/// Symbols with a position at once; the venue lists fewer markets.
pub const MOST_POSITIONS: usize = 2_000;
/// Trades that are told apart by id. Older ones are forgotten, and nothing older than the newest forgotten one is taken any more.
pub const MOST_SEEN: usize = 100_000;
/// A difference to the venue's equity that is no break: one cent.
pub const TOLERANCE: Usd = Usd::from_units(10_000_000_000);

/// A trade of the account.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Fill {
    /// The venue's id of the trade.
    pub id: u64,
    /// The venue's time.
    pub time: Timestamp,
    /// The market.
    pub symbol: Symbol,
    /// Bought or sold.
    pub side: Side,
    /// Price.
    pub px: Price,
    /// Base units; above zero.
    pub size: Size,
    /// Paid when positive, a rebate when negative.
    pub fee: Usd,
}

/// Why an entry was not made; the ledger is unchanged.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LedgerError {
    /// Price or size is not above zero.
    #[error("a trade has a price and a size above zero")]
    Malformed,
    /// A sum leaves the range of money.
    #[error("a sum is out of range")]
    Overflow,
    /// So old that its id may have been forgotten: it could be counted twice.
    #[error("a trade of {time:?} is older than what can be told apart")]
    TooOld {
        /// The venue's time of it.
        time: Timestamp,
    },
    /// Too many symbols.
    #[error("at most {MOST_POSITIONS} positions are held")]
    Full,
}

impl LedgerError {
    /// The stable code of this error.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "ledger_fill_malformed",
            Self::Overflow => "ledger_overflow",
            Self::TooOld { .. } => "ledger_fill_too_old",
            Self::Full => "ledger_full",
        }
    }
}

/// A position at its cost.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Holding {
    /// Base units, negative when short.
    pub size: Size,
    /// What it cost, negative when short.
    pub cost: Usd,
}

/// The books of one account. `position` is the sum over all holdings.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Books {
    /// USDC.
    pub cash: Usd,
    /// Cost of all positions.
    pub position: Usd,
    /// Against `position`.
    pub notional: Usd,
    /// Against the cash that closed positions brought; negative when they won.
    pub realised: Usd,
    /// Fees paid.
    pub fees: Usd,
    /// Against the cash that funding brought.
    pub funding: Usd,
    /// Against the cash that came in.
    pub transfers: Usd,
}

impl Books {
    /// What all books add up to: nothing, always.
    pub fn sum(&self) -> Option<Usd> {
        [
            self.position,
            self.notional,
            self.realised,
            self.fees,
            self.funding,
            self.transfers,
        ]
        .iter()
        .try_fold(self.cash, |sum, book| sum.checked_add(*book))
    }
}

/// What a ledger is carried on with by another process: the trades that are told apart are not in it, so that it is taken at a moment at which
/// nothing that was entered is younger than the moment.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Carried {
    /// The books.
    pub books: Books,
    /// The positions.
    pub holdings: BTreeMap<Symbol, Holding>,
}

/// One account's ledger.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Ledger {
    books: Books,
    holdings: BTreeMap<Symbol, Holding>,
    seen: BTreeSet<(Timestamp, u64)>,
    forgotten: Option<Timestamp>,
}

fn add(a: Usd, b: Usd) -> Result<Usd, LedgerError> {
    a.checked_add(b).ok_or(LedgerError::Overflow)
}

fn sub(a: Usd, b: Usd) -> Result<Usd, LedgerError> {
    a.checked_sub(b).ok_or(LedgerError::Overflow)
}

impl Ledger {
    /// Begins with what an account has already: positions at their entry prices, and its equity with what they would realise now. What
    /// happened before is not known, and all of it counts as paid in.
    ///
    /// # Errors
    /// [`LedgerError::Overflow`], [`LedgerError::Full`].
    pub fn opened(
        positions: impl IntoIterator<Item = (Symbol, Holding)>,
        equity: Usd,
        unrealised: Usd,
    ) -> Result<Self, LedgerError> {
        let mut ledger = Self::default();
        for (symbol, held) in positions {
            ledger.books.position = add(ledger.books.position, held.cost)?;
            ledger.books.notional = sub(ledger.books.notional, held.cost)?;
            ledger.holdings.insert(symbol, held);
        }
        if ledger.holdings.len() > MOST_POSITIONS {
            return Err(LedgerError::Full);
        }
        ledger.transfer(sub(equity, unrealised)?)?;
        Ok(ledger)
    }

    /// What another process goes on with.
    pub fn carried(&self) -> Carried {
        Carried {
            books: self.books,
            holdings: self.holdings.clone(),
        }
    }

    /// Goes on with what another process held. Nothing if the books do not add up, or the positions are not what the books say they cost.
    pub fn resumed(carried: Carried) -> Option<Self> {
        let Carried { books, holdings } = carried;
        let cost = holdings
            .values()
            .try_fold(Usd::ZERO, |sum, held| sum.checked_add(held.cost))?;
        let whole = books.sum()? == Usd::ZERO
            && books.position == cost
            && holdings.len() <= MOST_POSITIONS
            && holdings.values().all(|held| !held.size.is_zero());
        whole.then(|| Self {
            books,
            holdings,
            ..Self::default()
        })
    }

    /// The books.
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// The positions, by symbol; none of size zero.
    pub fn holdings(&self) -> &BTreeMap<Symbol, Holding> {
        &self.holdings
    }

    /// Enters a trade; false where it was entered before.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn fill(&mut self, fill: &Fill) -> Result<bool, LedgerError> {
        let name = (fill.time, fill.id);
        if self.seen.contains(&name) {
            return Ok(false);
        }
        if self.forgotten.is_some_and(|newest| fill.time <= newest) {
            return Err(LedgerError::TooOld { time: fill.time });
        }
        if !fill.size.is_positive() || !fill.px.is_positive() {
            return Err(LedgerError::Malformed);
        }
        let held = self.holdings.get(&fill.symbol).copied().unwrap_or_default();
        if held.size.is_zero() && self.holdings.len() >= MOST_POSITIONS {
            return Err(LedgerError::Full);
        }
        let (books, held) = enter(self.books, held, fill)?;
        self.books = books;
        if held.size.is_zero() {
            self.holdings.remove(&fill.symbol);
        } else {
            self.holdings.insert(fill.symbol, held);
        }
        self.seen.insert(name);
        if self.seen.len() > MOST_SEEN
            && let Some((time, _)) = self.seen.pop_first()
        {
            self.forgotten = self.forgotten.max(Some(time));
        }
        Ok(true)
    }

    /// Enters funding that was received, or paid when negative.
    ///
    /// # Errors
    /// [`LedgerError::Overflow`].
    pub fn funding(&mut self, received: Usd) -> Result<(), LedgerError> {
        let cash = add(self.books.cash, received)?;
        self.books.funding = sub(self.books.funding, received)?;
        self.books.cash = cash;
        Ok(())
    }

    /// Enters money that came in, or left when negative.
    ///
    /// # Errors
    /// [`LedgerError::Overflow`].
    pub fn transfer(&mut self, came_in: Usd) -> Result<(), LedgerError> {
        let cash = add(self.books.cash, came_in)?;
        self.books.transfers = sub(self.books.transfers, came_in)?;
        self.books.cash = cash;
        Ok(())
    }

    /// Cash and what the positions would realise at these mark prices. Nothing where a position has no mark price.
    ///
    /// # Errors
    /// [`LedgerError::Overflow`].
    pub fn equity(
        &self,
        mark: impl Fn(Symbol) -> Option<Price>,
    ) -> Result<Option<Usd>, LedgerError> {
        let mut equity = self.books.cash;
        for (symbol, held) in &self.holdings {
            let Some(px) = mark(*symbol) else {
                return Ok(None);
            };
            let worth = px.notional(held.size).map_err(|_| LedgerError::Overflow)?;
            equity = add(equity, sub(worth, held.cost)?)?;
        }
        Ok(Some(equity))
    }
}

/// The books and the position after a trade. A trade beyond the position closes it and opens the rest on the other side.
fn enter(mut books: Books, held: Holding, fill: &Fill) -> Result<(Books, Holding), LedgerError> {
    let signed = match fill.side {
        Side::Buy => fill.size.units(),
        Side::Sell => -fill.size.units(),
    };
    let value = fill
        .px
        .notional(Size::from_units(signed))
        .map_err(|_| LedgerError::Overflow)?;
    let against = held.size.units().signum() * signed.signum() < 0;
    let closing = if against {
        // Never more than is held.
        signed.signum() * signed.abs().min(held.size.units().abs())
    } else {
        0
    };
    let all_closed = -closing == held.size.units();
    let cost = if all_closed {
        held.cost
    } else {
        share(held.cost, -closing, held.size.units())?
    };
    let closed_value = share(value, closing, signed)?;
    let opened_value = sub(value, closed_value)?;
    // Of a short the cost is negative, and closing it pays: the proceeds are minus the signed value.
    let proceeds = sub(Usd::ZERO, closed_value)?;
    let profit = sub(proceeds, cost)?;
    books.position = add(sub(books.position, cost)?, opened_value)?;
    books.notional = sub(add(books.notional, cost)?, opened_value)?;
    books.cash = sub(add(books.cash, profit)?, fill.fee)?;
    books.realised = sub(books.realised, profit)?;
    books.fees = add(books.fees, fill.fee)?;
    let size = held
        .size
        .checked_add(Size::from_units(signed))
        .ok_or(LedgerError::Overflow)?;
    let cost = add(sub(held.cost, cost)?, opened_value)?;
    Ok((books, Holding { size, cost }))
}

/// `part / whole` of an amount, rounded toward zero. Exact products of 10^12 units with sizes do not fit an `i128`: whole and rest are taken apart.
fn share(amount: Usd, part: i128, whole: i128) -> Result<Usd, LedgerError> {
    if part == 0 || whole == 0 {
        return Ok(Usd::ZERO);
    }
    let (mut whole, mut part) = (whole, part);
    // Common factors first: lots are coarse, so that what is left is small.
    let factor = gcd(whole.unsigned_abs(), part.unsigned_abs());
    let factor = i128::try_from(factor).map_err(|_| LedgerError::Overflow)?;
    whole /= factor;
    part /= factor;
    let (quotient, rest) = (amount.units() / whole, amount.units() % whole);
    let product = quotient
        .checked_mul(part)
        .zip(rest.checked_mul(part))
        .and_then(|(a, b)| a.checked_add(b / whole));
    product.map(Usd::from_units).ok_or(LedgerError::Overflow)
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

#[cfg(test)]
mod tests;
