//! What is known of the account's money.

use super::Whole;
use super::pulse::Pulse;
use super::venue::Rounds;
use crate::view::Why;
use hypersentry_execution::ledger::{self, Holding, Ledger};
use hypersentry_execution::order::Side;
use hypersentry_model::{Price, Size, Source, Stamp, Stamped, Symbol, Timestamp, Usd, Venue};
use hypersentry_venues::hyperliquid::account::{Assets, Fees, Fill, OpenOrder, Payment, Positions};
use std::collections::BTreeSet;

/// Positions are asked for every 4 s; two answers may be missed.
pub(super) const AGE_LIMIT_MS: u32 = 10_000;
/// Payments that are told apart by time and market: those of a day, of every market.
const MOST_PAYMENTS: usize = 10_000;
/// How far back trades are shown after a start.
const SHOWN_MS: i64 = 86_400_000;
/// A trade so close before the venue's time of the positions may be in them or not.
const RACE_MS: i64 = 1_000;

#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(super) assets: Assets,
    pub(super) fees: Option<Fees>,
    pub(super) positions: Option<(Positions, Stamp)>,
    pub(super) rounds: Rounds,
    pub(super) pulse: Option<Pulse>,
    /// Nothing until the account was seen at rest.
    pub(super) ledger: Option<Ledger>,
    /// From the venue's time on, trades count in the ledger.
    opened: Timestamp,
    newest_fill: Option<Timestamp>,
    newest_payment: Option<Timestamp>,
    /// At most [`MOST_PAYMENTS`].
    paid: BTreeSet<(Timestamp, Symbol)>,
    /// What rests there and was not sent from here.
    pub(super) foreign: Vec<OpenOrder>,
    pub(super) findings: Vec<Why>,
    /// Looks in a row that found something that locks.
    pub(super) bad_looks: u32,
    pub(super) matched: Option<Timestamp>,
    pub(super) trouble: Option<Why>,
    pub(super) locked: bool,
    pub(super) stream: bool,
}

impl Figures {
    pub(super) fn lock(&mut self, why: Why) {
        self.locked = true;
        self.findings = vec![why];
    }

    pub(super) fn fills_from(&self, now: Timestamp) -> Timestamp {
        self.newest_fill.unwrap_or_else(|| now.plus_ms(-SHOWN_MS))
    }

    pub(super) fn payments_from(&self, now: Timestamp) -> Timestamp {
        self.newest_payment
            .unwrap_or_else(|| now.plus_ms(-SHOWN_MS))
    }

    /// Whether a trade may or may not be in the positions: then nothing is compared.
    pub(super) fn races(whole: &Whole) -> bool {
        let near = whole.positions.at.plus_ms(-RACE_MS);
        whole.fills.iter().any(|fill| fill.at >= near)
            || whole.payments.iter().any(|paid| paid.at >= near)
    }

    /// Begins the ledger with the account as it is.
    pub(super) fn open(&mut self, whole: &Whole) -> Result<(), ledger::LedgerError> {
        let overflow = ledger::LedgerError::Overflow;
        let mut unrealised = Usd::ZERO;
        let mut held = Vec::new();
        for (symbol, position) in &whole.positions.held {
            let signed = Usd::from_units(position.value.units() * position.size.units().signum());
            let cost = signed.checked_sub(position.unrealised).ok_or(overflow)?;
            unrealised = unrealised
                .checked_add(position.unrealised)
                .ok_or(overflow)?;
            held.push((
                *symbol,
                Holding {
                    size: position.size,
                    cost,
                },
            ));
        }
        self.ledger = Some(Ledger::opened(held, whole.positions.equity, unrealised)?);
        self.opened = whole.positions.at;
        self.paid = whole
            .payments
            .iter()
            .map(|paid| (paid.at, paid.symbol))
            .collect();
        Ok(())
    }

    /// Enters a trade, if the ledger has begun before it.
    pub(super) fn enter(&mut self, fill: &Fill) -> Result<(), ledger::LedgerError> {
        self.newest_fill = self.newest_fill.max(Some(fill.at));
        let Some(ledger) = self.ledger.as_mut().filter(|_| fill.at > self.opened) else {
            return Ok(());
        };
        let side = if fill.is_buy { Side::Buy } else { Side::Sell };
        let entered = ledger.fill(&ledger::Fill {
            id: fill.tid,
            time: fill.at,
            symbol: fill.symbol,
            side,
            px: fill.px,
            size: fill.size,
            fee: fill.fee,
        });
        // The venue's own figures are wanted as soon as a trade has changed them.
        self.rounds.moved |= entered?;
        Ok(())
    }

    /// Enters a funding payment, once.
    pub(super) fn pay(&mut self, payment: &Payment) -> Result<(), ledger::LedgerError> {
        self.newest_payment = self.newest_payment.max(Some(payment.at));
        let Some(ledger) = &mut self.ledger else {
            return Ok(());
        };
        if self.paid.insert((payment.at, payment.symbol)) && payment.at > self.opened {
            ledger.funding(payment.received)?;
        }
        while self.paid.len() > MOST_PAYMENTS {
            self.paid.pop_first();
        }
        Ok(())
    }

    /// The position in a market: the ledger's, which a trade enters at once, else the venue's.
    pub(super) fn position(&self, symbol: Symbol) -> Option<Stamped<Size>> {
        let (positions, stamp) = self.positions.as_ref()?;
        let told = || positions.held.get(&symbol).map(|held| held.size);
        let value = match &self.ledger {
            Some(ledger) => ledger.holdings().get(&symbol).map(|held| held.size),
            None => told(),
        };
        Some(stamped(value.unwrap_or(Size::ZERO), *stamp))
    }

    /// Markets in which there is a position.
    pub(super) fn held(&self) -> Vec<Symbol> {
        match (&self.ledger, &self.positions) {
            (Some(ledger), _) => ledger.holdings().keys().copied().collect(),
            (None, Some((positions, _))) => positions.held.keys().copied().collect(),
            (None, None) => Vec::new(),
        }
    }

    pub(super) fn equity(&self) -> Option<Stamped<Usd>> {
        let (positions, stamp) = self.positions.as_ref()?;
        Some(stamped(positions.equity, *stamp))
    }

    /// The price at which a market's exposure is counted.
    pub(super) fn mark(&self, symbol: Symbol) -> Option<Price> {
        let held = self
            .positions
            .as_ref()
            .and_then(|(it, _)| it.held.get(&symbol));
        held.and_then(|held| held.mark())
            .or_else(|| self.assets.get(&symbol)?.mark)
    }

    /// Equity less the maintenance margin of all positions, in units: half the initial margin at the highest leverage, of the first tier.
    pub(super) fn available_units(&self) -> Option<i128> {
        let (positions, _) = self.positions.as_ref()?;
        let mut available = positions.equity.units();
        for (symbol, held) in &positions.held {
            let most = self.assets.get(symbol)?.rules.max_leverage.max(1);
            available -= held.value.units() / (2 * i128::from(most));
        }
        Some(available)
    }
}

pub(super) fn stamped<T>(value: T, stamp: Stamp) -> Stamped<T> {
    Stamped {
        value,
        stamp,
        source: Source::Venue(Venue::Hyperliquid),
        limit_ms: AGE_LIMIT_MS,
    }
}
