//! What is known of the account's money.

use super::Whole;
use super::margins::Margins;
use super::pulse::Pulse;
use super::venue::Rounds;
use crate::view::Why;
use hypersentry_execution::ledger::{self, Books, Holding, Ledger};
use hypersentry_execution::order::Side;
use hypersentry_model::{Price, Size, Source, Stamp, Stamped, Symbol, Timestamp, Usd, Venue};
use hypersentry_venues::hyperliquid::account::{
    Assets, Fees, Fill, OpenOrder, Payment, Positions, Transfer,
};
use std::collections::{BTreeMap, BTreeSet};

/// Positions are asked for every 4 s; two answers may be missed.
pub(super) const AGE_LIMIT_MS: u32 = 10_000;
/// Payments that are told apart by time and market: those of a day, of every market; and as many transfers.
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
    pub(super) margins: Margins,
    pub(super) pulse: Option<Pulse>,
    /// Nothing until the account was seen at rest.
    pub(super) ledger: Option<Ledger>,
    /// From the venue's time on, what happens counts in the ledger.
    opened: Timestamp,
    /// When the account was first known; earlier than `opened` where the ledger was carried on.
    since: Timestamp,
    newest_fill: Option<Timestamp>,
    newest_payment: Option<Timestamp>,
    newest_transfer: Option<Timestamp>,
    /// At most [`MOST_PAYMENTS`].
    paid: BTreeSet<(Timestamp, Symbol)>,
    /// What came in, negative when it left; at most [`MOST_PAYMENTS`]. After a start those of the last day are read again.
    moved: BTreeMap<(Timestamp, String), Usd>,
    /// Whether the transfers of the day were read since the start.
    pub(super) moves_read: bool,
    /// Fees of transfers of which it is not known whether their amounts include them.
    perhaps: Usd,
    /// Whether the ledger has tied since it began: one that never did may have begun with half of something.
    pub(super) tied: bool,
    /// What the log holds of the ledger.
    noted: Option<Books>,
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

/// From when on something is not in figures of the venue's time `at`: there was nothing within [`RACE_MS`] before it, or nothing would have been
/// compared, and what bears a time within it and came later happened later.
fn just_before(at: Timestamp) -> Timestamp {
    at.plus_ms(-RACE_MS - 1)
}

impl Figures {
    pub(super) fn lock(&mut self, why: Why) {
        self.locked = true;
        self.findings = vec![why];
    }

    /// Goes on with the ledger of the process before.
    pub(super) fn carry(&mut self, carried: crate::log::CarriedLedger) {
        let books = carried.ledger.books;
        let Some(ledger) = Ledger::resumed(carried.ledger) else {
            // It begins anew, as if nothing had been kept.
            tracing::error!("the log's ledger does not add up");
            return;
        };
        self.ledger = Some(ledger);
        self.opened = carried.at;
        self.since = carried.since;
        self.noted = Some(books);
        self.tied = true;
    }

    /// From when on trades, payments and transfers are asked for: from the newest that is known, else of the last day, and all since the ledger.
    pub(super) fn history_from(&self, now: Timestamp) -> [Timestamp; 3] {
        let day = now.plus_ms(-SHOWN_MS);
        let first = match self.ledger {
            Some(_) => day.min(self.opened),
            None => day,
        };
        [self.newest_fill, self.newest_payment, self.newest_transfer]
            .map(|newest| newest.unwrap_or(first))
    }

    /// Whether a trade may or may not be in the positions: then nothing is compared.
    pub(super) fn races(whole: &Whole) -> bool {
        let near = whole.positions.at.plus_ms(-RACE_MS);
        whole.fills.iter().any(|fill| fill.at >= near)
            || whole.payments.iter().any(|paid| paid.at >= near)
            || whole.transfers.iter().any(|moved| moved.at >= near)
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
        self.opened = just_before(whole.positions.at);
        self.since = whole.positions.at;
        self.perhaps = Usd::ZERO;
        self.tied = false;
        self.noted = None;
        self.paid = whole
            .payments
            .iter()
            .map(|paid| (paid.at, paid.symbol))
            .collect();
        Ok(())
    }

    /// Enters a trade of a TWAP of the venue's. It is in a list of its own, and says nothing of how far the other one was read.
    pub(super) fn enter_slice(&mut self, fill: &Fill) -> Result<(), ledger::LedgerError> {
        let newest = self.newest_fill;
        let entered = self.enter(fill);
        self.newest_fill = newest;
        entered
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

    /// Enters money that came in or left, once.
    pub(super) fn transfer(&mut self, transfer: &Transfer) -> Result<(), ledger::LedgerError> {
        self.newest_transfer = self.newest_transfer.max(Some(transfer.at));
        let name = (transfer.at, transfer.id.clone());
        let new = self.moved.insert(name, transfer.came_in).is_none();
        if let Some(ledger) = &mut self.ledger
            && new
            && transfer.at > self.opened
        {
            ledger.transfer(transfer.came_in)?;
            let overflow = ledger::LedgerError::Overflow;
            self.perhaps = self.perhaps.checked_add(transfer.fee).ok_or(overflow)?;
        }
        while self.moved.len() > MOST_PAYMENTS {
            self.moved.pop_first();
        }
        Ok(())
    }

    /// What came in since a moment of the venue's, less what left. Nothing before it was read, and where it is out of range.
    pub(super) fn moved_since(&self, at: Timestamp) -> Option<Usd> {
        let mut moved = self.moved.iter().filter(|((when, _), _)| *when > at);
        let sum = moved.try_fold(Usd::ZERO, |sum, (_, usd)| sum.checked_add(*usd));
        sum.filter(|_| self.moves_read)
    }

    /// Equity by our own books.
    pub(super) fn booked(&self) -> Option<Usd> {
        self.books()?.equity_usd
    }

    /// Whether money moved so close to a look that the account may have it or not.
    pub(super) fn money_races(whole: &Whole) -> bool {
        let near = whole.positions.at.plus_ms(-RACE_MS);
        whole.transfers.iter().any(|moved| moved.at >= near)
    }

    /// Enters the fees of transfers where the account lacks exactly them.
    pub(super) fn settle(&mut self, positions: &Positions) -> Result<(), ledger::LedgerError> {
        if self.perhaps == Usd::ZERO {
            return Ok(());
        }
        let marks = |symbol| positions.held.get(&symbol).and_then(|held| held.mark());
        let Some(ledger) = &mut self.ledger else {
            return Ok(());
        };
        let lacks = ledger
            .equity(marks)?
            .and_then(|ours| ours.checked_sub(positions.equity));
        let close = |to: Usd| {
            let off = lacks.and_then(|lacks| lacks.checked_sub(to));
            off.is_some_and(|off| off.units().abs() <= ledger::TOLERANCE.units())
        };
        if close(Usd::ZERO) {
            self.perhaps = Usd::ZERO;
        } else if close(self.perhaps) {
            let fee = Usd::from_units(-self.perhaps.units());
            ledger.transfer(fee)?;
            self.perhaps = Usd::ZERO;
        }
        Ok(())
    }

    /// The ledger, where it differs from what the log holds of it and everything in it is older than the venue's time `at`, at which it tied.
    pub(super) fn carry_out(&mut self, at: Timestamp) -> Option<crate::log::CarriedLedger> {
        let ledger = self.ledger.as_ref()?;
        let newest = self
            .newest_fill
            .max(self.newest_payment)
            .max(self.newest_transfer);
        if self.noted.as_ref() == Some(ledger.books()) || newest.is_some_and(|newest| newest > at) {
            return None;
        }
        self.noted = Some(*ledger.books());
        Some(crate::log::CarriedLedger {
            at: just_before(at),
            since: self.since,
            ledger: ledger.carried(),
        })
    }

    /// Gives the ledger up: the next look begins another.
    pub(super) fn disown(&mut self) {
        self.ledger = None;
        self.noted = None;
    }

    /// Whether the venue's equity is not what the books say.
    pub(super) fn is_off(&self) -> bool {
        let off = self.books().and_then(|books| books.off_usd);
        off.is_some_and(|off| off.units().abs() > ledger::TOLERANCE.units())
    }

    /// What our own books say, and since when.
    pub(super) fn books(&self) -> Option<crate::view::LedgerView> {
        let ledger = self.ledger.as_ref()?;
        let (positions, _) = self.positions.as_ref()?;
        let marks = |symbol| positions.held.get(&symbol).and_then(|held| held.mark());
        let ours = ledger.equity(marks).ok().flatten();
        let minus = |usd: Usd| Usd::from_units(-usd.units());
        let books = ledger.books();
        Some(crate::view::LedgerView {
            since_ms: self.since.ms(),
            cash_usd: books.cash,
            realised_usd: minus(books.realised),
            fees_usd: books.fees,
            funding_usd: minus(books.funding),
            transfers_usd: minus(books.transfers),
            equity_usd: ours,
            off_usd: ours.and_then(|ours| positions.equity.checked_sub(ours)),
        })
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

    /// The position as far as it may be closed: while our books do not match the venue's, the venue's word, for it is the venue that closes it.
    pub(super) fn closable(&self, symbol: Symbol) -> Option<Stamped<Size>> {
        if !self.locked {
            return self.position(symbol);
        }
        let (positions, stamp) = self.positions.as_ref()?;
        let held = positions.held.get(&symbol);
        Some(stamped(held.map_or(Size::ZERO, |held| held.size), *stamp))
    }

    /// Markets in which there is a position that may be closed.
    pub(super) fn to_close(&self) -> Vec<Symbol> {
        match (self.locked, &self.positions) {
            (true, Some((positions, _))) => positions.held.keys().copied().collect(),
            _ => self.held(),
        }
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
}

pub(super) fn stamped<T>(value: T, stamp: Stamp) -> Stamped<T> {
    Stamped {
        value,
        stamp,
        source: Source::Venue(Venue::Hyperliquid),
        limit_ms: AGE_LIMIT_MS,
    }
}
